/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A call that is not on the list raises SIGSYS instead of being made. The handler says which call it was, for
 * that is what has to be reported, and makes another one that is not on the list: by then nothing handles the
 * signal any more, and the kernel ends the process. An attacker who controls a process gains nothing by the
 * handler: the call is not made, and the filter refuses another handler for SIGSYS.
 *
 * The lists are those of glibc 2.36 and later, on x86-64 and aarch64; a name that a machine does not have
 * is left out. clone3(2) keeps its flags in memory, where no filter sees them: it is told to be missing, and
 * glibc then uses clone(2).
 *
 * The kernel remembers which calls a filter allows whatever their arguments are, and does not run it for them.
 * It runs it for ioctl(2) and bpf(2), of which a request makes four. So a few instructions in front of
 * libseccomp's program allow these four first. They look at the low half of a command, as the kernel does.
 */
#include "base/allowed_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/kcmp.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/log.h"
#include "base/syscalls.h"
#include "count_of.h"

/* By the Makefile. */
#ifdef NSXATTR_INSTRUMENTED
#define IS_INSTRUMENTED true
#else
#define IS_INSTRUMENTED false
#endif

/* Those that Debian 12's headers have no word for. */
#define GET_MOUNT_NAMESPACE_ID _IOR(NSIO, 5, uint64_t)
#define GET_PID_FROM_PIDNS _IOR(NSIO, 6, int)
#define GET_FS_UUID _IOR(0x15, 0, uint8_t[17])
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)

/* Who makes a call. A worker makes all of them, so that the lists of the others can lie on top of its own. */
#define GATED_DAEMON (1U << ALLOWED_CALLS_GATED_DAEMON)
#define GATED_WORKER (1U << ALLOWED_CALLS_GATED_WORKER | GATED_DAEMON)
#define WORKER (1U << ALLOWED_CALLS_WORKER | GATED_WORKER)
#define KEEPER (WORKER | 1U << ALLOWED_CALLS_KEEPER)
#define FORKER (WORKER | 1U << ALLOWED_CALLS_FORKER)
#define EACH (KEEPER | FORKER)

#define ALLOW(names)                                         \
	{                                                    \
		.call = (names), .action = SECCOMP_RET_ALLOW \
	}
#define ALLOW_IF(name, how, which, what)                                 \
	{                                                                \
		.call = (name), .condition = { (how), (which), (what) }, \
		.action = SECCOMP_RET_ALLOW                              \
	}
#define ALLOW_IS(name, which, what) ALLOW_IF(name, ARGUMENT_IS, which, what)

/* What a thread of pthread_create(3), a worker, and a child of base/errand.c are made with. */
#define CLONE_ALLOWED                                                                       \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID |   \
	 CLONE_VFORK | CLONE_PIDFD | CLONE_PARENT | CSIGNAL)
#define CLONE_OF_FORKER (CLONE_PARENT | CLONE_PIDFD | CSIGNAL)

