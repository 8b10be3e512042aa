/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enforce-attack-driver use FILE HOW…: what enforce-driver does in other ways. Root of a container executes, or maps, a file, a
 * copy of this program. A line for each way says "ran", or the errno with which that fails.
 *
 * enforce-attack-driver change HOW…: it executes a program that is signed, changes it, and executes it again. A line for each
 * says how the first one ended, what has become of the content ("good", "bad"), and how the second one ended. These are copies
 * of "good", and of "bad": programs as tests/live/enforce.h has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count_of.h"
#include "enforce.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

#define PAGE 4096

/* ---- other ways ---- */

static int in_namespace(const char *file)
{
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
	return execute_here(file);
}

static int by_empty_path(const char *path, int how, int flags)
{
	char *words[] = { (char *)path, "ran", NULL };
	int fd = must(open(path, how), path);

	if (syscall(SYS_execveat, fd, "", words, environ, AT_EMPTY_PATH | flags) < 0)
		return say(false);
	return say(true);
}

static int by_descriptor(const char *file)
{
	return by_empty_path(file, O_RDONLY, 0);
}

static int by_descriptor_of_path(const char *file)
{
	return by_empty_path(file, O_PATH, 0);
}

/* Nothing is executed, but asked whether it could be. */
static int asked(const char *file)
{
	return by_empty_path(file, O_RDONLY, AT_EXECVE_CHECK);
}

static int by_number(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", must(open(file, O_RDONLY), file));
	return execute_here(path);
}

/* A namespace that another process has made. */
static int in_entered(const char *file)
{
	char *path = realpath(file, NULL), byte;
	int ends[2];

	must(pipe(ends), "pipe");
	pid_t pid = must(fork(), "fork");

	if (pid == 0) {
		must(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
		must(write(ends[1], "x", 1), "write");
		pause();
	}
	must(read(ends[0], &byte, 1), "read");
	must(setns(must(syscall(SYS_pidfd_open, pid, 0), "pidfd_open"),
		   CLONE_NEWUSER | CLONE_NEWNS),
	     "setns");
	kill(pid, SIGKILL);
	return execute_here(path);
}

static char traced_path[256];

/* Return: whether the child has stopped at the beginning of an execve(2). */
static bool begins_execve(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_execve;
}

/* It executes this program, which is signed; its tracer has the call be about another file. */
static int traced(const char *file)
{
	int status;

	snprintf(traced_path, sizeof(traced_path), "%s", program_invocation_name);
	pid_t pid = must(fork(), "fork");

	if (pid == 0) {
		must(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "traceme");
		raise(SIGSTOP);
		exit(execute_here(traced_path));
	}
	must(waitpid(pid, &status, 0), "waitpid");
	must(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD), "ptrace");
	do {
		must(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), "ptrace");
		must(waitpid(pid, &status, 0), "waitpid");
	} while (WIFSTOPPED(status) && !begins_execve(pid));
	struct iovec from = { (void *)(uintptr_t)file, strlen(file) + 1 };
	struct iovec to = { traced_path, strlen(file) + 1 };

	must(process_vm_writev(pid, &from, 1, &to, 1, 0), "process_vm_writev");
	must(ptrace(PTRACE_DETACH, pid, NULL, NULL), "ptrace");
	return status_of(pid);
}

/*
 * An entry of binfmt_misc says that FILE is for "interpreter" to execute: from Linux 6.7 on the container has entries of its
 * own. Before that the host has made one.
 */
static int by_entry(const char *file)
{
	char entry[512], *interpreter = realpath("interpreter", NULL);

	if (mount("binfmt_misc", "mnt", "binfmt_misc", 0, NULL) == 0) {
		snprintf(entry, sizeof(entry), ":attack:M::attack-me::%s:", interpreter);
		must(write(must(open("mnt/register", O_WRONLY), "register"), entry, strlen(entry)),
		     entry);
	}
	return execute_here(file);
}

/* It has been mapped to be read. Is it mapped anew, with what is implied, by a call that names no file? */
static int map_again(const char *file)
{
	int fd = must(open(file, O_RDWR), file);
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	must(page == MAP_FAILED ? -1 : 0, "mmap");
	personality(READ_IMPLIES_EXEC);
	return say(syscall(SYS_remap_file_pages, page, PAGE, 0, 0, 0) == 0);
}

/* ---- files that are changed, the program BAD at hand ---- */

