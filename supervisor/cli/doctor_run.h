/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCTOR_RUN_H
#define NSXATTR_CLI_DOCTOR_RUN_H

/* Which 'nsxattr run' serves a process? */

#include <sys/types.h>

/**
 * doctor_run_find() - who keeps the listener of a process?
 * @pid: the process
 * @daemon: the same of nsxattrd, which it is not; 0: not known
 *
 * Return: the process; 0: there seems to be none.
 */
pid_t doctor_run_find(pid_t pid, pid_t daemon);

#endif
