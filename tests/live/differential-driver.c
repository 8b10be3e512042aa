/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random extended attribute calls, as raw system calls, and a log of what came of them.
 *
 * The same seed gives the same calls everywhere, and the log holds nothing that depends on where the
 * tree lies, on process numbers or on the namespace. So two runs can be compared byte by byte: with
 * and without a supervisor, by the host's root and by a namespace's.
 *
 * Every step throws dice of its own (tests/live/dice.h), and none depends on a result: --only=LIST
 * makes some of the steps of a run, which shortens the way to a mismatch.
 *
 * Profiles:
 *
 *	view	For a namespace's root under a supervisor against the host's root without one.
 *		What differs by contract is left out; each such place says so ("by contract").
 *	kernel	For the same identity with and without a supervisor that changes nothing.
 *		Everything is tried that cannot hurt the machine.
 *	others	The names that the default policy leaves to the kernel.
 *	superset
 *		For the same identity in the same namespace, with and without a supervisor that gives it
 *		more. What such a gift can take away from later calls is left out; see tests/live/superset.c.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/dice.h"
#include "area.h"
#include "count_of.h"
#include "identity.h"
#include "tree.h"
#include "xattr_calls.h"

/* Pages of a buffer: more than the largest value, XATTR_SIZE_MAX. */
#define BUFFER_PAGES 20
#define PATH_ROOM 8192
/* What memory for results holds before a call. */
#define UNTOUCHED 0xa5
/* Larger than what any ext4 inode without ea_inode has room for. */
#define TOO_LARGE 5000
/* In the view profile a value is never larger than this, unless it is too large; see pick_value(). */
#define MODEST 64

enum profile { PROFILE_VIEW, PROFILE_KERNEL, PROFILE_OTHERS, PROFILE_SUPERSET };

static const char *const profile_names[] = {
	[PROFILE_VIEW] = "view",
	[PROFILE_KERNEL] = "kernel",
	[PROFILE_OTHERS] = "others",
	[PROFILE_SUPERSET] = "superset",
};

/* Names that are longer than their text are filled up with 'n'. */
struct name {
	const char *text;
	size_t length;
};

/* Names that no security module knows: those would look at the plain name, and not at a variant. */
static const struct name virtual_names[] = {
	{ "security.a", 0 },
	{ "security.a", 0 },
	{ "security.a", 0 },
	{ "security.ab", 0 },
	{ "security.NTACL", 0 },
	{ "security.x.y", 0 },
	{ "security.capability2", 0 },
	{ "security.capabilit", 0 },
	{ "security.\xc3\xa9 \n=\"", 0 },
	{ "security.", 200 },
	{ "trusted.t", 0 },
	{ "trusted.t", 0 },
	{ "trusted.gfid", 0 },
	{ "trusted.overlay.opaque", 0 },
};

static const struct name kernel_names[] = {
	{ "user.u", 0 },
	{ "user.u", 0 },
	{ "user.v", 0 },
	{ "user.security.a", 0 },
	{ "user.", 255 },
	{ "security.capability", 0 },
	{ "security.capability", 0 },
	{ "system.posix_acl_access", 0 },
	{ "system.posix_acl_default", 0 },
};

static const struct name bad_names[] = {
	{ "", 0 },	  { "security", 0 },	   { "trusted", 0 },
	{ "user", 0 },	  { "user.", 0 },	   { "system", 0 },
	{ "system.", 0 }, { "system.nothing", 0 }, { "nothing.", 0 },
	{ "nothing", 0 }, { "Security.a", 0 },	   { "nothing.", 255 },
	{ "user.", 256 }, { "nothing", 300 },	   { "system.posix_acl_accessories", 0 },
};

static const struct name bad_virtual_names[] = {
	{ "security.", 0 },
	{ "trusted.", 0 },
	{ "security.", 256 },
	{ "trusted.", 1000 },
};

/* By contract these mean something else in a view: variants, and names that leave no room for one. */
static const struct name unvirtual_names[] = {
	{ "security.a@uid=100000", 0 },
	{ "security.a@uid=0", 0 },
	{ "security.a@uid=5", 0 },
	{ "security.a@", 0 },
	{ "security.a@what", 0 },
	{ "security.a@uid=007", 0 },
	{ "trusted.t@uid=100000", 0 },
	{ "user.u@uid=100000", 0 },
	{ "security.capability@uid=100000", 0 },
	{ "security.", 245 },
	{ "security.", 255 },
	{ "trusted.", 250 },
};

struct prefix {
	const char *text;
	bool is_absolute;
};

/* What leads to the tree in front of a path below it. */
static const struct prefix prefixes[] = {
	{ "./", false },
	{ "dir/../", false },
	{ "linkdir/../", false },
	{ "private5/../", false },
	{ "group5/../", false },
	{ "../tree/", false },
	{ "link-proc-cwd/", false },
	{ "dir/.././/../tree/linkdir/../", false },
	{ "$D/", true },
	{ "$D/", true },
	{ "/$D//.///", true },
	{ "$D/linkdir/../../tree/", true },
	{ "/proc/self/cwd/", true },
	{ "/proc/thread-self/cwd/", true },
	{ "/proc/self/root$D/", true },
	{ "/proc/self/fd/117/", true },
	{ "/dev/fd/117/", true },
	{ "/proc/$P/cwd/", true },
	{ "/proc/self/task/$T/cwd/", true },
	{ "$D/abslinkdir/../", true },
	{ "$D/link-proc-dir/../", true },
};

