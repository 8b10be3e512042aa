/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REQUEST_CLIENT_H
#define NSXATTR_REQUEST_CLIENT_H

/* What the requests of one source (keep/source.h) have in common. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/share.h"
#include "request/orphan.h"
#include "request/remedy.h"

struct auditor;
struct judge;
struct policy;
struct watch;

#define CLIENT_LABEL_SIZE 80

/** struct client - a container, by one of its sources; for several threads at once */
struct client {
	const struct policy *policy; /* outlives the client */
	bool is_transparent; /* of the policy */
	bool is_strict; /* of the policy: nothing is answered with CONTINUE */
	bool hides_names; /* of the policy */
	bool is_queued; /* the sender of its requests waits for each answer before it sends the next */
	struct judge *judge; /* of what the container executes; NULL: none */
	bool is_alone; /* no other worker replays its requests when this one dies */
	struct watch *watch; /* who is told of its requests; NULL: nobody */
	struct auditor *auditor; /* makes records of its changes; NULL: there is none */
	/* Of which: an enum audit_extent, which can become another one at any time. Outlives the client. */
	const atomic_uint *audit;
	const char *id, *name; /* of the container, for all of these; NULL: it has none */
	struct share_holder holder; /* the same for all clients of a container */
	char label[CLIENT_LABEL_SIZE]; /* what lines that are about it begin with; "": it has no name */
	uint64_t log_source; /* of lines that are about it; a container has a client for each source */
	struct remedies remedies;
	struct orphans orphans;
	atomic_bool is_label_told; /* that labels keep it from being served */
};

/** client_is_audited() - are there calls of which a record is made? */
static inline bool client_is_audited(const struct client *client)
{
	return atomic_load_explicit(client->audit, memory_order_relaxed) != 0;
}

/** client_init() - a container with this policy; nothing is to be undone */
void client_init(struct client *client, const struct policy *policy);

/** client_set_name() - lines of the log that are about it name it; a long name is cut */
void client_set_name(struct client *client, const char *name);

#endif
