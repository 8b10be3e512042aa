/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_KEEP_SUCCESSION_H
#define NSXATTR_KEEP_SUCCESSION_H

/*
 * What one program leaves to the next: its journal, and descriptors under names that say which entry or slot of the
 * journal they belong to.
 *
 *	journal-GENERATION	the journal; of several the highest, which was whole when it was left
 *	kept-SERIAL		of an entry (the word in names of the store): a source, a
 *				connection, a policy, a measurement list, a gate, what has to pass
 *				it, or the keys that are revoked
 *	inode-SLOT		of a change that may be made
 *	listener-SLOT		of a request in hand that did not come from a listener of ours
 *
 * They come from a program that lives (daemon/handover.h), all of them, or from the store of a service
 * manager, which has no inodes and listeners of requests: then the program has died in the middle of them.
 *
 *	the one that ends	in the slot		what its successor does
 *	in this format		as in keep/journal.h	the same; a change that may be made, without
 *							its inode, is made (again), and one that
 *							fails because of itself was made before
 *	in another format	an id			answers EIO: it cannot know how far the request had come
 *
 * From a program that lives the journal is a copy, and which of the two serves is decided by a claim
 * (keep/offer.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct journal_head;
struct service_fds;
struct slot;

/* With its NUL. */
#define SUCCESSION_NAME_SIZE 32

/** succession_name_journal() - what a journal of this generation is called */
void succession_name_journal(char name[SUCCESSION_NAME_SIZE], uint64_t generation);

/** succession_name_entry() - what the descriptor of an entry is called */
void succession_name_entry(char name[SUCCESSION_NAME_SIZE], uint64_t serial);

/** succession_is_entry() - is it such a name? */
bool succession_is_entry(const char *name);

/** succession_visitor - what is called for each descriptor. Return: 0; -errno ends it. */
typedef int succession_visitor(void *place, const char *name, int fd);

/** succession_list() - all that a successor needs. Return: 0; what a visitor returns. */
int succession_list(struct journal *journal, succession_visitor *visit, void *place);

/** struct succession - the journal that another program has left, and where its descriptors are now */
struct succession {
	struct journal_head *head; /* NULL: no program has left one */
	size_t size;
	int copy; /* by which it is claimed; -1: the program that has left it has ended */
	uint64_t copy_serial; /* in our journal, which keeps it */
	struct journal *journal; /* ours */
};

/**
 * succession_import() - have what was left in our journal
 * @journal: ours, with entries that are ENTRY_OWN only
 * @left: the descriptors that another program has left: sorted by name, and those that have entries taken out
 * @is_living: that program lives: nothing is read but a copy of its journal that can be claimed, and that no process
 *             can change
 * @ret_succession: requests in hand stay there until succession_next_request(); it lives as long
 *                  as the process
 *
 * Nothing of the old journal is changed.
 *
 * Return: 0, also when a program that has ended has left nothing; -ENOSPC; -EBADMSG for what is no journal; -EPROTO
 * for no copy; -errno.
 */
int succession_import(struct journal *journal, struct service_fds *left, bool is_living,
		      struct succession *ret_succession);

/** succession_claim() - the last moment to let go of it. Return: whether it is ours to serve. */
bool succession_claim(const struct succession *succession);

/** succession_finish() - all of it is in our journal: no worker has to claim it any more */
void succession_finish(struct succession *succession);

/**
 * succession_next_request() - a request that the old program had in hand; it stays in the old journal as well
 * @index: where to look first; then the place of what was found
 * @ret_slot: it, with our descriptors
 *
 * What is in another format is answered; what has no source any more, or is in our journal already, is left
 * out. To be called when the old program has ended.
 *
 * Return: whether there was one.
 */
bool succession_next_request(struct succession *succession, size_t *index, struct slot *ret_slot);

#endif