static const char *const suffixes[] = { "/", "//", "/.", "/..", "/./", "/../tree" };

/* Which directory is the working directory; it changes every so many steps. */
enum cwd { CWD_TREE, CWD_DIR, CWD_DELETED };
#define CWD_STEPS 32

static const char *const cwd_names[] = {
	[CWD_TREE] = "tree",
	[CWD_DIR] = "dir",
	[CWD_DELETED] = "deleted",
};

static const char *const place_names[] = PLACE_NAMES;

static struct {
	const char *directory;
	enum profile profile;
	const struct identity *identity;
	uint64_t seed;
	enum cwd cwd;
	bool is_checked; /* by the kernel: who changes security.* */
	bool has_vague_lists; /* the size of a list is asked for, and may be too large */
	struct area path, name, args, value, buffer, readonly;
} run;

struct step {
	const struct xattr_form *form;
	enum place path_place;
	char path[PATH_ROOM]; /* as it is logged */
	size_t padded; /* to this many bytes; 0: not at all */
	long dirfd;
	unsigned long at_flags;
	enum place name_place;
	struct name name;
	enum place value_place;
	size_t size;
	long delta; /* to be added to the size that a first call with none asks for */
	bool is_exact;
	unsigned long flags;
	uint64_t content; /* what the value is made from */
	enum place args_place;
	unsigned long args_size;
	unsigned char args_tail;
	uint32_t args_flags;
	bool is_look_only; /* the inode is none that may be changed */
	bool is_hosts; /* the host is its owner */
};

/* ---- throwing the dice ---- */

static bool is_plain(const struct name *name, const char *text)
{
	return name->length == 0 && strcmp(name->text, text) == 0;
}

static struct name pick_virtual(struct dice *dice)
{
	if (run.profile == PROFILE_KERNEL && dice_chance(dice, 25))
		return *DICE_PICK(dice, unvirtual_names);
	return *DICE_PICK(dice, virtual_names);
}

/* Where sizes are modest, and lists are compared as sets. */
static bool compares_views(void)
{
	return run.profile == PROFILE_VIEW || run.profile == PROFILE_SUPERSET;
}

static bool is_capable(unsigned int capability)
{
	return run.profile == PROFILE_VIEW && (run.identity->capabilities & (1ULL << capability));
}

/* Before Linux 6.10 a kernel may let everybody change security.*: what it gives is not what a supervisor has to give. */
static bool is_unjudged(const struct step *step)
{
	bool is_remove = step->form->verb == XATTR_REMOVE;

	if (run.is_checked || (!is_remove && step->form->verb != XATTR_SET) ||
	    strncmp(step->name.text, "security.", 9) != 0)
		return false;
	if (is_plain(&step->name, "security.capability"))
		return is_remove && !is_capable(CAP_SETFCAP);
	return !is_capable(CAP_SYS_ADMIN);
}

static void pick_any_name(struct dice *dice, struct step *step)
{
	static const enum place places[] = { PLACE_EDGE, PLACE_ACROSS, PLACE_CUT,
					     PLACE_NULL, PLACE_GUARD,  PLACE_KERNEL };
	unsigned int kind = dice_below(dice, 100);

	if (dice_chance(dice, 15))
		step->name_place = *DICE_PICK(dice, places);
	/* By contract a name that is left to the kernel is the host's on what is the host's. */
	if (step->is_hosts && run.profile == PROFILE_VIEW)
		step->name = kind < 12 ? *DICE_PICK(dice, bad_virtual_names) : pick_virtual(dice);
	else if (kind < 8)
		step->name = *DICE_PICK(dice, bad_names);
	else if (kind < 12 && run.profile != PROFILE_OTHERS)
		step->name = *DICE_PICK(dice, bad_virtual_names);
	else if (kind < 70 && run.profile != PROFILE_OTHERS)
		step->name = pick_virtual(dice);
	else
		step->name = *DICE_PICK(dice, kernel_names);
}

static void pick_name(struct dice *dice, struct step *step)
{
	pick_any_name(dice, step);
	if (is_unjudged(step))
		step->name =
			(struct name){ run.profile == PROFILE_OTHERS ? "user.u" : "trusted.t", 0 };
}

static void pick_flags(struct dice *dice, struct step *step)
{
	static const unsigned long usual[] = { 0,
					       0,
					       0,
					       XATTR_CREATE,
					       XATTR_CREATE,
					       XATTR_REPLACE,
					       XATTR_REPLACE,
					       XATTR_CREATE | XATTR_REPLACE };
	static const unsigned long bad[] = { 4, 0x80000000, XATTR_CREATE | 8, ~0UL };

	step->flags = dice_chance(dice, 3) ? *DICE_PICK(dice, bad) : *DICE_PICK(dice, usual);
	/* The kernel takes an int: what is above does not count. */
	if (sizeof(long) > 4 && dice_chance(dice, 5))
		step->flags |= (unsigned long)((uint64_t)dice_below(dice, UINT_MAX) << 32);
}

