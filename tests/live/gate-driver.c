/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate-driver try FOLDER: try a gate on files in FOLDER, copies of the programs of tests/lib/box.h. A line for each thing
 * that is tried: "ok NAME", or "not_ok NAME: DETAIL".
 *
 * gate-driver overlay FOLDER: the same on an overlay that it mounts there, with its layers in reach.
 *
 * gate-driver numbers FOLDER: versions of files when one gate has ended, and another begins; there must be no third.
 *
 * gate-driver hold COMMAND...: run a command while there is a gate.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <link.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "box.h"
#include "count_of.h"
#include "idmapped.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

/* Is the folder on an overlay? What was opened for reading and writing there could have been mapped. */
static bool is_overlay;

struct library_visit {
	const struct gate *gate;
	const struct box *box;
};

static int allow_library(struct dl_phdr_info *info, size_t size, void *place)
{
	const struct library_visit *visit = place;

	(void)size;
	if (info->dlpi_name[0] == '/')
		judge_allow(visit->gate, visit->box, info->dlpi_name, GATE_MAP);
	return 0;
}

/* Those that this process has, and so all that /bin/true wants. */
static void allow_libraries(const struct gate *gate, const struct box *box)
{
	struct library_visit visit = { gate, box };

	dl_iterate_phdr(allow_library, &visit);
}

/* ---- acts: who executes ---- */

static int execute(const char *path)
{
	char *words[] = { (char *)path, NULL };

	execv(path, words);
	return errno;
}

static int execute_descriptor(const char *path)
{
	int fd = open(path, O_PATH);
	char *words[] = { (char *)path, NULL };

	syscall(SYS_execveat, fd, "", words, NULL, AT_EMPTY_PATH);
	return errno;
}

static int check_executable(const char *path)
{
	char *words[] = { (char *)path, NULL };

	syscall(SYS_execveat, AT_FDCWD, path, words, NULL, AT_EXECVE_CHECK);
	return errno;
}

static int execute_nested(const char *path)
{
	return unshare(CLONE_NEWUSER) < 0 ? 99 : execute(path);
}

static int execute_memory(const char *path)
{
	char name[64];
	int fd = memfd_create("program", 0);

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	copy_file(path, name);
	return execute(name);
}

static int execute_on_tmpfs(const char *path)
{
	if (mount("tmpfs", "mnt", "tmpfs", 0, NULL) < 0)
		return 99;
	copy_file(path, "mnt/copy");
	return execute("mnt/copy");
}

static int execute_on_overlay(const char *path)
{
	if (mount("tmpfs", "mnt", "tmpfs", 0, NULL) < 0 || mkdir("mnt/l", 0755) < 0 ||
	    mkdir("mnt/u", 0755) < 0 || mkdir("mnt/w", 0755) < 0 || mkdir("mnt/o", 0755) < 0)
		return 98;
	copy_file(path, "mnt/l/copy");
	return mount("o", "mnt/o", "overlay", 0,
		     "lowerdir=mnt/l,upperdir=mnt/u,workdir=mnt/w,userxattr") < 0 ?
		       99 :
		       execute("mnt/o/copy");
}

static int execute_by_bind(const char *path)
{
	return mount(path, "file", NULL, MS_BIND, NULL) < 0 ? 99 : execute("file");
}

static int load_by_loader(const char *path)
{
	execl("loader", "loader", path, NULL);
	return errno;
}

static int map(const char *path)
{
	int fd = open(path, O_RDONLY);

	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno :
											   0;
}

static int map_and_protect(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (page == MAP_FAILED)
		return 99;
	return mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int map_implied(const char *path)
{
	int fd = open(path, O_RDONLY);

	personality(READ_IMPLIES_EXEC);
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

static int map_anonymous(const char *path)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	(void)path;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, -1, 0) == MAP_FAILED ? errno : 0;
}

/* What is shared with children only has a file, of which nobody has a name. */
static int protect_shared(const char *path)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)path;
	if (page == MAP_FAILED)
		return 99;
	return mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int attach_executable(const char *path)
{
	int id = shmget(IPC_PRIVATE, 4096, 0700 | IPC_CREAT);
	void *page = shmat(id, NULL, SHM_EXEC);
	int error = errno;

	(void)path;
	shmctl(id, IPC_RMID, NULL);
	return page == (void *)-1 ? error : 0;
}

static int map_memory(const char *path)
{
	int fd = memfd_create("memory", 0);

	(void)path;
	if (ftruncate(fd, 4096) < 0)
		return 99;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0;
}

/* Page zero is mapped without a file and without MAP_ANONYMOUS, by the kernel. */
static int execute_with_page_zero(const char *path)
{
	personality(MMAP_PAGE_ZERO);
	return execute(path);
}

/* ---- acts: who changes ---- */

static int failed(bool is_failed)
{
	return is_failed ? errno : 0;
}

static int open_flags(const char *path, int flags)
{
	int fd = open(path, flags);

	return failed(fd < 0 || close(fd) < 0);
}

static int open_write(const char *path)
{
	return open_flags(path, O_WRONLY);
}

static int open_both(const char *path)
{
	return open_flags(path, O_RDWR);
}

static int open_truncate(const char *path)
{
	return open_flags(path, O_RDONLY | O_TRUNC);
}

static int cut(const char *path)
{
	return failed(truncate(path, 100) < 0);
}

static int change_mode(const char *path)
{
	return failed(chmod(path, 0555) < 0);
}

static int change_owner(const char *path)
{
	return failed(chown(path, 5, 5) < 0);
}

