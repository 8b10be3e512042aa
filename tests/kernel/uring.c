/* SPDX-License-Identifier: Apache-2.0 */
/* What we take for granted of io_uring: personalities, and attributes through it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "child.h"
#include "inode.h"
#include "kernel_features.h"
#include "launch.h"

static struct io_uring ring;

static void begin(void)
{
	int r = io_uring_queue_init(8, &ring, 0);

	if (r < 0)
		cr_skip_test("io_uring is not available: %s", strerror(-r));
	scratch_new();
}

static void end(void)
{
	io_uring_queue_exit(&ring);
	scratch_remove();
}

TestSuite(uring, .init = begin, .fini = end, .timeout = 60);

static int submit(struct io_uring_sqe *sqe, int personality)
{
	struct io_uring_cqe *cqe;

	sqe->personality = (uint16_t)personality;
	cr_assert_eq(io_uring_submit_and_wait(&ring, 1), 1);
	cr_assert_eq(io_uring_wait_cqe(&ring, &cqe), 0);
	int result = cqe->res;

	io_uring_cqe_seen(&ring, cqe);
	return result;
}

static int open_as(int personality, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	int directory = open(scratch_path("."), O_PATH | O_DIRECTORY | O_CLOEXEC);

	io_uring_prep_openat2(sqe, directory, path, &how);
	int result = submit(sqe, personality);

	close(directory);
	if (result < 0)
		return result;
	close(result);
	return 0;
}

static int set_as(int personality, const char *path, const char *name, const void *value,
		  unsigned int size)
{
	char link[64];
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	io_uring_prep_setxattr(sqe, name, value, link, 0, size);
	int result = submit(sqe, personality);

	close(fd);
	return result;
}

/* ---- personalities ---- */

struct credential {
	uid_t uid;
	uint64_t capabilities;
	int channel;
};

static void limit_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	NEED(syscall(SYS_capget, &header, sets) == 0);
	for (unsigned int i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(wanted >> (32 * i));
		sets[i].effective = sets[i].permitted;
	}
	NEED(syscall(SYS_capset, &header, sets) == 0);
}

static void register_personality(void *argument)
{
	const struct credential *credential = argument;

	child_enter_userns(USUAL_MAP);
	NEED(prctl(PR_SET_KEEPCAPS, 1) == 0);
	NEED(setresgid(credential->uid, credential->uid, credential->uid) == 0);
	NEED(setresuid(credential->uid, credential->uid, credential->uid) == 0);
	limit_capabilities(credential->capabilities);
	int personality = io_uring_register_personality(&ring);

	NEED(write(credential->channel, &personality, sizeof(personality)) ==
	     (ssize_t)sizeof(personality));
}

/* The child has ended when this returns: what stays is the personality. */
static int personality_of(uid_t uid, uint64_t capabilities)
{
	int channel[2], personality = -1;

	cr_assert_eq(pipe2(channel, O_CLOEXEC), 0);
	struct credential credential = { uid, capabilities, channel[1] };

	child_run(register_personality, &credential);
	cr_assert_eq(read(channel[0], &personality, sizeof(personality)), sizeof(personality));
	close(channel[0]);
	close(channel[1]);
	cr_assert_gt(personality, 0, "%s", strerror(-personality));
	return personality;
}

static void make_tree(void)
{
	inode_directory("five", USUAL_ROOT + 5, 0700);
	inode_file("five/file", USUAL_ROOT);
	inode_directory("hosts", 0, 0700);
	inode_file("hosts/file", USUAL_ROOT);
	inode_file("file", USUAL_ROOT + 5);
}

struct expectation {
	uid_t uid;
	uint64_t capabilities;
	int five, hosts, user, capability;
};

static void check_personality(const struct expectation *expected)
{
	static const uint32_t capability[5] = { 0x02000001, 1U << 13 };
	const char *file = scratch_path("file");
	int personality;

	make_tree();
	personality = personality_of(expected->uid, expected->capabilities);
	cr_expect_eq(open_as(personality, "five/file", 0), expected->five);
	cr_expect_eq(open_as(personality, "five/file", RESOLVE_IN_ROOT), expected->five);
	cr_expect_eq(open_as(personality, "hosts/file", 0), expected->hosts);
	cr_expect_eq(open_as(personality, "hosts/file", RESOLVE_IN_ROOT), expected->hosts);
	cr_expect_eq(open_as(0, "hosts/file", 0), 0);
	cr_expect_eq(set_as(personality, file, "user.u", "v", 1), expected->user);
	cr_expect_eq(set_as(personality, file, "security.capability", capability, 20),
		     expected->capability);
	cr_expect_eq(set_as(personality, file, "security.a", "v", 1),
		     kernel_checks_security() ? -EPERM : 0);
	cr_expect_eq(io_uring_unregister_personality(&ring, personality), 0);
	cr_expect_eq(open_as(personality, "file", 0), -EINVAL);
}

Test(uring, a_personality_of_a_namespaces_root)
{
	check_personality(&(struct expectation){ 0, ~0ULL, 0, -EACCES, 0, 0 });
	/* What it has set says whose it is. */
	cr_expect_eq(getxattr(scratch_path("file"), "security.capability", NULL, 0), 24);
}

Test(uring, a_personality_without_capabilities)
{
	check_personality(&(struct expectation){ 0, 0, -EACCES, -EACCES, -EACCES, -EPERM });
}

Test(uring, a_personality_of_an_owner)
{
	check_personality(&(struct expectation){ 5, 0, 0, -EACCES, 0, -EPERM });
}

Test(uring, a_personality_of_another_user)
{
	check_personality(&(struct expectation){ 6, 0, -EACCES, -EACCES, -EACCES, -EPERM });
}

