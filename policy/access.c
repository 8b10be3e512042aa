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

static void refuse(struct decision *decision, int error, enum reason reason)
{
	decision->route = ROUTE_REFUSED;
	decision->error = error;
	decision->reason = reason;
}

static void refuse_variant(enum operation operation, enum reason reason, struct decision *decision)
{
	refuse(decision, operation == OPERATION_SET ? EINVAL : ENODATA, reason);
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
		refuse(decision, EINVAL, REASON_NO_ROOT);
	else if (!decision->inherits)
		refuse(decision, ENODATA, REASON_NO_ROOT);
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
		refuse_variant(operation, REASON_ID, decision);
}

static void decide_suffix(const struct user_namespace *userns, enum operation operation,
			  const struct name_parts *parts, struct decision *decision)
{
	decision->inherits = decision->rule->inherit == INHERIT_CHAIN;
	if (name_is_class(decision->base, parts->base_length) || parts->form == NAME_MALFORMED)
		refuse(decision, EINVAL, REASON_NAME);
	else if (parts->form == NAME_PLAIN || parts->uid == 0)
		decide_own(userns, operation, decision);
	else
		decide_variant(userns, operation, parts->uid, decision);
}

static void decide_hidden(enum operation operation, enum reason reason, struct decision *decision)
{
	refuse(decision, operation == OPERATION_SET ? EPERM : ENODATA, reason);
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
		decide_hidden(operation, REASON_HIDE, decision);
		break;
	case SCHEME_DENY:
		if (operation != OPERATION_GET)
			refuse(decision, EPERM, REASON_DENY);
		break;
	case SCHEME_UNSUPPORTED:
		refuse(decision, EOPNOTSUPP, REASON_UNSUPPORTED);
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
		decide_hidden(operation, REASON_RESERVED, decision);
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
			refuse_variant(operation, REASON_NUMBER, decision);
		return;
	}
	int r = name_join_stored(decision->store, decision->base, decision->base_length,
				 decision->number, decision->name);

	if (r < 0)
		refuse(decision, -r, REASON_NAME_LENGTH);
}

static bool has_capability(const struct subject *subject, unsigned int capability)
{
	return subject->capabilities & (1ULL << capability);
}

/* Our own namespace has no map here; of an owner whose id it does not have, UINT32_MAX is told. */
static bool is_mapped(const struct subject *subject, const struct id_map *map, uint32_t id)
{
	uint32_t inside;

	return subject->userns->is_host ? id != UINT32_MAX : id_map_to_inside(map, id, &inside);
}

/* capable_wrt_inode_uidgid() of the kernel: a capability counts only over ids of one's own. */
static enum reason check_owner(const struct subject *subject, const struct object *object)
{
	const struct user_namespace *userns = subject->userns;

	if (!is_mapped(subject, &userns->uids, object->uid))
		return REASON_OWNER;
	return is_mapped(subject, &userns->gids, object->gid) ? REASON_NONE : REASON_GROUP;
}

/* The classes that do not go by the file's mode. */
static bool needs_capability(const struct decision *decision)
{
	return name_has_prefix(decision->base, decision->base_length, XATTR_SECURITY_PREFIX) ||
	       name_is_trusted(decision->base, decision->base_length);
}

/* Return: why not; REASON_NONE. */
static enum reason check_capability(const struct subject *subject, const char *name)
{
	if (strcmp(name, XATTR_NAME_CAPS) == 0)
		return has_capability(subject, CAP_SETFCAP) ? REASON_NONE : REASON_NO_SETFCAP;
	return has_capability(subject, CAP_SYS_ADMIN) ? REASON_NONE : REASON_NO_SYS_ADMIN;
}

bool access_is_capable(const struct subject *subject, const struct decision *decision)
{
	return !needs_capability(decision) ||
	       check_capability(subject, decision->base) == REASON_NONE;
}

static struct refusal refusal(int error, enum reason reason)
{
	return reason == REASON_NONE ? (struct refusal){ 0 } : (struct refusal){ error, reason };
}

struct refusal access_check(const struct subject *subject, const struct object *object,
			    enum operation operation, const struct decision *decision)
{
	enum reason reason = REASON_NONE;

	if (operation == OPERATION_SET || operation == OPERATION_REMOVE) {
		if (needs_capability(decision))
			reason = check_capability(subject, decision->base);
		if (needs_capability(decision) && reason == REASON_NONE)
			reason = check_owner(subject, object);
		return refusal(EPERM, reason);
	}
	if (name_is_trusted(decision->base, decision->base_length) &&
	    !has_capability(subject, CAP_SYS_ADMIN))
		reason = REASON_NO_SYS_ADMIN;
	return refusal(ENODATA, reason);
}

/* cap_inode_setxattr() and cap_inode_removexattr() of the kernel. */
struct refusal access_check_unguarded(const struct subject *subject, const struct object *object,
				      bool has_say, enum operation operation, const char *name)
{
	bool is_caps = strcmp(name, XATTR_NAME_CAPS) == 0;
	bool is_kernels = !name_has_prefix(name, strlen(name), XATTR_SECURITY_PREFIX) ||
			  (is_caps && operation == OPERATION_SET);
	enum reason reason = is_kernels ? REASON_NONE : check_capability(subject, name);

	if (is_kernels || reason != REASON_NONE)
		return refusal(EPERM, reason);
	if (!is_caps)
		return refusal(EPERM, has_say ? REASON_NONE : REASON_FILE_SYSTEM);
	return refusal(EPERM, object ? check_owner(subject, object) : REASON_OWNER);
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
