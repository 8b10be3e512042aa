/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we take for granted of the attribute calls: where the kernel's rules are our oracle, and where
 * they leave a gap that we close.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/xattr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/syscalls.h"
#include "child.h"
#include "inode.h"
#include "kernel_features.h"
#include "launch.h"
#include "request/decode.h"

static const char *file;
/* The four *xattrat calls are there (Linux 6.13). */
static bool has_at;

static void begin(void)
{
	cr_assert_eq(chdir(scratch_new()), 0);
	file = inode_file("file", USUAL_ROOT);
	has_at = xattrat_is_there();
}

static void end(void)
{
	(void)!chdir("/");
	scratch_remove();
}

TestSuite(xattr, .init = begin, .fini = end, .timeout = 60);

struct args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static long set_at(int fd, const char *path, unsigned int at_flags, const char *name)
{
	struct args args = { (uintptr_t) "v", 1, 0 };

	return syscall(SYS_setxattrat, fd, path, at_flags, name, &args, sizeof(args));
}

static long get_at(int fd, const char *path, unsigned int at_flags, const char *name)
{
	struct args args = { 0 };

	return syscall(SYS_getxattrat, fd, path, at_flags, name, &args, sizeof(args));
}

static long list_at(int fd, const char *path, unsigned int at_flags)
{
	return syscall(SYS_listxattrat, fd, path, at_flags, NULL, 0);
}

static long remove_at(int fd, const char *path, unsigned int at_flags, const char *name)
{
	return syscall(SYS_removexattrat, fd, path, at_flags, name);
}

#define FAILS(error, call)                                                               \
	do {                                                                             \
		long _result = (long)(call);                                             \
		int _errno = errno;                                                      \
		cr_expect(_result < 0 && _errno == (error), "%s: not %s, but %s", #call, \
			  strerrorname_np(error),                                        \
			  _result < 0 ? strerrorname_np(_errno) : "a success");          \
	} while (0)

#define GIVES(value, call)                                                                       \
	do {                                                                                     \
		long _result = (long)(call);                                                     \
		int _errno = errno;                                                              \
		cr_expect(_result == (value), "%s: not %ld, but %ld (%s)", #call, (long)(value), \
			  _result, _result < 0 ? strerrorname_np(_errno) : "");                  \
	} while (0)

/* The same of the *xattrat calls, which fail with ENOSYS where there are none. */
#define AT_FAILS(error, call) FAILS(has_at ? (error) : ENOSYS, call)
#define AT_GIVES(value, call)                \
	do {                                 \
		if (has_at)                  \
			GIVES(value, call);  \
		else                         \
			FAILS(ENOSYS, call); \
	} while (0)

/* ---- the calls with a directory ---- */

Test(xattr, a_path_only_descriptor_has_no_attributes)
{
	int fd = open("file", O_PATH | O_CLOEXEC);

	AT_FAILS(EBADF, set_at(fd, "", AT_EMPTY_PATH, "user.u"));
	AT_FAILS(EBADF, get_at(fd, "", AT_EMPTY_PATH, "user.u"));
	AT_FAILS(EBADF, list_at(fd, "", AT_EMPTY_PATH));
	AT_FAILS(EBADF, remove_at(fd, "", AT_EMPTY_PATH, "user.u"));
	FAILS(EBADF, fsetxattr(fd, "user.u", "v", 1, 0));
	FAILS(EBADF, fgetxattr(fd, "user.u", NULL, 0));
	FAILS(EBADF, flistxattr(fd, NULL, 0));
	FAILS(EBADF, fremovexattr(fd, "user.u"));
	close(fd);
}

