/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The formats are those of the OCI runtime specification (config-linux.md, "Seccomp"), of Docker
 * (docs.docker.com, "Seccomp security profiles") and of podman (seccomp.json(5) of containers-common), which
 * adds the names of errors.
 *
 * A rule holds if no condition of "excludes" is met and each one of "includes" is. Of its capabilities
 * "includes" wants all, "excludes" any; of its architectures the machine's. Each condition can be resolved
 * apart from the others: one that decides against the rule removes the rule, one that does not is removed.
 *
 * An engine passes over a key that it does not know. So a key that is not known here is refused: what it was
 * meant to restrict would be open.
 *
 * No system call, no logging.
 */
#include "hook/seccomp_profile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/kernel_version.h"
#include "count_of.h"
#include "hook/capability_set.h"
#include "hook/json_value.h"

/* More than any errno has. */
#define ERRNO_END 4096

static const char profile_keys[] =
	"|defaultAction|defaultErrnoRet|defaultErrno|architectures|archMap|syscalls|flags|listenerPath|"
	"listenerMetadata|";
static const char rule_keys[] = "|name|names|action|args|comment|includes|excludes|errnoRet|errno|";
static const char condition_keys[] = "|caps|arches|minKernel|";
static const char argument_keys[] = "|index|value|valueTwo|op|";
static const char map_keys[] = "|architecture|subArchitectures|";

static const char actions[] =
	"|SCMP_ACT_KILL|SCMP_ACT_KILL_PROCESS|SCMP_ACT_KILL_THREAD|SCMP_ACT_TRAP|SCMP_ACT_ERRNO|"
	"SCMP_ACT_TRACE|SCMP_ACT_ALLOW|SCMP_ACT_LOG|SCMP_ACT_NOTIFY|";
static const char operators[] = "|SCMP_CMP_NE|SCMP_CMP_LT|SCMP_CMP_LE|SCMP_CMP_EQ|SCMP_CMP_GE|"
				"SCMP_CMP_GT|SCMP_CMP_MASKED_EQ|";
static const char architectures[] =
	"|SCMP_ARCH_X86|SCMP_ARCH_X86_64|SCMP_ARCH_X32|SCMP_ARCH_ARM|SCMP_ARCH_AARCH64|SCMP_ARCH_MIPS|"
	"SCMP_ARCH_MIPS64|SCMP_ARCH_MIPS64N32|SCMP_ARCH_MIPSEL|SCMP_ARCH_MIPSEL64|"
	"SCMP_ARCH_MIPSEL64N32|SCMP_ARCH_PPC|SCMP_ARCH_PPC64|SCMP_ARCH_PPC64LE|SCMP_ARCH_S390|"
	"SCMP_ARCH_S390X|SCMP_ARCH_PARISC|SCMP_ARCH_PARISC64|SCMP_ARCH_RISCV64|"
	"SCMP_ARCH_LOONGARCH64|SCMP_ARCH_M68K|SCMP_ARCH_SH|SCMP_ARCH_SHEB|";
/* As Docker calls them. */
static const char arches[] =
	"|amd64|x32|x86|386|arm|arm64|mips|mips64|mips64n32|mipsel|mipsel64|mips3l64n32|mipsel64n32|ppc|"
	"ppc64|ppc64le|s390|s390x|parisc|parisc64|riscv64|loong64|loongarch64|";

/** struct resolution - one profile on its way */
struct resolution {
	const struct seccomp_conditions *conditions;
	char *sentence;
	size_t rule; /* the number of the one that is looked at, from 1; 0: none */
	const char *call; /* its first call, for the sentence */
};

/* What becomes of a condition, and so of its rule. */
enum verdict {
	VERDICT_STAYS = 1, /* for the engine to resolve */
	VERDICT_MET,
	VERDICT_NOT_MET,
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct resolution *resolution,
							const char *format, ...)
{
	char *at = resolution->sentence;
	size_t size = SECCOMP_PROFILE_SENTENCE_SIZE;
	va_list arguments;

	int length = resolution->rule ? snprintf(at, size, "has in rule %zu of syscalls (%.64s) ",
						 resolution->rule, resolution->call) :
					snprintf(at, size, "has ");

	va_start(arguments, format);
	vsnprintf(at + length, size - (size_t)length, format, arguments);
	va_end(arguments);
	return SECCOMP_PROFILE_REFUSED;
}

