/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second oracle: what a call achieves in a namespace without nsxattr, it achieves there under nsxattr.
 *
 * tests/live/differential-driver.c makes the same random calls (profile superset) by the same identity in
 * the same kind of namespace, on two trees that are alike, once natively and once supervised. For each call
 * that succeeded natively, the supervised one
 *
 *	set, remove	has succeeded
 *	get		has returned the same value, or the same length if no value was asked for
 *	list		has returned all of these names, and perhaps others; or a length that is not less
 *
 * What failed natively may have any result: that is what nsxattr is for. The names of the profile have no
 * '@', which means something else in a view by contract, and values are modest, so that what nsxattr
 * keeps besides does not fill the inode. Environment:
 *
 *	OPERATIONS	how many calls each comparison makes
 *	NSXATTR_SEED	the seed of the first comparison; the others count on from there
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count_of.h"
#include "idmapped.h"
#include "inode.h"
#include "kernel_features.h"
#include "launch.h"

#define DRIVER "tests/live/differential-driver"
#define OPERATIONS "315"
#define PATIENCE 900 /* seconds */
#define LINE_SIZE 65536
/* An ordinary login, and the ids that it may map. */
#define LOGIN 12345
#define LOGIN_NAME "superset"
#define LOGIN_SUBIDS "3000000:65536"
/* Root of a namespace within the usual one, in the numbers of the host. */
#define NESTED_ROOT 101000
#define NESTED_MAP "0 1000 60000"

/* Where a file system is mounted: by the maker of the tree's scene, or by the namespace itself. */
enum place { OUTSIDE, INSIDE };

struct comparison {
	const char *file_system;
	enum place place;
	const char *policy;
	const char *identity; /* of the driver */
	bool is_login; /* of an ordinary login; else of host root */
	bool is_nested; /* one user namespace deeper */
	bool is_unchecked; /* no change goes back to the kernel; not of a login */
};

static const struct comparison comparisons[] = {
	{ "ext4", OUTSIDE, "default", .identity = "root" },
	{ "ext4", OUTSIDE, "default", .identity = "member", .is_nested = true },
	{ "ext4", OUTSIDE, "user", .identity = "root" },
	{ "ext4", OUTSIDE, "strict", .identity = "adminless" },
	{ "ext4", OUTSIDE, "user", .identity = "root", .is_login = true },
	{ "ext4", OUTSIDE, "user", .identity = "member", .is_login = true },
	{ "ext4", OUTSIDE, "user", .identity = "root", .is_login = true, .is_nested = true },
	{ "xfs", OUTSIDE, "default", .identity = "root" },
	{ "xfs", OUTSIDE, "user", .identity = "root", .is_login = true },
	{ "btrfs", OUTSIDE, "default", .identity = "member" },
	{ "btrfs", OUTSIDE, "user", .identity = "root", .is_login = true },
	{ "tmpfs", OUTSIDE, "default", .identity = "root" },
	{ "tmpfs", OUTSIDE, "strict", .identity = "root" },
	{ "tmpfs", INSIDE, "default", .identity = "root" },
	{ "tmpfs", INSIDE, "default", .identity = "admin" },
	{ "tmpfs", INSIDE, "strict", .identity = "root", .is_nested = true },
	{ "tmpfs", INSIDE, "user", .identity = "root" },
	{ "tmpfs", INSIDE, "user", .identity = "root", .is_login = true },
	{ "tmpfs", INSIDE, "user", .identity = "member", .is_login = true, .is_nested = true },
	{ "overlay", OUTSIDE, "default", .identity = "root" },
	{ "overlay", OUTSIDE, "strict", .identity = "member" },
	{ "overlay", INSIDE, "default", .identity = "root" },
	{ "overlay", INSIDE, "user", .identity = "root" },
	{ "overlay", INSIDE, "user", .identity = "root", .is_login = true },
	{ "overlay-on-tmpfs", INSIDE, "default", .identity = "root" },
	{ "overlay-on-tmpfs", INSIDE, "user", .identity = "root", .is_login = true },
	{ "fuse", OUTSIDE, "default", .identity = "root" },
	{ "fuse", OUTSIDE, "user", .identity = "member" },
	{ "fuse", INSIDE, "default", .identity = "root" },
	{ "fuse", INSIDE, "strict", .identity = "root" },
	{ "fuse", INSIDE, "user", .identity = "root" },
	{ "fuse", INSIDE, "user", .identity = "root", .is_login = true },
	{ "fuse-for-all", INSIDE, "default", .identity = "member" },
	{ "fuse-for-all", INSIDE, "user", .identity = "member", .is_login = true },
	{ "fuse-for-all", INSIDE, "default", .identity = "root", .is_nested = true },
	{ "idmapped", OUTSIDE, "default", .identity = "root" },
	{ "idmapped", OUTSIDE, "user", .identity = "root" },
	{ "idmapped", OUTSIDE, "strict", .identity = "member" },
	/* As on a kernel that does not check: what is the namespace's own is told by the probe alone. */
	{ "ext4", OUTSIDE, "default", .identity = "root", .is_unchecked = true },
	{ "tmpfs", INSIDE, "default", .identity = "root", .is_unchecked = true },
	{ "tmpfs", INSIDE, "user", .identity = "root", .is_unchecked = true },
	{ "tmpfs", INSIDE, "strict", .identity = "root", .is_nested = true, .is_unchecked = true },
	{ "overlay-on-tmpfs", INSIDE, "default", .identity = "root", .is_unchecked = true },
	{ "fuse", INSIDE, "default", .identity = "root", .is_unchecked = true },
	{ "fuse", INSIDE, "user", .identity = "root", .is_unchecked = true },
	{ "fuse-for-all", INSIDE, "default", .identity = "member", .is_unchecked = true },
};

