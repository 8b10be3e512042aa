/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target is the test itself. The last test makes each call for real too, so that the kernel says
 * which errno is the right one: the calls name an inode that is not there, so that an argument that
 * passes is seen as ENOENT or EBADF.
 */
#include "request/decode.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/syscalls.h"

/* Numbers of x86-64; setxattrat and its kin have the same everywhere. */
enum { SET = 188, LSET, FSET, GET, LGET, FGET, LIST, LLIST, FLIST, REMOVE, LREMOVE, FREMOVE };
enum { SETAT = 463, GETAT, LISTAT, REMOVEAT };

#define BAD_ADDRESS 8
#define GARBAGE 0xdeadbeef00000000 /* in the half of a register that does not count */

static size_t page;
static char *memory; /* two pages, and then a hole */

static void set_up(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(memory, MAP_FAILED);
	cr_assert_eq(munmap(memory + 2 * page, page), 0);
}

TestSuite(decode, .init = set_up);

static uint64_t address_of(const void *place)
{
	return (uint64_t)(uintptr_t)place;
}

static char *hole(void)
{
	return memory + 2 * page;
}

/* @length bytes and a NUL that is the last byte before the hole. */
static char *string_at_hole(size_t length)
{
	char *string = hole() - length - 1;

	memset(string, 's', length);
	string[length] = '\0';
	return string;
}

/* @length bytes before the hole, and no NUL. */
static char *bytes_at_hole(size_t length)
{
	memset(hole() - length, 's', length);
	return hole() - length;
}

static struct seccomp_notif notification_of(uint32_t arch, int number, const uint64_t args[6])
{
	struct seccomp_notif notification = {
		.pid = (uint32_t)gettid(),
		.data = { .nr = number, .arch = arch },
	};

	for (size_t i = 0; i < 6; i++)
		notification.data.args[i] = args[i];
	return notification;
}

static int decode_with(uint32_t arch, int number, const uint64_t args[6], struct call *ret_call)
{
	struct seccomp_notif notification = notification_of(arch, number, args);

	return call_decode(&notification, true, ret_call);
}

#define decode(number, call, ...) \
	decode_with(AUDIT_ARCH_X86_64, (number), (const uint64_t[6]){ __VA_ARGS__ }, (call))

/* ---- a kernel that does not have all of the calls ---- */

Test(decode, fails_as_the_kernel_does_for_calls_that_it_lacks)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		for (int number = 463; number <= 466; number++) {
			const struct seccomp_notif notification =
				notification_of(archs[i], number, (const uint64_t[6]){ 0 });
			struct call call;

			cr_expect_eq(call_decode(&notification, false, &call), ENOSYS);
		}
	}
}

Test(decode, knows_the_old_calls_without_the_new)
{
	const struct seccomp_notif notification =
		notification_of(AUDIT_ARCH_X86_64, SET, (const uint64_t[6]){ 11, 22, 33, 44, 0 });
	struct call call;

	cr_expect_eq(call_decode(&notification, false, &call), 0);
	cr_expect_eq(call.size, 44);
}

/* ---- where the arguments are ---- */

Test(decode, takes_a_set_apart)
{
	static const int numbers[] = { SET, LSET, FSET };

	for (size_t i = 0; i < 3; i++) {
		struct call call;

		cr_assert_eq(decode(numbers[i], &call, 11, 22, 33, 44, XATTR_REPLACE), 0);
		cr_expect_eq(call.kind->operation, OPERATION_SET);
		cr_expect_eq(call.tid, gettid());
		cr_expect_eq(call.name, 22);
		cr_expect_eq(call.value, 33);
		cr_expect_eq(call.size, 44);
		cr_expect_eq(call.flags, XATTR_REPLACE);
		cr_expect_eq(call.at_flags, 0);
	}
}

