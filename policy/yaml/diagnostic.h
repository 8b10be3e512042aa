/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_DIAGNOSTIC_H
#define NSXATTR_YAML_DIAGNOSTIC_H

/*
 * The mistakes that were found in a text, in the order of their places. They are collected, not
 * shown: the caller of a check knows where they belong.
 */

#include <stdbool.h>
#include <stddef.h>

#define DIAGNOSTICS_MAX 100
#define DIAGNOSTIC_TEXT_SIZE 400

/** struct diagnostic - one mistake */
struct diagnostic {
	unsigned int line; /* from 1 */
	unsigned int column; /* from 1, in characters */
	char text[DIAGNOSTIC_TEXT_SIZE]; /* what was found; what is allowed */
};

/** struct diagnostics - what is wrong with one text; begins zeroed, owns nothing */
struct diagnostics {
	size_t count;
	bool is_cut; /* there are more than these */
	struct diagnostic entries[DIAGNOSTICS_MAX];
};

/**
 * diagnostics_add() - one mistake more
 * @diagnostics: where to
 * @line: its line, from 1
 * @column: its column, from 1
 * @format: printf(3) format; what the text itself says goes through quote_text()
 */
void diagnostics_add(struct diagnostics *diagnostics, unsigned int line, unsigned int column,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/**
 * diagnostic_print() - snprintf(3), for parts of a message: what does not fit in @size is cut
 *
 * Return: @text.
 */
const char *diagnostic_print(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * text_control_length() - is the next character one that steers a terminal: a control of ASCII, or one of Latin 1, which
 * has two bytes in UTF-8?
 * @end: of the text, behind @at
 *
 * Return: its bytes; 0: it is none.
 */
size_t text_control_length(const char *at, const char *end);

/* Bytes of a text that are shown, at most. */
#define QUOTED_MAX 60

/** struct quoted_text - room for a text in quotes */
struct quoted_text {
	char text[QUOTED_MAX + sizeof("''...")];
};

/**
 * quote_text() - a text as it can be shown: in quotes, cut, without bytes that steer a terminal
 * @bytes: the text, UTF-8, @length bytes
 * @quoted: where to
 *
 * Return: @quoted's text.
 */
const char *quote_text(const char *bytes, size_t length, struct quoted_text *quoted);

#endif