/* Mounts what the namespace mounts itself, runs the rest of its arguments, and unmounts. */
static const char inside[] =
	"fs=$1 dir=$2; shift 2\n"
	"case $fs in\n"
	"tmpfs) mount -t tmpfs -o mode=755 none \"$dir\" ;;\n"
	"overlay) mount -t overlay -o userxattr,lowerdir=\"$dir.lower\",upperdir=\"$dir.upper\","
	"workdir=\"$dir.work\" none \"$dir\" ;;\n"
	"overlay-on-tmpfs) mount -t tmpfs -o mode=755 none \"$dir.lower\" &&\n"
	"	mkdir \"$dir.lower/l\" \"$dir.lower/u\" \"$dir.lower/w\" &&\n"
	"	mount -t overlay -o lowerdir=\"$dir.lower/l\",upperdir=\"$dir.lower/u\","
	"workdir=\"$dir.lower/w\" none \"$dir\" ;;\n"
	"fuse) bindfs \"$dir.lower\" \"$dir\" ;;\n"
	"fuse-for-all) bindfs -o allow_other \"$dir.lower\" \"$dir\" ;;\n"
	"esac || exit 99\n"
	"\"$@\"\n"
	"status=$?\n"
	"[ \"$fs\" = - ] || umount \"$dir\" || exit 98\n"
	"exit $status\n";

/* ---- the scene ---- */

static uid_t root_of(const struct comparison *comparison)
{
	if (comparison->is_login)
		return comparison->is_nested ? 3000000 + 1000 - 1 : LOGIN;
	return comparison->is_nested ? NESTED_ROOT : USUAL_ROOT;
}

