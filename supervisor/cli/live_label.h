/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_LABEL_H
#define NSXATTR_CLI_LIVE_LABEL_H

/* The security label of a process, where the kernel labels processes and that one has another than nsxattr has. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/labelling.h"
#include "exec/label.h"

struct live_process;

/** struct live_label - begins zeroed; live_label_done() it */
struct live_label {
	struct labelling labelling;
	int directory;
	struct labels *labels;
	char subject[LABEL_SIZE];
	bool is_untold; /* which it is, or what it allows: then nsxattr leaves all calls to the kernel */
	struct label_view view; /* without labels: it is nsxattr's own, or there are none */
};

/** live_label_begin() - Return: whether the kernel labels processes. */
bool live_label_begin(struct live_label *label);

/**
 * live_label_read() - read it, where it does
 * @supervisor: the process that serves it; 0: not known, our own label is taken for its
 */
void live_label_read(const struct live_process *process, pid_t supervisor,
		     struct live_label *label);

/** live_label_view() - Return: what label_check() takes; NULL: none counts. */
const struct label_view *live_label_view(const struct live_label *label);

/** live_label_done() - release what it has */
void live_label_done(struct live_label *label);

#endif
