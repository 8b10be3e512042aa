/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * libseccomp takes a call with two actions only if conditions on its arguments keep them apart. So an mmap that is
 * allowed becomes three rules: of a file to be executed: to the listener; not to be executed: allowed; to be executed,
 * and of no file: allowed. The last two are not needed where the default is to allow.
 *
 * remap_file_pages maps files, too, and has nothing by which to tell whether to be executed. Where maps are judged it fails
 * with ENOSYS (attach/filter.c says why).
 *
 * The oldest mmap of i386 has its arguments in memory. These rules look at registers there, too, and may miss it: no C
 * library has used it since 1998.
 *
 * To edit begins with taking our rules back: what was handed over is allowed again. What was refused stays so: a profile of
 * the container's owner can have that rule, too.
 *
 * No system call, no logging.
 */
#include "hook/exec_rules.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "count_of.h"
#include "hook/json_value.h"
#include "hook/seccomp_rules.h"
#include "integrity.h"

#define GROUP_MAX 2

static const struct group {
	const char *calls[GROUP_MAX];
	size_t count;
	bool is_of_maps;
	bool is_refused; /* not handed over: it is not there any more */
} groups[] = {
	{ { "execve", "execveat" }, 2, .is_of_maps = false },
	{ { "mmap", "mmap2" }, 2, .is_of_maps = true },
	{ { "remap_file_pages" }, 1, .is_of_maps = true, .is_refused = true },
};

#define EXECUTIONS (&groups[0])
#define MAPS (&groups[1])

/* By the number of the argument. */
enum {
	MMAP_PROTECTION = 2,
	MMAP_FLAGS = 3,
};

static const struct seccomp_bits executes_file[] = {
	{ MMAP_PROTECTION, PROT_EXEC, PROT_EXEC },
	{ MMAP_FLAGS, MAP_ANONYMOUS, 0 },
};
static const struct seccomp_bits executes_nothing[] = {
	{ MMAP_PROTECTION, PROT_EXEC, 0 },
};
static const struct seccomp_bits executes_no_file[] = {
	{ MMAP_PROTECTION, PROT_EXEC, PROT_EXEC },
	{ MMAP_FLAGS, MAP_ANONYMOUS, MAP_ANONYMOUS },
};

/* Without integrity there is no rule. */
void exec_edit_of(const struct integrity *integrity, struct exec_edit *ret_edit)
{
	*ret_edit = (struct exec_edit){
		.notifies_exec = integrity->mode != INTEGRITY_OFF,
		.notifies_mmap = integrity_judges_maps(integrity),
	};
}

/* What a section does with a call. */
enum treatment {
	TREATMENT_NONE, /* no rule is about it: its default */
	TREATMENT_ALLOWED,
	TREATMENT_OURS,
	TREATMENT_DENIED,
	TREATMENT_CONDITIONAL, /* it depends on its arguments, or on more */
};

static bool allows(const char *action)
{
	return seccomp_action_is(action, SECCOMP_ALLOW) || seccomp_action_is(action, SECCOMP_LOG);
}

static struct json_object *rules_of(const struct json_object *section)
{
	return json_value_member(section, "syscalls", json_type_array);
}

static struct json_object *names_of(const struct json_object *rule)
{
	return json_value_member(rule, "names", json_type_array);
}

/* ---- which rules are ours ---- */

static bool is_of_group(const struct group *group, const struct json_object *names)
{
	size_t count = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		if (!name || !seccomp_word_is_among(name, group->calls, group->count))
			return false;
	}
	return count > 0;
}

static int64_t number_of(const struct json_object *object, const char *key)
{
	return json_object_get_int64(json_object_object_get(object, key));
}

static bool has_bits(const struct json_object *rule, const struct seccomp_bits *bits, size_t count)
{
	const struct json_object *list = json_value_member(rule, "args", json_type_array);

	if (!list || json_object_array_length(list) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct json_object *condition = json_object_array_get_idx(list, i);
		const char *comparison = json_value_text(condition, "op");

		if (!comparison || strcmp(comparison, "SCMP_CMP_MASKED_EQ") != 0 ||
		    number_of(condition, "index") != bits[i].index ||
		    number_of(condition, "value") != bits[i].mask ||
		    number_of(condition, "valueTwo") != bits[i].value)
			return false;
	}
	return true;
}

bool exec_rules_is_ours(const struct json_object *rule)
{
	const char *action = json_value_text(rule, "action");
	const struct json_object *names = names_of(rule);

	if (seccomp_action_is(action, SECCOMP_NOTIFY))
		return is_of_group(EXECUTIONS, names) || is_of_group(MAPS, names);
	return seccomp_action_is(action, SECCOMP_ALLOW) && is_of_group(MAPS, names) &&
	       (has_bits(rule, executes_nothing, COUNT_OF(executes_nothing)) ||
		has_bits(rule, executes_no_file, COUNT_OF(executes_no_file)));
}

/* ---- what becomes of a call ---- */

static bool is_conditional(const struct json_object *rule)
{
	struct json_object *arguments = json_object_object_get(rule, "args");

	return json_object_object_get(rule, "includes") ||
	       json_object_object_get(rule, "excludes") ||
	       (arguments && (!json_object_is_type(arguments, json_type_array) ||
			      json_object_array_length(arguments) > 0));
}

static enum treatment treatment_by(const struct json_object *rule)
{
	if (exec_rules_is_ours(rule))
		return TREATMENT_OURS;
	if (is_conditional(rule))
		return TREATMENT_CONDITIONAL;
	return allows(json_value_text(rule, "action")) ? TREATMENT_ALLOWED : TREATMENT_DENIED;
}

