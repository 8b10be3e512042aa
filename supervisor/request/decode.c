/* SPDX-License-Identifier: Apache-2.0 */
#include "request/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "request/memory.h"

/*
 * What came after our version must be zero, as copy_struct_from_user() of the kernel has it: what is
 * not zero is noticed before a hole behind it, hence no piece reaches into the next page.
 */
static int check_tail(pid_t tid, uint64_t address, size_t size)
{
	char tail[256];

	while (size > 0) {
		size_t piece = sizeof(tail) - address % sizeof(tail);

		if (piece > size)
			piece = size;
		int r = memory_read(tid, address, tail, piece);

		if (r < 0)
			return r == -EFAULT ? EFAULT : r;
		for (size_t i = 0; i < piece; i++)
			if (tail[i] != 0)
				return E2BIG;
		address += piece;
		size -= piece;
	}
	return 0;
}

static int read_args_at(struct call *call, uint64_t address, uint64_t size)
{
	struct args_at args;

	if (size < sizeof(args))
		return EINVAL;
	if (size > (uint64_t)sysconf(_SC_PAGESIZE))
		return E2BIG;
	int r = check_tail(call->tid, address + sizeof(args), size - sizeof(args));

	if (r == 0)
		r = memory_read(call->tid, address, &args, sizeof(args));
	if (r != 0)
		return r == -EFAULT ? EFAULT : r;
	if (call->kind->operation == OPERATION_GET && args.flags != 0)
		return EINVAL;
	call->value = args.value;
	call->size = args.size;
	call->flags = args.flags;
	return 0;
}

/* setxattrat(dirfd, path, at_flags, name, args, size) and its kin. */
static int decode_at(struct call *call, const uint64_t args[6])
{
	call->dirfd = (int)args[0];
	call->path = args[1];
	call->at_flags = (unsigned int)args[2];
	call->follow = !(call->at_flags & AT_SYMLINK_NOFOLLOW);
	if (call->kind->operation == OPERATION_LIST) {
		call->value = args[3];
		call->size = args[4];
		return 0;
	}
	call->name = args[3];
	if (call->kind->operation == OPERATION_REMOVE)
		return 0;
	return read_args_at(call, args[4], args[5]);
}

/* setxattr(path, name, value, size, flags) and its kin; fsetxattr has a descriptor first. */
static void decode_old(struct call *call, const uint64_t args[6])
{
	unsigned int value = call->kind->operation == OPERATION_LIST ? 1 : 2;

	call->dirfd = AT_FDCWD;
	call->follow = call->kind->form == FORM_PATH;
	call->is_descriptor = call->kind->form == FORM_DESCRIPTOR;
	if (call->is_descriptor)
		call->dirfd = (int)args[0];
	else
		call->path = args[0];
	if (call->kind->operation != OPERATION_LIST)
		call->name = args[1];
	call->value = args[value];
	call->size = args[value + 1];
	if (call->kind->operation == OPERATION_SET)
		call->flags = (unsigned int)args[4];
}