/* Of SHA-256, as the kernel's IMA writes one. */
static const char digest[34] = { 4, 4 };

static int set_attribute(const char *path, const char *name)
{
	return failed(setxattr(path, name, digest, sizeof(digest), 0) < 0);
}

static int set_value(const char *path)
{
	return set_attribute(path, "security.ima");
}

static int remove_value(const char *path)
{
	return failed(removexattr(path, "security.ima") < 0);
}

static int set_own_value(const char *path)
{
	return set_attribute(path, "security.ima@uid=100000");
}

static int set_stored_value(const char *path)
{
	return set_attribute(path, "trusted.nsxattr.100000.security.ima");
}

static int set_another(const char *path)
{
	return set_attribute(path, "security.demo");
}

/* Owner rwx, user 5 r-x, group r-x, mask r-x, others r-x: version 2, then tag, permissions and id of each. */
static int set_list(const char *path)
{
	static const unsigned char list[] = {
		2, 0, 0,   0,	1,   0,	  7,  0, 255, 255, 255, 255, 2,	  0,  5,
		0, 5, 0,   0,	0,   4,	  0,  5, 0,   255, 255, 255, 255, 16, 0,
		5, 0, 255, 255, 255, 255, 32, 0, 5,   0,   255, 255, 255, 255
	};

	return failed(setxattr(path, "system.posix_acl_access", list, sizeof(list), 0) < 0);
}

static int open_by_ring(const char *path)
{
	struct io_uring ring;
	struct io_uring_cqe *answer;

	if (io_uring_queue_init(2, &ring, 0) < 0)
		return 99;
	struct io_uring_sqe *question = io_uring_get_sqe(&ring);

	io_uring_prep_openat(question, AT_FDCWD, path, O_WRONLY, 0);
	io_uring_sqe_set_flags(question, IOSQE_ASYNC);
	if (io_uring_submit_and_wait(&ring, 1) < 0 || io_uring_peek_cqe(&ring, &answer) < 0)
		return 98;
	return answer->res < 0 ? -answer->res : 0;
}

static int change_times(const char *path)
{
	return failed(utimensat(AT_FDCWD, path, NULL, 0) < 0);
}

static int make_link(const char *path)
{
	return failed(link(path, "link") < 0 || unlink("link") < 0);
}

enum actor { INSIDE, HOST, STRANGER };

static const struct {
	const char *name;
	box_act *act;
	enum actor by;
	int error; /* with which it is refused; 0: it is not */
	bool ends_verdict;
} changes[] = {
	{ "opened for writing", open_write, INSIDE, 0, true },
	{ "opened for reading and writing", open_both, INSIDE, 0, true },
	{ "opened for reading, truncated", open_truncate, INSIDE, 0, true },
	{ "truncated by its path", cut, INSIDE, 0, true },
	{ "opened for writing by io_uring", open_by_ring, INSIDE, 0, true },
	{ "opened for writing by the host", open_write, HOST, 0, true },
	{ "with a value of security.ima", set_value, HOST, 0, true },
	{ "without the value", remove_value, HOST, 0, true },
	{ "with a value of the container's", set_own_value, HOST, 0, true },
	{ "with one in the store trusted", set_stored_value, HOST, 0, true },
	{ "with another attribute", set_another, HOST, 0, false },
	{ "with another mode", change_mode, INSIDE, 0, false },
	{ "with another owner", change_owner, INSIDE, 0, false },
	{ "with an access control list", set_list, INSIDE, 0, false },
	{ "with other times", change_times, INSIDE, 0, false },
	{ "with another link", make_link, INSIDE, 0, false },
	{ "a stranger opens it for writing", open_write, STRANGER, EACCES, false },
	{ "a stranger truncates it", cut, STRANGER, EACCES, false },
	{ "a stranger changes its mode", change_mode, STRANGER, EPERM, false },
	{ "a stranger changes its owner", change_owner, STRANGER, EPERM, false },
	{ "a stranger sets security.ima", set_value, STRANGER, EPERM, false },
	{ "a stranger removes it", remove_value, STRANGER, EPERM, false },
	{ "a stranger sets a container's", set_own_value, STRANGER, EPERM, false },
	{ "a stranger sets that of a store", set_stored_value, STRANGER, EPERM, false },
	{ "a stranger sets a list", set_list, STRANGER, EPERM, false },
};

static int act_by(enum actor by, const struct box *box, box_act *act, const char *path)
{
	return by == STRANGER ? run_as_stranger(act, path) :
				box_run(by == HOST ? NULL : box, act, path);
}

static void try_changes(const struct gate *gate, const struct box *box)
{
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		const char *file = make_program("good", "file");

		if (changes[i].act == remove_value)
			must(set_value(file) == 0, "an attribute");
		expect(0, judge_allow(gate, box, file, BOTH), "%s: before, it can be judged",
		       changes[i].name);
		expect(0, box_run(box, execute, file), "%s: and runs", changes[i].name);
		int r = act_by(changes[i].by, box, changes[i].act, file);

		if (r == EOPNOTSUPP)
			continue;
		expect(changes[i].error, r, "%s: that is tried", changes[i].name);
		expect(changes[i].ends_verdict ? EACCES : 0, box_run(box, execute, file),
		       "%s: then", changes[i].name);
		expect(changes[i].act == open_both && is_overlay ? GATE_WAS_MAPPED : GATE_SETTLED,
		       judge_state(gate, file), "%s: it could be judged again", changes[i].name);
	}
}

/* ---- what is tried ---- */

