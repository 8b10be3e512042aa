/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This is the only file that speaks libbpf. The gate is a list of descriptors: of three maps, and of the links by which the
 * kernel runs the programs. The maps that have no descriptor here are held by the programs.
 *
 * Of three maps there is one on a host, however many gates there are: what was noted by one gate's programs, all know. The
 * kernel numbers maps in the order in which they are made. So each gate takes the first of that name, and looks again
 * when it has made one itself.
 */
#include "integrity/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gate.skel.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/fd.h"
#include "base/kernel_version.h"
#include "base/proc.h"
#include "count_of.h"
#include "integrity/bpf_lsm.h"

enum { NAMESPACES, VERDICTS, ANSWERS, FIRST_LINK };

struct gate {
	int fds[GATE_DESCRIPTORS_MAX];
	size_t count;
	uint32_t numbering; /* the kernel's number of the map with the last version; 0: not known */
};

struct gate_container {
	int namespaces, verdicts; /* the gate's maps */
	int userns; /* held, so that no other has its number */
	uint32_t number;
	int own; /* the map with its verdicts */
	uint32_t asked; /* enum gate_asked */
};

/* ---- loading ---- */

static void free_programs(struct gate_bpf **programs)
{
	gate_bpf__destroy(*programs);
}

#define _cleanup_programs_ __attribute__((cleanup(free_programs)))

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
	bpf_program__set_autoload(programs->progs.gate_set_acl, hooks->has_acls);
	bpf_program__set_autoload(programs->progs.gate_remove_acl, hooks->has_acls);
	programs->rodata->makes_check = !hooks->leaves_check && !has_labels();
	programs->rodata->knows_overlays = has_simple_overlays();
}

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

/* Before it is loaded: if another gate has made the map, it is that one. */
static int share(struct bpf_map *map)
{
	uint32_t id;
	_cleanup_fd_ int fd = find_map(bpf_map__name(map), bpf_map__value_size(map), &id);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return bpf_map__reuse_fd(map, fd);
}

/* Afterwards: has no other gate made one before? */
static bool is_first(const struct bpf_map *map, uint32_t *ret_id)
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
	for (int i = 0; r == 0 && i < skeleton->prog_cnt; i++)
		if (*skeleton->progs[i].link)
			r = keep(gate, bpf_link__fd(*skeleton->progs[i].link));
	return r;
}

/* What a host has one of. */
static int share_all(const struct gate_bpf *programs)
{
	int r = share(programs->maps.nsxattr_inodes);

	if (r == 0)
		r = share(programs->maps.nsxattr_version);
	return r == 0 ? share(programs->maps.nsxattr_layers) : r;
}

static bool are_first(const struct gate_bpf *programs, uint32_t *ret_numbering)
{
	uint32_t id;

	return is_first(programs->maps.nsxattr_inodes, &id) &&
	       is_first(programs->maps.nsxattr_layers, &id) &&
	       is_first(programs->maps.nsxattr_version, ret_numbering);
}

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
		r = gate_bpf__load(programs);
	if (r == 0 && !are_first(programs, &gate->numbering))
		return -EAGAIN;
	if (r == 0)
		r = gate_bpf__attach(programs);
	return r == 0 ? keep_all(gate, programs) : r;
}

static int load(struct gate *gate)
{
	_cleanup_btf_ struct btf *kernel = NULL;
	struct bpf_lsm_hooks hooks;
	int r = btf_new_of_kernel(&kernel);

	if (r < 0)
		return r;
	bpf_lsm_find_hooks(kernel, &hooks);
	r = -EAGAIN;
	for (int i = 0; r == -EAGAIN && i < 100; i++)
		r = load_once(gate, &hooks);
	return r;
}

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
	/* It would explain its mistakes on standard error. */
	libbpf_set_print(NULL);
	int r = bpf_lsm_may_be_active() ? load(gate) : -ENODEV;

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
	case E2BIG:
		return "the kernel has as many gates as it takes: each command with 'mode: enforce' that runs has one";
	default:
		return "the kernel does not take the gate's programs: it does not describe its structures "
		       "(/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF), is built without CONFIG_BPF_LSM, or is not one "
		       "that they know";
	}
}

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

size_t gate_descriptors(const struct gate *gate, int ret_fds[GATE_DESCRIPTORS_MAX])
{
	memcpy(ret_fds, gate->fds, gate->count * sizeof(*ret_fds));
	return gate->count;
}

