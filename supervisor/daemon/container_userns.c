/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/container_userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "idmap.h"
#include "request/witness.h"

/* Room for 340 lines of three numbers. */
#define MAP_TEXT_SIZE ((size_t)16 * 1024)

/* A gate looks at tasks of a namespace and of those below it: the container's own is right below ours. */
static bool is_below_ours(int procfs, int userns)
{
	_cleanup_fd_ int ours = openat(procfs, "self/ns/user", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int parent = ioctl(userns, NS_GET_PARENT);

	return ours >= 0 && parent >= 0 && fd_is_same_inode(ours, parent);
}

/* Who has our id can kill us. */
static bool has_our_id(const struct witness *process)
{
	_cleanup_free_ char *text = malloc(MAP_TEXT_SIZE);
	_cleanup_free_ struct id_map *map = malloc(sizeof(*map));
	ssize_t length = text && map ? proc_read(process->thread, "uid_map", text, MAP_TEXT_SIZE) :
				       -1;
	uint32_t inside;

	return length < 0 || id_map_parse(text, (size_t)length, map) < 0 ||
	       id_map_to_inside(map, geteuid(), &inside);
}

int container_userns_open(int procfs, pid_t process, const char **ret_fault)
{
	struct witness witness = { -1, -1 };
	int r = process > 0 ? witness_open(procfs, process, &witness) : -ESRCH;
	_cleanup_fd_ int userns = r < 0 ? -1 :
					  openat(witness.thread, "ns/user", O_RDONLY | O_CLOEXEC);

	*ret_fault = NULL;
	if (userns < 0)
		*ret_fault = "it is not known which process it is";
	else if (!is_below_ours(procfs, userns))
		*ret_fault = "it has no user namespace of its own";
	else if (has_our_id(&witness))
		*ret_fault = "its ids include that of nsxattrd, which its processes could kill";
	witness_done(&witness);
	return *ret_fault ? -EPERM : TAKE_FD(userns);
}

uint32_t container_userns_number(int userns)
{
	struct stat status;

	return fstat(userns, &status) < 0 ? 0 : (uint32_t)status.st_ino;
}
