/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/standin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errand.h"
#include "base/fd.h"
#include "base/log.h"
#include "exec/call_queue.h"
#include "exec/deputies.h"
#include "exec/deputy.h"
#include "exec/ring.h"

#define STANDINS_MAX 64

struct standin {
	struct standins *owner;
	struct share_holder holder;
	uint64_t inode; /* of the user namespace */
	struct credential credential;
	struct credential_change
		change; /* its namespace keeps the inode number from passing to another */
	int personality; /* 0: none */
	unsigned int generation; /* of the ring that it is registered on */
	uint64_t last_used;
};

struct standins {
	struct deputies *deputies; /* borrowed */
	struct ring *ring; /* NULL: paths are opened by processes */
	enum standin_kind kind; /* asked for */
	uint64_t clock;
	struct standin *slots[STANDINS_MAX]; /* each is large; NULL: free */
};

int standins_new(enum standin_kind kind, struct deputies *deputies, struct standins **ret_standins)
{
	struct standins *standins = calloc(1, sizeof(*standins));
	int r = 0;

	if (!standins)
		return -ENOMEM;
	if (kind != STANDIN_PROCESS)
		r = ring_new(&standins->ring);
	if (r == 0 && standins->ring && !ring_may_assume(standins->ring)) {
		ring_free(TAKE_PTR(standins->ring));
		r = -EACCES;
	}
	if (r < 0 && kind == STANDIN_PERSONALITY) {
		free(standins);
		return r;
	}
	if (r < 0)
		log_verbose("io_uring is not available%s; paths are opened through deputies",
			    r == -EACCES ? " (a security module forbids its personalities)" : "");
	standins->deputies = deputies;
	standins->kind = kind;
	*ret_standins = standins;
	return 0;
}

static bool has_personality(const struct standin *standin)
{
	return standin->personality > 0 && standin->owner->ring &&
	       standin->generation == ring_generation(standin->owner->ring);
}

static void standin_free(struct standin *standin)
{
	if (!standin)
		return;
	if (has_personality(standin))
		ring_unregister_personality(standin->owner->ring, standin->personality);
	fd_close(&standin->change.userns);
	fd_close(&standin->change.through);
	free(standin);
}

void standins_clear(struct standins *standins)
{
	for (size_t i = 0; i < STANDINS_MAX; i++)
		standin_free(TAKE_PTR(standins->slots[i]));
}

void standins_free(struct standins *standins)
{
	if (!standins)
		return;
	standins_clear(standins);
	ring_free(standins->ring);
	free(standins);
}

struct standin *standins_find(struct standins *standins, uint64_t inode,
			      const struct credential *credential)
{
	for (size_t i = 0; i < STANDINS_MAX; i++) {
		struct standin *standin = standins->slots[i];

		if (!standin || standin->inode != inode ||
		    !credential_equal(&standin->credential, credential))
			continue;
		standin->last_used = ++standins->clock;
		return standin;
	}
	return NULL;
}

/* A free one, or that of the stand-in that has not been used for longest, which is let go. */
static struct standin **make_room(struct standins *standins)
{
	struct standin **oldest = &standins->slots[0];

	for (size_t i = 1; i < STANDINS_MAX && *oldest; i++)
		if (!standins->slots[i] || standins->slots[i]->last_used < (*oldest)->last_used)
			oldest = &standins->slots[i];
	standin_free(TAKE_PTR(*oldest));
	return oldest;
}

static int copy_descriptor(int fd, int *ret_copy)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	*ret_copy = copy;
	return 0;
}

int standins_add(struct standins *standins, const struct share_holder *holder, uint64_t inode,
		 const struct credential *credential, const struct credential_change *change,
		 struct standin **ret_standin)
{
	_cleanup_fd_ int userns = -1, through = -1;
	int r = copy_descriptor(change->userns, &userns);

	if (r == 0 && change->through >= 0)
		r = copy_descriptor(change->through, &through);
	if (r < 0)
		return r;
	struct standin *standin = malloc(sizeof(*standin));

	if (!standin)
		return -ENOMEM;
	*standin = (struct standin){ .owner = standins, .holder = *holder, .inode = inode };
	standin->credential = *credential;
	standin->change = *change;
	standin->change.userns = TAKE_FD(userns);
	standin->change.through = TAKE_FD(through);
	standin->last_used = ++standins->clock;
	*make_room(standins) = standin;
	*ret_standin = standin;
	return 0;
}

uid_t standin_fsuid(const struct standin *standin)
{
	return standin->credential.fsuid;
}

bool standin_may_be(const struct standin *standin, pid_t process)
{
	return process == getpid() || deputies_have(standin->owner->deputies, process);
}

struct registration {
	const struct standin *standin;
	int ring;
};

static void register_personality(int channel, void *argument)
{
	const struct registration *registration = argument;
	int result = credential_assume(&registration->standin->change);

	if (result == 0)
		result = ring_register_personality(registration->ring);
	(void)send(channel, &result, sizeof(result), MSG_NOSIGNAL);
}

