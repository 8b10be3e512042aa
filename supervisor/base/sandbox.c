/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The supervisor reads what hostile programs hand it, with root's power over extended attributes.
 * It is born as a copy of a command that root typed, and sheds, step by step, what serving does
 * not need. Each step takes something away for good; the header says what may be relied on after
 * it. This is the only file that speaks libcap.
 */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "count_of.h"

/* Linux 6.3, which Debian 12's headers do not know. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* The table of descriptors has room for so many before it has to grow. */
#define DESCRIPTORS_AT_ONCE 16384

struct need {
	cap_value_t capability;
	const char *name;
	enum { TO_BEGIN, TO_SERVE, TO_JUDGE } what_for;
};

static const struct need needs[] = {
	/* read and write security.* and trusted.*, enter a target's namespaces */
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", TO_SERVE },
	/* read a target's memory, identity and /proc entries */
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", TO_SERVE },
	/* write the id maps; lend a deputy the target's ids */
	{ CAP_SETUID, "CAP_SETUID", TO_SERVE },
	{ CAP_SETGID, "CAP_SETGID", TO_SERVE },
	/* look into /proc/PID of a target of another user */
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", TO_SERVE },
	/* end a deputy that has taken on a target's ids and does not end by itself */
	{ CAP_KILL, "CAP_KILL", TO_SERVE },
	/* have an empty root directory */
	{ CAP_SYS_CHROOT, "CAP_SYS_CHROOT", TO_BEGIN },
	/* empty the bounding set, the last use of it */
	{ CAP_SETPCAP, "CAP_SETPCAP", TO_BEGIN },
	/* have a lease on a file of any owner, so that no process writes to it while it is judged */
	{ CAP_LEASE, "CAP_LEASE", TO_JUDGE },
};

static void cleanup_cap(cap_t *sets)
{
	if (*sets)
		cap_free(*sets);
}

#define _cleanup_cap_ __attribute__((cleanup(cleanup_cap)))

static bool is_in(cap_flag_t set, cap_value_t capability)
{
	_cleanup_cap_ cap_t now = cap_get_proc();
	cap_flag_value_t held = CAP_CLEAR;

	return now && cap_get_flag(now, capability, set, &held) == 0 && held == CAP_SET;
}

const char *sandbox_missing_capability(void)
{
	for (size_t i = 0; i < COUNT_OF(needs); i++)
		if (needs[i].what_for != TO_JUDGE && !is_in(CAP_EFFECTIVE, needs[i].capability))
			return needs[i].name;
	return NULL;
}

/* A plain user has none to keep, and nothing to drop. */
static bool is_held(cap_value_t capability)
{
	return is_in(CAP_PERMITTED, capability);
}

bool sandbox_may_map_ids(void)
{
	return is_held(CAP_SETUID) && is_held(CAP_SETGID);
}

/* Since Linux 5.12: a process with an id inside can give files the capabilities of that id outside. */
bool sandbox_may_map_root(void)
{
	return is_held(CAP_SETFCAP);
}

int sandbox_leave_session(void)
{
	return setsid() < 0 ? -errno : 0;
}

/* Descriptors 0 to 2 are always open here, and never close-on-exec's business: we never execute. */
static int null_stdio(void)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	return 0;
}

static int close_all_but(const int *keep, size_t count)
{
	unsigned int next = STDERR_FILENO + 1;

	for (size_t i = 0; i < count; i++) {
		unsigned int kept = (unsigned int)keep[i];

		if (kept > next && close_range(next, kept - 1, 0) < 0)
			return -errno;
		next = kept + 1;
	}
	return close_range(next, ~0U, 0) < 0 ? -errno : 0;
}

/*
 * A service manager sends SIGTERM to the whole control group, and CMD may need its attributes to
 * shut down; we end by ourselves when the last target has gone. Blocking rather than ignoring
 * covers the real-time signals and those that would stop us, and every thread inherits it. The
 * dispositions go back to the default whatever CMD's caller has made of them.
 */
static int block_signals(void)
{
	sigset_t all;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	/* The kernel reaps children that outlive our interest in them. */
	(void)signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, NULL) < 0 ? -errno : 0;
}

/* Those of the caller were meant for CMD: none on our time, and as many descriptors as may be had. No core. */
static void set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_CPU, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/*
 * To grow a table of descriptors that several threads use, the kernel waits for all CPUs to have been elsewhere
 * (synchronize_rcu()), on a busy machine for 15 ms, and all of them wait as soon as they need a descriptor. So it
 * grows while there is one thread, to the size that thousands of listeners need: eight bytes for each.
 */
