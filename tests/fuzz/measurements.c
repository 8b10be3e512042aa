/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input: a list in the kernel's binary form. Each entry of it that we could have made ourselves comes out again when
 * it is made from its fields, each is a line of the text, and equal ones are found.
 */
#include "integrity/measurement.h"

#include "fuzz.h"
#include "integrity/known_entries.h"
#include "integrity/measurements_text.h"

static void require_inside(const struct measured *entry, const uint8_t *at, size_t left)
{
	require(entry->size > 0 && entry->size <= left);
	require(entry->digest >= at && entry->digest + 20 <= at + entry->size);
	require(entry->data + entry->data_size == at + entry->size);
}

static void require_encoded_again(const struct measured *entry,
				  const struct measured_fields *fields, const uint8_t *at)
{
	struct measurement measurement = {
		.template = fields->has_signature_field ? TEMPLATE_IMA_SIG : TEMPLATE_IMA_NG,
		.digest = fields->digest,
		.path = fields->path,
		.value = fields->signature_size > 0 ? fields->signature : NULL,
		.value_size = fields->signature_size,
	};
	uint8_t *bytes;
	struct measured again;

	if (entry->pcr != 10 || fields->path_length > 4095 || fields->signature_size > 65536 ||
	    strchr(fields->path, ' ') ||
	    !digest_algorithm_find(fields->algorithm, fields->algorithm_length,
				   &measurement.algorithm) ||
	    digest_size(measurement.algorithm) != fields->digest_size ||
	    (fields->signature_size > 0 && *fields->signature != 3 && *fields->signature != 6))
		return;
	require(measurement_encode(&measurement, &bytes, &again) == 0);
	require(again.size == entry->size);
	memcpy(measurement_digest(bytes), entry->digest, MEASUREMENT_TEMPLATE_DIGEST_SIZE);
	require(memcmp(bytes, at, again.size) == 0);
	free(bytes);
}

/* Return: how many entries of ima-ng and ima-sig are at the beginning; @ret_size: bytes of them. */
static size_t read_entries(const uint8_t *list, size_t size, size_t *ret_size)
{
	struct measured entry;
	struct measured_fields fields;
	size_t at = 0, count = 0;

	for (; measurement_parse(list + at, size - at, &entry) && measured_split(&entry, &fields);
	     at += entry.size, count++) {
		require_inside(&entry, list + at, size - at);
		require(strlen(fields.path) == fields.path_length);
		require_encoded_again(&entry, &fields, list + at);
	}
	*ret_size = at;
	return count;
}

static void require_lines(const uint8_t *list, size_t size, size_t whole, size_t count)
{
	char *text;
	size_t length, lines = 0;
	FILE *file = open_memstream(&text, &length);

	require(file && measurements_print(list, size, file) == whole);
	fclose(file);
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	require(lines == count && strlen(text) == length);
	free(text);
}

static void require_known(struct crypto *crypto, const uint8_t *list, size_t size)
{
	struct known_entries known = { 0 };
	struct measured entry;

	require(known_entries_learn(&known, crypto, list, size / 2) <= 0);
	require(size == 0 || known.learnt <= size / 2);
	require(known_entries_learn(&known, crypto, list, size) == 0);
	for (size_t at = 0; at < size; at += entry.size) {
		require(measurement_parse(list + at, size - at, &entry));
		require(known_entries_find(&known, crypto, list, &entry) == 1);
	}
	known_entries_done(&known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crypto *crypto;
	size_t whole;
	size_t count = read_entries(data, size, &whole);

	require_lines(data, size, whole, count);
	require(crypto || crypto_new(&crypto) == 0);
	require_known(crypto, data, whole);
	return 0;
}
