/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/shared_policy.h"

#include <stdlib.h>

#include "base/fd.h"
#include "yaml/diagnostic.h"

static struct shared_policy *share(const struct policy *policy)
{
	struct shared_policy *shared = policy ? calloc(1, sizeof(*shared)) : NULL;

	if (!shared)
		return NULL;
	shared->policy = policy;
	atomic_init(&shared->references, 1);
	return shared;
}

struct shared_policy *shared_policy_new_builtin(const char *name)
{
	return share(policy_builtin(name));
}

struct shared_policy *shared_policy_new(struct policy_file *file, char *text, size_t length,
					struct policy_keys *keys)
{
	struct shared_policy *shared = share(&file->policy);

	if (!shared) {
		policy_keys_free(keys);
		policy_file_free(file);
		free(text);
		return NULL;
	}
	shared->keys = keys;
	shared->file = file;
	shared->text = text;
	shared->length = length;
	return shared;
}

struct shared_policy *shared_policy_load(const char *name, char *text, size_t length,
					 struct policy_keys *keys)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct policy_file *file = NULL;

	if (diagnostics &&
	    policy_file_load(name, text, length, &file, diagnostics) == POLICY_FILE_LOADED)
		return shared_policy_new(file, text, length, keys);
	policy_keys_free(keys);
	free(text);
	return NULL;
}

struct shared_policy *shared_policy_ref(struct shared_policy *shared)
{
	atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
	return shared;
}

void shared_policy_unref(struct shared_policy *shared)
{
	if (!shared || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) > 1)
		return;
	policy_keys_free(shared->keys);
	policy_file_free(shared->file);
	free(shared->text);
	free(shared);
}
