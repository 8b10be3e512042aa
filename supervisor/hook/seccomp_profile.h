/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SECCOMP_PROFILE_H
#define NSXATTR_HOOK_SECCOMP_PROFILE_H

/*
 * Seccomp profiles as engines read them: OCI's format, and Docker's, whose rules can have conditions (includes,
 * excludes). Conditions that an engine does not know are resolved, for it would pass over them and have the
 * rule hold for every container.
 */

#include <stdbool.h>
#include <stdint.h>

#include "hook/json_text.h"

struct json_object;

/* Room for what is wrong with a profile, with its NUL. */
#define SECCOMP_PROFILE_SENTENCE_SIZE 256

enum seccomp_profile_result {
	SECCOMP_PROFILE_DONE = 1,
	SECCOMP_PROFILE_REFUSED, /* the sentence says why, to come behind the profile's name */
};

/** struct seccomp_conditions - what conditions are resolved for; the others stay for the engine */
struct seccomp_conditions {
	bool resolves_capabilities;
	bool resolves_architecture;
	bool resolves_kernel;
	uint64_t capabilities; /* of the container, a bit for each number */
	const char *architecture; /* as Docker calls it: amd64 */
	unsigned kernel[3]; /* as in 6.12.56, of which two numbers count */
};

/**
 * seccomp_profile_read() - read a profile
 * @text: a profile; or what has one: a config.json, or what 'ctr container info' prints
 * @ret_profile: SECCOMP_PROFILE_DONE: it, the caller's to json_object_put()
 * @sentence: SECCOMP_PROFILE_REFUSED: why, SECCOMP_PROFILE_SENTENCE_SIZE bytes
 *
 * Return: an enum seccomp_profile_result; -ENOMEM.
 */
int seccomp_profile_read(const struct json_text *text, struct json_object **ret_profile,
			 char *sentence);

/**
 * seccomp_profile_resolve() - resolve conditions, in place
 * @profile: it; of no more use but for json_object_put() unless SECCOMP_PROFILE_DONE
 * @conditions: which, and for what
 * @sentence: SECCOMP_PROFILE_REFUSED: why
 *
 * With all of them resolved the profile is one of OCI. What is in it has to be known, whether it is resolved
 * or not.
 *
 * Return: an enum seccomp_profile_result; -ENOMEM.
 */
int seccomp_profile_resolve(struct json_object *profile,
			    const struct seccomp_conditions *conditions, char *sentence);

#endif
