/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c once more, as on hosts where the kernel cannot be probed. */
#define IDENTITY_FROM "status"
#include "identity.c"
