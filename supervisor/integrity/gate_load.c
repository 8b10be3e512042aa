/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs are opened, the kernel at hand decides which of them are loaded, and what keeps them is kept: the
 * descriptors of four maps and of the links.
 */
#include "integrity/gate_load.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gate.skel.h>
#include <stdbool.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/fd.h"
#include "base/kernel_version.h"
#include "count_of.h"
#include "integrity/bpf_lsm.h"
#include "integrity/gate_parts.h"
#include "integrity/gate_shared.h"

/* Others make one at the same moment, but not for ever. */
#define TRIES 100

static void free_programs(struct gate_bpf **programs)
{
	gate_bpf__destroy(*programs);
}

#define _cleanup_programs_ __attribute__((cleanup(free_programs)))

/* ---- what they are told ---- */

/* Modules that label files make the check of who changes security.* themselves, but for the labels, which are theirs. */
static bool has_labels(void)
{
	return access("/sys/fs/selinux", F_OK) == 0 || access("/sys/fs/smackfs", F_OK) == 0;
}

/* From Linux 6.13 on, what an overlay's file has of its own is another structure, which has not been tried. */
static bool has_simple_overlays(void)
{
	unsigned int version[3];

	kernel_version_get(version);
	return version[0] < 6 || (version[0] == 6 && version[1] < 13);
}

/* Addresses of the kernel's, which a judge is given to compare, are none that it can use. */
static int blind(struct gate_bpf *programs)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	programs->rodata->blinding = number | 1;
	return 0;
}

/* gate.bpf.c says in what kernels differ. */
static void choose(struct gate_bpf *programs, const struct bpf_lsm_hooks *hooks)
{
	bpf_program__set_autoload(programs->progs.gate_setattr, hooks->has_idmap);
	bpf_program__set_autoload(programs->progs.gate_setattr_early, !hooks->has_idmap);
	programs->rodata->runs_before_check = !hooks->leaves_check;
	programs->rodata->makes_check = !hooks->leaves_check && !has_labels();
	programs->rodata->knows_overlays = has_simple_overlays();
}

/* ---- what a host has one of ---- */

static int share_all(const struct gate_bpf *programs)
{
	int r = gate_shared_take(programs->maps.nsxattr_inodes);

	if (r == 0)
		r = gate_shared_take(programs->maps.nsxattr_version);
	return r == 0 ? gate_shared_take(programs->maps.nsxattr_layers) : r;
}

/* No gate that ends from now on has given a later number. */
static int begin_numbers(struct gate_bpf *programs)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return -errno;
	programs->rodata->began = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return 0;
}

static bool are_first(const struct gate_bpf *programs, uint32_t *ret_numbering)
{
	uint32_t id;

	return gate_shared_is_first(programs->maps.nsxattr_inodes, &id) &&
	       gate_shared_is_first(programs->maps.nsxattr_layers, &id) &&
	       gate_shared_is_first(programs->maps.nsxattr_version, ret_numbering);
}

/* ---- what is kept ---- */

static int keep(struct gate *gate, int fd)
{
	int copy = gate->count < COUNT_OF(gate->fds) ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (copy < 0)
		return -EMFILE;
	gate->fds[gate->count++] = copy;
	return 0;
}

static int keep_all(struct gate *gate, const struct gate_bpf *programs)
{
	const struct bpf_object_skeleton *skeleton = programs->skeleton;
	int r = keep(gate, bpf_map__fd(programs->maps.namespaces));

	if (r == 0)
		r = keep(gate, bpf_map__fd(programs->maps.verdicts));
	if (r == 0)
		r = keep(gate, bpf_map__fd(programs->maps.answers));
	if (r == 0)
		r = keep(gate, bpf_map__fd(programs->maps.revoked));
	for (int i = 0; r == 0 && i < skeleton->prog_cnt; i++)
		if (*skeleton->progs[i].link)
			r = keep(gate, bpf_link__fd(*skeleton->progs[i].link));
	return r;
}

/* ---- all of it ---- */

/* Return: 0; -EAGAIN: another gate was made meanwhile; -errno. */
static int load_once(struct gate *gate, const struct bpf_lsm_hooks *hooks)
{
	_cleanup_programs_ struct gate_bpf *programs = gate_bpf__open();

	if (!programs)
		return -errno;
	choose(programs, hooks);
	int r = blind(programs);

	if (r == 0)
		r = share_all(programs);
	if (r == 0)
		r = begin_numbers(programs);
	if (r == 0)
		r = gate_bpf__load(programs);
	if (r == 0 && !are_first(programs, &gate->numbering))
		return -EAGAIN;
	if (r == 0)
		r = gate_bpf__attach(programs);
	return r == 0 ? keep_all(gate, programs) : r;
}

int gate_load(struct gate *gate)
{
	_cleanup_btf_ struct btf *kernel = NULL;
	struct bpf_lsm_hooks hooks;
	int r = btf_new_of_kernel(&kernel);

	if (r < 0)
		return r;
	bpf_lsm_find_hooks(kernel, &hooks);
	/* It would explain its mistakes on standard error. */
	libbpf_set_print(NULL);
	r = -EAGAIN;
	for (int i = 0; r == -EAGAIN && i < TRIES; i++)
		r = load_once(gate, &hooks);
	return r;
}