/* Of several rules the one that lets less through. */
static enum treatment treatment_of(const struct json_object *section, const char *call)
{
	const struct json_object *rules = rules_of(section);
	enum treatment treatment = TREATMENT_NONE;

	for (size_t i = 0; rules && i < json_object_array_length(rules); i++) {
		const struct json_object *rule = json_object_array_get_idx(rules, i);

		if (!json_value_has_text(names_of(rule), call))
			continue;
		enum treatment other = treatment_by(rule);

		treatment = other > treatment ? other : treatment;
	}
	if (treatment != TREATMENT_NONE)
		return treatment;
	return allows(json_value_text(section, "defaultAction")) ? TREATMENT_ALLOWED :
								   TREATMENT_DENIED;
}

static bool is_wanted(const struct group *group, const struct exec_edit *edit)
{
	return group->is_of_maps ? edit->notifies_mmap : edit->notifies_exec;
}

static bool has_conditions(const struct json_object *section, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (treatment_of(section, group->calls[i]) == TREATMENT_CONDITIONAL)
			return true;
	return false;
}

const char *exec_rules_check(const struct json_object *section, const struct exec_edit *edit)
{
	for (const struct group *group = groups; group < groups + COUNT_OF(groups); group++) {
		if (!is_wanted(group, edit) || !has_conditions(section, group))
			continue;
		return group->is_refused ?
			       "has a seccomp rule with conditions for remap_file_pages, which is refused "
			       "where its policy wants to judge what is mapped: no second rule fits "
			       "beside it" :
			       "has a seccomp rule with conditions for execve, execveat or mmap, which its "
			       "policy wants to judge: no second rule fits beside it";
	}
	return NULL;
}

static const char *lacking(const struct json_object *section, const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		enum treatment treatment = treatment_of(section, group->calls[i]);

		if (treatment != TREATMENT_OURS && treatment != TREATMENT_DENIED)
			return group->calls[i];
	}
	return NULL;
}

const char *exec_rules_lacking(const struct json_object *section, const struct exec_edit *edit)
{
	for (const struct group *group = groups; group < groups + COUNT_OF(groups); group++) {
		const char *call = is_wanted(group, edit) ? lacking(section, group) : NULL;

		if (call)
			return call;
	}
	return NULL;
}

/* ---- editing ---- */

/* Return: how many. */
static size_t find_calls(const struct json_object *section, const struct group *group,
			 enum treatment treatment, const char *ret_calls[GROUP_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++)
		if (treatment_of(section, group->calls[i]) == treatment)
			ret_calls[count++] = group->calls[i];
	return count;
}

static int append(struct json_object *rules, const char *const *calls, size_t count,
		  const char *action, const struct seccomp_bits *bits, size_t bit_count)
{
	return seccomp_rules_append(rules, &(struct seccomp_rule){ .calls = calls,
								   .count = count,
								   .action = action,
								   .bits = bits,
								   .bit_count = bit_count });
}

static int take_back(struct json_object *section, const struct group *group)
{
	const char *calls[GROUP_MAX];
	size_t count = find_calls(section, group, TREATMENT_OURS, calls);
	struct json_object *rules = rules_of(section);

	seccomp_rules_remove(rules, calls, count);
	if (count == 0 || allows(json_value_text(section, "defaultAction")))
		return 0;
	return append(rules, calls, count, SECCOMP_ALLOW, NULL, 0);
}

static int hand_over_maps(struct json_object *section, const char *const *calls, size_t count)
{
	struct json_object *rules = rules_of(section);
	int r = append(rules, calls, count, SECCOMP_NOTIFY, executes_file, COUNT_OF(executes_file));

	if (r < 0 || seccomp_action_is(json_value_text(section, "defaultAction"), SECCOMP_ALLOW))
		return r;
	r = append(rules, calls, count, SECCOMP_ALLOW, executes_nothing,
		   COUNT_OF(executes_nothing));
	return r < 0 ? r :
		       append(rules, calls, count, SECCOMP_ALLOW, executes_no_file,
			      COUNT_OF(executes_no_file));
}

static int hand_over(struct json_object *section, const struct group *group)
{
	const char *calls[GROUP_MAX];
	size_t count = find_calls(section, group, TREATMENT_ALLOWED, calls);

	if (count == 0)
		return 0;
	seccomp_rules_remove(rules_of(section), calls, count);
	if (group->is_refused)
		return seccomp_rules_deny(rules_of(section), calls, count);
	if (group->is_of_maps)
		return hand_over_maps(section, calls, count);
	return append(rules_of(section), calls, count, SECCOMP_NOTIFY, NULL, 0);
}

static int edit_groups(struct json_object *section, const struct exec_edit *edit, bool is_refused)
{
	int r = json_value_list(section, "syscalls") ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < COUNT_OF(groups); i++)
		if (groups[i].is_refused == is_refused && is_wanted(&groups[i], edit))
			r = hand_over(section, &groups[i]);
	return r;
}

int exec_rules_refuse(struct json_object *section, const struct exec_edit *edit)
{
	return edit_groups(section, edit, true);
}

int exec_rules_edit(struct json_object *section, const struct exec_edit *edit)
{
	int r = json_value_list(section, "syscalls") ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < COUNT_OF(groups); i++)
		r = take_back(section, &groups[i]);
	return r < 0 ? r : edit_groups(section, edit, false);
}
