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
#include "exec/helper.h"
#include "exec/ring.h"

#define STANDINS_MAX 64

struct standin {
	struct standins *owner;
	uint64_t inode; /* of the user namespace */
	struct credential credential;
	struct credential_change
		change; /* its namespace keeps the inode number from passing to another */
	int personality; /* 0: none */
	unsigned int generation; /* of the ring that it is registered on */
	struct helper *helper; /* NULL: none */
	uint64_t last_used;
};

struct standins {
	int procfs; /* borrowed */
	struct ring *ring; /* NULL: paths are opened by processes */
	uint64_t clock;
	struct standin *slots[STANDINS_MAX]; /* each is large; NULL: free */
};

int standins_new(enum standin_kind kind, int procfs, struct standins **ret_standins)
{
	struct standins *standins = calloc(1, sizeof(*standins));
	int r = 0;

	if (!standins)
		return -ENOMEM;
	if (kind != STANDIN_PROCESS)
		r = ring_new(&standins->ring);
	if (r < 0 && kind == STANDIN_PERSONALITY) {
		free(standins);
		return r;
	}
	if (r < 0)
		log_verbose("io_uring is not available; paths are opened through helper processes");
	standins->procfs = procfs;
	*ret_standins = standins;
	return 0;
}

static bool has_personality(const struct standin *standin)
{
	return standin->personality > 0 &&
	       standin->generation == ring_generation(standin->owner->ring);
}

static void standin_free(struct standin *standin)
{
	if (!standin)
		return;
	if (has_personality(standin))
		ring_unregister_personality(standin->owner->ring, standin->personality);
	helper_free(standin->helper);
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

int standins_add(struct standins *standins, uint64_t inode, const struct credential *credential,
		 const struct credential_change *change, struct standin **ret_standin)
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
	*standin = (struct standin){ .owner = standins, .inode = inode };
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

bool standin_is_process(const struct standin *standin, pid_t process)
{
	return process == getpid() || (standin->helper && process == helper_pid(standin->helper));
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

static int make_personality(struct standin *standin)
{
	struct registration registration = { standin, ring_fd(standin->owner->ring) };
	const int keep[] = { registration.ring, standin->change.userns, standin->change.through };
	const size_t count = standin->change.through < 0 ? 2 : 3;
	struct errand errand;
	int personality;
	int r = errand_start_brief(register_personality, &registration, keep, count, &errand);

	if (r < 0)
		return r;
	r = errand_receive(&errand, &personality, sizeof(personality));
	errand_end(&errand);
	if (r < 0)
		return r;
	if (personality < 0)
		return personality;
	standin->personality = personality;
	standin->generation = ring_generation(standin->owner->ring);
	return 0;
}

static int need_helper(struct standin *standin)
{
	if (standin->helper)
		return 0;
	return helper_new(standin->owner->procfs, &standin->change, &standin->helper);
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

static void dismiss_helper(struct standin *standin)
{
	helper_free(standin->helper);
	standin->helper = NULL;
}

/*
 * The target can kill a process that runs under its ids, or take its descriptors away: one more is
 * tried, then no more. Return: what to make of a helper's result.
 */
static int judge_helper(struct standin *standin, int result)
{
	if (result > 0 && is_our_failure(result))
		result = -result;
	if (result < 0)
		dismiss_helper(standin);
	return result;
}

static bool is_worth_another(int result)
{
	return result < 0 && (result == -EPIPE || is_our_failure(-result));
}

static int open_once(struct standin *standin, int base, const char *path,
		     const struct open_how *how, int *ret_fd)
{
	if (standin->owner->ring)
		return open_by_personality(standin, base, path, how, ret_fd);
	int r = need_helper(standin);

	return r < 0 ? r :
		       judge_helper(standin, helper_open(standin->helper, base, path, how, ret_fd));
}

int standin_open(struct standin *standin, int base, const char *path, const struct open_how *how,
		 int *ret_fd)
{
	int r = open_once(standin, base, path, how, ret_fd);

	return is_worth_another(r) ? open_once(standin, base, path, how, ret_fd) : r;
}

static int call_once(struct standin *standin, const struct attribute_call *call, size_t *ret_length)
{
	int r = need_helper(standin);

	return r < 0 ? r : judge_helper(standin, helper_call(standin->helper, call, ret_length));
}

int standin_call(struct standin *standin, const struct attribute_call *call, size_t *ret_length)
{
	int r = call_once(standin, call, ret_length);

	return is_worth_another(r) ? call_once(standin, call, ret_length) : r;
}

/* What a helper may have to be asked twice. */
typedef int request_to_helper(struct helper *helper, int fd, void *buffer, size_t size);

static int ask_once(struct standin *standin, request_to_helper *request, int fd, void *buffer,
		    size_t size)
{
	int r = need_helper(standin);

	return r < 0 ? r : judge_helper(standin, request(standin->helper, fd, buffer, size));
}

static int ask(struct standin *standin, request_to_helper *request, int fd, void *buffer,
	       size_t size)
{
	int r = ask_once(standin, request, fd, buffer, size);

	return is_worth_another(r) ? ask_once(standin, request, fd, buffer, size) : r;
}

static int ask_stat(struct helper *helper, int fd, void *buffer, size_t size)
{
	(void)size;
	return helper_stat(helper, fd, buffer);
}

int standin_stat(struct standin *standin, int fd, struct statx *ret_stat)
{
	return ask(standin, ask_stat, fd, ret_stat, sizeof(*ret_stat));
}

static int ask_link(struct helper *helper, int fd, void *buffer, size_t size)
{
	return helper_read_link(helper, fd, buffer, size);
}

int standin_read_link(struct standin *standin, int fd, char *text, size_t size)
{
	return ask(standin, ask_link, fd, text, size);
}
