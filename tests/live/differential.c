/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same random calls in two ways, and no difference in what comes of them: see
 * tests/live/differential-driver.c. Environment:
 *
 *	OPERATIONS	how many calls each comparison makes
 *	NSXATTR_SEED	the seed of the first comparison; the others count on from there
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "count_of.h"
#include "kernel_features.h"
#include "launch.h"

#define DRIVER "tests/live/differential-driver"
#define DRIVER_32 DRIVER "-32"
#ifdef __SANITIZE_THREAD__
#define OPERATIONS "300"
#else
#define OPERATIONS "3000"
#endif
#define SEED 1
/* Seconds; with a sanitizer, and a hundred times the operations, it takes long. */
#define PATIENCE 900

struct comparison {
	const char *identity;
	const char *resolver;
	const char *from; /* where the supervisor has identities from */
	const char *profile;
	const char *policy;
	bool has_namespace; /* in the profiles other than view */
	bool has_foreigners; /* attributes of others lie on the tree */
	bool in_thread; /* the calls are not made by the first thread */
	bool is_unchecked; /* no change is left to the kernel, whatever kernel this is */
	const char *file_system; /* mounted by the host; NULL: that of the scratch directory */
};

#define VIEW(name, how, whence)                                                      \
	{                                                                            \
		.identity = name, .resolver = how, .from = whence, .profile = "view" \
	}
#define VIEWS(name) VIEW(name, "ring", NULL), VIEW(name, "process", "status")
#define KERNEL(name, is_in)                                                                       \
	{                                                                                         \
		.identity = name, .profile = "kernel", .policy = "kernel", .has_namespace = is_in \
	}
#define UNCHECKED(name, is_in, how)                                                         \
	{                                                                                   \
		.identity = name, .resolver = how, .profile = "kernel", .policy = "kernel", \
		.has_namespace = is_in, .is_unchecked = true                                \
	}
#define OTHERS(name, how)                                                                     \
	{                                                                                     \
		.identity = name, .resolver = how, .profile = "others", .has_namespace = true \
	}

static const struct comparison comparisons[] = {
	/* A namespace's root under nsxattr, and the host's root without: the same. */
	VIEWS("root"),
	VIEWS("user"),
	VIEWS("member"),
	VIEWS("admin"),
	VIEWS("setfcap"),
	VIEWS("searcher"),
	VIEWS("overrider"),
	VIEWS("owner"),
	VIEWS("searchless"),
	VIEWS("adminless"),
	VIEWS("setfcapless"),
	VIEWS("powerless"),
	VIEWS("fsuid"),
	VIEWS("undumpable"),
	VIEWS("hidden"),
	VIEW("member", "ring", "status"),
	VIEW("member", "process", NULL),
	{ .identity = "root", .resolver = "ring", .profile = "view", .has_foreigners = true },
	{ .identity = "admin", .resolver = "process", .profile = "view", .has_foreigners = true },
	{ .identity = "root", .resolver = "ring", .profile = "view", .in_thread = true },
	{ .identity = "hidden", .resolver = "process", .profile = "view", .in_thread = true },
	/* Other file systems; on an overlay, the tree is in the layer below. */
	{ .identity = "root", .resolver = "ring", .profile = "view", .file_system = "tmpfs" },
	{ .identity = "user", .resolver = "process", .profile = "view", .file_system = "tmpfs" },
	{ .identity = "root", .resolver = "process", .profile = "view", .file_system = "overlay" },
	{ .identity = "admin", .resolver = "ring", .profile = "view", .file_system = "overlay" },
	/* With everything left to the kernel nothing differs, here or there. */
	KERNEL("root", false),
	KERNEL("root", true),
	KERNEL("user", false),
	KERNEL("user", true),
	KERNEL("fsuid", false),
	KERNEL("hidden", true),
	/* The host's own processes have the host's names, with the default policy too. */
	{ .identity = "root", .profile = "kernel" },
	{ .identity = "admin", .profile = "kernel" },
	/* Names that the default policy leaves to the kernel. */
	OTHERS("root", "ring"),
	OTHERS("root", "process"),
	OTHERS("user", "ring"),
	OTHERS("searchless", "process"),
	/* What is left to the kernel, by a stand-in and our own check: nothing differs either. */
	UNCHECKED("root", false, "ring"),
	UNCHECKED("root", true, "ring"),
	UNCHECKED("user", false, "process"),
	UNCHECKED("user", true, "ring"),
	UNCHECKED("admin", true, "process"),
	UNCHECKED("setfcap", true, "ring"),
	UNCHECKED("fsuid", false, "ring"),
	UNCHECKED("hidden", true, "process"),
	UNCHECKED("searchless", true, "process"),
	{ .identity = "root", .profile = "kernel", .is_unchecked = true },
	{ .identity = "root", .profile = "others", .has_namespace = true, .is_unchecked = true },
	{ .identity = "user", .profile = "view", .is_unchecked = true },
};

