/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_label.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "cli/live_process.h"
#include "exec/attribute_call.h"

/* Return: 0; -errno: it cannot be told what it is, or whose. */
static int prepare(const struct live_process *process, pid_t supervisor, char own[LABEL_SIZE],
		   struct live_label *label)
{
	char path[32];
	int r = attribute_open_directory(process->procfs, &label->directory);

	if (r == 0)
		r = labels_new(&label->labelling, process->procfs, label->directory,
			       &label->labels);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%d/attr/current", (int)(supervisor ? supervisor : getpid()));
	ssize_t length = proc_read(process->procfs, path, own, LABEL_SIZE);

	if (length < 0)
		return (int)length;
	own[strcspn(own, "\n")] = '\0';
	return target_read_label(process->target, label->subject);
}

bool live_label_begin(struct live_label *label)
{
	label->directory = -1;
	labelling_open(&label->labelling);
	return label->labelling.is_active;
}

void live_label_read(const struct live_process *process, pid_t supervisor, struct live_label *label)
{
	char own[LABEL_SIZE];
	int r = prepare(process, supervisor, own, label);

	if (r == 0 && strcmp(own, label->subject) == 0)
		return;
	label->is_untold = r < 0 || !labels_begin(label->labels);
	if (!label->is_untold)
		label->view = (struct label_view){ label->labels, label->subject };
}

const struct label_view *live_label_view(const struct live_label *label)
{
	return label->view.labels ? &label->view : NULL;
}

void live_label_done(struct live_label *label)
{
	labels_free(label->labels);
	if (label->directory > 0)
		fd_close(&label->directory);
	if (label->labelling.is_active)
		fd_close(&label->labelling.directory);
}
