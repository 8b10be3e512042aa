/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A profile lists what it allows, and all else fails. The list here is computed: each call that libseccomp
 * knows for the architecture, up to the last one that was weighed, but for those that are withheld. The
 * tables below have these, by the capability with which a container gets them.
 *
 * A call that is newer than the last one that was weighed fails with ENOSYS, as on a kernel that does not
 * have it; EPERM would have the C library give up where it knows another way.
 *
 * No system call, no logging.
 */
#include "hook/seccomp_base.h"

#include <errno.h>
#include <linux/personality.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attach/filter.h"
#include "base/fd.h"
#include "count_of.h"
#include "hook/json_value.h"

/* futex_waitv: from 424 on calls have the same number on every ABI. */
#define LAST_WEIGHED 449
/* x32 has calls of its own, up to pwritev2, where the other ABIs have none. */
#define X32_FIRST 512
#define X32_LAST 547

/** struct withheld - calls that a container gets with a capability only */
struct withheld {
	const char *capability; /* NULL: with none */
	const char *calls; /* with a blank between two */
};

static const struct withheld withheld[] = {
	{ "CAP_SYS_ADMIN",
	  "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount "
	  "mount_setattr move_mount name_to_handle_at open_tree perf_event_open quotactl "
	  "quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare" },
	{ "CAP_BPF", "bpf" },
	{ "CAP_PERFMON", "perf_event_open" },
	{ "CAP_SYSLOG", "syslog" },
	/* A handle reaches files outside of the root directory. */
	{ "CAP_DAC_READ_SEARCH", "open_by_handle_at" },
	{ "CAP_SYS_BOOT", "reboot" },
	{ "CAP_SYS_CHROOT", "chroot" },
	{ "CAP_SYS_MODULE", "delete_module finit_module init_module" },
	{ "CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy" },
	{ "CAP_SYS_PACCT", "acct" },
	{ "CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev" },
	{ "CAP_SYS_RAWIO", "ioperm iopl" },
	{ "CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime" },
	{ "CAP_SYS_TTY_CONFIG", "vhangup" },
	/* The whole system's, or that of who knows what they do. */
	{ NULL, "kexec_file_load kexec_load migrate_pages move_pages pivot_root swapoff swapon "
		"userfaultfd" },
	/* Keys have no namespaces. */
	{ NULL, "add_key keyctl request_key" },
	/* Rules about their arguments follow. */
	{ NULL, "personality socket" },
	/* What no program needs any more, and kernels mostly do not have. */
	{ NULL,
	  "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock "
	  "mpx nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase "
	  "pciconfig_read pciconfig_write prof profil putpmsg query_module readdir security sgetmask "
	  "sigaction signal sigpending sigsuspend ssetmask stty sysfs tuxcall ulimit uselib ustat vm86 "
	  "vm86old vserver" },
};

/* What came behind the last one, by name: a runtime passes over names that it does not know. */
static const char newer[] =
	"set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait "
	"futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal "
	"open_tree_attr file_getattr file_setattr listns";

/** struct abis - the ABIs that a kernel of an architecture runs */
struct abis {
	const char *architecture;
	const char *names[3];
	const char *own_calls; /* with numbers above all others */
};

