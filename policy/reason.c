/* SPDX-License-Identifier: Apache-2.0 */
#include "reason.h"

#include <errno.h>

#define REASON_ROW(name, word, text) [REASON_##name] = { word, text },

static const struct {
	const char *word, *text;
} rows[REASON_COUNT] = { REASONS(REASON_ROW) };

const char *reason_word(enum reason reason)
{
	return rows[reason].word;
}

const char *reason_text(enum reason reason)
{
	return rows[reason].text;
}

bool reason_is_refusal(enum reason reason)
{
	return reason != REASON_NONE && reason != REASON_KERNEL && reason != REASON_ARGUMENT &&
	       reason != REASON_ABSENT && reason != REASON_EXISTS && reason != REASON_BUFFER &&
	       reason != REASON_GONE;
}

enum reason reason_of_failure(int error)
{
	switch (error) {
	case ENOMEM:
		return REASON_MEMORY;
	case EMFILE:
	case ENFILE:
		return REASON_DESCRIPTORS;
	case ETIMEDOUT:
		return REASON_DEADLINE;
	case ESRCH:
		return REASON_GONE;
	default:
		return REASON_FAILURE;
	}
}