static void try_uses(const struct gate *gate, const struct box *box)
{
	const char *good = make_program("good", "good"), *bad = make_program("bad", "bad");

	expect(0, judge_allow(gate, box, good, BOTH), "a file is allowed");
	expect(0, box_run(box, execute, good), "and runs");
	expect(0, box_run(box, execute_descriptor, good), "by a descriptor of O_PATH, too");
	expect(0, box_run(box, execute_nested, good), "and in a namespace below");
	expect(0, box_run(box, execute_with_page_zero, good), "and with page zero");
	make_program("good", "file");
	expect(0, box_run(box, execute_by_bind, good), "and by a mount");
	expect(EACCES, box_run(box, execute, bad), "another one");
	expect(EACCES, box_run(box, execute_descriptor, bad), "by a descriptor of O_PATH");
	expect(EACCES, box_run(box, execute_nested, bad), "in a namespace below");
	expect(EACCES, box_run(box, execute_by_bind, bad), "by a mount over a name");
	expect(EACCES, box_run(box, execute_memory, good), "a copy in memory");
	expect(EACCES, box_run(box, execute_on_tmpfs, good), "a copy on a tmpfs of the container");
	int r = box_run(box, execute_on_overlay, good);

	if (r != 99)
		expect(EACCES, r, "a copy on an overlay of the container");
	r = box_run(box, check_executable, bad);
	if (r != EINVAL)
		expect(EACCES, r, "asked by AT_EXECVE_CHECK");
	expect(0, box_run(box, map_anonymous, good), "memory without a file is mapped executable");
	expect(0, box_run(box, protect_shared, good), "shared memory without one is made so");
	expect(0, box_run(box, attach_executable, good), "and that of shmat(2)");
	expect(EACCES, box_run(box, map_memory, good), "but not that of memfd_create(2)");
	expect(0, box_run(box, map, good), "the allowed file is mapped executable");
	expect(EACCES, box_run(box, map, bad), "the other one");
	expect(EACCES, box_run(box, map_and_protect, bad), "made executable by mprotect");
	expect(EACCES, box_run(box, map_implied, bad), "with READ_IMPLIES_EXEC");
	expect(BAD, box_run(NULL, execute, bad), "the host runs what it likes");
	expect(0, box_run(NULL, execute_memory, good), "and a copy in memory");
}

static void try_kinds(const struct gate *gate, const struct box *box)
{
	const char *file = make_program("good", "file");

	expect(0, judge_allow(gate, box, file, GATE_MAP), "a verdict for mapping");
	expect(EACCES, box_run(box, execute, file), "is none for executing");
	expect(0, box_run(box, map, file), "but for mapping");
	expect(0, judge_allow(gate, box, file, 0), "a verdict is taken back");
	expect(EACCES, box_run(box, map, file), "and gone");
	judge_allow(gate, box, file, GATE_EXECUTE);
	expect(128 + SIGSEGV, box_run(box, execute, file),
	       "executed, but not mapped, it ends as it begins");
	struct box other = box_make_gated(gate, GATE_EXECUTE);

	judge_allow(gate, &other, file, GATE_EXECUTE);
	expect(0, box_run(&other, execute, file), "a container that checks only what is executed");
	expect(0, box_run(&other, map, make_program("bad", "bad")), "maps what it likes");
	box_remove(&other);
}

static void try_loaders(const struct gate *gate, const struct box *box)
{
	copy_file("/lib64/ld-linux-x86-64.so.2", "loader");
	copy_file("/bin/true", "dynamic");
	judge_allow(gate, box, "dynamic", BOTH);
	judge_allow(gate, box, "loader", BOTH);
	expect(128 + SIGSEGV, box_run(box, execute, "dynamic"),
	       "a dynamic program without verdicts for its loader");
	expect(127, box_run(box, load_by_loader, "./dynamic"),
	       "and with one, but none for libraries");
	allow_libraries(gate, box);
	judge_allow(gate, box, "/lib64/ld-linux-x86-64.so.2", GATE_MAP);
	expect(0, box_run(box, execute, "dynamic"), "with verdicts for all of them");
	expect(0, box_run(box, load_by_loader, "./dynamic"), "by its loader, too");
	expect(127, box_run(box, load_by_loader, "./bad-dynamic"),
	       "a loader loads nothing without a verdict");
}

static void write_script(const char *path, const char *interpreter)
{
	_cleanup_file_ FILE *file = fopen(path, "w");

	must(file && fprintf(file, "#!%s\n", interpreter) > 0 && chmod(path, 0755) == 0, path);
}

static void try_scripts(const struct gate *gate, const struct box *box)
{
	char interpreter[256], folder[200];

	must(getcwd(folder, sizeof(folder)) != NULL, "getcwd");
	snprintf(interpreter, sizeof(interpreter), "%s/%s", folder, "bad");
	write_script("script", interpreter);
	judge_allow(gate, box, "script", GATE_EXECUTE);
	expect(EACCES, box_run(box, execute, "script"),
	       "a script whose interpreter has no verdict");
	snprintf(interpreter, sizeof(interpreter), "%s/%s", folder, "good");
	write_script("script", interpreter);
	expect(EACCES, box_run(box, execute, "script"), "a script without a verdict");
	judge_allow(gate, box, "good", BOTH);
	judge_allow(gate, box, "script", GATE_EXECUTE);
	expect(0, box_run(box, execute, "script"), "a script, where both have one");
}

/* A mapping, its descriptor closed. */
static void *map_shared(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDWR | O_CLOEXEC);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	must(page != MAP_FAILED, "mmap");
	return page;
}

