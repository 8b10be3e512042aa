/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurement.h"

#include <endian.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

#include "integrity/pcrs.h"

/* The first byte of a value of security.ima that is a signature: of a file, of a digest of fs-verity. */
#define VALUE_SIGNATURE 3
#define VALUE_VERITY_SIGNATURE 6

#define NUMBER_SIZE sizeof(uint32_t)
#define HEAD_SIZE (NUMBER_SIZE + MEASUREMENT_TEMPLATE_DIGEST_SIZE + NUMBER_SIZE)

/* ---- making one ---- */

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *put_number(uint8_t *at, size_t number)
{
	uint32_t bytes = htole32((uint32_t)number);

	return put(at, &bytes, sizeof(bytes));
}

static uint8_t *put_digest(uint8_t *at, const struct measurement *measurement)
{
	const char *name = digest_name(measurement->algorithm);
	size_t size = digest_size(measurement->algorithm);

	at = put_number(at, strlen(name) + sizeof(":") + size);
	at = put(at, name, strlen(name));
	at = put(at, ":", sizeof(":"));
	if (!measurement->is_violation)
		return put(at, measurement->digest, size);
	memset(at, 0, size);
	return at + size;
}

/* What is too long for the kernel's buffer is its last component there. */
static const char *measured_path(const char *path)
{
	const char *slash = strlen(path) < PATH_MAX ? NULL : strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t path_length(const char *path)
{
	return strnlen(path, PATH_MAX - 1);
}

static uint8_t *put_path(uint8_t *at, const char *path)
{
	size_t length = path_length(path);

	at = put_number(at, length + 1);
	for (size_t i = 0; i < length; i++)
		*at++ = path[i] == ' ' ? '_' : (uint8_t)path[i];
	*at++ = '\0';
	return at;
}

static size_t signature_size(const struct measurement *measurement)
{
	const uint8_t *value = measurement->value;

	if (measurement->is_violation || !value || measurement->value_size == 0)
		return 0;
	return *value == VALUE_SIGNATURE || *value == VALUE_VERITY_SIGNATURE ?
		       measurement->value_size :
		       0;
}

/* Of the data. */
static size_t encoded_size(const struct measurement *measurement, const char *path)
{
	size_t size = NUMBER_SIZE + strlen(digest_name(measurement->algorithm)) + sizeof(":") +
		      digest_size(measurement->algorithm) + NUMBER_SIZE + path_length(path) + 1;

	return measurement->template == TEMPLATE_IMA_SIG ?
		       size + NUMBER_SIZE + signature_size(measurement) :
		       size;
}

static void put_data(uint8_t *at, const struct measurement *measurement, const char *path)
{
	size_t size = signature_size(measurement);

	at = put_digest(at, measurement);
	at = put_path(at, path);
	if (measurement->template != TEMPLATE_IMA_SIG)
		return;
	at = put_number(at, size);
	put(at, measurement->value, size);
}

int measurement_encode(const struct measurement *measurement, uint8_t **ret_entry,
		       struct measured *ret_measured)
{
	const char *name = integrity_template_word(measurement->template);
	const char *path = measured_path(measurement->path);
	size_t data_size = encoded_size(measurement, path);
	size_t size = HEAD_SIZE + strlen(name) + NUMBER_SIZE + data_size;

	if (measurement->value_size > XATTR_SIZE_MAX)
		return -E2BIG;
	uint8_t *entry = calloc(1, size);

	if (!entry)
		return -ENOMEM;
	put_number(entry, PCR_NUMBER);
	uint8_t *at = put_number(entry + HEAD_SIZE - NUMBER_SIZE, strlen(name));

	at = put(at, name, strlen(name));
	at = put_number(at, data_size);
	put_data(at, measurement, path);
	*ret_entry = entry;
	(void)measurement_parse(entry, size, ret_measured);
	return 0;
}

/* ---- reading one ---- */

/** struct span - bytes that are left to read */
struct span {
	const uint8_t *at;
	size_t left;
};

/* Return: the first of @size bytes, which are read then; NULL: there are not so many. */
static const uint8_t *take(struct span *span, size_t size)
{
	const uint8_t *at = span->at;

	if (size > span->left)
		return NULL;
	span->at += size;
	span->left -= size;
	return at;
}

static bool take_number(struct span *span, uint32_t *ret_number)
{
	const uint8_t *at = take(span, NUMBER_SIZE);
	uint32_t bytes;

	if (!at)
		return false;
	memcpy(&bytes, at, sizeof(bytes));
	*ret_number = le32toh(bytes);
	return true;
}

/* Bytes with their length in front. Return: the first of them; NULL: they are not all there. */
static const uint8_t *take_counted(struct span *span, size_t most, size_t *ret_size)
{
	uint32_t size;
	const uint8_t *at;

	if (!take_number(span, &size) || size > most)
		return NULL;
	at = take(span, size);
	*ret_size = size;
	return at;
}

bool measurement_parse(const uint8_t *bytes, size_t size, struct measured *ret_measured)
{
	struct span span = { bytes, size };
	struct measured measured = { 0 };

	if (!take_number(&span, &measured.pcr))
		return false;
	measured.digest = take(&span, MEASUREMENT_TEMPLATE_DIGEST_SIZE);
	if (!measured.digest)
		return false;
	measured.template =
		(const char *)take_counted(&span, MEASUREMENT_NAME_MAX, &measured.template_length);
	if (!measured.template)
		return false;
	measured.data = take_counted(&span, size, &measured.data_size);
	if (!measured.data)
		return false;
	measured.size = size - span.left;
	*ret_measured = measured;
	return true;
}

bool measured_is_violation(const struct measured *measured)
{
	static const uint8_t zeros[MEASUREMENT_TEMPLATE_DIGEST_SIZE];

	return memcmp(measured->digest, zeros, sizeof(zeros)) == 0;
}

/* "sha256:\0" and the digest. */
static bool split_digest(struct span *span, struct measured_fields *fields)
{
	size_t size = 0;
	const char *field = (const char *)take_counted(span, span->left, &size);
	const char *colon = field ? memchr(field, ':', size) : NULL;

	if (!colon || colon + 1 == field + size || colon[1] != '\0')
		return false;
	fields->algorithm = field;
	fields->algorithm_length = (size_t)(colon - field);
	fields->digest = (const uint8_t *)colon + 2;
	fields->digest_size = size - fields->algorithm_length - 2;
	return true;
}

static bool split_path(struct span *span, struct measured_fields *fields)
{
	size_t size = 0;

	fields->path = (const char *)take_counted(span, span->left, &size);
	if (!fields->path || size == 0 ||
	    memchr(fields->path, '\0', size) != fields->path + size - 1)
		return false;
	fields->path_length = size - 1;
	return true;
}

bool measured_split(const struct measured *measured, struct measured_fields *ret_fields)
{
	struct span span = { measured->data, measured->data_size };
	struct measured_fields fields = { 0 };
	enum integrity_template template;

	if (!integrity_template_find(measured->template, measured->template_length, &template))
		return false;
	fields.has_signature_field = template == TEMPLATE_IMA_SIG;
	if (!split_digest(&span, &fields) || !split_path(&span, &fields))
		return false;
	if (fields.has_signature_field) {
		fields.signature = take_counted(&span, span.left, &fields.signature_size);
		if (!fields.signature)
			return false;
	}
	if (span.left > 0)
		return false;
	*ret_fields = fields;
	return true;
}
