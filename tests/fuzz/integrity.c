/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first line is what is asked about: 'm' for a mapping, 'u' and 'g' for the capabilities, then the ids uid, euid,
 * suid, gid, egid, sgid, fowner and fgroup, the number of the file system, and its name or "-". Each other line is a
 * rule, or says what is wrong with it. What the rules decide is what the loop of the kernel would, and nothing changes
 * it that it does not depend on.
 */
#include "integrity.h"

#include "fuzz.h"
#include "integrity_rule.h"

#define RULES_MAX 32
#define LINE_SIZE 200

/* Bits of an action, as the kernel has them: the one to do something, and the next one not to. */
#define ACTION_BIT(kind) (1U << (2 * (kind)))

static struct integrity_rule rules[RULES_MAX];
static char texts[RULES_MAX][LINE_SIZE];
static size_t rule_count;

static void require_fault(const char *text, const struct rule_fault *fault)
{
	require(fault->offset <= strlen(text));
	require(strlen(fault->text) < sizeof(fault->text) - 1);
	require(strstr(fault->text, "; allowed: "));
	for (const char *at = fault->text; *at; at++)
		require((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void require_rule(const char *text, const struct integrity_rule *rule)
{
	bool is_appraise = rule->kind == KIND_APPRAISE && !rule->is_dont;

	require(rule->text == text && strstr(text, "func="));
	require(is_appraise ||
		(!rule->needs_signature && !rule->needs_verity && !rule->algorithms));
	require(!rule->needs_verity || rule->needs_signature);
	require(rule->template == TEMPLATE_NONE || (rule->kind == KIND_MEASURE && !rule->is_dont));
	require((rule->conditions & (IF_UID | IF_EUID)) != (IF_UID | IF_EUID));
	require((rule->conditions & (IF_GID | IF_EGID)) != (IF_GID | IF_EGID));
	require(rule->uid.id != INTEGRITY_ID_NONE && rule->fowner.id != INTEGRITY_ID_NONE);
	require(!(rule->conditions & IF_FSNAME) ||
		(rule->fs_name > text &&
		 rule->fs_name + rule->fs_name_length <= text + strlen(text)));
}

static void add_rule(const char *line, size_t length)
{
	char *text = texts[rule_count];
	struct rule_fault fault;

	memcpy(text, line, length);
	text[length] = '\0';
	if (integrity_rule_parse(text, &rules[rule_count], &fault))
		require_rule(text, &rules[rule_count++]);
	else
		require_fault(text, &fault);
}

/* ---- as the kernel does it ---- */

static bool compare(const struct integrity_id *wanted, uint32_t id)
{
	if (wanted->comparison == ID_IS_LESS)
		return id < wanted->id;
	return wanted->comparison == ID_IS_GREATER ? id > wanted->id : id == wanted->id;
}

static bool has_name(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	if (!facts->fs_name)
		return !rule->is_dont;
	return strlen(facts->fs_name) == rule->fs_name_length &&
	       memcmp(facts->fs_name, rule->fs_name, rule->fs_name_length) == 0;
}

static bool has_uuid(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	if (!facts->fs_uuid)
		return !rule->is_dont;
	return memcmp(facts->fs_uuid, rule->fs_uuid, FS_UUID_SIZE) == 0;
}

static bool fits(const struct integrity_rule *rule, const struct integrity_facts *facts)
{
	unsigned int conditions = rule->conditions;

	if (rule->func != facts->func)
		return false;
	if ((conditions & IF_FSMAGIC) && rule->fs_magic != facts->fs_magic)
		return false;
	if ((conditions & IF_FSNAME) && !has_name(rule, facts))
		return false;
	if ((conditions & IF_FSUUID) && !has_uuid(rule, facts))
		return false;
	if ((conditions & IF_UID) && !compare(&rule->uid, facts->uid))
		return false;
	if ((conditions & IF_EUID) && !compare(&rule->uid, facts->euid) &&
	    !(facts->has_setuid &&
	      (compare(&rule->uid, facts->suid) || compare(&rule->uid, facts->uid))))
		return false;
	if ((conditions & IF_GID) && !compare(&rule->gid, facts->gid))
		return false;
	if ((conditions & IF_EGID) && !compare(&rule->gid, facts->egid) &&
	    !(facts->has_setgid &&
	      (compare(&rule->gid, facts->sgid) || compare(&rule->gid, facts->gid))))
		return false;
	if ((conditions & IF_FOWNER) && !compare(&rule->fowner, facts->fowner))
		return false;
	return !(conditions & IF_FGROUP) || compare(&rule->fgroup, facts->fgroup);
}

/* ima_match_policy(): a bit of @left goes when it, or the one not to, has been decided. Return: what to do */
static unsigned int decide(const struct integrity_facts *facts)
{
	unsigned int wanted = 0, left = 0;

	for (unsigned int kind = 0; kind < INTEGRITY_KIND_COUNT; kind++)
		left |= ACTION_BIT(kind) | ACTION_BIT(kind) << 1;
	for (size_t i = 0; i < rule_count; i++) {
		unsigned int bit = ACTION_BIT(rules[i].kind);

		if (!(left & (rules[i].is_dont ? bit << 1 : bit)) || !fits(&rules[i], facts))
			continue;
		wanted |= rules[i].is_dont ? 0 : bit;
		left &= ~(bit | bit << 1);
	}
	return wanted;
}

static unsigned int wanted_of(const struct integrity_actions *actions)
{
	unsigned int wanted = 0;

	for (unsigned int kind = 0; kind < INTEGRITY_KIND_COUNT; kind++)
		wanted |= actions->decisions[kind].is_wanted ? ACTION_BIT(kind) : 0;
	return wanted;
}

/* ---- */

static struct integrity_actions ask(const struct integrity_facts *facts)
{
	const struct integrity integrity = {
		.rules = rules,
		.rule_count = rule_count,
		.template = TEMPLATE_IMA_SIG,
	};
	struct integrity_actions actions;

	integrity_match(&integrity, facts, &actions);
	require(actions.template != TEMPLATE_NONE);
	require(!wanted_of(&actions) || integrity_has_func(&integrity, facts->func));
	return actions;
}

/* Everything else about the task and the file may be as it likes. */
static void require_dependence(const struct integrity_facts *facts,
			       const struct integrity_actions *actions)
{
	struct integrity_facts other = *facts;

	if (!(actions->depends & DEPENDS_ON_SUBJECT)) {
		other.uid ^= 1, other.euid += 7, other.suid = 0, other.gid ^= 5;
		other.egid = INTEGRITY_ID_NONE, other.sgid++;
		other.has_setuid = !facts->has_setuid, other.has_setgid = !facts->has_setgid;
	}
	if (!(actions->depends & DEPENDS_ON_OWNER))
		other.fowner = facts->fowner ? 0 : 1;
	if (!(actions->depends & DEPENDS_ON_GROUP))
		other.fgroup = facts->fgroup ? 0 : 1;
	if (!(actions->depends & DEPENDS_ON_FILE_SYSTEM)) {
		other.fs_magic ^= 1;
		other.fs_name = NULL;
		other.fs_uuid = NULL;
	}
	const struct integrity_actions again = ask(&other);

	for (unsigned int kind = 0; kind < INTEGRITY_KIND_COUNT; kind++)
		require(again.decisions[kind].rule == actions->decisions[kind].rule);
	require(again.depends == actions->depends && again.algorithms == actions->algorithms);
}

static const uint8_t uuid[FS_UUID_SIZE] = { 0x8b, 0xcb, 0xe3, 0x94 };

static void read_facts(const char *line, struct integrity_facts *facts, char name[32])
{
	unsigned int fields[8] = { 0 };
	char flags[8] = "";
	unsigned long magic = 0;
	int count = sscanf(line, "%7s %u %u %u %u %u %u %u %u %lx %31s", flags, &fields[0],
			   &fields[1], &fields[2], &fields[3], &fields[4], &fields[5], &fields[6],
			   &fields[7], &magic, name);

	*facts = (struct integrity_facts){
		.func = strchr(flags, 'm') ? FUNC_MMAP_CHECK : FUNC_BPRM_CHECK,
		.uid = fields[0],
		.euid = fields[1],
		.suid = fields[2],
		.gid = fields[3],
		.egid = fields[4],
		.sgid = fields[5],
		.has_setuid = strchr(flags, 'u'),
		.has_setgid = strchr(flags, 'g'),
		.fowner = fields[6],
		.fgroup = fields[7],
		.fs_magic = magic,
		.fs_name = count < 11 || strcmp(name, "-") == 0 ? NULL : name,
		.fs_uuid = strchr(flags, 'd') ? NULL : uuid,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor text = { (const char *)data, (const char *)data + size }, line;
	struct integrity_facts facts = { 0 };
	char first[LINE_SIZE], name[32] = "";

	rule_count = 0;
	if (!next_line(&text, &line) || line.end - line.at >= LINE_SIZE)
		return 0;
	memcpy(first, line.at, (size_t)(line.end - line.at));
	first[line.end - line.at] = '\0';
	read_facts(first, &facts, name);
	while (rule_count < RULES_MAX && next_line(&text, &line))
		if (line.end - line.at < LINE_SIZE && !line_has(&line, '\0'))
			add_rule(line.at, (size_t)(line.end - line.at));
	const struct integrity_actions actions = ask(&facts);

	require(wanted_of(&actions) == decide(&facts));
	require_dependence(&facts, &actions);
	return 0;
}
