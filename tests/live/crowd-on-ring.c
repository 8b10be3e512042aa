/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.c once more, with requests that wait in batches, whatever the file system. */
#include "on_ring.h"

#include "crowd.c"
