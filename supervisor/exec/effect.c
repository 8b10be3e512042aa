/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/effect.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "exec/attribute_call.h"
#include "exec/performer.h"

/* FNV-1a, eight bytes at a time. It is not collision resistant, and need not be: a target could only fool itself. */
static uint64_t digest(const void *value, size_t length)
{
	const unsigned char *bytes = value;
	uint64_t hash = 0xcbf29ce484222325;

	while (length > 0) {
		size_t step = length < sizeof(uint64_t) ? length : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, bytes, step);
		hash = (hash ^ word) * 0x100000001b3;
		hash ^= hash >> 29;
		bytes += step;
		length -= step;
	}
	return hash;
}

static bool exists(const struct performer *performer, const char *name)
{
	return performer_get(performer, name, NULL, 0) != -ENODATA;
}

static void await_leave(const struct performer *performer)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	while (performer->is_barred && atomic_load(performer->is_barred))
		(void)nanosleep(&moment, NULL);
}

/* The thread that bars changes looks at the step afterwards: it sees that this one has begun, or this one waits. */
void effect_begin(const struct performer *performer, struct attribute_call *call)
{
	struct effect *effect = performer->effect;

	if (!effect)
		return;
	await_leave(performer);
	atomic_store(&effect->fd, performer->inode->fd);
	atomic_store(&effect->performer, gettid());
	call->performer = &effect->performer;
	effect->is_opened = performer->inode->is_opened;
	effect->operation = call->operation;
	effect->is_create = call->operation == OPERATION_SET && (call->flags & XATTR_CREATE);
	/* It tells a change that was made from one that would have failed. */
	effect->has_existed = (effect->is_create || call->operation == OPERATION_REMOVE) &&
			      exists(performer, call->name);
	/* The attribute is as it was before the change, so no process has made it: an error of it counts. */
	if (effect->has_existed == (call->operation == OPERATION_REMOVE))
		effect->excused = 0;
	effect->length = call->size;
	effect->digest = call->operation == OPERATION_SET ? digest(call->value, call->size) : 0;
	strncpy(effect->name, call->name, sizeof(effect->name) - 1);
	atomic_store(&effect->step, EFFECT_BEGUN);
	await_leave(performer);
}

void effect_clear(struct effect *effect)
{
	atomic_store(&effect->step, EFFECT_NONE);
	atomic_store(&effect->fd, -1);
	effect->excused = 0;
}

/* A deputy that was given up may be in the change still. */
static bool may_be_made(const struct effect *effect, int result)
{
	return result == -ETIMEDOUT && atomic_load(&effect->performer) != gettid();
}

bool effect_end(struct effect *effect, int result)
{
	if (!effect)
		return true;
	if (may_be_made(effect, result))
		return false;
	atomic_store(&effect->step, result < 0 ? EFFECT_NONE : EFFECT_MADE);
	return true;
}

static bool holds_value(const struct effect *effect, const struct performer *performer)
{
	char value[XATTR_SIZE_MAX];
	ssize_t length = performer_get(performer, effect->name, value, sizeof(value));

	return length >= 0 && (uint64_t)length == effect->length &&
	       digest(value, (size_t)length) == effect->digest;
}

bool effect_was_made(const struct effect *effect, const struct performer *performer)
{
	if (effect->operation == OPERATION_REMOVE)
		return effect->has_existed && !exists(performer, effect->name);
	if (effect->is_create)
		return !effect->has_existed && exists(performer, effect->name);
	return holds_value(effect, performer);
}