static void try_states(const struct gate *gate, const struct box *box)
{
	const char *file = make_program("good", "file");
	struct gate_case before = { 0 };
	struct gate_version after;
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	expect(GATE_OPEN_WRITERS, judge_state(gate, file), "a file that is open for writing");
	close(fd);
	expect(GATE_SETTLED, judge_ask(gate, file, &before.version), "and when it is closed");
	expect(0, gate_container_allow(box->container, &before, BOTH),
	       "is judged, though it changed meanwhile");
	box_run(NULL, open_write, file);
	expect(EACCES, box_run(box, execute, file), "which is for naught");
	expect(GATE_SETTLED, judge_ask(gate, file, &after), "its version");
	expect(true, before.version.number != after.number, "is another one");
	void *page = map_shared(file);

	expect(is_overlay ? GATE_WAS_MAPPED : GATE_OPEN_WRITERS, judge_state(gate, file),
	       "a file that is mapped for writing");
	munmap(page, 4096);
	expect(GATE_WAS_MAPPED, judge_state(gate, file), "a file that was mapped for writing");
	expect(GATE_UNVERIFIABLE, judge_state(gate, "."), "a folder");
	expect(GATE_UNVERIFIABLE, judge_state(gate, "/dev/null"), "a device");
	fd = memfd_create("file", MFD_CLOEXEC);
	expect(GATE_UNVERIFIABLE, judge_ask_fd(gate, fd, &after), "memory");
	close(fd);
	fd = open(file, O_PATH | O_CLOEXEC);
	expect(-EBADF, gate_ask(gate, -1, fd, &after), "a descriptor of O_PATH");
	close(fd);
}

static void try_exchanged(const struct gate *gate, const struct box *box)
{
	struct stat status, again;

	must(judge_allow(gate, box, make_program("good", "file"), BOTH) == 0 &&
		     stat("file", &status) == 0,
	     "a file");
	must(rename("file", "other") == 0 && rename(make_program("bad", "new"), "file") == 0,
	     "rename");
	expect(EACCES, box_run(box, execute, "file"), "an exchanged file");
	expect(0, box_run(box, execute, "other"), "the right one under its new name");
	must(unlink("other") == 0 && unlink("file") == 0, "unlink");
	/* Where the number is used again soon. */
	for (int i = 0; i < 64; i++) {
		char name[32];

		snprintf(name, sizeof(name), "number-%d", i);
		must(stat(make_program("bad", name), &again) == 0, name);
		if (again.st_ino == status.st_ino)
			expect(EACCES, box_run(box, execute, name),
			       "another file with the same inode number");
	}
}

static void try_containers(const struct gate *gate, const struct box *box)
{
	struct box other = box_make_gated(gate, BOTH), free = box_make();
	const char *good = make_program("good", "good"), *bad = make_program("bad", "bad");

	judge_allow(gate, box, good, BOTH);
	judge_allow(gate, &other, bad, BOTH);
	expect(0, box_run(box, execute, good), "one container runs what it may");
	expect(BAD, box_run(&other, execute, bad), "another what that one may");
	expect(EACCES, box_run(box, execute, bad), "neither, of the same files,");
	expect(EACCES, box_run(&other, execute, good), "what the other one may");
	expect(BAD, box_run(&free, execute, bad),
	       "a container that is not gated runs what it likes");
	expect(0, box_run(&free, execute_on_tmpfs, good), "and where it likes");
	for (uint64_t i = 1; i <= GATE_VERDICTS_MAX + 1000; i++)
		gate_container_allow(other.container,
				     &(struct gate_case){ .version = { .number = i << 48 } }, BOTH);
	expect(0, box_run(box, execute, good),
	       "a container with many verdicts pushes out none of another");
	expect(BAD, box_run(&other, execute, bad), "nor of its own what was asked for");
	expect(1, (long)gate_container_refusals(other.container), "refusals are counted");
	box_remove(&other);
	box_remove(&free);
}

/* ---- one that nobody judges for any more ---- */

static void try_shut(const struct gate *gate)
{
	struct box box = box_make_gated(gate, BOTH);
	uint32_t number = gate_container_number(box.container);
	const char *file = make_program("good", "file");

	judge_allow(gate, &box, file, BOTH);
	expect(0, box_run(&box, execute, file), "a container runs what it may");
	expect(0, gate_shut(gate, number, BOTH), "it is shut");
	expect(EACCES, box_run(&box, execute, file), "and runs nothing: no verdict counts");
	expect(0, gate_shut(gate, number, BOTH), "it is shut once more");
	expect(EACCES, box_run(&box, execute, file), "and so it stays");
	gate_remove(gate, number);
	expect(0, box_run(&box, execute, file), "taken out, it runs what it likes");
	expect(0, gate_shut(gate, number, BOTH), "one that has not passed is shut");
	expect(EACCES, box_run(&box, execute, file), "likewise");
	box_remove(&box);
}

/* ---- keys that are revoked ---- */

#define BOXES 3

static void expect_each(int result, const struct box boxes[BOXES], const char *file,
			const char *name)
{
	for (int i = 0; i < BOXES; i++)
		expect(result, box_run(&boxes[i], execute, file), "%s: container %d", name, i);
}

