/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation of an execution in words, in the layout of the others (cli/explanation_text.c). */
#include <stdio.h>

#include "cli/exec_explanation.h"
#include "integrity/keyring.h"
#include "policy.h"

/* ---- the file ---- */

static void show_id(const char *what, uint32_t id)
{
	if (id == INTEGRITY_ID_NONE)
		printf("%s not of the container", what);
	else
		printf("%s %u", what, id);
}

static void show_file(const struct exec_explanation *explanation)
{
	explanation_begin_line("file");
	show_id("owner", explanation->facts.fowner);
	show_id(", group", explanation->facts.fgroup);
	printf(", on %s\n", explanation->system.name[0] ? explanation->system.name :
							  "a file system that cannot be told");
}

static void show_decoded(const struct ima_value *value)
{
	const char *algorithm = digest_name(value->algorithm);

	if (value->type == IMA_VALUE_SIGNATURE)
		printf("a signature of its %s by the key %08x", algorithm, value->keyid);
	else if (value->type == IMA_VALUE_VERITY_SIGNATURE)
		printf("a signature of its fs-verity %s by the key %08x", algorithm, value->keyid);
	else
		printf("a %s", algorithm);
}

static void show_value(const struct exec_explanation *explanation)
{
	explanation_begin_line("value");
	if (!explanation->value_name) {
		printf("none of security.ima\n");
		return;
	}
	printf("%s%s, %zu bytes: ", explanation->value_name,
	       exec_explanation_is_inherited(explanation) ? ", inherited" : "",
	       explanation->length);
	if (explanation->mistake == IMA_VALUE_IS_SOUND)
		show_decoded(&explanation->decoded);
	else
		printf("%s", ima_value_mistake_text(explanation->mistake));
	putchar('\n');
}

static void show_keys(const struct exec_explanation *explanation)
{
	const struct keyring *keyring = explanation->keyring;

	for (size_t i = 0; i < keyring->count; i++) {
		const struct public_key *key = &keyring->keys[i].key;

		explanation_begin_line("key");
		for (unsigned int j = 0; j < key->keyid_count; j++)
			printf("%s%08x", j > 0 ? " or " : "", key->keyids[j]);
		printf(": %s, %s\n", key->kind, keyring->keys[i].path);
	}
}

/* ---- what becomes of it ---- */

static const char *const topics[EXEC_USES] = {
	[FUNC_BPRM_CHECK] = "execute",
	[FUNC_MMAP_CHECK] = "map",
};

static const char *const kinds[INTEGRITY_KIND_COUNT] = {
	[KIND_MEASURE] = "measured",
	[KIND_APPRAISE] = "appraised",
	[KIND_AUDIT] = "audited",
};

static void show_rule(const struct exec_explanation *explanation, enum integrity_kind kind,
		      const struct integrity_decision *decision)
{
	printf("%s%s, by ", decision->is_wanted ? "" : "not ", kinds[kind]);
	if (decision->rule->line > 0)
		printf("%s:%u: ", explanation->policy->name, decision->rule->line);
	else
		printf("the rule set: ");
	printf("%s\n", decision->rule->text);
}

/* Return: how many there are. */
static unsigned int show_rules(const struct exec_explanation *explanation,
			       const struct exec_use *use)
{
	unsigned int count = 0;

	for (enum integrity_kind kind = 0; kind < INTEGRITY_KIND_COUNT; kind++) {
		const struct integrity_decision *decision = &use->actions.decisions[kind];

		if (!decision->rule)
			continue;
		explanation_begin_line(count++ == 0 ? topics[use->func] : "");
		show_rule(explanation, kind, decision);
	}
	return count;
}

static void show_refusal(const struct appraisal *appraisal)
{
	printf("mode enforce: EACCES, %s: %s\n", cause_word(appraisal->cause),
	       cause_text(appraisal->cause));
	explanation_begin_line("");
	printf("mode log: it passes, and the log says so\n");
}

