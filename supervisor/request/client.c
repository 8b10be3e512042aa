/* SPDX-License-Identifier: Apache-2.0 */
#include "request/client.h"

#include <stdio.h>

#include "policy.h"

/* AUDIT_OFF. */
static const atomic_uint no_audit;

void client_init(struct client *client, const struct policy *policy)
{
	*client = (struct client){
		.policy = policy,
		.audit = &no_audit,
		.is_transparent = policy_is_transparent(policy),
		.is_strict = policy_is_strict(policy),
		.hides_names = policy_hides_names(policy),
	};
	remedies_init(&client->remedies);
	orphans_init(&client->orphans);
}

void client_set_name(struct client *client, const char *name)
{
	snprintf(client->label, sizeof(client->label),
		 "container %.*s: ", (int)(sizeof(client->label) - sizeof("container : ")), name);
}
