/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/attachments.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "attach/lxc_source.h"
#include "attach/oci_message.h"
#include "base/closer.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "daemon/container_judge.h"
#include "daemon/container_userns.h"
#include "daemon/entries.h"
#include "daemon/gate_pins.h"
#include "daemon/runtimes.h"
#include "idmap.h"
#include "integrity/measurements.h"
#include "judge/fence.h"
#include "keep/engine.h"
#include "keep/source.h"
#include "request/witness.h"

/* Room for 340 lines of three numbers. */
#define MAP_TEXT_SIZE ((size_t)16 * 1024)

/** struct attachment - one source that is served; it owns its entry of the journal */
struct attachment {
	struct attachments *attachments;
	struct container *container;
	int fd; /* of its source, the engine's; -1: that is over */
	bool is_life;
	pid_t process; /* of a life */
	uint64_t serial; /* of its entry; 0: it is not kept */
	uint64_t policy_serial; /* of its policy's; 0: that is built in, or not kept */
	LIST_ENTRY(attachment) all;
};

/** struct delivery - what a runtime has sent beside a source, by whichever socket */
struct delivery {
	unsigned int runtimes;
	uid_t uid;
	const char *id;
	const char *name; /* its id, where no other is known */
	const char *wanted; /* the policy that was named; "": none */
	const struct annotation *annotations;
	size_t annotation_count;
	pid_t process; /* of it, by the word of the runtime; only shown, and only if it is proved; 0: not known */
	const struct record *record; /* of an attachment that is restored; NULL: it is new */
	bool is_life; /* nothing else was sent, and it is about this process: */
	pid_t init;
	int *life; /* its pidfd, taken if it is needed; NULL: there is none, nor need be */
};

/** struct record - of an attachment, in its entry. Another version may read it: only add at the end. */
struct record {
	uint32_t runtimes; /* bits of enum policy_runtime */
	uint32_t uid;
	char id[CONTAINER_ID_MAX +
		1]; /* behind its NUL is the name, if it is another one that fits */
	char policy[POLICY_NAME_MAX + 1];
	char map[CONTAINER_MAP_SIZE];
	uint64_t policy_serial; /* of its policy's entry; 0: it is built in */
	uint64_t list_serial; /* of the container's measurement list; 0: there is none */
	int32_t process; /* of a life */
};

_Static_assert(sizeof(struct record) <= JOURNAL_RECORD_SIZE,
	       "a record has its place in the journal");
_Static_assert(LISTENERS_MAX <= JOURNAL_ENTRIES_MAX / 2,
	       "each listener is kept, beside policies and the connections of monitors");

struct registry_time registry_time_now(void)
{
	struct timespec monotonic;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return (struct registry_time){
		.real = time(NULL),
		.monotonic = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec,
	};
}

static struct attachment *attachment_new(struct attachments *attachments)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));

	if (!attachment)
		return NULL;
	attachment->attachments = attachments;
	attachment->fd = -1;
	LIST_INSERT_HEAD(&attachments->list, attachment, all);
	return attachment;
}

/* With its last attachment it is gone. */
static void leave_container(const struct attachment *attachment)
{
	struct container *container = attachment->container;
	struct registry *registry = attachment->attachments->registry;

	if (container_is_single(container))
		container_judge_end(TAKE_PTR(container->judge), attachment->attachments->entries);
	if (!attachment->is_life) {
		registry_detach(registry, container);
		return;
	}
	container->life = NULL;
	registry_let_go(registry, container);
}

static void attachment_free(struct attachment *attachment)
{
	if (!attachment)
		return;
	LIST_REMOVE(attachment, all);
	if (attachment->container)
		leave_container(attachment);
	entries_release_policy(attachment->attachments->entries, attachment->policy_serial);
	free(attachment);
}

static void attachment_freep(struct attachment **attachment)
{
	attachment_free(*attachment);
}

/*
 * Its life is over. What is left of it is not restored: another container can have its name at once, with a list of its
 * own. A monitor that begins its container anew keeps the connection of the one before, and makes another one.
 */
