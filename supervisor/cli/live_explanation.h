/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_EXPLANATION_H
#define NSXATTR_CLI_LIVE_EXPLANATION_H

/*
 * What nsxattr would do about an operation of a process that runs, on a file of its, and what would change that. The
 * functions that decide for the supervisor are asked, with what the supervisor would find; nothing is changed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/explanation.h"
#include "cli/live_container.h"
#include "cli/live_file.h"
#include "cli/live_label.h"
#include "cli/live_process.h"
#include "reason.h"

struct json_object;

/** struct live_question - what is asked */
struct live_question {
	pid_t pid; /* 0: a process of @container */
	const char *container; /* NULL: that of @pid is looked for */
	const char *file; /* NULL: it does not matter yet */
	const char *policy; /* as policy_arg_load() has it; NULL: the container's */
	const char *control; /* the path of the control socket */
	enum operation operation;
	const char *name;
};

/* What becomes of the call. */
enum live_result {
	LIVE_UNSUPERVISED, /* the process has no filter: the kernel answers, and nsxattr hears nothing of it */
	LIVE_KERNEL, /* nsxattr leaves it to the kernel */
	LIVE_DONE, /* nsxattr does it */
	LIVE_REFUSED, /* the target gets an error */
};

#define LIVE_UNKNOWN_MAX 8

/** struct live_explanation - begins zeroed; live_explanation_done() it */
struct live_explanation {
	const struct live_question *question;
	struct live_process process;
	struct live_container container;
	struct live_label label;
	struct live_file file;
	bool has_process; /* if not, the container's map is all that is known */
	bool has_file;
	bool is_supervised; /* it has a filter; that it is one of ours cannot be seen */
	const struct policy *policy;
	struct policy_file *policy_file; /* of the question's policy */
	struct explanation explanation; /* the rule, the stored name, what it needs */
	enum live_result result;
	int error; /* of LIVE_REFUSED */
	enum reason reason;
	/* What could not be looked at, and why: pairs, of which the second may be NULL. */
	const char *unknown[LIVE_UNKNOWN_MAX][2];
	size_t unknown_count;
	/* Of what nothing is known: */
	struct user_namespace host, userns;
};

/**
 * live_explanation_fill() - find out
 * @question: borrowed
 *
 * Return: whether there is something to say; if not, why has been logged.
 */
bool live_explanation_fill(const struct live_question *question, struct live_explanation *live);

/** live_explanation_remedy() - Return: what would change the answer, static; NULL: it is as it should be. */
const char *live_explanation_remedy(const struct live_explanation *live);

/** live_explanation_print() - write it to standard output, in words */
void live_explanation_print(const struct live_explanation *live);

/** live_explanation_json_new() - the same for programs. Return: to be released with json_object_put(). */
struct json_object *live_explanation_json_new(const struct live_explanation *live);

/** live_explanation_done() - release what it has */
void live_explanation_done(struct live_explanation *live);

#endif