/*
 * By contract a variant needs more room than a plain name. So that both fit or neither does, values
 * in the view profile are modest or too large for any inode.
 */
static size_t pick_value_size(struct dice *dice, const struct name *name)
{
	static const size_t modest[] = { 0, 1, 2, 3, 12, 19, 20, 21, 23, 24, 25, 28, 44, MODEST };
	static const size_t any[] = { 255, 1000, 2000, 3000, 3900, 4000, 4050, 4096, 4097 };
	static const size_t large[] = { TOO_LARGE, 10000, 65535, 65536 };
	static const size_t too_large[] = { 65537,	1 << 20,  0x7fffffff,
					    0x80000000, UINT_MAX, SIZE_MAX };

	if (strcmp(name->text, "security.capability") == 0 && dice_chance(dice, 70))
		return dice_chance(dice, 50) ? 20 : 24;
	if (strcmp(name->text, "system.posix_acl_access") == 0 && dice_chance(dice, 50))
		return 28;
	if (dice_chance(dice, 6))
		return dice_chance(dice, 60) ? *DICE_PICK(dice, large) :
					       *DICE_PICK(dice, too_large);
	if (!compares_views() && dice_chance(dice, 15))
		return *DICE_PICK(dice, any);
	return *DICE_PICK(dice, modest);
}

static void pick_value(struct dice *dice, struct step *step)
{
	static const enum place places[] = { PLACE_EDGE, PLACE_EDGE, PLACE_ACROSS, PLACE_READONLY,
					     PLACE_CUT,	 PLACE_NULL, PLACE_GUARD,  PLACE_KERNEL };

	step->size = pick_value_size(dice, &step->name);
	step->content = dice_next(dice);
	if (dice_chance(dice, 25))
		step->value_place = *DICE_PICK(dice, places);
	/*
	 * By contract an empty security.capability needs CAP_SETFCAP, as every other one does; the
	 * kernel itself lets everybody set it.
	 */
	if (run.profile != PROFILE_KERNEL && step->size == 0 &&
	    is_plain(&step->name, "security.capability") &&
	    !(run.identity->capabilities & CAPABILITY(SETFCAP)))
		step->size = 1;
}

static void pick_buffer(struct dice *dice, struct step *step)
{
	static const enum place places[] = { PLACE_EDGE, PLACE_EDGE, PLACE_ACROSS, PLACE_READONLY,
					     PLACE_CUT,	 PLACE_NULL, PLACE_GUARD,  PLACE_KERNEL };
	static const size_t usual[] = { 0, 0, 1, 10, MODEST, 255, 256, 1024, 4096, 65536, 65536 };
	static const size_t huge[] = { 65537,	 1 << 20,    0x7fffffff, 0x80000000,
				       UINT_MAX, 0x80000010, SIZE_MAX };

	step->size = dice_chance(dice, 8) ? *DICE_PICK(dice, huge) : *DICE_PICK(dice, usual);
	if (sizeof(size_t) > 4 && dice_chance(dice, 2))
		step->size = (size_t)(1ULL << 32);
	if (dice_chance(dice, 30)) {
		step->is_exact = true;
		step->delta = (long)dice_below(dice, 3) - 1;
	}
	/* By contract the size of a list is exact; overlayfs says that of the layer's. */
	if (run.has_vague_lists && step->form->verb == XATTR_LIST) {
		step->is_exact = false;
		step->size = 65536;
	}
	/* A list that is longer than without a supervisor does not fit where that one did. */
	if (run.profile == PROFILE_SUPERSET && step->form->verb == XATTR_LIST) {
		step->size = dice_chance(dice, 30) && !run.has_vague_lists ? 0 : 65536;
		step->delta = step->delta < 0 ? 0 : step->delta;
		return;
	}
	if (dice_chance(dice, 30))
		step->value_place = *DICE_PICK(dice, places);
}

static void append(struct step *step, const char *text)
{
	strncat(step->path, text, sizeof(step->path) - 1 - strlen(step->path));
}

static bool climbs(const char *path)
{
	size_t length = strlen(path);

	return path[0] == '.' || (length >= 2 && strcmp(path + length - 2, "..") == 0);
}

/* Where a relative path begins: is it the tree itself? */
static bool begins_at_tree(const struct step *step)
{
	return step->dirfd == AT_FDCWD ? run.cwd == CWD_TREE : step->dirfd == FD_TREE;
}

static void pick_tree_path(struct dice *dice, struct step *step)
{
	const char *object = *DICE_PICK(dice, objects);
	const struct prefix *prefix = NULL;

	if (*object == '\0' || dice_chance(dice, 40))
		prefix = DICE_PICK(dice, prefixes);
	/* From another directory most of the tree is a level up. */
	if (!begins_at_tree(step) && dice_chance(dice, 70) && (!prefix || !prefix->is_absolute))
		append(step, "../");
	if (prefix && (*object || dice_chance(dice, 70)))
		append(step, prefix->text);
	append(step, object);
	if (!dice_chance(dice, 15))
		return;
	const char *suffix = *DICE_PICK(dice, suffixes);

	/* Never further up than the parent of the tree: what is there is not ours. */
	if (!climbs(object) && *object)
		append(step, suffix);
}