Test(decode, takes_a_get_apart)
{
	static const int numbers[] = { GET, LGET, FGET };

	for (size_t i = 0; i < 3; i++) {
		struct call call;

		/* the fifth argument is what happens to be in the register */
		cr_assert_eq(decode(numbers[i], &call, 11, 22, 33, 44, 55), 0);
		cr_expect_eq(call.kind->operation, OPERATION_GET);
		cr_expect_eq(call.name, 22);
		cr_expect_eq(call.value, 33);
		cr_expect_eq(call.size, 44);
		cr_expect_eq(call.flags, 0);
	}
}

Test(decode, takes_a_list_apart)
{
	static const int numbers[] = { LIST, LLIST, FLIST };

	for (size_t i = 0; i < 3; i++) {
		struct call call;

		cr_assert_eq(decode(numbers[i], &call, 11, 22, 33, 44, 55), 0);
		cr_expect_eq(call.kind->operation, OPERATION_LIST);
		cr_expect_eq(call.value, 22);
		cr_expect_eq(call.size, 33);
	}
}

Test(decode, takes_a_remove_apart)
{
	static const int numbers[] = { REMOVE, LREMOVE, FREMOVE };

	for (size_t i = 0; i < 3; i++) {
		struct call call;

		cr_assert_eq(decode(numbers[i], &call, 11, 22, 33, 44, 55), 0);
		cr_expect_eq(call.kind->operation, OPERATION_REMOVE);
		cr_expect_eq(call.name, 22);
		cr_expect_eq(call.flags, 0);
	}
}

static void expect_place(int number, int dirfd, bool is_descriptor, bool follow)
{
	struct call call;

	cr_assert_eq(decode(number, &call, 11, 22, 33, 44), 0);
	cr_expect_eq(call.dirfd, dirfd, "%s", call.kind->name);
	cr_expect_eq(call.is_descriptor, is_descriptor, "%s", call.kind->name);
	if (!is_descriptor)
		cr_expect_eq(call.path, 11, "%s", call.kind->name);
	if (!is_descriptor)
		cr_expect_eq(call.follow, follow, "%s", call.kind->name);
}

Test(decode, tells_paths_links_and_descriptors_apart)
{
	for (int first = SET; first <= REMOVE; first += 3) {
		expect_place(first, AT_FDCWD, false, true);
		expect_place(first + 1, AT_FDCWD, false, false);
		expect_place(first + 2, 11, true, false);
	}
}

Test(decode, takes_the_at_calls_apart)
{
	const struct args_at set_args = { 77, 88, XATTR_CREATE }, get_args = { 77, 88, 0 };
	struct call call;

	cr_assert_eq(decode(SETAT, &call, 5, 11, AT_EMPTY_PATH, 22, address_of(&set_args), 16), 0);
	cr_expect_eq(call.dirfd, 5);
	cr_expect_eq(call.path, 11);
	cr_expect_eq(call.at_flags, AT_EMPTY_PATH);
	cr_expect(call.follow);
	cr_expect_not(call.is_descriptor);
	cr_expect_eq(call.name, 22);
	cr_expect_eq(call.value, 77);
	cr_expect_eq(call.size, 88);
	cr_expect_eq(call.flags, XATTR_CREATE);

	cr_assert_eq(
		decode(GETAT, &call, 5, 11, AT_SYMLINK_NOFOLLOW, 22, address_of(&get_args), 16), 0);
	cr_expect_eq(call.kind->operation, OPERATION_GET);
	cr_expect_not(call.follow);
	cr_expect_eq(call.name, 22);
	cr_expect_eq(call.value, 77);
	cr_expect_eq(call.size, 88);

	cr_assert_eq(decode(LISTAT, &call, 5, 11, 0, 33, 44, 55), 0);
	cr_expect_eq(call.kind->operation, OPERATION_LIST);
	cr_expect_eq(call.dirfd, 5);
	cr_expect_eq(call.path, 11);
	cr_expect_eq(call.value, 33);
	cr_expect_eq(call.size, 44);

	cr_assert_eq(decode(REMOVEAT, &call, 5, 11, AT_SYMLINK_NOFOLLOW, 22, 33, 44), 0);
	cr_expect_eq(call.kind->operation, OPERATION_REMOVE);
	cr_expect_not(call.follow);
	cr_expect_eq(call.name, 22);
}

