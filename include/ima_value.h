/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_IMA_VALUE_H
#define NSXATTR_IMA_VALUE_H

/*
 * What a value of security.ima says. The formats are the kernel's (security/integrity/integrity.h):
 *
 *	01 DIGEST				the SHA-1 of the content
 *	04 ALGORITHM DIGEST			another digest of the content
 *	03 02 ALGORITHM KEYID SIZE SIGNATURE	a signature over a digest of the content
 *	06 03 ALGORITHM KEYID SIZE SIGNATURE	a signature over the digest that fs-verity has
 *
 * KEYID has four bytes and SIZE two, the highest first. Where the kernel is content with a value that is longer than it
 * needs, or that is of another algorithm than it knows, this is not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest_algorithm.h"

enum ima_value_type {
	IMA_VALUE_SHA1 = 1,
	IMA_VALUE_SIGNATURE = 3,
	IMA_VALUE_DIGEST = 4,
	IMA_VALUE_VERITY_SIGNATURE = 6,
};

/* The version that the signature of a type has. */
#define IMA_SIGNATURE_VERSION 2
#define IMA_VERITY_SIGNATURE_VERSION 3

/* Bytes before the signature. */
#define IMA_SIGNATURE_HEADER 9

/* What is wrong with a value. */
enum ima_value_mistake {
	IMA_VALUE_IS_SOUND,
	IMA_VALUE_TYPE, /* of none of the four types */
	IMA_VALUE_VERSION, /* a signature of another version than its type has */
	IMA_VALUE_ALGORITHM, /* none of ours */
	IMA_VALUE_SIZE, /* it is not as long as it says, or as its algorithm's digests are */
};

/** struct ima_value - a value, taken apart */
struct ima_value {
	uint8_t type; /* enum ima_value_type, unless the mistake is the type; 0: the value is empty */
	/* Where there is no mistake: */
	enum digest_algorithm algorithm;
	uint32_t keyid; /* of a signature */
	const uint8_t *bytes; /* the digest or the signature: a part of what was taken apart */
	size_t length;
};

/**
 * ima_value_decode() - take a value apart
 * @bytes: the value, as it lies on an inode
 * @ret_value: what it says; its type also where there is a mistake
 *
 * Return: what is wrong with it.
 */
enum ima_value_mistake ima_value_decode(const uint8_t *bytes, size_t length,
					struct ima_value *ret_value);

/** ima_value_mistake_text() - a mistake for people: what the value is */
const char *ima_value_mistake_text(enum ima_value_mistake mistake);

/** ima_value_is_signature() - is it a signature, of the content or of fs-verity's digest? */
bool ima_value_is_signature(const struct ima_value *value);

#endif
