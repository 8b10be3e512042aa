/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container executes is judged: nsxattr run with a policy that logs, files that evmctl has signed, and what the
 * log says of each. What becomes of an exec is what becomes of it without us.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "base/fd.h"
#include "base/kernel_version.h"
#include "count_of.h"
#include "inode.h"
#include "launch.h"
#include "processes.h"

#define PATIENCE 60
#define OWN_IMA "security.ima@uid=100000"

static char driver[PATH_MAX], policy[PATH_MAX];
static int log_fd = -1, output_fd = -1;
static char log_text[256 * 1024], output_text[4096];

/* ---- keys, signatures, and a policy ---- */

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void make_key(const char *name, const char *kind)
{
	shell("exec 2>/dev/null; openssl genpkey -algorithm %s -out %s && "
	      "openssl req -new -x509 -key %s -subj /CN=%s -days 2 -outform DER -out %s",
	      kind, scratch_path("%s.pem", name), scratch_path("%s.pem", name), name,
	      scratch_path("%s.der", name));
}

static void sign(const char *path, const char *key)
{
	shell("evmctl ima_sign -a sha256 --key %s %s >/dev/null 2>&1", scratch_path("%s.pem", key),
	      path);
}

/* What the host has becomes the container's own. */
static void make_own(const char *path)
{
	char value[4096];
	ssize_t length = getxattr(path, "security.ima", value, sizeof(value));

	cr_assert_gt(length, 0);
	cr_assert_eq(setxattr(path, OWN_IMA, value, (size_t)length, 0), 0);
	cr_assert_eq(removexattr(path, "security.ima"), 0);
}

/* @rules: a line each */
static void write_policy(const char *rules)
{
	snprintf(policy, sizeof(policy), "%s", scratch_path("p.yaml"));
	FILE *file = fopen(policy, "we");

	cr_assert_not_null(file);
	fprintf(file,
		"version: 1\n"
		"attributes:\n"
		"  - { name: security.ima, scheme: suffix, inherit: chain }\n"
		"integrity:\n"
		"  mode: log\n"
		"  keys: [own.der]\n"
		"  rules:\n%s",
		rules);
	cr_assert_eq(fclose(file), 0);
}

#define EXECUTED "    - appraise func=BPRM_CHECK appraise_type=imasig\n"
#define MAPPED "    - appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig\n"

static void set_up(void)
{
	scratch_new();
	snprintf(driver, sizeof(driver), "%s", scratch_program("tests/live/exec-driver"));
	make_key("own", "rsa");
	sign(driver, "own");
	write_policy(EXECUTED);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	output_fd = memfd_create("output", MFD_CLOEXEC);
	cr_assert(log_fd >= 0 && output_fd >= 0);
}

static pid_t server; /* of FUSE; without it nothing hangs */

static void end_server(void)
{
	if (server > 0 && kill(server, SIGKILL) == 0)
		(void)waitpid(server, NULL, 0);
	server = 0;
}

static void tear_down(void)
{
	end_server();
	close(log_fd);
	close(output_fd);
	scratch_remove();
}

TestSuite(judge, .init = set_up, .fini = tear_down, .timeout = 240);

/* ---- running ---- */

static void read_all(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	cr_assert_geq(length, 0);
	text[length] = '\0';
}

static struct launch how(const char *const *argv, bool is_supervised)
{
	cr_assert_eq(ftruncate(log_fd, 0), 0);
	cr_assert_eq(ftruncate(output_fd, 0), 0);
	lseek(log_fd, 0, SEEK_SET);
	lseek(output_fd, 0, SEEK_SET);
	return (struct launch){
		.argv = argv,
		.map = USUAL_MAP,
		.is_supervised = is_supervised,
		.policy = is_supervised ? policy : NULL,
		.is_verbose = true,
		.output = output_fd,
		.errors = log_fd,
	};
}

static int finish(pid_t pid)
{
	int status = launch_wait(pid, PATIENCE);

	read_all(log_fd, log_text, sizeof(log_text));
	read_all(output_fd, output_text, sizeof(output_text));
	return status;
}