static void retire(struct container *container)
{
	const struct attachments *attachments = container->life->attachments;
	struct attachment *attachment;

	registry_retire(container);
	LIST_FOREACH(attachment, &attachments->list, all)
	{
		if (attachment->container != container)
			continue;
		entries_forget(attachments->entries, attachment->serial);
		attachment->serial = 0;
		if (!attachment->is_life && attachment->fd >= 0)
			(void)shutdown(attachment->fd, SHUT_RDWR);
	}
}

/* See shard_config.over(). */
static void forget(void *place)
{
	struct attachment *attachment = place;

	attachment->fd = -1;
	if (attachment->is_life)
		retire(attachment->container);
	entries_forget(attachment->attachments->entries, attachment->serial);
}

static void report_end(const struct attachment *attachment, int result)
{
	const struct container *container = attachment->container;

	if (result < 0)
		log_limited(log_source(container->key.owner, container->key.id), LOG_WARNING,
			    "container %s is not served any more: %s", container->key.id,
			    strerror(-result));
	else
		log_verbose("%s container %s has ended",
			    attachment->is_life ? "the init of" : "a listener of",
			    container->key.id);
}

/* See shard_config.ended(). */
static void ended(void *place, int result)
{
	struct attachment *attachment = place;

	report_end(attachment, result);
	attachment_free(attachment);
}

/* Of a user other than root and our own, a process counts only in a user namespace that the user owns. */
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

/* For 'nsxattr status' alone; nothing is decided by it. */
static void show_map(const struct attachments *attachments, const struct delivery *delivery,
		     struct container *container)
{
	struct witness process;

	if (delivery->process <= 0 ||
	    witness_open(attachments->procfs, delivery->process, &process) < 0)
		return;
	if (is_theirs(attachments, delivery->uid, &process)) {
		read_map(&process, container);
		if (container->process == 0)
			container->process = delivery->process;
	}
	witness_done(&process);
}

static struct container_key key_of(const struct delivery *delivery)
{
	return (struct container_key){
		.runtime = delivery->runtimes,
		.owner = delivery->uid,
		.id = delivery->id,
	};
}

/* Return: NULL: it is refused, which has been logged. */
static struct shared_policy *choose_policy(const struct attachments *attachments,
					   const struct delivery *delivery)
{
	const struct policies_request request = {
		.container = {
			.runtimes = delivery->runtimes,
			.name = delivery->name,
			.annotations = delivery->annotations,
			.annotation_count = delivery->annotation_count,
		},
		.wanted = delivery->wanted,
		.user = delivery->uid,
	};
	struct policies_choice choice = { 0 };

	if (policies_choose(attachments->policies, &request, &choice) == POLICIES_CHOSEN) {
		log_limited(log_source(delivery->uid, delivery->id), LOG_NOTICE,
			    "container %s (%s of %s, of uid %u) has policy %s: %s", delivery->id,
			    delivery->name, runtime_name(delivery->runtimes), delivery->uid,
			    choice.shared->policy->name, choice.reason);
		return choice.shared;
	}
	log_limited(log_source(delivery->uid, delivery->id), LOG_WARNING,
		    "container %s (%s of %s, of uid %u) is refused: %s", delivery->id,
		    delivery->name, runtime_name(delivery->runtimes), delivery->uid, choice.reason);
	return NULL;
}

/*
 * A listener of a container that has one already (of an exec, say) is served by the container's policy, whatever the
 * delivery names, and whatever has become of the folder.
 *
 * Return: as choose_policy().
 */
static struct shared_policy *find_policy(const struct attachments *attachments,
					 const struct delivery *delivery)
{
	const struct container_key key = key_of(delivery);
	const struct container *container = registry_find(attachments->registry, &key);
	const struct record *record = delivery->record;

	if (container)
		return shared_policy_ref(container->policy);
	if (record)
		return entries_find_policy(attachments->entries, record->policy_serial,
					   record->policy);
	return choose_policy(attachments, delivery);
}