/* Return: the number on that ring; -errno. */
static int register_on(const struct standin *standin, int ring)
{
	struct registration registration = { standin, ring };
	struct errand errand;
	int personality;
	int r = errand_start_brief(register_personality, &registration, &errand);

	if (r < 0)
		return r;
	r = errand_receive(&errand, &personality, sizeof(personality));
	errand_end(&errand);
	return r < 0 ? r : personality;
}

int standin_personality(const struct standin *standin, struct call_queue *queue)
{
	if (!standin->owner->ring)
		return -EOPNOTSUPP;
	int personality = call_queue_find_personality(queue, standin->inode, &standin->credential);

	if (personality > 0)
		return personality;
	personality = register_on(standin, call_queue_fd(queue));
	if (personality < 0)
		return personality;
	int r = call_queue_add_personality(queue, standin->inode, &standin->credential,
					   personality);

	return r < 0 ? r : personality;
}

static int make_personality(struct standin *standin)
{
	int personality = register_on(standin, ring_fd(standin->owner->ring));

	if (personality < 0)
		return personality;
	standin->personality = personality;
	standin->generation = ring_generation(standin->owner->ring);
	return 0;
}

/* What says more of us than of the path is not for the target. */
static int is_our_failure(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == EBUSY;
}

static int open_by_personality(struct standin *standin, int base, const char *path,
			       const struct open_how *how, int *ret_fd)
{
	int r = has_personality(standin) ? 0 : make_personality(standin);

	if (r < 0)
		return r;
	r = ring_open(standin->owner->ring, standin->personality, base, path, how);
	if (r < 0)
		return is_our_failure(-r) ? r : -r;
	*ret_fd = r;
	return 0;
}

/* ---- by a process ---- */

/* The root of the namespace can take its descriptors away: then it is of no use either. */
static int ask_once(const struct standin *standin, const struct deputy_request *request,
		    size_t *ret_length)
{
	const struct deputy_role role = { standin->holder, standin->inode, &standin->credential,
					  &standin->change };
	struct deputies *deputies = standin->owner->deputies;
	struct deputy *deputy;
	int r = deputies_take(deputies, &role, &deputy);

	if (r < 0)
		return r;
	r = deputy_ask(deputy, request, ret_length);
	if (r > 0 && is_our_failure(r))
		r = -r;
	deputies_return(deputies, deputy, r >= 0);
	return r;
}

/* The target can kill a process that runs under its ids: one more is tried, then no more. */
static int ask(const struct standin *standin, const struct deputy_request *request,
	       size_t *ret_length)
{
	int r = ask_once(standin, request, ret_length);

	return r == -EPIPE || (r < 0 && is_our_failure(-r)) ?
		       ask_once(standin, request, ret_length) :
		       r;
}

static int open_by_process(const struct standin *standin, int base, const char *path,
			   const struct open_how *how, int *ret_fd)
{
	const struct deputy_request request = {
		.task = DEPUTY_OPEN,
		.call = { .fd = base, .name = path },
		.how = how,
		.ret_fd = ret_fd,
	};
	size_t unused;

	return ask(standin, &request, &unused);
}

/*
 * A security module can begin to forbid personalities at any time, as SELinux does when its mode or its policy
 * changes.
 */
static bool is_forbidden(struct standins *standins, int error)
{
	return (error == EACCES || error == EPERM) && standins->kind == STANDIN_ANY &&
	       !ring_may_assume(standins->ring);
}

int standin_open(struct standin *standin, int base, const char *path, const struct open_how *how,
		 int *ret_fd)
{
	if (!standin->owner->ring)
		return open_by_process(standin, base, path, how, ret_fd);
	int r = open_by_personality(standin, base, path, how, ret_fd);

	if (r < 0 && is_our_failure(-r))
		r = open_by_personality(standin, base, path, how, ret_fd);
	if (!is_forbidden(standin->owner, r))
		return r;
	log_verbose("a security module forbids personalities; paths are opened through deputies");
	ring_free(TAKE_PTR(standin->owner->ring));
	return open_by_process(standin, base, path, how, ret_fd);
}

int standin_call(struct standin *standin, const struct attribute_call *call, size_t *ret_length)
{
	const struct deputy_request request = { .task = DEPUTY_CALL, .call = *call };

	return ask(standin, &request, ret_length);
}

int standin_stat(struct standin *standin, int fd, struct statx *ret_stat)
{
	struct statx stat;
	const struct deputy_request request = {
		.task = DEPUTY_STAT,
		.call = { .fd = fd, .buffer = &stat, .size = sizeof(stat) },
	};
	size_t length;
	int r = ask(standin, &request, &length);

	if (r != 0)
		return r;
	if (length != sizeof(stat))
		return -EPROTO;
	*ret_stat = stat;
	return 0;
}

int standin_read_link(struct standin *standin, int fd, char *text, size_t size)
{
	const struct deputy_request request = {
		.task = DEPUTY_READ_LINK,
		.call = { .fd = fd, .buffer = text, .size = size - 1 },
	};
	size_t length;
	int r = ask(standin, &request, &length);

	if (r == 0)
		text[length] = '\0';
	return r;
}
