/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/exec_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/syscalls.h"
#include "request/memory.h"

/* By the number of the argument. */
enum {
	MAP_PROTECTION = 2,
	MAP_FLAGS = 3,
	MAP_DESCRIPTOR = 4,
	MAP_ARGUMENTS = 6,
	AT_FLAGS = 4,
};

bool exec_call_is(const struct seccomp_notif *notification)
{
	return exec_find(notification->data.arch, notification->data.nr);
}

static void decode_path(struct exec_call *call, const uint64_t args[6])
{
	call->dirfd = AT_FDCWD;
	call->path = args[0];
	call->follow = true;
}

static void decode_at(struct exec_call *call, const uint64_t args[6])
{
	unsigned int flags = (unsigned int)args[AT_FLAGS];

	call->dirfd = (int)args[0];
	call->path = args[1];
	call->follow = !(flags & AT_SYMLINK_NOFOLLOW);
	call->may_be_empty = flags & AT_EMPTY_PATH;
}

/* The filter has looked already, but for the oldest call. */
static int decode_map(struct exec_call *call, const uint64_t args[6])
{
	if (!(args[MAP_PROTECTION] & PROT_EXEC) || (args[MAP_FLAGS] & MAP_ANONYMOUS))
		return EINVAL;
	call->maps = true;
	call->dirfd = (int)args[MAP_DESCRIPTOR];
	call->is_descriptor = true;
	return 0;
}

static int decode_map_old(struct exec_call *call, uint64_t address)
{
	uint32_t read[MAP_ARGUMENTS];
	uint64_t args[MAP_ARGUMENTS];
	int r = memory_read(call->tid, address, read, sizeof(read));

	if (r < 0)
		return r == -EFAULT ? EFAULT : r;
	for (size_t i = 0; i < MAP_ARGUMENTS; i++)
		args[i] = read[i];
	return decode_map(call, args);
}

int exec_call_decode(const struct seccomp_notif *notification, struct exec_call *ret_call)
{
	const struct seccomp_data *data = &notification->data;
	uint64_t args[6];

	*ret_call = (struct exec_call){
		.kind = exec_find(data->arch, data->nr),
		.tid = (pid_t)notification->pid,
	};
	for (size_t i = 0; i < 6; i++)
		args[i] = syscall_is_32bit(data->arch) ? (uint32_t)data->args[i] : data->args[i];
	switch (ret_call->kind->form) {
	case EXEC_MAP_OLD:
		return decode_map_old(ret_call, args[0]);
	case EXEC_MAP:
		return decode_map(ret_call, args);
	case EXEC_AT:
		decode_at(ret_call, args);
		return 0;
	case EXEC_PATH:
	default:
		decode_path(ret_call, args);
		return 0;
	}
}

int exec_call_read_path(struct exec_call *call, char path[PATH_MAX])
{
	size_t length;

	if (call->is_descriptor)
		return 0;
	int r = memory_read_string(call->tid, call->path, path, PATH_MAX, &length);

	if (r < 0)
		return r == -EFAULT ? EFAULT : r;
	if (length == PATH_MAX)
		return ENAMETOOLONG;
	if (length == 0 && !call->may_be_empty)
		return ENOENT;
	call->is_cwd = length == 0 && call->dirfd == AT_FDCWD;
	call->is_descriptor = length == 0 && !call->is_cwd;
	return 0;
}
