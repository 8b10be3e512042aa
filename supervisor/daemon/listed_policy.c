/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/listed_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "policy_file.h"
#include "yaml/diagnostic.h"

static struct listed_policy *listed_of(struct shared_policy *shared)
{
	return (struct listed_policy *)shared;
}

const char *listed_policy_name(const struct listed_policy *listed)
{
	return listed->shared.policy->name;
}

struct shared_policy *shared_policy_ref(struct shared_policy *shared)
{
	atomic_fetch_add_explicit(&listed_of(shared)->references, 1, memory_order_relaxed);
	return shared;
}

void shared_policy_unref(struct shared_policy *shared)
{
	if (!shared)
		return;
	struct listed_policy *listed = listed_of(shared);

	if (atomic_fetch_sub_explicit(&listed->references, 1, memory_order_acq_rel) > 1)
		return;
	policy_file_free(listed->file);
	free(listed->text);
	free(listed->users);
	free(listed);
}

struct listed_policy *listed_policy_new(const struct policy *policy, struct policy_file *file)
{
	struct listed_policy *listed = calloc(1, sizeof(*listed));

	if (!listed)
		return NULL;
	listed->shared.policy = policy;
	listed->file = file;
	atomic_init(&listed->references, 1);
	return listed;
}

struct listed_policy *listed_policy_new_of_file(struct policy_file *file, char *text, size_t length)
{
	struct listed_policy *listed = listed_policy_new(&file->policy, file);

	if (!listed)
		return NULL;
	listed->text = text;
	listed->shared.text = text;
	listed->shared.length = length;
	return listed;
}

static struct listed_policy *listed_policy_new_of_text(const char *name, const char *text,
						       size_t length, int *ret)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	_cleanup_free_ char *copy = malloc(length + 1);
	struct policy_file *file = NULL;

	*ret = diagnostics && copy ? policy_file_load(name, text, length, &file, diagnostics) :
				     -ENOMEM;
	if (*ret != POLICY_FILE_LOADED)
		return NULL;
	memcpy(copy, text, length);
	struct listed_policy *listed = listed_policy_new_of_file(file, copy, length);

	if (listed)
		(void)TAKE_PTR(copy);
	else
		policy_file_free(file);
	*ret = listed ? POLICIES_LOADED : -ENOMEM;
	return listed;
}

int shared_policy_load(const char *name, const char *text, size_t length,
		       struct shared_policy **ret_shared)
{
	const struct policy *builtin = text ? NULL : policy_builtin(name);
	int r = builtin ? POLICIES_LOADED : POLICIES_MISTAKEN;
	struct listed_policy *listed = NULL;

	if (text)
		listed = listed_policy_new_of_text(name, text, length, &r);
	else if (builtin)
		listed = listed_policy_new(builtin, NULL);
	if (listed)
		*ret_shared = &listed->shared;
	else if (r == POLICIES_LOADED)
		r = -ENOMEM;
	return r == POLICIES_LOADED || r < 0 ? r : (int)POLICIES_MISTAKEN;
}
