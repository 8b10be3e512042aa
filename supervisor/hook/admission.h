/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_ADMISSION_H
#define NSXATTR_HOOK_ADMISSION_H

/*
 * Will nsxattrd serve a container that is about to start? It refuses one whose policy is not its user's when
 * the container is there already, and the attribute calls then fail one by one. So a hook asks before.
 */

#include <stdbool.h>
#include <stdint.h>

#include "attach/oci_message.h"
#include "hook/exec_rules.h"

struct json_object;

#define ADMISSION_SENTENCE_SIZE 1024
/* Milliseconds that the daemon has to answer in. */
#define ADMISSION_DEADLINE 5000

/** struct admission_question - a container */
struct admission_question {
	const char *control; /* nsxattrd's control socket; NULL: it is not asked */
	const char *policy; /* that it names; "": none */
	unsigned int runtimes; /* bits of enum policy_runtime: what its runtime may be called */
	const char *id; /* "": not known */
	const char *name; /* what people call it; "": not known */
	struct json_object *annotations; /* an object; NULL: there are none */
};

/** struct admission - how it would be served */
struct admission {
	char policy[OCI_METADATA_MAX + 1]; /* by which policy; "": not known */
	bool virtualises; /* the policy leaves not all to the kernel */
	bool allow_io_uring;
	struct exec_edit exec; /* what of its executing is judged */
	uint64_t host; /* the inode number of the host's user namespace; 0: not known */
};

enum admission_result {
	ADMISSION_GRANTED = 1,
	ADMISSION_REFUSED, /* the sentence says why, and what to do */
	ADMISSION_UNASKED, /* the control socket is not for us, or the daemon too old to be asked */
};

/**
 * admission_ask() - ask
 * @question: the container
 * @ret_admission: ADMISSION_GRANTED: how
 * @ret_sentence: ADMISSION_REFUSED: without a period
 *
 * Return: an enum admission_result.
 */
enum admission_result admission_ask(const struct admission_question *question,
				    struct admission *ret_admission,
				    char ret_sentence[ADMISSION_SENTENCE_SIZE]);

#endif
