/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_TEXT_FILE_H
#define NSXATTR_BASE_TEXT_FILE_H

/* Files that people write for us: regular ones, which fit into memory. */

#include <stddef.h>
#include <sys/types.h>

enum text_file_result {
	TEXT_FILE_READ = 1,
	TEXT_FILE_NOT_REGULAR, /* a directory, a device, a pipe: reading it may never end */
};

/**
 * text_file_read() - read a file; what is not a regular one is not even opened
 * @path: which one
 * @limit: how many bytes to read of it, at most
 * @ret_text: TEXT_FILE_READ: its bytes, the caller's to free(3)
 * @ret_length: TEXT_FILE_READ: how many
 *
 * Return: an enum text_file_result; -errno.
 */
int text_file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length);

/* For open(2): a pipe's open would wait for a process to write into it. */
#define TEXT_FILE_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/** text_file_read_fd() - the same of a file that is open, with TEXT_FILE_FLAGS, at its beginning */
int text_file_read_fd(int fd, size_t limit, char **ret_text, size_t *ret_length);

/** text_file_read_bytes() - up to @size bytes. Return: how many, fewer at the end of the file; -errno. */
ssize_t text_file_read_bytes(int fd, char *bytes, size_t size);

/**
 * text_file_read_start() - as much of a file as there is room for
 * @ret_text: the text, with a NUL
 * @size: room in it
 *
 * Return: the length, @size - 1 at most; -errno.
 */
ssize_t text_file_read_start(const char *path, char *ret_text, size_t size);

#endif
