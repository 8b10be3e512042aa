/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "policy_file.h"

static struct entry *entry_of(struct kept_policy *kept)
{
	return (struct entry *)kept;
}

const char *entry_name(const struct entry *entry)
{
	return entry->kept.policy->name;
}

struct kept_policy *kept_policy_ref(struct kept_policy *kept)
{
	atomic_fetch_add_explicit(&entry_of(kept)->references, 1, memory_order_relaxed);
	return kept;
}

void kept_policy_unref(struct kept_policy *kept)
{
	if (!kept)
		return;
	struct entry *entry = entry_of(kept);

	if (atomic_fetch_sub_explicit(&entry->references, 1, memory_order_acq_rel) > 1)
		return;
	policy_file_free(entry->file);
	free(entry->text);
	free(entry->users);
	free(entry);
}

struct entry *entry_new(const struct policy *policy, struct policy_file *file)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->kept.policy = policy;
	entry->file = file;
	atomic_init(&entry->references, 1);
	return entry;
}

struct entry *entry_new_of_file(struct policy_file *file, char *text, size_t length)
{
	struct entry *entry = entry_new(&file->policy, file);

	if (!entry)
		return NULL;
	entry->text = text;
	entry->kept.text = text;
	entry->kept.length = length;
	return entry;
}

static struct entry *entry_new_of_text(const char *name, const char *text, size_t length, int *ret)
{
	_cleanup_free_ struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	_cleanup_free_ char *copy = malloc(length + 1);
	struct policy_file *file = NULL;

	*ret = diagnostics && copy ? policy_file_load(name, text, length, &file, diagnostics) :
				     -ENOMEM;
	if (*ret != POLICY_FILE_LOADED)
		return NULL;
	memcpy(copy, text, length);
	struct entry *entry = entry_new_of_file(file, copy, length);

	if (entry)
		(void)TAKE_PTR(copy);
	else
		policy_file_free(file);
	*ret = entry ? POLICIES_LOADED : -ENOMEM;
	return entry;
}

int kept_policy_load(const char *name, const char *text, size_t length,
		     struct kept_policy **ret_kept)
{
	const struct policy *builtin = text ? NULL : policy_builtin(name);
	int r = builtin ? POLICIES_LOADED : POLICIES_MISTAKEN;
	struct entry *entry = NULL;

	if (text)
		entry = entry_new_of_text(name, text, length, &r);
	else if (builtin)
		entry = entry_new(builtin, NULL);
	if (entry)
		*ret_kept = &entry->kept;
	else if (r == POLICIES_LOADED)
		r = -ENOMEM;
	return r == POLICIES_LOADED || r < 0 ? r : (int)POLICIES_MISTAKEN;
}
