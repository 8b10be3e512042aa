/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include "yaml/diagnostic.h"

void terminal_show(const char *bytes, size_t length, FILE *to)
{
	const char *end = bytes + length;

	while (bytes < end) {
		size_t control = text_control_length(bytes, end);

		fputc(control ? '?' : *bytes, to);
		bytes += control ? control : 1;
	}
}