/* By contract root of a namespace changes nothing that the host owns, so "/" is not even tried. */
static void pick_hosts_path(struct dice *dice, struct step *step)
{
	append(step, *DICE_PICK(dice, hosts_inodes));
	step->is_hosts = true;
	step->is_look_only = strcmp(step->path, "/") == 0 ||
			     (run.profile != PROFILE_KERNEL &&
			      (run.identity->is_undumpable || run.identity->fsuid));
}

static bool is_bare(long number)
{
	return (int)number >= FD_EVENTFD && (int)number < FD_END;
}

static bool leads_to_bare(const char *path)
{
	const char *number = strstr(path, "/fd/");

	return number && is_bare(strtol(number + strlen("/fd/"), NULL, 10));
}

static void pick_procfs_path(struct dice *dice, struct step *step)
{
	unsigned int kind = dice_below(dice, 100);

	if (kind < 10) {
		pick_hosts_path(dice, step);
		return;
	}
	/*
	 * An undumpable process, or one with an fsuid of its own, has others as the owners of its
	 * entries, and the kernel grants it some writes there because it is that process. They all
	 * end in EOPNOTSUPP; a stand-in's end in EACCES.
	 */
	step->is_look_only = run.profile != PROFILE_KERNEL &&
			     (run.identity->is_undumpable || run.identity->fsuid) &&
			     (kind < 25 || step->form->way != BY_PATH);
	append(step,
	       kind < 25 ? *DICE_PICK(dice, procfs_inodes) : *DICE_PICK(dice, procfs_objects));
	step->is_hosts = leads_to_bare(step->path);
	if (kind >= 25 && dice_chance(dice, 10))
		append(step, "/");
}

static void pick_path(struct dice *dice, struct step *step)
{
	static const enum place places[] = { PLACE_EDGE, PLACE_ACROSS, PLACE_CUT,
					     PLACE_NULL, PLACE_GUARD,  PLACE_KERNEL };
	static const size_t lengths[] = { 255, 256, 257, 4000, 4094, 4095, 4096, 4097, 5000 };

	if (dice_chance(dice, 20))
		pick_procfs_path(dice, step);
	else
		pick_tree_path(dice, step);
	if (dice_chance(dice, 4))
		step->padded = *DICE_PICK(dice, lengths);
	if (dice_chance(dice, 8))
		step->path_place = *DICE_PICK(dice, places);
}

static long pick_descriptor(struct dice *dice)
{
	static const long special[] = { -1, -2, AT_FDCWD, -101, 99, 1 << 20, INT_MAX, INT_MIN };
	/* By contract: since Linux 6.17 a pidfd has trusted.*, on an inode that is the host's. */
	unsigned int count = (run.profile == PROFILE_VIEW ? FD_PIDFD : FD_END) - FD_BASE;
	long number = FD_BASE + (long)dice_below(dice, count);

	if (dice_chance(dice, 30))
		number = FD_FILE;
	if (dice_chance(dice, 8))
		number = *DICE_PICK(dice, special);
	/* The kernel takes an int: what is above does not count. */
	if (sizeof(long) > 4 && dice_chance(dice, 3))
		number = (long)((uint64_t)(uint32_t)number | (uint64_t)dice_below(dice, UINT_MAX)
								     << 32);
	return number;
}

static void pick_start(struct dice *dice, struct step *step)
{
	static const long directories[] = { FD_TREE,	 FD_TREE, FD_TREE,    FD_DIR,
					    FD_DIR_PATH, FD_FILE, FD_PROC_FD, FD_DELETED_DIR,
					    FD_CLOSED,	 -1 };

	step->dirfd = AT_FDCWD;
	if (step->form->way == BY_BOTH && dice_chance(dice, 60))
		step->dirfd = *DICE_PICK(dice, directories);
}

static void pick_at_flags(struct dice *dice, struct step *step)
{
	static const unsigned long usual[] = { 0, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH,
					       AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH };
	static const unsigned long bad[] = { AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, 1, 0x80000000 };

	step->at_flags = dice_chance(dice, 4) ? *DICE_PICK(dice, bad) : *DICE_PICK(dice, usual);
	if (sizeof(long) > 4 && dice_chance(dice, 3))
		step->at_flags |= (unsigned long)((uint64_t)dice_below(dice, UINT_MAX) << 32);
	/* From there ".." leads to inodes of procfs that are the host's. */
	if (step->dirfd == FD_PROC_FD && step->path[0] != '/')
		step->is_look_only = true;
	if (!(step->at_flags & AT_EMPTY_PATH) || dice_chance(dice, 40))
		return;
	/* Without a path, it is about the descriptor itself. */
	step->path[0] = '\0';
	step->padded = 0;
	step->path_place = dice_chance(dice, 30) ? PLACE_NULL : PLACE_PLAIN;
	step->dirfd = pick_descriptor(dice);
	step->is_hosts = is_bare(step->dirfd);
	step->is_look_only = false;
}

