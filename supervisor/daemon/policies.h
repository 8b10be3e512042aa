/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_POLICIES_H
#define NSXATTR_DAEMON_POLICIES_H

/*
 * The policies of a folder, NAME.yaml for the policy NAME, those that were installed with the program
 * (policy_folders.h), and the built-in ones: a set that does not change; SIGHUP makes another one (policies_load.h). A
 * policy that was installed has to be named: 'match' counts in the folder alone, which is the administrator's.
 *
 * Any thread may choose, as long as the set is not freed meanwhile. A policy that was chosen lives on after the set.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/policy_folders.h"
#include "daemon/shared_policy.h"
#include "policy.h"
#include "policy_selector.h"

/* Of one folder. Other files than *.yaml do not count. */
#define POLICIES_MAX 256
/* Of a set: two folders, and those that are built in. */
#define POLICIES_TOTAL_MAX (2 * POLICIES_MAX + POLICY_BUILTINS)

/** struct listed_policy - a policy of a set, and which users may name it */
struct listed_policy {
	struct shared_policy *shared; /* counted */
	uid_t *users; /* that may name it, besides root */
	size_t user_count;
	const char *folder; /* of its file, as long as the set; NULL: it is built in */
	char *fault; /* why no container gets it: what is wrong with its keys; NULL: nothing */
};

/** struct policies - a set, read only once it is loaded */
struct policies {
	/* Those of the folder, by name; then those that were installed, by name; then those that are built in. */
	struct listed_policy list[POLICIES_TOTAL_MAX];
	char *folders[2];
	size_t file_count; /* of the folder of the settings */
	size_t count;
	const struct listed_policy *default_policy; /* for containers that get no other */
	bool refuses_not_allowed;
	const char *
		no_gate; /* why nothing can be refused with 'mode: enforce'; static; NULL: it can */
};

/** policies_free() - the set goes; a policy that a container has, stays. NULL is accepted. */
void policies_free(struct policies *policies);

/** listed_policy_name() - Return: what the policy is called. */
const char *listed_policy_name(const struct listed_policy *listed);

/** policies_find() - Return: the one of a name; NULL. */
const struct listed_policy *policies_find(const struct policies *policies, const char *name);

/** struct unknown_name - the end of a message about a name that no policy has */
struct unknown_name {
	char text[120];
};

/** policies_suggest() - Return: what was perhaps meant, to come behind the name; "": nothing is near. */
const char *policies_suggest(const struct policies *policies, const char *name,
			     struct unknown_name *unknown);

/** policies_objection() - Return: why a user may not name a policy, or get it as the default; NULL: they may. */
const char *policies_objection(const struct policies *policies, const struct listed_policy *listed,
			       uid_t user);

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
	char reason[600]; /* for the log: a sentence without a period */
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
 * the default. A policy with a rule of scheme host, with an owner, or that judges what is executed, is for root's
 * containers alone. A container whose policy cannot be enforced gets none.
 *
 * Return: an enum policies_choice_result.
 */
enum policies_choice_result policies_choose(const struct policies *policies,
					    const struct policies_request *request,
					    struct policies_choice *ret_choice);

#endif
