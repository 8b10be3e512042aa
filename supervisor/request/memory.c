/* SPDX-License-Identifier: Apache-2.0 */
#include "request/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

/* Most names and paths are shorter; a read of that much costs as much as one of a few bytes. */
#define FIRST_PIECE 256

/* A read that runs into a hole is short, even within one piece: what came before is good. */
static ssize_t read_some(pid_t tid, uint64_t address, void *buffer, size_t length)
{
	struct iovec local = { .iov_base = buffer, .iov_len = length };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = length };
	ssize_t done = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return done < 0 ? -errno : done;
}

int memory_read(pid_t tid, uint64_t address, void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t piece =
			read_some(tid, address + done, (char *)buffer + done, length - done);

		if (piece < 0)
			return (int)piece;
		if (piece == 0)
			return -EFAULT;
		done += (size_t)piece;
	}
	return 0;
}

int memory_read_string(pid_t tid, uint64_t address, char *buffer, size_t size, size_t *ret_length)
{
	size_t done = 0;

	while (done < size) {
		size_t room = size - done;
		size_t wanted = done == 0 && room > FIRST_PIECE ? FIRST_PIECE : room;
		ssize_t piece = read_some(tid, address + done, buffer + done, wanted);

		if (piece < 0)
			return (int)piece;
		if (piece == 0)
			return -EFAULT;
		const char *end = memchr(buffer + done, '\0', (size_t)piece);

		if (end) {
			*ret_length = (size_t)(end - buffer);
			return 0;
		}
		done += (size_t)piece;
	}
	*ret_length = size;
	return 0;
}

/*
 * One call, for it finds the thread by its number: what is written must go where the caller has just
 * found the target, and a second look could find another.
 */
int memory_write(pid_t tid, uint64_t address, const void *buffer, size_t length)
{
	struct iovec local = { .iov_base = (void *)(uintptr_t)buffer, .iov_len = length };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = length };
	ssize_t done = process_vm_writev(tid, &local, 1, &remote, 1, 0);

	if (done < 0)
		return -errno;
	return (size_t)done == length ? 0 : -EFAULT;
}
