/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_HANGING_FUSE_H
#define NSXATTR_TESTS_HANGING_FUSE_H

/*
 * A FUSE server that answers what it likes. Its file system has, in each directory,
 *
 *	file		a file of "owner", which keeps one attribute
 *	orders		a file; setting user.order there to one of the orders below is an order
 *	tool		a file that can be executed; a read of it is never answered
 *	flush		a file; that it is closed is never answered
 *	hang…		is looked for for ever
 *	up		a link to ../secret
 *	sub, proc	directories, of the root directory only
 *
 *	hold		from now on the file's attribute being set to "slow…" is not answered
 *	release		what was held is answered
 *	take, give	the file is the host's root's; it is the owner's again
 *
 * It judges what is set on the file: "wrong: …" is printed when "old N" is set after "new N", and when "late…" is
 * set while the file is root's. A request that is read and not answered leaves its maker unkillable until the server
 * ends.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum fuse_inode { ROOT = FUSE_ROOT_ID, SUB, PROC, KEPT, ORDERS, FLUSHED, UP, TOOL };

static const struct fuse_entry {
	const char *name;
	enum fuse_inode inode;
	uint32_t mode;
} fuse_entries[] = {
	{ "", ROOT, S_IFDIR | 0777 },	      { "sub", SUB, S_IFDIR | 0777 },
	{ "proc", PROC, S_IFDIR | 0777 },     { "file", KEPT, S_IFREG | 0666 },
	{ "orders", ORDERS, S_IFREG | 0666 }, { "flush", FLUSHED, S_IFREG | 0666 },
	{ "up", UP, S_IFLNK | 0777 },	      { "tool", TOOL, S_IFREG | 0755 },
};

#define FUSE_ENTRIES (sizeof(fuse_entries) / sizeof(fuse_entries[0]))
#define FUSE_VALUE_SIZE 64

/** struct fuse_server - what it knows; one a process */
static struct {
	int device;
	uint32_t owner;
	bool is_taken; /* the file is root's */
	bool is_holding;
	uint64_t held; /* the request; 0: none */
	char name[256]; /* of the attribute that is kept; "": none */
	char value[FUSE_VALUE_SIZE];
	size_t size;
	unsigned long newest; /* N of the last "new N" */
	_Atomic(unsigned int)
		*hanging; /* how many are looked for for ever; NULL: the test does not ask */
} fuse;

static inline void fuse_reply(uint64_t unique, int error, const void *body, size_t size)
{
	struct {
		struct fuse_out_header header;
		char body[1024];
	} answer = { .header = { .unique = unique, .error = error } };

	if (size > sizeof(answer.body))
		errx(EXIT_FAILURE, "an answer of %zu bytes", size);
	if (size > 0)
		memcpy(answer.body, body, size);
	answer.header.len = (uint32_t)(sizeof(answer.header) + size);
	/* The kernel does not wait for it any more: ENOENT. */
	if (write(fuse.device, &answer, answer.header.len) < 0 && errno != ENOENT)
		err(EXIT_FAILURE, "/dev/fuse");
}

static inline struct fuse_attr fuse_attributes(const struct fuse_entry *entry)
{
	uint32_t owner = entry->inode == KEPT && fuse.is_taken ? 0 : fuse.owner;

	return (struct fuse_attr){
		.ino = entry->inode,
		.mode = entry->mode,
		.nlink = 1,
		.uid = owner,
		.gid = owner,
		.size = entry->inode == TOOL ? 4096 : 0,
	};
}

static inline const struct fuse_entry *fuse_find_inode(uint64_t inode)
{
	for (size_t i = 0; i < FUSE_ENTRIES; i++)
		if (fuse_entries[i].inode == inode)
			return &fuse_entries[i];
	return &fuse_entries[0];
}

static inline const struct fuse_entry *fuse_find_name(uint64_t parent, const char *name)
{
	for (size_t i = 1; i < FUSE_ENTRIES; i++)
		if (strcmp(fuse_entries[i].name, name) == 0 &&
		    (!S_ISDIR(fuse_entries[i].mode) || parent == ROOT))
			return &fuse_entries[i];
	return NULL;
}

static inline void fuse_look_up(const struct fuse_in_header *request, const char *name)
{
	const struct fuse_entry *entry = fuse_find_name(request->nodeid, name);

	if (strncmp(name, "hang", 4) == 0) {
		if (fuse.hanging)
			atomic_fetch_add(fuse.hanging, 1);
		return;
	}
	if (!entry) {
		fuse_reply(request->unique, -ENOENT, NULL, 0);
		return;
	}
	const struct fuse_entry_out out = { .nodeid = entry->inode,
					    .attr = fuse_attributes(entry) };

	fuse_reply(request->unique, 0, &out, sizeof(out));
}

/* ---- the attribute ---- */

static inline void fuse_judge(const char *value)
{
	unsigned long number;

	if (sscanf(value, "new %lu", &number) == 1)
		fuse.newest = number;
	if (sscanf(value, "old %lu", &number) == 1 && number <= fuse.newest)
		printf("wrong: \"%s\" was set after \"new %lu\"\n", value, fuse.newest);
	if (strncmp(value, "late", 4) == 0 && fuse.is_taken)
		printf("wrong: \"%s\" was set on a file of root's\n", value);
	fflush(stdout);
}

