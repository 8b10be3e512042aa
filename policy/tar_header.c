/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"

static const char attribute_prefix[] = "SCHILY.xattr.";

/* A header, as POSIX has it. */
struct ustar {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12], time[12];
	char sum[8];
	char type;
	char link[100];
	char magic[8];
	char user[32], group[32];
	char major[8], minor[8];
	char prefix[155];
	char rest[12];
};

_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is a block");

/* Of numbers in 7 and in 11 octal digits. */
#define SHORT_MAX 07777777u
#define LONG_MAX_SIZE 077777777777u

/* ---- records ---- */

static size_t count_digits(size_t number)
{
	size_t count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* A record begins with its length, which counts its own digits. */
static size_t record_length(size_t rest)
{
	size_t length = rest + count_digits(rest);

	return rest + count_digits(length);
}

static void write_digits(char *to, size_t count, uint64_t number, unsigned int base)
{
	while (count-- > 0) {
		to[count] = (char)('0' + number % base);
		number /= base;
	}
}

static int make_room(struct tar_records *records, size_t length)
{
	size_t needed = records->length + length;

	if (needed > TAR_RECORDS_MAX)
		return -E2BIG;
	if (needed <= records->size)
		return 0;
	char *bytes = realloc(records->bytes, 2 * needed);

	if (!bytes)
		return -ENOMEM;
	records->bytes = bytes;
	records->size = 2 * needed;
	return 0;
}

int tar_records_add(struct tar_records *records, const char *key, const char *value, size_t length)
{
	size_t key_length = strlen(key), whole = record_length(key_length + length + 3);
	int r = make_room(records, whole);

	if (r < 0)
		return r;
	char *to = records->bytes + records->length;
	size_t digits = count_digits(whole);

	write_digits(to, digits, whole, 10);
	to[digits] = ' ';
	to = mempcpy(to + digits + 1, key, key_length);
	*to++ = '=';
	to = mempcpy(to, value, length);
	*to = '\n';
	records->length += whole;
	return 0;
}

int tar_records_add_attribute(struct tar_records *records, const char *name, const char *value,
			      size_t length)
{
	char key[sizeof(attribute_prefix) + (size_t)3 * NAME_SIZE];
	char *to = mempcpy(key, attribute_prefix, sizeof(attribute_prefix) - 1);

	for (; *name && to < key + sizeof(key) - 4; name++)
		if (*name == '%')
			to = mempcpy(to, "%25", 3);
		else if (*name == '=')
			to = mempcpy(to, "%3D", 3);
		else
			*to++ = *name;
	*to = '\0';
	return tar_records_add(records, key, value, length);
}

static int add_number(struct tar_records *records, const char *key, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	for (uint64_t rest = number; count == 0 || rest > 0; rest /= 10)
		count++;
	write_digits(digits, count, number, 10);
	return tar_records_add(records, key, digits, count);
}

int tar_records_add_member(struct tar_records *records, const struct tar_member *member)
{
	const struct ustar *none = NULL;
	int r = 0;

	if (strlen(member->path) > sizeof(none->name))
		r = tar_records_add(records, "path", member->path, strlen(member->path));
	if (r == 0 && member->link && strlen(member->link) > sizeof(none->link))
		r = tar_records_add(records, "linkpath", member->link, strlen(member->link));
	if (r == 0 && member->uid > SHORT_MAX)
		r = add_number(records, "uid", member->uid);
	if (r == 0 && member->gid > SHORT_MAX)
		r = add_number(records, "gid", member->gid);
	if (r == 0 && member->size > LONG_MAX_SIZE)
		r = add_number(records, "size", member->size);
	return r;
}

static bool read_length(const char *records, size_t length, size_t *at, size_t *ret_length)
{
	size_t number = 0;

	for (; *at < length && records[*at] >= '0' && records[*at] <= '9'; (*at)++) {
		number = number * 10 + (size_t)(records[*at] - '0');
		if (number > length)
			return false;
	}
	*ret_length = number;
	return *at < length && records[*at] == ' ';
}

int tar_record_next(const char *records, size_t length, size_t *at, struct tar_record *ret_record)
{
	size_t begin = *at, whole;

	if (begin >= length)
		return 0;
	if (!read_length(records, length, at, &whole) || whole > length - begin ||
	    begin + whole <= *at + 1 || records[begin + whole - 1] != '\n')
		return -EINVAL;
	const char *key = records + *at + 1, *end = records + begin + whole - 1;
	const char *sign = key < end ? memchr(key, '=', (size_t)(end - key)) : NULL;

	if (!sign)
		return -EINVAL;
	*ret_record = (struct tar_record){ key, (size_t)(sign - key), sign + 1,
					   (size_t)(end - sign - 1) };
	*at = begin + whole;
	return 1;
}

bool tar_record_is(const struct tar_record *record, const char *key)
{
	return record->key_length == strlen(key) &&
	       memcmp(record->key, key, record->key_length) == 0;
}

bool tar_record_number(const struct tar_record *record, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < record->length; i++) {
		unsigned int digit = (unsigned char)record->value[i] - (unsigned int)'0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	if (record->length == 0)
		return false;
	*ret_number = number;
	return true;
}

bool tar_record_attribute(const struct tar_record *record, char ret_name[256])
{
	const char *at = record->key + sizeof(attribute_prefix) - 1;
	const char *end = record->key + record->key_length;
	size_t to = 0;

	if (!name_has_prefix(record->key, record->key_length, attribute_prefix))
		return false;
	while (at < end && to < XATTR_NAME_MAX && *at != '\0') {
		bool is_percent = name_has_prefix(at, (size_t)(end - at), "%25");
		bool is_sign = name_has_prefix(at, (size_t)(end - at), "%3D");

		ret_name[to++] = (char)(is_percent ? '%' : is_sign ? '=' : *at);
		at += is_percent || is_sign ? 3 : 1;
	}
	ret_name[to] = '\0';
	return at == end && to > 0;
}

/* ---- headers ---- */

/* Octal digits up to the last byte, which is a NUL. */
static void write_octal(char *field, size_t size, uint64_t number)
{
	write_digits(field, size - 1, number, 8);
	field[size - 1] = '\0';
}

static uint32_t sum_of(const struct ustar *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*header); i++)
		sum += i - offsetof(struct ustar, sum) < sizeof(header->sum) ? ' ' : bytes[i];
	return sum;
}