/* The calls for attributes are added from their own table. */
static const struct {
	unsigned int roles;
	struct call_rule rule;
} table[] = {
	/* descriptors, which lead to all that is opened */
	{ EACH, ALLOW("close write writev openat2 statx") },
	{ KEEPER, ALLOW("read getdents64") },
	{ FORKER, ALLOW("openat dup2 dup3 fstat newfstatat readlinkat fchdir") },
	{ WORKER, ALLOW("close_range fcntl pread64 lseek unlinkat name_to_handle_at fstatfs") },
	{ WORKER, ALLOW("memfd_create ftruncate") },
	{ WORKER, ALLOW_IS("ioctl", 1, GET_FS_UUID) },
	/* measurement lists */
	{ WORKER, ALLOW("fallocate pwrite64 fsync") },
	{ WORKER, ALLOW_IS("fchmod", 1, 0600) },
	{ WORKER, { .call = "statmount", .number = 457, .action = SECCOMP_RET_ALLOW } },
	/* rings */
	{ WORKER, ALLOW("io_uring_setup io_uring_enter io_uring_register") },
	/* targets */
	{ KEEPER, ALLOW_IS("seccomp", 0, SECCOMP_GET_NOTIF_SIZES) },
	{ KEEPER, ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_RECV) },
	{ KEEPER, ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_SEND) },
	{ KEEPER, ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_ID_VALID) },
	{ WORKER, ALLOW_IS("ioctl", 1, NOTIF_SET_FLAGS) },
	{ WORKER, ALLOW("pidfd_open pidfd_getfd pidfd_send_signal") },
	{ WORKER, ALLOW_IS("kcmp", 2, KCMP_FILES) },
	{ WORKER, ALLOW("process_vm_readv process_vm_writev") },
	{ WORKER, ALLOW_IS("bpf", 0, BPF_PROG_TEST_RUN) },
	/* the gate, of which a map is reached only by a descriptor: what it was asked, and verdicts */
	{ GATED_WORKER, ALLOW_IS("bpf", 0, BPF_MAP_LOOKUP_ELEM) },
	{ GATED_WORKER, ALLOW_IS("bpf", 0, BPF_MAP_UPDATE_ELEM) },
	{ GATED_WORKER, ALLOW_IS("bpf", 0, BPF_MAP_DELETE_ELEM) },
	{ GATED_WORKER, ALLOW_IS("bpf", 0, BPF_MAP_LOOKUP_AND_DELETE_ELEM) },
	{ GATED_WORKER, ALLOW_IS("bpf", 0, BPF_MAP_GET_NEXT_KEY) },
	{ GATED_WORKER, ALLOW_IS("flock", 1, LOCK_UN) },
	/* a map for the verdicts of a container that comes, and whether it is the one that counts */
	{ GATED_DAEMON, ALLOW_IS("bpf", 0, BPF_MAP_CREATE) },
	{ GATED_DAEMON, ALLOW_IS("bpf", 0, BPF_OBJ_GET_INFO_BY_FD) },
	{ WORKER, ALLOW_IS("ioctl", 1, NS_GET_PARENT) },
	{ WORKER, ALLOW_IS("ioctl", 1, NS_GET_USERNS) },
	{ WORKER, ALLOW_IS("ioctl", 1, NS_GET_OWNER_UID) },
	{ WORKER, ALLOW_IS("ioctl", 1, GET_MOUNT_NAMESPACE_ID) },
	{ WORKER, ALLOW_IS("ioctl", 1, GET_PID_FROM_PIDNS) },
	/* peers, whose connections come by accept4(2), and the processes of our own */
	{ EACH, ALLOW("recvfrom sendmsg sendto shutdown") },
	{ KEEPER, ALLOW("accept4 poll ppoll") },
	{ FORKER, ALLOW("recvmsg") },
	{ WORKER, ALLOW("getsockopt setsockopt eventfd2 signalfd4") },
	{ WORKER, ALLOW("epoll_create1 epoll_ctl epoll_wait epoll_pwait") },
	{ WORKER, ALLOW_IS("socketpair", 0, AF_UNIX) },
	{ WORKER, ALLOW_IS("ioctl", 1, SIOCINQ) },
	{ WORKER, ALLOW_IS("ioctl", 1, SIOCOUTQ) },
	/* a list on top of the worker's */
	{ WORKER, ALLOW_IS("seccomp", 0, SECCOMP_SET_MODE_FILTER) },
	/* ids, and what a child takes on */
	{ FORKER, ALLOW_IS("setns", 1, CLONE_NEWUSER) },
	{ FORKER, ALLOW("capget capset setgroups setresuid setresgid") },
	{ WORKER, ALLOW("getgroups setfsuid setfsgid getuid geteuid getgid getegid") },
	/* processes and threads */
	{ WORKER, ALLOW_IF("clone", ARGUMENT_IS_WITHOUT, 0, ~(uint64_t)CLONE_ALLOWED) },
	{ FORKER, ALLOW_IF("clone", ARGUMENT_IS_WITHOUT, 0, ~(uint64_t)CLONE_OF_FORKER) },
	{ WORKER, { .call = "clone3", .action = SECCOMP_RET_ERRNO | ENOSYS } },
	{ EACH, ALLOW("futex getpid gettid tgkill exit exit_group") },
	{ KEEPER, ALLOW("kill rt_sigqueueinfo setpgid wait4 waitid") },
	{ WORKER, ALLOW("set_robust_list set_tid_address rseq membarrier getppid") },
	{ WORKER, ALLOW("sched_yield sched_getaffinity sched_setscheduler getcpu") },
	{ WORKER, ALLOW_IS("sched_setaffinity", 0, 0) },
	{ WORKER, ALLOW("sched_getattr sched_setattr uname getrusage") },
	{ FORKER, ALLOW_IS("prctl", 0, PR_SET_NAME) },
	{ FORKER, ALLOW_IS("prctl", 0, PR_SET_DUMPABLE) },
	{ FORKER, ALLOW_IS("prctl", 0, PR_SET_PDEATHSIG) },
	{ FORKER, ALLOW_IS("prctl", 0, PR_SET_KEEPCAPS) },
	{ WORKER, ALLOW_IS("prctl", 0, PR_SET_CHILD_SUBREAPER) },
	{ WORKER, ALLOW_IS("prlimit64", 2, 0) }, /* getrlimit(2) */
	/* signals: of the standard ones none above SIGSYS, and not that */
	{ WORKER, ALLOW_IF("rt_sigaction", ARGUMENT_BELOW, 0, SIGSYS) },
	{ WORKER, ALLOW_IS("rt_sigaction", 0, SIGSYS + 1) }, /* glibc's own two, ... */
	{ WORKER, ALLOW_IS("rt_sigaction", 0, SIGSYS + 2) },
	{ WORKER, ALLOW_IS("rt_sigaction", 0, SIGSYS + 3) }, /* ... and what recalls a server */
	{ EACH, ALLOW("rt_sigprocmask rt_sigreturn restart_syscall") },
	{ KEEPER, ALLOW("rt_sigtimedwait") },
	/* time */
	{ EACH, ALLOW("clock_gettime") },
	{ WORKER, ALLOW("clock_nanosleep gettimeofday time") },
	{ WORKER, ALLOW("timer_create timer_settime timer_delete") },
	/* memory; sysinfo(2): qsort(3) of glibc before 2.37, from 1 KiB on */
	{ EACH, ALLOW("brk munmap madvise") },
	{ EACH, ALLOW_IF("mmap", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC) },
	{ EACH, ALLOW_IF("mprotect", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC) },
	{ WORKER, ALLOW("mremap getrandom sysinfo") },
};

