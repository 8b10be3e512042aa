/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must count one test that is skipped; with MUST_RUN=1 as a failure. */
#include <criterion/criterion.h>

Test(specimen, passes)
{
	cr_assert(true);
}

Test(specimen, is_skipped)
{
	cr_skip_test("there is a reason");
}
