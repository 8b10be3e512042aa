/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instead of gate.c, where clang, bpftool or libbpf were missing when nsxattr was built: there is no gate. What needs one
 * is never called.
 */
#include <assert.h>
#include <errno.h>

#include "integrity/gate.h"

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

int gate_restore(const int *fds, size_t count, struct gate **ret_gate)
{
	(void)fds, (void)count, (void)ret_gate;
	return -ENOPKG;
}

int gate_ask(const struct gate *gate, int procfs, int fd, uint64_t *ret_version)
{
	(void)gate, (void)procfs, (void)fd, (void)ret_version;
	return -ENOPKG;
}

const char *gate_state_text(enum gate_state state)
{
	(void)state;
	return "";
}

int gate_container_new(const struct gate *gate, int userns, unsigned int kinds,
		       struct gate_container **ret_container)
{
	(void)gate, (void)userns, (void)kinds, (void)ret_container;
	return -ENOPKG;
}

int gate_container_restore(const struct gate *gate, int userns,
			   struct gate_container **ret_container)
{
	(void)gate, (void)userns, (void)ret_container;
	return -ENOPKG;
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

int gate_container_allow(const struct gate_container *container, uint64_t version,
			 unsigned int kinds)
{
	(void)container, (void)version, (void)kinds;
	return -ENOPKG;
}

unsigned int gate_container_allowed(const struct gate_container *container, uint64_t version)
{
	(void)container, (void)version;
	return 0;
}

int gate_container_forget(struct gate_container *container)
{
	(void)container;
	return -ENOPKG;
}

uint64_t gate_container_refusals(const struct gate_container *container)
{
	(void)container;
	return 0;
}