static off_t answer_at;
static const char bad_answer = BAD;

static int opened(const char *path, int flags)
{
	return must(open(path, flags | O_CLOEXEC), path);
}

static void by_write(const char *path, const char *bad)
{
	(void)bad;
	must(pwrite(opened(path, O_WRONLY), &bad_answer, 1, answer_at), "pwrite");
}

static void by_cut(const char *path, const char *bad)
{
	must(truncate(path, 0), "truncate");
	must(sendfile(opened(path, O_WRONLY), opened(bad, O_RDONLY), NULL, 1 << 20), "sendfile");
}

static void by_range(const char *path, const char *bad)
{
	off_t from = answer_at, to = answer_at;

	must(copy_file_range(opened(bad, O_RDONLY), &from, opened(path, O_WRONLY), &to, 1, 0),
	     "copy_file_range");
}

static void by_splice(const char *path, const char *bad)
{
	off_t to = answer_at;
	int ends[2];

	(void)bad;
	must(pipe(ends), "pipe");
	must(write(ends[1], &bad_answer, 1), "write");
	must(splice(ends[0], NULL, opened(path, O_WRONLY), &to, 1, 0), "splice");
}

/* The block with the answer. */
static void by_direct(const char *path, const char *bad)
{
	static char block[PAGE] __attribute__((aligned(PAGE)));
	off_t at = answer_at / PAGE * PAGE;
	ssize_t length = pread(opened(bad, O_RDONLY), block, PAGE, at);
	int fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, block, PAGE, at) < 0)
		by_write(path, bad);
	else
		must(truncate(path, at + length), "truncate");
}

static int answer_of(struct io_uring *ring)
{
	struct io_uring_cqe *answer;

	must(io_uring_submit_and_wait(ring, 1), "io_uring");
	must(io_uring_peek_cqe(ring, &answer), "io_uring");
	int result = answer->res;

	io_uring_cqe_seen(ring, answer);
	return result;
}

static struct io_uring ring;

static void make_ring(void)
{
	int r = io_uring_queue_init(4, &ring, 0);

	errno = -r;
	must(r < 0 ? -1 : 0, "io_uring");
}

static void by_ring(const char *path, const char *bad)
{
	(void)bad;
	make_ring();
	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, path, O_WRONLY, 0);
	int fd = must(answer_of(&ring), "open");

	io_uring_prep_write(io_uring_get_sqe(&ring), fd, &bad_answer, 1, (uint64_t)answer_at);
	must(answer_of(&ring), "write");
	close(fd);
}

static void by_clone(const char *path, const char *bad)
{
	(void)ioctl(opened(path, O_WRONLY), FICLONE, opened(bad, O_RDONLY));
}

/* What follows is not to work. */
static void by_clone_over_reader(const char *path, const char *bad)
{
	(void)ioctl(opened(path, O_RDONLY), FICLONE, opened(bad, O_RDONLY));
}

static void by_deduplication(const char *path, const char *bad)
{
	static union {
		struct file_dedupe_range range;
		char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)];
	} asked_for;

	asked_for.range.src_length = (uint64_t)answer_at / PAGE * PAGE + PAGE;
	asked_for.range.dest_count = 1;
	asked_for.range.info[0].dest_fd = opened(path, O_RDONLY);
	(void)ioctl(opened(bad, O_RDONLY), FIDEDUPERANGE, &asked_for);
}

static void write_memory(const char *path, int flags)
{
	size_t size = (size_t)answer_at + 1;
	char *bytes = mmap(NULL, size, PROT_READ, flags, opened(path, O_RDONLY), 0);

	must(bytes == MAP_FAILED ? -1 : 0, "mmap");
	(void)!pwrite(opened("/proc/self/mem", O_RDWR), &bad_answer, 1,
		      (off_t)(uintptr_t)(bytes + answer_at));
}

static void by_private_memory(const char *path, const char *bad)
{
	(void)bad;
	write_memory(path, MAP_PRIVATE);
}

static void by_shared_memory(const char *path, const char *bad)
{
	(void)bad;
	write_memory(path, MAP_SHARED);
}

static const struct {
	const char *name;
	void (*act)(const char *path, const char *bad);
} changes[] = {
	{ "write", by_write },
	{ "cut", by_cut },
	{ "copy-range", by_range },
	{ "splice", by_splice },
	{ "direct", by_direct },
	{ "ring", by_ring },
	{ "clone", by_clone },
	{ "clone-over-reader", by_clone_over_reader },
	{ "deduplicate", by_deduplication },
	{ "private-memory", by_private_memory },
	{ "shared-memory", by_shared_memory },
};