static void make_directory(const char *path, uid_t owner)
{
	cr_assert_eq(mkdir(path, 0755), 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(chown(path, owner, owner), 0);
}

__attribute__((format(printf, 1, 2))) static void need(const char *format, ...)
{
	char command[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		SKIP("this machine cannot do it: %s", command);
}

static void replace(const char *path, const char *line)
{
	const char *copy = scratch_path("%s", strrchr(path, '/') + 1);

	need("cat %s >%s 2>/dev/null || :", path, copy);
	FILE *file = fopen(copy, "ae");

	cr_assert_not_null(file);
	fprintf(file, "%s\n", line);
	fclose(file);
	chmod(copy, 0644);
	cr_assert_eq(mount(copy, path, NULL, MS_BIND, NULL), 0, "%s: %s", path, strerror(errno));
	scratch_mounted(path);
}

/* Seen by this test and what it starts only. */
static void make_login(void)
{
	replace("/etc/passwd", LOGIN_NAME ":x:12345:12345::/:/bin/sh");
	replace("/etc/subuid", LOGIN_NAME ":" LOGIN_SUBIDS);
	replace("/etc/subgid", LOGIN_NAME ":" LOGIN_SUBIDS);
}

static void mount_image(const char *type, const char *directory)
{
	const char *image = scratch_path("image");

	need("truncate -s 400M %s%s", image, "");
	need(strcmp(type, "ext4") == 0 ? "mkfs.%s -q -b 4096 -N 4096 %s" :
					 "mkfs.%s -q %s >/dev/null",
	     type, image);
	need("mount -o loop %s %s 2>/dev/null", image, directory);
	scratch_mounted(directory);
}

static void mount_tmpfs(const char *directory)
{
	cr_assert_eq(mount("none", directory, "tmpfs", 0, "mode=755"), 0);
	scratch_mounted(directory);
}

static void mount_overlay(const char *directory)
{
	char options[4096];

	snprintf(options, sizeof(options), "lowerdir=%s.lower,upperdir=%s.upper,workdir=%s.work",
		 directory, directory, directory);
	cr_assert_eq(mount("none", directory, "overlay", 0, options), 0, "%s", strerror(errno));
	scratch_mounted(directory);
}

/* On the file system they are the ids of another range. */
static void mount_idmapped(const char *directory)
{
	char lower[PATH_MAX];

	snprintf(lower, sizeof(lower), "%s.lower", directory);
	cr_assert_eq(chown(lower, 500000, 500000), 0);
	cr_assert_eq(idmapped_mount(lower, directory, "500000 100000 65536"), 0);
	scratch_mounted(directory);
}

static void mount_outside(const struct comparison *comparison, const char *directory)
{
	const char *type = comparison->file_system;

	if (strcmp(type, "overlay") == 0)
		mount_overlay(directory);
	else if (strcmp(type, "fuse") == 0) {
		char lower[PATH_MAX];

		snprintf(lower, sizeof(lower), "%s.lower", directory);
		need("bindfs -o allow_other %s %s", lower, directory);
		scratch_mounted(directory);
	} else if (strcmp(type, "idmapped") == 0)
		mount_idmapped(directory);
}

/* Both trees lie on one file system. Return: where. */
static const char *make_ground(const struct comparison *comparison)
{
	const char *ground = scratch_path("ground");
	const char *type = comparison->file_system;

	make_directory(ground, 0);
	if (comparison->place == OUTSIDE && strcmp(type, "tmpfs") == 0)
		mount_tmpfs(ground);
	else if (strcmp(type, "xfs") == 0 || strcmp(type, "btrfs") == 0)
		mount_image(type, ground);
	else
		mount_image("ext4", ground);
	return ground;
}

static void make_side(const struct comparison *comparison, const char *directory)
{
	static const char *const layers[] = { "", ".lower", ".upper", ".work" };
	uid_t owner = root_of(comparison);
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(layers); i++) {
		snprintf(path, sizeof(path), "%s%s", directory, layers[i]);
		make_directory(path, owner);
	}
	if (comparison->place == OUTSIDE)
		mount_outside(comparison, directory);
}

/* ---- a run ---- */

struct words {
	const char *list[64];
	size_t count;
};

static void say(struct words *words, const char *word)
{
	cr_assert_lt(words->count, COUNT_OF(words->list) - 1);
	words->list[words->count++] = word;
	words->list[words->count] = NULL;
}

static const char *option(const char *name, const char *value)
{
	static char options[16][PATH_MAX];
	static unsigned int turn;
	char *to = options[turn++ % COUNT_OF(options)];

	snprintf(to, sizeof(options[0]), "--%s=%s", name, value);
	return to;
}

static const char *policy_of(const struct comparison *comparison)
{
	const char *path = scratch_path("strict.yaml");

	if (strcmp(comparison->policy, "strict") != 0)
		return comparison->policy;
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	fputs("version: 1\nmode: strict\nattributes:\n"
	      "  - { name: \"security.*\", scheme: suffix }\n"
	      "  - { name: \"trusted.*\", scheme: suffix }\n",
	      file);
	fclose(file);
	return path;
}

static void say_login(struct words *words)
{
	say(words, "/usr/bin/setpriv");
	say(words, option("reuid", "12345"));
	say(words, option("regid", "12345"));
	say(words, option("groups", "12345,100,2000"));
	say(words, "--");
}

/* Into the namespace, supervised or not. launch_run() does it for host root. */
static void say_namespace(struct words *words, const struct comparison *comparison,
			  bool is_supervised)
{
	if (!comparison->is_login)
		return;
	say_login(words);
	if (is_supervised) {
		say(words, scratch_path("nsxattr"));
		say(words, "run");
		say(words, option("policy", policy_of(comparison)));
		say(words, "--map-root-user");
		say(words, "--map-auto");
		say(words, "--");
		return;
	}
	say(words, "/usr/bin/unshare");
	say(words, "--user");
	say(words, "--map-root-user");
	say(words, "--map-auto");
	say(words, "--");
}

static void say_driver(struct words *words, const struct comparison *comparison,
		       const char *directory, const char *seed, const char *operations)
{
	if (comparison->is_nested) {
		say(words, scratch_path("enter-userns"));
		say(words, NESTED_MAP);
	}
	say(words, "/usr/bin/unshare");
	say(words, "--mount");
	say(words, "--");
	say(words, "/bin/sh");
	say(words, "-c");
	say(words, inside);
	say(words, "sh");
	say(words, comparison->place == INSIDE ? comparison->file_system : "-");
	say(words, directory);
	say(words, scratch_path("differential-driver"));
	say(words, option("directory", directory));
	say(words, "--profile=superset");
	say(words, option("identity", comparison->identity));
	say(words, option("seed", seed));
	say(words, option("operations", operations));
	say(words, option("security", kernel_checks_security() ? "checked" : "unchecked"));
	if (strncmp(comparison->file_system, "overlay", 7) == 0)
		say(words, "--vague-lists");
	if (strncmp(comparison->file_system, "fuse", 4) == 0)
		say(words, "--keep-deleted");
}

static void run(const struct comparison *comparison, bool is_supervised, unsigned long seed,
		const char *directory, const char *log_path)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	const char *operations = getenv("OPERATIONS");
	char seed_text[32];
	struct words words = { .count = 0 };

	snprintf(seed_text, sizeof(seed_text), "%lu", seed);
	say_namespace(&words, comparison, is_supervised);
	say_driver(&words, comparison, directory, seed_text, operations ? operations : OPERATIONS);
	struct launch launch = { .argv = words.list, .output = log, .directory = "/" };

	if (!comparison->is_login) {
		launch.map = USUAL_MAP;
		launch.is_supervised = is_supervised;
		launch.is_unchecked = comparison->is_unchecked;
		launch.policy = is_supervised ? policy_of(comparison) : NULL;
	}
	int status = launch_run(&launch, PATIENCE);

	close(log);
	cr_assert_eq(status, 0, "the driver (%s, seed %lu, %s) has ended with %d",
		     comparison->file_system, seed, is_supervised ? "supervised" : "natively",
		     status);
}

