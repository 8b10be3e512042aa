/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nsxattrd and 'nsxattr run' say of the kernel when they start comes from kernel_notes(), guard_warning() and
 * filter_lacking(), so that is what is asked here: for each fact by itself, so that each is a finding of its own.
 */
#include "cli/doctor_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach/filter.h"
#include "base/kernel_version.h"
#include "base/probe.h"
#include "base/text_file.h"
#include "count_of.h"
#include "daemon/policies.h"
#include "exec/guard.h"
#include "exec/kernel_notes.h"
#include "integrity/bpf_lsm.h"

/* ---- the version ---- */

/* The facts of a kernel that lacks nothing. */
static const struct kernel_facts whole = {
	.version = { 9999, 0, 0 },
	.tells_mount_maps = true,
};

/* Return: what is said where a supervisor starts; NULL: nothing. */
static const char *note_of(const struct kernel_facts *facts)
{
	const char *notes[KERNEL_NOTES_MAX];

	return kernel_notes(facts, notes) > 0 ? notes[0] : NULL;
}

void doctor_judge_release(struct findings *findings, const char *release,
			  const unsigned int version[3])
{
	struct kernel_facts facts = whole;

	memcpy(facts.version, version, sizeof(facts.version));
	const char *note = note_of(&facts);

	if (version[0] < 5 || (version[0] == 5 && version[1] < 19)) {
		findings_add(findings, FINDING_FAIL, "Linux %s is too old: nsxattr needs 5.19",
			     release);
		findings_remedy(findings, "a newer kernel of the distribution, and a restart");
		return;
	}
	findings_add(findings, FINDING_OK, "Linux %s", release);
	if (!note)
		return;
	findings_add(findings, FINDING_WARN, "%s", note);
	findings_remedy(
		findings,
		"a kernel with the fix cce436aafc2a: Linux 6.18, or 6.17.6, 6.12.56, 6.6.115");
}

void doctor_kernel_release(struct doctor *doctor)
{
	struct utsname name = { 0 };
	unsigned int version[3];

	(void)uname(&name);
	kernel_version_parse(name.release, name.version, version);
	doctor_judge_release(&doctor->findings, name.release, version);
}

/* ---- what it can do ---- */

void doctor_kernel_filter(struct doctor *doctor)
{
	const char *lacking = filter_lacking();

	if (!lacking) {
		findings_add(&doctor->findings, FINDING_OK,
			     "seccomp filters can hand calls to a supervisor");
		return;
	}
	findings_add(&doctor->findings, FINDING_FAIL, "this kernel lacks %s", lacking);
	findings_remedy(&doctor->findings, "a kernel that has it");
}

void doctor_kernel_security(struct doctor *doctor)
{
	if (guard_find(GUARD_AUTO))
		findings_add(&doctor->findings, FINDING_OK,
			     "the kernel checks who sets and removes security.*");
	else
		findings_add_sentence(&doctor->findings, FINDING_WARN, guard_warning());
}

/* One fact: what is said of it, or what it is when it is as it should be. */
static void judge_fact(struct findings *findings, const struct kernel_facts *fact, const char *fine,
		       const char *remedy)
{
	const char *note = note_of(fact);

	findings_add(findings, note ? FINDING_WARN : FINDING_OK, "%s", note ? note : fine);
	if (note)
		findings_remedy(findings, "%s", remedy);
}

static void judge_probe(struct findings *findings, int error, bool is_root)
{
	struct kernel_facts fact = whole;

	fact.probe_error = error;
	if (!is_root && (error == -EPERM || error == -EACCES || error == -EXDEV))
		findings_add(findings, FINDING_UNSEEN,
			     "only root can try whether the kernel can be probed (BPF)");
	else
		judge_fact(findings, &fact, "the kernel can be probed for who a process is",
			   "CONFIG_DEBUG_INFO_BTF and bpf(2), where calls have to be fast");
}

static void judge_rings(struct findings *findings, int error, bool is_root)
{
	struct kernel_facts fact = whole;

	fact.ring_error = error;
	if (!is_root && error == -EPERM)
		findings_add(
			findings, FINDING_UNSEEN,
			"io_uring is forbidden to this user (kernel.io_uring_disabled); nsxattrd may have it");
	else
		judge_fact(findings, &fact, "io_uring is there",
			   "'sysctl kernel.io_uring_disabled=0', or =1 for nsxattrd alone");
}

void doctor_judge_facts(struct findings *findings, const struct kernel_facts *facts, bool is_root)
{
	struct kernel_facts maps = whole;

	judge_probe(findings, facts->probe_error, is_root);
	judge_rings(findings, facts->ring_error, is_root);
	maps.tells_mount_maps = facts->tells_mount_maps;
	judge_fact(
		findings, &maps, "the kernel tells the id maps of mounts",
		"Linux 6.18, if containers have volumes on idmapped mounts; or the policy's 'owner'");
}