static const struct container *find_namespace(const struct attachments *attachments,
					      uint64_t number)
{
	const struct container *container = NULL;

	while ((container = registry_next(attachments->registry, container)) != NULL)
		if (container->judge && container->judge->fence.fence &&
		    fence_surrounds(container->judge->fence.fence, number))
			return container;
	return NULL;
}

bool attachments_have_namespace(const void *attachments, uint32_t number)
{
	return find_namespace(attachments, number);
}

/* Two would each forget what the other one has judged. */
static const struct container *find_neighbour(const struct attachments *attachments, int userns)
{
	uint32_t number = container_userns_number(userns);

	return number ? find_namespace(attachments, number) : NULL;
}

/* Return: a descriptor, the caller's; -EPERM: nothing can be refused in the container, which has been logged. */
static int find_userns(const struct attachments *attachments, const struct delivery *delivery)
{
	const char *fault = NULL;
	_cleanup_fd_ int userns =
		container_userns_open(attachments->procfs, delivery->process, &fault);
	const struct container *neighbour = userns < 0 ? NULL : find_neighbour(attachments, userns);

	if (userns >= 0 && !neighbour)
		return TAKE_FD(userns);
	log_limited(
		log_source(delivery->uid, delivery->id), LOG_WARNING,
		"container %s is refused: what it executes cannot be refused ('mode: enforce'): %s%s",
		delivery->id, neighbour ? "it shares its user namespace with container " : fault,
		neighbour ? neighbour->key.id : "");
	return -EPERM;
}

/* The list of a container that was there before has to be there: it is not begun anew. So has its fence. */
static int appoint_judge(const struct attachments *attachments, const struct delivery *delivery,
			 struct container *container)
{
	struct container_judge_config config = {
		.entries = attachments->entries,
		.revocation = attachments->revocation,
		.gate = attachments->gate,
		.id = container->key.id,
		.policy = container->policy,
		.serial = delivery->record ? delivery->record->list_serial : 0,
		.userns = -1,
	};

	if (container->judge)
		return 0;
	if (!config.serial && container->policy->policy->integrity.mode == INTEGRITY_ENFORCE) {
		config.userns = find_userns(attachments, delivery);
		if (config.userns < 0)
			return config.userns;
	}
	uint32_t number = container_userns_number(config.userns);
	int r = container_judge_new(&config, &container->judge);

	/* One of LXC's can have been there, and have had to pass the gate of a daemon that has died. */
	if (r == 0 && number)
		gate_pins_let_go(attachments->pins, number);
	if (r < 0)
		log_error("what container %s executes cannot be judged: %s", container->key.id,
			  r == -ENOENT ? "its measurement list, or what its gate has, is lost" :
			  r == -ENODEV ? "there is no gate" :
					 strerror(-r));
	return r;
}

/* Return: 0; -EPERM: there are too many, which has been logged; other -errno. */
static int enter_registry(struct attachments *attachments, const struct delivery *delivery,
			  struct shared_policy *policy, struct attachment *attachment)
{
	const struct container_key key = key_of(delivery);
	struct registry_time now = registry_time_now();
	int r = (delivery->is_life ? registry_hold :
		 delivery->record  ? registry_restore :
				     registry_attach)(attachments->registry, &key, policy, &now,
						     &attachment->container);

	if (r == REGISTRY_ATTACHED) {
		if (container_is_single(attachment->container))
			container_set_name(attachment->container, delivery->name);
		show_map(attachments, delivery, attachment->container);
		return appoint_judge(attachments, delivery, attachment->container);
	}
	if (r < 0)
		return r;
	log_limited(log_source(delivery->uid, delivery->id), LOG_WARNING,
		    "container %s of uid %u is refused: %s", delivery->id, delivery->uid,
		    registry_refusal((enum registry_result)r));
	return -EPERM;
}

