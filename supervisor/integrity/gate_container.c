/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate_container.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "integrity/gate_namespaces.h"
#include "integrity/gate_parts.h"

struct gate_container {
	int namespaces, verdicts; /* the gate's maps */
	int userns; /* held, so that no other has its number */
	uint32_t number;
	int own; /* the map with its verdicts */
	uint32_t asked; /* enum gate_asked */
};

/* ---- one comes ---- */

/* @userns, @own: the container's on success */
static int make_container(const struct gate *gate, int userns, int own,
			  struct gate_container **ret_container)
{
	struct stat status;

	if (fstat(userns, &status) < 0)
		return -errno;
	struct gate_container *container = malloc(sizeof(*container));

	if (!container)
		return -ENOMEM;
	*container = (struct gate_container){
		.namespaces = gate->fds[PART_NAMESPACES],
		.verdicts = gate->fds[PART_VERDICTS],
		.userns = userns,
		.number = (uint32_t)status.st_ino,
		.own = own,
	};
	*ret_container = container;
	return 0;
}

/* Of a namespace that stays the caller's; without verdicts. */
static int copy_container(const struct gate *gate, int userns,
			  struct gate_container **ret_container)
{
	_cleanup_fd_ int copy = fcntl(userns, F_DUPFD_CLOEXEC, 0);
	int r = copy < 0 ? -errno : make_container(gate, copy, -1, ret_container);

	if (r == 0)
		(void)TAKE_FD(copy);
	return r;
}

static void forget_container(struct gate_container *container)
{
	fd_close(&container->own);
	fd_close(&container->userns);
	free(container);
}

/* The map of verdicts comes first: without it all is refused. */
static int enter(struct gate_container *container, unsigned int kinds)
{
	container->own = gate_verdicts_new();
	if (container->own < 0)
		return container->own;
	int r = bpf_map_update_elem(container->verdicts, &container->number, &container->own,
				    BPF_NOEXIST);

	if (r < 0)
		return r;
	r = gate_namespaces_add(container->namespaces, container->number, kinds, container->asked);
	if (r < 0)
		bpf_map_delete_elem(container->verdicts, &container->number);
	return r;
}

int gate_container_new(const struct gate *gate, int userns, unsigned int kinds, unsigned int asked,
		       struct gate_container **ret_container)
{
	struct gate_container *container;
	int r = copy_container(gate, userns, &container);

	if (r < 0)
		return r;
	container->asked = asked;
	r = enter(container, kinds);
	if (r < 0)
		forget_container(container);
	else
		*ret_container = container;
	return r;
}

int gate_container_adopt(const struct gate *gate, int userns, int verdicts,
			 struct gate_container **ret_container)
{
	return make_container(gate, userns, verdicts, ret_container);
}

/* By these verdicts. */
static bool has_entered(const struct gate_container *container)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), id;

	return bpf_obj_get_info_by_fd(container->own, &info, &size) == 0 &&
	       bpf_map_lookup_elem(container->verdicts, &container->number, &id) == 0 &&
	       info.id == id && gate_namespaces_has(container->namespaces, container->number);
}

/*
 * What it is refused is counted from then on. Each change of a map of maps waits until no program looks at it, which takes
 * milliseconds.
 */
int gate_container_enter(struct gate_container *container, unsigned int kinds, unsigned int asked)
{
	container->asked = asked;
	if (has_entered(container))
		return 0;
	int r = bpf_map_update_elem(container->verdicts, &container->number, &container->own,
				    BPF_ANY);

	if (r == 0)
		r = gate_namespaces_add(container->namespaces, container->number, kinds, asked);
	return r == -EEXIST ? 0 : r;
}

/* ---- what it consists of ---- */

uint32_t gate_container_number(const struct gate_container *container)
{
	return container->number;
}

void gate_container_descriptors(const struct gate_container *container,
				int ret_fds[GATE_CONTAINER_DESCRIPTORS])
{
	ret_fds[0] = container->own;
	ret_fds[1] = container->userns;
}

uint64_t gate_container_refusals(const struct gate_container *container)
{
	struct gate_namespace namespace;
	int r = gate_namespaces_find(container->namespaces, container->number, &namespace);

	return r == 0 ? namespace.refusals : 0;
}

/* ---- verdicts ---- */

int gate_container_allow(const struct gate_container *container, const struct gate_case *about,
			 unsigned int kinds)
{
	return gate_verdicts_allow(container->own, container->asked, about, kinds);
}

unsigned int gate_container_allowed(const struct gate_container *container,
				    const struct gate_case *about)
{
	return gate_verdicts_allowed(container->own, container->asked, about);
}

/* ---- it goes ---- */

void gate_container_leave(struct gate_container *container)
{
	free(container);
}

static void take_out(int namespaces, int verdicts, uint32_t number)
{
	bpf_map_delete_elem(namespaces, &number);
	bpf_map_delete_elem(verdicts, &number);
}

void gate_container_free(struct gate_container *container)
{
	if (!container)
		return;
	take_out(container->namespaces, container->verdicts, container->number);
	forget_container(container);
}

/* Where there is no map of verdicts, there is no verdict. To take one out waits, as gate_container_enter() does. */
int gate_shut(const struct gate *gate, uint32_t number, unsigned int kinds)
{
	int verdicts = gate->fds[PART_VERDICTS], r = 0;
	uint32_t id;

	if (bpf_map_lookup_elem(verdicts, &number, &id) == 0)
		r = bpf_map_delete_elem(verdicts, &number);
	if (r == 0)
		r = gate_namespaces_add(gate->fds[PART_NAMESPACES], number, kinds, 0);
	return r == -EEXIST ? 0 : r;
}

void gate_remove(const struct gate *gate, uint32_t number)
{
	take_out(gate->fds[PART_NAMESPACES], gate->fds[PART_VERDICTS], number);
}
