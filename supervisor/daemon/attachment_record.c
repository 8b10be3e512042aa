/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/attachment_record.h"

#include <stdio.h>
#include <string.h>

#include "daemon/container_judge.h"
#include "daemon/shared_policy.h"

static void set_name(struct attachment_record *record, const char *name)
{
	size_t used = strlen(record->id) + 1, size = strlen(name) + 1;

	if (strcmp(name, record->id) != 0 && size <= sizeof(record->id) - used)
		memcpy(record->id + used, name, size);
}

const char *attachment_record_name(const struct attachment_record *record)
{
	size_t used = strlen(record->id) + 1;

	return used < sizeof(record->id) && record->id[used] ? record->id + used : record->id;
}

void attachment_record_fill(struct attachment_record *record, const struct container *container,
			    uint64_t policy_serial, pid_t process)
{
	*record = (struct attachment_record){
		.runtimes = container->key.runtime,
		.uid = container->key.owner,
		.policy_serial = policy_serial,
		.list_serial = container->judge ? container->judge->serial : 0,
		.process = process,
	};
	snprintf(record->id, sizeof(record->id), "%s", container->key.id);
	set_name(record, container_name(container));
	snprintf(record->policy, sizeof(record->policy), "%s", container->policy->policy->name);
	snprintf(record->map, sizeof(record->map), "%s", container->map);
}

void attachment_record_read(const struct entry *entry, struct attachment_record *ret_record)
{
	journal_read_record(entry, ret_record, sizeof(*ret_record));
	ret_record->id[sizeof(ret_record->id) - 1] = '\0';
	ret_record->policy[sizeof(ret_record->policy) - 1] = '\0';
	ret_record->map[sizeof(ret_record->map) - 1] = '\0';
}
