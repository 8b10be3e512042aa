/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"

/* Return: @r. */
static int tell(int r, const char *what)
{
	if (r < 0)
		log_error("cannot %s: %s", what, strerror(-r));
	return r;
}

static int compare_descriptors(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int confine_surroundings(int *keep, size_t count)
{
	size_t first = 0;

	qsort(keep, count, sizeof(keep[0]), compare_descriptors);
	while (first < count && keep[first] < 0)
		first++;
	return tell(sandbox_leave_surroundings(keep + first, count - first),
		    "leave the caller's surroundings");
}

int confine_probe(enum probe_use use, struct probe **ret_probe, int *ret_error)
{
	*ret_probe = NULL;
	*ret_error = 0;
	if (use == PROBE_NEVER)
		return 0;
	int r = probe_new(ret_probe);

	if (r == 0)
		return 0;
	if (use == PROBE_ALWAYS) {
		log_error("the kernel cannot be probed: %s", strerror(-r));
		return r;
	}
	*ret_error = r;
	return 0;
}

static int open_procfs(void)
{
	int procfs = proc_open();

	if (procfs == -ENOSYS || procfs == -EPERM)
		log_error("openat2(2) is refused: %s; no seccomp filter may forbid it "
			  "(RestrictSUIDSGID= of systemd does)",
			  strerror(-procfs));
	else if (procfs < 0)
		log_error("/proc does not show this pid namespace: %s; mount procfs there",
			  strerror(-procfs));
	return procfs;
}

/* Of one digit. A kernel without the setting does what its absence means. */
static bool setting_is(int procfs, const char *path, char value)
{
	char setting[8];

	return proc_read(procfs, path, setting, sizeof(setting)) > 0 && setting[0] == value;
}

/* With 1 the target could trace a process of ours that takes on its ids, and read and write our memory. */
static int check_dumpable(int procfs)
{
	if (!setting_is(procfs, "sys/fs/suid_dumpable", '1'))
		return 0;
	log_error("fs.suid_dumpable is 1, with which targets could trace us: set it to 0 or 2, "
		  "with 'sysctl fs.suid_dumpable=0'");
	return -EPERM;
}

/* With 3 no process may read the memory of another one, and names and paths are in the target's. */
static int check_memory(int procfs)
{
	if (!setting_is(procfs, "sys/kernel/yama/ptrace_scope", '3'))
		return 0;
	log_error("kernel.yama.ptrace_scope is 3: until this machine starts again no process reads "
		  "another's memory, in which the names of attributes are; 2 and below will do");
	return -EPERM;
}

static enum allowed_calls_role role_of(const struct confinement *confinement)
{
	if (!confinement->has_gate)
		return ALLOWED_CALLS_WORKER;
	return confinement->has_containers ? ALLOWED_CALLS_GATED_DAEMON :
					     ALLOWED_CALLS_GATED_WORKER;
}

int confine_privileges(const struct confinement *confinement, int *ret_procfs)
{
	_cleanup_fd_ int procfs = open_procfs();

	if (procfs < 0)
		return procfs;
	int r = check_dumpable(procfs);

	if (r == 0)
		r = check_memory(procfs);
	if (r == 0 && !confinement->is_plain)
		r = tell(sandbox_confine_root(), "have an empty root directory");
	if (r == 0)
		r = tell(sandbox_leave_namespaces(confinement->leaves_network),
			 "have namespaces of our own");
	if (r == 0)
		r = tell(sandbox_drop_privileges(confinement->judges), "drop privileges");
	if (r == 0)
		r = tell(allowed_calls_limit(role_of(confinement), confinement->calls),
			 "limit our system calls");
	if (r == 0)
		*ret_procfs = TAKE_FD(procfs);
	return r;
}
