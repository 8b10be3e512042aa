/* SPDX-License-Identifier: Apache-2.0 */
#include "operations.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>

#include "count_of.h"

#define SUFFIXED_NAME "security.NTACL"
#define PAIR_NAME "security.pair"
#define ABSENT_NAME "security.absent"
#define KERNEL_NAME "user.x"

/* No two values in a row are the same: file systems know a shortcut for those. */
static const char *next_value(struct site *site)
{
	unsigned int turn = ++site->turn;

	memcpy(site->value, &turn, sizeof(turn));
	return site->value;
}

static ssize_t get(struct site *site)
{
	return getxattr(site->path, SUFFIXED_NAME, site->buffer, BUFFER_SIZE);
}

static ssize_t set(struct site *site)
{
	return setxattr(site->path, SUFFIXED_NAME, next_value(site), VALUE_SIZE, 0);
}

static ssize_t fget(struct site *site)
{
	return fgetxattr(site->fd, SUFFIXED_NAME, site->buffer, BUFFER_SIZE);
}

static ssize_t fset(struct site *site)
{
	return fsetxattr(site->fd, SUFFIXED_NAME, next_value(site), VALUE_SIZE, 0);
}

static ssize_t get_kernel(struct site *site)
{
	return getxattr(site->path, KERNEL_NAME, site->buffer, BUFFER_SIZE);
}

static ssize_t set_kernel(struct site *site)
{
	return setxattr(site->path, KERNEL_NAME, next_value(site), VALUE_SIZE, 0);
}

static ssize_t get_absent(struct site *site)
{
	return getxattr(site->path, ABSENT_NAME, site->buffer, BUFFER_SIZE);
}

static ssize_t list(struct site *site)
{
	return listxattr(site->path, site->buffer, BUFFER_SIZE);
}

/* Two calls; nothing is left behind. */
static ssize_t set_and_remove(struct site *site)
{
	if (setxattr(site->path, PAIR_NAME, next_value(site), VALUE_SIZE, 0) < 0)
		return -1;
	return removexattr(site->path, PAIR_NAME);
}

static const struct operation operations[] = {
	{ "get", get },
	{ "set", set },
	{ "fget", fget },
	{ "fset", fset },
	{ "get-kernel", get_kernel },
	{ "set-kernel", set_kernel },
	{ "get-absent", get_absent },
	{ "list", list },
	{ "set-remove", set_and_remove },
};

const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(operations); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	return NULL;
}

ssize_t operation_call(const struct operation *operation, struct site *site)
{
	ssize_t result = operation->call(site);

	return result < 0 ? -errno : result;
}

double nanoseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}
