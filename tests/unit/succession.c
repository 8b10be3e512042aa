/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/succession.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/service.h"
#include "keep/journal.h"

#define HANDED_MAX 16

/* What the old program has, by numbers that mean nothing here, and what of it was handed over. */
static struct journal *old, *new;
static struct service_fd handed_fds[HANDED_MAX];
static char names[HANDED_MAX][SUCCESSION_NAME_SIZE];
static struct service_fds handed;
static struct succession succession;

static void begin(void)
{
	cr_assert_eq(journal_new(&old), 0);
	cr_assert_eq(journal_new(&new), 0);
	handed = (struct service_fds){ .fds = handed_fds };
}

/* Descriptors are closed by the test itself: it is looked at what it leaves open. */
static void finish(void)
{
	for (const struct entry *entry = NULL; (entry = journal_next_entry(new, entry));)
		close(entry->fd);
	for (size_t i = 0; i < handed.count; i++)
		fd_close(&handed_fds[i].fd);
	journal_free(old);
	journal_free(new);
}

TestSuite(succession, .init = begin);

static int hand_over(const char *name)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && handed.count < HANDED_MAX);
	snprintf(names[handed.count], SUCCESSION_NAME_SIZE, "%s", name);
	handed_fds[handed.count] = (struct service_fd){ fd, names[handed.count] };
	handed.count++;
	return fd;
}

static const struct entry *keep(int fd, enum entry_kind kind, const void *record, size_t size)
{
	cr_assert_eq(journal_keep(old, fd, kind, record, size, NULL), 0);
	return journal_find(old, fd);
}

static int hand_over_entry(const struct entry *entry)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, entry->serial);
	return hand_over(name);
}

static void hand_over_journal(void)
{
	int fd = hand_over("journal-0");

	cr_assert_eq(dup3(journal_fd(old), fd, O_CLOEXEC), fd);
}

static struct slot *old_request(size_t index, uint64_t id, int source)
{
	struct slot *slot = journal_slot(old, index);

	slot->source = source;
	slot->listener = source;
	effect_clear(&slot->effect);
	slot->notification.id = id;
	return slot;
}

static int import(void)
{
	return succession_import(new, &handed, false, &succession);
}

/* ---- what is kept ---- */

Test(succession, without_a_predecessor_is_nothing)
{
	cr_assert_eq(import(), 0);
	cr_expect_null(succession.head);
	cr_expect(succession_claim(&succession));
	cr_expect_null(journal_next_entry(new, NULL));
	finish();
}

Test(succession, keeps_what_was_handed_over_under_its_serial)
{
	(void)keep(500, ENTRY_OWN, NULL, 0);
	const struct entry *source = keep(501, ENTRY_SOURCE, "whose", 6);
	const struct entry *policy = keep(502, ENTRY_POLICY, "name", 5);

	(void)keep(503, ENTRY_SOURCE, "lost", 5);
	int policy_fd = hand_over_entry(policy), source_fd = hand_over_entry(source);

	hand_over_journal();
	cr_assert_eq(import(), 0);
	const struct entry *first = journal_next_entry(new, NULL);
	const struct entry *second = journal_next_entry(new, first);

	cr_assert(first && second);
	cr_expect_null(journal_next_entry(new, second));
	cr_expect_eq(first->fd, source_fd);
	cr_expect_eq(first->serial, source->serial);
	cr_expect_str_eq(first->record, "whose");
	cr_expect_eq(second->fd, policy_fd);
	cr_expect_eq(atomic_load(&second->kind), ENTRY_POLICY);
	/* Serials go on where they were. */
	uint64_t serial;

	cr_assert_eq(journal_keep(new, open("/dev/null", O_RDONLY | O_CLOEXEC), ENTRY_SOURCE, NULL,
				  0, &serial),
		     0);
	cr_expect_eq(serial, 5);
	cr_expect_eq(journal_head(new)->generation, 1);
	finish();
}