/* ---- the comparison ---- */

/* "17 lgetxattr … = 3 616263" has "3 616263"; "… = 12 then 12 a,b" the same with all that is behind "=". */
static const char *result_of(const char *line)
{
	const char *result = strstr(line, " = ");

	for (const char *next = result; next; next = strstr(next + 1, " = "))
		result = next;
	return result ? result + 3 : NULL;
}

static bool is_list(const char *line)
{
	const char *call = strchr(line, ' ');

	return call && strstr(call, "listxattr") && strstr(call, "listxattr") < call + 12;
}

static bool has_name(const char *names, const char *name, size_t length)
{
	for (const char *at = names; *at; at += strcspn(at, ",\n "), at += *at != '\0')
		if (strncmp(at, name, length) == 0 && strchr(",\n ", at[length]))
			return true;
	return false;
}

/* Are all the words and names of the one in the other, and its lengths not less? */
static bool covers(const char *supervised, const char *native)
{
	if (!isdigit((unsigned char)*supervised) ||
	    strtol(supervised, NULL, 10) < strtol(native, NULL, 10))
		return false;
	for (const char *at = native; *at; at += strcspn(at, ",\n "), at += *at != '\0') {
		size_t length = strcspn(at, ",\n ");

		if (length > 0 && !isdigit((unsigned char)*at) && !has_name(supervised, at, length))
			return false;
	}
	return true;
}

