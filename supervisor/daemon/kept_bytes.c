/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/kept_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* Of a policy and its keys. */
#define LENGTH_MAX (64 << 20)

/* Memory takes all of it, or there is none. */
static int append(int fd, const struct kept_part *part)
{
	return write(fd, part->bytes, part->length) == (ssize_t)part->length ? 0 : -ENOSPC;
}

int kept_bytes_new(const char *name, const struct kept_part *parts, size_t count)
{
	_cleanup_fd_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = parts[i].length > 0 ? append(fd, &parts[i]) : 0;
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

/* pread(2), for a successor that has not claimed may have the same open file, and move its offset. */
int kept_bytes_read(int fd, char **ret_bytes, size_t *ret_length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)LENGTH_MAX)
		return -EBADMSG;
	size_t length = (size_t)status.st_size;
	_cleanup_free_ char *bytes = malloc(length + 1);

	if (!bytes)
		return -ENOMEM;
	if (pread(fd, bytes, length, 0) != (ssize_t)length)
		return -EIO;
	bytes[length] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	*ret_length = length;
	return 0;
}
