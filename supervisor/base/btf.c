/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format is in the kernel's Documentation/bpf/btf.rst: a header, types, and the strings that they
 * are named by. Types are of different lengths and known by their number in the row, so where each begins
 * is written down first. libbpf does this too, and much more, which takes it ten times as long and
 * would be the start of every nsxattr run.
 *
 * The description comes from the kernel, whom we trust; bounds are kept all the same, so that one of a
 * younger format is refused and not misread.
 */
#include "base/btf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "count_of.h"

#define KERNEL_FILE_MAX (64U << 20)
#define DEPTH_MAX 8 /* of structures without a name in each other */
/* Younger than some headers that we are built with. */
#define KIND_ENUM64 19

struct btf {
	char *text; /* what a kernel that cannot be mapped has told */
	void *mapping; /* @mapped bytes of the kernel; NULL: none */
	size_t mapped;
	const unsigned char *types;
	uint32_t types_length;
	const char *strings;
	uint32_t strings_length;
	uint32_t count;
	uint32_t *offsets; /* of each type in @types; the first has the number 1 */
	uint32_t structure_count;
	uint32_t *structures; /* the numbers of those types that are structures with a name */
};

void btf_free(struct btf *btf)
{
	if (!btf)
		return;
	free(btf->structures);
	free(btf->offsets);
	if (btf->mapping)
		munmap(btf->mapping, btf->mapped);
	free(btf->text);
	free(btf);
}

static const struct btf_type *type_at(const struct btf *btf, uint32_t offset)
{
	return (const struct btf_type *)(const void *)(btf->types + offset);
}

static unsigned int kind_of(const struct btf_type *type)
{
	return BTF_INFO_KIND(type->info);
}