static void pick_args(struct dice *dice, struct step *step)
{
	static const enum place places[] = { PLACE_EDGE, PLACE_EDGE,  PLACE_ACROSS, PLACE_CUT,
					     PLACE_NULL, PLACE_GUARD, PLACE_KERNEL, PLACE_READONLY };
	static const unsigned long sizes[] = { 0,  8,	 15,   17,   24,    24,
					       32, 4095, 4096, 4097, 65536, ~0UL };

	step->args_size = 16;
	if (dice_chance(dice, 10))
		step->args_size = *DICE_PICK(dice, sizes);
	if (dice_chance(dice, 30))
		step->args_tail = (unsigned char)dice_below(dice, 256);
	if (dice_chance(dice, 10))
		step->args_place = *DICE_PICK(dice, places);
	if (step->form->verb == XATTR_SET)
		step->args_flags = (uint32_t)step->flags;
	else if (dice_chance(dice, 5))
		step->args_flags = 1U << dice_below(dice, 32);
	/* The size is of 32 bits there. */
	step->size = (uint32_t)step->size;
}

static void pick_object(struct dice *dice, struct step *step)
{
	if (step->form->way == BY_DESCRIPTOR) {
		step->dirfd = pick_descriptor(dice);
		step->is_hosts = is_bare(step->dirfd);
		return;
	}
	pick_start(dice, step);
	pick_path(dice, step);
	if (step->form->way == BY_BOTH)
		pick_at_flags(dice, step);
}

/* Sets and lists are what makes the others worthwhile. */
static const struct xattr_form *pick_form(struct dice *dice)
{
	static const enum xattr_verb verbs[] = { XATTR_SET,  XATTR_SET,	  XATTR_SET, XATTR_SET,
						 XATTR_GET,  XATTR_GET,	  XATTR_GET, XATTR_LIST,
						 XATTR_LIST, XATTR_REMOVE };
	enum xattr_verb verb = *DICE_PICK(dice, verbs);

	return xattr_form(verb, (enum xattr_way)dice_below(dice, 4));
}

static void step_throw(struct dice *dice, struct step *step)
{
	*step = (struct step){ .form = pick_form(dice) };
	pick_object(dice, step);
	if ((step->is_look_only || (step->is_hosts && run.profile == PROFILE_OTHERS)) &&
	    (step->form->verb == XATTR_SET || step->form->verb == XATTR_REMOVE))
		step->form = xattr_form(XATTR_GET, step->form->way);
	if (step->form->verb != XATTR_LIST)
		pick_name(dice, step);
	if (step->form->verb == XATTR_SET) {
		pick_flags(dice, step);
		pick_value(dice, step);
	} else if (step->form->verb != XATTR_REMOVE) {
		pick_buffer(dice, step);
	}
	if (step->form->way == BY_BOTH && step->form->verb < XATTR_LIST)
		pick_args(dice, step);
}

/* ---- the log ---- */

static void log_escaped(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (isgraph(byte) && byte != '\\' && byte != '"')
			putchar(byte);
		else
			printf("\\x%02x", byte);
	}
}

static void log_name(const struct name *name)
{
	putchar('"');
	log_escaped(name->text, strlen(name->text));
	if (name->length)
		printf("…%zu", name->length);
	putchar('"');
}

static void log_bytes(const unsigned char *bytes, size_t length)
{
	uint64_t hash = 14695981039346656037ULL;

	if (length <= MODEST) {
		for (size_t i = 0; i < length; i++)
			printf("%02x", bytes[i]);
		return;
	}
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 1099511628211ULL;
	printf("#%016" PRIx64, hash);
}

static void log_descriptor(long number)
{
	int effective = (int)number;

	if (effective >= FD_BASE && effective < FD_END)
		printf("[%s]", descriptor_names[effective]);
	else
		printf("[%d]", effective);
	if (effective != number)
		printf("+high");
}

static void log_object(const struct step *step)
{
	if (step->form->way == BY_DESCRIPTOR || step->form->way == BY_BOTH)
		log_descriptor(step->dirfd);
	if (step->form->way == BY_DESCRIPTOR)
		return;
	printf(" %s\"%s\"", place_names[step->path_place], step->path);
	if (step->padded)
		printf("…%zu", step->padded);
	if (step->form->way == BY_BOTH)
		printf(" at:%lx", step->at_flags);
}

