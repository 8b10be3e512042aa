/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section by section the table of docs/design.md, "The view": which stored name a name means, and
 * who may use it.
 */
#include "access.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <string.h>

#include "policy.h"

const struct user_namespace *access_container(const struct user_namespace *userns)
{
	while (userns->parent && !userns->parent->is_host)
		userns = userns->parent;
	return userns;
}

struct naming access_naming(const struct policy *policy, const struct user_namespace *userns)
{
	if (policy->owner == 0)
		return (struct naming){ 0 };
	return (struct naming){ .range = &access_container(userns)->uids, .owner = policy->owner };
}

/* Are the values of its root the host's plain ones? */
static bool is_plain(const struct user_namespace *userns, const struct naming *naming)
{
	return userns->is_host || (userns->has_root && naming_is_host_root(naming, userns->root));
}

bool access_is_virtual(const struct subject *subject)
{
	return !is_plain(subject->userns, subject->naming);
}

static void refuse(struct decision *decision, int error)
{
	decision->route = ROUTE_REFUSED;
	decision->error = error;
}

static void refuse_variant(enum operation operation, struct decision *decision)
{
	refuse(decision, operation == OPERATION_SET ? EINVAL : ENODATA);
}

static void store_of(struct decision *decision, uint32_t owner)
{
	decision->route = ROUTE_STORED;
	decision->has_owner = true;
	decision->owner = owner;
}

static void decide_own(const struct user_namespace *userns, enum operation operation,
		       struct decision *decision)
{
	if (userns->has_root)
		store_of(decision, userns->root);
	else if (operation != OPERATION_GET)
		refuse(decision, EINVAL);
	else if (!decision->inherits)
		refuse(decision, ENODATA);
	else /* without values of its own it sees what others see */
		decision->route = ROUTE_STORED;
}

static void decide_variant(const struct user_namespace *userns, enum operation operation,
			   uint32_t inside, struct decision *decision)
{
	uint32_t host;

	decision->inherits = false;
	if (id_map_to_host(&userns->uids, inside, &host))
		store_of(decision, host);
	else
		refuse_variant(operation, decision);
}

static void decide_suffix(const struct user_namespace *userns, enum operation operation,
			  const struct name_parts *parts, struct decision *decision)
{
	decision->inherits = decision->rule->inherit == INHERIT_CHAIN;
	if (name_is_class(decision->base, parts->base_length) || parts->form == NAME_MALFORMED)
		refuse(decision, EINVAL);
	else if (parts->form == NAME_PLAIN || parts->uid == 0)
		decide_own(userns, operation, decision);
	else
		decide_variant(userns, operation, parts->uid, decision);
}

static void decide_hidden(enum operation operation, struct decision *decision)
{
	refuse(decision, operation == OPERATION_SET ? EPERM : ENODATA);
}

/* Only the plain name is the host's to lend. */
static void decide_host(const struct name_parts *parts, struct decision *decision)
{
	if (parts->form != NAME_PLAIN)
		return;
	decision->route = ROUTE_HOST;
	memcpy(decision->name, decision->base, decision->base_length + 1);
}

static void decide_by_scheme(const struct user_namespace *userns, enum operation operation,
			     const struct name_parts *parts, struct decision *decision)
{
	switch (decision->rule->scheme) {
	case SCHEME_SUFFIX:
		decide_suffix(userns, operation, parts, decision);
		break;
	case SCHEME_HIDE:
		decide_hidden(operation, decision);
		break;
	case SCHEME_DENY:
		if (operation != OPERATION_GET)
			refuse(decision, EPERM);
		break;
	case SCHEME_UNSUPPORTED:
		refuse(decision, EOPNOTSUPP);
		break;
	case SCHEME_HOST:
		decide_host(parts, decision);
		break;
	case SCHEME_KERNEL:
	default:
		break;
	}
}

bool access_is_out_of_reach(const struct policy *policy, const char *name, size_t length)
{
	if (name_is_below_store(STORE_TRUSTED, name, length)) {
		enum scheme scheme = policy_match(policy, name, length)->scheme;

		return scheme == SCHEME_SUFFIX || scheme == SCHEME_HOST;
	}
	return policy->store == STORE_USER && name_is_below_store(STORE_USER, name, length);
}

void access_decide(const struct policy *policy, const struct subject *subject,
		   enum operation operation, const char *name, struct decision *ret_decision)
{
	size_t length = strlen(name);
	struct name_parts parts = name_split(name, length);
	struct decision *decision = ret_decision;