/* Return: 0; -errno: a message has been logged. */
static int serve_source(const struct attachments *attachments, struct attachment *attachment,
			struct source *source)
{
	struct container *container = attachment->container;
	const struct shard_config config = {
		.policy = container->policy->policy,
		.judge = container->judge ? container->judge->judge : NULL,
		.counters = &container->counters,
		.owner = container->key.owner,
		.id = container->key.id,
		.name = container_name(container),
		.over = forget,
		.ended = ended,
		.place = attachment,
	};
	int r = engine_serve(attachments->engine, &config, source);

	if (r < 0)
		return r;
	attachment->fd = source->fd;
	if (attachment->is_life)
		container->life = attachment;
	return 0;
}

static int hold(struct attachments *attachments, const struct delivery *delivery);

/* Of a judged one the connection is not what it lives by. */
static bool needs_life(const struct delivery *delivery, const struct container *container)
{
	return delivery->life && container->judge && !container->life;
}

/* @source: the engine's on success */
static int serve(struct attachments *attachments, const struct delivery *delivery,
		 struct source *source, struct attachment **ret_attachment)
{
	__attribute__((cleanup(attachment_freep))) struct attachment *attachment =
		attachment_new(attachments);

	if (!attachment)
		return -ENOMEM;
	struct shared_policy *policy = find_policy(attachments, delivery);

	attachment->is_life = delivery->is_life;
	attachment->process = delivery->is_life ? delivery->init : 0;
	int r = policy ? enter_registry(attachments, delivery, policy, attachment) : -EPERM;

	shared_policy_unref(policy);
	if (r == 0 && needs_life(delivery, attachment->container))
		r = hold(attachments, delivery);
	if (r == 0)
		r = serve_source(attachments, attachment, source);
	if (r == 0)
		*ret_attachment = TAKE_PTR(attachment);
	return r;
}

static void complain(const struct delivery *delivery, int result)
{
	if (result < 0 && result != -EPERM)
		log_limited(log_source(delivery->uid, delivery->id), LOG_ERROR,
			    "cannot serve container %s: %s", delivery->id, strerror(-result));
}

static void record_set_name(struct record *record, const char *name)
{
	size_t used = strlen(record->id) + 1, size = strlen(name) + 1;

	if (strcmp(name, record->id) != 0 && size <= sizeof(record->id) - used)
		memcpy(record->id + used, name, size);
}

/* Return: the name of a container by its record; its id, if the record has no other. */
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
				   .policy_serial = attachment->policy_serial,
				   .list_serial = container->judge ? container->judge->serial : 0,
				   .process = attachment->process };
	snprintf(record->id, sizeof(record->id), "%s", container->key.id);
	record_set_name(record, container_name(container));
	snprintf(record->policy, sizeof(record->policy), "%s", container->policy->policy->name);
	snprintf(record->map, sizeof(record->map), "%s", container->map);
}

/* One that cannot be kept is served all the same. @serial: of its entry, if that is there; 0: it is not */
static void keep(struct attachment *attachment, int fd, uint64_t serial)
{
	struct entries *entries = attachment->attachments->entries;
	const struct container_key *key = &attachment->container->key;
	int r = entries_keep_policy(entries, attachment->container->policy,
				    &attachment->policy_serial);
	struct record record;

	attachment->serial = serial;
	fill_record(attachment, &record);
	if (r == 0 && !serial)
		r = entries_keep(entries, fd, attachment->is_life ? ENTRY_LIFE : ENTRY_SOURCE,
				 &record, sizeof(record), &attachment->serial);
	if (r < 0)
		log_limited(log_source(key->owner, key->id), LOG_WARNING,
			    "container %s will not survive another restart: %s", key->id,
			    strerror(-r));
}

