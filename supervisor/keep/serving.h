/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SERVING_H
#define NSXATTR_KEEP_SERVING_H

/*
 * What a server does with a request of its shard: it receives it, walks it, answers. A request of a batch (keep/batch.h)
 * is set aside in between, and a server, this one or another, goes on with it.
 */

#include <stdbool.h>

struct outcome;
struct reception;
struct server;
struct shard;

/** serving_may_receive() - may this server receive? The one that comes free takes a turn that no server has. */
bool serving_may_receive(struct server *server, struct shard *shard);

/** serving_pass_turn() - its request will wait: let the next one be received meanwhile */
void serving_pass_turn(struct server *server, struct shard *shard);

/** serving_receive() - Return: as source_calls.receive(). */
int serving_receive(struct server *server, struct shard *shard);

/** serving_is_judged() - is it a call that the judge of the container judges (judge/judgement.h)? */
bool serving_is_judged(const struct shard *shard, const struct reception *reception);

/** serving_walk_to_end() - walk what it has received to its end, and answer. Return: as source_calls.answer(). */
int serving_walk_to_end(struct server *server, struct shard *shard);

/** serving_was_disturbed() - did a call fail because the server was recalled too late? Then the request is walked again. */
bool serving_was_disturbed(struct server *server, const struct outcome *outcome);

/** serving_begin() - it walks what it has received. Return: how many others walk a request. */
unsigned int serving_begin(struct server *server, struct shard *shard);

/** serving_go_on() - the same for one that was received before */
unsigned int serving_go_on(struct server *server, struct shard *shard, struct reception *reception);

/** serving_set_aside() - it walks none any more, and has not answered */
void serving_set_aside(struct server *server, struct shard *shard);

/** serving_answer() - answer what it has walked. Return: as source_calls.answer(). */
int serving_answer(struct server *server, struct shard *shard, struct reception *reception,
		   const struct outcome *outcome);

#endif
