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
 *	gate_ask()			which version of the file is this, and can it be judged?
 *	read and judge			attributes and content, by any descriptor of the file
 *	gate_container_allow()		for this version
 *
 * Each change of the file, or of its attributes, after gate_ask() has returned gives it another version; nothing has to be
 * locked, and no lease be taken, meanwhile. What the judge has concluded from the task's ids, or from the owner that a mount
 * shows, the verdict is bound to: another task, or another mount, needs one of its own.
 *
 * While a gate is there, the host's tasks pay for its programs: one look-up a file that they open for writing, and none for
 * what they execute. On kernels that do not check who changes security.* because of an active BPF LSM (before Linux 6.10), the
 * gate has them check, for the whole host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "integrity/gate_layout.h"

struct gate;
struct gate_container;

/* More descriptors than a gate has. */
#define GATE_DESCRIPTORS_MAX 20

/* Those that a container has besides. */
#define GATE_CONTAINER_DESCRIPTORS 2

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
 * gate_restore() - a gate from its descriptors
 * @fds: in the order of gate_descriptors(); they are the gate's if it succeeds
 * @count: of them
 *
 * Return: 0; -EINVAL for a wrong number; -ENOMEM.
 */
int gate_restore(const int *fds, size_t count, struct gate **ret_gate);

/** struct gate_version - a file as it was at one moment, opened by one of its mounts; made by gate_ask() */
struct gate_version {
	uint64_t number; /* of the file; a change gives it another */
	uint64_t idmap; /* of the mount */
};

/**
 * gate_numbering() - which gates number the versions of files alike: those of one host whose layout is the same
 *
 * Return: a number; 0: not known. What is allowed by a map of verdicts counts for gates of one number only.
 */
uint32_t gate_numbering(const struct gate *gate);

/**
 * gate_ask() - which version of a file is this?
 * @procfs: ours, to open a file of an overlay anew; -1: such a file is GATE_LAYERED
 * @fd: open for reading, not for writing; no O_PATH descriptor
 * @ret_version: also if it cannot be judged
 *
 * Several threads may ask at a time, up to GATE_ASKERS_MAX.
 *
 * Return: an enum gate_state: GATE_SETTLED (0) if it can be judged; -errno.
 */
int gate_ask(const struct gate *gate, int procfs, int fd, struct gate_version *ret_version);

/** gate_state_text() - why a file in this state cannot be judged; "" if it can */
const char *gate_state_text(enum gate_state state);

/**
 * gate_container_new() - have all tasks of a user namespace, and of those below it, pass the gate from now on
 * @userns: a descriptor of the namespace, which is copied: as long as it is held, no other namespace has its number
 * @kinds: of enum gate_kind, which need verdicts
 * @asked: of enum gate_asked: what verdicts can be bound to
 *
 * Return: 0; -E2BIG for more than GATE_NAMESPACES_MAX; -EEXIST if the namespace has one; other -errno.
 */
int gate_container_new(const struct gate *gate, int userns, unsigned int kinds, unsigned int asked,
		       struct gate_container **ret_container);

/**
 * gate_container_restore() - the same of a namespace that passes the gate already, with the verdicts that there are
 *
 * Return: 0; -ENOENT if it does not; other -errno.
 */
int gate_container_restore(const struct gate *gate, int userns,
			   struct gate_container **ret_container);

/** gate_container_descriptors() - of the container's own, which stay the container's: to be kept by all that use it */
void gate_container_descriptors(const struct gate_container *container,
				int ret_fds[GATE_CONTAINER_DESCRIPTORS]);

/** gate_verdicts_new() - an empty map for the verdicts of a container. Return: its descriptor, the caller's; -errno. */
int gate_verdicts_new(void);

/**
 * gate_container_adopt() - a container whose tasks need not pass yet, if they do not already
 * @userns: a descriptor of the namespace, the container's on success
 * @verdicts: a map of verdicts, likewise; one of another gate, if gate_numbering() is the same
 *
 * Return: 0; -ENOMEM; -errno.
 */
int gate_container_adopt(const struct gate *gate, int userns, int verdicts,
			 struct gate_container **ret_container);

/**
 * gate_container_enter() - have its tasks pass from now on; those of one that was entered go on to
 * @kinds: of enum gate_kind, which need verdicts
 * @asked: of enum gate_asked: what verdicts can be bound to
 *
 * Return: 0; -E2BIG for more than GATE_NAMESPACES_MAX; other -errno.
 */
int gate_container_enter(struct gate_container *container, unsigned int kinds, unsigned int asked);

/** gate_container_number() - Return: the number of its namespace. */
uint32_t gate_container_number(const struct gate_container *container);

/**
 * gate_container_exchange() - have other verdicts count, at once
 * @verdicts: a map of them, the container's on success; -1: none, and none can be given
 * @ret_before: the map before, the caller's
 *
 * Return: 0; -errno.
 */
int gate_container_exchange(struct gate_container *container, int verdicts, int *ret_before);

/** gate_container_leave() - this process ends: descriptors stay open, and the gate shut. NULL is accepted. */
void gate_container_leave(struct gate_container *container);

/** gate_container_free() - the namespace's tasks have ended, or need not pass any more. NULL is accepted. */
void gate_container_free(struct gate_container *container);

/** struct gate_case - what a verdict is about */
struct gate_case {
	struct gate_version version;
	unsigned int bound; /* enum gate_bound; of these those that the container asks for count */
	struct gate_ids ids; /* of GATE_TO_SUBJECT */
};

/**
 * gate_container_allow() - a verdict
 * @about: what was judged
 * @kinds: that are allowed; 0 takes them back
 *
 * Return: 0; -errno.
 */
int gate_container_allow(const struct gate_container *container, const struct gate_case *about,
			 unsigned int kinds);

/** gate_container_allowed() - Return: the kinds of an earlier verdict on the same; 0 without one. */
unsigned int gate_container_allowed(const struct gate_container *container,
				    const struct gate_case *about);

/** gate_container_forget() - take all verdicts back, as when a key was revoked. Return: 0; -errno, and they stay. */
int gate_container_forget(struct gate_container *container);

/** gate_container_refusals() - how often the gate has refused a task of the container */
uint64_t gate_container_refusals(const struct gate_container *container);

/** gate_remove() - the tasks of a namespace that no container of ours has need not pass any more */
void gate_remove(const struct gate *gate, uint32_t number);

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
 * gate_open_namespaces() - the map with the namespaces of a gate that is pinned, of whichever version
 *
 * Return: its descriptor, the caller's; -errno.
 */
int gate_open_namespaces(const char *folder);

/** gate_namespaces() - the same map of a gate of ours. Return: its descriptor, the gate's. */
int gate_namespaces(const struct gate *gate);

/**
 * gate_namespaces_next() - step through such a map
 * @before: a number that is in it; NULL: begin
 *
 * Return: 0; -ENOENT: there is no other one; -errno.
 */
int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number);

/** gate_namespaces_has() - does a namespace have to pass, by such a map of a gate of ours? */
bool gate_namespaces_has(int namespaces, uint32_t number);

/** gate_namespaces_remove() - the tasks of a namespace need not pass any more. Return: 0, also if none had to; -errno. */
int gate_namespaces_remove(int namespaces, uint32_t number);

/** gate_forget_askers() - no thread asks: one that has died may have left an entry for its answer */
void gate_forget_askers(const struct gate *gate);

#endif
