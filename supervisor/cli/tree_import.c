/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source, and the tree, can be anybody's: no path leads out of the tree, over a symbolic link or to another mount,
 * and what is set are a container's own names. A value that is there already stays if it is another one; if it is the
 * same, an earlier run has set it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/tree_import.h"
#include "cli/tree_set.h"
#include "cli/tree_store.h"
#include "exec/attribute_call.h"
#include "file_capability.h"

static const struct option_row rows[] = {
	{ "to", 0, "N", "the container's number: the host's id of its root", .is_required = true,
	  INTO_NUMBER(struct tree_import, range.from, 0, TREE_ID_MAX) },
	{ "count", 0, "C", "how many numbers the container has (65536)",
	  INTO_NUMBER(struct tree_import, range.count, 1, TREE_ID_MAX) },
	{ "store", 0, NULL, "where the container's policy keeps values (security)",
	  INTO_WORD(struct tree_import, store, tree_stores) },
	{ "dry-run", 'n', NULL, "change nothing, only say what would be done",
	  INTO_FLAG(struct tree_import, is_dry) },
	{ "verbose", 'v', NULL, "name each value", INTO_FLAG(struct tree_import, is_verbose) },
	TREE_JOB_ROWS,
	TREE_JSON_ROW,
};

static const struct option_table table = {
	.command = "nsxattr tree import",
	.operands = "--to=N FILE PATH",
	.about =
		"Give a container the values of security.* and trusted.* that a dump of getfattr,\n"
		"or a tar archive that is not compressed, has for the files of a tree, which are\n"
		"there already. FILE can be -, standard input.\n"
		"Exit status: 0; 1 if something could not be done, or was there already.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.missing = "FILE: the dump or the archive",
};

/* ---- the inode ---- */

/* Return: the path below the tree; NULL: it is not there. */
static const char *below(const struct tree_import *import, const char *path)
{
	size_t length = strlen(import->tree);

	if (path[0] == '/') {
		while (length > 0 && import->tree[length - 1] == '/')
			length--;
		if (strncmp(path, import->tree, length) != 0 ||
		    (path[length] != '/' && path[length] != '\0'))
			return NULL;
		path += length;
	}
	while (path[0] == '/' || (path[0] == '.' && (path[1] == '/' || path[1] == '\0')))
		path++;
	return path;
}