static void show_passing(const struct exec_explanation *explanation, const struct exec_use *use)
{
	const struct keyring_key *key = use->appraisal.key;

	if (explanation->policy->integrity.mode == INTEGRITY_OFF)
		printf("it passes: the mode is off\n");
	else if (!use->actions.decisions[KIND_APPRAISE].is_wanted)
		printf("it passes: no rule wants it appraised\n");
	else if (key)
		printf("it passes: its signature is valid, by the key in %s\n", key->path);
	else
		printf("it passes: its digest is valid\n");
}

static void show_use(const struct exec_explanation *explanation, const struct exec_use *use)
{
	unsigned int count = show_rules(explanation, use);

	explanation_begin_line(count == 0 ? topics[use->func] : "");
	if (exec_use_is_refused(explanation, use))
		show_refusal(&use->appraisal);
	else
		show_passing(explanation, use);
}

/* What would change it. */
static const char *const remedies[CAUSE_COUNT] = {
	[CAUSE_NO_VALUE] = "evmctl ima_sign, or evmctl ima_hash, by root in the container",
	[CAUSE_SIGNATURE_REQUIRED] = "evmctl ima_sign with a key of the policy",
	[CAUSE_VERITY_SIGNATURE_REQUIRED] = "fsverity enable, and a signature of that digest with "
					    "a key of the policy",
	[CAUSE_UNKNOWN_VALUE] = "evmctl ima_sign with a key of the policy",
	[CAUSE_HASH] =
		"if the content is as it should be: evmctl ima_hash, by root in the container",
	[CAUSE_SIGNATURE_VERSION] = "evmctl ima_sign with a key of the policy",
	[CAUSE_SIGNATURE] = "if the content is as it should be: evmctl ima_sign with a key of the "
			    "policy",
	[CAUSE_NO_KEY] =
		"its certificate in 'keys:' of the policy, or evmctl ima_sign with another "
		"key",
	[CAUSE_REVOKED_KEY] = "evmctl ima_sign with another key of the policy",
	[CAUSE_VERITY_SIGNATURE] = "a signature of its fs-verity digest with a key of the policy",
	[CAUSE_NO_VERITY] = "fsverity enable, with the algorithm that was signed",
	[CAUSE_ALGORITHM] = "evmctl ima_sign -a, with an algorithm that the rule allows",
	[CAUSE_UNVERIFIABLE] = "another file system, or a rule 'dont_appraise' for this one",
};

static void show_remedy(const struct exec_explanation *explanation)
{
	const char *shown = NULL;

	for (size_t i = 0; i < EXEC_USES; i++) {
		const struct exec_use *use = &explanation->uses[i];
		const char *remedy = remedies[use->appraisal.cause];

		if (!exec_use_is_refused(explanation, use) || !remedy || remedy == shown)
			continue;
		explanation_begin_line("remedy");
		printf("%s\n", remedy);
		shown = remedy;
	}
}

/* The kernel asks the rules about that file, too. */
static void show_interpreter(const struct form *form)
{
	if (form->interpreter[0] == '\0')
		return;
	explanation_begin_line("then");
	printf("the rules are asked about its %s, %s of the container, too\n",
	       form->kind == FORM_SCRIPT ? "interpreter" : "loader", form->interpreter);
}

void exec_explanation_print(const struct exec_explanation *explanation)
{
	explanation_begin_line("asked");
	printf("exec %s, by the container's root\n", explanation->path);
	explanation_print_namespace(explanation->userns);
	explanation_begin_line("policy");
	printf("%s, integrity %s\n", explanation->policy->name,
	       integrity_mode_word(explanation->policy->integrity.mode));
	show_file(explanation);
	show_value(explanation);
	show_keys(explanation);
	for (size_t i = 0; i < EXEC_USES; i++)
		show_use(explanation, &explanation->uses[i]);
	show_remedy(explanation);
	show_interpreter(&explanation->form);
}