/* Return: what it says. Each argument is a text that lives on. */
static const char *run_as(bool is_supervised, const char *way, const char *first,
			  const char *second)
{
	const char *const argv[] = { driver, way, first, second, NULL };
	const struct launch launch = how(argv, is_supervised);
	int status = finish(launch_start(&launch));

	cr_expect_eq(status, 0, "%s %s: %d, %s", way, first, status, log_text);
	output_text[strcspn(output_text, "\n")] = '\0';
	return output_text;
}

#define run(way, ...) run_some(way, (const char *[3]){ __VA_ARGS__ })
static const char *run_some(const char *way, const char *const words[3])
{
	return run_as(true, way, words[0], words[1]);
}

#define EXPECT_LOG(...) expect_log(__LINE__, true, __VA_ARGS__)
#define EXPECT_NOT_IN_LOG(...) expect_log(__LINE__, false, __VA_ARGS__)

static void expect_log(int line, bool is_there, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void expect_log(int line, bool is_there, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	cr_expect_eq(strstr(log_text, text) != NULL, is_there, "line %d: %s%s in:\n%s", line,
		     is_there ? "no " : "", text, log_text);
}

#define EXPECT_RAN(...) cr_expect_str_eq(run(__VA_ARGS__), "ran", "%s: %s", output_text, log_text)

/* A copy of the driver, under a name. Return: its path, which lives on. */
static const char *copy_driver(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, PATH_MAX, "%s", scratch_path("%s", name));
	shell("cp %s %s && chmod 755 %s", driver, path, path);
	return path;
}

static const char *signed_copy(const char *name, const char *key)
{
	const char *path = copy_driver(name);

	sign(path, key);
	return path;
}

/* ---- causes ---- */

Test(judge, says_that_a_signed_file_is_valid)
{
	const char *file = signed_copy("signed", "own");

	EXPECT_RAN("path", file);
	EXPECT_LOG("execve of %s: valid, keyid ", file);
	EXPECT_LOG("execve of %s: valid, keyid ", driver);
	EXPECT_NOT_IN_LOG("would not");
}

Test(judge, knows_signatures_by_elliptic_curves)
{
	make_key("own", "EC -pkeyopt ec_paramgen_curve:P-256");
	const char *file = signed_copy("signed", "own");

	EXPECT_RAN("path", file);
	EXPECT_LOG("execve of %s: valid, keyid ", file);
}

Test(judge, says_why_a_file_is_not_valid)
{
	const char *unsigned_file = copy_driver("unsigned");
	const char *changed = signed_copy("changed", "own");
	const char *digested = copy_driver("digested");

	make_key("other", "rsa");
	const char *others = signed_copy("others", "other");

	shell("printf x >> %s", changed);
	shell("evmctl ima_hash -a sha256 %s >/dev/null 2>&1", digested);
	EXPECT_RAN("path", unsigned_file);
	EXPECT_LOG("%s would not be executed: IMA-signature-required\n", unsigned_file);
	EXPECT_RAN("path", changed);
	EXPECT_LOG("%s would not be executed: invalid-signature, keyid ", changed);
	EXPECT_RAN("path", others);
	EXPECT_LOG("%s would not be executed: ", others);
	EXPECT_LOG(", keyid ");
	EXPECT_RAN("path", digested);
	EXPECT_LOG("%s would not be executed: IMA-signature-required\n", digested);
}

Test(judge, looks_at_the_value_that_the_view_shows)
{
	const char *file = signed_copy("signed", "own");

	make_own(file);
	make_key("hosts", "rsa");
	sign(file, "hosts");
	EXPECT_RAN("path", file);
	EXPECT_LOG("execve of %s: valid", file);
	cr_assert_eq(removexattr(file, OWN_IMA), 0);
	EXPECT_RAN("path", file);
	EXPECT_LOG("%s would not be executed: ", file);
}

/* A user inside is root of a namespace of its own, with a view of its own. */
Test(judge, does_not_count_a_value_of_a_namespace_inside)
{
	const char *file = signed_copy("signed", "own");
	const char *const argv[] = { "/usr/bin/setpriv",
				     "--reuid=5",
				     "--clear-groups",
				     "/usr/bin/unshare",
				     "-r",
				     driver,
				     "path",
				     file,
				     NULL };
	char value[4096];
	ssize_t length = getxattr(file, "security.ima", value, sizeof(value));
	const struct launch launch = how(argv, true);

	cr_assert_gt(length, 0);
	cr_assert_eq(setxattr(file, "security.ima@uid=100005", value, (size_t)length, 0), 0);
	cr_assert_eq(removexattr(file, "security.ima"), 0);
	cr_assert_eq(chown(file, USUAL_ROOT + 5, USUAL_ROOT), 0);
	cr_assert_eq(finish(launch_start(&launch)), 0, "%s", log_text);
	cr_expect_str_eq(output_text, "ran\n");
	EXPECT_LOG("%s would not be executed: IMA-signature-required\n", file);
}

