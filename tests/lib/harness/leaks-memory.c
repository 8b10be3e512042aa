/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with the address sanitizer, whose report tests/run must see: Criterion does not. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile place;

Test(specimen, leaks_memory)
{
	place = malloc(100);
	cr_assert_not_null(place);
	place = NULL;
}