void attachments_add_oci(struct attachments *attachments, uid_t uid,
			 const struct oci_message *message, int listener)
{
	struct delivery delivery = {
		.runtimes = message->runtimes,
		.uid = uid,
		.id = message->id,
		.name = message->name[0] ? message->name : message->id,
		.wanted = oci_message_wanted(message),
		.process = message->pid > 0 ? message->pid : message->state_pid,
		.annotations = message->annotations,
		.annotation_count = message->annotation_count,
	};
	struct attachment *attachment = NULL;
	struct source *source = NULL;
	int r = source_new_listener(listener, &source);

	if (r == 0)
		r = serve(attachments, &delivery, source, &attachment);
	if (r == 0)
		keep(attachment, listener, 0);
	else if (source)
		source_free(source);
	else
		close(listener);
	complain(&delivery, r);
}

/* ---- containers of LXC ---- */

static const char *life_fault(int error)
{
	return error == -ESRCH ? "it has ended" :
	       error == -EPERM ? "not all of the container ends with it" :
				 strerror(-error);
}

/* Return: 0; -EPERM: it is not known how long the container is there, which has been logged; -errno. */
static int hold(struct attachments *attachments, const struct delivery *delivery)
{
	struct delivery life = *delivery;
	struct attachment *attachment = NULL;
	struct source *source = NULL;

	if (*delivery->life < 0) {
		log_limited(log_source(delivery->uid, delivery->id), LOG_WARNING,
			    "container %s is refused: its init is process %d: %s", delivery->id,
			    delivery->init, life_fault(*delivery->life));
		return -EPERM;
	}
	life.is_life = true;
	life.life = NULL;
	int r = source_new_process(*delivery->life, &source);

	if (r < 0)
		return r;
	r = serve(attachments, &life, source, &attachment);
	if (r < 0) {
		(void)source_let_go(source);
		return r;
	}
	keep(attachment, TAKE_FD(*delivery->life), 0);
	return 0;
}

static bool has_ended(const struct attachment *life)
{
	struct pollfd polled = { .fd = life->fd, .events = POLLIN };

	return life->fd < 0 || poll(&polled, 1, 0) != 0;
}

/* One that has the name still can have ended already. Return: whether it is this very container, or there is none. */
static bool find_same(const struct attachments *attachments, const struct delivery *delivery)
{
	const struct container_key key = key_of(delivery);
	struct container *container = registry_find(attachments->registry, &key);

	if (container && container->life && has_ended(container->life)) {
		retire(container);
		return true;
	}
	if (!container || !container->life || container->life->process == delivery->init)
		return true;
	log_limited(
		log_source(delivery->uid, delivery->id), LOG_WARNING,
		"container %s, whose init is process %d, is refused: there is one of this name, "
		"whose init is process %d",
		delivery->id, delivery->init, container->life->process);
	return false;
}

bool attachments_add_lxc(struct attachments *attachments, struct lxc_greeting *greeting,
			 struct source *source)
{
	_cleanup_fd_ int life = TAKE_FD(greeting->life);
	const struct delivery delivery = { .runtimes = RUNTIME_LXC,
					   .uid = greeting->uid,
					   .id = greeting->container,
					   .name = greeting->container,
					   .wanted = greeting->policy,
					   .process = greeting->process,
					   .init = greeting->init,
					   .life = &life };
	struct attachment *attachment = NULL;
	int fd = source->fd;
	int r = find_same(attachments, &delivery) ?
			serve(attachments, &delivery, source, &attachment) :
			-EPERM;

	if (r == 0)
		keep(attachment, fd, 0);
	complain(&delivery, r);
	return r == 0;
}

/* ---- what another worker, or daemon, has left ---- */

static int make_source(const struct attachments *attachments, const struct delivery *delivery,
		       int fd, struct source **ret_source)
{
	if (delivery->is_life)
		return source_new_process(fd, ret_source);
	if (delivery->runtimes & RUNTIME_LXC)
		return lxc_source_new(fd, attachments->procfs, ret_source);
	return source_new_listener(fd, ret_source);
}

/* What a monitor has sent may lie in its connection. @source: NULL: there is none */
static void let_go(const struct attachments *attachments, int fd, uint64_t serial,
		   struct source *source)
{
	entries_forget(attachments->entries, serial);
	if (source)
		(void)source_let_go(source);
	(void)closer_close_all(attachments->closer, &fd, 1);
}

