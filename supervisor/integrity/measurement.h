/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_MEASUREMENT_H
#define NSXATTR_INTEGRITY_MEASUREMENT_H

/*
 * One entry of a measurement list, in the kernel's binary form. Numbers are 32 bits, little-endian:
 *
 *	PCR, SHA-1 of the data (20 bytes; zeros: a violation), length and name of the template,
 *	length and bytes of the data
 *
 * The data of the templates ima-ng and ima-sig are fields, each with its length in front:
 *
 *	"sha256:\0" and the digest of the file; its path and a NUL; with ima-sig, a signature or nothing
 *
 * Sources: ima_measurements_show() of security/integrity/ima/ima_fs.c, and ima_template_lib.c beside it. From there
 * also: a space of a path becomes an underscore; a violation has a digest of zeros; a path that is too
 * long is only its last component; of security.ima only signatures (types 3 and 6) become a part of an entry.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest_algorithm.h"
#include "integrity.h"

#define MEASUREMENT_NAME_MAX 255 /* of a template; TCG_EVENT_NAME_LEN_MAX */
#define MEASUREMENT_TEMPLATE_DIGEST_SIZE 20

/** struct measurement - what is measured; everything it points to is the caller's */
struct measurement {
	enum integrity_template template; /* not TEMPLATE_NONE */
	bool is_violation; /* the digest is not known to be that of what is used */
	enum digest_algorithm algorithm;
	const uint8_t *digest; /* of @algorithm; NULL with is_violation */
	const char *path;
	const void *value; /* of security.ima, @value_size bytes; NULL: none. Only ima-sig has it */
	size_t value_size;
};

/** struct measured - an entry in bytes that hold it; its pointers lead there */
struct measured {
	uint32_t pcr;
	const uint8_t *digest; /* of the data, SHA-1 */
	const char *template; /* @template_length bytes */
	size_t template_length;
	const uint8_t *data;
	size_t data_size;
	size_t size; /* of the entry */
};

/** struct measured_fields - the fields of ima-ng or ima-sig; its pointers lead into the entry */
struct measured_fields {
	const char *
		algorithm; /* @algorithm_length bytes, such as "sha256"; may be one that we do not have */
	size_t algorithm_length;
	const uint8_t *digest;
	size_t digest_size;
	const char *path; /* a NUL ends it */
	size_t path_length;
	bool has_signature_field; /* it is ima-sig */
	const uint8_t *signature;
	size_t signature_size; /* 0: none */
};

/**
 * measurement_encode() - make the entry
 * @measurement: what is measured
 * @ret_entry: the entry, without the digest of its data (zeros): the caller's to free(3)
 * @ret_measured: the same as a struct measured
 *
 * Return: 0; -ENOMEM; -E2BIG: the value is longer than the kernel lets a value be.
 */
int measurement_encode(const struct measurement *measurement, uint8_t **ret_entry,
		       struct measured *ret_measured);

/** measurement_digest() - where the digest of the data lies in an entry. Return: its first byte */
static inline uint8_t *measurement_digest(uint8_t *entry)
{
	return entry + sizeof(uint32_t);
}

/** measurement_parse() - the entry at the beginning of @bytes. Return: is there a whole one? */
bool measurement_parse(const uint8_t *bytes, size_t size, struct measured *ret_measured);

/** measured_is_violation() - Return: whether its digest says so. */
bool measured_is_violation(const struct measured *measured);

/** measured_split() - the fields of an entry's data. Return: is it of ima-ng or ima-sig, and whole? */
bool measured_split(const struct measured *measured, struct measured_fields *ret_fields);

#endif
