/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c once more, as on kernels that let no program take the lock itself: before Linux 6.2. */
#define PROBE_MAKE(ret_probe) probe_new_of(PROBE_PACKET, ret_probe)
#include "probe.c"