static const char *content_of(const char *path)
{
	char answer = 0;

	must(pread(opened(path, O_RDONLY), &answer, 1, answer_at), path);
	return answer == BAD ? "bad" : "good";
}

/* A process of its own changes it, and has ended then. */
static void change(void (*act)(const char *path, const char *bad))
{
	unlink("changed");
	copy_signed("good", "changed");
	int before = execute_apart("changed");
	pid_t pid = must(fork(), "fork");

	if (pid == 0) {
		act("changed", "bad");
		exit(0);
	}
	must(-status_of(pid), "the change");
	printf("%d %s %d\n", before, content_of("changed"), execute_apart("changed"));
}

/* The upper one has the file. Return: whether there is an overlay. */
static bool mount_layers(void)
{
	static const char *const folders[] = { "lower", "upper", "work", "merged" };
	char *from = realpath("good", NULL);

	must(mount("tmpfs", "mnt", "tmpfs", 0, NULL), "mount");
	must(chdir("mnt"), "mnt");
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		must(mkdir(folders[i], 0755), folders[i]);
	copy_signed(from, "upper/file");
	return mount("o", "merged", "overlay", 0,
		     "lowerdir=lower,upperdir=upper,workdir=work,userxattr") == 0;
}

/* A page that the ring has, whose mapping and descriptor are gone. Return: its address for the ring. */
static char *pin_page(const char *path)
{
	int fd = opened(path, O_RDWR), protection = PROT_READ | PROT_WRITE;
	char *page = mmap(NULL, PAGE, protection, MAP_SHARED, fd, answer_at / PAGE * PAGE);

	must(page == MAP_FAILED ? -1 : 0, "mmap");
	make_ring();
	errno = -io_uring_register_buffers(&ring, &(struct iovec){ page, PAGE }, 1);
	must(-errno, "register");
	munmap(page, PAGE);
	close(fd);
	return page;
}

/* A layer's file, a page of which was mapped through the overlay, and is written to when it has been judged. */
static void change_when_judged(void)
{
	int ends[2];

	if (!mount_layers()) {
		printf("no overlay\n");
		return;
	}
	char *place = pin_page("merged/file") + answer_at % PAGE;
	int before = execute_apart("upper/file");

	must(pipe(ends), "pipe");
	must(write(ends[1], &bad_answer, 1), "write");
	io_uring_prep_read_fixed(io_uring_get_sqe(&ring), ends[0], place, 1, 0, 0);
	must(answer_of(&ring), "read");
	printf("%d %s %d\n", before, content_of("upper/file"), execute_apart("upper/file"));
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	int (*act)(const char *file);
} uses[] = {
	{ "path", execute_here },
	{ "descriptor", by_descriptor },
	{ "path-descriptor", by_descriptor_of_path },
	{ "number", by_number },
	{ "asked", asked },
	{ "nested", in_namespace },
	{ "entered", in_entered },
	{ "traced", traced },
	{ "entry", by_entry },
	{ "map-again", map_again },
};

static void use(const char *file, const char *how)
{
	for (size_t i = 0; i < COUNT_OF(uses); i++)
		if (strcmp(uses[i].name, how) == 0)
			exit(uses[i].act(file));
}

static void change_by(const char *how)
{
	answer_at = find_answer("good");
	if (strcmp(how, "ring-when-judged") == 0)
		change_when_judged();
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		if (strcmp(changes[i].name, how) == 0)
			change(changes[i].act);
}

/* What is mounted is there for this attack alone. */
static void attack(char **words, const char *how)
{
	pid_t pid = must(fork(), "fork");

	if (pid == 0) {
		must(unshare(CLONE_NEWNS), "unshare");
		printf("%s: ", how);
		if (strcmp(words[1], "use") == 0)
			use(words[2], how);
		else
			change_by(how);
		exit(0);
	}
	status_of(pid);
}

int main(int argc, char **argv)
{
	bool is_use = argc > 2 && strcmp(argv[1], "use") == 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(argv[argc - 1], "ran") == 0)
		return say(true);
	for (int i = is_use ? 3 : 2; i < argc; i++)
		attack(argv, argv[i]);
	return 0;
}