int gate_restore(const int *fds, size_t count, struct gate **ret_gate)
{
	if (count <= FIRST_LINK || count > GATE_DESCRIPTORS_MAX)
		return -EINVAL;
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	memcpy(gate->fds, fds, count * sizeof(*fds));
	gate->count = count;
	*ret_gate = gate;
	return 0;
}

/* ---- versions ---- */

/* As the kernel's programs see this thread. */
static uint64_t asker(void)
{
	return (uint64_t)getpid() << 32 | (uint32_t)gettid();
}

static bool is_on_overlay(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* Opened anew, so that the gate sees the inode below; the question for an attribute shows whose attributes these are. */
static int ask_anew(int procfs, int fd)
{
	_cleanup_fd_ int again = proc_open_again(procfs, fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (again < 0)
		return again;
	(void)fgetxattr(again, "security.ima", NULL, 0);
	return flock(again, LOCK_UN) == 0 ? 0 : -errno;
}

static int ask_once(const struct gate *gate, int procfs, int fd, struct gate_answer *answer)
{
	uint64_t key = asker();
	int r = bpf_map_update_elem(gate->fds[ANSWERS], &key, answer, BPF_ANY);

	if (r < 0)
		return r;
	int asked = procfs >= 0 ? ask_anew(procfs, fd) : flock(fd, LOCK_UN) == 0 ? 0 : -errno;

	r = bpf_map_lookup_and_delete_elem(gate->fds[ANSWERS], &key, answer);
	if (r < 0)
		return r;
	if (asked != -ECANCELED)
		return asked < 0 ? asked : -ENODEV;
	return answer->is_given ? 0 : -ENOMEM;
}

/* A file can be copied up between two steps. */
int gate_ask(const struct gate *gate, int procfs, int fd, struct gate_version *ret_version)
{
	bool is_layered = procfs >= 0 && is_on_overlay(fd);
	struct gate_answer answer;

	for (int tries = is_layered ? 2 : 1; tries > 0; tries--) {
		answer = (struct gate_answer){ 0 };
		int r = ask_once(gate, is_layered ? procfs : -1, fd, &answer);

		if (r < 0)
			return r;
		if (answer.state != GATE_LAYERED)
			break;
	}
	*ret_version = (struct gate_version){ answer.version, answer.idmap };
	return (int)answer.state;
}

const char *gate_state_text(enum gate_state state)
{
	switch (state) {
	case GATE_LAYERED:
		return "what its file system shows (a network's, FUSE, an overlay over another or with metacopy) can be "
		       "changed without that it is noticed";
	case GATE_CHANGING:
		return "its attributes are being changed";
	case GATE_OPEN_WRITERS:
		return "a process has it open for writing, or mapped so";
	case GATE_WAS_MAPPED:
		return "it was mapped to be written to, or on an overlay opened so that it could be, since it is in memory: "
		       "copy it";
	case GATE_UNVERIFIABLE:
		return "it has no path, or lies on an overlay or FUSE that a container has mounted";
	case GATE_SETTLED:
	default:
		return "";
	}
}

/* ---- containers ---- */

int gate_verdicts_new(void)
{
	return bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "verdicts", sizeof(struct gate_use),
			      sizeof(uint32_t), GATE_VERDICTS_MAX, NULL);
}

static int find_verdicts(const struct gate_container *container)
{
	uint32_t id;
	int r = bpf_map_lookup_elem(container->verdicts, &container->number, &id);

	return r < 0 ? r : bpf_map_get_fd_by_id(id);
}

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
		.namespaces = gate->fds[NAMESPACES],
		.verdicts = gate->fds[VERDICTS],
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
	struct gate_namespace namespace = {
		.kinds = kinds,
		.asked = container->asked,
	};

	container->own = gate_verdicts_new();
	if (container->own < 0)
		return container->own;
	int r = bpf_map_update_elem(container->verdicts, &container->number, &container->own,
				    BPF_NOEXIST);

	if (r < 0)
		return r;
	r = bpf_map_update_elem(container->namespaces, &container->number, &namespace, BPF_NOEXIST);
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

static int find_asked(struct gate_container *container)
{
	struct gate_namespace namespace;
	int r = bpf_map_lookup_elem(container->namespaces, &container->number, &namespace);

	if (r == 0)
		container->asked = namespace.asked;
	return r;
}

int gate_container_restore(const struct gate *gate, int userns,
			   struct gate_container **ret_container)
{
	struct gate_container *container;
	int r = copy_container(gate, userns, &container);

	if (r < 0)
		return r;
	r = find_asked(container);
	if (r == 0)
		r = container->own = find_verdicts(container);
	if (r < 0)
		forget_container(container);
	else
		*ret_container = container;
	return r < 0 ? r : 0;
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
	struct gate_namespace namespace = { .kinds = kinds, .asked = asked };

	container->asked = asked;
	if (has_entered(container))
		return 0;
	int r = bpf_map_update_elem(container->verdicts, &container->number, &container->own,
				    BPF_ANY);

	if (r == 0)
		r = bpf_map_update_elem(container->namespaces, &container->number, &namespace,
					BPF_NOEXIST);
	return r == -EEXIST ? 0 : r;
}

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

void gate_container_leave(struct gate_container *container)
{
	free(container);
}

void gate_container_free(struct gate_container *container)
{
	if (!container)
		return;
	bpf_map_delete_elem(container->namespaces, &container->number);
	bpf_map_delete_elem(container->verdicts, &container->number);
	forget_container(container);
}

static struct gate_use key_of(const struct gate_container *container, const struct gate_case *about)
{
	struct gate_use use = { .version = about->version.number };

	if (about->bound & GATE_TO_OWNER && container->asked & GATE_ASKS_OWNER) {
		use.bound |= GATE_TO_OWNER;
		use.idmap = about->version.idmap;
	}
	if (about->bound & GATE_TO_SUBJECT && container->asked & GATE_ASKS_SUBJECT) {
		use.bound |= GATE_TO_SUBJECT;
		use.subject = gate_subject_of(container->asked, &about->ids);
	}
	return use;
}

int gate_container_allow(const struct gate_container *container, const struct gate_case *about,
			 unsigned int kinds)
{
	const struct gate_use use = key_of(container, about);

	if (kinds)
		return bpf_map_update_elem(container->own, &use, &kinds, BPF_ANY);
	int r = bpf_map_delete_elem(container->own, &use);

	return r == -ENOENT ? 0 : r;
}

unsigned int gate_container_allowed(const struct gate_container *container,
				    const struct gate_case *about)
{
	const struct gate_use use = key_of(container, about);
	unsigned int kinds;

	return bpf_map_lookup_elem(container->own, &use, &kinds) == 0 ? kinds : 0;
}

int gate_container_exchange(struct gate_container *container, int verdicts, int *ret_before)
{
	int r = verdicts < 0 ? bpf_map_delete_elem(container->verdicts, &container->number) :
			       bpf_map_update_elem(container->verdicts, &container->number,
						   &verdicts, BPF_ANY);

	if (r < 0)
		return r;
	*ret_before = container->own;
	container->own = verdicts;
	return 0;
}

int gate_container_forget(struct gate_container *container)
{
	_cleanup_fd_ int empty = gate_verdicts_new(), before = -1;
	int r = empty < 0 ? empty : gate_container_exchange(container, empty, &before);

	if (r == 0)
		(void)TAKE_FD(empty);
	return r;
}

uint64_t gate_container_refusals(const struct gate_container *container)
{
	struct gate_namespace namespace;
	int r = bpf_map_lookup_elem(container->namespaces, &container->number, &namespace);

	return r == 0 ? namespace.refusals : 0;
}

void gate_remove(const struct gate *gate, uint32_t number)
{
	bpf_map_delete_elem(gate->fds[NAMESPACES], &number);
	bpf_map_delete_elem(gate->fds[VERDICTS], &number);
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

	snprintf(path, sizeof(path), "%s/" GATE_PIN_FORMAT, folder, (size_t)NAMESPACES);
	return bpf_obj_get(path);
}

int gate_namespaces(const struct gate *gate)
{
	return gate->fds[NAMESPACES];
}

int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number)
{
	return bpf_map_get_next_key(namespaces, before, ret_number);
}

bool gate_namespaces_has(int namespaces, uint32_t number)
{
	struct gate_namespace namespace;

	return bpf_map_lookup_elem(namespaces, &number, &namespace) == 0;
}

int gate_namespaces_remove(int namespaces, uint32_t number)
{
	int r = bpf_map_delete_elem(namespaces, &number);

	return r == -ENOENT ? 0 : r;
}

void gate_forget_askers(const struct gate *gate)
{
	uint64_t key;

	while (bpf_map_get_next_key(gate->fds[ANSWERS], NULL, &key) == 0)
		if (bpf_map_delete_elem(gate->fds[ANSWERS], &key) < 0)
			return;
}
