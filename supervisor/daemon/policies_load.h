/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICIES_LOAD_H
#define NSXATTR_DAEMON_POLICIES_LOAD_H

/* Sets of policies are read through descriptors, for paths lead nowhere later on. */

#include "base/log.h"
#include "base/trust.h"
#include "daemon/policies.h"

/** struct policies_source - where policies are read from, when paths lead nowhere any more */
struct policies_source {
	int folder; /* of the policies; if that was missing, the nearest one above it; -1: there is none */
	const char *
		rest; /* the path from there to the folder, which may be made later; ".": it is the folder */
	const char *path; /* of the folder, for messages */
	int share; /* the folder that was installed with the program; -1: there is none */
	const char *share_path; /* for messages */
	bool is_tolerant; /* a mistake is reported, and the set lacks that policy: not for a daemon */
	struct trust_root root; /* where paths of keys begin; -1: no keys are read */
	int etc; /* the folder with passwd(5), O_PATH; -1: only root and numbers are users */
	const char *default_policy;
	bool refuses_not_allowed; /* a user who names a policy that is not theirs; else they get the default */
	const char *
		no_gate; /* why 'mode: enforce' cannot be; static; NULL: it can, as far as this is known */
};

/**
 * policies_source_open() - find the policies while paths lead to them
 * @folder: the folder's path, which outlives the source; NULL: there is none. It need not be there yet.
 * @share: the same of the folder that was installed with the program
 * @ret_source: the source, with its descriptors; policies_source_done() it. The caller may change the rest:
 *              @default_policy is "default", @refuses_not_allowed true; @root has none.
 *
 * Return: 0; -errno of opening the folder.
 */
int policies_source_open(const char *folder, const char *share, struct policies_source *ret_source);

/** policies_source_done() - close its descriptors, which may be -1 */
void policies_source_done(struct policies_source *source);

/** struct policies_report - what is wrong, for the log or the caller of a reload; begins zeroed */
struct policies_report {
	char text[8192]; /* lines, each with a newline behind it */
	bool is_cut; /* there are more */
};

/** policies_report_add() - one line more: printf(3) */
void policies_report_add(struct policies_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** policies_report_log() - log each line of it */
void policies_report_log(const struct policies_report *report, enum log_level level);

enum policies_result {
	POLICIES_LOADED = 1, /* the report has warnings, if anything */
	POLICIES_MISTAKEN, /* the report says what is wrong; there is no set */
};

/**
 * policies_load() - read all policies
 * @source: where they are; what it points to is copied
 * @ret_policies: POLICIES_LOADED: the set; policies_free() it
 * @report: zeroed
 *
 * With one mistake anywhere in the folder, or in a file of keys, there is no set. A file has to be a regular one that belongs to root or to
 * our user, and that no other user can write to. A mistake in the folder that was installed is a warning: a package may
 * have brought more than this program knows.
 *
 * Return: an enum policies_result; -errno when the folder cannot be read.
 */
int policies_load(const struct policies_source *source, struct policies **ret_policies,
		  struct policies_report *report);

#endif