static void log_step(uint64_t index, const struct step *step)
{
	printf("%" PRIu64 " %s ", index, step->form->name);
	log_object(step);
	if (step->form->verb != XATTR_LIST) {
		printf(" %s", place_names[step->name_place]);
		log_name(&step->name);
	}
	if (step->form->verb != XATTR_REMOVE)
		printf(" %s%zx", place_names[step->value_place], step->size);
	if (step->is_exact)
		printf(" exact%+ld", step->delta);
	if (step->form->verb == XATTR_SET)
		printf(" flags:%lx", step->flags);
	if (step->args_size || step->args_place)
		printf(" args:%s%lx,%x,%x", place_names[step->args_place], step->args_size,
		       step->args_tail, step->args_flags);
	printf(" = ");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * A list as it was returned. By contract the view has the order of the inode, where variants are
 * sorted in among other names; so it is sorted in that profile.
 */
static void log_list(const unsigned char *list, size_t length)
{
	const char *names[4096];
	size_t count = 0;

	if (length == 0 || list[length - 1] != '\0') {
		printf("%s", length ? "UNTERMINATED" : "");
		return;
	}
	for (size_t at = 0; at < length && count < COUNT_OF(names);
	     at += strlen(names[count - 1]) + 1)
		names[count++] = (const char *)list + at;
	if (compares_views())
		qsort(names, count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < count; i++) {
		putchar(i ? ',' : ' ');
		log_escaped(names[i], strlen(names[i]));
	}
}

/* ---- making the call ---- */

/* $D, $P, $T, $L, $M and $X are replaced; see tree.h. */
static size_t path_expand(const char *path, char *to)
{
	size_t length = 0;

	for (; *path; path++) {
		if (*path != '$') {
			to[length++] = *path;
			continue;
		}
		switch (*++path) {
		case 'D':
			length += (size_t)sprintf(to + length, "%s", run.directory);
			break;
		case 'P':
			length += (size_t)sprintf(to + length, "%d", getpid());
			break;
		case 'v':
			run.has_vague_lists = true;
			break;
		case 'T':
			length += (size_t)sprintf(to + length, "%ld", syscall(SYS_gettid));
			break;
		case 'L':
		case 'M':
			memset(to + length, 'n', 256);
			length += *path == 'L' ? 255 : 256;
			break;
		case 'X':
			for (size_t i = 0; i < DEPTH; i++, length += 2)
				memcpy(to + length, "d/", 2);
			break;
		default:
			abort();
		}
	}
	to[length] = '\0';
	return length;
}

/* Make a path longer without a change of what it means. */
static size_t path_pad(char *path, size_t length, size_t padded)
{
	size_t fill = padded > length ? padded - length : 0;
	size_t at = path[0] == '/' ? 1 : 0;

	if (fill == 0 || length == 0)
		return length;
	memmove(path + at + fill, path + at, length - at + 1);
	for (size_t i = 0; i < fill; i++)
		path[at + i] = i % 2 ? '/' : '.';
	/* What is left over alone is a slash more; at the beginning that needs a dot before it. */
	if (fill % 2)
		path[at + fill - 1] = fill > 1 || at ? '/' : 'x';
	return length + fill;
}

static const char *prepare_path(const struct step *step)
{
	static char path[PATH_ROOM * 2];
	size_t length = path_expand(step->path, path);

	length = path_pad(path, length, step->padded);
	return area_string(&run.path, step->path_place, path, length);
}

static const char *prepare_name(const struct step *step)
{
	char name[2048];
	size_t length = strlen(step->name.text);

	memcpy(name, step->name.text, length + 1);
	for (; length < step->name.length; length++)
		name[length] = 'n';
	name[length] = '\0';
	return area_string(&run.name, step->name_place, name, length);
}

/* A revision 2 or 3 file capability; the root of the latter is one that every namespace here maps. */
static void fill_capability(const struct step *step, unsigned char *at)
{
	static const uint32_t roots[] = { 0, 0, 5, 1000, 65535 };
	uint32_t fields[] = { 0x02000000U | (step->content & 1),
			      (uint32_t)(step->content >> 1) & 0xff,
			      0,
			      0,
			      0,
			      roots[step->content % COUNT_OF(roots)] };

	if (step->size == 24)
		fields[0] += 0x01000000U;
	memcpy(at, fields, step->size);
}

/* The least that is an access control list: owner, group, others; it becomes the mode. */
static void fill_acl(const struct step *step, unsigned char *at)
{
	struct {
		uint32_t version;
		struct {
			uint16_t tag;
			uint16_t permissions;
			uint32_t id;
		} entries[3];
	} acl = { 2, { { 1, 7, ~0U }, { 4, 5, ~0U }, { 32, 5, ~0U } } };

	/* Modes that leave the tree as searchable as it is. */
	acl.entries[1].permissions = (uint16_t)(5 | (step->content & 2));
	memcpy(at, &acl, step->size);
}

static void fill_value(const struct step *step, unsigned char *at)
{
	struct dice dice = { step->content };
	size_t size = step->size < XATTR_SIZE_MAX ? step->size : XATTR_SIZE_MAX;

	if (is_plain(&step->name, "security.capability") && (size == 20 || size == 24) &&
	    step->content % 8)
		fill_capability(step, at);
	else if (is_plain(&step->name, "system.posix_acl_access") && size == 28 &&
		 step->content % 4)
		fill_acl(step, at);
	else
		for (size_t i = 0; i < size; i++)
			at[i] = (unsigned char)dice_next(&dice);
}

static unsigned char *prepare_value(const struct step *step)
{
	const struct area *area = step->form->verb == XATTR_SET ? &run.value : &run.buffer;
	unsigned char *at;

	if (step->value_place == PLACE_READONLY)
		area = &run.readonly;
	at = area_at(area, step->value_place, step->size);
	if (step->form->verb != XATTR_SET || step->value_place >= PLACE_CUT)
		return at;
	if (area_has(area, at, step->size))
		fill_value(step, at);
	return at;
}

static void *prepare_args(const struct step *step, const unsigned char *value, size_t size)
{
	struct {
		uint64_t value;
		uint32_t size;
		uint32_t flags;
	} args = { (uintptr_t)value, (uint32_t)size, step->args_flags };
	unsigned char bytes[sizeof(args)];
	const struct area *area = &run.args;
	size_t room = step->args_size < area_size(area) ? step->args_size : area_size(area);
	unsigned char *at = area_at(area, step->args_place, room);

	memset(area->start, 0, area_size(area));
	memcpy(bytes, &args, sizeof(args));
	for (size_t i = 0; i < sizeof(args); i++)
		if (area_has(area, at + i, 1))
			at[i] = bytes[i];
	if (room > sizeof(args) && area_has(area, at, room))
		at[room - 1] = step->args_tail;
	return at;
}

static long make_call(const struct step *step, const unsigned char *value, size_t size)
{
	long number = step->form->number;
	const char *path = step->form->way == BY_DESCRIPTOR ? NULL : prepare_path(step);
	const char *name = step->form->verb == XATTR_LIST ? NULL : prepare_name(step);
	unsigned long object = step->form->way == BY_DESCRIPTOR ? (unsigned long)step->dirfd :
								  (unsigned long)path;

	if (step->form->way == BY_BOTH) {
		if (step->form->verb == XATTR_LIST)
			return syscall(number, step->dirfd, path, step->at_flags, value, size);
		if (step->form->verb == XATTR_REMOVE)
			return syscall(number, step->dirfd, path, step->at_flags, name);
		return syscall(number, step->dirfd, path, step->at_flags, name,
			       prepare_args(step, value, size), step->args_size);
	}
	switch (step->form->verb) {
	case XATTR_SET:
		return syscall(number, object, name, value, size, step->flags);
	case XATTR_GET:
		return syscall(number, object, name, value, size);
	case XATTR_LIST:
		return syscall(number, object, value, size);
	case XATTR_REMOVE:
	default:
		return syscall(number, object, name);
	}
}

static bool is_untouched(const unsigned char *from, const unsigned char *to)
{
	size_t size = (size_t)(to - from);

	return size == 0 || (*from == UNTOUCHED && memcmp(from, from + 1, size - 1) == 0);
}

/* Only what was returned may have changed. After EFAULT the kernel may have written a part of it. */
static void check_buffer(const unsigned char *at, size_t size, long result, int error)
{
	const struct area *area = &run.buffer;
	bool is_inside = area_has(area, at, 0);
	size_t written = result > 0 && size > 0 && is_inside ? (size_t)result : 0;

	if (!is_untouched(run.readonly.start, run.readonly.end))
		printf(" READONLY-MEMORY-CHANGED");
	if (result < 0 && error == EFAULT)
		written = is_inside ? (size_t)(area->end - at) : 0;
	if (!is_inside)
		at = area->start;
	if (written > (size_t)(area->end - at)) {
		printf(" BEYOND-THE-BUFFER");
		written = (size_t)(area->end - at);
	}
	if (!is_untouched(area->start, at) || !is_untouched(at + written, area->end))
		printf(" TOUCHED");
	memset(area->start, UNTOUCHED, area_size(area));
}

static void log_result(const struct step *step, const unsigned char *at, size_t size, long result,
		       int error)
{
	if (result < 0) {
		printf("%s", strerrorname_np(error));
		return;
	}
	printf("%ld", result);
	if (size == 0 || step->form->verb == XATTR_SET || step->form->verb == XATTR_REMOVE)
		return;
	if (step->form->verb == XATTR_LIST) {
		log_list(at, (size_t)result);
		return;
	}
	putchar(' ');
	log_bytes(at, (size_t)result);
}

/* Ask for the size first, as most programs do; then with what was said, or almost. */
static bool step_ask_size(struct step *step)
{
	long result = make_call(step, area_at(&run.buffer, PLACE_PLAIN, 0), 0);

	if (result < 0) {
		printf("%s\n", strerrorname_np(errno));
		return false;
	}
	printf("%ld then ", result);
	step->size = result + step->delta > 0 ? (size_t)(result + step->delta) : 0;
	return true;
}

static void step_make(struct step *step)
{
	bool has_buffer = step->form->verb == XATTR_GET || step->form->verb == XATTR_LIST;

	if (step->is_exact && !step_ask_size(step))
		return;
	unsigned char *at = prepare_value(step);
	long result = make_call(step, at, step->size);
	int error = errno;

	log_result(step, at, step->size, result, error);
	if (has_buffer)
		check_buffer(at, step->size, result, error);
	putchar('\n');
}

static void change_directory(uint64_t index)
{
	static const int descriptors[] = {
		[CWD_TREE] = FD_TREE,
		[CWD_DIR] = FD_DIR,
		[CWD_DELETED] = FD_DELETED_DIR,
	};
	struct dice dice = dice_new(run.seed, ~(index / CWD_STEPS));
	unsigned int kind = dice_below(&dice, 10);
	enum cwd cwd = kind < 7 ? CWD_TREE : (enum cwd)(kind % 2 + 1);

	if (cwd == run.cwd)
		return;
	if (fchdir(descriptors[cwd]) < 0)
		err(EXIT_FAILURE, "fchdir");
	run.cwd = cwd;
	printf("%" PRIu64 " cwd %s\n", index, cwd_names[cwd]);
}

static void step_run(uint64_t index)
{
	static struct step step;
	struct dice dice = dice_new(run.seed, index);

	change_directory(index);
	step_throw(&dice, &step);
	log_step(index, &step);
	step_make(&step);
}

/* ---- options ---- */

struct options {
	uint64_t operations;
	const char *only;
	bool makes_tree;
	bool runs;
	bool in_thread; /* that is not the first of its process */
	bool keeps_deleted; /* of tree_open() */
};

/* "3,17-20": is the index in it? Without a list, every one is. */
static bool is_selected(const char *list, uint64_t index)
{
	while (list && *list) {
		char *end;
		uint64_t first = strtoull(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoull(end + 1, &end, 10);
		if (index >= first && index <= last)
			return true;
		list = *end ? end + 1 : end;
	}
	return !list;
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: differential-driver --directory=DIR [--seed=S] [--operations=N]\n"
			"	[--profile=view|kernel|others|superset] [--identity=NAME]\n"
			"	[--steps=make|run|all] [--only=N,N-N,...] [--thread]\n"
			"	[--vague-lists] [--keep-deleted] [--security=checked|unchecked]\n"
			"DIR is the caller's; the tree is made in DIR/tree.\n");
	exit(2);
}

static enum profile profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(profile_names); i++)
		if (strcmp(profile_names[i], name) == 0)
			return (enum profile)i;
	usage();
}