/* Return: 0; -errno: it has been logged. */
static int restore_one(struct attachments *attachments, const struct entry *entry)
{
	struct record record;
	struct delivery delivery = { .id = record.id, .wanted = "", .record = &record };
	struct attachment *attachment = NULL;
	struct source *source = NULL;
	int fd = entry->fd;

	journal_read_record(entry, &record, sizeof(record));
	delivery.runtimes = record.runtimes;
	delivery.uid = record.uid;
	delivery.is_life = atomic_load(&entry->kind) == ENTRY_LIFE;
	delivery.init = record.process;
	record.id[sizeof(record.id) - 1] = '\0';
	record.policy[sizeof(record.policy) - 1] = '\0';
	record.map[sizeof(record.map) - 1] = '\0';
	delivery.name = record_name(&record);
	int r = make_source(attachments, &delivery, fd, &source);

	if (r == 0)
		r = serve(attachments, &delivery, source, &attachment);
	if (r == 0) {
		keep(attachment, fd, entry->serial);
		snprintf(attachment->container->map, CONTAINER_MAP_SIZE, "%s", record.map);
	} else {
		let_go(attachments, fd, entry->serial, source);
	}
	/* A monitor that has ended meanwhile is no loss. */
	if (r == -ESRCH && (delivery.runtimes & RUNTIME_LXC))
		return 0;
	complain(&delivery, r);
	return r;
}

static bool is_used(const void *place, uint64_t list)
{
	const struct attachments *attachments = place;
	const struct container *container = NULL;

	while ((container = registry_next(attachments->registry, container)) != NULL)
		if (container->judge && container->judge->serial == list)
			return true;
	return false;
}

/* A worker may have died between the list and the listener of a container. */
static void forget_unused_lists(const struct attachments *attachments)
{
	const struct entry *entry = NULL;

	while ((entry = journal_next_of(attachments->entries->journal, ENTRY_MEASUREMENTS,
					entry)) != NULL)
		if (!is_used(attachments, entry->serial))
			entries_drop(attachments->entries, entry);
}

size_t attachments_restore(struct attachments *attachments)
{
	const struct entry *entry = NULL;
	size_t lost = 0;

	entries_restore_policies(attachments->entries);
	while ((entry = journal_next_entry(attachments->entries->journal, entry)) != NULL)
		if (atomic_load(&entry->kind) == ENTRY_SOURCE ||
		    atomic_load(&entry->kind) == ENTRY_LIFE)
			lost += restore_one(attachments, entry) < 0;
	entries_forget_unused_policies(attachments->entries);
	forget_unused_lists(attachments);
	return lost;
}

void attachments_set_aside(const struct attachments *attachments)
{
	container_fence_set_aside(attachments->entries, is_used, attachments);
}

bool attachments_enter_gate(struct attachments *attachments)
{
	const struct container *container = NULL;
	bool is_complete = true;

	while ((container = registry_next(attachments->registry, container)) != NULL) {
		int r = container->judge ? container_judge_enter(container->judge) : 0;

		if (r == 0)
			continue;
		is_complete = false;
		log_error("container %s cannot be had pass the gate: %s", container->key.id,
			  strerror(-r));
	}
	return is_complete;
}

void attachments_bar_lists(struct attachments *attachments, bool are_barred)
{
	const struct container *container = NULL;

	while ((container = registry_next(attachments->registry, container)) != NULL)
		if (container->judge)
			measurements_bar(container->judge->means.measurements, are_barred);
}

void attachments_free(struct attachments *attachments)
{
	const struct container *container = NULL;
	struct attachment *attachment;

	while ((container = registry_next(attachments->registry, container)) != NULL)
		container_judge_free(container->judge);

	while ((attachment = LIST_FIRST(&attachments->list)) != NULL) {
		LIST_REMOVE(attachment, all);
		free(attachment);
	}
	registry_free(attachments->registry);
	policies_free(attachments->policies);
}
