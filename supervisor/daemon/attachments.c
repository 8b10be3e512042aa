/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/attachments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attach/lxc_source.h"
#include "attach/oci_message.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "idmap.h"
#include "keep/engine.h"
#include "keep/journal.h"
#include "keep/source.h"

/* Room for 340 lines of three numbers. */
#define MAP_TEXT_SIZE (16 * 1024)

/** struct attachment - one source that is served */
struct attachment {
	struct attachments *attachments;
	struct container *container;
	struct kept_policy *policy;
};

/** struct arrival - who has come, whatever the way */
struct arrival {
	unsigned int runtimes;
	uid_t uid;
	char id[CONTAINER_ID_MAX + 1];
	char name[CONTAINER_ID_MAX + 1]; /* "": it is called by its id */
	char wanted[CONTAINER_ID_MAX + 1]; /* the policy that was named; "": none */
	pid_t process; /* of it, as the runtime says, which is for show; 0: not said */
	bool is_restored; /* what it wants was chosen before, and was the user's to have then */
};

/** struct record - of an arrival, what the next worker has to know */
struct record {
	unsigned int runtimes;
	uid_t uid;
	char id[CONTAINER_ID_MAX + 1];
	char policy[POLICY_NAME_MAX + 1];
};

_Static_assert(sizeof(struct record) <= JOURNAL_RECORD_SIZE,
	       "a record has its place in the journal");

struct registry_time registry_time_now(void)
{
	struct timespec monotonic;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return (struct registry_time){
		.real = time(NULL),
		.monotonic = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec,
	};
}

static const char *runtime_name(unsigned int runtimes)
{
	if (runtimes & RUNTIME_LXC)
		return "lxc";
	if (runtimes & RUNTIME_CRUN)
		return "crun";
	return runtimes & RUNTIME_RUNC ? "runc" : "oci";
}

static void attachment_free(struct attachment *attachment)
{
	if (!attachment)
		return;
	if (attachment->container)
		registry_detach(attachment->attachments->registry, attachment->container);
	kept_policy_unref(attachment->policy);
	free(attachment);
}

static void attachment_freep(struct attachment **attachment)
{
	attachment_free(*attachment);
}

static void source_freep(struct source **source)
{
	source_free(*source);
}

/* See shard_config.ended(). */
static void ended(void *place, int result)
{
	struct attachment *attachment = place;
	const struct container *container = attachment->container;

	if (result < 0)
		log_warning("container %s is not served any more: %s", container->key.id,
			    strerror(-result));
	else
		log_verbose("a listener of container %s has ended", container->key.id);
	attachment_free(attachment);
}

/* For people who look at the status; nothing is decided by it. */
static void show_map(const struct attachments *attachments, const struct arrival *arrival,
		     struct container *container)
{
	char path[32], *text = malloc(MAP_TEXT_SIZE);
	struct id_map *map = malloc(sizeof(*map));

	snprintf(path, sizeof(path), "%d/uid_map", arrival->process);
	if (text && map && arrival->process > 0) {
		ssize_t length = proc_read(attachments->procfs, path, text, MAP_TEXT_SIZE);

		if (length > 0 && id_map_parse(text, (size_t)length, map) == 0)
			container_set_map(container, map);
	}
	free(text);
	free(map);
}

static struct container_key key_of(const struct arrival *arrival)
{
	return (struct container_key){
		.runtime = arrival->runtimes,
		.owner = arrival->uid,
		.id = arrival->id,
	};
}

/*
 * A container that is there already, whose listener is that of an exec say, keeps its policy, whatever is
 * named this time, and whatever has become of the folder.
 *
 * Return: 0; -EPERM: it is refused, which has been logged.
 */
static int choose_policy(struct attachments *attachments, const struct arrival *arrival,
			 struct kept_policy **ret_policy)
{
	const struct container_key key = key_of(arrival);
	const struct container *container = registry_find(attachments->registry, &key);
	struct policies_choice choice = { 0 };

	if (container) {
		*ret_policy = kept_policy_ref(container->policy);
		return 0;
	}
	const struct policies_request request = {
		.runtimes = arrival->runtimes,
		.container = arrival->name[0] ? arrival->name : arrival->id,
		.wanted = arrival->wanted,
		.user = arrival->is_restored ? 0 : arrival->uid,
	};

	if (policies_choose(attachments->policies, &request, &choice) == POLICIES_CHOSEN) {
		log_notice("container %s (%s, of uid %u) has policy %s: %s", arrival->id,
			   runtime_name(arrival->runtimes), arrival->uid, choice.kept->policy->name,
			   choice.reason);
		*ret_policy = choice.kept;
		return 0;
	}
	log_warning("container %s (%s, of uid %u) is refused: %s", arrival->id,
		    runtime_name(arrival->runtimes), arrival->uid, choice.reason);
	return -EPERM;
}

