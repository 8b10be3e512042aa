/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity_schema.h"

#include <linux/limits.h>
#include <string.h>

#include "integrity.h"
#include "integrity_rule.h"
#include "integrity_words.h"
#include "yaml/complaint.h"

/* What one file can hold. */
#define INTEGRITY_RULES_MAX 512
#define INTEGRITY_RULE_LENGTH_MAX 1024
#define INTEGRITY_KEYS_MAX 64

/* ---- mistakes that no table tells ---- */

/* A rule goes on to point to its text. */
static void parse_rule(struct schema_walk *walk, const struct schema_place *place)
{
	const struct tree_node *node = place->node;
	struct integrity_rule *rule = schema_target(place);
	struct rule_fault fault;

	if (strpbrk(node->text, "\r\n")) {
		schema_refuse(walk, place, "one rule, in one line");
		return;
	}
	const char *text = schema_keep(walk, node->text, node->length);

	if (!text)
		return;
	if (!integrity_rule_parse(text, rule, &fault))
		diagnostics_add(walk->diagnostics, node->line, tree_column_of(node, fault.offset),
				"%s", fault.text);
	rule->line = node->line;
}

/* The place in the format is taken, so that a policy which wants it does not start without it. */
static void check_evm_mode(struct schema_walk *walk, const struct schema_place *place)
{
	if (!tree_is_word(place->node, "off"))
		schema_complain(walk, place->node,
				"mode of evm cannot be '%s': nsxattr does not judge security.evm "
				"yet; allowed: off",
				place->node->text);
}

static bool wants_signatures(const struct integrity *integrity)
{
	for (size_t i = 0; i < integrity->rule_count; i++)
		if (integrity->rules[i].needs_signature)
			return true;
	return false;
}

void check_integrity(struct schema_walk *walk, const struct schema_place *place)
{
	struct integrity *integrity = schema_target(place);
	const struct tree_node *mode = tree_find(place->node, "mode");
	const struct tree_node *rules = tree_find(place->node, "rules");
	const struct tree_node *rule_set = tree_find(place->node, "rule-set");

	if (rules && rule_set)
		schema_complain(walk, rule_set,
				"rule-set cannot be beside rules; allowed: one of them");
	else
		integrity_use_rule_set(integrity, integrity->rule_set);
	/* Of a second 'integrity', which is a mistake already, the mode may be that of the first. */
	if (integrity->mode == INTEGRITY_OFF || !mode)
		return;
	if (!rules && !rule_set)
		schema_complain(walk, mode,
				"mode cannot be '%s' without rules; allowed: with one of the keys "
				"rules, rule-set",
				mode->text);
	if (tree_is_word(tree_find(place->mapping, "store"), "user"))
		schema_complain(walk, mode,
				"mode cannot be '%s' with 'store: user', for the container's user "
				"can change such values from outside; allowed: off, or another "
				"store",
				mode->text);
	if (wants_signatures(integrity) && integrity->key_count == 0)
		schema_complain(walk, mode,
				"mode cannot be '%s' without keys, for a rule wants signatures "
				"(appraise_type); allowed: with the key keys",
				mode->text);
}

/* ---- what is in it ---- */

static const struct schema rule = {
	.type = SCHEMA_TEXT,
	SCHEMA_RANGE(1, INTEGRITY_RULE_LENGTH_MAX),
	.into = { 0, sizeof(struct integrity_rule) },
	.parse = parse_rule,
	.pattern = "^[ \\t]*(dont_)?(measure|appraise|audit)[ \\t](.*[ \\t])?func=(BPRM|MMAP)_CHECK"
		   "([ \\t].*)?$",
};

static const struct schema key = { ENTRY_TEXT(1, PATH_MAX - 1) };

static const struct schema measurements_fields[] = {
	{
		.key = "template",
		FIELD_WORD(struct integrity, template, integrity_templates),
		.help = "What an entry of the list says. ima-ng: digest and path. ima-sig: and the "
			"signature.",
		.absent = "ima-sig",
	},
	{
		.key = "entries",
		FIELD_NUMBER(struct integrity, entries, 1, INTEGRITY_ENTRIES_MAX),
		.help = "How many entries the list has room for; 65536, if absent.",
	},
};

static const struct schema evm_fields[] = {
	{
		.key = "mode",
		.type = SCHEMA_WORD,
		SCHEMA_WORD_LIST(integrity_modes),
		.check = check_evm_mode,
		.help = "off: security.evm is a value like others. Nothing else is there yet.",
		.absent = "off",
	},
};

const struct schema integrity_fields[INTEGRITY_FIELDS] = {
	{
		.key = "mode",
		FIELD_WORD(struct integrity, mode, integrity_modes),
		.help = "off: nothing is judged. log: what the rules refuse happens, and the log says "
			"so. enforce: it is refused.",
		.absent = "off",
	},
	{
		.key = "rules",
		FIELD_LIST(struct integrity, rules, rule_count, rule, 1, INTEGRITY_RULES_MAX),
		.help = "Lines as those of /etc/ima/ima-policy, about what is executed "
			"(func=BPRM_CHECK) and mapped executable (func=MMAP_CHECK). For each kind of "
			"action the first rule that fits decides. Ids are those of the container.",
	},
	{
		.key = "rule-set",
		FIELD_WORD(struct integrity, rule_set, integrity_rule_sets),
		.help = "Instead of rules those of the kernel. tcb: measure what is executed and mapped. "
			"appraise: appraise the files of root.",
	},
	{
		.key = "keys",
		FIELD_LIST(struct integrity, keys, key_count, key, 1, INTEGRITY_KEYS_MAX),
		.is_unique = true,
		.help = "The keys that signatures count by: files with X.509 certificates or public keys, "
			"DER or PEM. Relative to the folder of the policy file.",
	},
	{
		.key = "measurements",
		FIELD_MAPPING(measurements_fields),
		.help = "The list of what was measured.",
	},
	{
		.key = "evm",
		FIELD_MAPPING(evm_fields),
		.help = "Seals of attributes, security.evm.",
	},
};