Test(decode, sees_int_arguments_as_the_kernel_does)
{
	struct call call;

	cr_assert_eq(decode(FGET, &call, GARBAGE | 7, 22, 33, 44), 0);
	cr_expect_eq(call.dirfd, 7);
	cr_assert_eq(decode(FGET, &call, 0xffffffff, 22, 33, 44), 0);
	cr_expect_eq(call.dirfd, -1);
	cr_assert_eq(decode(LISTAT, &call, GARBAGE | 0xffffff9c, 11, GARBAGE, 33, 44), 0);
	cr_expect_eq(call.dirfd, AT_FDCWD);
	cr_expect_eq(call.at_flags, 0);
	cr_assert_eq(decode(SET, &call, 11, 22, 33, 44, GARBAGE | XATTR_CREATE), 0);
	cr_expect_eq(call.flags, XATTR_CREATE);
}

Test(decode, keeps_64_bits_of_addresses_and_sizes)
{
	struct call call;

	cr_assert_eq(decode(SET, &call, GARBAGE | 1, GARBAGE | 2, GARBAGE | 3, GARBAGE | 4), 0);
	cr_expect_eq(call.path, GARBAGE | 1);
	cr_expect_eq(call.name, GARBAGE | 2);
	cr_expect_eq(call.value, GARBAGE | 3);
	cr_expect_eq(call.size, GARBAGE | 4);
}

Test(decode, sees_32_bits_of_each_register_of_i386_and_arm)
{
	static const uint32_t archs[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM };
	static const uint64_t args[6] = { GARBAGE | 1, GARBAGE | 2, GARBAGE | 3, GARBAGE | 4,
					  GARBAGE | XATTR_CREATE };
	struct call call;

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		cr_assert_eq(decode_with(archs[i], 226, args, &call), 0);
		cr_expect_str_eq(call.kind->name, "setxattr");
		cr_expect_eq(call.path, 1);
		cr_expect_eq(call.name, 2);
		cr_expect_eq(call.value, 3);
		cr_expect_eq(call.size, 4);
		cr_expect_eq(call.flags, XATTR_CREATE);
	}
}

Test(decode, knows_the_calls_of_x32_by_their_bit)
{
	struct call call;

	cr_assert_eq(decode(FREMOVE | 0x40000000, &call, GARBAGE | 7, GARBAGE | 2), 0);
	cr_expect_str_eq(call.kind->name, "fremovexattr");
	cr_expect_eq(call.name, GARBAGE | 2);
}

Test(decode, leaves_other_calls_alone)
{
	struct call call;

	cr_expect_eq(decode(0, &call, 0), -ENOSYS);
	cr_expect_eq(decode(-1, &call, 0), -ENOSYS);
	cr_expect_eq(decode_with(AUDIT_ARCH_RISCV64, SET, (const uint64_t[6]){ 0 }, &call),
		     -ENOSYS);
}

/* ---- flags ---- */

Test(decode, refuses_unknown_flags_of_a_set)
{
	const struct args_at args = { .flags = 4 };
	struct call call;

	for (uint64_t flags = 0; flags <= 3; flags++)
		cr_expect_eq(decode(SET, &call, 11, 22, 33, 44, flags), 0);
	for (uint64_t bit = 4; bit <= 0x80000000; bit <<= 1) {
		cr_expect_eq(decode(SET, &call, 11, 22, 33, 44, bit | XATTR_CREATE), EINVAL);
		cr_expect_eq(decode(FSET, &call, 11, 22, 33, 44, bit), EINVAL);
	}
	cr_expect_eq(decode(SETAT, &call, 5, 11, 0, 22, address_of(&args), 16), EINVAL);
}

