/* SPDX-License-Identifier: Apache-2.0 */
#include "base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

void standard_streams_reserve(void)
{
	int fd;

	do
		fd = open("/", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}
