/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/form.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The program headers may take so many bytes, as load_elf_phdrs() of the kernel has it. */
#define HEADERS_MAX 65536

/* ---- scripts ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* From @at on, up to @end, which is looked at, too. Return: NULL: there is none. */
static const char *find_word(const char *at, const char *end)
{
	for (; at <= end; at++)
		if (!is_blank(*at))
			return at;
	return NULL;
}

static const char *find_word_end(const char *at, const char *end)
{
	for (; at <= end; at++)
		if (is_blank(*at) || *at == '\0')
			return at;
	return NULL;
}

/* Where the first line ends. Return: NULL: what is there of it may be cut. */
static const char *find_line_end(const char head[FORM_HEAD_SIZE])
{
	const char *last = head + FORM_HEAD_SIZE - 1;
	const char *end = head + strnlen(head, FORM_HEAD_SIZE);
	const char *newline = memchr(head, '\n', (size_t)(end - head));

	if (newline)
		return newline;
	const char *word = find_word(head + 2, last);

	return word && find_word_end(word, last) ? last : NULL;
}

void form_read_script(const char head[FORM_HEAD_SIZE], struct form *ret_form)
{
	const char *end = head[0] == '#' && head[1] == '!' ? find_line_end(head) : NULL;

	*ret_form = (struct form){ 0 };
	while (end && is_blank(end[-1]))
		end--;
	const char *name = end ? find_word(head + 2, end) : NULL;

	/* An empty name there is an error of the exec. */
	if (!name || name == end || *name == '\0')
		return;
	const char *name_end = find_word_end(name, end);
	size_t length = (size_t)((name_end ? name_end : end) - name);

	ret_form->kind = FORM_SCRIPT;
	memcpy(ret_form->interpreter, name, length);
	ret_form->interpreter[length] = '\0';
}

/* ---- ELF ---- */

/* Either class, in the shape of the larger one. */
struct elf {
	uint64_t headers;
	uint16_t header_size;
	uint16_t header_count;
	uint16_t header_size_wanted;
	uint16_t type;
	bool is_64;
};

static bool read_elf(const char head[FORM_HEAD_SIZE], struct elf *ret_elf)
{
	Elf64_Ehdr large;
	Elf32_Ehdr small;

	if (memcmp(head, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(&large, head, sizeof(large));
	memcpy(&small, head, sizeof(small));
	if (head[EI_CLASS] == ELFCLASS64)
		*ret_elf = (struct elf){ large.e_phoff,	     large.e_phentsize, large.e_phnum,
					 sizeof(Elf64_Phdr), large.e_type,	true };
	else
		*ret_elf = (struct elf){ small.e_phoff,	     small.e_phentsize, small.e_phnum,
					 sizeof(Elf32_Phdr), small.e_type,	false };
	return true;
}

/* What the kernel refuses has no loader that it would load. */
static bool is_loadable(const struct elf *elf)
{
	return (elf->type == ET_EXEC || elf->type == ET_DYN) &&
	       elf->header_size == elf->header_size_wanted && elf->header_count > 0 &&
	       (size_t)elf->header_size * elf->header_count <= HEADERS_MAX;
}

/* Return: 0; -ENOEXEC where the file is too short; -errno. */
static int read_exactly(int fd, void *buffer, size_t size, uint64_t offset)
{
	ssize_t length = offset > INT64_MAX ? 0 : pread(fd, buffer, size, (off_t)offset);

	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -ENOEXEC;
}

struct segment {
	uint32_t type;
	uint64_t offset;
	uint64_t size;
};

static int read_segment(int fd, const struct elf *elf, size_t index, struct segment *ret_segment)
{
	uint64_t offset = elf->headers + index * elf->header_size;
	Elf64_Phdr large = { 0 };
	Elf32_Phdr small = { 0 };
	int r = elf->is_64 ? read_exactly(fd, &large, sizeof(large), offset) :
			     read_exactly(fd, &small, sizeof(small), offset);

	*ret_segment = elf->is_64 ?
			       (struct segment){ large.p_type, large.p_offset, large.p_filesz } :
			       (struct segment){ small.p_type, small.p_offset, small.p_filesz };
	return r;
}

/* The first one counts. Return: 0; -ENOENT: there is none; as read_exactly(). */
static int find_loader(int fd, const struct elf *elf, struct segment *ret_segment)
{
	for (size_t i = 0; i < elf->header_count; i++) {
		int r = read_segment(fd, elf, i, ret_segment);

		if (r < 0 || ret_segment->type == PT_INTERP)
			return r;
	}
	return -ENOENT;
}

static int read_loader(int fd, const struct elf *elf, char path[PATH_MAX])
{
	struct segment segment;
	int r = find_loader(fd, elf, &segment);

	if (r < 0)
		return r;
	if (segment.size < 2 || segment.size > PATH_MAX)
		return -ENOEXEC;
	r = read_exactly(fd, path, segment.size, segment.offset);
	return r == 0 && path[segment.size - 1] != '\0' ? -ENOEXEC : r;
}

/* ---- either ---- */

int form_read(int fd, struct form *ret_form)
{
	char head[FORM_HEAD_SIZE] = "";
	struct elf elf;

	if (pread(fd, head, sizeof(head), 0) < 0)
		return -errno;
	form_read_script(head, ret_form);
	if (ret_form->kind == FORM_SCRIPT || !read_elf(head, &elf) || !is_loadable(&elf))
		return 0;
	ret_form->kind = FORM_ELF;
	int r = read_loader(fd, &elf, ret_form->interpreter);

	if (r < 0)
		ret_form->interpreter[0] = '\0';
	return r == -ENOEXEC || r == -ENOENT ? 0 : r;
}
