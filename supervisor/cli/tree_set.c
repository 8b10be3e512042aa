/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tree_set.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "cli/tree_job.h"
#include "exec/inode.h"
#include "file_capability.h"

static enum tree_set_outcome fail(ssize_t error)
{
	errno = (int)-error;
	return TREE_HAS_FAILED;
}

/* Is the value under the name the one in the room? Return: 1; 0; -errno. */
static ssize_t is_there(const struct tree_value *value, const char *name, size_t length)
{
	struct tree_room *room = value->room;
	ssize_t other = performer_get(value->performer, name, room->other, sizeof(room->other));

	if (other < 0)
		return other;
	return other == (ssize_t)length && memcmp(room->other, room->value, length) == 0;
}

static enum tree_set_outcome compare(const struct tree_value *value, const char *name,
				     size_t length)
{
	ssize_t r = is_there(value, name, length);

	if (r < 0)
		return fail(r);
	return r > 0 ? TREE_IS_THERE : TREE_IS_ANOTHER;
}

static enum tree_set_outcome foresee(const struct tree_value *value, const char *name,
				     size_t length)
{
	enum tree_set_outcome outcome = compare(value, name, length);

	return outcome == TREE_HAS_FAILED && errno == ENODATA ? TREE_IS_SET : outcome;
}

/* What was set has to be there. */
static enum tree_set_outcome verify(const struct tree_value *value, const char *name, size_t length)
{
	enum tree_set_outcome outcome = compare(value, name, length);

	if (outcome == TREE_IS_ANOTHER)
		return fail(-EIO);
	return outcome == TREE_IS_THERE ? TREE_IS_SET : outcome;
}

enum tree_set_outcome tree_set(const struct tree_value *value, const char *name, size_t length,
			       bool is_dry)
{
	if (is_dry)
		return foresee(value, name, length);
	int r = inode_set(value->performer, name, value->room->value, length, XATTR_CREATE);

	if (r == -EEXIST)
		return compare(value, name, length);
	return r < 0 ? fail(r) : verify(value, name, length);
}

enum tree_set_outcome tree_set_capability(const struct tree_value *value, size_t length,
					  uint32_t root, bool is_dry)
{
	uint8_t *bytes = (uint8_t *)value->room->value;

	if (!file_capability_give(bytes, length, root, bytes))
		return fail(-EINVAL);
	if (is_dry)
		return foresee(value, FILE_CAPABILITY_NAME, FILE_CAPABILITY_SIZE);
	int r = inode_set_capability(value->performer, bytes, FILE_CAPABILITY_SIZE, XATTR_CREATE);

	if (r == -EEXIST)
		return compare(value, FILE_CAPABILITY_NAME, FILE_CAPABILITY_SIZE);
	return r < 0 ? fail(r) : verify(value, FILE_CAPABILITY_NAME, FILE_CAPABILITY_SIZE);
}
