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

#include "child.h"
#include "inode.h"
#include "launch.h"

#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

static const char *file;

static void begin(void)
{
	cr_assert_eq(chdir(scratch_new()), 0);
	file = inode_file("file", USUAL_ROOT);
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

/* ---- the calls with a directory ---- */

Test(xattr, a_path_only_descriptor_has_no_attributes)
{
	int fd = open("file", O_PATH | O_CLOEXEC);

	FAILS(EBADF, set_at(fd, "", AT_EMPTY_PATH, "user.u"));
	FAILS(EBADF, get_at(fd, "", AT_EMPTY_PATH, "user.u"));
	FAILS(EBADF, list_at(fd, "", AT_EMPTY_PATH));
	FAILS(EBADF, remove_at(fd, "", AT_EMPTY_PATH, "user.u"));
	FAILS(EBADF, fsetxattr(fd, "user.u", "v", 1, 0));
	FAILS(EBADF, fgetxattr(fd, "user.u", NULL, 0));
	FAILS(EBADF, flistxattr(fd, NULL, 0));
	FAILS(EBADF, fremovexattr(fd, "user.u"));
	close(fd);
}

Test(xattr, a_null_path_is_an_empty_one)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);

	GIVES(0, set_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	GIVES(1, get_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	GIVES(7, list_at(fd, NULL, AT_EMPTY_PATH));
	GIVES(0, remove_at(fd, NULL, AT_EMPTY_PATH, "user.u"));
	FAILS(EFAULT, get_at(fd, NULL, 0, "user.u"));
	close(fd);
}

/*
 * An empty path and AT_FDCWD: set and get are about the working directory, list and remove want a
 * descriptor. Nobody says so; our answers follow the kernel's.
 */
Test(xattr, the_working_directory_as_a_descriptor)
{
	GIVES(0, set_at(AT_FDCWD, "", AT_EMPTY_PATH, "user.u"));
	GIVES(1, get_at(AT_FDCWD, NULL, AT_EMPTY_PATH, "user.u"));
	FAILS(EBADF, list_at(AT_FDCWD, "", AT_EMPTY_PATH));
	FAILS(EBADF, remove_at(AT_FDCWD, "", AT_EMPTY_PATH, "user.u"));
	GIVES(0, fsetxattr(AT_FDCWD, "user.u", "v", 1, 0));
	GIVES(1, fgetxattr(AT_FDCWD, "user.u", NULL, 0));
	FAILS(EBADF, flistxattr(AT_FDCWD, NULL, 0));
	FAILS(EBADF, fremovexattr(AT_FDCWD, "user.u"));
	FAILS(EBADF, fsetxattr(-1, "user.u", "v", 1, 0));
}

Test(xattr, unknown_flags_for_the_path)
{
	FAILS(EINVAL, get_at(AT_FDCWD, "file", AT_SYMLINK_FOLLOW, "user.u"));
	FAILS(EINVAL, get_at(AT_FDCWD, "file", AT_NO_AUTOMOUNT, "user.u"));
	FAILS(EINVAL, list_at(AT_FDCWD, "file", 1));
}

Test(xattr, the_size_of_the_arguments)
{
	struct {
		struct args args;
		unsigned char tail[4096];
	} args = { .args.value = (uintptr_t) "v", .args.size = 1 };

	FAILS(EINVAL, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 8));
	FAILS(EINVAL, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 15));
	GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 16));
	GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 24));
	GIVES(0, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 4096));
	FAILS(E2BIG, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 4097));
	args.tail[0] = 1;
	FAILS(E2BIG, syscall(SYS_setxattrat, AT_FDCWD, "file", 0, "user.u", &args, 24));
	args.args.flags = XATTR_CREATE;
	FAILS(EINVAL, syscall(SYS_getxattrat, AT_FDCWD, "file", 0, "user.u", &args, 16));
}

/* ---- the order of errors ---- */

/* The compiler knows setxattr(3), and that these arguments are wrong. */
static long set(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return syscall(SYS_setxattr, path, name, value, size, flags);
}

Test(xattr, arguments_are_checked_before_the_path)
{
	char name[300];

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	FAILS(EINVAL, set("missing", "user.u", "v", 1, 8));
	FAILS(EINVAL, set("missing", name, "v", 70000, 8));
	FAILS(ERANGE, set("missing", "", "v", 1, 0));
	FAILS(ERANGE, set("missing", name, "v", 70000, 0));
	FAILS(E2BIG, set("missing", "user.u", "v", 65537, 0));
	FAILS(EFAULT, set("missing", "user.u", NULL, 1, 0));
	FAILS(ENOENT, set("missing", "nothing.at.all", "v", 1, 0));
	FAILS(ERANGE, getxattr("missing", name, NULL, 0));
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

static void be_ordinary(void *argument)
{
	(void)argument;
	NEED(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	/* Reading security.* needs no permission on the inode; trusted.* is not there. */
	NEED(getxattr("file", "security.a", NULL, 0) == 1);
	NEED_ERROR(ENODATA, getxattr("file", "trusted.t", NULL, 0));
	NEED(listxattr("file", NULL, 0) == 11);
	NEED_ERROR(EPERM, setxattr("file", "security.a", "w", 1, 0));
	NEED_ERROR(EPERM, removexattr("file", "security.a"));
	NEED_ERROR(EPERM, setxattr("file", "trusted.t", "w", 1, 0));
}

Test(xattr, an_ordinary_user_may_look_at_security)
{
	GIVES(0, setxattr("file", "security.a", "v", 1, 0));
	GIVES(0, setxattr("file", "trusted.t", "v", 1, 0));
	cr_assert_eq(chmod("file", 0), 0);
	child_run(be_ordinary, NULL);
}

static void be_namespace_root(void *argument)
{
	(void)argument;
	child_enter_userns(USUAL_MAP);
	NEED(getxattr("file", "security.a", NULL, 0) == 1);
	NEED_ERROR(EPERM, setxattr("file", "security.a", "w", 1, 0));
	NEED_ERROR(EPERM, setxattr("file", "security.b", "w", 1, 0));
	NEED_ERROR(EPERM, setxattr("file", "trusted.t", "w", 1, 0));
	NEED_ERROR(ENODATA, getxattr("file", "trusted.t", NULL, 0));
	NEED(setxattr("file", "user.u", "v", 1, 0) == 0);
}

/* If this changes, nsxattr has done its work. */
Test(xattr, root_of_a_namespace_is_refused_natively)
{
	GIVES(0, setxattr("file", "security.a", "v", 1, 0));
	GIVES(0, setxattr("file", "trusted.t", "v", 1, 0));
	child_run(be_namespace_root, NULL);
}

/* The gap that is_empty_set() in request/request.c is for: no privilege is asked for. */
static void set_empty_capability(void *argument)
{
	(void)argument;
	NEED(setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0);
	NEED(setxattr("file", "security.capability", "", 0, 0) == 0);
}

Test(xattr, an_empty_file_capability_is_anybodys)
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
