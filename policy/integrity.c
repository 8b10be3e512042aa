/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Each rule that can still decide something is asked its conditions in turn, until one does not hold.
 * What the answers came from is what the whole decision depends on. Conditions on the inode and its
 * file system come before those on the task: a rule that does not fit the file makes no decision depend
 * on who asks.
 */
#include "integrity.h"

#include <string.h>

#include "count_of.h"
#include "idmap.h"

uint32_t integrity_id(const struct id_map *map, uint32_t host)
{
	uint32_t number;

	return id_map_to_inside(map, host, &number) ? number : INTEGRITY_ID_NONE;
}

static bool id_fits(const struct integrity_id *wanted, uint32_t id)
{
	switch (wanted->comparison) {
	case ID_EQUALS:
		return id == wanted->id;
	case ID_IS_LESS:
		return id < wanted->id;
	case ID_IS_GREATER:
		return id > wanted->id;
	}
	return false;
}

static bool fs_magic_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return rule->fs_magic == facts->fs_magic;
}

static bool fs_name_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	if (!facts->fs_name)
		return !rule->is_dont;
	return strlen(facts->fs_name) == rule->fs_name_length &&
	       memcmp(facts->fs_name, rule->fs_name, rule->fs_name_length) == 0;
}

static bool fs_uuid_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	if (!facts->fs_uuid)
		return !rule->is_dont;
	return memcmp(facts->fs_uuid, rule->fs_uuid, FS_UUID_SIZE) == 0;
}

static bool fowner_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->fowner, facts->fowner);
}

static bool fgroup_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->fgroup, facts->fgroup);
}

static bool uid_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->uid, facts->uid);
}

/* What a task can become at will counts as what it is. */
static bool euid_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->uid, facts->euid) ||
	       (facts->has_setuid &&
		(id_fits(&rule->uid, facts->suid) || id_fits(&rule->uid, facts->uid)));
}

static bool gid_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->gid, facts->gid);
}

static bool egid_fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	return id_fits(&rule->gid, facts->egid) ||
	       (facts->has_setgid &&
		(id_fits(&rule->gid, facts->sgid) || id_fits(&rule->gid, facts->gid)));
}

static const struct condition {
	enum integrity_condition bit;
	enum integrity_dependence depends;
	bool (*fits)(const struct integrity_rule *rule, const struct integrity_facts *facts);
} conditions[] = {
	{ IF_FSMAGIC, DEPENDS_ON_FILE_SYSTEM, fs_magic_fits },
	{ IF_FSNAME, DEPENDS_ON_FILE_SYSTEM, fs_name_fits },
	{ IF_FSUUID, DEPENDS_ON_FILE_SYSTEM, fs_uuid_fits },
	{ IF_FOWNER, DEPENDS_ON_OWNER, fowner_fits },
	{ IF_FGROUP, DEPENDS_ON_GROUP, fgroup_fits },
	{ IF_UID, DEPENDS_ON_SUBJECT, uid_fits },
	{ IF_EUID, DEPENDS_ON_SUBJECT, euid_fits },
	{ IF_GID, DEPENDS_ON_SUBJECT, gid_fits },
	{ IF_EGID, DEPENDS_ON_SUBJECT, egid_fits },
};

/* @depends gets what the answer comes from. */
static bool rule_fits(const struct integrity_rule *rule, const struct integrity_facts *facts,
		      unsigned int *depends)
{
	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		if (!(rule->conditions & conditions[i].bit))
			continue;
		*depends |= conditions[i].depends;
		if (!conditions[i].fits(rule, facts))
			return false;
	}
	return true;
}

/* What a rule adds to the answer; the parser lets each kind of action have only what is its own. */
static void decide(struct integrity_actions *actions, const struct integrity_rule *rule)
{
	actions->decisions[rule->kind] =
		(struct integrity_decision){ .is_wanted = !rule->is_dont, .rule = rule };
	actions->needs_signature |= rule->needs_signature;
	actions->needs_verity |= rule->needs_verity;
	actions->algorithms |= rule->algorithms;
	if (rule->template != TEMPLATE_NONE)
		actions->template = rule->template;
}

void integrity_match(const struct integrity *integrity, const struct integrity_facts *facts,
		     struct integrity_actions *ret_actions)
{
	struct integrity_actions actions = { .template = integrity->template };

	for (size_t i = 0; i < integrity->rule_count; i++) {
		const struct integrity_rule *rule = &integrity->rules[i];

		if (rule->func == facts->func && !actions.decisions[rule->kind].rule &&
		    rule_fits(rule, facts, &actions.depends))
			decide(&actions, rule);
	}
	*ret_actions = actions;
}

bool integrity_has_func(const struct integrity *integrity, enum integrity_func func)
{
	for (size_t i = 0; i < integrity->rule_count; i++)
		if (integrity->rules[i].func == func && !integrity->rules[i].is_dont)
			return true;
	return false;
}

bool integrity_judges_maps(const struct integrity *integrity)
{
	return integrity->mode != INTEGRITY_OFF && integrity_has_func(integrity, FUNC_MMAP_CHECK);
}
