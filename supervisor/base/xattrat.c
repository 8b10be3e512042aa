/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xattrat.h"

#include <errno.h>
#include <unistd.h>

/* No descriptor has the number -1: a kernel that has the call says EBADF. */
bool xattrat_is_there(void)
{
	return syscall(SYS_removexattrat, -1, "", 0, "") == 0 || errno != ENOSYS;
}
