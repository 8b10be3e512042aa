/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_LIVE_ON_RING_H
#define NSXATTR_TESTS_LIVE_ON_RING_H

/* A test program that includes this has each supervisor use its ring, see tests/lib/launch.c. */

#include <stdlib.h>

__attribute__((constructor)) static void use_ring(void)
{
	setenv("EXECUTOR", "ring", 1);
}

#endif
