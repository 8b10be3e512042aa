/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measurement lists for scripts:
 *
 *	measurements-driver make DIR TEMPLATE [ENTRIES]
 *		have a list with the entries that standard input says, a line each, in the files of DIR:
 *			ALGORITHM:DIGEST SIGNATURE PATH		the latter two hexadecimal, SIGNATURE may be '-'
 *			violation - PATH
 *	measurements-driver copy	read a list in the kernel's binary form, make each entry from its fields, write it
 *	measurements-driver print	read one, write it as text
 *	measurements-driver pcrs BANK	read one, write the registers of the bank with this index
 *
 * What is no list, or does not come out as it went in, is said, and the exit status is 1.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "integrity/measurements.h"
#include "integrity/measurements_folder.h"
#include "integrity/measurements_text.h"

#define LIST_MAX (64 << 20)
#define LINE_SIZE 200000

static struct crypto *crypto;

/* ---- make ---- */

/* Return: how many bytes the digits say. */
static size_t read_hex(const char *digits, uint8_t *bytes, size_t size)
{
	size_t length = strspn(digits, "0123456789abcdef") / 2;

	if (length > size)
		errx(1, "too many digits: %s", digits);
	for (size_t i = 0; i < length; i++)
		if (sscanf(digits + 2 * i, "%2hhx", &bytes[i]) != 1)
			errx(1, "no digits: %s", digits);
	return length;
}

static void append_line(struct measurements *list, enum integrity_template template, char *line)
{
	static uint8_t signature[65536];
	uint8_t digest[DIGEST_SIZE_MAX];
	char *rest = line, *kind = strsep(&rest, " "), *value = strsep(&rest, " ");
	struct measurement measurement = { .template = template, .algorithm = DIGEST_SHA256 };
	const char *colon = strchr(kind, ':');

	if (!rest)
		errx(1, "no path: %s", kind);
	rest[strcspn(rest, "\n")] = '\0';
	measurement.path = rest;
	measurement.is_violation = strcmp(kind, "violation") == 0;
	if (!measurement.is_violation) {
		if (!colon ||
		    !digest_algorithm_find(kind, (size_t)(colon - kind), &measurement.algorithm))
			errx(1, "no algorithm: %s", kind);
		read_hex(colon + 1, digest, sizeof(digest));
		measurement.digest = digest;
	}
	measurement.value_size = read_hex(value, signature, sizeof(signature));
	measurement.value = signature;
	if (measurements_append(list, crypto, &measurement) < 0)
		errx(1, "cannot append %s", rest);
}

static int make(const char *directory, const char *template_name, size_t entries)
{
	static char line[LINE_SIZE];
	static const uint8_t aggregate[32] = { 0xbb };
	enum integrity_template template =
		strcmp(template_name, "ima-sig") == 0 ? TEMPLATE_IMA_SIG : TEMPLATE_IMA_NG;
	struct measurements *list;
	struct measurements_folder *folder;

	if (measurements_new(crypto, template, entries, aggregate, &list) < 0 ||
	    measurements_folder_new(directory, list, &folder) < 0)
		errx(1, "cannot have a list");
	while (fgets(line, sizeof(line), stdin)) {
		append_line(list, template, line);
		measurements_folder_update(folder, list);
	}
	measurements_folder_finish(folder, list);
	measurements_folder_free(folder);
	measurements_free(list);
	return 0;
}

/* ---- what reads a list ---- */

static uint8_t *read_list(size_t *ret_size)
{
	uint8_t *list = malloc(LIST_MAX);

	if (!list)
		err(1, "memory");
	*ret_size = fread(list, 1, LIST_MAX, stdin);
	if (*ret_size == LIST_MAX)
		errx(1, "the list is too long");
	return list;
}

/* Return: bytes of the entry. */
static size_t copy_entry(const uint8_t *at, size_t left)
{
	struct measured entry, made;
	struct measured_fields fields;
	uint8_t *bytes, digest[DIGEST_SIZE_MAX] = { 0 };

	if (!measurement_parse(at, left, &entry) || !measured_split(&entry, &fields))
		errx(1, "no entry, %zu bytes before the end", left);
	bool is_violation = measured_is_violation(&entry);
	struct measurement measurement = {
		.template = fields.has_signature_field ? TEMPLATE_IMA_SIG : TEMPLATE_IMA_NG,
		.is_violation = is_violation,
		.digest = fields.digest,
		.path = fields.path,
		.value = fields.signature,
		.value_size = fields.signature_size,
	};

	if (!digest_algorithm_find(fields.algorithm, fields.algorithm_length,
				   &measurement.algorithm) ||
	    digest_size(measurement.algorithm) != fields.digest_size)
		errx(1, "%s: a digest of %zu bytes", fields.path, fields.digest_size);
	if (measurement_encode(&measurement, &bytes, &made) < 0 ||
	    crypto_digest(crypto, DIGEST_SHA1, made.data, made.data_size, digest) < 0)
		errx(1, "cannot make the entry of %s", fields.path);
	if (!is_violation)
		memcpy(measurement_digest(bytes), digest, MEASUREMENT_TEMPLATE_DIGEST_SIZE);
	fwrite(bytes, made.size, 1, stdout);
	if (made.size != entry.size || memcmp(bytes, at, made.size) != 0)
		errx(1, "%s: the entry is not as it was", fields.path);
	free(bytes);
	return entry.size;
}

static int copy(void)
{
	size_t size, at = 0;
	uint8_t *list = read_list(&size);

	while (at < size)
		at += copy_entry(list + at, size - at);
	free(list);
	return 0;
}

static int print(void)
{
	size_t size;
	uint8_t *list = read_list(&size);
	size_t printed = measurements_print(list, size, stdout);

	free(list);
	return printed == size ? 0 : 1;
}

static int print_pcrs(size_t bank)
{
	size_t size;
	uint8_t *list = read_list(&size);
	struct pcrs pcrs = { 0 }, digests;
	struct measured entry;

	for (size_t at = 0; at < size; at += entry.size) {
		if (!measurement_parse(list + at, size - at, &entry) ||
		    pcrs_of_data(crypto, entry.data, entry.data_size, &digests) < 0)
			errx(1, "no entry, %zu bytes before the end", size - at);
		if (measured_is_violation(&entry))
			pcrs_of_violation(&digests);
		if (pcrs_extend(crypto, &pcrs, &digests) < 0)
			errx(1, "cannot extend");
	}
	free(list);
	pcrs_print(&pcrs, bank, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (crypto_new(&crypto) < 0)
		errx(1, "no libcrypto");
	if (strcmp(word, "make") == 0 && argc >= 4)
		return make(argv[2], argv[3], argc > 4 ? strtoul(argv[4], NULL, 10) : 65536);
	if (strcmp(word, "copy") == 0)
		return copy();
	if (strcmp(word, "print") == 0)
		return print();
	if (strcmp(word, "pcrs") == 0 && argc == 3)
		return print_pcrs(strtoul(argv[2], NULL, 10) % PCR_BANK_COUNT);
	errx(2, "see the top of its source");
}