static void options_parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "operations", required_argument, NULL, 'n' },
		{ "profile", required_argument, NULL, 'p' },
		{ "identity", required_argument, NULL, 'i' },
		{ "steps", required_argument, NULL, 't' },
		{ "only", required_argument, NULL, 'o' },
		{ "thread", no_argument, NULL, 'T' },
		{ "vague-lists", no_argument, NULL, 'v' },
		{ "keep-deleted", no_argument, NULL, 'k' },
		{ "security", required_argument, NULL, 'S' },
		{ 0 },
	};
	int option;

	run.is_checked = true;
	while ((option = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (option) {
		case 'd':
			run.directory = optarg;
			break;
		case 's':
			run.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options->operations = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			run.profile = profile_find(optarg);
			break;
		case 'i':
			run.identity = identity_find(optarg);
			break;
		case 't':
			options->makes_tree = strcmp(optarg, "run") != 0;
			options->runs = strcmp(optarg, "make") != 0;
			break;
		case 'o':
			options->only = optarg;
			break;
		case 'v':
			run.has_vague_lists = true;
			break;
		case 'S':
			run.is_checked = strcmp(optarg, "checked") == 0;
			break;
		case 'k':
			options->keeps_deleted = true;
			break;
		case 'T':
			options->in_thread = true;
			break;
		default:
			usage();
		}
	}
	if (!run.directory || !run.identity || optind != argc)
		usage();
}

