/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of 'nsxattr doctor' for which this host need not be as they say. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/kernel_version.h"
#include "cli/doctor_owners.h"
#include "cli/doctor_parts.h"
#include "exec/kernel_notes.h"
#include "hook/refused_starts.h"

static struct doctor doctor;

static void forget(void)
{
	findings_done(&doctor.findings);
}

TestSuite(doctor, .fini = forget, .timeout = 60);

/* The first finding of a level; else the test fails. */
static const struct finding *find(enum finding_level level)
{
	for (size_t i = 0; i < doctor.findings.count; i++)
		if (doctor.findings.all[i].level == level)
			return &doctor.findings.all[i];
	cr_assert_fail("there is no such finding");
	return NULL;
}

static void expect_found(enum finding_level level, const char *text)
{
	const struct finding *finding = find(level);

	cr_expect_not_null(strstr(finding->found, text), "%s", finding->found);
	if (level >= FINDING_WARN)
		cr_expect_not_null(finding->remedy);
}

/* ---- kernels ---- */

static int judge_release(const char *release, const char *version)
{
	unsigned int numbers[3];

	findings_done(&doctor.findings);
	kernel_version_parse(release, version, numbers);
	doctor_judge_release(&doctor.findings, release, numbers);
	return findings_status(&doctor.findings);
}

Test(doctor, fails_for_a_kernel_that_is_too_old)
{
	cr_expect_eq(judge_release("5.10.0-30-amd64", "#1 SMP Debian 5.10.218-1"), 2);
	expect_found(FINDING_FAIL, "5.10.0-30-amd64 is too old");
	cr_expect_eq(judge_release("4.19.1", "#1 SMP"), 2);
}

Test(doctor, warns_of_a_kernel_that_restarts_calls_that_were_answered)
{
	cr_expect_eq(judge_release("6.1.0-50-amd64", "#1 SMP Debian 6.1.170-1"), 1);
	expect_found(FINDING_WARN, "may restart a call that was answered");
	cr_expect_not_null(strstr(find(FINDING_WARN)->remedy, "cce436aafc2a"));
	cr_expect_eq(judge_release("6.12.55", "#1 SMP"), 1);
}

Test(doctor, is_content_with_a_kernel_that_has_the_fix)
{
	cr_expect_eq(judge_release("6.12.0-1-amd64", "#1 SMP Debian 6.12.56-1"), 0);
	cr_expect_eq(judge_release("6.18.5", "#1 SMP"), 0);
	cr_expect_eq(judge_release("7.0.0", "#1 SMP"), 0);
}

Test(doctor, says_what_is_slower)
{
	const struct kernel_facts facts = { .version = { 6, 18, 0 },
					    .probe_error = -ENOENT,
					    .ring_error = -EPERM,
					    .tells_mount_maps = true };

	doctor_judge_facts(&doctor.findings, &facts, true);
	cr_expect_eq(findings_status(&doctor.findings), 1);
	expect_found(FINDING_WARN, "/sys/kernel/btf/vmlinux");
	cr_expect_not_null(strstr(doctor.findings.all[1].found, "io_uring is forbidden"));
	expect_found(FINDING_OK, "id maps of mounts");
}

Test(doctor, does_not_blame_the_host_for_what_a_plain_user_may_not)
{
	const struct kernel_facts facts = { .version = { 6, 18, 0 },
					    .probe_error = -EPERM,
					    .ring_error = -EPERM,
					    .tells_mount_maps = true };

	doctor_judge_facts(&doctor.findings, &facts, false);
	cr_expect_eq(findings_status(&doctor.findings), 0);
	expect_found(FINDING_UNSEEN, "only root can try");
}

/* ---- ids ---- */

/* What is found in a file of this text. */
static int judge_ranges(const char *text)
{
	static char path[32];
	int file = memfd_create("subid", MFD_CLOEXEC);

	findings_done(&doctor.findings);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	doctor.subuid = doctor.subgid = path;
	doctor_ids_overlaps(&doctor);
	close(file);
	return findings_status(&doctor.findings);
}

Test(doctor, is_content_with_ranges_that_touch)
{
	cr_expect_eq(judge_ranges("a:100000:65536\nb:165536:65536\nc:1:1\n"), 0);
	expect_found(FINDING_OK, "3 ranges");
}

Test(doctor, fails_for_ranges_that_overlap)
{
	cr_expect_eq(judge_ranges("b:165535:65536\na:100000:65536\n"), 2);
	expect_found(FINDING_FAIL, "gives the ids 165535 to 165535 to 'a' and to 'b'");
}

Test(doctor, sees_a_range_within_one_that_began_much_earlier)
{
	cr_expect_eq(judge_ranges("a:100000:1000000\na:200000:10\ncontainers:300000:10\n"), 2);
	expect_found(FINDING_FAIL, "300000 to 300009 to 'a' and to 'containers'");
}

Test(doctor, lets_one_user_have_a_range_twice)
{
	cr_expect_eq(judge_ranges("root:100000:65536\nroot:100000:65536\n0:100000:65536\n"), 0);
}

Test(doctor, passes_over_lines_that_are_no_ranges)
{
	cr_expect_eq(judge_ranges("# a:1:5\n\na\na:\n:1:5\na:x:y\nb:1:5\n"), 0);
	expect_found(FINDING_OK, "1 range, of");
}

/* ---- what hooks have refused ---- */

static int judge_refused(uid_t reader, const char *named)
{
	static char name[] = "web", reason[] = "no";
	const struct refused_starts starts = {
		.reader = reader,
		.all = { { .time = time(NULL), .user = 4242, .container = name, .reason = reason } },
		.count = 1,
	};

	findings_done(&doctor.findings);
	doctor.container = named;
	doctor_judge_refused(&doctor, &starts);
	return findings_status(&doctor.findings);
}

Test(doctor, finds_fault_with_refusals_of_its_own_user_alone)
{
	cr_expect_eq(judge_refused(4242, NULL), 1);
	expect_found(FINDING_WARN, "web of user 4242 was not started: no");
	cr_expect_eq(judge_refused(4242, "web"), 2);
	cr_expect_eq(judge_refused(4242, "db"), 0);
	cr_expect_eq(judge_refused(0, "web"), 0);
	expect_found(FINDING_NOTE, "web of user 4242 was not started: no");
	expect_found(FINDING_OK, "no hook has refused a container of this user");
}

/* ---- processes ---- */

Test(doctor, looks_at_owners_in_the_root_directory_of_a_process)
{
	static struct doctor_owners owners;

	cr_assert_eq(doctor_owners_find(getpid(), "/etc/passwd", &owners), 0);
	cr_assert_eq(owners.count, 1);
	cr_expect_eq(owners.all[0].error, 0);
	cr_expect_eq(owners.all[0].user, 0);
	cr_assert_eq(doctor_owners_find(getpid(), "/none", &owners), 0);
	cr_expect_eq(owners.all[0].error, ENOENT);
	cr_assert_eq(doctor_owners_find(getpid(), NULL, &owners), 0);
	cr_assert_geq(owners.count, 1);
	cr_expect_str_eq(owners.all[0].path, "/");
}
