/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/attachments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach/lxc_source.h"
#include "attach/oci_message.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "daemon/estate.h"
#include "idmap.h"
#include "keep/engine.h"
#include "keep/source.h"
#include "request/witness.h"

/* Room for 340 lines of three numbers. */
#define MAP_TEXT_SIZE ((size_t)16 * 1024)

/** struct attachment - one source that is served */
struct attachment {
	struct attachments *attachments;
	struct container *container;
	struct kept_policy *policy;
	uint64_t serial; /* in the estate; 0: it is not kept */
	uint64_t policy_serial; /* likewise */
};

/** struct arrival - who has come, whatever the way */
struct arrival {
	unsigned int runtimes;
	uid_t uid;
	char id[CONTAINER_ID_MAX + 1];
	char name[CONTAINER_ID_MAX + 1]; /* its id, where no other is known */
	char wanted[CONTAINER_ID_MAX + 1]; /* the policy that was named; "": none */
	const struct annotation *annotations;
	size_t annotation_count;
	pid_t process; /* of it, as the runtime says; for show, if it is proved; 0: not said */
	const struct record *record; /* what was written down of it; NULL: it has just arrived */
};

/** struct record - what a successor has to know; it may be another version, so: only add at the end */
struct record {
	uint32_t runtimes; /* bits of enum policy_runtime */
	uint32_t uid;
	char id[CONTAINER_ID_MAX +
		1]; /* behind its NUL is the name, if it is another one that fits */
	char policy[POLICY_NAME_MAX + 1];
	char map[CONTAINER_MAP_SIZE];
	uint64_t policy_serial; /* in the estate; 0: it is built in */
};

_Static_assert(sizeof(struct record) <= JOURNAL_RECORD_SIZE,
	       "a record has its place in the journal");
_Static_assert(
	LISTENERS_MAX <= JOURNAL_ENTRIES_MAX / 2,
	"each listener is kept, beside policies and those who have yet to say what they want");

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
	estate_release_policy(attachment->attachments->estate, attachment->policy_serial);
	if (attachment->container)
		registry_detach(attachment->attachments->registry, attachment->container);
	kept_policy_unref(attachment->policy);
	free(attachment);
}

static void attachment_freep(struct attachment **attachment)
{
	attachment_free(*attachment);
}

/* See shard_config.ended(). */
static void ended(void *place, int result)
{
	struct attachment *attachment = place;
	const struct container *container = attachment->container;

	if (result < 0)
		log_limited(log_source(container->key.owner, container->key.id), LOG_WARNING,
			    "container %s is not served any more: %s", container->key.id,
			    strerror(-result));
	else
		log_verbose("a listener of container %s has ended", container->key.id);
	estate_remove(attachment->attachments->estate, attachment->serial);
	attachment_free(attachment);
}

/* Of others but root and ourselves a process counts that is in a user namespace of theirs. */
static bool is_theirs(const struct attachments *attachments, uid_t uid,
		      const struct witness *process)
{
	uid_t master;

	return uid == 0 || uid == geteuid() ||
	       (witness_master(process, attachments->procfs, &master) == 0 && master == uid);
}

static void read_map(const struct witness *process, struct container *container)
{
	_cleanup_free_ char *text = malloc(MAP_TEXT_SIZE);
	_cleanup_free_ struct id_map *map = malloc(sizeof(*map));
	ssize_t length = text && map ? proc_read(process->thread, "uid_map", text, MAP_TEXT_SIZE) :
				       0;

	if (length > 0 && id_map_parse(text, (size_t)length, map) == 0)
		container_set_map(container, map);
}

/* For people who look at the status; nothing is decided by it. */
static void show_map(const struct attachments *attachments, const struct arrival *arrival,
		     struct container *container)
{
	struct witness process;

	if (arrival->process <= 0 ||
	    witness_open(attachments->procfs, arrival->process, &process) < 0)
		return;
	if (is_theirs(attachments, arrival->uid, &process))
		read_map(&process, container);
	witness_done(&process);
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
	if (arrival->record) {
		*ret_policy = estate_find_policy(attachments->estate,
						 arrival->record->policy_serial,
						 arrival->record->policy);
		return *ret_policy ? 0 : -EPERM;
	}
	const struct policies_request request = {
		.container = {
			.runtimes = arrival->runtimes,
			.name = arrival->name,
			.annotations = arrival->annotations,
			.annotation_count = arrival->annotation_count,
		},
		.wanted = arrival->wanted,
		.user = arrival->uid,
	};