Test(decode, refuses_flags_of_a_get)
{
	const struct args_at args = { .flags = XATTR_CREATE };
	struct call call;

	cr_expect_eq(decode(GETAT, &call, 5, 11, 0, 22, address_of(&args), 16), EINVAL);
}

Test(decode, refuses_unknown_flags_of_an_at_call)
{
	const struct args_at args = { 0 };
	struct call call;

	for (int number = SETAT; number <= REMOVEAT; number++) {
		for (uint64_t bit = 1; bit <= 0x80000000; bit <<= 1) {
			bool is_known = bit == AT_SYMLINK_NOFOLLOW || bit == AT_EMPTY_PATH;
			uint64_t third = number == LISTAT ? 0 : 22;

			cr_expect_eq(decode(number, &call, 5, 11, bit, third, address_of(&args),
					    16),
				     is_known ? 0 : EINVAL, "%d, flag %#llx", number,
				     (unsigned long long)bit);
		}
	}
}

/* ---- struct xattr_args ---- */

static int decode_args_at(const void *place, uint64_t size)
{
	struct call call;

	return decode(SETAT, &call, 5, 11, 0, 22, address_of(place), size);
}

Test(decode, reads_arguments_of_the_sizes_that_the_kernel_takes)
{
	memset(memory, 0, 2 * page);
	cr_expect_eq(decode_args_at(memory, 0), EINVAL);
	cr_expect_eq(decode_args_at(memory, 15), EINVAL);
	cr_expect_eq(decode_args_at(memory, 16), 0);
	cr_expect_eq(decode_args_at(memory, 17), 0);
	cr_expect_eq(decode_args_at(memory, page), 0);
	cr_expect_eq(decode_args_at(memory, page + 1), E2BIG);
	cr_expect_eq(decode_args_at(memory, UINT64_MAX), E2BIG);
	/* the size counts before the address */
	cr_expect_eq(decode_args_at((void *)BAD_ADDRESS, 15), EINVAL);
	cr_expect_eq(decode_args_at((void *)BAD_ADDRESS, page + 1), E2BIG);
	cr_expect_eq(decode_args_at((void *)BAD_ADDRESS, 16), EFAULT);
}

Test(decode, refuses_arguments_that_it_does_not_know)
{
	static const size_t places[] = { 16, 17, 271, 272, 273, 4095 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		memset(memory, 0, page);
		memory[places[i]] = 1;
		cr_expect_eq(decode_args_at(memory, 4096), E2BIG, "byte %zu", places[i]);
		cr_expect_eq(decode_args_at(memory, places[i]), 0, "byte %zu", places[i]);
	}
}

Test(decode, reads_arguments_up_to_a_hole)
{
	memset(hole() - 32, 0, 32);
	cr_expect_eq(decode_args_at(hole() - 16, 16), 0);
	cr_expect_eq(decode_args_at(hole() - 32, 32), 0);
	cr_expect_eq(decode_args_at(hole() - 15, 16), EFAULT);
	cr_expect_eq(decode_args_at(hole() - 32, 33), EFAULT);
	/* all that is wrong with the tail is seen before what is wrong with the rest */
	memset(memory, 1, page);
	cr_assert_eq(munmap(memory, page), 0);
	memory[page] = 1;
	cr_expect_eq(decode_args_at(memory + page - 16, 32), E2BIG);
}

/* copy_struct_from_user() of the kernel looks at the tail from its beginning, and stops there. */
Test(decode, refuses_what_it_does_not_know_before_it_comes_to_a_hole)
{
	memset(hole() - 32, 0, 32);
	hole()[-16] = 1;
	cr_expect_eq(decode_args_at(hole() - 32, 64), E2BIG);
}