/** is_one_of() - is a text one of "|WORD|WORD|"? */
static bool is_one_of(const char *words, const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || strchr(text, '|'))
		return false;
	for (const char *at = words; (at = strstr(at, text)); at++)
		if (at[-1] == '|' && at[length] == '|')
			return true;
	return false;
}

static int check_keys(const struct resolution *resolution, struct json_object *object,
		      const char *keys, const char *where)
{
	json_object_object_foreach(object, key, value)
	{
		(void)value;
		if (!is_one_of(keys, key))
			return refuse(
				resolution,
				"the key '%.64s'%s, of which nsxattr does not know what it restricts",
				key, where);
	}
	return SECCOMP_PROFILE_DONE;
}

/** check_texts() - is each element of a list one of these words? */
static int check_texts(const struct resolution *resolution, struct json_object *list,
		       const char *words, const char *where)
{
	if (!json_object_is_type(list, json_type_array))
		return refuse(resolution, "'%s' that is no list", where);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *element = json_object_array_get_idx(list, i);

		if (!json_object_is_type(element, json_type_string) ||
		    !is_one_of(words, json_object_get_string(element)))
			return refuse(resolution, "%.64s in '%s', which nsxattr does not know",
				      json_object_to_json_string(element), where);
	}
	return SECCOMP_PROFILE_DONE;
}

/** forget_if_null() - a member that is null is as good as absent. Return: the member; NULL. */
static struct json_object *forget_if_null(struct json_object *object, const char *key)
{
	struct json_object *member = json_object_object_get(object, key);

	if (!member)
		json_object_object_del(object, key);
	return member;
}

/* ---- conditions ---- */

/** verdict_of() - Return: what follows from a condition that is true or not, if it is resolved here */
static enum verdict verdict_of(bool is_resolved, bool is_true, bool is_wanted)
{
	if (!is_resolved)
		return VERDICT_STAYS;
	return is_true == is_wanted ? VERDICT_MET : VERDICT_NOT_MET;
}

static bool has_small_letter(const char *text)
{
	return strpbrk(text, "abcdefghijklmnopqrstuvwxyz");
}

static int judge_capabilities(const struct resolution *resolution, struct json_object *list,
			      bool is_wanted, enum verdict *ret_verdict)
{
	size_t count = 0, held = 0;

	if (!json_object_is_type(list, json_type_array))
		return refuse(resolution, "'caps' that is no list");
	for (; count < json_object_array_length(list); count++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, count));
		int number = name ? capability_number(name, strlen(name)) : -1;

		/* Engines compare it as it is. */
		if (number < 0 || strncmp(name, "CAP_", 4) != 0 || has_small_letter(name))
			return refuse(resolution,
				      "the capability '%.64s', which nsxattr does not know",
				      name ? name : "null");
		held += resolution->conditions->capabilities >> number & 1;
	}
	*ret_verdict = VERDICT_MET;
	if (count > 0)
		*ret_verdict = verdict_of(resolution->conditions->resolves_capabilities,
					  is_wanted ? held == count : held > 0, is_wanted);
	return SECCOMP_PROFILE_DONE;
}

static int judge_architectures(const struct resolution *resolution, struct json_object *list,
			       bool is_wanted, enum verdict *ret_verdict)
{
	int r = check_texts(resolution, list, arches, "arches");

	if (r != SECCOMP_PROFILE_DONE)
		return r;
	*ret_verdict = VERDICT_MET;
	if (json_object_array_length(list) > 0)
		*ret_verdict = verdict_of(
			resolution->conditions->resolves_architecture,
			json_value_has_text(list, resolution->conditions->architecture), is_wanted);
	return SECCOMP_PROFILE_DONE;
}

