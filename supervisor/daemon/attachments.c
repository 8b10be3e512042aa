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
#include "daemon/attachment_record.h"
#include "daemon/container_judge.h"
#include "daemon/container_userns.h"
#include "daemon/delivery.h"
#include "daemon/entries.h"
#include "daemon/gate_pins.h"
#include "daemon/judged.h"
#include "keep/engine.h"
#include "keep/source.h"

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

/* Two would each forget what the other one has judged. */
static const struct container *find_neighbour(const struct registry *registry, int userns)
{
	uint32_t number = container_userns_number(userns);

	return number ? judged_find(registry, number) : NULL;
}

/* Return: a descriptor, the caller's; -EPERM: nothing can be refused in the container, which has been logged. */
static int find_userns(const struct attachments *attachments, const struct delivery *delivery)
{
	const char *fault = NULL;
	_cleanup_fd_ int userns =
		container_userns_open(attachments->procfs, delivery->process, &fault);
	const struct container *neighbour =
		userns < 0 ? NULL : find_neighbour(attachments->registry, userns);

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
	const struct container_key key = delivery_key(delivery);
	struct registry_time now = registry_time_now();
	int r = (delivery->is_life ? registry_hold :
		 delivery->record  ? registry_restore :
				     registry_attach)(attachments->registry, &key, policy, &now,
						     &attachment->container);

	if (r == REGISTRY_ATTACHED) {
		if (container_is_single(attachment->container))
			container_set_name(attachment->container, delivery->name);
		delivery_show_map(delivery, attachments->procfs, attachment->container);
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
		.audit = &container->audit,
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
	struct shared_policy *policy = delivery_find_policy(
		delivery, attachments->registry, attachments->policies, attachments->entries);

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

/* One that cannot be kept is served all the same. @serial: of its entry, if that is there; 0: it is not */
static void keep(struct attachment *attachment, int fd, uint64_t serial)
{
	struct entries *entries = attachment->attachments->entries;
	const struct container_key *key = &attachment->container->key;
	int r = entries_keep_policy(entries, attachment->container->policy,
				    &attachment->policy_serial);
	struct attachment_record record;

	attachment->serial = serial;
	attachment_record_fill(&record, attachment->container, attachment->policy_serial,
			       attachment->process);
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
	const struct container_key key = delivery_key(delivery);
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
	struct attachment_record record;
	struct delivery delivery = { .id = record.id, .wanted = "", .record = &record };
	struct attachment *attachment = NULL;
	struct source *source = NULL;
	int fd = entry->fd;

	attachment_record_read(entry, &record);
	delivery.runtimes = record.runtimes;
	delivery.uid = record.uid;
	delivery.is_life = atomic_load(&entry->kind) == ENTRY_LIFE;
	delivery.init = record.process;
	delivery.name = attachment_record_name(&record);
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
	judged_forget_unused_lists(attachments->registry, attachments->entries);
	return lost;
}

void attachments_follow_audit(struct attachments *attachments)
{
	struct container *container = NULL;

	while ((container = registry_next(attachments->registry, container)) != NULL) {
		const struct listed_policy *listed =
			policies_find(attachments->policies, container->policy->policy->name);

		if (listed)
			atomic_store(&container->audit, listed->shared->policy->audit);
	}
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