Test(xattr, a_null_path_is_an_empty_one)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);

	AT_GIVES(0, set_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	AT_GIVES(1, get_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	AT_GIVES(7, list_at(fd, NULL, AT_EMPTY_PATH));
	AT_GIVES(0, remove_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	AT_FAILS(EFAULT, get_at(fd, NULL, 0, "user.u"));
	close(fd);
}

/*
 * An empty path and AT_FDCWD: set and get are about the working directory, list and remove want a
 * descriptor. No document says so; our answers follow the kernel's. Before Linux 6.13, which brought the *xattrat
 * calls, AT_FDCWD is no descriptor of the old ones either.
 */
Test(xattr, the_working_directory_as_a_descriptor)
{
	AT_GIVES(0, set_at(AT_FDCWD, "", AT_EMPTY_PATH, "user.u"));
	AT_GIVES(1, get_at(AT_FDCWD, NULL, AT_EMPTY_PATH, "user.u"));
	AT_FAILS(EBADF, list_at(AT_FDCWD, "", AT_EMPTY_PATH));
	AT_FAILS(EBADF, remove_at(AT_FDCWD, "", AT_EMPTY_PATH, "user.u"));
	if (has_at) {
		GIVES(0, fsetxattr(AT_FDCWD, "user.u", "v", 1, 0));
		GIVES(1, fgetxattr(AT_FDCWD, "user.u", NULL, 0));
	} else {
		FAILS(EBADF, fsetxattr(AT_FDCWD, "user.u", "v", 1, 0));
		FAILS(EBADF, fgetxattr(AT_FDCWD, "user.u", NULL, 0));
	}
	FAILS(EBADF, flistxattr(AT_FDCWD, NULL, 0));
	FAILS(EBADF, fremovexattr(AT_FDCWD, "user.u"));
	FAILS(EBADF, fsetxattr(-1, "user.u", "v", 1, 0));
}

Test(xattr, unknown_flags_for_the_path)
{
	AT_FAILS(EINVAL, get_at(AT_FDCWD, "file", AT_SYMLINK_FOLLOW, "user.u"));
	AT_FAILS(EINVAL, get_at(AT_FDCWD, "file", AT_NO_AUTOMOUNT, "user.u"));
	AT_FAILS(EINVAL, list_at(AT_FDCWD, "file", 1));
}

Test(xattr, the_size_of_the_arguments)
{
	struct {
		struct args args;
		unsigned char tail[4096];
	} args = { .args.value = (uintptr_t) "v", .args.size = 1 };

	AT_FAILS(EINVAL, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 8));
	AT_FAILS(EINVAL, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 15));
	AT_GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 16));
	AT_GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 24));
	AT_GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 4096));
	AT_FAILS(E2BIG, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 4097));
	args.tail[0] = 1;
	AT_FAILS(E2BIG, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 24));
	args.args.flags = XATTR_CREATE;
	AT_FAILS(EINVAL, syscall(SYS_getxattrat, AT_FDCWD, "file", 0, "user.u", &args, 16));
}

/* ---- the order of errors ---- */

/* The compiler knows setxattr(3), and that these arguments are wrong. */
static long set(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return syscall(SYS_setxattr, path, name, value, size, flags);
}

/* The error of the arguments, or, where the kernel looks for the inode first, that there is none. */
static int if_first(enum operation operation, int error)
{
	struct call_order order;

	call_order_learn(&order);
	return order.is_path_first[operation] ? ENOENT : error;
}

/* The same where the inode is that of a descriptor. */
static int if_before_descriptor(enum operation operation, int error)
{
	struct call_order order;

	call_order_learn(&order);
	return order.is_descriptor_first[operation] ? EBADF : error;
}

/* All calls do so since Linux 6.13. Before, each of them looks at the descriptor first, also where it is not so of a path. */
Test(xattr, arguments_are_checked_before_the_descriptor)
{
	bool is_before = kernel_is_at_least(6, 13);

	FAILS(if_before_descriptor(OPERATION_SET, EINVAL), fsetxattr(-1, "user.u", "v", 1, 8));
	FAILS(if_before_descriptor(OPERATION_SET, ERANGE), fsetxattr(-1, "", "v", 1, 0));
	FAILS(if_before_descriptor(OPERATION_GET, ERANGE), fgetxattr(-1, "", NULL, 0));
	FAILS(if_before_descriptor(OPERATION_REMOVE, ERANGE), fremovexattr(-1, ""));
	cr_expect_eq(if_before_descriptor(OPERATION_SET, 0), is_before ? 0 : EBADF);
	cr_expect_eq(if_before_descriptor(OPERATION_GET, 0), is_before ? 0 : EBADF);
	cr_expect_eq(if_before_descriptor(OPERATION_REMOVE, 0), is_before ? 0 : EBADF);
}