	if (policies_choose(attachments->policies, &request, &choice) == POLICIES_CHOSEN) {
		log_limited(log_source(arrival->uid, arrival->id), LOG_NOTICE,
			    "container %s (%s of %s, of uid %u) has policy %s: %s", arrival->id,
			    arrival->name, runtime_name(arrival->runtimes), arrival->uid,
			    choice.kept->policy->name, choice.reason);
		*ret_policy = choice.kept;
		return 0;
	}
	log_limited(log_source(arrival->uid, arrival->id), LOG_WARNING,
		    "container %s (%s of %s, of uid %u) is refused: %s", arrival->id, arrival->name,
		    runtime_name(arrival->runtimes), arrival->uid, choice.reason);
	return -EPERM;
}

/* Return: 0; -EPERM: there are too many, which has been logged; other -errno. */
static int enter_registry(struct attachments *attachments, const struct arrival *arrival,
			  struct attachment *attachment)
{
	const struct container_key key = key_of(arrival);
	struct registry_time now = registry_time_now();
	int r = (arrival->record ? registry_restore : registry_attach)(
		attachments->registry, &key, attachment->policy, &now, &attachment->container);

	if (r == REGISTRY_ATTACHED) {
		if (attachment->container->listeners == 1)
			container_set_name(attachment->container, arrival->name);
		show_map(attachments, arrival, attachment->container);
		return 0;
	}
	if (r < 0)
		return r;
	log_limited(log_source(arrival->uid, arrival->id), LOG_WARNING,
		    "container %s of uid %u is refused: %s", arrival->id, arrival->uid,
		    registry_refusal((enum registry_result)r));
	return -EPERM;
}

/* @source: taken over on success */
static int serve(struct attachments *attachments, const struct arrival *arrival,
		 struct source *source, struct attachment **ret_attachment)
{
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
		.owner = attachment->container->key.owner,
		.id = attachment->container->key.id,
		.ended = ended,
		.place = attachment,
	};

	r = engine_serve(attachments->engine, &config, source);
	if (r == 0)
		*ret_attachment = TAKE_PTR(attachment);
	return r;
}

static void complain(const struct arrival *arrival, int result)
{
	if (result < 0 && result != -EPERM)
		log_limited(log_source(arrival->uid, arrival->id), LOG_ERROR,
			    "cannot serve container %s: %s", arrival->id, strerror(-result));
}

static void record_set_name(struct record *record, const char *name)
{
	size_t used = strlen(record->id) + 1, size = strlen(name) + 1;

	if (strcmp(name, record->id) != 0 && size <= sizeof(record->id) - used)
		memcpy(record->id + used, name, size);
}

/* Return: the name that a container has by its record; its id, where that says no other. */
static const char *record_name(const struct record *record)
{
	size_t used = strlen(record->id) + 1;

	return used < sizeof(record->id) && record->id[used] ? record->id + used : record->id;
}

static void fill_record(const struct attachment *attachment, struct record *record)
{
	const struct container *container = attachment->container;

	*record = (struct record){ .runtimes = container->key.runtime,
				   .uid = container->key.owner,
				   .policy_serial = attachment->policy_serial };
	snprintf(record->id, sizeof(record->id), "%s", container->key.id);
	record_set_name(record, container_name(container));
	snprintf(record->policy, sizeof(record->policy), "%s", container->policy->policy->name);
	snprintf(record->map, sizeof(record->map), "%s", container->map);
}

/* One that cannot be kept is served all the same. */
static void keep(struct attachments *attachments, struct attachment *attachment, int fd)
{
	struct record record;
	int r = estate_keep_policy(attachments->estate, attachment->container->policy,
				   &attachment->policy_serial);

	fill_record(attachment, &record);
	if (r == 0)
		attachment->serial =
			estate_settle_guest(attachments->estate, fd, &record, sizeof(record));
	if (!attachment->serial)
		log_limited(log_source(record.uid, record.id), LOG_WARNING,
			    "container %s would not outlive a worker's death: there is no room in "
			    "the journal",
			    record.id);
}