static int open_below(const struct tree_import *import, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   (import->job.crosses_mounts ? 0 : RESOLVE_NO_XDEV),
	};
	long fd = path[0] == '\0' ? fcntl(import->root, F_DUPFD_CLOEXEC, 0) :
				    syscall(SYS_openat2, import->root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

void tree_import_find(struct tree_import *import, struct tree_target *target, const char *path)
{
	const char *way = below(import, path);

	tree_import_leave(import, target);
	target->path = strdup(path);
	import->job.inodes++;
	if (!way || !target->path) {
		tree_job_fail(&import->job, "%s: %s", path,
			      way ? strerror(ENOMEM) : "it is not below the tree");
		return;
	}
	target->fd = open_below(import, way);
	if (target->fd < 0)
		tree_job_fail(&import->job, "%s: %s", path, strerror(-target->fd));
}

void tree_import_leave(struct tree_import *import, struct tree_target *target)
{
	import->job.holders += target->is_holder;
	fd_close(&target->fd);
	free(target->path);
	*target = (struct tree_target){ .fd = -1 };
}

/* ---- a value ---- */

/* Return: whether the number inside is one of the container's; else it is reported. */
static bool find_number(struct tree_import *import, const struct tree_target *target,
			const char *name, uint32_t inside, uint32_t *ret_number)
{
	if (inside < import->range.count) {
		*ret_number = import->range.from + inside;
		return true;
	}
	tree_job_fail(&import->job, "%s: %s is left out: the container has no id %u", target->path,
		      name, inside);
	return false;
}

static void conclude(struct tree_import *import, struct tree_target *target, const char *name,
		     enum tree_set_outcome outcome)
{
	switch (outcome) {
	case TREE_IS_THERE:
	case TREE_IS_SET:
		import->job.values++;
		target->is_holder = true;
		if (import->is_verbose)
			tree_job_show_change(&import->job, target->path, name, NULL);
		break;
	case TREE_IS_ANOTHER:
		tree_job_fail(&import->job, "%s: %s is left out: another value is there",
			      target->path, name);
		import->job.conflicts++;
		break;
	case TREE_HAS_FAILED:
	default:
		tree_job_fail(&import->job, "%s: %s: %s", target->path, name, strerror(errno));
	}
}

static void set_capability(struct tree_import *import, struct tree_target *target,
			   const struct tree_value *value, size_t length)
{
	uint32_t inside = 0, number;

	(void)file_capability_root(value->room->value, length, &inside);
	if (!find_number(import, target, FILE_CAPABILITY_NAME, inside, &number))
		return;
	if (number == 0)
		tree_job_fail(&import->job, "%s: %s is left out: the one of root 0 is the host's",
			      target->path, FILE_CAPABILITY_NAME);
	else
		conclude(import, target, FILE_CAPABILITY_NAME,
			 tree_set_capability(value, length, number, import->is_dry));
}

/* XFS shows its access control lists there to root of the host, whose dumps then have them. */
static bool is_list_of_xfs(const struct tree_import *import, const char *name)
{
	return import->job.name_count == 0 &&
	       name_has_prefix(name, strlen(name), "trusted.SGI_ACL_");
}

static void set(struct tree_import *import, struct tree_target *target,
		const struct tree_value *value, const char *name, size_t length)
{
	struct name_parts parts = name_split(name, strlen(name));
	char stored[NAME_SIZE];
	uint32_t number;

	if (!find_number(import, target, name, parts.form == NAME_VARIANT ? parts.uid : 0, &number))
		return;
	int r = parts.form == NAME_MALFORMED ?
			-EINVAL :
			name_join_stored(import->store, name, parts.base_length, number, stored);

	if (r == -EINVAL || is_list_of_xfs(import, name))
		import->left_out++;
	else if (r < 0)
		tree_job_fail(&import->job, "%s: %s: %s", target->path, name, strerror(-r));
	else
		conclude(import, target, stored, tree_set(value, stored, length, import->is_dry));
}

void tree_import_set(struct tree_import *import, struct tree_target *target, const char *name,
		     const char *value, size_t length)
{
	const struct pinned pinned = { .fd = target->fd };
	const struct performer performer = { .inode = &pinned, .directory = import->fd_directory };
	const struct tree_value room = { .performer = &performer, .room = &import->room };
	struct name_parts parts = name_split(name, strlen(name));

	if (target->fd < 0 || !tree_job_wants(&import->job, name, parts.base_length))
		return;
	if (length > sizeof(import->room.value)) {
		tree_job_fail(&import->job, "%s: %s: %s", target->path, name, strerror(E2BIG));
		return;
	}
	memcpy(import->room.value, value, length);
	if (file_capability_is_name(name, strlen(name)))
		set_capability(import, target, &room, length);
	else
		set(import, target, &room, name, length);
}

/* ---- the command line ---- */

static bool is_tar(FILE *file)
{
	int first = getc(file);

	/* A dump begins with its comments, and no path of an archive does. */
	if (first != EOF)
		ungetc(first, file);
	return first != '#' && first != EOF && first != '\n';
}

static bool open_all(struct tree_import *import, FILE **ret_file, const char *name)
{
	_cleanup_fd_ int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret_file = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	if (!*ret_file) {
		tree_job_fail(&import->job, "%s: %s", name, strerror(errno));
		return false;
	}
	import->root = open(import->tree, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (import->root < 0) {
		tree_job_fail(&import->job, "%s: %s", import->tree, strerror(errno));
		return false;
	}
	int r = procfs < 0 ? -errno : attribute_open_directory(procfs, &import->fd_directory);

	if (r < 0)
		tree_job_fail(&import->job, "cannot use /proc/self: %s", strerror(-r));
	return r == 0;
}

static void import_all(struct tree_import *import, const char *name)
{
	FILE *file = NULL;

	tree_job_begin(&import->job);
	if (open_all(import, &file, name))
		(is_tar(file) ? tree_import_tar : tree_import_dump)(import, file, name);
	if (file && file != stdin)
		fclose(file);
	fd_close(&import->root);
	if (import->left_out > 0)
		log_notice("%lu attribute%s left out: a container has none of these names",
			   import->left_out, import->left_out == 1 ? " is" : "s are");
}

int cli_tree_import(int argc, char **argv)
{
	_cleanup_free_ struct tree_import *import = calloc(1, sizeof(*import));
	char **words;
	int status;

	if (!import) {
		log_error("there is no memory");
		return STATUS_FAILED;
	}
	import->range.count = TREE_COUNT_DEFAULT;
	import->root = -1;
	if (!options_parse(&table, argc, argv, import, &words, &status))
		return status;
	if (!words[1] || words[2])
		return options_refuse(&table, "give one FILE and one PATH");
	if (tree_range_is_beyond(&import->range))
		return options_refuse(&table,
				      "the range goes beyond the last id: give a smaller --count");
	tree_job_trim(words[1]);
	import->tree = words[1];
	import_all(import, words[0]);
	return tree_job_sum_up(&import->job, import->is_dry ? "would import" : "imported",
			       import->is_dry);
}
