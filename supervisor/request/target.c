/* SPDX-License-Identifier: Apache-2.0 */
#include "request/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/inode.h"

#define TARGETS_MAX 64
/* Room for all lines up to CapEff with CREDENTIAL_GROUPS_MAX groups of ten digits. */
#define STATUS_SIZE (16 * 1024)
/* The lines up to Uid, and more. */
#define STATUS_HEAD_SIZE 1024

#ifndef PIDFD_THREAD /* Linux 6.9 */
#define PIDFD_THREAD O_EXCL
#endif

struct targets {
	int procfs; /* borrowed */
	const struct probe *probe; /* borrowed, or NULL */
	uint64_t clock;
	struct target slots[TARGETS_MAX];
};

/* With nothing open but /proc/TID. */
static struct target make_target(pid_t tid, int procfs, int proc)
{
	return (struct target){
		.tid = tid,
		.procfs = procfs,
		.proc = proc,
		.status = -1,
		.label = -1,
		.userns = -1,
		.pidfd = -1,
		.kept = { -1, -1 },
		.own = { .root = -1, .theirs = -1, .ours = -1 },
	};
}

static int target_open(int procfs, pid_t tid, struct target *ret_target)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", tid);
	int directory = openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_target = make_target(tid, procfs, directory);
	return 0;
}

void target_forget_own_entry(struct target *target)
{
	fd_close(&target->own.root);
	fd_close(&target->own.theirs);
	fd_close(&target->own.ours);
}

static void target_close(struct target *target)
{
	fd_close(&target->proc);
	fd_close(&target->status);
	fd_close(&target->label);
	fd_close(&target->userns);
	fd_close(&target->pidfd);
	for (size_t i = 0; i < PROBE_PLACES; i++)
		fd_close(&target->kept[i]);
	target_forget_own_entry(target);
	target->tid = 0;
}

