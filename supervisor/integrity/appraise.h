/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_APPRAISE_H
#define NSXATTR_INTEGRITY_APPRAISE_H

/*
 * Is a file what its security.ima says? What is done about one that is not is decided elsewhere.
 *
 * It is what the kernel does in ima_appraise_measurement(), less what it forgives: new files, values that are longer
 * than they need to be.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ima_value.h"

struct content;
struct integrity_actions;
struct keyring;
struct keyring_key;
struct revocation;

/* Why a file is refused. */
enum appraisal_cause {
	CAUSE_NONE, /* it is not: it is valid */
	CAUSE_NO_VALUE, /* it has no security.ima */
	CAUSE_SIGNATURE_REQUIRED, /* it has none, or a digest, or fs-verity's signature */
	CAUSE_VERITY_SIGNATURE_REQUIRED, /* the same, where the rule wants that one */
	CAUSE_UNKNOWN_VALUE, /* of a type that is none of IMA's */
	CAUSE_HASH, /* the content has another digest */
	CAUSE_SIGNATURE_VERSION,
	CAUSE_SIGNATURE, /* it is not of this content, or not by this key, or not well formed */
	CAUSE_NO_KEY, /* the policy has none with that keyid */
	CAUSE_REVOKED_KEY,
	CAUSE_VERITY_SIGNATURE, /* as CAUSE_SIGNATURE, or as one of the two about keys */
	CAUSE_NO_VERITY, /* the file is not under fs-verity, or with another algorithm */
	CAUSE_ALGORITHM, /* not one that the rule allows */
	/* What only those find who open the file: */
	CAUSE_WRITERS, /* a process has it open for writing, or mapped so */
	CAUSE_UNVERIFIABLE, /* it cannot be told that the content stays as it was read */
	CAUSE_FAILURE, /* it could not be read, or something of ours failed */
};

#define CAUSE_COUNT (CAUSE_FAILURE + 1)

/** struct appraisal_request - what is to be appraised, and how; all of it is borrowed */
struct appraisal_request {
	const struct integrity_actions *actions; /* that the rules say */
	const struct keyring *keyring; /* of the policy */
	struct revocation *revocation; /* of keys that do not count; NULL: of none */
	const uint8_t *value; /* of security.ima, as the view shows it; NULL: there is none */
	size_t length;
	struct content *content;
};

/** struct appraisal - what was found */
struct appraisal {
	enum appraisal_cause cause;
	enum ima_value_mistake mistake; /* in the value */
	struct ima_value value; /* it points into the request's */
	const struct keyring_key
		*key; /* the keyring's; NULL: it was not looked for, or is not there */
};

/**
 * appraise() - find out whether a file is what its security.ima says
 *
 * The content is read only if the answer depends on it.
 *
 * Return: 0; -errno as content_digest(); -ENOMEM.
 */
int appraise(const struct appraisal_request *request, struct appraisal *ret_appraisal);

/** appraisal_algorithm() - in which a file with this value is measured: the value's, else SHA-256 */
enum digest_algorithm appraisal_algorithm(const uint8_t *value, size_t length);

/** cause_word() - a cause in the words of the kernel's audit messages, as "invalid-signature" */
const char *cause_word(enum appraisal_cause cause);

/** cause_text() - a cause for people: a sentence without its end */
const char *cause_text(enum appraisal_cause cause);

#endif
