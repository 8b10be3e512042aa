/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation of an execution for programs: as the others (cli/explanation_json.c). */
#include <json-c/json.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/exec_explanation.h"
#include "integrity/keyring.h"
#include "policy.h"

static struct json_object *keyid_json(uint32_t keyid)
{
	char text[9];

	snprintf(text, sizeof(text), "%08x", keyid);
	return json_object_new_string(text);
}

static void add_id(struct json_object *object, const char *key, uint32_t id)
{
	if (id != INTEGRITY_ID_NONE)
		json_add_number(object, key, id);
}

static struct json_object *file_json(const struct exec_explanation *explanation)
{
	struct json_object *object = json_object_new_object();

	add_id(object, "owner", explanation->facts.fowner);
	add_id(object, "group", explanation->facts.fgroup);
	json_add_text(object, "file-system", explanation->facts.fs_name);
	json_add_number(object, "magic", explanation->facts.fs_magic);
	if (explanation->form.interpreter[0] != '\0')
		json_add_text(object,
			      explanation->form.kind == FORM_SCRIPT ? "interpreter" : "loader",
			      explanation->form.interpreter);
	return object;
}

static const char *const types[] = {
	[IMA_VALUE_SHA1] = "digest",
	[IMA_VALUE_DIGEST] = "digest",
	[IMA_VALUE_SIGNATURE] = "signature",
	[IMA_VALUE_VERITY_SIGNATURE] = "verity-signature",
};

static struct json_object *value_json(const struct exec_explanation *explanation)
{
	struct json_object *object = json_object_new_object();
	const struct ima_value *value = &explanation->decoded;

	json_add_text(object, "stored-name", explanation->value_name);
	json_object_object_add(object, "inherited",
			       json_object_new_boolean(exec_explanation_is_inherited(explanation)));
	json_add_number(object, "bytes", explanation->length);
	if (explanation->mistake != IMA_VALUE_IS_SOUND) {
		json_add_text(object, "mistake", ima_value_mistake_text(explanation->mistake));
		return object;
	}
	json_add_text(object, "type", types[value->type]);
	json_add_text(object, "algorithm", digest_name(value->algorithm));
	if (ima_value_is_signature(value))
		json_object_object_add(object, "keyid", keyid_json(value->keyid));
	return object;
}

static struct json_object *key_json(const struct keyring_key *key)
{
	struct json_object *object = json_object_new_object();
	struct json_object *keyids = json_object_new_array();

	for (unsigned int i = 0; i < key->key.keyid_count; i++)
		json_object_array_add(keyids, keyid_json(key->key.keyids[i]));
	json_object_object_add(object, "keyids", keyids);
	json_add_text(object, "kind", key->key.kind);
	json_add_text(object, "file", key->path);
	return object;
}

static struct json_object *keys_json(const struct keyring *keyring)
{
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < keyring->count; i++)
		json_object_array_add(keys, key_json(&keyring->keys[i]));
	return keys;
}

/* ---- what becomes of it ---- */

static void add_decision(struct json_object *object, const char *key,
			 const struct integrity_decision *decision)
{
	struct json_object *member = json_object_new_object();

	json_object_object_add(member, "wanted", json_object_new_boolean(decision->is_wanted));
	if (decision->rule)
		json_add_text(member, "rule", decision->rule->text);
	if (decision->rule && decision->rule->line > 0)
		json_add_number(member, "line", decision->rule->line);
	json_object_object_add(object, key, member);
}

static struct json_object *use_json(const struct exec_explanation *explanation,
				    const struct exec_use *use)
{
	struct json_object *object = json_object_new_object();
	const struct integrity_decision *decisions = use->actions.decisions;
	const struct appraisal *appraisal = &use->appraisal;

	json_add_text(object, "func", use->func == FUNC_BPRM_CHECK ? "BPRM_CHECK" : "MMAP_CHECK");
	add_decision(object, "measure", &decisions[KIND_MEASURE]);
	add_decision(object, "appraise", &decisions[KIND_APPRAISE]);
	add_decision(object, "audit", &decisions[KIND_AUDIT]);
	if (decisions[KIND_APPRAISE].is_wanted) {
		json_add_text(object, "cause", cause_word(appraisal->cause));
		json_add_text(object, "because", cause_text(appraisal->cause));
	}
	if (appraisal->key)
		json_object_object_add(object, "key", key_json(appraisal->key));
	json_add_text(object, "in-enforce",
		      exec_use_is_refused(explanation, use) ? "EACCES" : "passes");
	json_add_text(object, "in-log", "passes");
	return object;
}

static struct json_object *uses_json(const struct exec_explanation *explanation)
{
	struct json_object *uses = json_object_new_array();

	for (size_t i = 0; i < EXEC_USES; i++)
		json_object_array_add(uses, use_json(explanation, &explanation->uses[i]));
	return uses;
}

struct json_object *exec_explanation_json_new(const struct exec_explanation *explanation)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "operation", "exec");
	json_add_text(object, "path", explanation->path);
	json_object_object_add(object, "users", explanation_users_json(explanation->userns));
	json_add_text(object, "policy", explanation->policy->name);
	json_add_text(object, "mode", integrity_mode_word(explanation->policy->integrity.mode));
	json_object_object_add(object, "file", file_json(explanation));
	if (explanation->value_name)
		json_object_object_add(object, "value", value_json(explanation));
	json_object_object_add(object, "keys", keys_json(explanation->keyring));
	json_object_object_add(object, "uses", uses_json(explanation));
	return object;
}
