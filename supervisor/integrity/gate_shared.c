/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel numbers maps in the order in which they are made, and lists them in that order. */
#include "integrity/gate_shared.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/fd.h"

/*
 * Where kernel.unprivileged_bpf_disabled is 0, every user makes maps, and gives them names. Only who has the right to load
 * programs, as a gate has, makes one with types.
 */
static bool is_of_gate(const struct bpf_map_info *info, const char *name)
{
	return strcmp(info->name, name) == 0 && info->btf_id != 0;
}

/* Return: a descriptor of the first map of that name with such values; -ENOENT. */
static int find_map(const char *name, uint32_t value_size, uint32_t *ret_id)
{
	uint32_t id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		_cleanup_fd_ int fd = bpf_map_get_fd_by_id(id);
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
		    !is_of_gate(&info, name) || info.value_size != value_size)
			continue;
		*ret_id = id;
		return TAKE_FD(fd);
	}
	return -ENOENT;
}

int gate_shared_take(struct bpf_map *map)
{
	uint32_t id;
	_cleanup_fd_ int fd = find_map(bpf_map__name(map), bpf_map__value_size(map), &id);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return bpf_map__reuse_fd(map, fd);
}

bool gate_shared_is_first(const struct bpf_map *map, uint32_t *ret_id)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), first;
	_cleanup_fd_ int fd = find_map(bpf_map__name(map), bpf_map__value_size(map), &first);

	*ret_id = 0;
	if (fd < 0 || bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) < 0)
		return false;
	*ret_id = info.id;
	return info.id == first;
}