Test(judge, notices_a_writer)
{
	const char *file = signed_copy("signed", "own");
	_cleanup_fd_ int writer = open(file, O_WRONLY | O_CLOEXEC);

	cr_assert_geq(writer, 0);
	(void)run("path", file);
	EXPECT_LOG("%s would not be executed: open_writers\n", file);
}

Test(judge, notices_a_change_although_it_has_seen_the_file_before)
{
	const char *file = signed_copy("signed", "own");

	write_policy(EXECUTED);
	EXPECT_RAN("path", file);
	EXPECT_LOG("execve of %s: valid", file);
	const char *const argv[] = {
		"/bin/sh", "-c", "$0 path $1 && $0 path $1 && printf x >> $1 && $0 path $1",
		driver,	   file, NULL
	};
	const struct launch launch = how(argv, true);

	cr_assert_eq(chown(file, USUAL_ROOT, USUAL_ROOT), 0);
	cr_expect_eq(finish(launch_start(&launch)), 0);
	cr_expect_str_eq(output_text, "ran\nran\nran\n");
	EXPECT_LOG("execve of %s: valid", file);
	EXPECT_LOG("%s would not be executed: invalid-signature", file);
}

/* ---- ways ---- */

Test(judge, finds_a_file_in_whichever_way_it_is_executed)
{
	const char *file = copy_driver("file");
	const char *const ways[] = { "path", "descriptor", "procfs", "spawn", "vfork", "thread" };

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		EXPECT_RAN(ways[i], file);
		EXPECT_LOG("%s would not be executed: IMA-signature-required", file);
	}
	EXPECT_RAN("directory", scratch_path("."), "file");
	EXPECT_LOG("%s would not be executed: IMA-signature-required", file);
	EXPECT_RAN("in", scratch_path("."), "./file");
	EXPECT_LOG("%s would not be executed: IMA-signature-required", file);
	shell("ln -s file %s", scratch_path("link"));
	EXPECT_RAN("path", scratch_path("link"));
	EXPECT_LOG("%s would not be executed: IMA-signature-required", file);
	cr_expect_str_eq(run("link-itself", scratch_path("link")), "ELOOP");
	EXPECT_NOT_IN_LOG("would not");
	sign(file, "own");
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		EXPECT_RAN(ways[i], file);
		EXPECT_LOG("execve%s of %s: valid", i == 1 ? "at" : "", file);
	}
}

Test(judge, finds_files_that_have_no_path)
{
	const char *file = signed_copy("file", "own");

	EXPECT_RAN("memory", file);
	EXPECT_LOG("/memfd:memory (deleted) would not be executed: IMA-signature-required");
	inode_directory("place", USUAL_ROOT, 0755);
	EXPECT_RAN("deleted", file, scratch_path("place/gone"));
	EXPECT_LOG("place/gone (deleted) would not be executed: IMA-signature-required");
}

Test(judge, finds_a_file_below_the_root_directory_of_the_target)
{
	inode_directory("root", USUAL_ROOT, 0755);
	const char *file = copy_driver("root/file");

	(void)run("root", scratch_path("root"), "/file");
	EXPECT_LOG("%s would not be executed: IMA-signature-required", file);
}

static const char *write_script(const char *name, const char *interpreter)
{
	static char paths[8][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, PATH_MAX, "%s", scratch_path("%s", name));
	shell("printf '#!%s ran\\n' > %s && chmod 755 %s", interpreter, path, path);
	return path;
}