/* One run of a comparison. */
struct side {
	const char *directory;
	const char *log;
	struct launch launch;
};

static const char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static unsigned long first_seed(void)
{
	const char *seed = getenv("NSXATTR_SEED");

	return seed ? strtoul(seed, NULL, 0) : SEED;
}

static const char *option(const char *name, const char *value)
{
	static char options[16][256];
	static unsigned int turn;
	char *to = options[turn++ % COUNT_OF(options)];

	snprintf(to, sizeof(options[0]), "--%s=%s", name, value);
	return to;
}

static void make_directory(const char *path, bool is_namespaces)
{
	uid_t owner = is_namespaces ? USUAL_ROOT : 0;

	cr_assert_eq(mkdir(path, 0755), 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(chown(path, owner, owner), 0);
}

static bool is_overlay(const struct comparison *comparison)
{
	return comparison->file_system && strcmp(comparison->file_system, "overlay") == 0;
}

/* Run the driver, with its standard output in the log. */
static void run_driver(const struct side *side, const struct comparison *comparison,
		       const char *driver, unsigned long seed, const char *steps)
{
	char number[32];
	int log = open(side->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	snprintf(number, sizeof(number), "%lu", seed);
	const char *const argv[] = {
		driver,
		option("directory", side->directory),
		option("profile", comparison->profile),
		option("identity", comparison->identity),
		option("seed", number),
		option("operations", environment("OPERATIONS", OPERATIONS)),
		option("steps", steps),
		option("security", kernel_checks_security() ? "checked" : "unchecked"),
		/* The first NULL ends them; no comparison has both. */
		comparison->in_thread  ? "--thread" :
		is_overlay(comparison) ? "--vague-lists" :
					 NULL,
		NULL,
	};
	struct launch launch = side->launch;

	cr_assert_geq(log, 0);
	launch.argv = argv;
	launch.output = log;
	int status = launch_run(&launch, PATIENCE);

	close(log);
	cr_assert_eq(status, 0, "the driver (%s, seed %lu, %s) has ended with %d",
		     comparison->identity, seed, launch.is_supervised ? "supervised" : "natively",
		     status);
}

static void complain_of_line(const struct comparison *comparison, unsigned long seed,
			     const char *native, const char *supervised)
{
	cr_assert(false,
		  "profile %s, identity %s, %s, policy %s, seed %lu:\n"
		  "natively:   %s\nsupervised: %s\n"
		  "NSXATTR_SEED=%lu repeats it; see --only in tests/live/differential-driver.c\n",
		  comparison->profile, comparison->identity,
		  comparison->resolver ? comparison->resolver : "auto",
		  comparison->policy ? comparison->policy : "default", seed, native, supervised,
		  first_seed());
}

/* Return: how many lines are the same, from the first on; *ret_same whether that is all. */
static size_t compare_logs(const char *left_path, const char *right_path, bool *ret_same,
			   char *left_line, char *right_line, size_t size)
{
	FILE *left = fopen(left_path, "re"), *right = fopen(right_path, "re");
	size_t count = 0;

	cr_assert(left && right);
	for (*ret_same = true; *ret_same; count++) {
		char *a = fgets(left_line, (int)size, left);
		char *b = fgets(right_line, (int)size, right);

		if (!a && !b)
			break;
		if (!a)
			strcpy(left_line, "(the end)\n");
		if (!b)
			strcpy(right_line, "(the end)\n");
		*ret_same = a && b && strcmp(a, b) == 0;
	}
	fclose(left);
	fclose(right);
	return count;
}

static void compare(const struct comparison *comparison, unsigned long seed,
		    const struct side *native, const struct side *supervised)
{
	static char left[65536], right[65536];
	bool same;
	size_t lines = compare_logs(native->log, supervised->log, &same, left, right, sizeof(left));

	if (!same)
		complain_of_line(comparison, seed, left, right);
	/* A driver that does nothing would agree with itself. */
	cr_assert_gt(lines, strtoul(environment("OPERATIONS", OPERATIONS), NULL, 0));
}

/* ---- what belongs to others ---- */

/* Names that the namespace neither sees nor reaches; the last ones are the host's own. */
static const char *const foreign_names[] = {
	"security.a@uid=200000", "security.NTACL@uid=99999", "security.foreign@uid=165536",
	"trusted.t@uid=200000",	 "security.a@what",	     "trusted.t",
	"trusted.hosts",
};

static int visits;

static int add_foreigners(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	for (size_t i = 0; i < COUNT_OF(foreign_names); i++)
		if (lsetxattr(path, foreign_names[i], "theirs", 6, XATTR_CREATE) < 0)
			return errno;
	visits++;
	return 0;
}

static int check_foreigners(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	char value[16];

	(void)stat;
	(void)type;
	(void)ftw;
	for (size_t i = 0; i < COUNT_OF(foreign_names); i++) {
		ssize_t length = lgetxattr(path, foreign_names[i], value, sizeof(value));

		cr_expect(length == 6 && memcmp(value, "theirs", 6) == 0, "%s of %s was changed",
			  foreign_names[i], path);
	}
	visits--;
	return 0;
}

static void for_each_inode(const char *directory, __nftw_func_t visit)
{
	int r = nftw(directory, visit, 16, FTW_PHYS | FTW_MOUNT);

	cr_assert_eq(r, 0, "%s: %s", directory, strerror(r));
}

static void compare_among_foreigners(const struct comparison *comparison, const char *driver,
				     unsigned long seed, const struct side *native,
				     const struct side *supervised)
{
	run_driver(native, comparison, driver, seed, "all");
	run_driver(supervised, comparison, driver, seed, "make");
	/* Hard links are met twice, and CREATE would fail. */
	cr_assert_eq(unlink(scratch_path("supervised/tree/hardlink")), 0);
	for_each_inode(scratch_path("supervised/tree"), add_foreigners);
	cr_assert_eq(link(scratch_path("supervised/tree/file"),
			  scratch_path("supervised/tree/hardlink")),
		     0);
	cr_assert_gt(visits, 50);
	run_driver(supervised, comparison, driver, seed, "run");
	compare(comparison, seed, native, supervised);
	cr_assert_eq(unlink(scratch_path("supervised/tree/hardlink")), 0);
	for_each_inode(scratch_path("supervised/tree"), check_foreigners);
	cr_assert_eq(visits, 0, "the tree has changed");
}

/* ---- other file systems ---- */

static void mount_on(const struct side *side, const char *type, const char *options)
{
	if (mount("none", side->directory, type, 0, options) < 0)
		SKIP("%s cannot be mounted: %s", type, strerror(errno));
	scratch_mounted(side->directory);
}

static void cover_with_tmpfs(const struct side *side, uid_t owner)
{
	mount_on(side, "tmpfs", "mode=755");
	cr_assert_eq(chown(side->directory, owner, owner), 0);
}

/* The upper layer's root is what is seen, so that has the owner of what it covers. */
static void cover_with_overlay(const struct side *side, bool is_namespaces)
{
	char upper[512], work[512], options[2048];

	snprintf(upper, sizeof(upper), "%s.upper", side->directory);
	snprintf(work, sizeof(work), "%s.work", side->directory);
	make_directory(upper, is_namespaces);
	make_directory(work, false);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", side->directory,
		 upper, work);
	mount_on(side, "overlay", options);
}

/* The driver takes the directory's path as it is: the mount covers what it has made there. */
static void compare_on_overlay(const struct comparison *comparison, const char *driver,
			       unsigned long seed, const struct side *sides)
{
	for (size_t i = 0; i < 2; i++) {
		run_driver(&sides[i], comparison, driver, seed, "make");
		cover_with_overlay(&sides[i], sides[i].launch.map);
		run_driver(&sides[i], comparison, driver, seed, "run");
	}
	compare(comparison, seed, &sides[0], &sides[1]);
}

/* ---- the tests ---- */

static void run_comparison(const struct comparison *comparison, const char *driver,
			   unsigned long seed)
{
	bool is_view = strcmp(comparison->profile, "view") == 0;
	bool has_namespace = is_view || comparison->has_namespace;
	const struct side sides[] = {
		{
			.directory = scratch_path("native"),
			.log = scratch_path("native.log"),
			.launch.map = !is_view && has_namespace ? USUAL_MAP : NULL,
		},
		{
			.directory = scratch_path("supervised"),
			.log = scratch_path("supervised.log"),
			.launch = { .is_supervised = true,
				    .map = has_namespace ? USUAL_MAP : NULL,
				    .policy = comparison->policy,
				    .resolver = comparison->resolver,
				    .identity = comparison->from,
				    .is_unchecked = comparison->is_unchecked },
		},
	};

	make_directory(sides[0].directory, sides[0].launch.map);
	make_directory(sides[1].directory, has_namespace);
	if (is_overlay(comparison)) {
		compare_on_overlay(comparison, driver, seed, sides);
		return;
	}
	if (comparison->file_system) {
		cover_with_tmpfs(&sides[0], 0);
		cover_with_tmpfs(&sides[1], USUAL_ROOT);
	}
	if (comparison->has_foreigners) {
		compare_among_foreigners(comparison, driver, seed, &sides[0], &sides[1]);
		return;
	}
	run_driver(&sides[0], comparison, driver, seed, "all");
	run_driver(&sides[1], comparison, driver, seed, "all");
	compare(comparison, seed, &sides[0], &sides[1]);
}

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
}

