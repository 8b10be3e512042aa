/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * libseccomp knows the twelve old calls by name on every ABI and writes a well-ordered filter, but
 * it knows neither the four *xattrat calls (Linux 6.13) nor WAIT_KILLABLE_RECV (Linux 5.19). So its
 * filter is exported as BPF, a few instructions for the *xattrat numbers are put in front of it
 * (BPF jumps are relative, what follows stays valid), and the whole is loaded with seccomp(2).
 *
 * WAIT_KILLABLE_RECV: without it any signal to the target aborts a call that is already being
 * worked on, the kernel restarts it, and a second XATTR_CREATE finds the first one's work.
 *
 * A call of an unknown ABI passes: it then has the kernel's own answer, which for the attributes
 * that nsxattr is about is a refusal.
 *
 * This is the only file that speaks libseccomp.
 */
#include "attach/filter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define LISTENER_FLAGS (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* setxattrat to removexattrat have these numbers on every ABI (x32 adds its bit). */
#define XATTRAT_FIRST 463
#define XATTRAT_END 467
#define X32_BIT 0x40000000

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct abi {
	uint32_t token; /* libseccomp's */
	uint32_t arch; /* the kernel's */
	uint32_t number_bits;
};

static const struct abi abis[] = {
#if defined(__x86_64__)
	{ SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0 },
	{ SCMP_ARCH_X86, AUDIT_ARCH_I386, 0 },
	{ SCMP_ARCH_X32, AUDIT_ARCH_X86_64, X32_BIT },
#elif defined(__aarch64__)
	{ SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0 },
#else
#error "the system calls of this machine are not in the table"
#endif
};

static const int old_calls[] = {
	SCMP_SYS(setxattr),   SCMP_SYS(lsetxattr),   SCMP_SYS(fsetxattr),    SCMP_SYS(getxattr),
	SCMP_SYS(lgetxattr),  SCMP_SYS(fgetxattr),   SCMP_SYS(listxattr),    SCMP_SYS(llistxattr),
	SCMP_SYS(flistxattr), SCMP_SYS(removexattr), SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr),
};

/* Two instructions that most calls walk through, and six for each ABI. */
#define GATE_LENGTH 2
#define ABI_LENGTH 6
#define PREFIX_LENGTH (GATE_LENGTH + ABI_LENGTH * COUNT_OF(abis))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

/* The offset of a jump is a byte, a program's length at most BPF_MAXINSNS. */
static_assert(ABI_LENGTH * COUNT_OF(abis) <= UINT8_MAX, "the gate cannot jump that far");

/** write_prefix() - notify for the *xattrat calls, fall through to what follows for the rest */
static void write_prefix(struct sock_filter *at)
{
	const struct sock_filter gate[GATE_LENGTH] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, XATTRAT_FIRST, 0, ABI_LENGTH * COUNT_OF(abis)),
	};

	memcpy(at, gate, sizeof(gate));
	at += GATE_LENGTH;
	for (size_t i = 0; i < COUNT_OF(abis); i++, at += ABI_LENGTH) {
		const struct abi *abi = &abis[i];
		const struct sock_filter block[ABI_LENGTH] = {
			LOAD(arch),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, abi->arch, 0, 4),
			LOAD(nr),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, abi->number_bits | XATTRAT_FIRST, 0, 2),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, abi->number_bits | XATTRAT_END, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		};

		memcpy(at, block, sizeof(block));
	}
}

static void cleanup_context(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

#define _cleanup_context_ __attribute__((cleanup(cleanup_context)))
#define _cleanup_program_ __attribute__((cleanup(filter_done)))

static int add_rules(scmp_filter_ctx context, const struct filter_options *options)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(old_calls); i++)
		r = seccomp_rule_add(context, SCMP_ACT_NOTIFY, old_calls[i], 0);
	if (r == 0 && !options->allow_io_uring)
		r = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
	return r;
}

static int describe(scmp_filter_ctx context, const struct filter_options *options)
{
	int r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	if (r < 0)
		return r;
	/* Best effort: a binary tree instead of a chain, there since libseccomp 2.5. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < COUNT_OF(abis); i++) {
		r = seccomp_arch_add(context, abis[i].token);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return add_rules(context, options);
}

/** export_to_file() - libseccomp's filter as BPF. Return: 0, *ret_file at its start; -errno. */
static int export_to_file(const struct filter_options *options, int *ret_file)
{
	_cleanup_context_ scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	_cleanup_fd_ int file = memfd_create("nsxattr-filter", MFD_CLOEXEC);
	int r;

	if (file < 0)
		return -errno;
	if (!context)
		return -ENOMEM;
	r = describe(context, options);
	if (r < 0)
		return r;
	r = seccomp_export_bpf(context, file);
	if (r < 0)
		return r;
	*ret_file = TAKE_FD(file);
	return 0;
}

int filter_build(const struct filter_options *options, struct sock_fprog *ret_program)
{
	_cleanup_free_ struct sock_filter *program = NULL;
	_cleanup_fd_ int file = -1;
	struct stat status;
	int r = export_to_file(options, &file);

	if (r < 0)
		return r;
	if (fstat(file, &status) < 0)
		return -errno;
	size_t size = (size_t)status.st_size;
	size_t length = PREFIX_LENGTH + size / sizeof(*program);

	if (size % sizeof(*program) != 0 || length > BPF_MAXINSNS)
		return -EPROTO;
	program = calloc(length, sizeof(*program));
	if (!program)
		return -ENOMEM;
	write_prefix(program);
	if (pread(file, program + PREFIX_LENGTH, size, 0) != (ssize_t)size)
		return -EIO;
	ret_program->len = (unsigned short)length;
	ret_program->filter = TAKE_PTR(program);
	return 0;
}

void filter_done(struct sock_fprog *program)
{
	free(program->filter);
	*program = (struct sock_fprog){ 0 };
}

char *filter_call_name(const char *abi, unsigned number)
{
	static const struct {
		const char *name;
		uint32_t token;
	} named[] = {
		{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
		{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
		{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
		{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
		{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	};

	for (size_t i = 0; i < COUNT_OF(named); i++) {
		unsigned bits = named[i].token == SCMP_ARCH_X32 ? X32_BIT : 0;

		if (strcmp(named[i].name, abi) == 0)
			return seccomp_syscall_resolve_num_arch(named[i].token,
								(int)(number | bits));
	}
	return NULL;
}

const char *filter_lacking(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0) {
		if (errno == ENOSYS)
			return "seccomp filters (CONFIG_SECCOMP_FILTER)";
		if (errno == EOPNOTSUPP || errno == EINVAL)
			return "seccomp user notification (Linux 5.0)";
	}
	/* With known flags the kernel gets as far as reading the program, of which there is none. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTENER_FLAGS, NULL) < 0 &&
	    errno == EINVAL)
		return "seccomp's WAIT_KILLABLE_RECV (Linux 5.19)";
	return NULL;
}

int filter_install(const struct filter_options *options, int *ret_listener)
{
	_cleanup_program_ struct sock_fprog program = { 0 };
	int r = filter_build(options, &program);

	if (r < 0)
		return r;
	long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTENER_FLAGS, &program);

	if (listener < 0)
		return -errno;
	*ret_listener = (int)listener;
	return 0;
}
