/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This is the only file that speaks bpf(2). Nothing is left behind by it: the program has no name in a
 * file system and no map, and is gone with our descriptor.
 */
#include "base/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/credential.h"
#include "base/fd.h"

struct probe {
	int program;
	enum probe_form form;
};

static long bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int load_program(const struct probe_program *program)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = program->form == PROBE_ARGUMENT ? BPF_PROG_TYPE_SYSCALL :
								 BPF_PROG_TYPE_XDP;
	attributes.prog_flags = program->form == PROBE_ARGUMENT ? BPF_F_SLEEPABLE : 0;
	attributes.insns = (uintptr_t)program->instructions;
	attributes.insn_cnt = program->count;
	attributes.license = (uintptr_t)PROBE_PROGRAM_LICENSE;
	memcpy(attributes.prog_name, "nsxattr_probe", sizeof("nsxattr_probe"));
	long fd = bpf(BPF_PROG_LOAD, &attributes);

	return fd < 0 ? -errno : (int)fd;
}

/* The description takes some megabytes, and is not needed any more when the program is loaded. */
static int make_program(enum probe_form form)
{
	_cleanup_btf_ struct btf *kernel = NULL;
	struct probe_program program = { 0 };
	int r = btf_new_of_kernel(&kernel);

	if (r == 0)
		r = probe_program_write(kernel, form, &program);
	return r < 0 ? r : load_program(&program);
}

/* Another thread was at it, or is: nothing is known of its directories. */
static void forget_changing(struct probe_record *record)
{
	if (record->has_places && record->sequence[0] == record->sequence[1] &&
	    record->sequence[0] % 2 == 0)
		return;
	memset(record->is_kept, 0, sizeof(record->is_kept));
	memset(record->is_lasting, 0, sizeof(record->is_lasting));
}

static int run_program(const struct probe *probe, struct probe_record *record)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.test.prog_fd = (uint32_t)probe->program;
	if (probe->form == PROBE_ARGUMENT) {
		attributes.test.ctx_in = (uintptr_t)record;
		attributes.test.ctx_size_in = sizeof(*record);
	} else {
		attributes.test.data_in = (uintptr_t)record;
		attributes.test.data_size_in = sizeof(*record);
		attributes.test.data_out = (uintptr_t)record;
		attributes.test.data_size_out = sizeof(*record);
	}
	if (bpf(BPF_PROG_RUN, &attributes) < 0)
		return -errno;
	return record->is_complete ? 0 : -ESRCH;
}

int probe_ask(const struct probe *probe, int proc, const int kept[PROBE_PLACES],
	      struct probe_record *ret_record)
{
	struct probe_record record = {
		.proc = proc,
		.kept = { kept ? kept[PROBE_ROOT] : -1, kept ? kept[PROBE_CWD] : -1 },
		.question = kept ? PROBE_WHO_AND_WHERE : PROBE_WHO,
	};
	int r = run_program(probe, &record);

	if (r < 0)
		return r;
	forget_changing(&record);
	*ret_record = record;
	return 0;
}

int probe_ask_file_system(const struct probe *probe, int fd, uint32_t *ret_userns)
{
	struct probe_record record = { .proc = fd, .question = PROBE_FILE_SYSTEM };
	int r = run_program(probe, &record);

	if (r == 0)
		*ret_userns = record.userns;
	return r;
}

static bool is_ourselves(const struct probe_record *record, int proc)
{
	struct credential ours;
	uint64_t capabilities;
	struct stat userns;

	if (fstatat(proc, "ns/user", &userns, 0) < 0 || credential_get(&ours) < 0 ||
	    credential_capabilities(&capabilities) < 0)
		return false;
	return userns.st_ino == record->userns && capabilities == record->capabilities &&
	       ours.fsuid == record->fsuid && ours.fsgid == record->fsgid &&
	       ours.group_count == record->group_count &&
	       (ours.group_count > PROBE_GROUPS_MAX ||
		memcmp(ours.groups, record->groups, ours.group_count * sizeof(gid_t)) == 0);
}

/* A file of memory is on a file system of the kernel's own. */
static bool knows_file_systems(const struct probe *probe, uint32_t first)
{
	_cleanup_fd_ int file = memfd_create("nsxattr", MFD_CLOEXEC);
	uint32_t userns;

	return file >= 0 && probe_ask_file_system(probe, file, &userns) == 0 && userns == first;
}

/* What it says of us, for whom it is told in other ways, has to be right. */
static int check(const struct probe *probe)
{
	_cleanup_fd_ int proc = open("/proc/thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct probe_record record;

	if (proc < 0)
		return -errno;
	int r = probe_ask(probe, proc, NULL, &record);

	if (r < 0)
		return r;
	if (record.userns_level != 0)
		return -EXDEV;
	return is_ourselves(&record, proc) && knows_file_systems(probe, record.userns) ? 0 : -EBADE;
}

int probe_new_of(enum probe_form form, struct probe **ret_probe)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return -ENOMEM;
	probe->form = form;
	probe->program = make_program(form);
	int r = probe->program < 0 ? probe->program : check(probe);

	if (r < 0)
		probe_free(probe);
	else
		*ret_probe = probe;
	return r;
}

int probe_new(struct probe **ret_probe)
{
	int r = probe_new_of(PROBE_ARGUMENT, ret_probe);

	/* It has not the functions for the first form, or its verifier does not see that the program is safe. */
	bool has_other_form = r == -ENOENT || r == -EACCES || r == -EINVAL;

	return has_other_form ? probe_new_of(PROBE_PACKET, ret_probe) : r;
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	fd_close(&probe->program);
	free(probe);
}

int probe_fd(const struct probe *probe)
{
	return probe->program;
}