static void try_revoked(const struct gate *gate)
{
	struct gate_case begun_before = { 0 }, judged_anew = { .generation = 7 };
	const char *file = make_program("good", "file");
	struct box boxes[BOXES];

	for (int i = 0; i < BOXES; i++) {
		boxes[i] = box_make_gated(gate, BOTH);
		judge_allow(gate, &boxes[i], file, BOTH);
	}
	expect_each(0, boxes, file, "with a verdict");
	expect(0, gate_revoke(gate, 7), "keys are revoked, for all containers by one call");
	expect_each(EACCES, boxes, file, "with a verdict of before");
	expect(0, judge_allow_case(gate, &boxes[0], file, &begun_before, BOTH),
	       "what was being judged meanwhile has a verdict");
	expect(0, judge_allow_case(gate, &boxes[1], file, &judged_anew, BOTH),
	       "and what is judged from then on");
	expect(EACCES, box_run(&boxes[0], execute, file), "the one does not count");
	expect(0, box_run(&boxes[1], execute, file), "the other does");
	expect(0, gate_revoke(gate, 8), "others are revoked");
	expect_each(EACCES, boxes, file, "then");
	for (int i = 0; i < BOXES; i++)
		box_remove(&boxes[i]);
	expect(0, gate_revoke(gate, 0), "none is");
}

/* ---- verdicts that are bound to more than the file ---- */

static int become(uid_t uid, uid_t euid, uid_t suid)
{
	return setresuid(uid, euid, suid) < 0 ? 99 : 0;
}

static int execute_as_7(const char *path)
{
	return become(7, 7, 7) ?: execute(path);
}

static int execute_as_8(const char *path)
{
	return become(8, 8, 8) ?: execute(path);
}

static int execute_between(const char *path)
{
	return become(7, 0, 8) ?: execute(path);
}

static int execute_below(const char *path)
{
	return become(7, 0, 8) ?: execute_nested(path);
}

static int map_as_7(const char *path)
{
	return become(7, 7, 7) ?: map(path);
}

static int map_and_become_8(const char *path)
{
	int fd = open(path, O_RDONLY);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	return become(8, 8, 8) ?: mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static struct gate_case case_of(uid_t uid, uid_t euid, uid_t suid, bool has_setuid)
{
	return (struct gate_case){
		.bound = GATE_TO_SUBJECT,
		.ids = { .uid = ROOT_INSIDE + uid,
			 .euid = ROOT_INSIDE + euid,
			 .suid = ROOT_INSIDE + suid,
			 .has_setuid = has_setuid },
	};
}

static void try_subjects(const struct gate *gate)
{
	struct box box = box_make_asking(gate, GATE_ASKS_UID | GATE_ASKS_EUID);
	struct gate_case root = case_of(0, 0, 0, true), seven = case_of(7, 7, 7, false);
	const char *file = make_program("good", "file");

	expect(0, judge_allow_case(gate, &box, file, &seven, BOTH), "a verdict for one user");
	expect(0, box_run(&box, execute_as_7, file), "who runs it");
	expect(EACCES, box_run(&box, execute_as_8, file), "another one does not");
	expect(EACCES, box_run(&box, execute, file), "nor does root");
	expect(EACCES, box_run(&box, map_and_become_8, file), "nor by mprotect");
	expect(0, judge_allow_case(gate, &box, file, &root, BOTH), "root has one, too");
	expect(0, box_run(&box, execute, file), "and runs it");
	expect(0, box_run(&box, execute_as_7, file), "and the user still");
	expect(0, judge_allow_case(gate, &box, file, &root, 0), "root has none any more");
	expect(EACCES, box_run(&box, execute, file), "and does not run it");
	expect(0, box_run(&box, map_as_7, file), "but the user maps it");
	root.bound = 0;
	expect(0, judge_allow_case(gate, &box, file, &root, BOTH), "one for whoever it is");
	expect(0, box_run(&box, execute_as_8, file), "is for that one");
	expect(0, box_run(&box, execute, file), "and for root");
	box_remove(&box);
}

static void try_effective_ids(const struct gate *gate)
{
	struct box box = box_make_asking(gate, GATE_ASKS_EUID);
	struct gate_case poor = case_of(7, 0, 8, false), able = case_of(7, 0, 8, true);
	const char *file = make_program("good", "file");

	judge_allow_case(gate, &box, file, &poor, GATE_EXECUTE);
	expect(EACCES, box_run(&box, execute_between, file),
	       "who can take other ids counts as these");
	expect(128 + SIGSEGV, box_run(&box, execute_below, file),
	       "who can do so in a namespace below does not");
	judge_allow_case(gate, &box, file, &able, GATE_EXECUTE);
	expect(128 + SIGSEGV, box_run(&box, execute_between, file),
	       "who executes with these ids has others when it is mapped");
	poor = case_of(7, 0, 0, true);
	judge_allow_case(gate, &box, file, &poor, GATE_MAP);
	expect(0, box_run(&box, execute_between, file), "which have a verdict");
	must(chmod(make_program("good", "file"), 04755) == 0, file);
	able = case_of(7, 7, 7, false);
	poor = case_of(0, 0, 0, false);
	judge_allow_case(gate, &box, file, &able, GATE_EXECUTE);
	judge_allow_case(gate, &box, file, &poor, GATE_MAP);
	expect(128 + SIGSEGV, box_run(&box, execute_as_7, file),
	       "a set-id program has its owner's");
	poor = case_of(7, 0, 0, true);
	judge_allow_case(gate, &box, file, &poor, GATE_MAP);
	expect(0, box_run(&box, execute_as_7, file), "and its user's, if it can take them");
	box_remove(&box);
}

/* By the mount that this is the descriptor of. */
static int mapped_file = -1;

static int execute_mapped(const char *path)
{
	char *words[] = { (char *)path, NULL };

	syscall(SYS_execveat, mapped_file, "", words, NULL, AT_EMPTY_PATH);
	return errno;
}

/* Return: a descriptor of the file, by a mount that maps its owner; -1: the file system cannot be mounted so. */
static int open_mapped(const char *path)
{
	_cleanup_fd_ int tree = idmapped_tree(".", "100000 200000 65536");

	return tree < 0 ? -1 : openat(tree, path, O_RDONLY | O_CLOEXEC);
}

static void own(const char *path, uid_t inside)
{
	must(chown(path, ROOT_INSIDE + inside, ROOT_INSIDE + inside) == 0, path);
}

/* The file has a verdict by its owner, and in the end another one. */
static void try_owners_in_turn(const struct gate *gate, const struct box *box, const char *file)
{
	struct gate_case before = { .bound = GATE_TO_OWNER }, now = before;

	expect(EPERM, run_as_stranger(change_owner, file), "a stranger gives it to nobody");
	expect(0, box_run(box, execute, file), "which changes nothing");
	expect(GATE_SETTLED, judge_ask(gate, file, &before.version), "it is looked at");
	own(file, 5);
	expect(EACCES, box_run(box, execute, file), "another owner has no verdict");
	own(file, 0);
	expect(0, gate_container_allow(box->container, &before, BOTH),
	       "it is judged when it has its owner again");
	expect(EACCES, box_run(box, execute, file), "which is for naught");
	expect(0, judge_allow_case(gate, box, file, &now, BOTH), "it is judged anew");
	expect(0, box_run(box, execute, file), "and runs");
}

static void try_owners(const struct gate *gate)
{
	struct box box = box_make_asking(gate, GATE_ASKS_OWNER | GATE_ASKS_UID);
	const char *file = make_program("good", "file");
	struct gate_case plain = case_of(0, 0, 0, true), mapped = { .bound = GATE_TO_OWNER };

	plain.bound = GATE_TO_OWNER;
	expect(0, judge_allow_case(gate, &box, file, &plain, BOTH), "a verdict by the owner");
	expect(0, box_run(&box, execute, file), "is for the mount that shows it");
	try_owners_in_turn(gate, &box, file);
	mapped_file = open_mapped(file);
	if (mapped_file < 0)
		goto out;
	expect(EACCES, box_run(&box, execute_mapped, file), "and for none that shows another");
	expect(GATE_SETTLED, judge_ask_fd(gate, mapped_file, &mapped.version),
	       "which can be judged");
	expect(0, gate_container_allow(box.container, &mapped, BOTH), "and has one of its own");
	expect(0, box_run(&box, execute_mapped, file), "with which it runs");
	expect(0, judge_allow_case(gate, &box, file, &plain, 0), "the other is taken back");
	expect(EACCES, box_run(&box, execute, file), "and neither serves for the other");
	plain.bound = GATE_TO_OWNER | GATE_TO_SUBJECT;
	judge_allow_case(gate, &box, file, &plain, BOTH);
	expect(0, box_run(&box, execute, file), "one by owner and user");
	expect(EACCES, box_run(&box, execute_as_7, file), "is for both");
	fd_close(&mapped_file);
out:
	box_remove(&box);
}

/* The gate is the caller's no more. */
static void try_copies(struct gate *gate, const struct box *box)
{
	int fds[GATE_DESCRIPTORS_MAX];
	size_t count = gate_descriptors(gate, fds);

	must(judge_allow(gate, box, make_program("good", "good"), BOTH) == 0, "a verdict");
	for (size_t i = 0; i < count; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
	gate_container_leave(box->container);
	gate_free(gate);
	expect(EACCES, box_run(box, execute, make_program("bad", "bad")),
	       "copies of its descriptors keep a gate shut");
	expect(0, box_run(box, execute, "good"), "but for what has a verdict");
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/* What a user makes where users may: a map with the name of the one that has the last version. Return: a descriptor. */
static int plant_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint64_t),
		.max_entries = 1,
		.map_name = "nsxattr_version",
	};
	int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));

	must(fd >= 0, "a map");
	return fd;
}