static void use_ring_of_another(void *argument)
{
	const struct io_uring *other = argument;

	NEED(io_uring_register_personality((struct io_uring *)(uintptr_t)other) < 0);
}

/* So the flag, though it would save time, cannot be used. */
Test(uring, a_ring_of_a_single_issuer_takes_no_personality_of_another)
{
	struct io_uring single;

	cr_assert_eq(io_uring_queue_init(8, &single, IORING_SETUP_SINGLE_ISSUER), 0);
	child_run(use_ring_of_another, &single);
	io_uring_queue_exit(&single);
}

/* ---- paths ---- */

Test(uring, magic_links_are_refused_below_a_root)
{
	char link[64];
	int fd = open(scratch_path("."), O_PATH | O_CLOEXEC);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	cr_assert_eq(symlink(link, scratch_path("magic")), 0);
	cr_expect_eq(open_as(0, "magic", 0), 0);
	/* Below its root, /proc is not. */
	cr_expect_eq(open_as(0, "magic", RESOLVE_IN_ROOT), -ENOENT);
	cr_expect_eq(open_as(0, "magic", RESOLVE_NO_MAGICLINKS), -ELOOP);
	close(fd);
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int root = open("/", O_PATH | O_CLOEXEC);

	cr_expect_eq(syscall(SYS_openat2, root, "/proc/self/cwd", &how, sizeof(how)), -1);
	cr_expect(errno == ELOOP || errno == EXDEV, "%s", strerror(errno));
	close(root);
}

Test(uring, relative_paths_do_not_leave_where_they_begin)
{
	inode_file("file", 0);
	inode_directory("directory", 0, 0755);
	cr_expect_eq(open_as(0, "directory/../file", RESOLVE_BENEATH), 0);
	cr_expect_eq(open_as(0, "../file", RESOLVE_BENEATH), -EXDEV);
	cr_expect_eq(open_as(0, "/file", RESOLVE_BENEATH), -EXDEV);
	cr_expect_eq(open_as(0, "/file", RESOLVE_IN_ROOT), 0);
	cr_expect_eq(open_as(0, "../../file", RESOLVE_IN_ROOT), 0);
}

/* ---- attributes ---- */

static int get_by_ring(const char *path, const char *name, char *value, unsigned int size)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	io_uring_prep_getxattr(sqe, name, value, path, size);
	return submit(sqe, 0);
}

/* By /proc/self/fd, the inode of an O_PATH descriptor, a link's own too. */
Test(uring, attributes_of_what_is_pinned)
{
	const char *file = inode_file("file", 0), *link = scratch_path("link");
	char path[64], value[16];

	cr_assert_eq(symlink("file", link), 0);
	cr_expect_eq(set_as(0, file, "security.a", "file", 4), 0);
	cr_expect_eq(set_as(0, link, "security.a", "link", 4), 0);
	INODE_HAS(file, "security.a", "file");
	INODE_HAS(link, "security.a", "link");
	int fd = open(link, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_expect_eq(get_by_ring(path, "security.a", value, sizeof(value)), 4);
	cr_expect(memcmp(value, "link", 4) == 0);
	cr_expect_eq(get_by_ring(path, "security.b", value, sizeof(value)), -ENODATA);
	cr_expect_eq(get_by_ring(path, "security.a", value, 3), -ERANGE);
	close(fd);
}

static int get_by(struct io_uring *by, const char *path, const char *name)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(by);
	struct io_uring_cqe *cqe;
	char value[16];

	io_uring_prep_getxattr(sqe, name, value, path, sizeof(value));
	NEED(io_uring_submit_and_wait(by, 1) == 1);
	NEED(io_uring_wait_cqe(by, &cqe) == 0);
	int result = cqe->res;

	io_uring_cqe_seen(by, cqe);
	return result;
}

static void look_from_a_namespace(void *argument)
{
	const char *file = argument;
	struct io_uring own;
	char names[256];

	child_enter_userns("0:100000:65536");
	NEED(io_uring_queue_init(4, &own, 0) == 0);
	NEED(get_by(&own, file, "security.a@uid=7") == 1);
	NEED(get_by(&own, file, "trusted.nsxattr.7.security.a") == -ENODATA);
	ssize_t length = listxattr(file, names, sizeof(names));

	NEED(length > 0 && memmem(names, (size_t)length, "security.a@", 11));
	NEED(!memmem(names, (size_t)length, "trusted", 7));
	io_uring_queue_exit(&own);
}

/* Why 'store: trusted' keeps a secret, and 'store: security' does not. */
Test(uring, trusted_values_are_for_the_capability_of_the_host)
{
	const char *file = inode_file("file", USUAL_ROOT);

	cr_assert_eq(setxattr(file, "security.a@uid=7", "v", 1, 0), 0);
	cr_assert_eq(setxattr(file, "trusted.nsxattr.7.security.a", "v", 1, 0), 0);
	cr_expect_eq(get_by(&ring, file, "trusted.nsxattr.7.security.a"), 1);
	child_run(look_from_a_namespace, (void *)(uintptr_t)file);
}

static void set_behind_a_filter(void *argument)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setxattr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	const char *file = argument;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;

	NEED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
	NEED_ERROR(ENOSYS, setxattr(file, "security.a", "v", 1, 0));
	io_uring_prep_setxattr(sqe, "security.a", "v", file, 0, 1);
	NEED(io_uring_submit_and_wait(&ring, 1) == 1);
	NEED(io_uring_wait_cqe(&ring, &cqe) == 0);
	NEED(cqe->res == 0);
}

/* Why io_uring_setup(2) is refused to targets. */
Test(uring, no_filter_sees_what_a_ring_does)
{
	const char *file = inode_file("file", 0);

	child_run(set_behind_a_filter, (void *)(uintptr_t)file);
	INODE_HAS(file, "security.a", "v");
}
