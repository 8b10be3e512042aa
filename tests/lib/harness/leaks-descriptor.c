/* SPDX-License-Identifier: Apache-2.0 */
/* body.c must find what this test leaves open. */
#include <criterion/criterion.h>
#include <fcntl.h>

Test(specimen, leaks_a_descriptor)
{
	cr_assert_geq(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}
