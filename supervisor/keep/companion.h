/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_COMPANION_H
#define NSXATTR_KEEP_COMPANION_H

/*
 * While calls queue, several servers of a shard receive side by side: the one that has the turn, and its
 * *companions*, one server a CPU at most. They share nothing for that: all of them block in receive(), and the
 * kernel wakes the one that has waited longest. But it wakes it on the CPU of the caller, and the caller on that of the
 * server (SYNC_WAKE_UP): left alone they all come together on one CPU. So each that receives beside others has a CPU of its own.
 *
 * The server that has the turn asks the source now and then whether another call waits already. A companion goes
 * when it receives call after call while another receiver has nothing to do. The tick sets aside one that has
 * received nothing, or that hangs.
 */

struct engine;
struct server;
struct shard;

/** companion_count_cpus() - on how many CPUs servers can run. Return: at least 1. */
unsigned int companion_count_cpus(void);

/** companion_leave_cpu() - a server, by its own thread, receives no more beside others, and runs where it likes */
void companion_leave_cpu(struct server *server);

/**
 * companion_weigh() - a server that may receive has received: does the shard need one more of them, or one fewer?
 * @walking: servers of the shard that walked a request when this one was received
 */
void companion_weigh(struct server *server, struct shard *shard, unsigned int walking);

#endif