TestSuite(differential, .init = begin, .fini = scratch_remove, .timeout = 2 * PATIENCE);

ParameterizedTestParameters(differential, no_difference)
{
	static size_t indexes[COUNT_OF(comparisons)];

	for (size_t i = 0; i < COUNT_OF(comparisons); i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, COUNT_OF(comparisons));
}

ParameterizedTest(size_t *index, differential, no_difference)
{
	run_comparison(&comparisons[*index], scratch_program(DRIVER), first_seed() + *index);
}

/*
 * A kernel that executes no program of 32 bits, or a processor that has no such instructions, can make no difference;
 * unlike a missing package, that is not for a test run to mend.
 */
static bool is_executable(const char *program)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, (char *)NULL);
		_exit(errno == ENOEXEC ? 1 : 0);
	}
	int status = 0;

	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 1;
}

/* Other numbers, other sizes; statically linked: no vDSO, no loader. */
static void compare_for_32_bits(const struct comparison *comparison)
{
	if (access(build_path(DRIVER_32), X_OK) < 0)
		SKIP("programs of 32 bits could not be built: gcc-multilib, or its like, is missing");
	const char *driver = scratch_program(DRIVER_32);

	if (!is_executable(driver)) {
		printf("this kernel executes no program of 32 bits\n");
		return;
	}
	run_comparison(comparison, driver, first_seed() + COUNT_OF(comparisons));
}