/* ---- names, values, paths ---- */

static int read_name(const char *name)
{
	const struct call call = { .tid = gettid(), .name = address_of(name) };
	char buffer[NAME_SIZE];
	int r = call_read_name(&call, buffer);

	if (r == 0)
		cr_expect_str_eq(buffer, name);
	return r;
}

Test(decode, reads_a_name_of_1_to_255_bytes)
{
	static const size_t good[] = { 1, 2, 254, 255 }, bad[] = { 0, 256, 257, 1000 };

	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(read_name(string_at_hole(good[i])), 0, "%zu bytes", good[i]);
		cr_expect_eq(read_name(string_at_hole(bad[i])), ERANGE, "%zu bytes", bad[i]);
	}
}

Test(decode, finds_no_name_where_its_memory_ends)
{
	cr_expect_eq(read_name((const char *)BAD_ADDRESS), EFAULT);
	cr_expect_eq(read_name(bytes_at_hole(1)), EFAULT);
	cr_expect_eq(read_name(bytes_at_hole(255)), EFAULT);
	/* as many bytes as are looked at: the NUL is not there, the hole does not matter */
	cr_expect_eq(read_name(bytes_at_hole(256)), ERANGE);
}

static int read_value(uint64_t address, uint64_t size)
{
	const struct call call = { .tid = gettid(), .value = address, .size = size };
	char *value = malloc(XATTR_SIZE_MAX);

	cr_assert_not_null(value);
	int r = call_read_value(&call, value);

	if (r == 0 && size > 0)
		cr_expect_eq(memcmp(value, (void *)(uintptr_t)address, size), 0);
	free(value);
	return r;
}

Test(decode, reads_a_value_of_up_to_64_kib)
{
	char *bytes = calloc(1, XATTR_SIZE_MAX + 1);

	cr_assert_not_null(bytes);
	memset(bytes, 'v', XATTR_SIZE_MAX);
	cr_expect_eq(read_value(address_of(bytes), 1), 0);
	cr_expect_eq(read_value(address_of(bytes), XATTR_SIZE_MAX), 0);
	cr_expect_eq(read_value(address_of(bytes), XATTR_SIZE_MAX + 1), E2BIG);
	cr_expect_eq(read_value(address_of(bytes), UINT64_MAX), E2BIG);
	free(bytes);
}

Test(decode, looks_at_no_byte_of_an_empty_value)
{
	cr_expect_eq(read_value(BAD_ADDRESS, 0), 0);
	cr_expect_eq(read_value(0, 0), 0);
}

Test(decode, reads_a_value_up_to_a_hole)
{
	bytes_at_hole(100);
	cr_expect_eq(read_value(address_of(hole() - 100), 100), 0);
	cr_expect_eq(read_value(address_of(hole() - 100), 101), EFAULT);
	cr_expect_eq(read_value(BAD_ADDRESS, 1), EFAULT);
	cr_expect_eq(read_value(BAD_ADDRESS, XATTR_SIZE_MAX + 1), E2BIG);
}

static int read_path(const char *path, unsigned int at_flags, bool *ret_is_descriptor)
{
	struct call call = { .tid = gettid(), .path = address_of(path), .at_flags = at_flags };
	char buffer[PATH_MAX];
	int r = call_read_path(&call, buffer);

	if (r == 0 && !call.is_descriptor)
		cr_expect_str_eq(buffer, path);
	*ret_is_descriptor = call.is_descriptor;
	return r;
}

Test(decode, reads_a_path_of_1_to_4095_bytes)
{
	bool is_descriptor;

	cr_expect_eq(read_path("/etc/passwd", 0, &is_descriptor), 0);
	cr_expect_not(is_descriptor);
	cr_expect_eq(read_path(string_at_hole(4095), 0, &is_descriptor), 0);
	cr_expect_eq(read_path(string_at_hole(4096), 0, &is_descriptor), ENAMETOOLONG);
	cr_expect_eq(read_path("", 0, &is_descriptor), ENOENT);
	cr_expect_eq(read_path("", AT_SYMLINK_NOFOLLOW, &is_descriptor), ENOENT);
}