/* By a program that lives; what the journal itself says afterwards does not count. */
Test(succession, claims_a_copy)
{
	struct journal *copy = NULL;
	const struct entry *source = keep(501, ENTRY_SOURCE, "whose", 6);

	(void)hand_over_entry(source);
	cr_assert_eq(journal_copy(old, &copy), 0);
	int fd = hand_over("journal-0");

	cr_assert_eq(dup3(journal_fd(copy), fd, O_CLOEXEC), fd);
	journal_forget(old, 501);
	cr_assert_eq(succession_import(new, &handed, true, &succession), 0);
	cr_expect_geq(succession.copy, 0);
	cr_expect_not_null(journal_find(new, fd), "the next worker can claim it, too");
	cr_expect(succession_claim(&succession));
	cr_expect(succession_claim(&succession));
	succession_finish(&succession);
	cr_expect_null(journal_find(new, fd));
	cr_expect_lt(fcntl(fd, F_GETFD), 0, "it is closed");
	cr_expect_lt(succession.copy, 0);
	cr_expect(succession_claim(&succession), "it was claimed");
	journal_free(copy);
	finish();
}

Test(succession, does_not_close_what_has_the_number_of_the_copy_by_now)
{
	struct journal *copy = NULL;

	cr_assert_eq(journal_copy(old, &copy), 0);
	int fd = hand_over("journal-0");

	cr_assert_eq(dup3(journal_fd(copy), fd, O_CLOEXEC), fd);
	cr_assert_eq(import(), 0);
	journal_forget(new, fd);
	(void)journal_keep(new, fd, ENTRY_SOURCE, NULL, 0, NULL);
	succession_finish(&succession);
	cr_expect_not_null(journal_find(new, fd));
	journal_free(copy);
	finish();
}

Test(succession, takes_the_newest_journal)
{
	struct journal *newest;

	cr_assert_eq(journal_new(&newest), 0);
	journal_head(newest)->generation = 10;
	hand_over_journal();
	int fd = hand_over("journal-10");

	cr_assert_eq(dup3(journal_fd(newest), fd, O_CLOEXEC), fd);
	cr_assert_eq(import(), 0);
	cr_expect_eq(journal_head(new)->generation, 11);
	journal_free(newest);
	finish();
}

/* ---- what is no journal ---- */

static void expect_no_journal(void)
{
	(void)keep(501, ENTRY_SOURCE, NULL, 0);
	(void)journal_slot(old, 0);
	hand_over_journal();
	cr_expect_eq(import(), -EBADMSG);
	cr_expect_null(succession.head);
}

Test(succession, refuses_another_file)
{
	(void)hand_over("journal-0");
	cr_expect_eq(import(), -EBADMSG);
	finish();
}

Test(succession, refuses_a_journal_without_its_first_word)
{
	journal_head(old)->magic[0] = 'N';
	expect_no_journal();
	finish();
}

Test(succession, refuses_entries_beyond_its_end)
{
	journal_head(old)->entries_offset = 1ULL << 40;
	expect_no_journal();
	finish();
}

Test(succession, refuses_more_entries_than_it_has_room_for)
{
	(void)keep(500, ENTRY_SOURCE, NULL, 0);
	atomic_store(&journal_head(old)->entry_count, UINT64_MAX / 2);
	hand_over_journal();
	cr_expect_eq(import(), -EBADMSG);
	finish();
}

Test(succession, refuses_slots_without_a_size)
{
	journal_head(old)->slot_size = 0;
	expect_no_journal();
	finish();
}

/* It could change what was checked, while that is read. */
Test(succession, takes_nothing_of_a_program_that_lives_but_by_a_copy)
{
	cr_expect_eq(succession_import(new, &handed, true, &succession), -EPROTO);
	(void)hand_over_entry(keep(501, ENTRY_SOURCE, NULL, 0));
	hand_over_journal();
	cr_expect_eq(succession_import(new, &handed, true, &succession), -EPROTO);
	cr_expect_null(succession.head);
	cr_expect_null(journal_next_entry(new, NULL));
	finish();
}

/* ---- requests in hand ---- */

