/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must count one test that passes, and three whose process ends. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

Test(specimen, passes)
{
	cr_assert(true);
}

Test(specimen, aborts)
{
	abort();
}

Test(specimen, is_killed)
{
	raise(SIGKILL);
}

Test(specimen, exits)
{
	exit(0);
}
