/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_SEARCH_H
#define NSXATTR_CLI_LIVE_SEARCH_H

/* Which process a container begins with, and which container of nsxattrd's a process is in. */

#include <sys/types.h>

struct json_object;
struct live_container;
struct live_process;

/**
 * live_search_process() - a process of a container
 * @name: its name or its id
 * @answer: what nsxattrd says of it (live_container_describe()), whose id and map decide then; NULL: nothing
 *
 * Return: the one with which it began; else that with the lowest number; 0: there is none, or none that we see.
 */
pid_t live_search_process(const char *name, struct json_object *answer);

/**
 * live_search_container() - the container that a process is in
 * @control: the path of the control socket
 * @status: of nsxattrd
 * @process: of which more is known after live_process_identify()
 * @container: begins zeroed; live_container_done() it
 *
 * Return: NULL; else why it is not known, in words, static. Without an answer in @container: it is in none of those that
 * @status lists.
 */
const char *live_search_container(const char *control, struct json_object *status,
				  const struct live_process *process,
				  struct live_container *container);

#endif
