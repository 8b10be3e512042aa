/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_guess.h"

#include <criterion/criterion.h>

#define NAMED(line) runtime_named(line, sizeof(line))

Test(runtime_guess, reads_the_option_of_podman)
{
	cr_expect_eq(NAMED("podman\0--runtime\0crun\0run"), OCI_RUNTIME_CRUN);
	cr_expect_eq(NAMED("podman\0--runtime=/usr/bin/crun\0run"), OCI_RUNTIME_CRUN);
	cr_expect_eq(NAMED("podman\0--runtime\0/usr/sbin/runc\0run"), OCI_RUNTIME_RUNC);
	cr_expect_eq(NAMED("podman\0--runtime=kata"), OCI_RUNTIME_RUNC);
}

Test(runtime_guess, is_not_deceived_by_what_looks_like_it)
{
	cr_expect_eq(NAMED("podman\0run\0x"), OCI_RUNTIME_UNKNOWN);
	cr_expect_eq(NAMED("podman\0--runtime-flag\0crun"), OCI_RUNTIME_UNKNOWN);
	cr_expect_eq(NAMED("podman\0--runtime"), OCI_RUNTIME_UNKNOWN);
	cr_expect_eq(runtime_named("podman\0--runtime=crun", 20), OCI_RUNTIME_UNKNOWN, "cut off");
	cr_expect_eq(runtime_named("", 0), OCI_RUNTIME_UNKNOWN);
}

Test(runtime_guess, always_comes_to_one)
{
	cr_expect_neq(runtime_guess(), OCI_RUNTIME_UNKNOWN);
}
