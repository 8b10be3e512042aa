/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <ctype.h>

void json_string(FILE *file, const char *string)
{
	fputc('"', file);
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			fputc('\\', file);
		fputc(iscntrl((unsigned char)*string) ? ' ' : *string, file);
	}
	fputc('"', file);
}

void json_member(FILE *file, const char *name, const char *value, const char *end)
{
	json_string(file, name);
	fputs(": ", file);
	json_string(file, value);
	fputs(end, file);
}

void json_spread(FILE *file, const struct spread *spread)
{
	if (spread->count == 0)
		fputs("null", file);
	else
		fprintf(file, "{\"median\": %.6g, \"p10\": %.6g, \"p90\": %.6g}", spread->median,
			spread->tenth, spread->ninetieth);
}