static void grow_table(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	rlim_t count = limit.rlim_cur < DESCRIPTORS_AT_ONCE ? limit.rlim_cur : DESCRIPTORS_AT_ONCE;
	_cleanup_fd_ int last = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, (int)count - 1);

	(void)last;
}

int sandbox_leave_surroundings(const int *keep, size_t count)
{
	int r = block_signals();

	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return -errno;
	set_limits();
	r = null_stdio();
	if (r < 0)
		return r;
	grow_table();
	return close_all_but(keep, count);
}

/* A file system of its own that is mounted nowhere: only the descriptor leads to it. */
static int make_empty_directory(void)
{
	_cleanup_fd_ int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (context < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0000", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	long mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				     MOUNT_ATTR_NOEXEC);

	return mount < 0 ? -errno : (int)mount;
}

/*
 * Root of a user namespace may have made no mount namespace with it. Then one is made here, and nothing is left
 * in it but the empty directory: a mount that stayed could not be unmounted by its owner.
 */
static int confine_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		return -errno;
	_cleanup_fd_ int empty = make_empty_directory();

	if (empty < 0)
		return empty;
	if (syscall(SYS_move_mount, empty, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    fchdir(empty) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0)
		return -errno;
	return 0;
}

int sandbox_confine_root(void)
{
	_cleanup_fd_ int empty = make_empty_directory();

	if (empty == -EPERM)
		return confine_mounts();
	if (empty < 0)
		return empty;
	return fchdir(empty) < 0 || chroot(".") < 0 ? -errno : 0;
}

int sandbox_leave_namespaces(bool leaves_network)
{
	const int flags = CLONE_NEWIPC | CLONE_NEWUTS | (leaves_network ? CLONE_NEWNET : 0);

	/* EPERM: RestrictNamespaces= of systemd, say, which makes them for us. */
	if (!is_held(CAP_SYS_ADMIN) || unshare(flags) == 0 || errno == EPERM)
		return 0;
	/* A sysctl allows none (user.max_ipc_namespaces, ...), or the kernel does not have them all. */
	if (errno != ENOSPC && errno != EINVAL)
		return -errno;
	log_warning("the supervisor stays in its caller's ipc, uts and network namespaces: %s",
		    strerror(errno));
	return 0;
}

static bool is_needed(const struct need *need, bool judges)
{
	return need->what_for == TO_SERVE || (need->what_for == TO_JUDGE && judges);
}

static bool is_kept(cap_value_t capability, bool judges)
{
	for (size_t i = 0; i < COUNT_OF(needs); i++)
		if (needs[i].capability == capability)
			return is_needed(&needs[i], judges);
	return false;
}

static int drop_bounding(bool judges)
{
	if (!is_held(CAP_SETPCAP))
		return 0;
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++)
		if (!is_kept(capability, judges) && cap_get_bound(capability) == CAP_SET &&
		    cap_drop_bound(capability) < 0)
			return -errno;
	return 0;
}

/* Emptying the inheritable set empties the ambient one with it. */
static int drop_sets(bool judges)
{
	_cleanup_cap_ cap_t kept = cap_init();

	if (!kept)
		return -errno;
	for (size_t i = 0; i < COUNT_OF(needs); i++) {
		if (!is_needed(&needs[i], judges) || !is_held(needs[i].capability))
			continue;
		if (cap_set_flag(kept, CAP_PERMITTED, 1, &needs[i].capability, CAP_SET) < 0 ||
		    cap_set_flag(kept, CAP_EFFECTIVE, 1, &needs[i].capability, CAP_SET) < 0)
			return -errno;
	}
	return cap_set_proc(kept) < 0 ? -errno : 0;
}

int sandbox_drop_privileges(bool judges)
{
	int r = drop_bounding(judges);

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = drop_sets(judges);
	if (r < 0)
		return r;
	(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
	/* Last: a change of credentials would set it anew. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

int sandbox_give_up_privileges(void)
{
	_cleanup_cap_ cap_t none = cap_init();

	return !none || cap_set_proc(none) < 0 ? -errno : 0;
}

int sandbox_silence(void)
{
	return dup2(STDIN_FILENO, STDERR_FILENO) < 0 ? -errno : 0;
}