Test(decode, finds_no_path_where_its_memory_ends)
{
	bool is_descriptor;

	cr_expect_eq(read_path(NULL, 0, &is_descriptor), EFAULT);
	cr_expect_eq(read_path((const char *)BAD_ADDRESS, AT_EMPTY_PATH, &is_descriptor), EFAULT);
	cr_expect_eq(read_path(bytes_at_hole(4095), 0, &is_descriptor), EFAULT);
	cr_expect_eq(read_path(bytes_at_hole(4096), 0, &is_descriptor), ENAMETOOLONG);
}

static bool read_together(int number, const char *name, const char *path)
{
	char read_name[NAME_SIZE], read_path[PATH_MAX];
	struct call call;

	cr_assert_eq(decode(number, &call, address_of(path), address_of(name), 0, 0), 0);
	if (!call_read_together(&call, read_name, read_path, NULL))
		return false;
	cr_expect_str_eq(read_name, name);
	cr_expect_str_eq(read_path, path);
	return true;
}

Test(decode, reads_a_short_name_and_a_short_path_at_once)
{
	cr_expect(read_together(GET, "user.a", "/etc/passwd"));
	cr_expect(read_together(LSET, "user.a", "/etc/passwd"));
	cr_expect(read_together(REMOVE, string_at_hole(255), "/etc/passwd"));
}

/* What has an errno of its own, or is no path, is left to those who know which. */
Test(decode, does_not_read_at_once_what_needs_a_closer_look)
{
	cr_expect_not(read_together(GET, "", "/etc/passwd"));
	cr_expect_not(read_together(GET, "user.a", ""));
	cr_expect_not(read_together(GET, string_at_hole(256), "/etc/passwd"));
	cr_expect_not(read_together(GET, "user.a", string_at_hole(300)));
	cr_expect_not(read_together(GET, "user.a", NULL));
	cr_expect_not(read_together(FGET, "user.a", "/etc/passwd"));
	cr_expect_not(read_together(LIST, "user.a", "/etc/passwd"));
}

Test(decode, takes_an_empty_path_for_the_descriptor_when_asked_to)
{
	bool is_descriptor = false;

	cr_expect_eq(read_path("", AT_EMPTY_PATH, &is_descriptor), 0);
	cr_expect(is_descriptor);
	is_descriptor = false;
	cr_expect_eq(read_path(NULL, AT_EMPTY_PATH, &is_descriptor), 0);
	cr_expect(is_descriptor);
	cr_expect_eq(read_path("x", AT_EMPTY_PATH, &is_descriptor), 0);
	cr_expect_not(is_descriptor);
}

Test(decode, reads_no_path_of_a_descriptor_call)
{
	struct call call = { .tid = gettid(), .path = BAD_ADDRESS, .is_descriptor = true };
	char buffer[PATH_MAX];

	cr_expect_eq(call_read_path(&call, buffer), 0);
	cr_expect(call.is_descriptor);
}

/* ---- the kernel's order ---- */

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

static const long native[] = {
	SYS_setxattr,	 SYS_lsetxattr,	   SYS_fsetxattr,    SETAT,
	SYS_getxattr,	 SYS_lgetxattr,	   SYS_fgetxattr,    GETAT,
	SYS_listxattr,	 SYS_llistxattr,   SYS_flistxattr,   LISTAT,
	SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, REMOVEAT,
};

/* Everything that an argument can be; one of each makes a call. */
struct choice {
	uint64_t name, path, value, size, flags, at_flags, args, args_size;
};

