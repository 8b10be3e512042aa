/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call is made in a child under a list. One that may not be made ends the child by SIGSYS, which says
 * which call it was; one that may is answered by the kernel, whatever it thinks of the arguments.
 */
#include "base/allowed_calls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "count_of.h"
#include "fork_alone.h"

/* Arguments that would do no harm if the call were made. */
struct call {
	const char *name;
	long number;
	unsigned long arguments[6];
};

#define CALL(name, ...)             \
	{                           \
#name, SYS_##name,  \
		{                   \
			__VA_ARGS__ \
		}                   \
	}
#define NOWHERE 999999 /* a descriptor, and an address */

static const struct call refused_to_all[] = {
	CALL(execve, 0),
	CALL(execveat, NOWHERE),
	CALL(ptrace, PTRACE_PEEKDATA, 0),
	CALL(mount, 0),
	CALL(umount2, 0),
	CALL(fsopen, 0),
	CALL(fsmount, NOWHERE),
	CALL(open_tree, NOWHERE),
	CALL(move_mount, NOWHERE),
	CALL(pivot_root, 0),
	CALL(chroot, 0),
	CALL(unshare, 0),
	CALL(unshare, CLONE_NEWUSER),
	CALL(setns, NOWHERE, 0),
	CALL(setns, NOWHERE, CLONE_NEWNS),
	CALL(clone, CLONE_NEWUSER | SIGCHLD),
	CALL(clone, CLONE_NEWNS | SIGCHLD),
	CALL(socket, AF_INET, SOCK_STREAM, 0),
	CALL(socket, AF_UNIX, SOCK_STREAM, 0),
	CALL(socket, AF_NETLINK, SOCK_RAW, 0),
	CALL(socketpair, AF_INET, SOCK_STREAM, 0, 0),
	CALL(connect, NOWHERE),
	CALL(bind, NOWHERE),
	CALL(listen, NOWHERE),
	CALL(bpf, BPF_PROG_LOAD, 0, 0),
	CALL(init_module, 0),
	CALL(finit_module, NOWHERE),
	CALL(delete_module, 0),
	CALL(kexec_load, 0, 0, 0, ~0UL),
	CALL(reboot, 0),
	CALL(swapon, 0),
	CALL(keyctl, ~0UL),
	CALL(add_key, 0),
	CALL(request_key, 0),
	CALL(perf_event_open, 0),
	CALL(userfaultfd, ~0UL),
	CALL(open_by_handle_at, NOWHERE),
	CALL(fchmod, NOWHERE),
	CALL(fchmod, NOWHERE, 04755),
	CALL(fchownat, NOWHERE),
	CALL(mkdirat, NOWHERE),
	CALL(mknodat, NOWHERE),
	CALL(linkat, NOWHERE),
	CALL(renameat2, NOWHERE),
	CALL(setuid, ~0UL),
	CALL(personality, 0xffffffff),
	CALL(ioctl, NOWHERE, TIOCSTI),
	CALL(ioctl, NOWHERE, SECCOMP_IOCTL_NOTIF_ADDFD),
	CALL(reboot, BPF_PROG_TEST_RUN, SECCOMP_IOCTL_NOTIF_RECV),
	CALL(prctl, PR_SET_SECCOMP, 0),
	CALL(prctl, PR_SET_MM, 0),
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 0),
	CALL(seccomp, SECCOMP_SET_MODE_STRICT, 1),
	CALL(rt_sigaction, SIGSYS, 0, 0, 8),
	CALL(rt_sigaction, 1UL << 32 | SIGSYS, 0, 0, 8),
	CALL(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL, 0),
	CALL(mprotect, 0, 0, PROT_EXEC),
	CALL(pkey_mprotect, 0, 0, PROT_EXEC, ~0UL),
	CALL(shmat, NOWHERE),
	CALL(prlimit64, 0, ~0UL, 1),
};

static const struct call refused_to_keepers[] = {
	CALL(openat, NOWHERE),
	CALL(fgetxattr, NOWHERE),
	CALL(fsetxattr, NOWHERE),
	CALL(io_uring_setup, 0),
	CALL(io_uring_enter, NOWHERE),
	CALL(process_vm_readv, 0),
	CALL(process_vm_writev, 0),
	CALL(pidfd_open, 0, ~0UL),
	CALL(pidfd_getfd, NOWHERE),
	CALL(bpf, BPF_PROG_TEST_RUN, 0, 0),
	CALL(clone, SIGCHLD),
	CALL(setns, NOWHERE, CLONE_NEWUSER),
	CALL(setresuid, ~0UL, ~0UL, ~0UL),
	CALL(setresgid, ~0UL, ~0UL, ~0UL),
	CALL(setgroups, ~0UL),
	CALL(capset, 0),
	CALL(memfd_create, 0),
	CALL(rt_sigaction, SIGUSR1, 0, 0, 8),
	CALL(prctl, PR_SET_DUMPABLE, 1),
};