/*
 * All calls do so since Linux 6.13. In 6.12 a get looks for the inode first, in 6.1 each of them does. What comes
 * first of the arguments themselves is seen of an inode that is there.
 */
Test(xattr, arguments_are_checked_before_the_path)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	FAILS(if_first(OPERATION_SET, EINVAL), set("missing", "user.u", "v", 1, 8));
	FAILS(if_first(OPERATION_SET, EINVAL), set("missing", name, "v", 70000, 8));
	FAILS(if_first(OPERATION_SET, ERANGE), set("missing", "", "v", 1, 0));
	FAILS(if_first(OPERATION_SET, ERANGE), set("missing", name, "v", 70000, 0));
	FAILS(if_first(OPERATION_SET, E2BIG), set("missing", "user.u", "v", 65537, 0));
	FAILS(if_first(OPERATION_SET, EFAULT), set("missing", "user.u", NULL, 1, 0));
	FAILS(ENOENT, set("missing", "nothing.at.all", "v", 1, 0));
	FAILS(if_first(OPERATION_GET, ERANGE), getxattr("missing", name, NULL, 0));
	FAILS(if_first(OPERATION_REMOVE, ERANGE), removexattr("missing", name));
	if (kernel_is_at_least(6, 13))
		cr_expect_eq(if_first(OPERATION_SET, 0) + if_first(OPERATION_GET, 0) +
				     if_first(OPERATION_REMOVE, 0),
			     0);
	FAILS(EINVAL, set("file", name, "v", 70000, 8));
	FAILS(ERANGE, set("file", "", "v", 1, 0));
	FAILS(ERANGE, set("file", name, "v", 70000, 0));
	FAILS(E2BIG, set("file", "user.u", "v", 65537, 0));
	FAILS(EFAULT, set("file", "nothing.at.all", NULL, 1, 0));
	FAILS(ERANGE, getxattr("file", name, NULL, 0));
	FAILS(ERANGE, removexattr("file", name));
}