/* The arguments of a call in the order in which it takes them. */
static void lay_out(const struct syscall_kind *kind, const struct choice *choice, uint64_t args[6])
{
	bool has_name = kind->operation != OPERATION_LIST;
	size_t count = 0;

	if (kind->form == FORM_AT || kind->form == FORM_DESCRIPTOR)
		args[count++] = UINT64_MAX; /* descriptor -1 */
	if (kind->form != FORM_DESCRIPTOR)
		args[count++] = choice->path;
	if (kind->form == FORM_AT)
		args[count++] = choice->at_flags;
	if (has_name)
		args[count++] = choice->name;
	if (kind->form == FORM_AT && has_name) {
		args[count++] = choice->args;
		args[count++] = choice->args_size;
		return;
	}
	args[count++] = choice->value;
	args[count++] = choice->size;
	args[count++] = choice->flags;
}

/* What the stages up to the path search make of it, in the order of request_run(). */
static int our_errno(const struct call_order *order, int number, const uint64_t args[6])
{
	static char name[NAME_SIZE], value[XATTR_SIZE_MAX], path[PATH_MAX];
	const struct seccomp_notif notification = notification_of(OUR_ARCH, number, args);
	struct call call;
	int r = call_decode(&notification, xattrat_is_there(), &call);
	bool is_short = call_has_short_value(&call);
	bool is_read = r == 0 && call_read_together(&call, name, path, is_short ? value : NULL);

	if (r == 0 && !is_read && call.kind->operation != OPERATION_LIST)
		r = call_read_name(&call, name);
	if (r == 0 && call.kind->operation == OPERATION_SET && !(is_read && is_short))
		r = call_read_value(&call, value);
	if (r > 0 && call_finds_inode_first(order, &call)) {
		r = 0;
		is_read = false;
	}
	if (r == 0 && !(is_read && !call.is_descriptor))
		r = call_read_path(&call, path);
	if (r != 0)
		return r;
	return call.is_descriptor ? EBADF : ENOENT;
}

static int kernels_errno(long number, const uint64_t args[6])
{
	long r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);

	cr_assert_eq(r, -1, "call %ld of nothing succeeds", number);
	return errno;
}

static void compare(const struct call_order *order, long number, const struct choice *choice)
{
	const struct syscall_kind *kind = syscall_find(OUR_ARCH, (int)number);
	uint64_t args[6] = { 0 };

	lay_out(kind, choice, args);
	int ours = our_errno(order, (int)number, args), kernels = kernels_errno(number, args);

	cr_expect_eq(ours, kernels,
		     "%s: %s, by the kernel %s (name %#lx path %#lx value %#lx size %lu flags %lu "
		     "at_flags %#lx args %#lx, %lu bytes)",
		     kind->name, strerrorname_np(ours), strerrorname_np(kernels), choice->name,
		     choice->path, choice->value, choice->size, choice->flags, choice->at_flags,
		     choice->args, choice->args_size);
}

/* Does the call come to the inode of the working directory? No file system knows the name. */
static bool kernel_takes_for_cwd(long number, const uint64_t args[6])
{
	long r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);

	return r >= 0 || errno != EBADF;
}

static bool we_take_for_cwd(int number, const uint64_t args[6])
{
	char path[PATH_MAX];
	struct call call;

	cr_assert_eq(decode_with(OUR_ARCH, number, args, &call), 0);
	cr_assert_eq(call_read_path(&call, path), 0);
	cr_expect_neq(call.is_cwd, call.is_descriptor, "%s", call.kind->name);
	return call.is_cwd;
}