static bool is_no_worse(const char *native_line, const char *supervised_line)
{
	const char *native = result_of(native_line), *supervised = result_of(supervised_line);

	if (!native || !supervised)
		return strcmp(native_line, supervised_line) == 0;
	/* "2 then ERANGE" has failed, too. */
	const char *then = strstr(native, " then ");

	if (isupper((unsigned char)*native) || (then && isupper((unsigned char)then[6])))
		return true;
	return is_list(native_line) ? covers(supervised, native) : strcmp(native, supervised) == 0;
}

static void compare(const struct comparison *comparison, unsigned long seed, const char *native_log,
		    const char *supervised_log)
{
	static char native[LINE_SIZE], supervised[LINE_SIZE];
	FILE *left = fopen(native_log, "re"), *right = fopen(supervised_log, "re");
	size_t count = 0, succeeded = 0;

	cr_assert(left && right);
	while (fgets(native, sizeof(native), left)) {
		cr_assert(fgets(supervised, sizeof(supervised), right), "a log ends early");
		cr_assert(is_no_worse(native, supervised),
			  "%s %s, policy %s, identity %s%s%s, seed %lu:\n"
			  "natively:   %ssupervised: %s",
			  comparison->file_system,
			  comparison->place == INSIDE ? "mounted inside" : "mounted outside",
			  comparison->policy, comparison->identity,
			  comparison->is_login ? ", of a login" : "",
			  comparison->is_nested ? ", nested" : "", seed, native, supervised);
		const char *result = result_of(native);

		succeeded += result && isdigit((unsigned char)*result);
		count++;
	}
	fclose(left);
	fclose(right);
	/* Where nothing succeeds, nothing is compared. Before Linux 6.6 little does on a tmpfs, which has no user.* there. */
	cr_assert(count > 100 && succeeded > count / 20, "%zu of %zu", succeeded, count);
}

static void begin(void)
{
	scratch_new();
	scratch_keep_mounts();
}

TestSuite(superset, .init = begin, .fini = scratch_remove, .timeout = 2 * PATIENCE);

ParameterizedTestParameters(superset, nothing_is_lost)
{
	static size_t indexes[COUNT_OF(comparisons)];

	for (size_t i = 0; i < COUNT_OF(comparisons); i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, COUNT_OF(comparisons));
}

ParameterizedTest(size_t *index, superset, nothing_is_lost)
{
	const struct comparison *comparison = &comparisons[*index];
	unsigned long seed = dice_seed() + *index;
	static const char *const sides[] = { "native", "supervised" };

	need("install -m 755 tests/lib/enter-userns.sh %s%s", scratch_path("enter-userns"), "");
	(void)scratch_program(DRIVER);
	(void)scratch_program("nsxattr");
	scratch_open_fuse();
	if (comparison->is_login)
		make_login();
	char ground[512];

	snprintf(ground, sizeof(ground), "%s", make_ground(comparison));
	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		char directory[1024];

		snprintf(directory, sizeof(directory), "%s/%s", ground, sides[i]);
		make_side(comparison, directory);
		run(comparison, i == 1, seed, directory, scratch_path("%s.log", sides[i]));
	}
	compare(comparison, seed, scratch_path("native.log"), scratch_path("supervised.log"));
}
