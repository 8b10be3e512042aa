/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a journal, which other versions of the program read. Where an assertion fails, a member has
 * moved, grown or shrunk: of a slot or an effect, JOURNAL_FORMAT gets another number; of a head or an entry, the
 * change is wrong, for these only grow at the end.
 */
#include "keep/journal.h"

#define PINNED(type, member, offset, size)                               \
	_Static_assert(offsetof(type, member) == (offset) &&             \
			       sizeof(((type *)NULL)->member) == (size), \
		       #type " has " #member " elsewhere than other versions")

PINNED(struct journal_head, magic, 0, 8);
PINNED(struct journal_head, format, 8, 4);
PINNED(struct journal_head, notification_size, 12, 4);
PINNED(struct journal_head, entries_offset, 16, 8);
PINNED(struct journal_head, entry_size, 24, 8);
PINNED(struct journal_head, slots_offset, 32, 8);
PINNED(struct journal_head, slot_size, 40, 8);
PINNED(struct journal_head, entry_count, 48, 8);
PINNED(struct journal_head, slot_count, 56, 8);
PINNED(struct journal_head, serial, 64, 8);
PINNED(struct journal_head, reserved, 72, 8);
PINNED(struct journal_head, deaths, 80, 8);
PINNED(struct journal_head, generation, 88, 8);
_Static_assert(sizeof(struct journal_head) == 96, "a head of the first version");

PINNED(struct entry, kind, 0, 4);
PINNED(struct entry, fd, 4, 4);
PINNED(struct entry, serial, 8, 8);
PINNED(struct entry, record_size, 16, 4);
PINNED(struct entry, record, 20, 512);
_Static_assert(sizeof(struct entry) == 536, "an entry of the first version");

_Static_assert(JOURNAL_FORMAT == 4, "what follows is this format");

/* These two in any format. */
PINNED(struct slot, notification, 0, sizeof(struct seccomp_notif));
PINNED(struct slot, source, sizeof(struct seccomp_notif), 4);

_Static_assert(sizeof(struct seccomp_notif) == 80, "a notification of this format");
PINNED(struct slot, listener, 84, 4);
PINNED(struct slot, effect, 88, 320);
PINNED(struct slot, received_at, 408, 8);
PINNED(struct slot, is_answered, 416, 1);
_Static_assert(sizeof(struct slot) == 424, "a slot of this format");

PINNED(struct effect, step, 0, 4);
PINNED(struct effect, fd, 4, 4);
PINNED(struct effect, performer, 8, 4);
PINNED(struct effect, is_opened, 12, 1);
PINNED(struct effect, is_create, 13, 1);
PINNED(struct effect, has_existed, 14, 1);
PINNED(struct effect, is_kernels, 15, 1);
PINNED(struct effect, operation, 16, 4);
PINNED(struct effect, device, 24, 8);
PINNED(struct effect, inode, 32, 8);
PINNED(struct effect, length, 40, 8);
PINNED(struct effect, digest, 48, 8);
PINNED(struct effect, name, 56, 256);
PINNED(struct effect, excused, 312, 4);
PINNED(struct effect, audited, 316, 4);
_Static_assert(sizeof(struct effect) == 320, "an effect of this format");

_Static_assert(EFFECT_NONE == 0 && EFFECT_BEGUN == 1 && EFFECT_MADE == 2 && OPERATION_SET == 0 &&
		       OPERATION_REMOVE == 3,
	       "the numbers of this format");