/* Some of the calls by descriptor, and of those with an empty path, know AT_FDCWD. */
Test(decode, takes_for_the_working_directory_what_the_kernel_does)
{
	struct args_at arguments = { address_of("value"), 5, 0 };
	struct choice choice = {
		.name = address_of("nosuchclass.name"),
		.value = address_of("value"),
		.size = 5,
		.at_flags = AT_EMPTY_PATH,
		.args = address_of(&arguments),
		.args_size = sizeof(arguments),
	};

	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		const struct syscall_kind *kind = syscall_find(OUR_ARCH, (int)native[i]);
		uint64_t args[6] = { 0 };

		if (kind->form != FORM_DESCRIPTOR && (kind->form != FORM_AT || !xattrat_is_there()))
			continue;
		if (kind->operation == OPERATION_LIST)
			choice.size = 0;
		lay_out(kind, &choice, args);
		args[0] = (uint64_t)AT_FDCWD;
		cr_expect_eq(we_take_for_cwd((int)native[i], args),
			     kernel_takes_for_cwd(native[i], args), "%s", kind->name);
	}
}

/* A string in a map of its own: its last byte lies before a hole. */
static uint64_t string_of_its_own(size_t length, bool with_nul)
{
	size_t room = (length + 1 + page - 1) / page * page;
	char *map =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(map, MAP_FAILED);
	cr_assert_eq(munmap(map + room, page), 0);
	memset(map, '/', room);
	if (with_nul)
		map[room - 1] = '\0';
	return address_of(map + room - length - with_nul);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Takes the next digit of a number whose every digit is a choice. */
#define PICK(rest, array)                              \
	({                                             \
		size_t _digit = (rest) % COUNT(array); \
		(rest) /= COUNT(array);                \
		(array)[_digit];                       \
	})

/* Here no inode is found: an error that comes behind that of the path is never seen. */
Test(decode, finds_the_errno_that_the_kernel_finds_first)
{
	struct call_order order;

	call_order_learn(&order);
	/* The second ends in what is no known argument. */
	struct args_at arguments[2][3] = { 0 };
	const uint64_t names[] = {
		address_of("user.decode"),
		address_of(""),
		string_of_its_own(255, true),
		string_of_its_own(256, true),
		string_of_its_own(255, false),
		string_of_its_own(256, false),
		BAD_ADDRESS,
		0,
	};
	const uint64_t paths[] = {
		address_of("/nowhere/at/all"),
		address_of(""),
		string_of_its_own(4096, true),
		string_of_its_own(4095, false),
		string_of_its_own(4096, false),
		BAD_ADDRESS,
		0,
	};
	const uint64_t values[] = { address_of("value"), BAD_ADDRESS, string_of_its_own(4, false) };
	const uint64_t sizes[] = { 0, 5, 65536, 65537, UINT32_MAX };
	const uint64_t flags[] = { 0, XATTR_CREATE | XATTR_REPLACE, 4 };
	const uint64_t at_flags[] = { 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 1 };
	struct args_at *const args[] = { arguments[0], arguments[1], (void *)BAD_ADDRESS };
	const uint64_t args_sizes[] = { 8, sizeof(struct args_at), sizeof(arguments[0]), 5000 };
	const size_t old_choices =
		COUNT(names) * COUNT(paths) * COUNT(values) * COUNT(sizes) * COUNT(flags);
	const size_t choices = old_choices * COUNT(at_flags) * COUNT(args) * COUNT(args_sizes);

	arguments[1][2].flags = 1;
	for (size_t i = 0; i < choices; i++) {
		struct choice choice;
		size_t rest = i;

		choice.name = PICK(rest, names);
		choice.path = PICK(rest, paths);
		choice.value = PICK(rest, values);
		choice.size = PICK(rest, sizes);
		choice.flags = PICK(rest, flags);
		choice.at_flags = PICK(rest, at_flags);
		choice.args_size = PICK(rest, args_sizes);
		struct args_at *place = PICK(rest, args);

		choice.args = address_of(place);
		if (choice.args != BAD_ADDRESS)
			*place = (struct args_at){ choice.value, (uint32_t)choice.size,
						   (uint32_t)choice.flags };
		for (size_t j = 0; j < COUNT(native); j++)
			if (i < old_choices || native[j] >= SETAT)
				compare(&order, native[j], &choice);
	}
}
