/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lxc.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/free_ids.h"
#include "attach/subid.h"
#include "count_of.h"
#include "daemon/policy_folders.h"
#include "hook/admission.h"
#include "hook/lxc_config.h"
#include "policy.h"
#include "yaml/diagnostic.h"

/* A check under way: false means that the sentence is written. */
struct check {
	const struct hook_lxc *hook;
	struct lxc_config config;
	bool virtualises; /* its policy leaves not all to the kernel */
	struct exec_edit exec; /* what its policy wants to be judged */
	char *sentence;
};

#define complain(check, ...) \
	(diagnostic_print((check)->sentence, HOOK_LXC_SENTENCE_SIZE, __VA_ARGS__), false)

/* Since LXC has read it: what it read from another working directory, or what is no file. */
static bool complain_of_file(struct check *check, int error)
{
	const char *culprit = check->config.culprit;

	if (error == -ENOENT && *culprit != '/')
		return complain(check,
				"cannot find the container's configuration '%s' from here: %s",
				culprit,
				strcmp(culprit, check->hook->config) == 0 ?
					"give LXC its whole path" :
					"lxc.include has to name its whole path");
	if (error == -ELOOP)
		return complain(
			check,
			"the container's configuration includes more than %d files, or files "
			"more than %d deep; the last one is '%s'",
			LXC_FILES_MAX, LXC_DEPTH_MAX, culprit);
	if (error == -EINVAL)
		return complain(check, "the container's configuration '%s' is not a file", culprit);
	return complain(check, "cannot read the container's configuration '%s': %s", culprit,
			strerror(-error));
}

static bool reads(struct check *check)
{
	const char *path = check->hook->config;

	if (!path || *path == '\0')
		return complain(
			check,
			"LXC_CONFIG_FILE is not set: this is a hook for LXC, to be named in a "
			"container's configuration with lxc.hook.pre-start");
	int r = lxc_config_read(path, &check->config);

	if (r == 0)
		return true;
	return complain_of_file(check, r);
}

static bool has_proxy(struct check *check)
{
	const char *proxy = check->config.proxy, *socket = check->hook->daemon.socket;

	if (*proxy == '\0')
		return complain(
			check,
			"the container's configuration does not say who answers its calls: add "
			"'lxc.seccomp.notify.proxy = unix:%s'",
			socket);
	if (strncmp(proxy, "unix:", 5) != 0 || strcmp(proxy + 5, socket) != 0)
		return complain(
			check,
			"lxc.seccomp.notify.proxy is '%s', where nsxattrd does not listen: make "
			"it 'unix:%s', or tell this hook --socket=PATH",
			proxy, socket);
	return true;
}

static bool has_profile(struct check *check)
{
	const char *profile = check->config.profile, *missing;

	if (*profile == '\0')
		return complain(check,
				"the container's configuration has no seccomp profile: add "
				"'lxc.seccomp.profile = PREFIX/share/nsxattr/lxc/nsxattr.seccomp'");
	int r = lxc_profile_check(profile, &missing);

	if (r == -EINVAL)
		return complain(
			check,
			"the seccomp profile '%s' is not of version 2: its first line has to "
			"be '2', for 'notify' to be known",
			profile);
	if (r < 0)
		return complain(check, "cannot read the seccomp profile '%s': %s", profile,
				strerror(-r));
	if (missing)
		return complain(check,
				"the seccomp profile '%s' does not hand '%s' to nsxattrd: add the "
				"line '%s notify', or use that of nsxattr; the last "
				"lxc.seccomp.profile of a configuration counts",
				profile, missing, missing);
	return true;
}

#define NO_IDS "the container has no ids of its own, so there is nothing to tell its values by: "

static const char *user_name(uid_t user)
{
	const struct passwd *entry = getpwuid(user);

	return entry ? entry->pw_name : NULL;
}

