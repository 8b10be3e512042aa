/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

/* Where the gate was left out, that is the obstacle. */
static bool is_there(void)
{
	return strcmp(gate_obstacle(-EPERM), gate_obstacle(-EINVAL)) != 0;
}

Test(gate, says_what_there_is_too_little_of)
{
	cr_expect(!is_there() || strstr(gate_obstacle(-EMFILE), "descriptors"));
	cr_expect(!is_there() || strstr(gate_obstacle(-EAGAIN), "other gates"));
	cr_expect(!is_there() || strstr(gate_obstacle(-E2BIG), "gates"));
	cr_expect(!is_there() || strstr(gate_obstacle(-ENOMEM), "memory"));
}
