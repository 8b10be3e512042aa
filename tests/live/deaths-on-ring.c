/* SPDX-License-Identifier: Apache-2.0 */
/* deaths.c once more, with requests that wait in batches, whatever the file system. */
#include "on_ring.h"

#include "deaths.c"