/* Return: 0; -EPERM: there are too many, which has been logged; other -errno. */
static int enter_registry(struct attachments *attachments, const struct arrival *arrival,
			  struct attachment *attachment)
{
	const struct container_key key = key_of(arrival);
	struct registry_time now = registry_time_now();
	int r = registry_attach(attachments->registry, &key, attachment->policy, &now,
				&attachment->container);

	if (r == REGISTRY_ATTACHED) {
		show_map(attachments, arrival, attachment->container);
		return 0;
	}
	if (r < 0)
		return r;
	log_warning("container %s of uid %u is refused: %s", arrival->id, arrival->uid,
		    registry_refusal((enum registry_result)r));
	return -EPERM;
}

static int serve(struct attachments *attachments, const struct arrival *arrival,
		 struct source *taken, struct attachment **ret_attachment)
{
	__attribute__((cleanup(source_freep))) struct source *source = taken;
	__attribute__((cleanup(attachment_freep))) struct attachment *attachment =
		calloc(1, sizeof(*attachment));

	if (!attachment)
		return -ENOMEM;
	attachment->attachments = attachments;
	int r = choose_policy(attachments, arrival, &attachment->policy);

	if (r == 0)
		r = enter_registry(attachments, arrival, attachment);
	if (r < 0)
		return r;
	const struct shard_config config = {
		.policy = attachment->container->policy->policy,
		.counters = &attachment->container->counters,
		.ended = ended,
		.place = attachment,
	};

	r = engine_serve(attachments->engine, &config, TAKE_PTR(source));
	if (r == 0)
		*ret_attachment = TAKE_PTR(attachment);
	return r;
}

static void complain(const struct arrival *arrival, int result)
{
	if (result < 0 && result != -EPERM)
		log_error("cannot serve container %s: %s", arrival->id, strerror(-result));
}

/* One that cannot be kept is served all the same. */
static void keep(struct attachments *attachments, const struct attachment *attachment, int fd)
{
	const struct container *container = attachment->container;
	struct record record = { .runtimes = container->key.runtime, .uid = container->key.owner };

	snprintf(record.id, sizeof(record.id), "%s", container->key.id);
	snprintf(record.policy, sizeof(record.policy), "%s", container->policy->policy->name);
	if (journal_keep(attachments->journal, fd, KEPT_SOURCE, &record, sizeof(record)) < 0)
		log_warning("container %s would not outlive a worker's death: the journal is full",
			    record.id);
}

void attachments_add_oci(struct attachments *attachments, uid_t uid,
			 const struct oci_message *message, int listener)
{
	struct arrival arrival = {
		.runtimes = message->runtimes,
		.uid = uid,
		.process = message->pid > 0 ? message->pid : message->state_pid,
	};
	struct attachment *attachment = NULL;
	struct source *source;
	int r = source_new_listener(listener, &source);

	snprintf(arrival.id, sizeof(arrival.id), "%s", message->id);
	snprintf(arrival.name, sizeof(arrival.name), "%s", message->name);
	snprintf(arrival.wanted, sizeof(arrival.wanted), "%s", oci_message_wanted(message));
	if (r == 0)
		r = serve(attachments, &arrival, source, &attachment);
	if (r == 0)
		keep(attachments, attachment, listener);
	complain(&arrival, r);
}

void attachments_add_lxc(struct attachments *attachments, const struct lxc_greeting *greeting,
			 struct source *source)
{
	struct arrival arrival = { .runtimes = RUNTIME_LXC, .uid = greeting->uid };
	struct attachment *attachment = NULL;

	snprintf(arrival.id, sizeof(arrival.id), "%s", greeting->container);
	snprintf(arrival.wanted, sizeof(arrival.wanted), "%s", greeting->policy);
	complain(&arrival, serve(attachments, &arrival, source, &attachment));
}

static void restore_one(struct attachments *attachments, struct kept *kept)
{
	struct arrival arrival = { .is_restored = true };
	struct attachment *attachment = NULL;
	struct source *source;
	struct record record;
	int fd = kept->fd;
	int r = source_new_listener(fd, &source);

	memcpy(&record, kept->record, sizeof(record));
	arrival.runtimes = record.runtimes;
	arrival.uid = record.uid;
	memcpy(arrival.id, record.id, sizeof(record.id));
	memcpy(arrival.wanted, record.policy, sizeof(record.policy));
	if (r == 0)
		r = serve(attachments, &arrival, source, &attachment);
	if (r < 0)
		journal_forget(attachments->journal, fd);
	complain(&arrival, r);
}

void attachments_restore(struct attachments *attachments)
{
	struct kept *kept = NULL;

	while ((kept = journal_next_kept(attachments->journal, kept)) != NULL)
		if (atomic_load(&kept->kind) == KEPT_SOURCE)
			restore_one(attachments, kept);
}