int call_decode(const struct seccomp_notif *notification, bool has_xattrat, struct call *ret_call)
{
	const struct seccomp_data *data = &notification->data;
	struct call call = {
		.kind = syscall_find(data->arch, data->nr),
		.tid = (pid_t)notification->pid,
	};
	uint64_t args[6];
	int r = 0;

	if (!call.kind)
		return -ENOSYS;
	if (call.kind->form == FORM_AT && !has_xattrat) {
		*ret_call = call;
		return ENOSYS;
	}
	for (size_t i = 0; i < 6; i++)
		args[i] = syscall_is_32bit(data->arch) ? (uint32_t)data->args[i] : data->args[i];
	if (call.kind->form == FORM_AT)
		r = decode_at(&call, args);
	else
		decode_old(&call, args);
	if (r == 0 && (call.at_flags & ~(unsigned int)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		r = EINVAL;
	if (r == 0 && call.kind->operation == OPERATION_SET &&
	    (call.flags & ~(unsigned int)(XATTR_CREATE | XATTR_REPLACE)))
		r = EINVAL;
	*ret_call = call;
	return r;
}

/* An empty path is ENOENT, no descriptor EBADF, and an empty name ERANGE: what comes first is looked at first. */
void call_order_learn(struct call_order *ret_order)
{
	bool *paths = ret_order->is_path_first, *descriptors = ret_order->is_descriptor_first;

	*ret_order = (struct call_order){ 0 };
	paths[OPERATION_SET] = setxattr("", "", "", 0, 0) < 0 && errno == ENOENT;
	paths[OPERATION_GET] = getxattr("", "", NULL, 0) < 0 && errno == ENOENT;
	paths[OPERATION_REMOVE] = removexattr("", "") < 0 && errno == ENOENT;
	descriptors[OPERATION_SET] = fsetxattr(-1, "", "", 0, 0) < 0 && errno == EBADF;
	descriptors[OPERATION_GET] = fgetxattr(-1, "", NULL, 0) < 0 && errno == EBADF;
	descriptors[OPERATION_REMOVE] = fremovexattr(-1, "") < 0 && errno == EBADF;
}

static int read_string(pid_t tid, uint64_t address, char *buffer, size_t size, size_t *ret_length)
{
	int r = memory_read_string(tid, address, buffer, size, ret_length);

	return r == -EFAULT ? EFAULT : r;
}

int call_read_name(const struct call *call, char name[NAME_SIZE])
{
	size_t length;
	int r = read_string(call->tid, call->name, name, NAME_SIZE, &length);

	/* A string in any case: the log shows it. */
	name[r != 0 ? 0 : NAME_SIZE - 1] = '\0';
	if (r != 0)
		return r;
	return length == 0 || length == NAME_SIZE ? ERANGE : 0;
}

bool call_read_together(const struct call *call, char name[NAME_SIZE], char path[PATH_MAX],
			char *value)
{
	const uint64_t addresses[] = { call->name, call->path };
	char *const buffers[] = { name, path };
	const struct memory_piece along = { .address = call->value,
					    .buffer = value,
					    .length = value ? call->size : 0 };
	size_t count = call->is_descriptor ? 1 : 2;

	if (call->kind->operation == OPERATION_LIST || (count == 1 && along.length == 0))
		return false;
	/* Empty ones have rules of their own. */
	return memory_read_strings(call->tid, addresses, buffers, count, &along) &&
	       name[0] != '\0' && (call->is_descriptor || path[0] != '\0');
}

_Static_assert(MEMORY_SHORT <= NAME_SIZE && MEMORY_SHORT <= PATH_MAX, "short strings have room");

int call_read_value(const struct call *call, char value[XATTR_SIZE_MAX])
{
	if (call->size > XATTR_SIZE_MAX)
		return E2BIG;
	if (call->size == 0)
		return 0;
	int r = memory_read(call->tid, call->value, value, call->size);

	return r == -EFAULT ? EFAULT : r;
}

/* Since Linux 6.13, with the *xattrat calls, AT_FDCWD is as good as a descriptor in some of the old. */
static bool is_cwd_a_descriptor(void)
{
	return fgetxattr(AT_FDCWD, "security.", NULL, 0) == 0 || errno != EBADF;
}

/* Without a path, a set or get takes AT_FDCWD for what it says; a list or remove does not. */
static bool names_cwd(const struct call *call)
{
	return call->dirfd == AT_FDCWD &&
	       (call->kind->operation == OPERATION_SET || call->kind->operation == OPERATION_GET) &&
	       is_cwd_a_descriptor();
}

int call_read_path(struct call *call, char path[PATH_MAX])
{
	bool may_be_empty = call->at_flags & AT_EMPTY_PATH;
	size_t length = 0;
	int r = 0;

	if (call->is_descriptor) {
		call->is_cwd = names_cwd(call);
		call->is_descriptor = !call->is_cwd;
		return 0;
	}
	if (!may_be_empty || call->path != 0)
		r = read_string(call->tid, call->path, path, PATH_MAX, &length);
	if (r != 0)
		return r;
	if (length == PATH_MAX)
		return ENAMETOOLONG;
	if (length == 0 && !may_be_empty)
		return ENOENT;
	call->is_cwd = length == 0 && names_cwd(call);
	call->is_descriptor = length == 0 && !call->is_cwd;
	return 0;
}