static int judge_kernel(const struct resolution *resolution, struct json_object *version,
			bool is_wanted, enum verdict *ret_verdict)
{
	const unsigned *kernel = resolution->conditions->kernel;
	const char *text = json_object_get_string(version);
	const char *end;
	unsigned least[2];

	end = json_object_is_type(version, json_type_string) ?
		      kernel_version_read(text, least, COUNT_OF(least)) :
		      NULL;
	if (!end || *end)
		return refuse(resolution,
			      "the minKernel %.64s, which is no version such as \"4.8\"",
			      json_object_to_json_string(version));
	*ret_verdict =
		verdict_of(resolution->conditions->resolves_kernel,
			   kernel[0] > least[0] || (kernel[0] == least[0] && kernel[1] >= least[1]),
			   is_wanted);
	return SECCOMP_PROFILE_DONE;
}

static const struct {
	const char *key;
	int (*judge)(const struct resolution *resolution, struct json_object *value, bool is_wanted,
		     enum verdict *ret_verdict);
} kinds[] = {
	{ "caps", judge_capabilities },
	{ "arches", judge_architectures },
	{ "minKernel", judge_kernel },
};

/** resolve_conditions() - those of "includes" or of "excludes"; *@holds: false once one is not met */
static int resolve_conditions(const struct resolution *resolution, struct json_object *rule,
			      const char *key, bool is_wanted, bool *holds)
{
	struct json_object *object = forget_if_null(rule, key);

	if (!object)
		return SECCOMP_PROFILE_DONE;
	if (!json_object_is_type(object, json_type_object))
		return refuse(resolution, "'%s' that is no object", key);
	int r = check_keys(resolution, object, condition_keys, " among its conditions");

	for (size_t i = 0; r == SECCOMP_PROFILE_DONE && i < COUNT_OF(kinds); i++) {
		struct json_object *value = forget_if_null(object, kinds[i].key);
		enum verdict verdict = VERDICT_STAYS;

		r = value ? kinds[i].judge(resolution, value, is_wanted, &verdict) : r;
		if (verdict != VERDICT_STAYS)
			json_object_object_del(object, kinds[i].key);
		*holds &= verdict != VERDICT_NOT_MET;
	}
	if (r == SECCOMP_PROFILE_DONE && json_object_object_length(object) == 0)
		json_object_object_del(rule, key);
	return r;
}

/* ---- the rest of a rule ---- */

static int check_action(const struct resolution *resolution, const struct json_object *object,
			const char *key)
{
	const char *action = json_value_text(object, key);

	if (!action)
		return refuse(resolution, "no %s", key);
	if (!is_one_of(actions, action))
		return refuse(resolution, "the action '%.64s', which nsxattr does not know",
			      action);
	return SECCOMP_PROFILE_DONE;
}

/** resolve_errno() - podman's name of an error becomes the number, which every engine knows */
static int resolve_errno(const struct resolution *resolution, struct json_object *object,
			 const char *key, const char *number_key)
{
	struct json_object *member = forget_if_null(object, key);
	const char *name = json_object_get_string(member);
	int error = 1;

	(void)forget_if_null(object, number_key);
	if (!member)
		return SECCOMP_PROFILE_DONE;
	while (error < ERRNO_END && *name &&
	       (!strerrorname_np(error) || strcmp(strerrorname_np(error), name) != 0))
		error++;
	if (error == ERRNO_END)
		return refuse(resolution, "the error '%.64s', which nsxattr does not know", name);
	if (*name && json_value_add(object, number_key, json_object_new_int(error)) < 0)
		return -ENOMEM;
	json_object_object_del(object, key);
	return SECCOMP_PROFILE_DONE;
}

static int check_argument(const struct resolution *resolution, struct json_object *argument)
{
	const char *comparison = json_value_text(argument, "op");

	if (!json_object_is_type(argument, json_type_object))
		return refuse(resolution, "an argument that is no object");
	if (!comparison || !is_one_of(operators, comparison))
		return refuse(resolution, "the operator '%.64s', which nsxattr does not know",
			      comparison ? comparison : "");
	return check_keys(resolution, argument, argument_keys, " in an argument");
}

