/* SPDX-License-Identifier: Apache-2.0 */
/* attacks.c once more, with requests that wait in batches, whatever the file system. */
#include "on_ring.h"

#include "attacks.c"
