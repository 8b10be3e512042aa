/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsxattrd, which is not confined: the leak sanitizer needs /proc, ptrace(2) and calls that nsxattrd's processes cannot
 * make. What is defined here takes the place of attach/confine.c.
 *
 * With LEAK in the environment the keeper loses some memory before it makes a worker, and so both have lost it.
 */
#include "../../supervisor/nsxattrd.c"

#include <signal.h>
#include <sys/prctl.h>

#include "attach/confine.h"

#define LOST 4711

int confine_surroundings(int *keep, size_t count)
{
	sigset_t all;

	(void)keep, (void)count;
	sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, NULL) < 0 ? -errno : 0;
}

int confine_probe(enum probe_use use, struct probe **ret_probe, int *ret_error)
{
	(void)use;
	*ret_error = 0;
	return probe_new(ret_probe);
}

int confine_privileges(const struct confinement *confinement, int *ret_procfs)
{
	(void)confinement;
	/* The keeper and the forker limit their own calls. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*ret_procfs = proc_open();
	if (getenv("LEAK")) {
		void *volatile lost = malloc(LOST);

		if (lost)
			lost = NULL;
		(void)lost;
	}
	return *ret_procfs < 0 ? *ret_procfs : 0;
}
