/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/delivery.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "daemon/attachment_record.h"
#include "daemon/entries.h"
#include "daemon/policies.h"
#include "daemon/registry.h"
#include "daemon/runtimes.h"
#include "daemon/shared_policy.h"
#include "idmap.h"
#include "request/witness.h"

/* Room for 340 lines of three numbers. */
#define MAP_TEXT_SIZE ((size_t)16 * 1024)

/* Of a user other than root and our own, a process counts only in a user namespace that the user owns. */
static bool is_theirs(int procfs, uid_t uid, const struct witness *process)
{
	uid_t master;

	return uid == 0 || uid == geteuid() ||
	       (witness_master(process, procfs, &master) == 0 && master == uid);
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

void delivery_show_map(const struct delivery *delivery, int procfs, struct container *container)
{
	struct witness process;

	if (delivery->process <= 0 || witness_open(procfs, delivery->process, &process) < 0)
		return;
	if (is_theirs(procfs, delivery->uid, &process)) {
		read_map(&process, container);
		if (container->process == 0)
			container->process = delivery->process;
	}
	witness_done(&process);
}

struct container_key delivery_key(const struct delivery *delivery)
{
	return (struct container_key){
		.runtime = delivery->runtimes,
		.owner = delivery->uid,
		.id = delivery->id,
	};
}

/* Return: NULL: it is refused, which has been logged. */
static struct shared_policy *choose_policy(const struct delivery *delivery,
					   const struct policies *policies)
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

	if (policies_choose(policies, &request, &choice) == POLICIES_CHOSEN) {
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

struct shared_policy *delivery_find_policy(const struct delivery *delivery,
					   const struct registry *registry,
					   const struct policies *policies, struct entries *entries)
{
	const struct container_key key = delivery_key(delivery);
	const struct container *container = registry_find(registry, &key);
	const struct attachment_record *record = delivery->record;

	if (container)
		return shared_policy_ref(container->policy);
	if (record)
		return entries_find_policy(entries, record->policy_serial, record->policy);
	return choose_policy(delivery, policies);
}