void doctor_kernel_facts(struct doctor *doctor)
{
	struct probe *probe = NULL;
	struct kernel_facts facts;
	int r = probe_new(&probe);

	probe_free(probe);
	kernel_facts_learn(r, &facts);
	doctor_judge_facts(&doctor->findings, &facts, geteuid() == 0);
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		findings_add(&doctor->findings, FINDING_OK, "the kernel describes its types (BTF)");
}

/* ---- policies that refuse to execute ---- */

static const struct listed_policy *find_enforcing(const struct policies *policies)
{
	for (size_t i = 0; policies && i < policies->count; i++) {
		const struct listed_policy *listed = &policies->list[i];

		if (listed->folder && listed->folder == policies->folders[0] &&
		    listed->shared->policy->integrity.mode == INTEGRITY_ENFORCE)
			return listed;
	}
	return NULL;
}

void doctor_kernel_enforce(struct doctor *doctor)
{
	const struct listed_policy *listed = find_enforcing(doctor->policies);

	if (!listed)
		return;
	if (bpf_lsm_may_be_active()) {
		findings_add(
			&doctor->findings, FINDING_OK,
			"'bpf' is among the security modules, for the policy '%s' (mode: enforce)",
			listed_policy_name(listed));
		return;
	}
	findings_add(&doctor->findings, FINDING_FAIL,
		     "the policy '%s' has 'mode: enforce', and 'bpf' is not in "
		     "/sys/kernel/security/lsm: its containers do not start",
		     listed_policy_name(listed));
	findings_remedy(
		&doctor->findings,
		"the boot parameter lsm= with that list and ',bpf' at its end, and a restart");
}

/* ---- sysctls ---- */

/** struct setting - one that keeps nsxattr, or containers, from working */
struct setting {
	const char *path; /* below /proc/sys */
	long least, most; /* as it should be */
	long but; /* of these not this one; -1: all of them */
	enum finding_level level; /* else */
	bool is_users; /* it concerns containers of plain users only */
	const char *found;
	const char *remedy;
};

static const struct setting settings[] = {
	{ "kernel/yama/ptrace_scope", 0, 2, -1, FINDING_FAIL, false,
	  "no process may read the memory of another: nsxattr and nsxattrd do not start",
	  "a value below 3 in /etc/sysctl.d, and a restart: it cannot be lowered before" },
	{ "fs/suid_dumpable", 0, 2, 1, FINDING_FAIL, false,
	  "targets could trace processes of nsxattr that have their ids: nsxattr and nsxattrd do not start",
	  "'sysctl fs.suid_dumpable=0', or 2" },
	{ "user/max_user_namespaces", 1, 0x7fffffff, -1, FINDING_FAIL, false,
	  "no user namespace can be made, so no container has ids of its own",
	  "'sysctl user.max_user_namespaces=31000'" },
	{ "user/max_mnt_namespaces", 1, 0x7fffffff, -1, FINDING_FAIL, false,
	  "no mount namespace can be made, so no container starts",
	  "'sysctl user.max_mnt_namespaces=31000'" },
	{ "kernel/unprivileged_userns_clone", 1, 1, -1, FINDING_WARN, true,
	  "plain users cannot make user namespaces: neither rootless containers nor their 'nsxattr run'",
	  "'sysctl kernel.unprivileged_userns_clone=1'" },
	{ "kernel/apparmor_restrict_unprivileged_userns", 0, 0, -1, FINDING_WARN, true,
	  "programs of plain users have no capabilities in the user namespaces that they make, unless a profile "
	  "of AppArmor allows it",
	  "a profile with 'userns,' for nsxattr, or 'sysctl kernel.apparmor_restrict_unprivileged_userns=0'" },
};

/* Return: false: this kernel does not have it. */
static bool read_setting(const char *path, long *ret_value)
{
	char name[128], text[32];

	snprintf(name, sizeof(name), "/proc/sys/%s", path);
	if (text_file_read_start(name, text, sizeof(text)) <= 0)
		return false;
	*ret_value = strtol(text, NULL, 10);
	return true;
}

static void judge_setting(struct doctor *doctor, const struct setting *setting)
{
	long value;

	if (!read_setting(setting->path, &value) ||
	    (value >= setting->least && value <= setting->most && value != setting->but))
		return;
	findings_add(&doctor->findings,
		     setting->is_users && geteuid() != 0 ? FINDING_FAIL : setting->level,
		     "%s is %ld: %s", setting->path, value, setting->found);
	findings_remedy(&doctor->findings, "%s", setting->remedy);
}

void doctor_kernel_settings(struct doctor *doctor)
{
	size_t before = doctor->findings.count;

	for (size_t i = 0; i < COUNT_OF(settings); i++)
		judge_setting(doctor, &settings[i]);
	if (doctor->findings.count == before)
		findings_add(&doctor->findings, FINDING_OK, "no sysctl is in the way");
}
