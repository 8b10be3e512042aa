/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format: selinuxfs, as of Linux 5.19 to 6.18 (security/selinux/selinuxfs.c)
 *
 *	status		struct selinux_kernel_status: five words of 32 bits, of which the second is the sequence,
 *			odd while the kernel changes the rest, and the third tells whether it is enforcing
 *	class/C/index	the number of class C, decimal
 *	class/C/perms/P	the number of permission P of class C, from 1, decimal
 *	access		"SUBJECT OBJECT CLASS" is written, with the number of the class, and then read:
 *			"ALLOWED DECIDED AUDITALLOW AUDITDENY SEQUENCE FLAGS", of which the first is a set of
 *			permissions (permission 1 is bit 0), and flag 1 means a permissive domain
 *
 * An open file of access answers one question.
 */
#include "base/labelling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "count_of.h"

#define FLAG_PERMISSIVE 1U
#define ALL_RIGHTS (~0U)
#define ATTEMPTS 8 /* to read a state while the kernel changes it */

static const char *const class_names[LABEL_CLASSES] = {
	[LABEL_FILE] = "file",	       [LABEL_DIR] = "dir",
	[LABEL_LNK_FILE] = "lnk_file", [LABEL_CHR_FILE] = "chr_file",
	[LABEL_BLK_FILE] = "blk_file", [LABEL_FIFO_FILE] = "fifo_file",
};

static const struct {
	enum label_right right;
	const char *name;
} rights[] = {
	{ LABEL_GETATTR, "getattr" }, { LABEL_SETATTR, "setattr" }, { LABEL_READ, "read" },
	{ LABEL_WRITE, "write" },     { LABEL_SEARCH, "search" },
};

const char *labelling_class_name(enum label_class class)
{
	return class_names[class];
}

/* The kernel registers the file system of a module when the module is active. */
static bool has_file_system(const char *list, const char *name)
{
	const char *at = strstr(list, name);

	return at && at[strlen(name)] == '\n';
}

void labelling_open(struct labelling *ret_labelling)
{
	char list[4096];
	_cleanup_fd_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret_labelling = (struct labelling){ .directory = -1 };
	if (proc < 0 || proc_read(proc, "filesystems", list, sizeof(list)) <= 0)
		return;
	bool is_selinux = has_file_system(list, "\tselinuxfs");

	ret_labelling->is_active = is_selinux || has_file_system(list, "\tsmackfs");
	if (is_selinux)
		ret_labelling->directory =
			open("/sys/fs/selinux", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int labelling_read_state(int directory, struct labelling_state *ret_state)
{
	_cleanup_fd_ int fd = openat(directory, "status", O_RDONLY | O_CLOEXEC);
	uint32_t words[5];

	for (int i = 0; i < ATTEMPTS; i++) {
		ssize_t length = fd < 0 ? -1 : pread(fd, words, sizeof(words), 0);

		if (length < 0)
			return -errno;
		if (length != sizeof(words))
			return -EPROTO;
		if (words[1] % 2 != 0)
			continue;
		*ret_state = (struct labelling_state){ words[1], words[2] != 0 };
		return 0;
	}
	return -EBUSY;
}

static int read_number(int directory, const char *path, unsigned int *ret_number)
{
	char text[16], *end;
	ssize_t length = proc_read(directory, path, text, sizeof(text));

	if (length < 0)
		return (int)length;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || number == 0 || number > UINT16_MAX)
		return -EPROTO;
	*ret_number = (unsigned int)number;
	return 0;
}

/* A class does not have all permissions: nothing but a directory can be searched. */
static int read_bit(int directory, const char *class, const char *permission, uint32_t *ret_bit)
{
	char path[64];
	unsigned int number;

	snprintf(path, sizeof(path), "class/%s/perms/%s", class, permission);
	int r = read_number(directory, path, &number);

	if (r == 0 && number > 32)
		r = -EPROTO;
	if (r == 0 || r == -ENOENT)
		*ret_bit = r == 0 ? UINT32_C(1) << (number - 1) : 0;
	return r == -ENOENT ? 0 : r;
}

static int translate(int directory, const char *class, uint32_t allowed, unsigned int *ret_rights)
{
	unsigned int found = 0;

	for (size_t i = 0; i < COUNT_OF(rights); i++) {
		uint32_t bit;
		int r = read_bit(directory, class, rights[i].name, &bit);

		if (r < 0)
			return r;
		if (allowed & bit)
			found |= rights[i].right;
	}
	*ret_rights = found;
	return 0;
}

/* @answer: room for the question, and then for the answer. Return: 0; -errno. */
static int transact(int directory, char *text, size_t size)
{
	_cleanup_fd_ int fd = openat(directory, "access", O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	ssize_t length = read(fd, text, size - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

/* The first and the sixth of six numbers, of which all but the fifth are hexadecimal. */
static int parse_answer(const char *text, uint32_t *ret_allowed, uint32_t *ret_flags)
{
	unsigned long words[6];
	char *end = NULL;

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		words[i] = strtoul(text, &end, i == 4 ? 10 : 16);
		if (end == text)
			return -EPROTO;
		text = end;
	}
	*ret_allowed = (uint32_t)words[0];
	*ret_flags = (uint32_t)words[5];
	return 0;
}

int labelling_ask(int directory, const char *subject, const char *object, enum label_class class,
		  unsigned int *ret_rights)
{
	char path[32], text[2 * LABEL_SIZE + 16];
	unsigned int number;
	uint32_t allowed, flags;

	snprintf(path, sizeof(path), "class/%s/index", class_names[class]);
	int r = read_number(directory, path, &number);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%s %s %u", subject, object, number);
	r = transact(directory, text, sizeof(text));
	if (r < 0)
		return r;
	r = parse_answer(text, &allowed, &flags);
	if (r < 0)
		return r;
	if (flags & FLAG_PERMISSIVE) {
		*ret_rights = ALL_RIGHTS;
		return 0;
	}
	return translate(directory, class_names[class], allowed, ret_rights);
}
