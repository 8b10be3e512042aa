/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The format is that of the OCI runtime specification (config-linux.md, "Seccomp"); Docker's profiles
 * add to it what is not touched here.
 *
 * Rules are kept in their order. Our calls are taken out of all of them, also of those that look at
 * arguments, for libseccomp does not take a call with two actions; then they come as one more rule.
 * What libseccomp 2.5 cannot name, the four *xattrat calls, gets the default action: with the default
 * profiles of podman and containerd that is ENOSYS, upon which programs take the calls that we see.
 *
 * A kernel that does not have these four answers them with ENOSYS. There they stay in whichever rule they are; in
 * one that hands them to a listener they do not, and get ENOSYS by a rule of their own.
 *
 * No system call, no logging.
 */
#include "hook/seccomp_section.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "count_of.h"
#include "hook/exec_rules.h"
#include "hook/json_value.h"
#include "hook/seccomp_rules.h"

static const char *const io_uring_calls[] = { "io_uring_setup", "io_uring_enter",
					      "io_uring_register" };

/* The ABIs that a kernel of this machine runs, for a section that we make. */
static const char *const architectures[] = {
#if defined(__x86_64__)
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X86",
	"SCMP_ARCH_X32",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_ARM",
#endif
};

static bool is_notify(const char *action)
{
	return seccomp_action_is(action, SECCOMP_NOTIFY);
}

/** hand_over() - have some calls come to the listener, and no rule else be about them */
static int hand_over(struct json_object *rules, const char *const *calls, size_t count)
{
	seccomp_rules_remove(rules, calls, count);
	return seccomp_rules_append(rules, &(struct seccomp_rule){ .calls = calls,
								   .count = count,
								   .action = SECCOMP_NOTIFY });
}

static bool is_handed_over(const struct json_object *rules, const char *call)
{
	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		const struct json_object *rule = json_object_array_get_idx(rules, i);

		if (is_notify(json_value_text(rule, "action")) &&
		    json_value_has_text(json_value_member(rule, "names", json_type_array), call))
			return true;
	}
	return false;
}

/** keep_from_listener() - have calls that the kernel lacks fail as there, if a rule hands over one of them */
static int keep_from_listener(struct json_object *rules, const char *const *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_handed_over(rules, calls[i]))
			continue;
		seccomp_rules_remove(rules, calls, count);
		return seccomp_rules_deny(rules, calls, count);
	}
	return 0;
}

static int replace_rules(struct json_object *section, const struct seccomp_edit *edit)
{
	struct json_object *rules = json_value_list(section, "syscalls");
	size_t count = edit->lacks_xattrat ? SYSCALL_OLD_COUNT : SYSCALL_COUNT;
	const char *calls[SYSCALL_COUNT];

	if (!rules)
		return -ENOMEM;
	syscall_names(calls);
	if (!edit->allow_io_uring)
		seccomp_rules_remove(rules, io_uring_calls, COUNT_OF(io_uring_calls));
	int r = exec_rules_refuse(section, &edit->exec);

	if (r == 0)
		r = keep_from_listener(rules, calls + count, SYSCALL_COUNT - count);
	if (r == 0)
		r = hand_over(rules, calls, count);
	if (r == 0 && !edit->allow_io_uring)
		r = seccomp_rules_deny(rules, io_uring_calls, COUNT_OF(io_uring_calls));
	return r < 0 ? r : exec_rules_edit(section, &edit->exec);
}

/*
 * Without flags crun sets SPEC_ALLOW, and with any it sets what they say: so that goes along where
 * there were none.
 */
static int add_flags(struct json_object *section)
{
	static const char *const flags[] = { "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
	bool had_flags = json_value_member(section, "flags", json_type_array) != NULL;
	struct json_object *list = json_value_list(section, "flags");

	if (!list)
		return -ENOMEM;
	if (json_value_has_text(list, flags[1]))
		return 0;
	return json_value_append_texts(list, flags + had_flags, COUNT_OF(flags) - had_flags);
}

static int point_to_daemon(struct json_object *section, const struct seccomp_edit *edit)
{
	int r = edit->wait_killable ? add_flags(section) : 0;

	if (r == 0)
		r = json_value_add(section, "listenerPath", json_object_new_string(edit->socket));
	if (edit->policy[0] == '\0')
		json_object_object_del(section, "listenerMetadata");
	else if (r == 0)
		r = json_value_add(section, "listenerMetadata",
				   json_object_new_string(edit->policy));
	return r;
}

struct json_object *seccomp_section_new(void)
{
	_cleanup_json_value_ struct json_object *section = json_object_new_object();

	if (!section ||
	    json_value_add(section, "defaultAction", json_object_new_string("SCMP_ACT_ALLOW")) < 0)
		return NULL;
	struct json_object *list = json_value_list(section, "architectures");

	if (!list || json_value_append_texts(list, architectures, COUNT_OF(architectures)) < 0)
		return NULL;
	return TAKE_PTR(section);
}

bool seccomp_section_is_ours(const struct json_object *section, const struct seccomp_edit *edit)
{
	const char *path = json_value_text(section, "listenerPath");

	return path && strcmp(path, edit->socket) == 0;
}

/** is_for_us() - are these calls none but attribute calls? */
static bool is_for_us(const struct json_object *names)
{
	const char *calls[SYSCALL_COUNT];

	syscall_names(calls);
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));

		if (!name || !seccomp_word_is_among(name, calls, SYSCALL_COUNT))
			return false;
	}
	return true;
}

static const char *check_rule(const struct json_object *rule)
{
	const struct json_object *names = json_value_member(rule, "names", json_type_array);

	if (!names)
		return "has a seccomp rule without names";
	if (is_notify(json_value_text(rule, "action")) && !is_for_us(names) &&
	    !exec_rules_is_ours(rule))
		return "has a seccomp rule that hands other calls than those for attributes to a listener";
	return NULL;
}

const char *seccomp_section_check(const struct json_object *section,
				  const struct seccomp_edit *edit)
{
	const struct json_object *rules = json_value_member(section, "syscalls", json_type_array);
	const char *reason = NULL;

	if (json_value_text(section, "listenerPath") && !seccomp_section_is_ours(section, edit))
		return "has a listenerPath already: its calls go to another program";
	if (is_notify(json_value_text(section, "defaultAction")))
		return "hands every call to a listener";
	for (size_t i = 0; !reason && rules && i < json_object_array_length(rules); i++)
		reason = check_rule(json_object_array_get_idx(rules, i));
	return reason ? reason : exec_rules_check(section, &edit->exec);
}

int seccomp_section_edit(struct json_object *section, const struct seccomp_edit *edit)
{
	int r = replace_rules(section, edit);

	return r < 0 ? r : point_to_daemon(section, edit);
}