Test(differential, no_difference_for_32_bits)
{
	compare_for_32_bits(&(struct comparison)VIEW("root", "ring", NULL));
}

Test(differential, no_difference_for_32_bits_without_privilege)
{
	compare_for_32_bits(&(struct comparison)VIEW("member", "process", "status"));
}

Test(differential, no_difference_for_32_bits_left_to_the_kernel)
{
	compare_for_32_bits(&(struct comparison)KERNEL("root", true));
}

Test(differential, no_difference_for_32_bits_by_a_stand_in)
{
	compare_for_32_bits(&(struct comparison)UNCHECKED("root", true, "ring"));
}

/* The comparison itself: what differs is seen to differ. */
Test(differential, a_difference_is_noticed)
{
	const struct comparison comparison = KERNEL("root", false);
	const struct side sides[] = {
		{ .directory = scratch_path("left"), .log = scratch_path("left.log") },
		{ .directory = scratch_path("right"), .log = scratch_path("right.log") },
	};
	char lines[2][4096];
	bool same;

	for (unsigned long i = 0; i < 2; i++) {
		make_directory(sides[i].directory, false);
		run_driver(&sides[i], &comparison, scratch_program(DRIVER), SEED, "all");
	}
	compare_logs(sides[0].log, sides[1].log, &same, lines[0], lines[1], sizeof(lines[0]));
	cr_assert(same);
	/* The same calls once more find what they have left behind. */
	run_driver(&sides[1], &comparison, scratch_program(DRIVER), SEED, "run");
	compare_logs(sides[0].log, sides[1].log, &same, lines[0], lines[1], sizeof(lines[0]));
	cr_assert_not(same);
}
