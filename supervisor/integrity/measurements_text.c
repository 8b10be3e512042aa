/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements_text.h"

#include "hex.h"
#include "integrity/measurement.h"

#define DEL 0x7f
/* Bytes that are written at once. */
#define PIECE ((size_t)64)

static void print_bytes(const uint8_t *bytes, size_t size, FILE *file)
{
	char text[HEX_SIZE(PIECE)];

	for (size_t at = 0; at < size; at += PIECE) {
		hex_write(bytes + at, size - at < PIECE ? size - at : PIECE, text);
		fputs(text, file);
	}
}

/* What a target chooses. */
static void print_text(const char *text, size_t length, FILE *file)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < ' ' || byte == DEL || byte == '\\')
			fprintf(file, "\\%03o", byte);
		else
			fputc(byte, file);
	}
}

static void print_entry(const struct measured *entry, const struct measured_fields *fields,
			FILE *file)
{
	fprintf(file, "%2u ", entry->pcr);
	print_bytes(entry->digest, MEASUREMENT_TEMPLATE_DIGEST_SIZE, file);
	fprintf(file, " %.*s ", (int)entry->template_length, entry->template);
	print_text(fields->algorithm, fields->algorithm_length, file);
	fputc(':', file);
	print_bytes(fields->digest, fields->digest_size, file);
	fputc(' ', file);
	print_text(fields->path, fields->path_length, file);
	if (fields->has_signature_field)
		fputc(' ', file);
	print_bytes(fields->signature, fields->signature_size, file);
	fputc('\n', file);
}

size_t measurements_print(const uint8_t *list, size_t size, FILE *file)
{
	struct measured entry;
	struct measured_fields fields;
	size_t printed = 0;

	while (printed < size && measurement_parse(list + printed, size - printed, &entry) &&
	       measured_split(&entry, &fields)) {
		print_entry(&entry, &fields, file);
		printed += entry.size;
	}
	return printed;
}