static int check_arguments(const struct resolution *resolution, struct json_object *rule)
{
	struct json_object *list = forget_if_null(rule, "args");
	int r = SECCOMP_PROFILE_DONE;

	if (!list)
		return r;
	if (!json_object_is_type(list, json_type_array))
		return refuse(resolution, "'args' that is no list");
	for (size_t i = 0; r == SECCOMP_PROFILE_DONE && i < json_object_array_length(list); i++)
		r = check_argument(resolution, json_object_array_get_idx(list, i));
	return r;
}

/** check_names() - are they texts? The first becomes what the rule is called. */
static int check_names(struct resolution *resolution, const struct json_object *names)
{
	size_t count = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < count; i++)
		if (!json_object_is_type(json_object_array_get_idx(names, i), json_type_string))
			return refuse(resolution, "a name that is no text");
	if (count > 0)
		resolution->call = json_object_get_string(json_object_array_get_idx(names, 0));
	return SECCOMP_PROFILE_DONE;
}

/** gather_names() - Docker's old "name" becomes "names", as OCI has it */
static int gather_names(struct resolution *resolution, struct json_object *rule)
{
	const char *name = json_value_text(rule, "name");
	struct json_object *names = json_value_member(rule, "names", json_type_array);
	bool has_names = names && json_object_array_length(names) > 0;
	int r = check_names(resolution, names);

	if (r != SECCOMP_PROFILE_DONE)
		return r;
	if (name && *name) {
		if (has_names)
			return refuse(resolution, "both 'name' and 'names'");
		names = json_value_list(rule, "names");
		if (!names || json_value_append_texts(names, &name, 1) < 0)
			return -ENOMEM;
		r = check_names(resolution, names);
	} else if (!has_names) {
		return refuse(resolution, "no names");
	}
	json_object_object_del(rule, "name");
	return r;
}

static bool resolves_all(const struct seccomp_conditions *conditions)
{
	return conditions->resolves_capabilities && conditions->resolves_architecture &&
	       conditions->resolves_kernel;
}

/** resolve_rule() - one rule; *@holds: whether it is for this container */
static int resolve_rule(struct resolution *resolution, struct json_object *rule, bool *holds)
{
	int r = SECCOMP_PROFILE_DONE;

	resolution->call = "";
	if (!json_object_is_type(rule, json_type_object))
		return refuse(resolution, "no object");
	r = gather_names(resolution, rule);
	if (r == SECCOMP_PROFILE_DONE)
		r = check_keys(resolution, rule, rule_keys, "");
	if (r == SECCOMP_PROFILE_DONE)
		r = check_action(resolution, rule, "action");
	if (r == SECCOMP_PROFILE_DONE)
		r = check_arguments(resolution, rule);
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_errno(resolution, rule, "errno", "errnoRet");
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_conditions(resolution, rule, "excludes", false, holds);
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_conditions(resolution, rule, "includes", true, holds);
	if (r == SECCOMP_PROFILE_DONE && resolves_all(resolution->conditions))
		json_object_object_del(rule, "comment");
	return r;
}

static int resolve_rules(struct resolution *resolution, struct json_object *profile)
{
	struct json_object *rules = forget_if_null(profile, "syscalls");
	int r = SECCOMP_PROFILE_DONE;

	if (!rules)
		return r;
	if (!json_object_is_type(rules, json_type_array))
		return refuse(resolution, "'syscalls' that is no list");
	size_t number = 0;

	for (size_t i = 0; r == SECCOMP_PROFILE_DONE && i < json_object_array_length(rules);) {
		bool holds = true;

		resolution->rule = ++number;
		r = resolve_rule(resolution, json_object_array_get_idx(rules, i), &holds);
		if (holds)
			i++;
		else
			json_object_array_del_idx(rules, i, 1);
	}
	resolution->rule = 0;
	return r;
}

/* ---- architectures ---- */

static int check_map(const struct resolution *resolution, struct json_object *map)
{
	int r = SECCOMP_PROFILE_DONE;

	if (!json_object_is_type(map, json_type_array))
		return refuse(resolution, "'archMap' that is no list");
	for (size_t i = 0; r == SECCOMP_PROFILE_DONE && i < json_object_array_length(map); i++) {
		struct json_object *entry = json_object_array_get_idx(map, i);
		const char *name = json_value_text(entry, "architecture");

		if (!name || !is_one_of(architectures, name))
			return refuse(resolution,
				      "the architecture '%.64s', which nsxattr does not know",
				      name ? name : "");
		struct json_object *list = forget_if_null(entry, "subArchitectures");

		r = check_keys(resolution, entry, map_keys, " in 'archMap'");
		if (r == SECCOMP_PROFILE_DONE && list)
			r = check_texts(resolution, list, architectures, "subArchitectures");
	}
	return r;
}

