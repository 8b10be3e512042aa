/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instead of gate.c and the other gate_*.c, where clang, bpftool or libbpf were missing when nsxattr was built:
 * there is no gate. What needs one is never called.
 */
#include <assert.h>
#include <errno.h>

#include "integrity/gate.h"
#include "integrity/gate_ask.h"
#include "integrity/gate_container.h"
#include "integrity/gate_namespaces.h"

int gate_new(struct gate **ret_gate)
{
	(void)ret_gate;
	return -ENOPKG;
}

const char *gate_obstacle(int error)
{
	(void)error;
	return "the gate was left out when nsxattr was built: install clang, bpftool and libbpf-dev, and build it anew";
}

void gate_free(struct gate *gate)
{
	assert(!gate);
}

size_t gate_descriptors(const struct gate *gate, int ret_fds[GATE_DESCRIPTORS_MAX])
{
	(void)gate, (void)ret_fds;
	return 0;
}

uint32_t gate_numbering(const struct gate *gate)
{
	(void)gate;
	return 0;
}

int gate_revoke(const struct gate *gate, uint64_t generation)
{
	(void)gate, (void)generation;
	return -ENOPKG;
}

int gate_revoke_by(int fd, uint64_t generation)
{
	(void)fd, (void)generation;
	return -ENOPKG;
}

int gate_ask(const struct gate *gate, int procfs, int fd, struct gate_version *ret_version)
{
	(void)gate, (void)procfs, (void)fd, (void)ret_version;
	return -ENOPKG;
}

const char *gate_state_text(enum gate_state state)
{
	(void)state;
	return "";
}

int gate_container_new(const struct gate *gate, int userns, unsigned int kinds, unsigned int asked,
		       struct gate_container **ret_container)
{
	(void)gate, (void)userns, (void)kinds, (void)asked, (void)ret_container;
	return -ENOPKG;
}

int gate_verdicts_new(void)
{
	return -ENOPKG;
}

int gate_verdicts_allow(int verdicts, unsigned int asked, const struct gate_case *about,
			unsigned int kinds)
{
	(void)verdicts, (void)asked, (void)about, (void)kinds;
	return -ENOPKG;
}

unsigned int gate_verdicts_allowed(int verdicts, unsigned int asked, const struct gate_case *about)
{
	(void)verdicts, (void)asked, (void)about;
	return 0;
}

int gate_container_adopt(const struct gate *gate, int userns, int verdicts,
			 struct gate_container **ret_container)
{
	(void)gate, (void)userns, (void)verdicts, (void)ret_container;
	return -ENOPKG;
}

int gate_container_enter(struct gate_container *container, unsigned int kinds, unsigned int asked)
{
	(void)container, (void)kinds, (void)asked;
	return -ENOPKG;
}

uint32_t gate_container_number(const struct gate_container *container)
{
	(void)container;
	return 0;
}

void gate_container_leave(struct gate_container *container)
{
	assert(!container);
}

void gate_container_descriptors(const struct gate_container *container,
				int ret_fds[GATE_CONTAINER_DESCRIPTORS])
{
	(void)container;
	for (int i = 0; i < GATE_CONTAINER_DESCRIPTORS; i++)
		ret_fds[i] = -1;
}

void gate_container_free(struct gate_container *container)
{
	assert(!container);
}

int gate_container_allow(const struct gate_container *container, const struct gate_case *about,
			 unsigned int kinds)
{
	(void)container, (void)about, (void)kinds;
	return -ENOPKG;
}

unsigned int gate_container_allowed(const struct gate_container *container,
				    const struct gate_case *about)
{
	(void)container, (void)about;
	return 0;
}

uint64_t gate_container_refusals(const struct gate_container *container)
{
	(void)container;
	return 0;
}

int gate_shut(const struct gate *gate, uint32_t number, unsigned int kinds)
{
	(void)gate, (void)number, (void)kinds;
	return -ENOPKG;
}

void gate_remove(const struct gate *gate, uint32_t number)
{
	(void)gate, (void)number;
}

int gate_pin(const struct gate *gate, const char *folder)
{
	(void)gate, (void)folder;
	return -ENOPKG;
}

int gate_open_namespaces(const char *folder)
{
	(void)folder;
	return -ENOPKG;
}

int gate_namespaces(const struct gate *gate)
{
	(void)gate;
	return -1;
}

int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number)
{
	(void)namespaces, (void)before, (void)ret_number;
	return -ENOENT;
}

bool gate_namespaces_has(int namespaces, uint32_t number)
{
	(void)namespaces, (void)number;
	return false;
}

int gate_namespaces_remove(int namespaces, uint32_t number)
{
	(void)namespaces, (void)number;
	return 0;
}

void gate_forget_askers(const struct gate *gate)
{
	(void)gate;
}
