/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_OFFER_H
#define NSXATTR_KEEP_OFFER_H

/*
 * Two programs have the same sources for a moment: the old one, and its successor. Which of the two serves is
 * decided once, whatever becomes of either.
 *
 *	who		does			what then
 *	the old one	offer_make()		no request in hand begins a change; a copy of the journal for
 *						the successor, which no process can write into
 *	the successor	offer_claim()		it serves, unless the old one has taken the offer back
 *	the old one,	offer_take_back()	it goes on, unless the successor has claimed; the successor is
 *	or its next				killed, for the kernel takes no listener from it
 *	worker
 *
 * The two share no memory. The claim is a seal of the copy (F_ADD_SEALS of fcntl(2)): the program that comes first
 * adds F_SEAL_SEAL, after which no process can add another; with it the old one adds F_SEAL_FUTURE_WRITE, the
 * successor does not. No process can undo that, and each can see which program it was, any number of times.
 */

#include <stdbool.h>

struct journal;

/* Milliseconds that a successor which has been killed may take to end. */
#define OFFER_FAREWELL 2000

/**
 * offer_make() - let another program claim the sources; to be called when nothing more is received
 * @successor: a pidfd of it, borrowed
 * @ret_copy: what it gets in place of the journal; journal_free() it
 *
 * Return: 0: offer_take_back() is to follow; -errno.
 */
int offer_make(struct journal *journal, int successor, struct journal **ret_copy);

/** offer_is_copy() - is it the descriptor of a copy that can be claimed? */
bool offer_is_copy(int fd);

/** offer_claim() - for the successor. @copy: the descriptor. Return: whether it serves. */
bool offer_claim(int copy);

/** offer_take_back() - for the old one; without an offer it succeeds. Return: whether it goes on. */
bool offer_take_back(struct journal *journal);

#endif