Test(xattr, an_immutable_inode_is_one_before_its_name_is_looked_at)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);
	unsigned int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		SKIP("this file system has no inode flags");
	flags |= FS_IMMUTABLE_FL;
	cr_assert_eq(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	FAILS(EPERM, fsetxattr(fd, "security.", "v", 1, 0));
	FAILS(EPERM, fsetxattr(fd, "nothing", "v", 1, 0));
	FAILS(EPERM, fremovexattr(fd, "security.a"));
	flags &= (unsigned int)~FS_IMMUTABLE_FL;
	cr_assert_eq(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	FAILS(EINVAL, fsetxattr(fd, "security.", "v", 1, 0));
	FAILS(EINVAL, fsetxattr(fd, "trusted.", "v", 1, 0));
	FAILS(EOPNOTSUPP, fsetxattr(fd, "nothing", "v", 1, 0));
	FAILS(ENODATA, fremovexattr(fd, "security.a"));
	close(fd);
}

Test(xattr, both_flags_never_set_anything)
{
	FAILS(ENODATA, setxattr("file", "security.a", "v", 1, XATTR_CREATE | XATTR_REPLACE));
	GIVES(0, setxattr("file", "security.a", "v", 1, 0));
	FAILS(EEXIST, setxattr("file", "security.a", "w", 1, XATTR_CREATE | XATTR_REPLACE));
	INODE_HAS(file, "security.a", "v");
}

/* ---- who may ---- */

/* Is one of the words between commas `bpf`? */
static bool has_bpf_module(void)
{
	char modules[256] = ",";
	FILE *file_of_modules = fopen("/sys/kernel/security/lsm", "re");

	if (!file_of_modules)
		return false;
	bool is_read = fgets(modules + 1, sizeof(modules) - 2, file_of_modules);

	fclose(file_of_modules);
	strcat(modules, ",");
	return is_read && strstr(modules, ",bpf,");
}

/*
 * The hook of the module `bpf` answers 0, and before Linux 6.10 that ends the chain in front of the check for
 * CAP_SYS_ADMIN. What follows from it for nsxattr is in SECURITY.md.
 */
Test(xattr, the_capability_for_security_is_checked_but_for_a_module)
{
	cr_expect_eq(kernel_checks_security(), kernel_is_at_least(6, 10) || !has_bpf_module());
}

/* A change of security.*, of an inode of one's own, without the capability. */
#define NEED_CHECKED(is_checked, call)           \
	do {                                     \
		if (is_checked)                  \
			NEED_ERROR(EPERM, call); \
		else                             \
			NEED((call) == 0);       \
	} while (0)

static void be_ordinary(void *argument)
{
	const bool *is_checked = argument;

	NEED(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	/* Reading security.* needs no permission on the inode; trusted.* is not there. */
	NEED(getxattr("file", "security.a", NULL, 0) == 1);
	NEED_ERROR(ENODATA, getxattr("file", "trusted.t", NULL, 0));
	NEED(listxattr("file", NULL, 0) == 11);
	NEED_CHECKED(*is_checked, setxattr("file", "security.a", "w", 1, 0));
	NEED_CHECKED(*is_checked, removexattr("file", "security.a"));
	NEED_ERROR(EPERM, setxattr("file", "trusted.t", "w", 1, 0));
}

Test(xattr, an_ordinary_user_may_look_at_security)
{
	bool is_checked = kernel_checks_security();

	GIVES(0, setxattr("file", "security.a", "v", 1, 0));
	GIVES(0, setxattr("file", "trusted.t", "v", 1, 0));
	cr_assert_eq(chmod("file", 0), 0);
	child_run(be_ordinary, &is_checked);
}

static void be_namespace_root(void *argument)
{
	const bool *is_checked = argument;

	child_enter_userns(USUAL_MAP);
	NEED(getxattr("file", "security.a", NULL, 0) == 1);
	NEED_CHECKED(*is_checked, setxattr("file", "security.a", "w", 1, 0));
	NEED_CHECKED(*is_checked, setxattr("file", "security.b", "w", 1, 0));
	NEED_ERROR(EPERM, setxattr("file", "trusted.t", "w", 1, 0));
	NEED_ERROR(ENODATA, getxattr("file", "trusted.t", NULL, 0));
	NEED(setxattr("file", "user.u", "v", 1, 0) == 0);
}

/* If this changes, nsxattr has done its work. */
Test(xattr, root_of_a_namespace_is_refused_natively)
{
	bool is_checked = kernel_checks_security();

	GIVES(0, setxattr("file", "security.a", "v", 1, 0));
	GIVES(0, setxattr("file", "trusted.t", "v", 1, 0));
	child_run(be_namespace_root, &is_checked);
}

/* The gap that is_empty_set() in request/request.c is for: no privilege is asked for. */
static void set_empty_capability(void *argument)
{
	(void)argument;
	NEED(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	NEED(setxattr("file", "security.capability", "", 0, 0) == 0);
}

Test(xattr, an_empty_file_capability_needs_no_privilege)
{
	child_run(set_empty_capability, NULL);
	INODE_LISTS(file, "security.capability,");
}

static void set_capability(void *argument)
{
	/* revision 2, CAP_NET_RAW permitted and effective */
	uint32_t capability[5] = { 0x02000001, 1U << 13 };

	(void)argument;
	child_enter_userns(USUAL_MAP);
	NEED(setxattr("file", "security.capability", capability, 20, 0) == 0);
	NEED(getxattr("file", "security.capability", NULL, 0) == 20);
}

Test(xattr, a_file_capability_of_a_namespace_says_whose_it_is)
{
	uint32_t stored[6];

	child_run(set_capability, NULL);
	cr_assert_eq(getxattr("file", "security.capability", stored, sizeof(stored)), 24);
	cr_expect_eq(stored[5], USUAL_ROOT);
	cr_expect_eq(stored[0], 0x03000001);
}