int targets_new(int procfs, const struct probe *probe, struct targets **ret_targets)
{
	struct targets *targets = calloc(1, sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	targets->procfs = procfs;
	targets->probe = probe;
	for (size_t i = 0; i < TARGETS_MAX; i++)
		targets->slots[i] = make_target(0, procfs, -1);
	*ret_targets = targets;
	return 0;
}

void targets_clear(struct targets *targets)
{
	for (size_t i = 0; i < TARGETS_MAX; i++)
		target_close(&targets->slots[i]);
}

void targets_free(struct targets *targets)
{
	if (!targets)
		return;
	targets_clear(targets);
	free(targets);
}

static struct target *least_recently_used(struct targets *targets)
{
	struct target *oldest = &targets->slots[0];

	for (size_t i = 1; i < TARGETS_MAX; i++)
		if (targets->slots[i].last_used < oldest->last_used)
			oldest = &targets->slots[i];
	return oldest;
}

static struct target *cached(struct targets *targets, pid_t tid)
{
	for (size_t i = 0; i < TARGETS_MAX; i++)
		if (targets->slots[i].tid == tid)
			return &targets->slots[i];
	return NULL;
}

static int find_afresh(struct targets *targets, pid_t tid, struct target **ret_target)
{
	struct target *target = cached(targets, tid);
	struct target fresh;
	int r = target_open(targets->procfs, tid, &fresh);

	if (r < 0)
		return r;
	if (!target)
		target = least_recently_used(targets);
	target_close(target);
	*target = fresh;
	*ret_target = target;
	return 0;
}

static int open_entry(const struct target *target, const char *name, int flags)
{
	int fd = openat(target->proc, name, flags | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* An entry that stays open, from when it is first needed. */
static int need_entry(const struct target *target, const char *name, int flags, int *place)
{
	if (*place >= 0)
		return 0;
	int fd = open_entry(target, name, flags);

	if (fd < 0)
		return fd;
	*place = fd;
	return 0;
}

/* The inode number in "user:[4026531837]". */
static int read_userns(struct target *target, uint64_t *ret_userns)
{
	char link[64];
	int r = need_entry(target, "ns/user", O_PATH | O_NOFOLLOW, &target->userns);

	if (r < 0)
		return r;
	ssize_t length = readlinkat(target->userns, "", link, sizeof(link) - 1);

	if (length < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	link[length] = '\0';
	if (strncmp(link, "user:[", 6) != 0)
		return -EPROTO;
	*ret_userns = strtoull(link + 6, NULL, 10);
	return 0;
}

/*
 * The value of a line of status: after its name and the tab. The kernel escapes newlines in the
 * only line that a target writes, Name.
 */
static const char *find_line(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? line + strlen(name) : NULL;
}

static unsigned long fourth_number(const char *line)
{
	char *at = (char *)(uintptr_t)line;

	for (int i = 0; i < 3; i++)
		strtoul(at, &at, 10);
	return strtoul(at, NULL, 10);
}

static int parse_groups(const char *line, struct credential *credential)
{
	const char *at = line + strspn(line, " ");

	credential->group_count = 0;
	while (*at != '\n') {
		char *end;
		unsigned long group = strtoul(at, &end, 10);

		if (end == at)
			return -EPROTO;
		if (credential->group_count == CREDENTIAL_GROUPS_MAX)
			return -E2BIG;
		credential->groups[credential->group_count++] = (gid_t)group;
		at = end + strspn(end, " ");
	}
	return 0;
}

static int parse_status(const char *status, struct credential *credential)
{
	const char *uids = find_line(status, "\nUid:\t");
	const char *gids = uids ? find_line(uids, "\nGid:\t") : NULL;
	const char *groups = gids ? find_line(gids, "\nGroups:\t") : NULL;
	const char *capabilities = groups ? find_line(groups, "\nCapEff:\t") : NULL;

	if (!groups)
		return -EPROTO;
	if (!capabilities)
		return -E2BIG; /* cut off: only the groups can be that long */
	credential->fsuid = (uid_t)fourth_number(uids);
	credential->fsgid = (gid_t)fourth_number(gids);
	credential->capabilities = strtoull(capabilities, NULL, 16);
	return parse_groups(groups, credential);
}

static int read_status(struct target *target, char *buffer, size_t size)
{
	int r = need_entry(target, "status", O_RDONLY, &target->status);

	if (r < 0)
		return r;
	ssize_t length = pread(target->status, buffer, size - 1, 0);

	if (length < 0)
		return -errno;
	if (length == 0)
		return -ESRCH;
	buffer[length] = '\0';
	return 0;
}

static int read_capabilities(pid_t tid, uint64_t *ret_capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3,
						   .pid = tid };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	*ret_capabilities = sets[0].effective | (uint64_t)sets[1].effective << 32;
	return 0;
}

static int read_credential(struct target *target, struct credential *ret_credential)
{
	char status[STATUS_SIZE];
	int r = read_status(target, status, sizeof(status));

	return r < 0 ? r : parse_status(status, ret_credential);
}

static int read_identity(struct target *target, enum identity_extent extent,
			 struct identity *ret_identity)
{
	int r = read_userns(target, &ret_identity->userns);

	if (r < 0)
		return r;
	if (extent == IDENTITY_CAPABILITIES)
		return read_capabilities(target->tid, &ret_identity->credential.capabilities);
	return read_credential(target, &ret_identity->credential);
}

static void copy_identity(const struct probe_record *record, struct identity *identity)
{
	struct credential *credential = &identity->credential;

	identity->userns = record->userns;
	credential->fsuid = record->fsuid;
	credential->fsgid = record->fsgid;
	credential->capabilities = record->capabilities;
	credential->group_count = record->group_count;
	if (record->group_count <= PROBE_GROUPS_MAX)
		memcpy(credential->groups, record->groups, record->group_count * sizeof(gid_t));
}

/* What it has left is not held a moment longer. */
static void note_places(struct target *target, const struct probe_record *record)
{
	for (size_t i = 0; i < PROBE_PLACES; i++) {
		if (!record->is_kept[i])
			fd_close(&target->kept[i]);
		target->is_lasting[i] = record->is_lasting[i];
	}
}

/* Whatever is wrong with the probe, but for the thread's end, /proc is asked instead. */
static int learn_identity(const struct probe *probe, struct target *target,
			  enum identity_extent extent, struct identity *ret_identity)
{
	struct probe_record record = { 0 };
	bool is_placed = extent == IDENTITY_WHOLE;
	int r = probe ? probe_ask(probe, target->proc, is_placed ? target->kept : NULL, &record) :
			-ENOTSUP;

	if (r == -ESRCH)
		return r;
	target->is_placed = is_placed;
	if (is_placed)
		note_places(target, &record);
	if (r < 0 || (extent == IDENTITY_WHOLE && record.group_count > PROBE_GROUPS_MAX))
		return read_identity(target, extent, ret_identity);
	copy_identity(&record, ret_identity);
	return 0;
}

int targets_identify(struct targets *targets, pid_t tid, enum identity_extent extent,
		     struct target **ret_target, struct identity *ret_identity)
{
	struct target *target = cached(targets, tid);
	int r = target ? learn_identity(targets->probe, target, extent, ret_identity) : -ESRCH;

	/* What we kept may be of a thread that has ended, and whose number lives on. */
	if (r < 0 && r != -E2BIG) {
		r = find_afresh(targets, tid, &target);
		if (r == 0)
			r = learn_identity(targets->probe, target, extent, ret_identity);
	}
	if (r < 0)
		return r;
	target->last_used = ++targets->clock;
	*ret_target = target;
	return 0;
}

int target_read_label(struct target *target, char label[LABEL_SIZE])
{
	int r = need_entry(target, "attr/current", O_RDONLY, &target->label);

	if (r < 0)
		return r;
	ssize_t length = pread(target->label, label, LABEL_SIZE, 0);

	if (length < 0)
		return -errno;
	if (length == LABEL_SIZE)
		return -ERANGE;
	label[length] = '\0';
	label[strcspn(label, "\n")] = '\0';
	return 0;
}

static void parse_ids(const char *line, id_t *ids[3])
{
	char *at = (char *)(uintptr_t)line;

	for (size_t i = 0; i < 3; i++)
		*ids[i] = (id_t)strtoul(at, &at, 10);
}

int target_read_ids(struct target *target, struct target_ids *ret_ids)
{
	char status[STATUS_SIZE];
	int r = read_status(target, status, sizeof(status));
	const char *uids = r == 0 ? find_line(status, "\nUid:\t") : NULL;
	const char *gids = uids ? find_line(uids, "\nGid:\t") : NULL;

	if (!gids)
		return r < 0 ? r : -EPROTO;
	parse_ids(uids, (id_t *[]){ &ret_ids->uid, &ret_ids->euid, &ret_ids->suid });
	parse_ids(gids, (id_t *[]){ &ret_ids->gid, &ret_ids->egid, &ret_ids->sgid });
	return 0;
}

/* Name comes first, and the kernel escapes newlines and backslashes in it. */
static void parse_command(const char *status, char command[TARGET_COMMAND_SIZE])
{
	const char *at = find_line(status, "Name:\t");
	size_t length = 0;

	for (; at && *at && *at != '\n' && length < TARGET_COMMAND_SIZE - 1; at++) {
		bool is_escaped = *at == '\\' && (at[1] == 'n' || at[1] == '\\');

		at += is_escaped;
		command[length++] = is_escaped && *at == 'n' ? '\n' : *at;
	}
	command[length] = '\0';
}

int target_read_process(int procfs, pid_t tid, struct target_process *ret_process)
{
	char path[32], status[STATUS_HEAD_SIZE];

	snprintf(path, sizeof(path), "%d/status", (int)tid);
	ssize_t length = proc_read(procfs, path, status, sizeof(status));
	const char *process = length > 0 ? find_line(status, "\nTgid:\t") : NULL;
	const char *uids = process ? find_line(process, "\nUid:\t") : NULL;

	if (!uids)
		return length < 0 && length != -ENOENT ? (int)length : -ESRCH;
	parse_command(status, ret_process->command);
	ret_process->process = (pid_t)strtol(process, NULL, 10);
	ret_process->uid = (uid_t)strtoul(uids, NULL, 10);
	return 0;
}

int target_open_mounts(const struct target *target)
{
	return open_entry(target, "mountinfo", O_RDONLY);
}

int target_open_userns(const struct target *target)
{
	return open_entry(target, "ns/user", O_RDONLY);
}

int target_open_mount_namespace(const struct target *target)
{
	return open_entry(target, "ns/mnt", O_RDONLY);
}

int target_open_place(const struct target *target, enum probe_place place)
{
	static const char *const names[] = { [PROBE_ROOT] = "root", [PROBE_CWD] = "cwd" };

	return open_entry(target, names[place], O_PATH);
}

static void keep_place(struct target *target, enum probe_place place, int fd)
{
	struct statx stat;

	target->kept[place] = fd;
	target->mounts[place] = proc_is_on(fd, &stat) ? 0 : inode_mount_in(&stat);
}

int target_find_place(struct target *target, enum probe_place place, struct search_start *ret_start)
{
	bool is_kept = target->is_placed && target->kept[place] >= 0;
	int fd = is_kept ? target->kept[place] : target_open_place(target, place);

	if (fd < 0)
		return fd;
	if (!is_kept && target->is_placed && target->is_lasting[place]) {
		keep_place(target, place, fd);
		is_kept = true;
	}
	*ret_start = (struct search_start){
		.fd = fd,
		.owned = is_kept ? -1 : fd,
		.mount = is_kept ? target->mounts[place] : 0,
	};
	return 0;
}

static int read_process(struct target *target, pid_t *ret_process)
{
	char status[STATUS_SIZE];
	int r = read_status(target, status, sizeof(status));

	if (r < 0)
		return r;
	const char *line = find_line(status, "\nTgid:\t");

	if (!line)
		return -EPROTO;
	*ret_process = (pid_t)strtol(line, NULL, 10);
	return 0;
}

/* Before Linux 6.9 a thread has no pidfd of its own, so its process must do. */
static int open_pidfd(struct target *target)
{
	long fd = syscall(SYS_pidfd_open, target->tid, PIDFD_THREAD);

	if (fd < 0 && errno == EINVAL) {
		int r = read_process(target, &target->process);

		if (r < 0)
			return r;
		fd = syscall(SYS_pidfd_open, target->process, 0);
	}
	return fd < 0 ? -errno : (int)fd;
}

/* CLONE_THREAD without CLONE_FILES, and a pidfd that knows of none but the process. Tables that are apart stay so. */
static bool has_own_table(const struct target *target)
{
	return target->process != 0 && target->process != target->tid &&
	       syscall(SYS_kcmp, target->tid, target->process, KCMP_FILES, 0, 0) > 0;
}

/* What the thread itself has by O_PATH, its link grants no access to: it stays a descriptor that no call is made on. */
static int open_in_own_table(const struct target *target, int number, bool *ret_is_opened)
{
	char name[sizeof("fd/2147483647")];
	struct stat link;

	snprintf(name, sizeof(name), "fd/%d", number);
	if (fstatat(target->proc, name, &link, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -EBADF : -errno;
	int fd = open_entry(target, name, O_PATH);

	if (fd >= 0)
		*ret_is_opened = (link.st_mode & (S_IRUSR | S_IWUSR)) == 0;
	return fd;
}

int target_take_descriptor(struct target *target, int number, bool *ret_is_opened)
{
	if (number < 0)
		return -EBADF;
	if (target->pidfd < 0) {
		int pidfd = open_pidfd(target);

		if (pidfd < 0)
			return pidfd;
		target->pidfd = pidfd;
	}
	if (has_own_table(target))
		return open_in_own_table(target, number, ret_is_opened);
	long fd = syscall(SYS_pidfd_getfd, target->pidfd, number, 0);

	if (fd < 0)
		return -errno;
	*ret_is_opened = true;
	return (int)fd;
}
