/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_BTF_DRAFT_H
#define NSXATTR_TESTS_BTF_DRAFT_H

/* A kernel's description of its types, put together by a test. There is one draft at a time. */

#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Types as words, names one after the other. */
static struct {
	uint32_t words[512];
	size_t word_count;
	char names[2048];
	size_t names_length;
} draft;

/* More than a whole one takes. */
#define BTF_DRAFT_MAX 8192

static inline void btf_draft_begin(void)
{
	draft.word_count = 0;
	draft.names[0] = '\0';
	draft.names_length = 1;
}

static inline uint32_t btf_draft_name(const char *text)
{
	size_t at = draft.names_length;

	strcpy(draft.names + at, text);
	draft.names_length += strlen(text) + 1;
	return (uint32_t)at;
}

static inline void btf_draft_word(uint32_t value)
{
	draft.words[draft.word_count++] = value;
}

static inline void btf_draft_type(uint32_t its_name, unsigned int kind, bool flag, uint32_t entries,
				  uint32_t size)
{
	btf_draft_word(its_name);
	btf_draft_word((uint32_t)flag << 31 | kind << 24 | entries);
	btf_draft_word(size);
}

static inline void btf_draft_member(uint32_t its_name, uint32_t its_type, uint32_t offset)
{
	btf_draft_word(its_name);
	btf_draft_word(its_type);
	btf_draft_word(offset);
}

static inline void btf_draft_parameter(uint32_t its_name, uint32_t its_type)
{
	btf_draft_word(its_name);
	btf_draft_word(its_type);
}

/** btf_draft_finish() - write it down. @bytes: BTF_DRAFT_MAX. Return: how many were written. */
static inline size_t btf_draft_finish(unsigned char *bytes)
{
	size_t types_length = draft.word_count * sizeof(uint32_t);
	const struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.type_len = (uint32_t)types_length,
		.str_off = (uint32_t)types_length,
		.str_len = (uint32_t)draft.names_length,
	};

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), draft.words, types_length);
	memcpy(bytes + sizeof(header) + types_length, draft.names, draft.names_length);
	return sizeof(header) + types_length + draft.names_length;
}

#endif