static const struct call refused_to_forkers[] = {
	CALL(io_uring_setup, 0),
	CALL(io_uring_enter, NOWHERE),
	CALL(process_vm_readv, 0),
	CALL(process_vm_writev, 0),
	CALL(pidfd_open, 0, ~0UL),
	CALL(pidfd_getfd, NOWHERE),
	CALL(pidfd_send_signal, NOWHERE),
	CALL(kill, 0, 0),
	CALL(bpf, BPF_PROG_TEST_RUN, 0, 0),
	CALL(clone, CLONE_VM | SIGCHLD),
	CALL(ioctl, NOWHERE, SECCOMP_IOCTL_NOTIF_SEND),
	CALL(accept4, NOWHERE),
	CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, 0),
	CALL(memfd_create, 0),
	CALL(rt_sigaction, SIGUSR1, 0, 0, 8),
};

/* Of a map, by a descriptor; and the question to a gate. */
static const struct call allowed_to_gated_workers[] = {
	CALL(bpf, BPF_MAP_LOOKUP_ELEM, 0, 0),  CALL(bpf, BPF_MAP_UPDATE_ELEM, 0, 0),
	CALL(bpf, BPF_MAP_DELETE_ELEM, 0, 0),  CALL(bpf, BPF_MAP_LOOKUP_AND_DELETE_ELEM, 0, 0),
	CALL(bpf, BPF_MAP_GET_NEXT_KEY, 0, 0), CALL(flock, NOWHERE, LOCK_UN),
};

/* Those of a daemon, whose containers come later. */
static const struct call allowed_to_gated_daemons[] = {
	CALL(bpf, BPF_MAP_CREATE, 0, 0),
	CALL(bpf, BPF_OBJ_GET_INFO_BY_FD, 0, 0),
};

static const struct call refused_to_all_gated[] = {
	CALL(bpf, BPF_PROG_LOAD, 0, 0),		CALL(bpf, BPF_BTF_LOAD, 0, 0),
	CALL(bpf, BPF_MAP_GET_NEXT_ID, 0, 0),	CALL(bpf, BPF_MAP_GET_FD_BY_ID, 0, 0),
	CALL(bpf, BPF_PROG_GET_FD_BY_ID, 0, 0), CALL(bpf, BPF_LINK_GET_FD_BY_ID, 0, 0),
	CALL(bpf, BPF_LINK_DETACH, 0, 0),	CALL(bpf, BPF_LINK_UPDATE, 0, 0),
	CALL(bpf, BPF_OBJ_PIN, 0, 0),		CALL(bpf, BPF_OBJ_GET, 0, 0),
	CALL(bpf, BPF_PROG_ATTACH, 0, 0),	CALL(flock, NOWHERE, LOCK_EX),
};

static const struct call allowed_to_forkers[] = {
	CALL(openat2, NOWHERE),
	CALL(setns, NOWHERE, CLONE_NEWUSER),
	CALL(setresuid, ~0UL, ~0UL, ~0UL),
	CALL(fsetxattr, NOWHERE),
	CALL(capset, 0),
	CALL(recvmsg, NOWHERE),
};

static const struct call allowed_to_all[] = {
	CALL(close, NOWHERE),
	CALL(write, NOWHERE),
	CALL(getpid),
	CALL(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0UL, 0),
};

/* A worker, and a keeper that has no worker. */
static const struct call allowed_to_those_who_answer[] = {
	CALL(ioctl, NOWHERE, SECCOMP_IOCTL_NOTIF_RECV),
	CALL(ioctl, NOWHERE, SECCOMP_IOCTL_NOTIF_SEND),
	CALL(ioctl, NOWHERE, SECCOMP_IOCTL_NOTIF_ID_VALID),
};

static const struct call allowed_to_workers[] = {
	CALL(openat2, NOWHERE),
	CALL(setns, NOWHERE, CLONE_NEWUSER),
	CALL(bpf, BPF_PROG_TEST_RUN, 0, 0),
	CALL(process_vm_writev, 0),
	CALL(io_uring_enter, NOWHERE),
	CALL(fsetxattr, NOWHERE),
	CALL(capset, 0),
};

static void need_filters(void)
{
#ifdef NSXATTR_INSTRUMENTED
	cr_skip_test("an instrumented build has no filter");
#endif
}

