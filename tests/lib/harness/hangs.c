/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must end this program, and count a failure. */
#include <criterion/criterion.h>
#include <unistd.h>

Test(specimen, hangs)
{
	for (;;)
		pause();
}
