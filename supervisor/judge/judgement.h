/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_JUDGEMENT_H
#define NSXATTR_JUDGE_JUDGEMENT_H

/*
 * Judging what a container executes, by the rules and keys of its policy (include/integrity.h): from the notification
 * of the call to the answer, which is the kernel's own. The lists of judge/stages.h are the way of it.
 *
 * A server judges the calls that it has received. What takes long, reading a whole file, one thread of a container does
 * at a time; the others that come so far wait, and none of them has the turn to receive.
 */

#include <stdbool.h>

#include "access.h"

struct client;
struct judge;
struct reception;
struct workspace;

/** judgement_is_due() - is this the notification of a call that a judge judges? */
bool judgement_is_due(const struct reception *reception);

/**
 * judgement_run() - judge one call
 * @judge: of the client's container
 * @workspace: of this thread
 * @client: whose call it is
 * @reception: the notification
 *
 * Return: the outcome, which is that the kernel answers.
 */
struct outcome judgement_run(struct judge *judge, struct workspace *workspace,
			     struct client *client, struct reception *reception);

#endif