#define RULES_MAX (COUNT_OF(table) + SYSCALL_COUNT)

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#define OWN_NUMBER x86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#define OWN_NUMBER aarch64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP_IF(value, if_so, if_not) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (if_so), (if_not))

/* What each request makes; all of it is among the worker's rules, too. */
static const struct sock_filter front[] = {
	LOAD(arch),
	JUMP_IF(OWN_ARCH, 0, 10),
	LOAD(nr),
	JUMP_IF(__NR_ioctl, 0, 4),
	LOAD(args[1]),
	JUMP_IF(SECCOMP_IOCTL_NOTIF_RECV, 5, 0),
	JUMP_IF(SECCOMP_IOCTL_NOTIF_SEND, 4, 0),
	JUMP_IF(SECCOMP_IOCTL_NOTIF_ID_VALID, 3, 4),
	JUMP_IF(__NR_bpf, 0, 3),
	LOAD(args[0]),
	JUMP_IF(BPF_PROG_TEST_RUN, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* In any thread, or in a child that has its parent's memory. */
static void report_call(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	log_error("system call %d is not one that this process may make: please report this; "
		  "meanwhile the setting system-call-filter can be 'log'",
		  info->si_syscall);
	/* The disposition is the default by now. This one is on no list, and could do no harm. */
	syscall(SYS_personality, 0xffffffff);
	_exit(128 + SIGSYS);
}

static int watch_for_refusals(void)
{
	const struct sigaction action = {
		.sa_sigaction = report_call,
		.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND),
	};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (sigaction(SIGSYS, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

static bool is_worker(enum allowed_calls_role role)
{
	return role == ALLOWED_CALLS_WORKER || role == ALLOWED_CALLS_GATED_WORKER ||
	       role == ALLOWED_CALLS_GATED_DAEMON;
}

/* A forker's children call by a path in /proc/self/fd, or by a descriptor. */
static bool makes(enum allowed_calls_role role, const struct syscall_kind *kind)
{
	return is_worker(role) || (role == ALLOWED_CALLS_FORKER &&
				   (kind->form == FORM_PATH || kind->form == FORM_DESCRIPTOR));
}

/* Return: how many rules there are. */
static size_t collect_rules(enum allowed_calls_role role, struct call_rule rules[RULES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].roles & 1U << role)
			rules[count++] = table[i].rule;
	for (size_t i = 0; i < SYSCALL_COUNT; i++)
		if (makes(role, &syscall_kinds[i]))
			rules[count++] =
				(struct call_rule){ .call = syscall_kinds[i].name,
						    .number = syscall_kinds[i].numbers.OWN_NUMBER,
						    .action = SECCOMP_RET_ALLOW };
	return count;
}

static int install(enum allowed_calls_role role, uint32_t otherwise)
{
	struct call_rule rules[RULES_MAX];
	const struct call_filter filter = {
		.rules = rules,
		.rule_count = collect_rules(role, rules),
		.otherwise = otherwise,
		.other_abi = SECCOMP_RET_KILL_PROCESS,
		.room = is_worker(role) ? COUNT_OF(front) : 0,
	};
	struct sock_fprog program;
	int r = call_filter_build(&filter, &program);

	if (r < 0)
		return r;
	for (size_t i = 0; i < filter.room; i++)
		program.filter[i] = front[i];
	r = call_filter_install(&program, 0);
	call_filter_done(&program);
	return r;
}

int allowed_calls_limit(enum allowed_calls_role role, enum allowed_calls_mode mode)
{
	if (mode == ALLOWED_CALLS_NONE || IS_INSTRUMENTED)
		return 0;
	if (mode == ALLOWED_CALLS_LOG)
		return install(role, SECCOMP_RET_LOG);
	/* With the first list: after it no handler can be set. */
	int r = is_worker(role) ? watch_for_refusals() : 0;

	return r < 0 ? r : install(role, SECCOMP_RET_TRAP);
}
