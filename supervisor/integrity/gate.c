/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate is a list of descriptors. gate.c and gate_*.c are the only files that speak libbpf:
 *
 *	gate_shared.c		maps that the gates of a host have in common
 *	gate_load.c		the programs and their maps, at the beginning
 *	gate_ask.c		the map of answers
 *	gate_namespaces.c	the map of namespaces
 *	gate_verdicts.c		a map of verdicts
 *	gate_container.c	a container in these maps
 *	gate.c			a gate as a whole; pins
 *
 * Where libbpf is missing, gate_absent.c stands for all of them.
 */
#include "integrity/gate.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "integrity/bpf_lsm.h"
#include "integrity/gate_ask.h"
#include "integrity/gate_load.h"
#include "integrity/gate_parts.h"

/* Programs of a module that is not active are loaded on some kernels, but never run. */
static int try(const struct gate *gate)
{
	_cleanup_fd_ int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct gate_version version;
	int r = file < 0 ? -errno : gate_ask(gate, -1, file, &version);

	return r < 0 ? r : 0;
}

int gate_new(struct gate **ret_gate)
{
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	int r = bpf_lsm_may_be_active() ? gate_load(gate) : -ENODEV;

	if (r == 0)
		r = try(gate);
	if (r < 0)
		gate_free(gate);
	else
		*ret_gate = gate;
	return r;
}

const char *gate_obstacle(int error)
{
	switch (-error) {
	case ENODEV:
		return "the gate's programs are not run: bpf is not among the active security modules (start the kernel "
		       "with those of /sys/kernel/security/lsm and bpf: lsm=...,bpf), or this is no process of the host's "
		       "own PID namespace";
	case EPERM:
	case EACCES:
		return "the kernel does not let the gate's programs be loaded (CAP_SYS_ADMIN of the host, lockdown)";
	case ENOMEM:
		return "there is no memory for the gate";
	case EMFILE:
		return "this process has as many descriptors as it may have (ulimit -n, LimitNOFILE=)";
	case EAGAIN:
		return "other gates are made all the time: try again";
	case E2BIG:
		return "the kernel has as many gates as it takes: each command with 'mode: enforce' that runs has one";
	default:
		return "the kernel does not take the gate's programs: it does not describe its structures "
		       "(/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF), is built without CONFIG_BPF_LSM, or is not one "
		       "that they know";
	}
}

static_assert(GATE_PARTS_MAX == GATE_DESCRIPTORS_MAX, "all that a gate has is passed on");

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	for (size_t i = 0; i < gate->count; i++)
		fd_close(&gate->fds[i]);
	free(gate);
}

uint32_t gate_numbering(const struct gate *gate)
{
	return gate->numbering;
}

int gate_revoke(const struct gate *gate, uint64_t generation)
{
	const uint32_t first = 0;

	return bpf_map_update_elem(gate->fds[PART_REVOKED], &first, &generation, BPF_ANY);
}

/* A link is described otherwise, and has no name. */
static bool is_map_of_generation(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.type == BPF_MAP_TYPE_ARRAY &&
	       strcmp(info.name, "revoked") == 0 && info.key_size == sizeof(uint32_t) &&
	       info.value_size == sizeof(uint64_t) && info.max_entries == 1;
}

int gate_revoke_by(int fd, uint64_t generation)
{
	const uint32_t first = 0;

	return is_map_of_generation(fd) ? bpf_map_update_elem(fd, &first, &generation, BPF_ANY) : 0;
}

size_t gate_descriptors(const struct gate *gate, int ret_fds[GATE_DESCRIPTORS_MAX])
{
	memcpy(ret_fds, gate->fds, gate->count * sizeof(*ret_fds));
	return gate->count;
}

/* ---- what outlives all processes ---- */

int gate_pin(const struct gate *gate, const char *folder)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < gate->count; i++) {
		snprintf(path, sizeof(path), "%s/" GATE_PIN_FORMAT, folder, i);
		int r = bpf_obj_pin(gate->fds[i], path);

		if (r < 0)
			return r;
	}
	return 0;
}

int gate_open_namespaces(const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" GATE_PIN_FORMAT, folder, (size_t)PART_NAMESPACES);
	return bpf_obj_get(path);
}

int gate_namespaces(const struct gate *gate)
{
	return gate->fds[PART_NAMESPACES];
}