static const struct abis abis[] = {
	{ "amd64", { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" }, "" },
	{ "arm64", { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" }, "breakpoint cacheflush set_tls" },
};

static const struct abis *abis_of(const char *architecture)
{
	for (size_t i = 1; i < COUNT_OF(abis); i++)
		if (strcmp(abis[i].architecture, architecture) == 0)
			return &abis[i];
	return &abis[0];
}

static size_t count_abis(const struct abis *these)
{
	size_t count = 0;

	while (count < COUNT_OF(these->names) && these->names[count])
		count++;
	return count;
}

/** has_word() - is a word one of those of a text? */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static bool is_withheld(const char *call)
{
	for (size_t i = 0; i < COUNT_OF(withheld); i++)
		if (has_word(withheld[i].calls, call))
			return true;
	return false;
}

static int append_words(struct json_object *list, const char *words)
{
	int r = 0;

	while (r == 0 && *words) {
		size_t length = strcspn(words, " ");

		r = json_value_append(list, json_object_new_string_len(words, (int)length));
		words += length + (words[length] == ' ');
	}
	return r;
}

/** add_rule() - one rule more, borrowed; NULL without memory. @error: 0: it allows */
static struct json_object *add_rule(struct json_object *rules, const char *calls, int error)
{
	struct json_object *rule = json_object_new_object();

	if (json_value_append(rules, rule) < 0)
		return NULL;
	struct json_object *names = json_value_list(rule, "names");
	const char *action = error ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW";

	if (!names || append_words(names, calls) < 0 ||
	    json_value_add(rule, "action", json_object_new_string(action)) < 0 ||
	    (error && json_value_add(rule, "errnoRet", json_object_new_int(error)) < 0))
		return NULL;
	return rule;
}

/** last_of() - Return: the last number of an ABI that can be that of a call that was weighed */
static unsigned last_of(const char *abi)
{
	return strcmp(abi, "SCMP_ARCH_X32") == 0 ? X32_LAST : LAST_WEIGHED;
}

static int append_abi(struct json_object *names, const char *abi)
{
	for (unsigned number = 0; number <= last_of(abi); number++) {
		_cleanup_free_ char *call = filter_call_name(abi, number);

		if (number == LAST_WEIGHED)
			number = X32_FIRST - 1;
		if (!call || is_withheld(call) || json_value_has_text(names, call))
			continue;
		if (json_value_append(names, json_object_new_string(call)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_allowed(struct json_object *rules, const struct abis *these)
{
	struct json_object *rule = add_rule(rules, these->own_calls, 0);
	struct json_object *names = rule ? json_value_list(rule, "names") : NULL;
	int r = names ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count_abis(these); i++)
		r = append_abi(names, these->names[i]);
	return r;
}

/** add_condition() - have a rule be for containers with a capability only, or without it only */
static int add_condition(struct json_object *rule, const char *key, const char *capability)
{
	struct json_object *condition = json_object_new_object();

	if (!rule || json_value_add(rule, key, condition) < 0)
		return -ENOMEM;
	struct json_object *list = json_value_list(condition, "caps");

	return list ? json_value_append_texts(list, &capability, 1) : -ENOMEM;
}

static int add_withheld(struct json_object *rules)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(withheld); i++)
		if (withheld[i].capability)
			r = add_condition(add_rule(rules, withheld[i].calls, 0), "includes",
					  withheld[i].capability);
	return r;
}

/** add_argument() - have a rule be for calls with one argument only */
static int add_argument(struct json_object *rule, int index, uint64_t value, const char *comparison)
{
	struct json_object *list = rule ? json_value_list(rule, "args") : NULL;
	struct json_object *argument = json_object_new_object();

	if (!list || json_value_append(list, argument) < 0 ||
	    json_value_add(argument, "index", json_object_new_int(index)) < 0 ||
	    json_value_add(argument, "value", json_object_new_uint64(value)) < 0 ||
	    json_value_add(argument, "op", json_object_new_string(comparison)) < 0)
		return -ENOMEM;
	return 0;
}

/* A look at the present one, and what setarch(8) sets that weakens nothing. */
static int add_personalities(struct json_object *rules)
{
	static const uint32_t values[] = { PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
					   UINT32_MAX };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(values); i++)
		r = add_argument(add_rule(rules, "personality", 0), 0, values[i], "SCMP_CMP_EQ");
	return r;
}

/* Sockets to the host of a virtual machine have no namespaces. */
static int add_sockets(struct json_object *rules)
{
	return add_argument(add_rule(rules, "socket", 0), 0, AF_VSOCK, "SCMP_CMP_NE");
}

/* No namespaces; clone3, whose flags no filter sees, is as if it were not there. */
static int add_clones(struct json_object *rules)
{
	static const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
					   CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
					   CLONE_NEWNET;
	struct json_object *rule = add_rule(rules, "clone", 0);
	int r = add_argument(rule, 0, namespaces, "SCMP_CMP_MASKED_EQ");

	if (r == 0)
		r = add_condition(rule, "excludes", "CAP_SYS_ADMIN");
	if (r == 0)
		r = add_condition(add_rule(rules, "clone3", ENOSYS), "excludes", "CAP_SYS_ADMIN");
	return r;
}

static int add_rules(struct json_object *rules, const struct abis *these)
{
	int r = add_allowed(rules, these);

	if (r == 0)
		r = add_withheld(rules);
	if (r == 0)
		r = add_personalities(rules);
	if (r == 0)
		r = add_sockets(rules);
	if (r == 0)
		r = add_clones(rules);
	return r == 0 && add_rule(rules, newer, ENOSYS) ? 0 : -ENOMEM;
}

struct json_object *seccomp_base_new(const char *architecture)
{
	_cleanup_json_value_ struct json_object *profile = json_object_new_object();
	const struct abis *these = abis_of(architecture);

	if (!profile ||
	    json_value_add(profile, "defaultAction", json_object_new_string("SCMP_ACT_ERRNO")) < 0)
		return NULL;
	struct json_object *list = json_value_list(profile, "architectures");

	if (!list || json_value_append_texts(list, these->names, count_abis(these)) < 0)
		return NULL;
	struct json_object *rules = json_value_list(profile, "syscalls");

	if (!rules || add_rules(rules, these) < 0)
		return NULL;
	return TAKE_PTR(profile);
}