static inline void fuse_obey(const char *order)
{
	if (strcmp(order, "hold") == 0) {
		fuse.is_holding = true;
	} else if (strcmp(order, "release") == 0) {
		if (fuse.held)
			fuse_reply(fuse.held, 0, NULL, 0);
		fuse.held = 0;
		fuse.is_holding = false;
	} else {
		fuse.is_taken = strcmp(order, "take") == 0;
	}
}

static inline void fuse_set(const struct fuse_in_header *request, const char *body)
{
	const struct fuse_setxattr_in *in = (const void *)body;
	const char *name = body + FUSE_COMPAT_SETXATTR_IN_SIZE;
	const char *bytes = name + strlen(name) + 1;
	char value[FUSE_VALUE_SIZE] = "";

	if (in->size >= sizeof(value)) {
		fuse_reply(request->unique, -ENOSPC, NULL, 0);
		return;
	}
	memcpy(value, bytes, in->size);
	if (request->nodeid == ORDERS) {
		fuse_obey(value);
	} else {
		fuse_judge(value);
		snprintf(fuse.name, sizeof(fuse.name), "%s", name);
		memcpy(fuse.value, value, sizeof(value));
		fuse.size = in->size;
	}
	if (fuse.is_holding && strncmp(value, "slow", 4) == 0)
		fuse.held = request->unique;
	else
		fuse_reply(request->unique, 0, NULL, 0);
}

static inline void fuse_give(const struct fuse_in_header *request, const void *bytes, size_t size,
			     uint32_t room)
{
	const struct fuse_getxattr_out out = { .size = (uint32_t)size };

	if (room == 0)
		fuse_reply(request->unique, 0, &out, sizeof(out));
	else if (room < size)
		fuse_reply(request->unique, -ERANGE, NULL, 0);
	else
		fuse_reply(request->unique, 0, bytes, size);
}

static inline void fuse_get(const struct fuse_in_header *request, const char *body)
{
	const struct fuse_getxattr_in *in = (const void *)body;

	if (request->nodeid == KEPT && fuse.name[0] && strcmp(fuse.name, body + sizeof(*in)) == 0)
		fuse_give(request, fuse.value, fuse.size, in->size);
	else
		fuse_reply(request->unique, -ENODATA, NULL, 0);
}

static inline void fuse_list(const struct fuse_in_header *request, const char *body)
{
	const struct fuse_getxattr_in *in = (const void *)body;
	bool has_one = request->nodeid == KEPT && fuse.name[0];

	fuse_give(request, fuse.name, has_one ? strlen(fuse.name) + 1 : 0, in->size);
}

/* ---- requests ---- */

static inline void fuse_tell_attributes(const struct fuse_in_header *request)
{
	const struct fuse_attr_out out = { .attr = fuse_attributes(
						   fuse_find_inode(request->nodeid)) };

	fuse_reply(request->unique, 0, &out, sizeof(out));
}

static inline void fuse_begin(const struct fuse_in_header *request)
{
	const struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
					   .minor = FUSE_KERNEL_MINOR_VERSION,
					   .max_write = 4096 };

	fuse_reply(request->unique, 0, &out, sizeof(out));
}

static inline void fuse_open_file(const struct fuse_in_header *request)
{
	static const struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

	fuse_reply(request->unique, 0, &out, sizeof(out));
}

static inline void fuse_answer(const struct fuse_in_header *request, const char *body)
{
	static const char link[] = "../secret";

	switch (request->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	case FUSE_INIT:
		fuse_begin(request);
		return;
	case FUSE_LOOKUP:
		fuse_look_up(request, body);
		return;
	case FUSE_GETATTR:
		fuse_tell_attributes(request);
		return;
	case FUSE_READLINK:
		fuse_reply(request->unique, 0, link, strlen(link));
		return;
	case FUSE_SETXATTR:
		fuse_set(request, body);
		return;
	case FUSE_GETXATTR:
		fuse_get(request, body);
		return;
	case FUSE_LISTXATTR:
		fuse_list(request, body);
		return;
	case FUSE_REMOVEXATTR:
		fuse_reply(request->unique, -ENODATA, NULL, 0);
		return;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		fuse_open_file(request);
		return;
	case FUSE_READ:
		if (fuse.hanging)
			atomic_fetch_add(fuse.hanging, 1);
		return;
	case FUSE_FLUSH:
		if (request->nodeid != FLUSHED)
			fuse_reply(request->unique, 0, NULL, 0);
		return;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		fuse_reply(request->unique, 0, NULL, 0);
		return;
	default:
		fuse_reply(request->unique, -ENOSYS, NULL, 0);
	}
}

/** fuse_mount() - @owner: of all that is in it, in our user namespace. */
static inline void fuse_mount(const char *directory, uint32_t owner)
{
	char options[100];

	fuse.owner = owner;
	fuse.device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fuse.device);
	if (fuse.device < 0 || mount("none", directory, "fuse", 0, options) < 0)
		err(EXIT_FAILURE, "cannot mount FUSE on %s", directory);
}

/** fuse_serve() - until the file system is unmounted */
static inline _Noreturn void fuse_serve(void)
{
	static _Alignas(8) char request[2 * FUSE_MIN_READ_BUFFER];

	while (read(fuse.device, request, sizeof(request)) > 0 || errno == ENOENT || errno == EINTR)
		fuse_answer((const struct fuse_in_header *)request,
			    request + sizeof(struct fuse_in_header));
	_exit(EXIT_SUCCESS);
}

#endif
