/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TAR_HEADER_H
#define NSXATTR_TAR_HEADER_H

/*
 * Members of tar archives in the pax format (POSIX.1-2001, pax(1)): a block of 512 bytes with numbers in octal, before
 * it as a member of its own the records for what does not fit there. Attributes are records SCHILY.xattr.NAME, as
 * star began and GNU tar, bsdtar and Go's archive/tar have them. GNU tar writes '%' and '=' of a name as %25
 * and %3D; so do we.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512

/* What struct tar_member.type says, beside what we only skip. */
#define TAR_FILE '0'
#define TAR_HARD_LINK '1'
#define TAR_SYMLINK '2'
#define TAR_CHARACTER_DEVICE '3'
#define TAR_BLOCK_DEVICE '4'
#define TAR_DIRECTORY '5'
#define TAR_FIFO '6'
#define TAR_RECORDS 'x' /* records of the next member */
#define TAR_GNU_LONG_NAME 'L' /* its path */

/** struct tar_member - a header */
struct tar_member {
	const char *path;
	const char *link; /* of links; else NULL */
	char type;
	uint32_t mode; /* permissions */
	uint32_t uid, gid;
	uint64_t size; /* of what follows */
	int64_t time; /* of the last change, in seconds */
	uint32_t major, minor;
};

/** struct tar_records - records of a member; begins as zeros, ends with free(@bytes) */
struct tar_records {
	char *bytes;
	size_t length, size;
};

/*
 * Readers take no more for a member: Go's archive/tar and bsdtar give an archive up there. What makes it is not to be led
 * to that by a file with many values.
 */
#define TAR_RECORDS_MAX (1 << 20)

/**
 * tar_records_add() - add one
 * @key: ends with a NUL
 *
 * Return: 0; -ENOMEM; -E2BIG: all of them would be more than TAR_RECORDS_MAX, and it is not added.
 */
int tar_records_add(struct tar_records *records, const char *key, const char *value, size_t length);

/** tar_records_add_attribute() - add an attribute: the same. @name: ends with a NUL, at most 255 bytes */
int tar_records_add_attribute(struct tar_records *records, const char *name, const char *value,
			      size_t length);

/** tar_records_add_member() - add what of the member does not fit into its header: the same */
int tar_records_add_member(struct tar_records *records, const struct tar_member *member);

/** tar_header_write() - what of it does not fit is cut: there are records for it */
void tar_header_write(const struct tar_member *member, char ret_block[TAR_BLOCK]);

/* Room for the path in a header. */
#define TAR_PATH_SIZE 258

enum tar_header_kind {
	TAR_IS_MEMBER,
	TAR_IS_END, /* a block of zeros */
	TAR_IS_NONE, /* the archive is damaged, or none */
};

/**
 * tar_header_read() - what a header says of where the next one is, and whose it is
 * @ret_path: the path, with its NUL
 * @ret_type: the member's type
 * @ret_size: of what follows, without the padding up to a multiple of TAR_BLOCK
 */
enum tar_header_kind tar_header_read(const char block[TAR_BLOCK], char ret_path[TAR_PATH_SIZE],
				     char *ret_type, uint64_t *ret_size);

/** struct tar_record - one of a member's; it lies where the records do */
struct tar_record {
	const char *key;
	size_t key_length;
	const char *value;
	size_t length;
};

/**
 * tar_record_next() - the records of a member, one after the other
 * @at: where the next one is, 0 at first
 *
 * Return: 1; 0: there are no more; -EINVAL: these are no records.
 */
int tar_record_next(const char *records, size_t length, size_t *at, struct tar_record *ret_record);

/** tar_record_is() - has it this key? */
bool tar_record_is(const struct tar_record *record, const char *key);

/** tar_record_number() - Return: whether its value is a number, of digits alone; else *ret_number is untouched. */
bool tar_record_number(const struct tar_record *record, uint64_t *ret_number);

/** tar_record_attribute() - Return: whether it is an attribute's with a name of up to 255 bytes; then ret_name is that. */
bool tar_record_attribute(const struct tar_record *record, char ret_name[256]);

#endif
