/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The process that was asked to run the command becomes the command. Its supervisor is another
 * process, born before and living outside: reparented, in a session of its own, so that the command
 * has no child it does not know of. Nothing has to be forwarded then, neither signals nor the exit
 * status, and a shell's job control finds the very process it started. (Where that process is a
 * reaper of orphans itself, pid 1 of a container or a PR_SET_CHILD_SUBREAPER, the supervisor becomes
 * its child after all; but such a command has to expect strangers.)
 *
 *	this process				the supervisor
 *	fork twice, wait for the first ------->	(attach/supervise.c)
 *	unshare(2)
 *	STEP_UNSHARED ------------------------>	write the id maps
 *	become root, private mounts  <---------	STEP_MAPPED
 *	install the filter
 *	STEP_LISTENER, with the listener ----->	drop privileges, build the engine
 *	execve(2)  <---------------------------	STEP_SERVING
 *
 * Signal dispositions and mask, environment, working directory, umask, limits and descriptors are
 * never touched here, so that the command has those of our caller. All of our descriptors are
 * close-on-exec, and the listener is closed as soon as it is sent: once the supervisor's is the
 * only one, its death is noticed, and calls fail with ENOSYS instead of hanging.
 */
#include "attach/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach/handshake.h"
#include "attach/namespace.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sandbox.h"

/* A setuid-like change of identity clears it, but it is our caller's to choose (prctl(2)). */
struct parent_death {
	int signal;
	pid_t parent;
};

static struct parent_death parent_death_now(void)
{
	struct parent_death now = { .parent = getppid() };

	(void)prctl(PR_GET_PDEATHSIG, &now.signal);
	return now;
}

static void parent_death_restore(const struct parent_death *before)
{
	if (before->signal == 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, before->signal);
	if (getppid() != before->parent)
		raise(before->signal);
}

/*
 * A child whose end sends no signal: with SIGCHLD blocked by our caller it would stay pending, for
 * the command to find. glibc has no name for this; the child may do little (see below).
 */
static pid_t fork_without_signal(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL);
}

/** bear_supervisor() - the first child: only there to make the second one an orphan */
static _Noreturn void bear_supervisor(const struct run_options *options,
				      const struct supervised *supervised)
{
	if (sandbox_leave_session() < 0)
		_exit(EXIT_FAILURE);
	pid_t pid = fork();

	if (pid == 0)
		exit(supervise(options, supervised));
	_exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int fork_supervisor(const struct run_options *options, const struct supervised *supervised,
			   int our_end)
{
	int status = 0;
	pid_t pid = fork_without_signal();

	if (pid == 0) {
		close(our_end);
		bear_supervisor(options, supervised);
	}
	if (pid < 0)
		return -errno;
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, __WALL)) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -EAGAIN;
}

static int open_self(int *ret_pidfd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (pidfd < 0) {
		int error = errno;

		log_error("cannot open a pidfd: %s",
			  error == ENOSYS ? "this kernel lacks pidfd_open (Linux 5.3)" :
					    strerror(error));
		return -error;
	}
	*ret_pidfd = pidfd;
	return 0;
}

/** start_supervisor() - Return: 0, *ret_channel our end; -errno (a message has been logged). */
static int start_supervisor(const struct run_options *options, int *ret_channel)
{
	_cleanup_fd_ int ours = -1, theirs = -1, pidfd = -1, proc = -1;
	int ends[2];
	int r = open_self(&pidfd);

	if (r == 0 && !options->keep_namespaces)
		r = namespace_open_self(&proc);
	if (r < 0)
		return r;
	r = handshake_new(ends);
	if (r == 0) {
		ours = ends[0];
		theirs = ends[1];
		r = fork_supervisor(options, &(struct supervised){ theirs, getpid(), pidfd, proc },
				    ours);
	}
	if (r < 0)
		log_error("cannot start a supervisor: %s", strerror(-r));
	else
		*ret_channel = TAKE_FD(ours);
	return r;
}

/* Return: as handshake_expect(), but what failed has been logged, by whichever side. */
static int expect(int channel, enum handshake_step step)
{
	int r = handshake_expect(channel, step, NULL);

	if (r == -EPIPE)
		log_error("the supervisor has ended before the command was started");
	else if (r < 0 && r != -ECANCELED)
		log_error("cannot hear from the supervisor: %s", strerror(-r));
	return r;
}

static int tell(int channel, enum handshake_step step, int fd)
{
	int r = handshake_send(channel, step, fd);

	/* It has ended, and may have said why: that is what the next expect() finds out. */
	if (r == -EPIPE)
		return 0;
	if (r < 0)
		log_error("cannot speak to the supervisor: %s", strerror(-r));
	return r;
}

static int enter_namespaces(const struct run_options *options, int channel)
{
	const struct namespace_maps maps = { &options->users, &options->groups,
					     options->deny_setgroups };
	int r = namespace_unshare();

	if (r == 0)
		r = tell(channel, STEP_UNSHARED, -1);
	if (r == 0)
		r = expect(channel, STEP_MAPPED);
	return r < 0 ? r : namespace_complete(&maps);
}

static const char *filter_reason(int error)
{
	switch (error) {
	case EBUSY:
		return "another supervisor listens to this process already, and the kernel allows one";
	case EACCES:
		return "CAP_SYS_ADMIN is missing";
	default:
		return strerror(error);
	}
}

static int hand_over_listener(const struct run_options *options, int channel)
{
	_cleanup_fd_ int listener = -1;
	int r = filter_install(&options->filter, &listener);

	if (r < 0) {
		log_error("cannot install the seccomp filter: %s", filter_reason(-r));
		return r;
	}
	return tell(channel, STEP_LISTENER, listener);
}

/** become_ready() - all that comes before execve(2). Return: 0; -errno: it has been logged. */
static int become_ready(const struct run_options *options, int channel)
{
	const struct parent_death before = parent_death_now();
	int r = options->keep_namespaces ? 0 : enter_namespaces(options, channel);

	if (r == 0)
		r = hand_over_listener(options, channel);
	if (r == 0)
		r = expect(channel, STEP_SERVING);
	if (r == 0)
		parent_death_restore(&before);
	return r;
}

enum run_failure run_command(const struct run_options *options)
{
	_cleanup_fd_ int channel = -1;

	if (start_supervisor(options, &channel) < 0)
		return RUN_NOT_STARTED;
	if (become_ready(options, channel) < 0) {
		/* Whatever failed has been logged by now, so the supervisor need not. */
		(void)handshake_send(channel, STEP_FAILED, -1);
		return RUN_NOT_STARTED;
	}
	execvp(options->command[0], options->command);
	int error = errno;

	log_error("cannot run '%s': %s", options->command[0], strerror(error));
	return error == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}
