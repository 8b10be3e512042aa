/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_GATE_CONTAINER_H
#define NSXATTR_INTEGRITY_GATE_CONTAINER_H

/*
 * A container that passes a gate: a user namespace, in the gate's map of namespaces (gate_namespaces.h), and a map
 * of verdicts (gate_verdicts.h), which the gate finds by the namespace's number.
 */

#include <stdint.h>

#include "integrity/gate_verdicts.h"

struct gate;
struct gate_container;

/* The descriptors that a container has, besides those of the gate. */
#define GATE_CONTAINER_DESCRIPTORS 2

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

/** gate_container_descriptors() - of the container's own, which stay the container's: to be kept by all that use it */
void gate_container_descriptors(const struct gate_container *container,
				int ret_fds[GATE_CONTAINER_DESCRIPTORS]);

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

/** gate_container_leave() - this process ends: descriptors stay open, and the gate shut. NULL is accepted. */
void gate_container_leave(struct gate_container *container);

/** gate_container_free() - the namespace's tasks have ended, or need not pass any more. NULL is accepted. */
void gate_container_free(struct gate_container *container);

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

/** gate_container_refusals() - how often the gate has refused a task of the container */
uint64_t gate_container_refusals(const struct gate_container *container);

/**
 * gate_shut() - the tasks of a namespace that no container of ours has pass from now on, and are refused what needs a verdict
 * @kinds: that need one; those of a namespace that was shut or entered before go on to
 *
 * Return: 0; -E2BIG for more than GATE_NAMESPACES_MAX; other -errno.
 */
int gate_shut(const struct gate *gate, uint32_t number, unsigned int kinds);

/** gate_remove() - the tasks of a namespace that no container of ours has need not pass any more */
void gate_remove(const struct gate *gate, uint32_t number);

#endif