static uint64_t read_map(int fd)
{
	uint32_t key = 0;
	uint64_t value = 0;
	union bpf_attr attr = {
		.map_fd = (uint32_t)fd,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	must(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) == 0, "an entry");
	return value;
}

static int try(void)
{
	int planted = plant_map();
	struct gate *gate = judge_make_gate();
	struct box box = box_make_gated(gate, BOTH);

	must(mkdir("mnt", 0755) == 0 && chown("mnt", ROOT_INSIDE, ROOT_INSIDE) == 0, "mnt");
	copy_file("/bin/false", "bad-dynamic");
	struct statfs status;

	must(statfs(".", &status) == 0, "statfs");
	is_overlay = status.f_type == OVERLAYFS_SUPER_MAGIC;
	try_uses(gate, &box);
	try_kinds(gate, &box);
	try_loaders(gate, &box);
	try_scripts(gate, &box);
	try_changes(gate, &box);
	try_states(gate, &box);
	try_exchanged(gate, &box);
	try_containers(gate, &box);
	try_shut(gate);
	try_revoked(gate);
	expect(0, (long)read_map(planted), "a map that has the name of the gate's is not taken");
	try_subjects(gate);
	try_effective_ids(gate);
	try_owners(gate);
	try_copies(gate, &box);
	box.container = NULL;
	box_remove(&box);
	return 0;
}

/* ---- states of inodes that outlive a gate ---- */

/* Return: a descriptor of the gates' map of that name; -1: there is none. */
static int find_map(const char *name)
{
	union bpf_attr attr = { 0 };

	while (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) == 0) {
		struct bpf_map_info info = { 0 };
		union bpf_attr found = { .map_id = attr.next_id }, asked = { 0 };
		int fd = (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &found, sizeof(found));

		attr = (union bpf_attr){ .start_id = found.map_id };
		asked.info.bpf_fd = (uint32_t)fd;
		asked.info.info_len = sizeof(info);
		asked.info.info = (uintptr_t)&info;
		if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &asked, sizeof(asked)) == 0 &&
		    strcmp(info.name, name) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

