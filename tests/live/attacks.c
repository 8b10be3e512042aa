/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the root of a namespace might try, so that a hole that was closed stays so: the attacks are in
 * tests/live/attack-driver.c, which compares what it gets with what the kernel says; what they were
 * after is looked at here, by the host. ATTACK_ROUNDS says how often those try that wait for a moment.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "inode.h"
#include "launch.h"
#include "xattr_calls.h"

/* Seconds; generous, for sanitizers and a million rounds on a machine that is busy. */
#define PATIENCE 7200

static const char strict_policy[] = "version: 1\n"
				    "mode: strict\n"
				    "attributes: [{ name: security.hidden, scheme: hide }]\n"
				    "default: kernel\n";
static const char fast_policy[] = "version: 1\n"
				  "mode: fast\n"
				  "attributes: [{ name: security.hidden, scheme: hide }]\n"
				  "default: kernel\n";

/* What the driver expects to lie beside its directory. */
static void begin(void)
{
	scratch_new();
	inode_directory("inside", USUAL_ROOT, 0755);
	inode_directory("private", 0, 0700);
	inode_set(inode_file("private/secret", 0), "security.a", "private");
	inode_set(inode_file("host", 0), "security.a", "host");
	/* So that the supervisor is a child of ours, by which the driver knows it. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

TestSuite(attacks, .init = begin, .fini = scratch_remove, .timeout = 2 * PATIENCE);

/* A test for each way to search paths. */
#define ATTACK(name)                            \
	static void name(const char *resolver); \
	Test(attacks, name##_ring)              \
	{                                       \
		name("ring");                   \
	}                                       \
	Test(attacks, name##_process)           \
	{                                       \
		name("process");                \
	}                                       \
	static void name(const char *resolver)

static const char *rounds(void)
{
	const char *given = getenv("ATTACK_ROUNDS");

	return given && *given ? given : "50000";
}

static void attack_by(struct launch launch, const char *scene, const char *count,
		      const char *variant)
{
	const char *const argv[] = { scratch_program("tests/live/attack-driver"), scene, count,
				     variant, NULL };

	launch.argv = argv;
	launch.is_supervised = true;
	launch.map = USUAL_MAP;
	launch.directory = scratch_path("inside");
	int status = launch_run(&launch, PATIENCE);

	cr_expect_eq(status, 0, "%s, %s: ended with %d", scene, launch.resolver, status);
}

static void attack_under(const char *policy, const char *resolver, const char *scene,
			 const char *count, const char *variant)
{
	attack_by((struct launch){ .policy = policy, .resolver = resolver }, scene, count, variant);
}

static void attack(const char *resolver, const char *scene, const char *count)
{
	attack_under(NULL, resolver, scene, count, NULL);
	/* Nothing was read; nothing may have been written, either, under whatever name. */
	INODE_LISTS(scratch_path("private/secret"), "security.a,");
	INODE_HAS(scratch_path("private/secret"), "security.a", "private");
	INODE_LISTS(scratch_path("host"), "security.a,");
	INODE_HAS(scratch_path("host"), "security.a", "host");
}

ATTACK(directories_over_procfs)
{
	attack(resolver, "covered", NULL);
}

ATTACK(links_over_procfs)
{
	attack(resolver, "links", NULL);
}

ATTACK(links_over_procfs_in_a_chroot)
{
	attack(resolver, "jail", NULL);
}

Test(attacks, the_supervisors_entry)
{
	attack("ring", "entries", NULL);
}

Test(attacks, the_entries_of_supervisor_and_deputy)
{
	attack("process", "entries", "deputy");
}

/* A call that hangs is ended by the driver, and counted as wrong. */
ATTACK(an_entry_made_of_pipes)
{
	attack(resolver, "entry", NULL);
}

Test(attacks, deputies_killed_and_stopped)
{
	attack("process", "deputies", "20");
}

static const char *write_policy(const char *text)
{
	const char *path = scratch_path("policy.yaml");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

/* Its server chooses the numbers of inodes, by which no supervisor may know the root directory. */
ATTACK(a_root_directory_on_fuse)
{
	scratch_open_fuse();
	attack(resolver, "fuse", "1000");
}

/* What cannot be ended counts as long as it is there. */
ATTACK(a_file_system_that_never_answers)
{
	scratch_open_fuse();
	attack_under(write_policy(strict_policy), resolver, "stuck", NULL, NULL);
}

/* It may be written by everybody, and so is the user store, but is not the namespace's own. */
ATTACK(an_owner_who_is_not_mapped)
{
	scratch_open_fuse();
	attack_under(write_policy("version: 1\nstore: user\n"
				  "attributes: [{ name: security.*, scheme: suffix }]\n"),
		     resolver, "unmapped", NULL, NULL);
}

/* CAP_NET_RAW, permitted and effective, in the form that belongs to the host. */
static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 0x20 };

ATTACK(a_capability_whose_size_changes)
{
	const char *host = scratch_path("host");
	unsigned char found[64];

	bool is_missing = syscall(SYS_setxattrat, -1, "", 0, "", NULL, 0) < 0 && errno == ENOSYS;

	cr_assert_eq(setxattr(host, "security.capability", capability, sizeof(capability), 0), 0);
	attack_under(NULL, resolver, "capability", rounds(), is_missing ? "missing" : NULL);
	cr_expect_eq(getxattr(host, "security.capability", found, sizeof(found)),
		     sizeof(capability));
	cr_expect_eq(memcmp(found, capability, sizeof(capability)), 0);
}

/* ---- name and path change ---- */

static void prepare(const char *path, const char *hidden, const char *free)
{
	inode_set(path, "security.hidden", hidden);
	inode_set(path, "user.free", free);
}

static void race(const char *policy, const char *resolver, const char *variant)
{
	const char *own = inode_file("inside/own", USUAL_ROOT);

	prepare(own, "hidden", "free");
	prepare(scratch_path("host"), "hidden", "free");
	prepare(scratch_path("private/secret"), "private", "private");
	attack_under(write_policy(policy), resolver, "race", rounds(), variant);
	INODE_HAS(scratch_path("inside/own"), "security.hidden", "hidden");
	INODE_HAS(scratch_path("host"), "security.hidden", "hidden");
	INODE_HAS(scratch_path("host"), "user.free", "free");
	INODE_LISTS(scratch_path("host"), "security.a,security.hidden,user.free,");
	INODE_HAS(scratch_path("private/secret"), "security.hidden", "private");
	INODE_HAS(scratch_path("private/secret"), "user.free", "private");
	INODE_LISTS(scratch_path("private/secret"), "security.a,security.hidden,user.free,");
}

/* Nothing goes back to the kernel, so what is hidden is neither read nor written. */
ATTACK(a_race_in_mode_strict)
{
	race(strict_policy, resolver, NULL);
}

/* What the kernel itself allows can be had: to read what is hidden, but not to write it. */
ATTACK(a_race_in_mode_fast)
{
	race(fast_policy, resolver, "fast");
}

/* ---- a name that changes between the supervisor and the kernel ---- */

static void change_names(const struct launch *launch, const char *other, const char *count)
{
	const char *own = inode_file("inside/own", USUAL_ROOT);

	inode_set(own, other, "kept");
	attack_by(*launch, "flip", count, other);
	INODE_HAS(scratch_path("inside/own"), other, "kept");
}

/* The host's plain name: only a kernel that does not check who changes security.* lets it be changed. */
ATTACK(a_name_that_becomes_the_hosts)
{
	change_names(&(struct launch){ .resolver = resolver }, "security.aaaa", rounds());
}

/*
 * The same where no kernel would object to the other name, but the policy does: what is continued reaches it,
 * and where no change is continued, nothing does.
 */
ATTACK(a_name_that_changes_where_the_kernel_does_not_check)
{
	const char *policy = write_policy("version: 1\nmode: fast\n"
					  "attributes: [{ name: user.bbbbbbbb, scheme: deny }]\n"
					  "default: kernel\n");
	const char *given = getenv("ATTACK_ROUNDS");

	change_names(
		&(struct launch){ .policy = policy, .resolver = resolver, .is_unchecked = true },
		"user.bbbbbbbb", given && *given ? given : "100000");
}