static bool has_map(struct check *check)
{
	const char *name = user_name(check->hook->user);
	struct id_extent users, groups;
	char command[FREE_IDS_COMMAND_SIZE];
	uint32_t first;
	unsigned int line;

	if (check->config.maps_users && check->config.maps_groups)
		return true;
	if (subid_find(SUBUID_FILE, name, check->hook->user, &users, &line) == SUBID_FOUND &&
	    subid_find(SUBGID_FILE, name, check->hook->user, &groups, &line) == SUBID_FOUND)
		return complain(
			check,
			NO_IDS
			"add 'lxc.idmap = u 0 %u %u' and 'lxc.idmap = g 0 %u %u', or a part of "
			"these ids that no other container has",
			users.host, users.count, groups.host, groups.count);
	if (!name || !free_ids_command(name, &first, command))
		return complain(check, NO_IDS "add lines 'lxc.idmap = …' with ids of " SUBUID_FILE
					      " and " SUBGID_FILE);
	return complain(check,
			NO_IDS
			"set some aside that are free, '%s', and add 'lxc.idmap = u 0 %u %u' and "
			"'lxc.idmap = g 0 %u %u'",
			command, first, FREE_IDS_COUNT, first, FREE_IDS_COUNT);
}

/* It opens /proc/PID/mem of who calls, which the kernel lets only root and that very user do. */
static bool has_monitor_that_may(struct check *check)
{
	uid_t user = check->hook->user;

	if (user == 0 || check->config.root == user)
		return true;
	return complain(
		check,
		"LXC's monitor, run by uid %u, may not open /proc/PID/mem of processes of other ids, and so "
		"cannot pass their calls on: let root start this container, with the same lxc.idmap, or map "
		"root to yourself ('lxc.idmap = u 0 %u 1')",
		user, user);
}

/* When nsxattrd cannot be asked. What cannot be seen from here is its to say. */
static bool finds_policy(struct check *check)
{
	const char *name = check->config.cookie;
	const struct policy *builtin = policy_builtin(name);
	struct policy_folders folders;
	char sentence[POLICY_FOLDERS_SENTENCE_SIZE], *path = NULL;

	check->virtualises = !builtin || !policy_is_transparent(builtin);
	if (*name == '\0' || builtin)
		return true;
	policy_folders_init(&folders, check->hook->daemon.policies);
	int r = policy_folders_find(&folders, name, &path);

	free(path);
	if (r != POLICY_FOLDERS_UNKNOWN)
		return true;
	policy_folders_explain(&folders, name, sentence);
	return complain(check, "lxc.seccomp.notify.cookie names the policy '%s', and %s", name,
			sentence);
}

static bool names_policy(struct check *check)
{
	const char *name = check->config.cookie;

	if (!strchr(name, '/') && *name != '.')
		return true;
	return complain(check,
			"lxc.seccomp.notify.cookie is '%s', which is not the name of a policy: "
			"that is a file in '%s', without the folder and without '.yaml'",
			name, check->hook->daemon.policies);
}

/* Would it serve the container? */
static bool is_welcome(struct check *check)
{
	const struct hook_lxc *hook = check->hook;
	const struct admission_question question = {
		.control = hook->daemon.control,
		.policy = check->config.cookie,
		.runtimes = RUNTIME_LXC,
		.id = hook->name ? hook->name : "",
		.name = "",
	};
	char sentence[ADMISSION_SENTENCE_SIZE];
	struct admission admission;

	switch (admission_ask(&question, &admission, sentence)) {
	case ADMISSION_REFUSED:
		return complain(check, "%s", sentence);
	case ADMISSION_UNASKED:
		return finds_policy(check);
	case ADMISSION_GRANTED:
	default:
		check->virtualises = admission.virtualises;
		check->exec = admission.exec;
		return true;
	}
}