void tar_header_write(const struct tar_member *member, char ret_block[TAR_BLOCK])
{
	struct ustar header;

	memset(&header, 0, sizeof(header));
	memcpy(header.name, member->path, strnlen(member->path, sizeof(header.name)));
	write_octal(header.mode, sizeof(header.mode), member->mode);
	write_octal(header.uid, sizeof(header.uid), member->uid > SHORT_MAX ? 0 : member->uid);
	write_octal(header.gid, sizeof(header.gid), member->gid > SHORT_MAX ? 0 : member->gid);
	write_octal(header.size, sizeof(header.size),
		    member->size > LONG_MAX_SIZE ? 0 : member->size);
	write_octal(header.time, sizeof(header.time),
		    member->time < 0 ? 0 : (uint64_t)member->time);
	header.type = member->type;
	if (member->link)
		memcpy(header.link, member->link, strnlen(member->link, sizeof(header.link)));
	memcpy(header.magic,
	       "ustar\0"
	       "00",
	       sizeof(header.magic));
	write_octal(header.major, sizeof(header.major), member->major);
	write_octal(header.minor, sizeof(header.minor), member->minor);
	write_octal(header.sum, sizeof(header.sum) - 1, sum_of(&header));
	header.sum[sizeof(header.sum) - 1] = ' ';
	memcpy(ret_block, &header, sizeof(header));
}

/* Spaces may be around the digits. Return: whether it is a number. */
static bool read_octal(const char *field, size_t size, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t at = 0;

	while (at < size && field[at] == ' ')
		at++;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
		number = number << 3 | (uint64_t)(field[at] - '0');
	if (at < size && field[at] != ' ' && field[at] != '\0')
		return false;
	*ret_number = number;
	return true;
}

/* GNU tar writes larger ones in bytes, the first of which has its highest bit set. */
static bool read_size(const char *field, size_t size, uint64_t *ret_number)
{
	uint64_t number = 0;

	if ((unsigned char)field[0] != 0x80)
		return read_octal(field, size, ret_number);
	for (size_t i = 1; i < size; i++) {
		if (number >> 55)
			return false;
		number = number << 8 | (unsigned char)field[i];
	}
	*ret_number = number;
	return true;
}

static void read_path(const struct ustar *header, char ret_path[TAR_PATH_SIZE])
{
	char *to = ret_path;

	/* GNU tar has other things there. */
	if (memcmp(header->magic, "ustar\0", 6) == 0 && header->prefix[0] != '\0') {
		to = mempcpy(to, header->prefix, strnlen(header->prefix, sizeof(header->prefix)));
		*to++ = '/';
	}
	to = mempcpy(to, header->name, strnlen(header->name, sizeof(header->name)));
	*to = '\0';
}

enum tar_header_kind tar_header_read(const char block[TAR_BLOCK], char ret_path[TAR_PATH_SIZE],
				     char *ret_type, uint64_t *ret_size)
{
	struct ustar header;
	uint64_t sum = 0, size = 0;
	size_t zeros = 0;

	while (zeros < TAR_BLOCK && block[zeros] == '\0')
		zeros++;
	if (zeros == TAR_BLOCK)
		return TAR_IS_END;
	memcpy(&header, block, sizeof(header));
	if (memcmp(header.magic, "ustar", 5) != 0 ||
	    !read_octal(header.sum, sizeof(header.sum), &sum) || sum != sum_of(&header) ||
	    !read_size(header.size, sizeof(header.size), &size) || size > INT64_MAX - TAR_BLOCK)
		return TAR_IS_NONE;
	read_path(&header, ret_path);
	*ret_type = (char)(header.type == '\0' ? TAR_FILE : header.type);
	*ret_size = size;
	return TAR_IS_MEMBER;
}