Test(succession, translates_a_request)
{
	const struct entry *source = keep(501, ENTRY_SOURCE, NULL, 0);
	struct slot *begun, left;
	size_t index = 0;

	(void)old_request(0, 0, 501);
	(void)old_request(1, 77, 501);
	begun = old_request(2, 78, 501);
	begun->listener = 600;
	atomic_store(&begun->effect.fd, 601);
	atomic_store(&begun->effect.step, EFFECT_BEGUN);
	(void)old_request(3, 79, 999);
	int fd = hand_over_entry(source);
	int inode = hand_over("inode-2"), listener = hand_over("listener-2");

	hand_over_journal();
	cr_assert_eq(import(), 0);
	cr_assert(succession_next_request(&succession, &index, &left));
	cr_expect_eq(left.notification.id, 77);
	cr_expect_eq(left.source, fd);
	cr_expect_eq(left.listener, fd);
	index++;
	cr_assert(succession_next_request(&succession, &index, &left));
	cr_expect_eq(left.notification.id, 78);
	cr_expect_eq(left.listener, listener);
	cr_expect_eq(atomic_load(&left.effect.fd), inode);
	index++;
	cr_expect_not(succession_next_request(&succession, &index, &left), "its source is gone");
	close(inode);
	close(listener);
	finish();
}

Test(succession, knows_what_has_no_inode_any_more)
{
	const struct entry *source = keep(501, ENTRY_SOURCE, NULL, 0);
	struct slot *begun = old_request(0, 78, 501), left;
	size_t index = 0;

	atomic_store(&begun->effect.fd, 601);
	atomic_store(&begun->effect.step, EFFECT_BEGUN);
	(void)hand_over_entry(source);
	hand_over_journal();
	cr_assert_eq(import(), 0);
	cr_assert(succession_next_request(&succession, &index, &left));
	cr_expect_eq(atomic_load(&left.effect.fd), -1);
	finish();
}

Test(succession, leaves_out_what_is_in_our_journal_already)
{
	const struct entry *source = keep(501, ENTRY_SOURCE, NULL, 0);
	struct slot left;
	size_t index = 0;

	(void)old_request(0, 77, 501);
	journal_slot(new, 4)->notification.id = 77;
	(void)hand_over_entry(source);
	hand_over_journal();
	cr_assert_eq(import(), 0);
	cr_expect_not(succession_next_request(&succession, &index, &left));
	finish();
}

Test(succession, does_not_guess_at_another_format)
{
	const struct entry *source = keep(501, ENTRY_SOURCE, NULL, 0);
	struct slot left;
	size_t index = 0;

	(void)old_request(0, 77, 501);
	journal_head(old)->format++;
	(void)hand_over_entry(source);
	hand_over_journal();
	cr_assert_eq(import(), 0);
	cr_expect_not_null(journal_next_entry(new, NULL), "the source is served all the same");
	cr_expect_not(succession_next_request(&succession, &index, &left));
	finish();
}

/* ---- handing on ---- */

static int note(void *place, const char *name, int fd)
{
	char *text = place;

	snprintf(text + strlen(text), 512 - strlen(text), "%s=%d ", name,
		 fd == journal_fd(old) ? 0 : fd);
	return 0;
}

Test(succession, lists_all_that_a_successor_needs)
{
	char text[512] = "";

	(void)keep(500, ENTRY_OWN, NULL, 0);
	(void)keep(501, ENTRY_SOURCE, NULL, 0);
	(void)keep(502, ENTRY_CONNECTION, NULL, 0);
	(void)old_request(0, 77, 501);
	struct slot *begun = old_request(1, 78, 501);

	begun->listener = 600;
	atomic_store(&begun->effect.fd, 601);
	atomic_store(&begun->effect.step, EFFECT_BEGUN);
	cr_assert_eq(succession_list(old, note, text), 0);
	cr_expect_str_eq(text, "journal-0=0 kept-2=501 kept-3=502 listener-1=600 inode-1=601 ");
	finish();
}
