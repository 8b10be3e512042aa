/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/label.h"

#include <errno.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "count_of.h"
#include "exec/performer.h"

/* Directories of a path, most of which have one of a few labels. */
#define ANSWERS_MAX 16

struct known_rights {
	bool is_known;
	char subject[LABEL_SIZE];
	char object[LABEL_SIZE];
	enum label_class class;
	unsigned int rights;
};

struct labels {
	int directory; /* borrowed; -1: nothing can be asked */
	int fd_directory; /* of attribute_open_directory() */
	char own[LABEL_SIZE];
	struct labelling_state state;
	size_t next; /* the answer that makes room */
	struct known_rights answers[ANSWERS_MAX];
};

int labels_new(const struct labelling *labelling, int procfs, int fd_directory,
	       struct labels **ret_labels)
{
	struct labels *labels = calloc(1, sizeof(*labels));
	char path[32];

	if (!labels)
		return -ENOMEM;
	labels->directory = labelling->directory;
	labels->fd_directory = fd_directory;
	snprintf(path, sizeof(path), "%d/attr/current", gettid());
	ssize_t length = proc_read(procfs, path, labels->own, LABEL_SIZE);

	if (length < 0) {
		free(labels);
		return (int)length;
	}
	labels->own[strcspn(labels->own, "\n")] = '\0';
	*ret_labels = labels;
	return 0;
}

void labels_free(struct labels *labels)
{
	free(labels);
}

bool labels_are_ours(const struct labels *labels, const char *label)
{
	return strcmp(labels->own, label) == 0;
}

bool labels_begin(struct labels *labels)
{
	struct labelling_state state;

	if (labels->directory < 0 || labelling_read_state(labels->directory, &state) < 0)
		return false;
	if (state.sequence != labels->state.sequence)
		memset(labels->answers, 0, sizeof(labels->answers));
	labels->state = state;
	return true;
}

/* What is no file of a file system has a class by its origin, which stat(2) does not tell. */
static int find_class(const struct pinned *inode, enum label_class *ret_class)
{
	static const struct {
		mode_t type;
		enum label_class class;
	} classes[] = {
		{ S_IFREG, LABEL_FILE },     { S_IFDIR, LABEL_DIR },
		{ S_IFLNK, LABEL_LNK_FILE }, { S_IFCHR, LABEL_CHR_FILE },
		{ S_IFBLK, LABEL_BLK_FILE }, { S_IFIFO, LABEL_FIFO_FILE },
	};
	struct stat stat;

	if (fstat(inode->fd, &stat) < 0)
		return -errno;
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if ((stat.st_mode & S_IFMT) == classes[i].type) {
			*ret_class = classes[i].class;
			return 0;
		}
	return -EOPNOTSUPP;
}

/* SELinux itself tells it, of every inode, whatever the file system can store. */
static int read_label(const struct labels *labels, const struct pinned *inode,
		      char label[LABEL_SIZE])
{
	const struct performer own = { .inode = inode, .directory = labels->fd_directory };
	ssize_t length = performer_get(&own, XATTR_NAME_SELINUX, label, LABEL_SIZE - 1);

	if (length < 0)
		return (int)length;
	label[length] = '\0';
	return 0;
}

static bool is_answer(const struct known_rights *answer, const char *subject, const char *object,
		      enum label_class class)
{
	return answer->is_known && answer->class == class && strcmp(answer->object, object) == 0 &&
	       strcmp(answer->subject, subject) == 0;
}

static int ask(struct labels *labels, const char *subject, const char *object,
	       enum label_class class, unsigned int *ret_rights)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		if (is_answer(&labels->answers[i], subject, object, class)) {
			*ret_rights = labels->answers[i].rights;
			return 0;
		}
	int r = labelling_ask(labels->directory, subject, object, class, ret_rights);

	if (r < 0)
		return r;
	struct known_rights *answer = &labels->answers[labels->next++ % ANSWERS_MAX];

	*answer = (struct known_rights){ .is_known = true, .class = class, .rights = *ret_rights };
	snprintf(answer->subject, LABEL_SIZE, "%s", subject);
	snprintf(answer->object, LABEL_SIZE, "%s", object);
	return 0;
}

int label_check(const struct label_view *view, const struct pinned *inode, unsigned int rights)
{
	char object[LABEL_SIZE];
	enum label_class class = LABEL_FILE;
	unsigned int granted = 0;

	if (!view || !view->labels)
		return 0;
	int r = find_class(inode, &class);

	if (r == 0)
		r = read_label(view->labels, inode, object);
	if (r == 0)
		r = ask(view->labels, view->subject, object, class, &granted);
	if (r < 0)
		return r;
	if ((rights & ~granted) == 0 || !view->labels->state.is_enforcing)
		return 0;
	log_verbose("SELinux does not let %s do that to a %s of %s", view->subject,
		    labelling_class_name(class), object);
	return EACCES;
}
