/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate (supervisor/integrity/gate.bpf.c) takes for granted of a program that runs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Linux 6.11 does not keep writers away; the gate lets nothing be executed there. */
Test(exec, program_that_runs_is_not_opened_for_writing)
{
	cr_expect_eq(open("/proc/self/exe", O_WRONLY | O_CLOEXEC), -1);
	cr_expect_eq(errno, ETXTBSY);
}