Test(judge, judges_a_script_and_its_interpreter)
{
	const char *interpreter = copy_driver("interpreter");
	const char *script = write_script("script", interpreter);

	sign(script, "own");
	EXPECT_RAN("path", script);
	EXPECT_LOG("execve of %s: valid", script);
	EXPECT_LOG("%s would not be executed: IMA-signature-required", interpreter);
	const char *outer = write_script("outer", script);

	EXPECT_RAN("path", outer);
	EXPECT_LOG("%s would not be executed: IMA-signature-required", outer);
	EXPECT_LOG("execve of %s: valid", script);
	EXPECT_LOG("%s would not be executed: IMA-signature-required", interpreter);
}

Test(judge, follows_no_more_interpreters_than_the_kernel)
{
	char last[PATH_MAX];

	snprintf(last, sizeof(last), "%s", copy_driver("s0"));
	for (unsigned int i = 1; i <= 8; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%u", i);
		snprintf(last, sizeof(last), "%s", write_script(name, last));
	}
	cr_expect_str_eq(run("path", last), "ELOOP");
	EXPECT_LOG("%s would not be executed", scratch_path("s3"));
	EXPECT_NOT_IN_LOG("%s would not be executed", scratch_path("s2"));
}

static const char *loader_of(const char *path)
{
	static char loader[PATH_MAX];
	char command[2 * PATH_MAX], line[PATH_MAX];

	snprintf(command, sizeof(command), "readelf -p .interp %s | sed -n 's/.*  //p'", path);
	FILE *file = popen(command, "re");

	cr_assert_not_null(fgets(line, sizeof(line), file));
	pclose(file);
	line[strcspn(line, "\n")] = '\0';
	cr_assert_not_null(realpath(line, loader), "%s", line);
	return loader;
}

Test(judge, judges_what_is_mapped_where_rules_say_so)
{
	write_policy(EXECUTED MAPPED);
	EXPECT_RAN("map", copy_driver("library"));
	EXPECT_LOG("library would not be mapped executable: IMA-signature-required");
	EXPECT_LOG("%s would not be mapped executable: IMA-signature-required", loader_of(driver));
	EXPECT_LOG("execve of %s: valid", driver);
	EXPECT_LOG("libc.so.6 would not be mapped executable: IMA-signature-required");
	write_policy(EXECUTED);
	EXPECT_RAN("map", scratch_path("library"));
	EXPECT_NOT_IN_LOG("would not");
}

Test(judge, judges_programs_of_32_bits)
{
	const char *program = build_path("tests/live/differential-driver-32");

	if (access(program, X_OK) < 0)
		SKIP("there is none");
	write_policy(EXECUTED MAPPED);
	program = scratch_program("tests/live/differential-driver-32");
	const char *const argv[] = { driver, "path", program, NULL };
	const struct launch launch = how(argv, true);

	(void)finish(launch_start(&launch));
	EXPECT_LOG("%s would not be executed: IMA-signature-required", program);
	EXPECT_LOG("%s would not be mapped executable: IMA-signature-required", program);
}

/* ---- the kernel's answer ---- */

struct attempt {
	const char *way;
	const char *first; /* below the scratch directory, unless it begins with '/' */
	const char *second;
};

static const struct attempt attempts[] = {
	{ "path", "file", NULL },
	{ "path", "absent", NULL },
	{ "path", "file/below", NULL },
	{ "path", "plain", NULL },
	{ "path", "private/file", NULL },
	{ "path", "loop", NULL },
	{ "path", "empty", NULL },
	{ "path", "garbage", NULL },
	{ "path", "no-interpreter", NULL },
	{ "path", "directory", NULL },
	{ "path", "fifo", NULL },
	{ "path", "/dev/null", NULL },
	{ "path", "/proc/self/mem", NULL },
	{ "path", "", NULL },
	{ "writer", "file", NULL },
	{ "much", "file", NULL },
	{ "no-path", NULL, NULL },
	{ "link-itself", "loop", NULL },
	{ "descriptor", "directory", NULL },
	{ "descriptor", "plain", NULL },
	{ "root", "directory", "/absent" },
	{ "map", "plain", NULL },
	{ "spawn", "absent", NULL },
	{ "vfork", "plain", NULL },
};

