/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/performer.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "exec/attribute_call.h"
#include "exec/awaited.h"
#include "exec/standin.h"

int performer_note(const struct performer *performer, int error, enum reason reason)
{
	if (performer->reason)
		*performer->reason = reason;
	return error;
}

enum reason performer_reason(const struct performer *performer)
{
	return performer->reason ? *performer->reason : REASON_KERNEL;
}

/* The kernel lets a deputy not take on what it has to: as a rule that is the ids and groups of the target. */
static enum reason reason_of_standin(int error)
{
	return error == EPERM ? REASON_CREDENTIAL : reason_of_failure(error);
}

static ssize_t call_by_standin(const struct performer *performer, const struct attribute_call *call)
{
	size_t length = 0;
	int r = standin_call(performer->standin, call, &length);

	if (r < 0) {
		log_verbose("a deputy cannot make an attribute call: %s", strerror(-r));
		return performer_note(performer, r == -ETIMEDOUT && call->performer ? r : -EPERM,
				      reason_of_standin(-r));
	}
	return r > 0 ? -r : (ssize_t)length;
}

ssize_t performer_call(const struct performer *performer, struct attribute_call *call)
{
	call->fd = performer->inode->fd;
	call->is_opened = performer->inode->is_opened;
	ssize_t result;

	(void)performer_note(performer, 0, REASON_KERNEL);
	if (performer->awaited &&
	    awaited_call(performer->awaited, call, !performer->standin, &result))
		return result;
	return performer->standin ? call_by_standin(performer, call) :
				    attribute_call_make(call, performer->directory);
}

/*
 * The kernel allocates as much as it is asked for, and clears it for a value: for 64 KiB that takes half as long as the call.
 * Few values and lists are longer than this, and those are asked for again.
 */
#define USUAL_SIZE 4096

static ssize_t call_for_usual_size(const struct performer *performer, struct attribute_call *call)
{
	size_t size = call->size;

	call->size = size < USUAL_SIZE ? size : USUAL_SIZE;
	ssize_t length = performer_call(performer, call);

	if (length != -ERANGE || size <= USUAL_SIZE)
		return length;
	call->size = size;
	return performer_call(performer, call);
}

ssize_t performer_get(const struct performer *performer, const char *name, void *value, size_t size)
{
	struct attribute_call call = { OPERATION_GET, .name = name, .buffer = value, .size = size };

	return call_for_usual_size(performer, &call);
}

ssize_t performer_list(const struct performer *performer, char *list, size_t size)
{
	struct attribute_call call = { OPERATION_LIST, .buffer = list, .size = size };

	return call_for_usual_size(performer, &call);
}