static bool has_map(const char *name)
{
	int fd = find_map(name);

	return fd >= 0 && close(fd) == 0;
}

static int try_numbers(void)
{
	struct gate *gate = judge_make_gate();
	struct gate_version before, same, other;
	_cleanup_fd_ int file = open(make_program("good", "file"), O_RDONLY | O_CLOEXEC);

	/* A version for each, so that many have been given. */
	must(judge_ask_fd(gate, file, &before) == GATE_SETTLED, "a version");
	for (int i = 0; i < 100; i++)
		must(open_write("file") == 0, "file");
	expect(GATE_SETTLED, judge_ask_fd(gate, file, &before), "a file has a version");
	_cleanup_fd_ int states = find_map("nsxattr_inodes");

	must(states >= 0, "the map of states");
	gate_free(gate);
	/* The kernel frees it some time later. */
	while (has_map("nsxattr_version"))
		(void)poll(NULL, 0, 10);
	gate = judge_make_gate();
	expect(GATE_SETTLED, judge_ask_fd(gate, file, &same), "which outlives the gate,");
	expect(true, same.number == before.number, "if its state does");
	expect(GATE_SETTLED, judge_ask(gate, make_program("good", "other"), &other),
	       "another file");
	expect(true, other.number > before.number, "has a number that none had before");
	gate_free(gate);
	return 0;
}

/* ---- an overlay, with its layers in reach ---- */

#define LOWER "below"
#define UPPER "above"

static void mount_overlay(const char *lower, const char *upper, const char *at, const char *more)
{
	char options[256], work[64];

	snprintf(work, sizeof(work), "%s.work", upper);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s%s", lower, upper,
		 work, more);
	must(mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0 && mkdir(at, 0755) == 0, upper);
	must(mount("overlay", at, "overlay", 0, options) == 0, options);
	must(chown(at, ROOT_INSIDE, ROOT_INSIDE) == 0, at);
}

/* A lower one, of which the overlay knows nothing yet. */
static void make_lower(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), LOWER "/%s", name);
	make_program("good", path);
}

static int make_link_there(const char *path)
{
	return failed(link(path, "merged/link") < 0 || unlink("merged/link") < 0);
}

static const struct {
	const char *name;
	box_act *act;
	const char *path;
	bool by_host;
	bool copies_up; /* before */
	bool ends_verdict;
} below[] = {
	{ "lower opened for writing", open_write, LOWER, true, false, true },
	{ "lower truncated by its path", cut, LOWER, true, false, true },
	{ "lower with a value", set_value, LOWER, true, false, true },
	{ "lower with another owner", change_owner, LOWER, true, false, false },
	{ "copied up by its times", change_times, "merged", false, false, true },
	{ "copied up for another link", make_link_there, "merged", false, false, true },
	{ "lower opened for writing, copied up", open_write, LOWER, true, true, false },
	{ "upper opened for writing", open_write, UPPER, true, true, true },
	{ "upper truncated by its path", cut, UPPER, true, true, true },
	{ "upper with a value", set_value, UPPER, true, true, true },
	{ "upper with another mode", change_mode, UPPER, true, true, false },
	{ "upper, by the overlay", open_write, "merged", false, true, true },
	{ "upper with other times", change_times, UPPER, false, true, false },
};

static void try_changes_below(const struct gate *gate, const struct box *box)
{
	for (size_t i = 0; i < COUNT_OF(below); i++) {
		char name[32], merged[64], path[64];

		snprintf(name, sizeof(name), "change-%zu", i);
		snprintf(merged, sizeof(merged), "merged/%s", name);
		snprintf(path, sizeof(path), "%s/%s", below[i].path, name);
		make_lower(name);
		if (below[i].copies_up)
			must(change_times(merged) == 0, merged);
		expect(0, judge_allow(gate, box, merged, BOTH), "%s: before, it can be judged",
		       below[i].name);
		expect(0, box_run(box, execute, merged), "%s: and runs", below[i].name);
		expect(0, box_run(below[i].by_host ? NULL : box, below[i].act, path),
		       "%s: it is changed", below[i].name);
		expect(below[i].ends_verdict ? EACCES : 0, box_run(box, execute, merged),
		       "%s: then", below[i].name);
		expect(GATE_SETTLED, judge_state(gate, merged), "%s: it could be judged again",
		       below[i].name);
	}
}

static void try_writers_below(const struct gate *gate, const struct box *box)
{
	make_lower("written");
	int fd = open(LOWER "/written", O_WRONLY | O_CLOEXEC);

	expect(GATE_OPEN_WRITERS, judge_state(gate, "merged/written"), "lower is open for writing");
	close(fd);
	expect(0, judge_allow(gate, box, "merged/written", BOTH), "and not any more");
	expect(ETXTBSY, box_run(box, open_write, LOWER "/written"),
	       "which a container does not open for writing any more");
	expect(ETXTBSY, box_run(box, cut, LOWER "/written"), "nor truncate");
	expect(0, box_run(box, execute, "merged/written"), "it runs");
	expect(0, box_run(box, open_write, "merged/written"), "by the overlay it opens it");
	fd = open(UPPER "/written", O_WRONLY | O_CLOEXEC);
	expect(GATE_OPEN_WRITERS, judge_state(gate, "merged/written"), "upper is open for writing");
	close(fd);
	void *page = map_shared(UPPER "/written");

	expect(GATE_OPEN_WRITERS, judge_state(gate, "merged/written"),
	       "upper is mapped for writing");
	munmap(page, 4096);
	expect(GATE_WAS_MAPPED, judge_state(gate, "merged/written"),
	       "upper was mapped for writing");
}

