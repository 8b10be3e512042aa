/* SPDX-License-Identifier: Apache-2.0 */
#include "request/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

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
		size_t wanted = done == 0 && room > MEMORY_SHORT ? MEMORY_SHORT : room;
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

/* Pages are as large, or a multiple of that. */
#define PAGE_LEAST 4096

static size_t rest_of_page(uint64_t address)
{
	size_t rest = PAGE_LEAST - address % PAGE_LEAST;

	return rest < MEMORY_SHORT ? rest : MEMORY_SHORT;
}

/* Copy a string out of a piece of memory that was read. */
static bool copy_string(const char *piece, size_t length, char *buffer)
{
	size_t wanted = length < MEMORY_SHORT ? length : MEMORY_SHORT;
	const char *end = memchr(piece, '\0', wanted);

	if (!end)
		return false;
	memcpy(buffer, piece, (size_t)(end - piece) + 1);
	return true;
}

/* What one call reads: at most two strings, and a piece. */
struct gathering {
	struct iovec local[3], remote[3];
	size_t count;
	size_t total;
};

static void gather(struct gathering *gathering, uint64_t address, void *buffer, size_t length)
{
	gathering->local[gathering->count] =
		(struct iovec){ .iov_base = buffer, .iov_len = length };
	gathering->remote[gathering->count++] =
		(struct iovec){ .iov_base = (void *)(uintptr_t)address, .iov_len = length };
	gathering->total += length;
}

static bool read_all(pid_t tid, struct gathering *gathering, const struct memory_piece *along)
{
	if (along->length > 0)
		gather(gathering, along->address, along->buffer, along->length);
	return process_vm_readv(tid, gathering->local, gathering->count, gathering->remote,
				gathering->count, 0) == (ssize_t)gathering->total;
}

/* Close together in one page, as the words of a command line are, they come in one piece. */
static bool read_neighbours(pid_t tid, const uint64_t *addresses, char *const *buffers,
			    const struct memory_piece *along)
{
	uint64_t first = addresses[0] < addresses[1] ? addresses[0] : addresses[1];
	uint64_t second = addresses[0] < addresses[1] ? addresses[1] : addresses[0];
	size_t length = second - first + rest_of_page(second);
	struct gathering gathering = { .count = 0 };
	char piece[2 * MEMORY_SHORT];

	gather(&gathering, first, piece, length);
	if (!read_all(tid, &gathering, along))
		return false;
	for (size_t i = 0; i < 2; i++) {
		size_t start = addresses[i] - first;

		if (!copy_string(piece + start, length - start, buffers[i]))
			return false;
	}
	return true;
}

static bool are_neighbours(const uint64_t *addresses)
{
	uint64_t distance = addresses[0] < addresses[1] ? addresses[1] - addresses[0] :
							  addresses[0] - addresses[1];

	return addresses[0] / PAGE_LEAST == addresses[1] / PAGE_LEAST && distance <= MEMORY_SHORT;
}

bool memory_read_strings(pid_t tid, const uint64_t *addresses, char *const *buffers, size_t count,
			 const struct memory_piece *along)
{
	struct gathering gathering = { .count = 0 };

	if (count == 2 && are_neighbours(addresses))
		return read_neighbours(tid, addresses, buffers, along);
	for (size_t i = 0; i < count; i++)
		gather(&gathering, addresses[i], buffers[i], rest_of_page(addresses[i]));
	if (!read_all(tid, &gathering, along))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!memchr(buffers[i], '\0', gathering.local[i].iov_len))
			return false;
	return true;
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
