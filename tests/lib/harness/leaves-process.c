/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must see that a process outlives the tests, and end it. */
#include <criterion/criterion.h>
#include <sys/types.h>
#include <unistd.h>

Test(specimen, leaves_a_process)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid > 0)
		return;
	setsid();
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}
