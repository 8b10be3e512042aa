/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_features.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "child.h"
#include "fork_alone.h"

bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	struct utsname name;
	unsigned int found[2] = { 0 };

	cr_assert(uname(&name) == 0 && sscanf(name.release, "%u.%u", &found[0], &found[1]) == 2);
	return found[0] > major || (found[0] == major && found[1] >= minor);
}

/* Exits with 0 if it was refused. */
static void set_without_capabilities(void *argument)
{
	int fd = memfd_create("nsxattr-test", MFD_CLOEXEC);

	(void)argument;
	NEED(fd >= 0 && fchown(fd, 1000, 1000) == 0);
	NEED(set_ids_alone(1000) == 0);
	if (fsetxattr(fd, "security.test", "", 0, 0) == 0)
		_exit(2);
	NEED(errno == EPERM);
}

bool kernel_checks_security(void)
{
	int status = child_end(child_start(set_without_capabilities, NULL, 0));

	cr_assert(status == 0 || status == 2);
	return status == 0;
}
