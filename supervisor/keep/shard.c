/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "request/notify.h"
#include "request/request.h"

struct shard {
	int listener;
	struct workspace *workspace;
};

int shard_new(const struct shard_config *config, int procfs, int listener, struct shard **ret_shard)
{
	struct shard *shard;
	int r = notify_check_sizes();

	if (r < 0) {
		log_error("this kernel's seccomp notifications are not those of 5.0 to now: %s",
			  strerror(-r));
		return r;
	}
	shard = calloc(1, sizeof(*shard));
	if (!shard) {
		log_error("out of memory");
		return -ENOMEM;
	}
	shard->listener = listener;
	r = workspace_new(config->policy, listener, procfs, config->standins, &shard->workspace);
	if (r < 0) {
		free(shard);
		return r;
	}
	notify_wake_sync(listener);
	*ret_shard = shard;
	return 0;
}

void shard_free(struct shard *shard)
{
	if (!shard)
		return;
	workspace_free(shard->workspace);
	free(shard);
}

int shard_serve(struct shard *shard)
{
	struct seccomp_notif notification;

	for (;;) {
		int r = notify_receive(shard->listener, &notification);

		if (r == NOTIFY_ENDED || r < 0)
			return r < 0 ? r : 0;
		if (r == NOTIFY_NONE)
			continue;
		struct outcome outcome = request_run(shard->workspace, &notification);

		r = notify_answer(shard->listener, notification.id, &outcome);
		if (r < 0)
			return r;
	}
}
