/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_MEMORY_H
#define NSXATTR_REQUEST_MEMORY_H

/*
 * The memory of a target (process_vm_readv(2)). What is read may change under our eyes: read once,
 * then use the copy only. The caller checks afterwards that the notification is still valid, which
 * proves that it was this target's memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Most names and paths are shorter; a read of that much costs as much as one of a few bytes. */
#define MEMORY_SHORT 256

/**
 * memory_read() - copy @length bytes from @address of thread @tid
 *
 * Return: 0; -EFAULT if not all of it can be read; -ESRCH and others when the target is gone.
 */
int memory_read(pid_t tid, uint64_t address, void *buffer, size_t length);

/**
 * memory_read_string() - copy a string
 * @tid: the thread
 * @address: where the string begins
 * @buffer: where it goes
 * @size: room in @buffer; that much at most is looked at
 * @ret_length: the bytes before the NUL; @size when there is no NUL among the first @size bytes
 *
 * Return: 0; -EFAULT if the memory ends before the string does; other -errno as memory_read().
 */
int memory_read_string(pid_t tid, uint64_t address, char *buffer, size_t size, size_t *ret_length);

/** struct memory_piece - bytes of a thread, and where they go */
struct memory_piece {
	uint64_t address;
	void *buffer;
	size_t length;
};

/**
 * memory_read_strings() - copy one or two short strings, and a piece, at the cost of one
 * @tid: the thread
 * @addresses: where each begins
 * @buffers: where each goes, MEMORY_SHORT bytes
 * @count: how many strings, 1 or 2
 * @along: what is read with them; its length may be 0
 *
 * Return: whether the piece was there, and each string with its NUL, in the page where it begins and in
 * MEMORY_SHORT bytes; else the buffers have no meaning.
 */
bool memory_read_strings(pid_t tid, const uint64_t *addresses, char *const *buffers, size_t count,
			 const struct memory_piece *along);

/**
 * memory_write() - copy @length bytes to @address of thread @tid
 *
 * Return: 0; -EFAULT if not all of it could be written, what came before may be.
 */
int memory_write(pid_t tid, uint64_t address, const void *buffer, size_t length);

#endif
