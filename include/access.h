/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ACCESS_H
#define NSXATTR_ACCESS_H

/*
 * Read this first. A subject (the target) asks for an operation on an attribute of an object (an
 * inode); the policy makes a decision; what the target sees in the end is an outcome.
 *
 * The rules are those of the kernel, read relative to the subject's user namespace U instead of the
 * host. root(U) is the host uid that uid 0 of U maps to. A name B that the policy virtualises lies
 * on the inode under a stored name, made of B and K, the number of root(U) (naming.h): B@uid=K, if the
 * policy does not say otherwise (enum store).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "idmap.h"
#include "name.h"
#include "naming.h"
#include "reason.h"

struct policy;
struct rule;

enum operation {
	OPERATION_SET,
	OPERATION_GET,
	OPERATION_LIST,
	OPERATION_REMOVE,
};

#define OPERATION_COUNT (OPERATION_REMOVE + 1)

/** struct user_namespace - what the rules need to know of one */
struct user_namespace {
	bool is_host; /* the namespace in which nsxattr was started */
	bool has_root; /* uid 0 is mapped */
	uint32_t root; /* the host uid that uid 0 maps to, if so */
	struct id_map uids;
	struct id_map gids;
	const struct user_namespace *parent; /* NULL: the host, or none that we can see */
};

/** struct subject - who asks */
struct subject {
	const struct user_namespace *userns;
	uint64_t capabilities; /* the effective ones in @userns, bit N is capability N */
	/* Until the inode is known only what does not depend on the mount; NULL: nothing is translated. */
	const struct naming *naming;
};

/** struct object - what is asked about: the owner as the target's mount shows it, in host ids */
struct object {
	uint32_t uid;
	uint32_t gid;
};

enum route {
	ROUTE_KERNEL, /* the kernel's own answer to the call as it was made */
	ROUTE_STORED, /* the operation on the stored name */
	ROUTE_HOST, /* the operation on the host's plain name, for the values of the rule */
	ROUTE_REFUSED, /* an error, after all that the kernel would check before it */
};

/** struct decision - what is to be done about one name; made by access_decide(), access_locate() */
struct decision {
	enum route route;
	enum reason reason; /* of ROUTE_REFUSED */
	int error; /* likewise: a positive errno */
	bool inherits; /* ROUTE_STORED: a get that finds nothing asks the ancestors */
	enum store store; /* of the policy */
	const struct rule *rule; /* that made the decision */
	bool has_owner; /* ROUTE_STORED: false: no namespace can have an own value there */
	uint32_t owner; /* if so: whose value it is, an id of the host */
	/* ROUTE_STORED; made by access_locate(): */
	const struct naming *naming; /* of the subject */
	uint32_t number; /* that of @owner */
	/* ROUTE_STORED, ROUTE_HOST: */
	char name[NAME_SIZE]; /* where the value lies; empty: only ancestors can have one */
	char base[NAME_SIZE]; /* the base of the name that the target gave */
	size_t base_length;
};

/** struct outcome - what the target will see; made by the constructors below only */
struct outcome {
	bool is_kernels; /* SECCOMP_USER_NOTIF_FLAG_CONTINUE */
	enum reason
		reason; /* of an error; of what is the kernel's only if there is more to say than that */
	int error; /* a positive errno, or 0 */
	long value; /* the call's result if there is no error */
};

static inline struct outcome outcome_value(long value)
{
	return (struct outcome){ .value = value };
}

static inline struct outcome outcome_refused(int error, enum reason reason)
{
	return (struct outcome){ .error = error, .reason = reason };
}

static inline struct outcome outcome_kernel(enum reason reason)
{
	return (struct outcome){ .is_kernels = true, .reason = reason };
}

/** struct refusal - of a check: the error that the kernel gives in this case, and why; both 0 if it passes */
struct refusal {
	int error; /* a positive errno */
	enum reason reason;
};

/**
 * access_naming() - the numbers of stored names, until the mount is known
 * @policy: the container's policy
 * @userns: the namespace of the subject, which has to stay, as its ancestors do
 */
struct naming access_naming(const struct policy *policy, const struct user_namespace *userns);

/**
 * access_is_virtual() - does the subject's namespace have a view of its own?
 *
 * Not the host, and not one whose root is the host's uid 0: there every name is left to the kernel,
 * so that the host's plain names are never changed by our hand.
 */
bool access_is_virtual(const struct subject *subject);

/**
 * access_container() - the namespace that was made for the container of this one
 *
 * It is the outermost one below the host. Whatever its root can do in a namespace below, it can do.
 */
const struct user_namespace *access_container(const struct user_namespace *userns);

/**
 * access_is_out_of_reach() - is it a name that no target sees or touches?
 *
 * Values of namespaces lie below user.nsxattr. and trusted.nsxattr. A target could change the first
 * itself, so they are out of reach where the policy keeps its values there. The second always are: by
 * the kernel's own rule, or by this one where the policy gives trusted.* to the target.
 *
 * @name: @length bytes
 */
bool access_is_out_of_reach(const struct policy *policy, const char *name, size_t length);

/**
 * access_decide() - what to do about a name
 * @policy: the container's policy
 * @subject: who asks
 * @operation: set, get or remove
 * @name: the name as the target gave it, with its NUL
 * @ret_decision: the decision; of ROUTE_STORED access_locate() completes it
 */
void access_decide(const struct policy *policy, const struct subject *subject,
		   enum operation operation, const char *name, struct decision *ret_decision);

/**
 * access_locate() - where the value lies, now that the mount is known
 * @subject: who asks
 * @operation: as it was decided
 * @decision: of another route than ROUTE_STORED it stays as it is; becomes one of ROUTE_REFUSED where
 *            the owner has no number, or the name no room
 */
void access_locate(const struct subject *subject, enum operation operation,
		   struct decision *decision);

/**
 * access_check() - may the subject do this?
 * @subject: who asks
 * @object: the inode's owner
 * @operation: set, get or remove
 * @decision: what is to be done; of ROUTE_STORED or ROUTE_REFUSED
 *
 * Return: the refusal; where several reasons hold, the capability comes before the owner, and that before the group.
 */
struct refusal access_check(const struct subject *subject, const struct object *object,
			    enum operation operation, const struct decision *decision);

/** access_is_capable() - has the subject the capability that a change needs, whoever owns the inode? */
bool access_is_capable(const struct subject *subject, const struct decision *decision);

/**
 * access_check_unguarded() - may the subject do what a kernel that does not check security.* would let it do?
 *
 * What such a kernel (supervisor/exec/guard.h) leaves out, and no more: a set of security.capability, all names of
 * other classes, the owner of an inode and whether it can be changed it checks.
 *
 * @subject: who asks
 * @object: the inode's owner; NULL: it cannot be told
 * @has_say: the subject's namespace is the first of the system, or has mounted the file system
 * @operation: set or remove
 * @name: of the attribute
 *
 * Return: EPERM, if it is refused.
 */
struct refusal access_check_unguarded(const struct subject *subject, const struct object *object,
				      bool has_say, enum operation operation, const char *name);

/**
 * access_next_ancestor() - step up the chain of inheritance
 * @ancestor: in: where we are; out: the nearest ancestor that can own values
 * @naming: of the subject
 * @store: of the policy
 * @base: the base name, @base_length bytes
 * @ret_name: the stored name of that ancestor's value
 *
 * Return: false when there is no further ancestor.
 */
bool access_next_ancestor(const struct user_namespace **ancestor, const struct naming *naming,
			  enum store store, const char *base, size_t base_length,
			  char ret_name[NAME_SIZE]);

#endif