static void limit(enum allowed_calls_role role, enum allowed_calls_mode mode)
{
	bool is_worker = role != ALLOWED_CALLS_KEEPER && role != ALLOWED_CALLS_FORKER;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    allowed_calls_limit(is_worker ? role : ALLOWED_CALLS_GATED_DAEMON, mode) < 0)
		_exit(2);
	if (!is_worker && allowed_calls_limit(role, mode) < 0)
		_exit(2);
}

static void make(const struct call *call)
{
	const unsigned long *a = call->arguments;

	(void)syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Return: the status of waitpid(2); @said: what the child has said. */
static int try_call(enum allowed_calls_role role, enum allowed_calls_mode mode,
		    const struct call *call, char *said, size_t size)
{
	int ends[2], status;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();

	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		limit(role, mode);
		make(call);
		_exit(0);
	}
	close(ends[1]);
	ssize_t length = read(ends[0], said, size - 1);

	said[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	return status;
}

static void expect_refused(enum allowed_calls_role role, const struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char said[256], expected[64];
		int status = try_call(role, ALLOWED_CALLS_ENFORCE, &calls[i], said, sizeof(said));

		snprintf(expected, sizeof(expected), "system call %ld is not one", calls[i].number);
		cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s (%zu): status %#x",
			  calls[i].name, i, (unsigned int)status);
		cr_expect(strstr(said, expected), "%s: \"%s\"", calls[i].name, said);
	}
}

static void expect_allowed(enum allowed_calls_role role, const struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char said[256];
		int status = try_call(role, ALLOWED_CALLS_ENFORCE, &calls[i], said, sizeof(said));

		cr_expect_eq(status, 0, "%s (%zu): status %#x, \"%s\"", calls[i].name, i,
			     (unsigned int)status, said);
	}
}

Test(allowed_calls, refuse_a_worker_what_serving_does_not_need, .init = need_filters)
{
	expect_refused(ALLOWED_CALLS_WORKER, refused_to_all, COUNT_OF(refused_to_all));
	expect_refused(ALLOWED_CALLS_WORKER, allowed_to_gated_daemons,
		       COUNT_OF(allowed_to_gated_daemons));
}

Test(allowed_calls, refuse_a_keeper_that_too_and_what_only_a_worker_needs, .init = need_filters)
{
	expect_refused(ALLOWED_CALLS_KEEPER, refused_to_all, COUNT_OF(refused_to_all));
	expect_refused(ALLOWED_CALLS_KEEPER, refused_to_keepers, COUNT_OF(refused_to_keepers));
}

Test(allowed_calls, refuse_a_forker_that_too_and_what_children_have_no_part_in,
     .init = need_filters)
{
	expect_refused(ALLOWED_CALLS_FORKER, refused_to_all, COUNT_OF(refused_to_all));
	expect_refused(ALLOWED_CALLS_FORKER, refused_to_forkers, COUNT_OF(refused_to_forkers));
}

Test(allowed_calls, leave_what_is_needed)
{
	expect_allowed(ALLOWED_CALLS_FORKER, allowed_to_all, COUNT_OF(allowed_to_all));
	expect_allowed(ALLOWED_CALLS_FORKER, allowed_to_forkers, COUNT_OF(allowed_to_forkers));
	expect_allowed(ALLOWED_CALLS_WORKER, allowed_to_all, COUNT_OF(allowed_to_all));
	expect_allowed(ALLOWED_CALLS_WORKER, allowed_to_workers, COUNT_OF(allowed_to_workers));
	expect_allowed(ALLOWED_CALLS_KEEPER, allowed_to_all, COUNT_OF(allowed_to_all));
	expect_allowed(ALLOWED_CALLS_WORKER, allowed_to_those_who_answer,
		       COUNT_OF(allowed_to_those_who_answer));
	expect_allowed(ALLOWED_CALLS_KEEPER, allowed_to_those_who_answer,
		       COUNT_OF(allowed_to_those_who_answer));
}

