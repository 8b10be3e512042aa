/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must count one test that passes, and two that fail. */
#include <criterion/criterion.h>

Test(specimen, passes)
{
	cr_assert(true);
}

Test(specimen, fails)
{
	cr_assert_eq(1, 2);
}

Test(specimen, fails_and_goes_on)
{
	cr_expect(false);
}
