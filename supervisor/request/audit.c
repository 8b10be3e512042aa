/* SPDX-License-Identifier: Apache-2.0 */
#include "request/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/audit_log.h"
#include "base/clock.h"
#include "integrity/crypto.h"
#include "policy.h"
#include "request/stage.h"

/** struct auditor - of all clients */
struct auditor {
	struct audit_log *log;
	pthread_mutex_t lock;
	struct crypto *crypto; /* made for the first value; under the lock */
};

int auditor_new(struct audit_log *log, struct auditor **ret_auditor)
{
	struct auditor *auditor = log ? calloc(1, sizeof(*auditor)) : NULL;

	if (log && !auditor)
		return -ENOMEM;
	if (auditor) {
		auditor->log = log;
		pthread_mutex_init(&auditor->lock, NULL);
	}
	*ret_auditor = auditor;
	return 0;
}

void auditor_free(struct auditor *auditor)
{
	if (!auditor)
		return;
	crypto_free(auditor->crypto);
	pthread_mutex_destroy(&auditor->lock);
	free(auditor);
}

/* ---- whether ---- */

/* By the worker before, which may have died before it has noted that. */
static bool is_recorded(const struct request *request)
{
	struct slot *slot = request->slot;
	uint64_t id = slot->notification.id;

	if (!request->is_replayed)
		return false;
	if (audit_log_was_last(request->client->auditor->log, id))
		slot->effect.audited = (uint32_t)id;
	return slot->effect.audited == (uint32_t)id;
}

static bool is_wanted(const struct request *request)
{
	const struct outcome *outcome = &request->outcome;
	unsigned int extent = atomic_load(request->client->audit);

	if (!request->call.kind || !call_is_change(&request->call) || outcome->is_kernels ||
	    outcome->reason == REASON_GONE || is_recorded(request))
		return false;
	return extent == AUDIT_CHANGES ||
	       (extent == AUDIT_REFUSALS && outcome->error && reason_is_refusal(outcome->reason));
}

/* ---- what ---- */

/* Any number of threads can use it at the same time. Return: NULL: there is no memory for it. */
static struct crypto *crypto_of(struct auditor *auditor)
{
	pthread_mutex_lock(&auditor->lock);
	if (!auditor->crypto && crypto_new(&auditor->crypto) < 0)
		auditor->crypto = NULL;
	struct crypto *crypto = auditor->crypto;

	pthread_mutex_unlock(&auditor->lock);
	return crypto;
}

static void add_text(struct audit_record *record, enum audit_text which, const char *text,
		     size_t most)
{
	if (text)
		record->texts[which] = (struct audit_bytes){ text, strnlen(text, most) };
}

static void add_target(struct audit_record *record, const struct request *request)
{
	struct target_process process;

	if (!stage_name_target(request->reception, request->workspace->config.procfs,
			       request->call.tid, &process))
		return;
	record->process = (uint32_t)process.process;
	record->thread = (uint32_t)request->call.tid;
	record->uid = process.uid;
}

static void add_inode(struct audit_record *record, dev_t device, uint64_t inode)
{
	record->has_inode = device != 0 || inode != 0;
	record->device_major = major(device);
	record->device_minor = minor(device);
	record->inode = inode;
}

static void add_path(struct audit_record *record, const struct request *request)
{
	const struct call *call = &request->call;
	const char *path = request->workspace->path;
	bool has_path = request->has_path && !call->is_descriptor;

	if (has_path)
		add_text(record, AUDIT_PATH, path, AUDIT_PATH_MAX);
	record->has_descriptor = call->is_descriptor ||
				 (has_path && path[0] != '/' && call->dirfd != AT_FDCWD);
	record->descriptor = call->dirfd;
}

static void add_value(struct audit_record *record, const struct request *request)
{
	struct crypto *crypto = NULL;

	if (request->call.kind->operation != OPERATION_SET)
		return;
	record->has_size = true;
	record->size = request->call.size;
	if (request->has_value)
		crypto = crypto_of(request->client->auditor);
	record->has_digest = crypto &&
			     crypto_digest(crypto, DIGEST_SHA256, request->workspace->value,
					   request->call.size, record->digest) == 0;
}

/* Of a call that was made as it is there is no other name than the target's. */
static void add_names(struct audit_record *record, const struct request *request)
{
	const struct decision *decision = &request->decision;
	bool is_stored = decision->route == ROUTE_STORED || decision->route == ROUTE_HOST;

	if (request->workspace->name[0])
		add_text(record, AUDIT_NAME, request->workspace->name, AUDIT_NAME_MAX);
	if (is_stored && !request->is_native && decision->name[0])
		add_text(record, AUDIT_STORED, decision->name, AUDIT_NAME_MAX);
}

static void add_said(struct audit_record *record, const struct request *request)
{
	add_path(record, request);
	add_names(record, request);
	add_value(record, request);
	add_inode(record, request->stat.device, request->stat.number);
}

/* What the worker before has written down of the change. */
static void add_written(struct audit_record *record, const struct request *request)
{
	const struct effect *effect = &request->slot->effect;

	record->is_replayed = true;
	add_text(record, AUDIT_STORED, effect->name, AUDIT_NAME_MAX);
	add_inode(record, effect->device, effect->inode);
	record->has_size = effect->operation == OPERATION_SET;
	record->size = effect->length;
}

void audit_request(const struct request *request)
{
	const struct client *client = request->client;

	if (!client->auditor || !is_wanted(request))
		return;
	struct audit_record record = {
		.time = clock_real_microseconds(),
		.request = request->slot->notification.id,
		.holder = client->holder.container,
		.owner = client->holder.user,
		.kind = request->call.kind,
		.error = request->outcome.error,
		.reason = request->outcome.reason,
	};

	add_text(&record, AUDIT_CONTAINER, client->name, AUDIT_CONTAINER_MAX);
	add_text(&record, AUDIT_ID, client->id, AUDIT_ID_MAX);
	if (request->is_replayed)
		add_written(&record, request);
	else
		add_said(&record, request);
	add_target(&record, request);
	audit_log_put(client->auditor->log, &record, &request->slot->effect.audited);
}
