/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/fence.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "count_of.h"
#include "integrity/revocation.h"

static struct fence *make(void)
{
	struct fence *fence = calloc(1, sizeof(*fence));

	if (fence)
		pthread_mutex_init(&fence->lock, NULL);
	return fence;
}

int fence_new(struct revocation *revocation, struct fence **ret_fence)
{
	struct fence *fence = make();

	if (!fence) {
		log_error("out of memory");
		return -ENOMEM;
	}
	int r = gate_new(&fence->gate);

	if (r == 0)
		r = gate_revoke(fence->gate, revocation_generation(revocation));
	if (r < 0) {
		log_error("what is executed cannot be refused ('mode: enforce'): %s",
			  gate_obstacle(r));
		fence_free(fence);
		return r;
	}
	*ret_fence = fence;
	return 0;
}

int fence_new_of(struct gate *gate, struct gate_container *container, struct fence **ret_fence)
{
	struct fence *fence = make();

	if (!fence)
		return -ENOMEM;
	fence->gate = gate;
	fence->is_gate_shared = true;
	fence->container = container;
	*ret_fence = fence;
	return 0;
}

static void release(struct fence *fence)
{
	pthread_mutex_destroy(&fence->lock);
	free(fence);
}

void fence_free(struct fence *fence)
{
	if (!fence)
		return;
	gate_container_free(fence->container);
	if (!fence->is_gate_shared)
		gate_free(fence->gate);
	release(fence);
}

void fence_leave(struct fence *fence)
{
	if (!fence)
		return;
	gate_container_leave(fence->container);
	release(fence);
}

static unsigned int kind_of(enum integrity_func func)
{
	return func == FUNC_BPRM_CHECK ? GATE_EXECUTE : GATE_MAP;
}

/* What is only written into the log is held up by nothing. */
static unsigned int kinds_of(const struct integrity *integrity)
{
	unsigned int kinds = 0;

	for (size_t i = 0; i < integrity->rule_count; i++)
		if (!integrity->rules[i].is_dont && integrity->rules[i].kind != KIND_AUDIT)
			kinds |= kind_of(integrity->rules[i].func);
	return kinds;
}

static const struct {
	unsigned int conditions, asked;
} questions[] = {
	{ IF_UID, GATE_ASKS_UID },
	{ IF_EUID, GATE_ASKS_EUID },
	{ IF_GID, GATE_ASKS_GID },
	{ IF_EGID, GATE_ASKS_EGID },
	{ IF_FOWNER | IF_FGROUP, GATE_ASKS_OWNER },
};

/* Nor does a line of the log make a difference between two tasks. */
unsigned int fence_asks(const struct integrity *integrity)
{
	unsigned int conditions = 0, asked = 0;

	for (size_t i = 0; i < integrity->rule_count; i++)
		if (integrity->rules[i].kind != KIND_AUDIT)
			conditions |= integrity->rules[i].conditions;
	for (size_t i = 0; i < COUNT_OF(questions); i++)
		if (conditions & questions[i].conditions)
			asked |= questions[i].asked;
	return asked;
}

int fence_enter(struct fence *fence, const struct integrity *integrity)
{
	return gate_container_enter(fence->container, kinds_of(integrity), fence_asks(integrity));
}

bool fence_surrounds(const struct fence *fence, uint64_t userns)
{
	return fence->container && gate_container_number(fence->container) == userns;
}

int fence_close(struct fence *fence, int userns, const struct integrity *integrity)
{
	return gate_container_new(fence->gate, userns, kinds_of(integrity), fence_asks(integrity),
				  &fence->container);
}

unsigned int fence_binds(unsigned int depends)
{
	return (depends & DEPENDS_ON_SUBJECT ? GATE_TO_SUBJECT : 0) |
	       (depends & (DEPENDS_ON_OWNER | DEPENDS_ON_GROUP) ? GATE_TO_OWNER : 0);
}

bool fence_version_lasts(const struct gate_version *before, int answer,
			 const struct gate_version *now)
{
	return (answer == GATE_SETTLED || answer == GATE_CHANGING) && now->number == before->number;
}

static int allow(struct fence *fence, const struct gate_case *about, unsigned int kind)
{
	pthread_mutex_lock(&fence->lock);
	unsigned int before = gate_container_allowed(fence->container, about);
	unsigned int kinds = before | kind;
	int r = kinds == before ? 0 : gate_container_allow(fence->container, about, kinds);

	pthread_mutex_unlock(&fence->lock);
	return r;
}

/*
 * A judgement during which the generation was one is by the keys of that one. If it becomes another after this look, the
 * verdict is still one of the generation that it names, which does not count any more.
 */
int fence_allow(struct fence *fence, const struct gate_case *about, enum integrity_func func,
		struct revocation *revocation)
{
	return revocation_generation(revocation) == about->generation ?
		       allow(fence, about, kind_of(func)) :
		       -EAGAIN;
}

void fence_fds(const struct fence *fence, int *ret_fds)
{
	for (size_t i = 0; i < FENCE_FDS; i++)
		ret_fds[i] = -1;
	if (!fence)
		return;
	size_t count = gate_descriptors(fence->gate, ret_fds);

	if (fence->container)
		gate_container_descriptors(fence->container, ret_fds + count);
}

uint64_t fence_refusals(const struct fence *fence)
{
	return fence && fence->container ? gate_container_refusals(fence->container) : 0;
}

void fence_report(const struct fence *fence, const char *label)
{
	uint64_t count = fence_refusals(fence);

	if (count > 0)
		log_warning(
			"%sthe gate has refused %llu times what was not judged before it: a file that had changed "
			"since, or took another's place; mprotect(2) of a mapping; an interpreter of binfmt_misc",
			label, (unsigned long long)count);
}
