/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_PCRS_TEXT_H
#define NSXATTR_TESTS_PCRS_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "integrity/pcrs.h"

/** pcrs_text() - Return: the lines of a bank, the caller's to free(3). */
static inline char *pcrs_text(const struct pcrs *pcrs, size_t bank)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	cr_assert_not_null(file);
	pcrs_print(pcrs, bank, file);
	fclose(file);
	return text;
}

#endif