static void enter_tree(bool makes_tree)
{
	static char directory[PATH_MAX];

	if (chdir(run.directory) < 0 || (makes_tree && mkdir("tree", 0755) < 0) ||
	    chdir("tree") < 0 || !getcwd(directory, sizeof(directory)))
		err(EXIT_FAILURE, "%s/tree", run.directory);
	run.directory = directory;
}

static void areas_make(void)
{
	run.path = area_new(PATH_ROOM / 4096 + 1);
	run.name = area_new(2);
	run.args = area_new(2);
	run.value = area_new(BUFFER_PAGES);
	run.buffer = area_new(BUFFER_PAGES);
	run.readonly = area_new(BUFFER_PAGES);
	memset(run.buffer.start, UNTOUCHED, area_size(&run.buffer));
	memset(run.readonly.start, UNTOUCHED, area_size(&run.readonly));
	if (mprotect(run.readonly.start, area_size(&run.readonly), PROT_READ) < 0)
		err(EXIT_FAILURE, "mprotect");
}

static void *run_steps(void *argument)
{
	const struct options *options = argument;

	for (uint64_t i = 0; i < options->operations; i++)
		if (is_selected(options->only, i))
			step_run(i);
	return NULL;
}

static void run_steps_in_thread(struct options *options)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_steps, options) != 0)
		errx(EXIT_FAILURE, "pthread_create");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static char output[1 << 16];
	struct options options = { .operations = 1000, .makes_tree = true, .runs = true };

	run.identity = identity_find("root");
	options_parse(argc, argv, &options);
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	enter_tree(options.makes_tree);
	if (options.makes_tree)
		tree_make(run.directory);
	if (!options.runs)
		return EXIT_SUCCESS;
	tree_open(options.keeps_deleted);
	areas_make();
	identity_assume(run.identity);
	printf("profile %s identity %s seed %" PRIu64 "\n", profile_names[run.profile],
	       run.identity->name, run.seed);
	if (options.in_thread)
		run_steps_in_thread(&options);
	else
		run_steps(&options);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
