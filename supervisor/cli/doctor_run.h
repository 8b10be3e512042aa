/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCTOR_RUN_H
#define NSXATTR_CLI_DOCTOR_RUN_H

/* Which 'nsxattr run' serves a process? */

#include <sys/types.h>

/** doctor_run_find() - Return: the process that keeps its listener; 0: there seems to be none. */
pid_t doctor_run_find(pid_t pid);

#endif