static void drop_caches(void)
{
	_cleanup_fd_ int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	sync();
	must(fd >= 0 && write(fd, "3", 1) == 1, "drop_caches");
}

/* The overlay's inode goes, that of the layer stays: it is open. */
static void try_mappings_below(const struct gate *gate)
{
	make_lower("mapped");
	make_lower("free");
	must(change_times("merged/mapped") == 0 && change_times("merged/free") == 0, "copying up");
	void *page = map_shared("merged/mapped");
	_cleanup_fd_ int fd = open(UPPER "/mapped", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int free = open(UPPER "/free", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && free >= 0, UPPER);
	expect(GATE_WAS_MAPPED, judge_state(gate, "merged/mapped"), "a mapping by the overlay");
	munmap(page, 4096);
	drop_caches();
	expect(GATE_WAS_MAPPED, judge_state(gate, "merged/mapped"),
	       "which it was, and the overlay has forgotten");
	expect(GATE_SETTLED, judge_state(gate, "merged/free"), "another file");
	expect(GATE_WAS_MAPPED, judge_state(gate, UPPER "/mapped"), "upper by its own path");
}

/* Opened before the file was copied up, and mapped afterwards: it is the lower one still. */
static int map_earlier(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	kill(getpid(), SIGSTOP);
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno :
											   0;
}

static void try_earlier(const struct gate *gate, const struct box *box)
{
	int status;

	make_lower("earlier");
	expect(0, judge_allow(gate, box, "merged/earlier", BOTH), "a lower file");
	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		box_enter(box);
		_exit(map_earlier("merged/earlier"));
	}
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "a child");
	must(change_times("merged/earlier") == 0, "copying up");
	expect(0, judge_allow(gate, box, "merged/earlier", BOTH), "which is copied up, and judged");
	kill(pid, SIGCONT);
	expect(EACCES, box_wait(pid), "is not mapped by an older descriptor");
	expect(0, box_run(box, map, "merged/earlier"), "but by a new one");
	expect(EACCES, box_run(box, map_and_protect, "merged/earlier"), "nor made executable");
}

static void try_stacks(const struct gate *gate, const struct box *box)
{
	make_lower("shared");
	mount_overlay(LOWER, "upper-2", "merged-2", "");
	expect(0, judge_allow(gate, box, "merged/shared", BOTH), "a file in two overlays");
	expect(0, judge_allow(gate, box, "merged-2/shared", BOTH), "and in the other one");
	expect(0, box_run(box, execute, "merged/shared"), "runs in one");
	expect(0, box_run(box, open_write, "merged/shared"), "and is written to there");
	expect(EACCES, box_run(box, execute, "merged/shared"), "runs there no more");
	expect(0, box_run(box, execute, "merged-2/shared"), "but in the other");
	mount_overlay("merged-2", "upper-3", "merged-3", "");
	expect(GATE_LAYERED, judge_state(gate, "merged-3/shared"), "an overlay over an overlay");
	mount_overlay(LOWER, "upper-4", "merged-4", ",metacopy=on");
	expect(GATE_SETTLED, judge_state(gate, "merged-4/shared"), "with metacopy, not copied up");
	must(chmod("merged-4/shared", 0555) == 0, "chmod");
	expect(GATE_LAYERED, judge_state(gate, "merged-4/shared"), "only attributes copied up");
	expect(GATE_SETTLED, judge_state(gate, "merged-2/shared"), "and again in another overlay");
	for (const char *const *at =
		     (const char *const[]){ "merged-4", "merged-3", "merged-2", NULL };
	     *at; at++)
		must(umount2(*at, MNT_DETACH) == 0, *at);
}

static int try_overlay(void)
{
	struct gate *gate = judge_make_gate();

	must(mkdir(LOWER, 0755) == 0 && chown(LOWER, ROOT_INSIDE, ROOT_INSIDE) == 0, LOWER);
	mount_overlay(LOWER, UPPER, "merged", "");
	struct box box = box_make_gated(gate, BOTH);

	try_changes_below(gate, &box);
	try_writers_below(gate, &box);
	try_mappings_below(gate);
	try_earlier(gate, &box);
	try_stacks(gate, &box);
	box_remove(&box);
	gate_free(gate);
	return umount2("merged", MNT_DETACH) < 0;
}

static int hold(char **command)
{
	struct gate *gate = judge_make_gate();
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	int status = box_wait(pid);

	gate_free(gate);
	return status;
}

int main(int arguments, char **words)
{
	if (arguments >= 3 && strcmp(words[1], "hold") == 0)
		return hold(words + 2);
	static const struct {
		const char *word;
		int (*act)(void);
	} acts[] = { { "try", try }, { "overlay", try_overlay }, { "numbers", try_numbers } };
	size_t i = 0;

	while (i < COUNT_OF(acts) && (arguments != 3 || strcmp(words[1], acts[i].word) != 0))
		i++;
	if (i == COUNT_OF(acts) || chdir(words[2]) < 0)
		errx(2,
		     "usage: gate-driver try|overlay|numbers FOLDER, gate-driver hold COMMAND...");
	must(chown(".", ROOT_INSIDE, ROOT_INSIDE) == 0, words[2]);
	return acts[i].act();
}