static void make_files(void)
{
	char *name = strdup(copy_driver("file"));

	cr_assert_eq(chown(name, USUAL_ROOT, USUAL_ROOT), 0);
	free(name);
	inode_directory("directory", USUAL_ROOT, 0755);
	inode_directory("private", 0, 0700);
	copy_driver("private/file");
	inode_file("plain", USUAL_ROOT);
	cr_assert_eq(symlink("loop", scratch_path("loop")), 0);
	cr_assert_eq(mkfifo(scratch_path("fifo"), 0777), 0);
	shell("cd %s && : > empty && printf garbage > garbage && chmod 755 empty garbage",
	      scratch_path("."));
	write_script("no-interpreter", "/absent/interpreter");
}

Test(judge, leaves_the_answer_to_the_kernel)
{
	make_files();
	write_policy(EXECUTED MAPPED);
	for (size_t i = 0; i < COUNT_OF(attempts); i++) {
		const struct attempt *attempt = &attempts[i];
		bool is_below = attempt->first && attempt->first[0] && attempt->first[0] != '/';
		const char *first = is_below ? scratch_path("%s", attempt->first) : attempt->first;
		char natively[256];

		snprintf(natively, sizeof(natively), "%s",
			 run_as(false, attempt->way, first, attempt->second));
		const char *judged = run_as(true, attempt->way, first, attempt->second);

		cr_expect_str_eq(judged, natively, "%s %s: %s, not %s", attempt->way,
				 attempt->first, judged, natively);
	}
}

/* ---- what takes long ---- */

static struct actor *start_actor(const char *measurements)
{
	struct launch launch = how(NULL, true);

	launch.measurements = measurements;
	return actor_start(&launch);
}

