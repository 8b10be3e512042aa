/* SPDX-License-Identifier: Apache-2.0 */
/* view.c once more, with requests that wait in batches, whatever the file system. */
#include "on_ring.h"

#include "view.c"