/** copy_architectures() - what the map says of this architecture. Return: 0; -ENOMEM. */
static int copy_architectures(struct json_object *profile, const struct json_object *map,
			      const char *architecture)
{
	struct json_object *list = json_value_list(profile, "architectures");
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < json_object_array_length(map); i++) {
		struct json_object *entry = json_object_array_get_idx(map, i);
		const char *name = json_value_text(entry, "architecture");
		struct json_object *others =
			json_value_member(entry, "subArchitectures", json_type_array);

		if (strcmp(name, architecture) != 0)
			continue;
		r = json_value_append_texts(list, &name, 1);
		for (size_t j = 0; r == 0 && others && j < json_object_array_length(others); j++)
			r = json_value_append(
				list, json_object_get(json_object_array_get_idx(others, j)));
		break;
	}
	return r;
}

static int resolve_architectures(const struct resolution *resolution, struct json_object *profile)
{
	const char *architecture = strcmp(resolution->conditions->architecture, "arm64") == 0 ?
					   "SCMP_ARCH_AARCH64" :
					   "SCMP_ARCH_X86_64";
	struct json_object *list = forget_if_null(profile, "architectures");
	struct json_object *map = forget_if_null(profile, "archMap");
	int r = SECCOMP_PROFILE_DONE;

	if (list)
		r = check_texts(resolution, list, architectures, "architectures");
	if (r != SECCOMP_PROFILE_DONE || !map)
		return r;
	if (list && json_object_array_length(list) > 0)
		return refuse(resolution, "both 'architectures' and 'archMap'");
	r = check_map(resolution, map);
	if (r != SECCOMP_PROFILE_DONE || !resolution->conditions->resolves_architecture)
		return r;
	if (copy_architectures(profile, map, architecture) < 0)
		return -ENOMEM;
	json_object_object_del(profile, "archMap");
	return r;
}

/* ---- the whole ---- */

/** find_profile() - Return: the profile in what was read, borrowed; NULL: there is none */
static struct json_object *find_profile(struct json_object *whole)
{
	struct json_object *spec = json_value_member(whole, "Spec", json_type_object);
	struct json_object *section =
		json_value_member(spec ? spec : whole, "linux", json_type_object);

	if (section)
		return json_value_member(section, "seccomp", json_type_object);
	return json_value_member(whole, "defaultAction", json_type_string) ? whole : NULL;
}

int seccomp_profile_read(const struct json_text *text, struct json_object **ret_profile,
			 char *sentence)
{
	_cleanup_json_value_ struct json_object *whole = NULL;
	int r = json_value_read(text, &whole);

	if (r == -ENOMEM)
		return r;
	struct json_object *profile = r == 0 ? find_profile(whole) : NULL;

	if (!profile) {
		snprintf(sentence, SECCOMP_PROFILE_SENTENCE_SIZE, "is no %s",
			 r < 0 ? "JSON" :
				 "seccomp profile: it has neither defaultAction nor linux.seccomp");
		return SECCOMP_PROFILE_REFUSED;
	}
	*ret_profile = json_object_get(profile);
	return SECCOMP_PROFILE_DONE;
}

int seccomp_profile_resolve(struct json_object *profile,
			    const struct seccomp_conditions *conditions, char *sentence)
{
	struct resolution resolution = { .conditions = conditions, .sentence = sentence };
	int r = check_keys(&resolution, profile, profile_keys, "");

	if (r == SECCOMP_PROFILE_DONE)
		r = check_action(&resolution, profile, "defaultAction");
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_errno(&resolution, profile, "defaultErrno", "defaultErrnoRet");
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_architectures(&resolution, profile);
	if (r == SECCOMP_PROFILE_DONE)
		r = resolve_rules(&resolution, profile);
	return r;
}