Test(allowed_calls, let_a_worker_use_the_maps_of_a_gate_that_it_has, .init = need_filters)
{
	expect_allowed(ALLOWED_CALLS_GATED_WORKER, allowed_to_all, COUNT_OF(allowed_to_all));
	expect_allowed(ALLOWED_CALLS_GATED_WORKER, allowed_to_workers,
		       COUNT_OF(allowed_to_workers));
	expect_allowed(ALLOWED_CALLS_GATED_WORKER, allowed_to_gated_workers,
		       COUNT_OF(allowed_to_gated_workers));
	expect_refused(ALLOWED_CALLS_GATED_WORKER, refused_to_all, COUNT_OF(refused_to_all));
	expect_refused(ALLOWED_CALLS_GATED_WORKER, refused_to_all_gated,
		       COUNT_OF(refused_to_all_gated));
	expect_refused(ALLOWED_CALLS_GATED_WORKER, allowed_to_gated_daemons,
		       COUNT_OF(allowed_to_gated_daemons));
	expect_refused(ALLOWED_CALLS_WORKER, allowed_to_gated_workers,
		       COUNT_OF(allowed_to_gated_workers));
	expect_refused(ALLOWED_CALLS_KEEPER, allowed_to_gated_workers,
		       COUNT_OF(allowed_to_gated_workers));
	expect_refused(ALLOWED_CALLS_FORKER, allowed_to_gated_workers,
		       COUNT_OF(allowed_to_gated_workers));
}

Test(allowed_calls, let_a_daemon_make_maps_for_containers_that_come, .init = need_filters)
{
	expect_allowed(ALLOWED_CALLS_GATED_DAEMON, allowed_to_workers,
		       COUNT_OF(allowed_to_workers));
	expect_allowed(ALLOWED_CALLS_GATED_DAEMON, allowed_to_gated_workers,
		       COUNT_OF(allowed_to_gated_workers));
	expect_allowed(ALLOWED_CALLS_GATED_DAEMON, allowed_to_gated_daemons,
		       COUNT_OF(allowed_to_gated_daemons));
	expect_refused(ALLOWED_CALLS_GATED_DAEMON, refused_to_all, COUNT_OF(refused_to_all));
	expect_refused(ALLOWED_CALLS_GATED_DAEMON, refused_to_all_gated,
		       COUNT_OF(refused_to_all_gated));
	expect_refused(ALLOWED_CALLS_KEEPER, allowed_to_gated_daemons,
		       COUNT_OF(allowed_to_gated_daemons));
	expect_refused(ALLOWED_CALLS_FORKER, allowed_to_gated_daemons,
		       COUNT_OF(allowed_to_gated_daemons));
}

Test(allowed_calls, can_be_only_written_down_or_none)
{
	static const struct call call = CALL(personality, 0xffffffff);
	char said[256];

	cr_expect_eq(try_call(ALLOWED_CALLS_KEEPER, ALLOWED_CALLS_LOG, &call, said, sizeof(said)),
		     0);
	cr_expect_eq(try_call(ALLOWED_CALLS_KEEPER, ALLOWED_CALLS_NONE, &call, said, sizeof(said)),
		     0);
}

static void *change(void *place)
{
	*(int *)place = 1;
	return NULL;
}

/* clone3(2), which glibc would rather use, cannot be looked into. */
Test(allowed_calls, let_a_worker_have_threads_and_children)
{
	int status;
	pid_t child = fork_alone();

	if (child == 0) {
		pthread_t thread;
		int is_changed = 0;

		limit(ALLOWED_CALLS_WORKER, ALLOWED_CALLS_ENFORCE);
		if (pthread_create(&thread, NULL, change, &is_changed) != 0 ||
		    pthread_join(thread, NULL) != 0 || !is_changed)
			_exit(3);
		pid_t grandchild = fork();

		if (grandchild == 0)
			_exit(0);
		_exit(waitpid(grandchild, &status, 0) == grandchild && status == 0 ? 0 : 4);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(status, 0, "status %#x", (unsigned int)status);
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* glibc 2.36 asks how much memory the machine has, before it sorts more than 1 KiB for the first time. */
Test(allowed_calls, let_a_worker_sort_much)
{
	int status;
	pid_t child = fork_alone();

	if (child == 0) {
		static int numbers[4096] = { 2, 1 };

		limit(ALLOWED_CALLS_WORKER, ALLOWED_CALLS_ENFORCE);
		qsort(numbers, COUNT_OF(numbers), sizeof(numbers[0]), compare);
		_exit(numbers[COUNT_OF(numbers) - 1] == 2 ? 0 : 3);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(status, 0, "status %#x", (unsigned int)status);
}

static void handle(int number)
{
	(void)number;
}

/* A thread that blocks SIGSYS, or that would handle it otherwise, ends all the same. */
Test(allowed_calls, end_who_blocks_the_signal, .init = need_filters)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		sigset_t all;

		limit(ALLOWED_CALLS_WORKER, ALLOWED_CALLS_ENFORCE);
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		syscall(SYS_personality, 0xffffffff);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	child = fork();
	if (child == 0) {
		close(STDERR_FILENO);
		limit(ALLOWED_CALLS_WORKER, ALLOWED_CALLS_ENFORCE);
		(void)signal(SIGSYS, handle);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