	*decision = (struct decision){
		.route = ROUTE_KERNEL,
		.store = policy->store,
		.rule = policy_match(policy, name, parts.base_length),
		.base_length = parts.base_length,
	};
	memcpy(decision->base, name, parts.base_length);
	if (!access_is_virtual(subject))
		return;
	if (access_is_out_of_reach(policy, name, length))
		decide_hidden(operation, decision);
	else
		decide_by_scheme(subject->userns, operation, &parts, decision);
}

void access_locate(const struct subject *subject, enum operation operation,
		   struct decision *decision)
{
	if (decision->route != ROUTE_STORED)
		return;
	decision->naming = subject->naming;
	decision->name[0] = '\0';
	if (!decision->has_owner ||
	    !naming_number(subject->naming, decision->owner, &decision->number)) {
		if (!decision->inherits || operation != OPERATION_GET)
			refuse_variant(operation, decision);
		return;
	}
	int r = name_join_stored(decision->store, decision->base, decision->base_length,
				 decision->number, decision->name);

	if (r < 0)
		refuse(decision, -r);
}

static bool has_capability(const struct subject *subject, unsigned int capability)
{
	return subject->capabilities & (1ULL << capability);
}

/*
 * capable_wrt_inode_uidgid() of the kernel: a capability counts only over ids of one's own. Our own namespace has no
 * map here; of an owner whose id it does not have, UINT32_MAX is told.
 */
static bool owner_is_mapped(const struct subject *subject, const struct object *object)
{
	uint32_t inside;

	if (subject->userns->is_host)
		return object->uid != UINT32_MAX && object->gid != UINT32_MAX;
	return id_map_to_inside(&subject->userns->uids, object->uid, &inside) &&
	       id_map_to_inside(&subject->userns->gids, object->gid, &inside);
}

/* The classes that do not go by the file's mode. */
static bool needs_capability(const struct decision *decision)
{
	return name_has_prefix(decision->base, decision->base_length, XATTR_SECURITY_PREFIX) ||
	       name_is_trusted(decision->base, decision->base_length);
}

bool access_is_capable(const struct subject *subject, const struct decision *decision)
{
	bool is_caps = strcmp(decision->base, XATTR_NAME_CAPS) == 0;

	return !needs_capability(decision) ||
	       has_capability(subject, is_caps ? CAP_SETFCAP : CAP_SYS_ADMIN);
}

int access_check(const struct subject *subject, const struct object *object,
		 enum operation operation, const struct decision *decision)
{
	if (operation == OPERATION_SET || operation == OPERATION_REMOVE) {
		bool may_change = access_is_capable(subject, decision) &&
				  (!needs_capability(decision) || owner_is_mapped(subject, object));

		return may_change ? 0 : EPERM;
	}
	if (name_is_trusted(decision->base, decision->base_length) &&
	    !has_capability(subject, CAP_SYS_ADMIN))
		return ENODATA;
	return 0;
}

/* cap_inode_setxattr() and cap_inode_removexattr() of the kernel. */
int access_check_unguarded(const struct subject *subject, const struct object *object, bool has_say,
			   enum operation operation, const char *name)
{
	bool is_allowed;

	if (!name_has_prefix(name, strlen(name), XATTR_SECURITY_PREFIX))
		is_allowed = true;
	else if (strcmp(name, XATTR_NAME_CAPS) == 0)
		is_allowed = operation == OPERATION_SET ||
			     (has_capability(subject, CAP_SETFCAP) && object &&
			      owner_is_mapped(subject, object));
	else
		is_allowed = has_capability(subject, CAP_SYS_ADMIN) && has_say;
	return is_allowed ? 0 : EPERM;
}

bool access_next_ancestor(const struct user_namespace **ancestor, const struct naming *naming,
			  enum store store, const char *base, size_t base_length,
			  char ret_name[NAME_SIZE])
{
	const struct user_namespace *at = *ancestor;
	uint32_t number;

	while (at->parent) {
		at = at->parent;
		if (is_plain(at, naming)) {
			*ancestor = at;
			memcpy(ret_name, base, base_length);
			ret_name[base_length] = '\0';
			return true;
		}
		if (at->has_root && naming_number(naming, at->root, &number) &&
		    name_join_stored(store, base, base_length, number, ret_name) == 0) {
			*ancestor = at;
			return true;
		}
	}
	return false;
}