void attachments_add_oci(struct attachments *attachments, uid_t uid,
			 const struct oci_message *message, int listener)
{
	struct arrival arrival = {
		.runtimes = message->runtimes,
		.uid = uid,
		.process = message->pid > 0 ? message->pid : message->state_pid,
		.annotations = message->annotations,
		.annotation_count = message->annotation_count,
	};
	struct attachment *attachment = NULL;
	struct source *source = NULL;
	int r = source_new_listener(listener, &source);

	snprintf(arrival.id, sizeof(arrival.id), "%s", message->id);
	snprintf(arrival.name, sizeof(arrival.name), "%s",
		 message->name[0] ? message->name : message->id);
	snprintf(arrival.wanted, sizeof(arrival.wanted), "%s", oci_message_wanted(message));
	if (r == 0)
		r = serve(attachments, &arrival, source, &attachment);
	if (r == 0)
		keep(attachments, attachment, listener);
	else if (source)
		source_free(source);
	else
		close(listener);
	complain(&arrival, r);
}

bool attachments_add_lxc(struct attachments *attachments, const struct lxc_greeting *greeting,
			 struct source *source)
{
	struct arrival arrival = { .runtimes = RUNTIME_LXC,
				   .uid = greeting->uid,
				   .process = greeting->process };
	struct attachment *attachment = NULL;
	int fd = source->fd;

	snprintf(arrival.id, sizeof(arrival.id), "%s", greeting->container);
	snprintf(arrival.name, sizeof(arrival.name), "%s", greeting->container);
	snprintf(arrival.wanted, sizeof(arrival.wanted), "%s", greeting->policy);
	int r = serve(attachments, &arrival, source, &attachment);

	if (r == 0)
		keep(attachments, attachment, fd);
	complain(&arrival, r);
	return r == 0;
}

static int make_source(const struct attachments *attachments, const struct arrival *arrival, int fd,
		       struct source **ret_source)
{
	if (arrival->runtimes & RUNTIME_LXC)
		return lxc_source_new(fd, attachments->procfs, ret_source);
	return source_new_listener(fd, ret_source);
}

/* Everything that outlives its process has been kept, so there is no more to do for it than to count. */
static void keep_on(struct attachments *attachments, struct attachment *attachment,
		    const struct entry *kept, const struct record *record)
{
	attachment->serial = kept->serial;
	if (estate_keep_policy(attachments->estate, attachment->container->policy,
			       &attachment->policy_serial) < 0)
		log_warning("container %s would not outlive another death", record->id);
	snprintf(attachment->container->map, CONTAINER_MAP_SIZE, "%s", record->map);
}

/* What a monitor has sent may lie in its connection. @source: NULL: there is none */
static void let_go(const struct attachments *attachments, int fd, struct source *source)
{
	estate_forget(attachments->estate, fd);
	if (source)
		(void)source_let_go(source);
	(void)closer_close_all(attachments->closer, &fd, 1);
}

/* Return: 0; -errno: it has been logged. */
static int restore_one(struct attachments *attachments, struct entry *kept)
{
	struct record record = { 0 };
	struct arrival arrival = { .record = &record };
	struct attachment *attachment = NULL;
	struct source *source = NULL;
	int fd = kept->fd;

	memcpy(&record, kept->record,
	       kept->record_size < sizeof(record) ? kept->record_size : sizeof(record));
	arrival.runtimes = record.runtimes;
	arrival.uid = record.uid;
	record.id[sizeof(record.id) - 1] = '\0';
	snprintf(arrival.id, sizeof(arrival.id), "%s", record.id);
	snprintf(arrival.name, sizeof(arrival.name), "%s", record_name(&record));
	int r = make_source(attachments, &arrival, fd, &source);

	if (r == 0)
		r = serve(attachments, &arrival, source, &attachment);
	if (r == 0)
		keep_on(attachments, attachment, kept, &record);
	else
		let_go(attachments, fd, source);
	/* A monitor that has ended meanwhile is no loss. */
	if (r == -ESRCH && (arrival.runtimes & RUNTIME_LXC))
		return 0;
	complain(&arrival, r);
	return r;
}

size_t attachments_restore(struct attachments *attachments)
{
	struct entry *kept = NULL;
	size_t lost = 0;

	estate_restore(attachments->estate);
	while ((kept = journal_next_entry(attachments->estate->journal, kept)) != NULL)
		if (atomic_load(&kept->kind) == ENTRY_SOURCE)
			lost += restore_one(attachments, kept) < 0;
	estate_settle(attachments->estate);
	return lost;
}