/* What is executed, and where a rule is about maps, what is mapped. */
static bool hands_over(struct check *check)
{
	static const char *const calls[] = { "execve", "execveat", "mmap" };
	static const char *const refused[] = { "remap_file_pages" };
	const char *missing = NULL;

	(void)lxc_profile_lacks(check->config.profile, "notify", calls,
				2 + check->exec.notifies_mmap, &missing);
	if (!missing && check->exec.notifies_mmap)
		(void)lxc_profile_lacks(check->config.profile, "errno", refused, 1, &missing);
	if (!missing)
		return true;
	if (missing == refused[0])
		return complain(
			check,
			"the container's policy judges what is mapped to be executed, and the seccomp "
			"profile '%s' does not refuse '%s': use nsxattr-integrity.seccomp, or add its "
			"lines",
			check->config.profile, missing);
	return complain(
		check,
		"the container's policy judges what is executed, and the seccomp profile '%s' does not "
		"hand '%s' to nsxattrd: use nsxattr-integrity.seccomp, or add its lines",
		check->config.profile, missing);
}

/* LXC passes no call on before the container's init is executed. */
static bool may_execute(struct check *check)
{
	if (!check->exec.notifies_exec)
		return true;
	if (check->config.has_start_hook)
		return complain(
			check,
			"the container's policy judges what is executed, and lxc.hook.start would be "
			"executed before LXC passes calls on, and so wait for ever: take it out, or "
			"make it lxc.hook.mount or lxc.hook.start-host");
	if (!check->config.has_init_hook)
		return complain(
			check,
			"the container's policy judges what is executed, and LXC would wait for ever "
			"for the container's init: add 'lxc.hook.start-host = "
			"PREFIX/bin/nsxattr hook lxc-init'");
	return hands_over(check);
}

static bool starts(struct check *check)
{
	const struct hook_daemon *daemon = &check->hook->daemon;
	int r = presence_bring(daemon->start, daemon->socket, SOCK_SEQPACKET);

	if (r == 0)
		return true;
	if (r == -ECHILD && presence_is_unit(daemon->start))
		return complain(check,
				"systemd could not start '%s': 'systemctl status %s' says why",
				daemon->start, daemon->start);
	if (r == -ECHILD)
		return complain(check, "'%s' was started and has ended: run it by hand to see why",
				daemon->start);
	return complain(check, "'%s' was started, and does not listen at '%s': %s", daemon->start,
			daemon->socket, strerror(-r));
}

static bool has_daemon(struct check *check)
{
	const struct hook_daemon *daemon = &check->hook->daemon;
	int r = presence_check(daemon->socket, SOCK_SEQPACKET);

	if (r == 0)
		return true;
	if (r != -ENOENT && r != -ECONNREFUSED)
		return complain(
			check,
			"cannot connect to nsxattrd at '%s': %s; 'mode' and 'group' of lxc-socket in "
			"nsxattrd.yaml say who may",
			daemon->socket, strerror(-r));
	if (daemon->start)
		return starts(check);
	return complain(
		check,
		"nsxattrd does not listen at '%s': start it ('systemctl start nsxattrd'), or "
		"have this hook do it with --start=PROGRAM or --start=UNIT",
		daemon->socket);
}

static bool is_weak(struct check *check)
{
	if (!check->virtualises || lxc_config_may_administer(&check->config))
		return false;
	(void)complain(
		check,
		"no process in the container can have CAP_SYS_ADMIN, without which security.* and "
		"trusted.* cannot be set there: take sys_admin out of lxc.cap.drop, or put it "
		"into lxc.cap.keep");
	return true;
}

enum hook_lxc_result hook_lxc_check(const struct hook_lxc *hook,
				    char ret_sentence[HOOK_LXC_SENTENCE_SIZE])
{
	static bool (*const steps[])(struct check *) = {
		reads,	      has_proxy,  has_profile, has_map,	    has_monitor_that_may,
		names_policy, has_daemon, is_welcome,  may_execute,
	};
	struct check check = { .hook = hook, .sentence = ret_sentence };

	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!steps[i](&check))
			return HOOK_LXC_WRONG;
	return is_weak(&check) ? HOOK_LXC_WEAK : HOOK_LXC_READY;
}
