/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A call that is not on the list raises SIGSYS instead of being made. The handler says which call it was, for
 * that is what has to be reported, and makes another one that is not on the list: by then nothing handles the
 * signal any more, and the kernel ends the process. A process that somebody else controls gains nothing by the
 * handler: the call is not made, and the filter lets nobody handle SIGSYS in another way.
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
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/call_filter.h"
#include "base/log.h"
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
#define NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)

#define ALLOW(name)                                         \
	{                                                   \
		.call = (name), .action = SECCOMP_RET_ALLOW \
	}
/* For a call that libseccomp 2.5.4 cannot name. */
#define ALLOW_NEW(name, nr)                                                 \
	{                                                                   \
		.call = (name), .number = (nr), .action = SECCOMP_RET_ALLOW \
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

static const struct call_rule keeper_rules[] = {
	/* time, signals, the worker's end */
	ALLOW("clock_gettime"),
	ALLOW("rt_sigprocmask"),
	ALLOW("rt_sigqueueinfo"),
	ALLOW("rt_sigreturn"),
	ALLOW("rt_sigtimedwait"),
	ALLOW("restart_syscall"),
	ALLOW("kill"),
	ALLOW("setpgid"),
	ALLOW("waitid"),
	ALLOW("wait4"),
	ALLOW("exit"),
	ALLOW("exit_group"),
	/* the log, and who asks at the desk */
	ALLOW("write"),
	ALLOW("poll"),
	ALLOW("ppoll"),
	ALLOW("accept4"),
	ALLOW("sendto"),
	ALLOW("shutdown"),
	ALLOW("close"),
	/* how far the end of a worker has come, in procfs */
	ALLOW("openat2"),
	ALLOW("read"),
	ALLOW("getdents64"),
	/* what is a listener, to be closed in the end */
	ALLOW("statx"),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_ID_VALID),
	/* the starter */
	ALLOW("recvfrom"),
	/* the command's process, if it cannot begin */
	ALLOW("sendmsg"),
	/* calls of targets that fail */
	ALLOW_IS("seccomp", 0, SECCOMP_GET_NOTIF_SIZES),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_RECV),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_SEND),
	/* glibc */
	ALLOW("brk"),
	ALLOW("munmap"),
	ALLOW("madvise"),
	ALLOW("futex"),
	ALLOW("getpid"),
	ALLOW("gettid"),
	ALLOW("tgkill"),
	ALLOW("writev"),
	ALLOW_IF("mmap", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
	ALLOW_IF("mprotect", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
};

static const struct call_rule worker_rules[] = {
	/* descriptors, which lead to all that is opened */
	ALLOW("openat"),
	ALLOW("openat2"),
	ALLOW("close"),
	ALLOW("close_range"),
	ALLOW("dup2"),
	ALLOW("dup3"),
	ALLOW("fcntl"),
	ALLOW("read"),
	ALLOW("pread64"),
	ALLOW("write"),
	ALLOW("writev"),
	ALLOW("lseek"),
	ALLOW("getdents64"),
	ALLOW("fstat"),
	ALLOW("newfstatat"),
	ALLOW("statx"),
	ALLOW("readlinkat"),
	ALLOW("fchdir"),
	ALLOW("unlinkat"),
	ALLOW("name_to_handle_at"),
	ALLOW("fstatfs"),
	ALLOW("memfd_create"),
	ALLOW("ftruncate"),
	ALLOW_NEW("statmount", 457),
	/* attributes */
	ALLOW("setxattr"),
	ALLOW("lsetxattr"),
	ALLOW("fsetxattr"),
	ALLOW("getxattr"),
	ALLOW("lgetxattr"),
	ALLOW("fgetxattr"),
	ALLOW("listxattr"),
	ALLOW("llistxattr"),
	ALLOW("flistxattr"),
	ALLOW("removexattr"),
	ALLOW("lremovexattr"),
	ALLOW("fremovexattr"),
	ALLOW_NEW("setxattrat", 463),
	ALLOW_NEW("getxattrat", 464),
	ALLOW_NEW("listxattrat", 465),
	ALLOW_NEW("removexattrat", 466),
	/* rings */
	ALLOW("io_uring_setup"),
	ALLOW("io_uring_enter"),
	ALLOW("io_uring_register"),
	/* targets */
	ALLOW("pidfd_open"),
	ALLOW("pidfd_getfd"),
	ALLOW("pidfd_send_signal"),
	ALLOW("process_vm_readv"),
	ALLOW("process_vm_writev"),
	ALLOW_IS("bpf", 0, BPF_PROG_TEST_RUN),
	ALLOW_IS("seccomp", 0, SECCOMP_GET_NOTIF_SIZES),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_RECV),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_SEND),
	ALLOW_IS("ioctl", 1, SECCOMP_IOCTL_NOTIF_ID_VALID),
	ALLOW_IS("ioctl", 1, NOTIF_SET_FLAGS),
	ALLOW_IS("ioctl", 1, NS_GET_PARENT),
	ALLOW_IS("ioctl", 1, NS_GET_USERNS),
	ALLOW_IS("ioctl", 1, NS_GET_OWNER_UID),
	ALLOW_IS("ioctl", 1, GET_MOUNT_NAMESPACE_ID),
	ALLOW_IS("ioctl", 1, GET_PID_FROM_PIDNS),
	/* peers, whose connections come by accept4(2) */
	ALLOW("accept4"),
	ALLOW("recvmsg"),
	ALLOW("recvfrom"),
	ALLOW("sendmsg"),
	ALLOW("sendto"),
	ALLOW("getsockopt"),
	ALLOW("setsockopt"),
	ALLOW("shutdown"),
	ALLOW_IS("socketpair", 0, AF_UNIX),
	ALLOW_IS("ioctl", 1, SIOCINQ),
	ALLOW_IS("ioctl", 1, SIOCOUTQ),
	ALLOW("epoll_create1"),
	ALLOW("epoll_ctl"),
	ALLOW("epoll_wait"),
	ALLOW("epoll_pwait"),
	ALLOW("poll"),
	ALLOW("ppoll"),
	ALLOW("eventfd2"),
	ALLOW("signalfd4"),
	/* a keeper's list, on top of this one */
	ALLOW_IS("seccomp", 0, SECCOMP_SET_MODE_FILTER),
	/* ids, and what a helper takes on */
	ALLOW_IS("setns", 1, CLONE_NEWUSER),
	ALLOW("capget"),
	ALLOW("capset"),
	ALLOW("getgroups"),
	ALLOW("setgroups"),
	ALLOW("setresuid"),
	ALLOW("setresgid"),
	ALLOW("setfsuid"),
	ALLOW("setfsgid"),
	ALLOW("getuid"),
	ALLOW("geteuid"),
	ALLOW("getgid"),
	ALLOW("getegid"),
	/* processes and threads */
	ALLOW_IF("clone", ARGUMENT_IS_WITHOUT, 0, ~(uint64_t)CLONE_ALLOWED),
	{ .call = "clone3", .action = SECCOMP_RET_ERRNO | ENOSYS },
	ALLOW("set_robust_list"),
	ALLOW("set_tid_address"),
	ALLOW("rseq"),
	ALLOW("futex"),
	ALLOW("membarrier"),
	ALLOW("sched_yield"),
	ALLOW("sched_getaffinity"),
	ALLOW("sched_setscheduler"),
	ALLOW("sched_getattr"),
	ALLOW("sched_setattr"),
	ALLOW("getpid"),
	ALLOW("gettid"),
	ALLOW("getppid"),
	ALLOW("setpgid"),
	ALLOW("kill"),
	ALLOW("tgkill"),
	ALLOW("rt_sigqueueinfo"),
	ALLOW("wait4"),
	ALLOW("waitid"),
	ALLOW("exit"),
	ALLOW("exit_group"),
	ALLOW_IS("prctl", 0, PR_SET_NAME),
	ALLOW_IS("prctl", 0, PR_SET_DUMPABLE),
	ALLOW_IS("prctl", 0, PR_SET_PDEATHSIG),
	ALLOW_IS("prctl", 0, PR_SET_KEEPCAPS),
	ALLOW_IS("prctl", 0, PR_SET_CHILD_SUBREAPER),
	ALLOW_IS("prlimit64", 2, 0), /* getrlimit(2) */
	/* signals: of the standard ones none above SIGSYS, and not that */
	ALLOW_IF("rt_sigaction", ARGUMENT_BELOW, 0, SIGSYS),
	ALLOW_IS("rt_sigaction", 0, SIGSYS + 1), /* glibc's own two, and what recalls a server */
	ALLOW_IS("rt_sigaction", 0, SIGSYS + 2),
	ALLOW_IS("rt_sigaction", 0, SIGSYS + 3),
	ALLOW("rt_sigprocmask"),
	ALLOW("rt_sigreturn"),
	ALLOW("rt_sigtimedwait"),
	ALLOW("restart_syscall"),
	ALLOW("timer_create"),
	ALLOW("timer_settime"),
	ALLOW("timer_delete"),
	ALLOW("uname"),
	ALLOW("getrusage"),
	/* time */
	ALLOW("clock_gettime"),
	ALLOW("clock_nanosleep"),
	ALLOW("gettimeofday"),
	ALLOW("time"),
	/* memory */
	ALLOW("brk"),
	ALLOW("munmap"),
	ALLOW("mremap"),
	ALLOW("madvise"),
	ALLOW("sysinfo"), /* qsort(3) of glibc before 2.37, from 1 KiB on */
	ALLOW("getrandom"),
	ALLOW_IF("mmap", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
	ALLOW_IF("mprotect", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
};

static const struct call_rule forker_rules[] = {
	/* orders, and children */
	ALLOW("shutdown"),
	ALLOW("recvmsg"),
	ALLOW("sendmsg"),
	ALLOW("recvfrom"),
	ALLOW("sendto"),
	ALLOW("close"),
	ALLOW("dup2"),
	ALLOW("dup3"),
	ALLOW_IF("clone", ARGUMENT_IS_WITHOUT, 0,
		 ~(uint64_t)(CLONE_PARENT | CLONE_PIDFD | CSIGNAL)),
	ALLOW("exit"),
	ALLOW("exit_group"),
	/* what a child takes on */
	ALLOW_IS("setns", 1, CLONE_NEWUSER),
	ALLOW("capget"),
	ALLOW("capset"),
	ALLOW("setgroups"),
	ALLOW("setresuid"),
	ALLOW("setresgid"),
	ALLOW_IS("prctl", 0, PR_SET_NAME),
	ALLOW_IS("prctl", 0, PR_SET_DUMPABLE),
	ALLOW_IS("prctl", 0, PR_SET_PDEATHSIG),
	ALLOW_IS("prctl", 0, PR_SET_KEEPCAPS),
	/* what it is asked for */
	ALLOW("openat"),
	ALLOW("openat2"),
	ALLOW("fchdir"),
	ALLOW("fstat"),
	ALLOW("newfstatat"),
	ALLOW("statx"),
	ALLOW("readlinkat"),
	ALLOW("setxattr"),
	ALLOW("fsetxattr"),
	ALLOW("getxattr"),
	ALLOW("fgetxattr"),
	ALLOW("listxattr"),
	ALLOW("flistxattr"),
	ALLOW("removexattr"),
	ALLOW("fremovexattr"),
	/* the log, and glibc */
	ALLOW("write"),
	ALLOW("writev"),
	ALLOW("clock_gettime"),
	ALLOW("restart_syscall"),
	ALLOW("rt_sigprocmask"),
	ALLOW("rt_sigreturn"),
	ALLOW("getpid"),
	ALLOW("gettid"),
	ALLOW("tgkill"),
	ALLOW("futex"),
	ALLOW("brk"),
	ALLOW("munmap"),
	ALLOW("madvise"),
	ALLOW_IF("mmap", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
	ALLOW_IF("mprotect", ARGUMENT_IS_WITHOUT, 2, PROT_EXEC),
};

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
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

static const struct {
	const struct call_rule *rules;
	size_t count;
	const struct sock_filter *front;
	size_t front_length;
} lists[] = {
	[ALLOWED_CALLS_WORKER] = { worker_rules, COUNT_OF(worker_rules), front, COUNT_OF(front) },
	[ALLOWED_CALLS_KEEPER] = { .rules = keeper_rules, .count = COUNT_OF(keeper_rules) },
	[ALLOWED_CALLS_FORKER] = { .rules = forker_rules, .count = COUNT_OF(forker_rules) },
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

static int install(enum allowed_calls_role role, uint32_t otherwise)
{
	const struct call_filter filter = {
		.rules = lists[role].rules,
		.rule_count = lists[role].count,
		.otherwise = otherwise,
		.other_abi = SECCOMP_RET_KILL_PROCESS,
		.room = lists[role].front_length,
	};
	struct sock_fprog program;
	int r = call_filter_build(&filter, &program);

	if (r < 0)
		return r;
	for (size_t i = 0; i < filter.room; i++)
		program.filter[i] = lists[role].front[i];
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
	/* With the first list: after it nobody may. */
	int r = role == ALLOWED_CALLS_WORKER ? watch_for_refusals() : 0;

	return r < 0 ? r : install(role, SECCOMP_RET_TRAP);
}