/* What follows a type in the row: once, and for each of its entries. All kinds up to the last are known. */
static const struct {
	size_t once, each;
} kinds[] = {
	[BTF_KIND_INT] = { .once = sizeof(uint32_t) },
	[BTF_KIND_ARRAY] = { .once = sizeof(struct btf_array) },
	[BTF_KIND_STRUCT] = { .each = sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { .each = sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { .each = sizeof(struct btf_enum) },
	[BTF_KIND_FUNC_PROTO] = { .each = sizeof(struct btf_param) },
	[BTF_KIND_VAR] = { .once = sizeof(uint32_t) },
	[BTF_KIND_DATASEC] = { .each = sizeof(struct btf_var_secinfo) },
	[BTF_KIND_DECL_TAG] = { .once = sizeof(uint32_t) },
	[KIND_ENUM64] = { .each = 3 * sizeof(uint32_t) },
};

/** length_of() - the bytes that a type has in the row. Return: 0 for a kind that we do not know. */
static size_t length_of(const struct btf_type *type)
{
	unsigned int kind = kind_of(type);

	if (kind == BTF_KIND_UNKN || kind >= COUNT_OF(kinds))
		return 0;
	return sizeof(*type) + kinds[kind].once + BTF_INFO_VLEN(type->info) * kinds[kind].each;
}

static bool is_structure(const struct btf_type *type)
{
	return kind_of(type) == BTF_KIND_STRUCT && type->name_off != 0;
}

/* The arrays are as long as they could have to be: what is not used of them is never there. */
static int note_offsets(struct btf *btf)
{
	size_t most = btf->types_length / sizeof(struct btf_type) + 1;
	uint32_t offset = 0;

	btf->offsets = malloc(most * sizeof(uint32_t));
	btf->structures = malloc(most * sizeof(uint32_t));
	if (!btf->offsets || !btf->structures)
		return -ENOMEM;
	while (btf->types_length - offset >= sizeof(struct btf_type)) {
		size_t length = length_of(type_at(btf, offset));

		if (length == 0 || length > btf->types_length - offset)
			return -EPROTO;
		btf->offsets[++btf->count] = offset;
		if (is_structure(type_at(btf, offset)))
			btf->structures[btf->structure_count++] = btf->count;
		offset += (uint32_t)length;
	}
	return offset == btf->types_length ? 0 : -EPROTO;
}

static bool is_within(size_t length, size_t start, uint32_t offset, uint32_t size)
{
	return start <= length && offset <= length - start && size <= length - start - offset;
}

static int find_parts(struct btf *btf, const unsigned char *bytes, size_t length)
{
	const struct btf_header *header = (const void *)bytes;

	if (length < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->version != BTF_VERSION || header->type_off % sizeof(uint32_t) != 0 ||
	    header->hdr_len % sizeof(uint32_t) != 0 ||
	    !is_within(length, header->hdr_len, header->type_off, header->type_len) ||
	    !is_within(length, header->hdr_len, header->str_off, header->str_len) ||
	    header->str_len == 0)
		return -EPROTO;
	btf->types = bytes + header->hdr_len + header->type_off;
	btf->types_length = header->type_len;
	btf->strings = (const char *)bytes + header->hdr_len + header->str_off;
	btf->strings_length = header->str_len;
	return btf->strings[header->str_len - 1] == '\0' ? note_offsets(btf) : -EPROTO;
}

int btf_new(const void *bytes, size_t length, struct btf **ret_btf)
{
	_cleanup_btf_ struct btf *btf = calloc(1, sizeof(*btf));

	if (!btf)
		return -ENOMEM;
	int r = find_parts(btf, bytes, length);

	if (r == 0)
		*ret_btf = TAKE_PTR(btf);
	return r;
}

/* It can be mapped since Linux 6.16, which takes a hundredth of the time of reading some megabytes. */
int btf_new_of_kernel(struct btf **ret_btf)
{
	_cleanup_fd_ int fd = open(BTF_KERNEL_FILE, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_size <= 0 || stat.st_size > KERNEL_FILE_MAX)
		return -EPROTO;
	size_t length = (size_t)stat.st_size;
	void *mapping = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
	bool is_mapped = mapping != MAP_FAILED;
	int r = is_mapped ? 0 : text_file_read_fd(fd, length, &text, &length);

	if (r >= 0)
		r = btf_new(is_mapped ? mapping : text, length, ret_btf);
	if (r < 0 && is_mapped)
		munmap(mapping, length);
	if (r < 0)
		return r;
	(*ret_btf)->mapping = is_mapped ? mapping : NULL;
	(*ret_btf)->mapped = length;
	(*ret_btf)->text = TAKE_PTR(text);
	return 0;
}

static bool is_named(const struct btf *btf, uint32_t name, const char *wanted)
{
	return name < btf->strings_length && strcmp(btf->strings + name, wanted) == 0;
}

/* NULL: there is none. */
static const struct btf_type *type_of(const struct btf *btf, uint32_t number)
{
	return number > 0 && number <= btf->count ? type_at(btf, btf->offsets[number]) : NULL;
}

/* The type of this number; NULL: there is none, or it is neither structure nor union. */
static const struct btf_type *compound(const struct btf *btf, uint32_t number)
{
	const struct btf_type *type = type_of(btf, number);
	bool is_compound = type &&
			   (kind_of(type) == BTF_KIND_STRUCT || kind_of(type) == BTF_KIND_UNION);

	return is_compound ? type : NULL;
}

/** bits_of() - where a member begins, in bits. Return: -1 for one of some bits only. */
static int64_t bits_of(const struct btf_type *type, const struct btf_member *member)
{
	if (!BTF_INFO_KFLAG(type->info))
		return member->offset;
	if (BTF_MEMBER_BITFIELD_SIZE(member->offset))
		return -1;
	return BTF_MEMBER_BIT_OFFSET(member->offset);
}

static int search_members(const struct btf *btf, const struct btf_type *type, const char *name,
			  int depth, uint32_t *ret_offset)
{
	const struct btf_member *members = (const void *)(type + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		int64_t bits = bits_of(type, &members[i]);
		const struct btf_type *inner =
			members[i].name_off == 0 ? compound(btf, members[i].type) : NULL;
		uint32_t offset = 0;

		if (bits < 0 || bits % 8 != 0)
			continue;
		bool is_found = is_named(btf, members[i].name_off, name) ||
				(inner && depth < DEPTH_MAX &&
				 search_members(btf, inner, name, depth + 1, &offset) == 0);

		if (!is_found)
			continue;
		*ret_offset = (uint32_t)(bits / 8) + offset;
		return 0;
	}
	return -ENOENT;
}

int btf_find_member(const struct btf *btf, const char *type, const char *member,
		    uint32_t *ret_offset)
{
	uint32_t found = 0;
	int result = -ENOENT;

	for (uint32_t i = 0; i < btf->structure_count; i++) {
		const struct btf_type *candidate = type_at(btf, btf->offsets[btf->structures[i]]);
		uint32_t offset;

		if (!is_named(btf, candidate->name_off, type) ||
		    search_members(btf, candidate, member, 0, &offset) < 0)
			continue;
		if (result == 0 && offset != found)
			return -ENOTUNIQ;
		found = offset;
		result = 0;
	}
	if (result == 0)
		*ret_offset = found;
	return result;
}

int btf_find_structure(const struct btf *btf, const char *name, uint32_t *ret_number)
{
	for (uint32_t i = 0; i < btf->structure_count; i++) {
		uint32_t number = btf->structures[i];

		if (!is_named(btf, type_at(btf, btf->offsets[number])->name_off, name))
			continue;
		*ret_number = number;
		return 0;
	}
	return -ENOENT;
}

int btf_find_function(const struct btf *btf, const char *name, uint32_t *ret_number)
{
	for (uint32_t number = 1; number <= btf->count; number++) {
		const struct btf_type *type = type_at(btf, btf->offsets[number]);

		if (kind_of(type) != BTF_KIND_FUNC || !is_named(btf, type->name_off, name))
			continue;
		*ret_number = number;
		return 0;
	}
	return -ENOENT;
}

int btf_count_parameters(const struct btf *btf, const char *function, uint32_t *ret_count)
{
	uint32_t number;
	int r = btf_find_function(btf, function, &number);

	if (r < 0)
		return r;
	const struct btf_type *prototype = type_of(btf, type_of(btf, number)->type);

	if (!prototype || kind_of(prototype) != BTF_KIND_FUNC_PROTO)
		return -EPROTO;
	*ret_count = BTF_INFO_VLEN(prototype->info);
	return 0;
}
