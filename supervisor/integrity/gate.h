/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_H
#define NSXATTR_INTEGRITY_GATE_H

/*
 * The gate keeps tasks of a container from executing, and from mapping to be executed, each file that has no verdict. It
 * consists of programs that the kernel runs (integrity/gate.bpf.c) and of their maps. All of it is held by descriptors, and is
 * gone with the last of them; a namespace that was given to it stays gated until gate_container_free(). They can be
 * pinned in a file system of the kernel's (bpffs), whose files hold them as descriptors do.
 *
 * A verdict is given so:
 *
 *	gate_ask()			which version of the file is this, and can it be judged? (gate_ask.h)
 *	read and judge			attributes and content, by any descriptor of the file
 *	gate_container_allow()		for this version (gate_container.h)
 *
 * Each change of the file, or of its attributes, after gate_ask() has returned gives it another version; nothing has to be
 * locked, and no lease be taken, meanwhile. What the judge has concluded from the task's ids, or from the owner that a mount
 * shows, the verdict is bound to: another task, or another mount, needs one of its own.
 *
 * While a gate is there, the host's tasks pay for its programs: one look-up a file that they open for writing, and none for
 * what they execute. On kernels that do not check who changes security.* because of an active BPF LSM (before Linux 6.10), the
 * gate has them check, for the whole host.
 */

#include <stddef.h>
#include <stdint.h>

struct gate;

/* More descriptors than a gate has. */
#define GATE_DESCRIPTORS_MAX 20

/**
 * gate_new() - have the programs loaded, and run by the kernel
 * @ret_gate: the gate, which no task has to pass yet
 *
 * Needs CAP_SYS_ADMIN of the host and its process numbers, and takes a tenth of a second.
 *
 * Return: 0; -errno, for which gate_obstacle() has words.
 */
int gate_new(struct gate **ret_gate);

/** gate_obstacle() - why there is no gate, and what to do: a sentence without its full stop. @error: of gate_new() */
const char *gate_obstacle(int error);

/** gate_free() - close the descriptors. NULL is accepted. */
void gate_free(struct gate *gate);

/**
 * gate_descriptors() - all that a gate consists of, to be kept or passed on
 * @ret_fds: which stay the gate's
 *
 * Return: how many there are.
 */
size_t gate_descriptors(const struct gate *gate, int ret_fds[GATE_DESCRIPTORS_MAX]);

/**
 * gate_numbering() - which gates number the versions of files alike: those of one host whose layout is the same
 *
 * Return: a number; 0: not known. What is allowed by a map of verdicts counts for gates of one number only.
 */
uint32_t gate_numbering(const struct gate *gate);

/**
 * gate_revoke() - from now on verdicts by this generation of revoked keys count, and no others, at once for all containers
 * @generation: at first 0 does
 *
 * One number is written, however many containers there are, and nothing is waited for.
 *
 * Return: 0; -errno: what has counted counts.
 */
int gate_revoke(const struct gate *gate, uint64_t generation);

/**
 * gate_revoke_by() - the same for a gate of another nsxattrd, of whichever version
 * @fd: one of its descriptors: of these one is the map that has the number, and with others nothing is done
 *
 * Return: 0; -errno.
 */
int gate_revoke_by(int fd, uint64_t generation);

/* ---- pins ---- */

/* What a pin is called, by the number of its descriptor. In all
 * versions of this program the first one is the map of namespaces, which begins with their numbers. */
#define GATE_PIN_FORMAT "%zu"

/**
 * gate_pin() - have a gate outlive all processes
 * @folder: an empty one on bpffs; it is for the caller to remove what is in it
 *
 * Return: 0; -errno, and some of it may be there.
 */
int gate_pin(const struct gate *gate, const char *folder);

/**
 * gate_open_namespaces() - the map with the namespaces of a gate that is pinned, of whichever version (gate_namespaces.h)
 *
 * Return: its descriptor, the caller's; -errno.
 */
int gate_open_namespaces(const char *folder);

/** gate_namespaces() - the same map of a gate of ours. Return: its descriptor, the gate's. */
int gate_namespaces(const struct gate *gate);

#endif
