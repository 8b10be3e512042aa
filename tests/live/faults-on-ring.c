/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c once more, with requests that wait in batches, whatever the file system: at each fourth stop, if not told otherwise. */
#include "on_ring.h"

#include "faults.c"

__attribute__((constructor)) static void strike_seldom(void)
{
	setenv("FAULTS_EACH", "4", 0);
}