/* How often @text is in the log. */
static size_t count_in_log(const char *text)
{
	size_t count = 0;

	read_all(log_fd, log_text, sizeof(log_text));
	for (const char *at = log_text; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static void await_in_log(const char *text, size_t count)
{
	for (time_t end = time(NULL) + PATIENCE; count_in_log(text) < count; usleep(1000))
		cr_assert_lt(time(NULL), end, "no %s in: %s", text, log_text);
}

static void await_log(const char *text)
{
	await_in_log(text, 1);
}

/* On "slow". */
static void start_server(void)
{
	const char *directory = inode_directory("slow", USUAL_ROOT, 0755);
	const char *const argv[] = { scratch_program("tests/live/neighbours-driver"), "serve",
				     directory, "100000", NULL };
	char ready[16];
	int output[2];

	scratch_keep_mounts();
	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	server = launch_start(&(struct launch){ .argv = argv, .output = output[1] });

	close(output[1]);
	cr_assert_gt(read(output[0], ready, sizeof(ready)), 0, "no FUSE");
	close(output[0]);
	scratch_mounted(directory);
}

/* Which is not asked. The kernel itself asks it, and waits. */
Test(judge, waits_for_no_server_of_a_file_system)
{
	const char *file = inode_file("file", USUAL_ROOT);
	char command[PATH_MAX];

	start_server();
	struct actor *actor = start_actor(NULL);

	EXPECT(actor, "0", "setxattr %s security.ima x", file);
	snprintf(command, sizeof(command), "start %s", scratch_path("slow/tool"));
	int waiting = atoi(actor_ask(actor, "%s", command));

	cr_assert_gt(waiting, 0);
	await_log("slow/tool would not be executed: unverifiable-signature\n");
	int looking = atoi(actor_ask(actor, "start %s", scratch_path("slow/hang")));

	cr_assert_gt(looking, 0);
	EXPECT(actor, "1 x", "getxattr %s security.ima 10", file);
	EXPECT(actor, "0", "execute %s quietly", driver);
	end_server();
	actor_end(actor);
}

/*
 * Of which /proc/TID/mountinfo does not tell. Before Linux 6.11 the kernel tells nothing of it: then the server is waited
 * for until it ends, as by whoever executes its file.
 */
Test(judge, waits_for_no_server_where_its_mount_is_above_the_root)
{
	unsigned int version[3];

	kernel_version_get(version);
	bool is_told = version[0] > 6 || (version[0] == 6 && version[1] >= 11);

	start_server();
	struct actor *actor = start_actor(NULL);

	EXPECT(actor, "0", "chroot %s", scratch_path("slow/sub"));
	cr_assert_gt(atoi(actor_ask(actor, "start /tool")), 0);
	if (is_told)
		await_log("tool would not be executed: unverifiable-signature\n");
	end_server();
	actor_end(actor);
}

/* So large that to read it takes a while; and where everything takes longer, no more than the judge waits. */
static const char *make_large_file(const char *name)
{
	const char *file = copy_driver(name), *slower = getenv("TEST_SLOWER");

	cr_assert_eq(truncate(file, (512L << 20) / (slower ? atol(slower) : 1)), 0);
	return file;
}

Test(judge, goes_on_when_its_target_is_killed)
{
	const char *large = make_large_file("large"), *file = inode_file("file", USUAL_ROOT);
	struct actor *actor = start_actor(NULL);

	sign(large, "own");
	EXPECT(actor, "0", "setxattr %s security.ima x", file);
	for (unsigned int i = 0; i < 10; i++) {
		int child = atoi(actor_ask(actor, "start %s quietly", large));

		cr_assert_gt(child, 0);
		usleep(i * 3000);
		cr_assert_eq(kill(child, SIGKILL), 0);
		EXPECT(actor, "1 x", "getxattr %s security.ima 10", file);
	}
	EXPECT(actor, "0", "execute %s quietly", large);
	read_all(log_fd, log_text, sizeof(log_text));
	EXPECT_LOG("execve of %s: valid", large);
	EXPECT_NOT_IN_LOG("%s would not", large);
	actor_end(actor);
}

Test(judge, makes_way_for_a_writer)
{
	const char *large = make_large_file("large");
	struct actor *actor = start_actor(NULL);
	int child = atoi(actor_ask(actor, "start %s quietly", large));

	cr_assert_gt(child, 0);
	for (unsigned int i = 0; i < 50; i++) {
		int writer = open(large, O_WRONLY | O_CLOEXEC);

		cr_assert(writer >= 0 || errno == ETXTBSY);
		close(writer);
	}
	actor_end(actor);
}

/* ---- again and again ---- */

Test(judge, judges_each_of_many)
{
	const char *file = signed_copy("signed", "own");

	cr_expect_str_eq(run("often", file, "50"), "50");
	EXPECT_LOG("execve of %s: valid", file);
	EXPECT_NOT_IN_LOG("would not");
}

Test(judge, is_followed_by_another_when_its_worker_dies)
{
	const char *file = signed_copy("signed", "own");
	const char *const argv[] = { driver, "often", file, "400", NULL };
	const struct launch launch = how(argv, true);

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid_t command = launch_start(&launch);
	char begins[PATH_MAX];

	/* Once it executes that, it is no nsxattr any more. */
	snprintf(begins, sizeof(begins), "execve of %s", file);
	await_log(begins);
	pid_t keeper = find_keeper(), worker = await_worker(keeper, -1, PATIENCE);

	for (unsigned int i = 0; i < 10; i++) {
		cr_assert_eq(kill(worker, SIGKILL), 0);
		worker = await_worker(keeper, worker, PATIENCE);
		await_in_log(begins, count_in_log(begins) + 1);
	}
	cr_expect_eq(finish(command), 0);
	cr_expect_str_eq(output_text, "400\n");
	EXPECT_LOG("execve of %s: valid", file);
	EXPECT_NOT_IN_LOG("would not");
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
}

/* ---- the measurement list ---- */

Test(judge, writes_down_what_is_executed)
{
	const char *file = signed_copy("signed", "own");
	const char *const argv[] = { driver, "often", file, "3", NULL };
	struct launch launch = how(argv, true);
	char list[PATH_MAX];

	write_policy("    - measure func=BPRM_CHECK\n"
		     "    - measure func=MMAP_CHECK mask=MAY_EXEC\n" EXECUTED);
	snprintf(list, sizeof(list), "%s", inode_directory("list", 0, 0755));
	launch.measurements = list;
	cr_expect_eq(finish(launch_start(&launch)), 0);
	shell("evmctl ima_measurement --pcrs sha256,%s/pcrs-sha256 --verify-sig --key %s "
	      "%s/binary_runtime_measurements >/dev/null 2>&1",
	      list, scratch_path("own.der"), list);
	shell("[ $(grep -c ' %s ' %s/ascii_runtime_measurements) = 1 ]", file, list);
	shell("[ $(grep -c ' %s ' %s/ascii_runtime_measurements) = 1 ]", driver, list);
	shell("grep -q 'libc.so.6' %s/ascii_runtime_measurements", list);
}
