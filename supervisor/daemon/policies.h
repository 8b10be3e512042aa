/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICIES_H
#define NSXATTR_DAEMON_POLICIES_H

/*
 * The policies of a folder, NAME.yaml for the policy NAME, those that were installed with the program
 * (policy_folders.h), and the built-in ones: a set that does not change; SIGHUP makes another one. A policy that was
 * installed has to be named: 'match' counts in the folder alone, which is the administrator's. Each policy has
 * a count of its references, so that a container keeps the one that it began with.
 *
 *	loading		one thread; the set is as it will be when it is returned
 *	choosing	any thread, as long as the set is not freed meanwhile
 *	shared_policy_*	any thread, whatever becomes of the set
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy.h"
#include "policy_selector.h"

/* Of one folder. Other files than *.yaml do not count. */
#define POLICIES_MAX 256
/* Of a set: two folders, and those that are built in. */
#define POLICIES_TOTAL_MAX (2 * POLICIES_MAX + 4)
/* The longest name, without ".yaml". */
#define POLICY_NAME_MAX 64

/* What policy_name_is_sane() asks for, for messages. */
#define POLICY_NAME_RULE "letters, digits, '_', '-' and '.', no '-' or '.' at the beginning"

/** policy_name_is_sane() - can a policy of a folder be called so? */
bool policy_name_is_sane(const char *name);

/** struct policies_source - where policies are read from, when paths lead nowhere any more */
struct policies_source {
	int folder; /* of the policies; if that was missing, the nearest one above it; -1: there is none */
	const char *
		rest; /* the path from there to the folder, which may be made later; ".": it is the folder */
	const char *path; /* of the folder, for messages */
	int share; /* the folder that was installed with the program; -1: there is none */
	const char *share_path; /* for messages */
	bool is_tolerant; /* a mistake is reported, and the set lacks that policy: not for a daemon */
	int etc; /* the folder with passwd(5), O_PATH; -1: only root and numbers are users */
	const char *default_policy;
	bool refuses_not_allowed; /* a user who names a policy that is not theirs; else they get the default */
};

/**
 * policies_source_open() - find the policies while paths lead to them
 * @folder: the folder's path, which outlives the source; NULL: there is none. It need not be there yet.
 * @share: the same of the folder that was installed with the program
 * @ret_source: the source, with its descriptors; policies_source_done() it. The caller may change the rest:
 *              @default_policy is "default", @refuses_not_allowed true.
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

enum policies_result {
	POLICIES_LOADED = 1, /* the report has warnings, if anything */
	POLICIES_MISTAKEN, /* the report says what is wrong; there is no set */
};

struct policies;

/**
 * policies_load() - read all policies
 * @source: where they are; what it points to is copied
 * @ret_policies: POLICIES_LOADED: the set; policies_free() it
 * @report: zeroed
 *
 * With one mistake anywhere in the folder there is no set. A file has to be a regular one that belongs to root or to
 * our user, and that no other user can write to. A mistake in the folder that was installed is a warning: a package may
 * have brought more than this program knows.
 *
 * Return: an enum policies_result; -errno when the folder cannot be read.
 */
int policies_load(const struct policies_source *source, struct policies **ret_policies,
		  struct policies_report *report);

/** policies_free() - the set goes; a policy that a container has, stays. NULL is accepted. */
void policies_free(struct policies *policies);

/** struct policies_item - one of the set, for a listing */
struct policies_item {
	const char *name;
	const char *description; /* NULL: none */
	const char *folder; /* whose file NAME.yaml it is; NULL: it is built in */
	const char *objection; /* why the user may not name it; NULL: they may */
};

/** policies_visit() - each of them, in the order of their names */
void policies_visit(const struct policies *policies, uid_t user,
		    void (*visit)(const struct policies_item *item, void *argument),
		    void *argument);

/** policies_count() - Return: how many there are in the folder of the settings. */
size_t policies_count(const struct policies *policies);

/** struct shared_policy - a policy with a count of its references */
struct shared_policy {
	const struct policy *policy; /* as long as there is a reference */
	const char *text; /* of its file; NULL: it is built in */
	size_t length; /* of the text */
};

/**
 * shared_policy_load() - a policy by its content, which is in no set
 * @name: what it is called
 * @text: of its file, @length bytes; NULL: it is built in
 * @ret_shared: POLICIES_LOADED: the policy; shared_policy_unref() it
 *
 * Return: an enum policies_result; -ENOMEM.
 */
int shared_policy_load(const char *name, const char *text, size_t length,
		       struct shared_policy **ret_shared);

/** shared_policy_ref() - one reference more. Return: @shared. */
struct shared_policy *shared_policy_ref(struct shared_policy *shared);

/** shared_policy_unref() - one reference less; NULL is accepted. */
void shared_policy_unref(struct shared_policy *shared);

/** struct policies_request - the container for which a policy is chosen */
struct policies_request {
	struct candidate container; /* its name is its id if it has none */
	const char *wanted; /* the policy that was named; NULL or "": none */
	uid_t user; /* of the peer: SO_PEERCRED */
};

enum policies_choice_result {
	POLICIES_CHOSEN = 1,
	POLICIES_REFUSED, /* the reason says why */
};

/** struct policies_choice - the outcome */
struct policies_choice {
	struct shared_policy *shared; /* POLICIES_CHOSEN: the caller's to shared_policy_unref() */
	char reason[400]; /* for the log: a sentence without a period */
};

/**
 * policies_choose() - the policy of a container
 * @policies: the set
 * @request: for whom
 * @ret_choice: which one, or why none
 *
 * If one was named: that one, if the user may name it. Root may name each; a user those with the user in their
 * 'allow-users', the default policy, and the built-in kernel and user, which give nothing that a user cannot have
 * without us. If none was named: the first whose 'match' fits, in the order of names, and that the user may name; else
 * the default. A policy with a rule of scheme host, or with an owner, is for root's containers alone.
 *
 * Return: an enum policies_choice_result.
 */
enum policies_choice_result policies_choose(const struct policies *policies,
					    const struct policies_request *request,
					    struct policies_choice *ret_choice);

#endif
