/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/journal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct journal *new_journal(void)
{
	struct journal *journal = NULL;

	cr_assert_eq(journal_new(&journal), 0);
	return journal;
}

Test(journal, forgets_what_it_closes)
{
	struct journal *journal = new_journal();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), number = fd;

	cr_assert_eq(journal_keep_own(journal, fd), 0);
	journal_close(journal, &fd);
	cr_expect_eq(fd, -1);
	cr_expect(fcntl(number, F_GETFD) < 0);
	cr_expect_null(journal_find(journal, number));
	journal_free(journal);
}

Test(journal, keeps_and_forgets_descriptors)
{
	struct journal *journal = new_journal();

	cr_expect_null(journal_next_entry(journal, NULL));
	cr_assert_eq(journal_keep_own(journal, 30), 0);
	cr_assert_eq(journal_keep(journal, 31, ENTRY_SOURCE, "whose", 6, NULL), 0);
	const struct entry *first = journal_next_entry(journal, NULL);
	const struct entry *second = journal_next_entry(journal, first);

	cr_expect_eq(first->fd, 30);
	cr_expect_eq(second->fd, 31);
	cr_expect_str_eq(second->record, "whose");
	cr_expect_eq(second->record_size, 6);
	cr_expect_null(journal_next_entry(journal, second));
	journal_forget(journal, 30);
	cr_expect_null(journal_find(journal, 30));
	cr_expect_eq(journal_find(journal, 31)->fd, 31);
	/* What is free again is used again. */
	cr_assert_eq(journal_keep_own(journal, 32), 0);
	cr_expect_eq(journal_next_entry(journal, NULL)->fd, 32);
	journal_free(journal);
}

Test(journal, is_full_some_day)
{
	struct journal *journal = new_journal();

	for (int i = 0; i < JOURNAL_ENTRIES_MAX; i++)
		cr_assert_eq(journal_keep_own(journal, i), 0);
	cr_expect_eq(journal_keep_own(journal, JOURNAL_ENTRIES_MAX), -ENOSPC);
	journal_forget(journal, 17);
	cr_expect_eq(journal_keep_own(journal, 17), 0);
	cr_expect_eq(journal_keep(journal, 1, ENTRY_SOURCE, "", JOURNAL_RECORD_SIZE + 1, NULL),
		     -E2BIG);
	journal_free(journal);
}

Test(journal, has_so_many_slots)
{
	struct journal *journal = new_journal();

	cr_expect_eq(journal_slot_count(journal), 0);
	cr_expect_not_null(journal_slot(journal, 2));
	cr_expect_eq(journal_slot_count(journal), 3);
	cr_expect_not_null(journal_slot(journal, JOURNAL_SLOTS_MAX - 1));
	cr_expect_null(journal_slot(journal, JOURNAL_SLOTS_MAX));
	journal_free(journal);
}

/* It is shared with the processes that come after. */
Test(journal, tells_the_keeper_what_became_of_a_worker)
{
	struct journal *journal = new_journal();
	int status = -1;

	cr_expect_eq(journal_status(journal), -EAGAIN);
	cr_expect_not(journal_is(journal, JOURNAL_SERVING));
	pid_t pid = fork();

	if (pid == 0) {
		journal_set(journal, JOURNAL_SERVING, true);
		journal_set(journal, JOURNAL_CLEAR, true);
		(void)journal_count_death(journal);
		journal_conclude(journal, 7);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(journal_status(journal), 7);
	cr_expect(journal_is(journal, JOURNAL_SERVING));
	cr_expect(journal_is(journal, JOURNAL_CLEAR));
	cr_expect_eq(journal_deaths(journal), 1);
	journal_free(journal);
}

Test(journal, says_what_it_is)
{
	struct journal *journal = new_journal();
	const struct journal_head *head = journal_head(journal);
	struct journal_head read_head;

	cr_expect_eq(memcmp(head->magic, JOURNAL_MAGIC, sizeof(head->magic)), 0);
	cr_expect_eq(head->format, JOURNAL_FORMAT);
	/* A program that has the descriptor has the journal. */
	cr_assert_eq(pread(journal_fd(journal), &read_head, sizeof(read_head), 0),
		     (ssize_t)sizeof(read_head));
	cr_expect_eq(read_head.format, head->format);
	cr_expect_eq(read_head.slots_offset, head->slots_offset);
	cr_expect_eq(ftruncate(journal_fd(journal), 0), -1, "it could be cut under us");
	journal_free(journal);
}

Test(journal, gives_each_entry_a_serial_of_its_own)
{
	struct journal *journal = new_journal();
	uint64_t first, same, next;

	cr_assert_eq(journal_keep(journal, 30, ENTRY_CONNECTION, NULL, 0, &first), 0);
	cr_assert_eq(journal_keep(journal, 30, ENTRY_SOURCE, "whose", 6, &same), 0);
	const struct entry *entry = journal_next_entry(journal, NULL);

	cr_expect_eq(same, first, "it is the same entry");
	cr_expect_eq(atomic_load(&entry->kind), ENTRY_SOURCE);
	cr_expect_str_eq(entry->record, "whose");
	cr_expect_null(journal_next_entry(journal, entry));
	journal_forget(journal, 30);
	cr_assert_eq(journal_keep(journal, 30, ENTRY_SOURCE, NULL, 0, &next), 0);
	cr_expect_gt(next, first);
	journal_free(journal);
}

Test(journal, is_copied_as_far_as_it_is_used)
{
	struct journal *journal = new_journal(), *copy = NULL;
	struct slot *slot = journal_slot(journal, 3);

	journal_head(journal)->generation = 5;
	(void)journal_keep(journal, 30, ENTRY_SOURCE, "whose", 6, NULL);
	slot->notification.id = 77;
	atomic_store(&slot->effect.step, EFFECT_BEGUN);
	cr_assert_eq(journal_copy(journal, &copy), 0);
	cr_expect_eq(journal_head(copy)->generation, 5);
	cr_expect_str_eq(journal_find(copy, 30)->record, "whose");
	cr_expect_eq(journal_slot_count(copy), 4);
	cr_expect_eq(journal_slot(copy, 3)->notification.id, 77);
	cr_expect_eq(atomic_load(&journal_slot(copy, 3)->effect.step), EFFECT_BEGUN);
	/* Neither changes the other. */
	slot->notification.id = 78;
	journal_slot(copy, 3)->notification.id = 79;
	cr_expect_eq(slot->notification.id, 78);
	journal_free(copy);
	journal_free(journal);
}

Test(journal, cannot_be_written_where_it_was_copied)
{
	struct journal *journal = new_journal(), *copy = NULL;

	cr_assert_eq(journal_copy(journal, &copy), 0);
	int fd = journal_fd(copy);

	cr_expect(pwrite(fd, "x", 1, 0) < 0 && errno == EPERM);
	cr_expect(ftruncate(fd, 1) < 0 && errno == EPERM);
	cr_expect_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	journal_free(copy);
	journal_free(journal);
}

Test(journal, can_be_memory_as_any_other)
{
	struct journal *journal = NULL;

	cr_assert_eq(journal_new_alone(&journal), 0);
	cr_expect_eq(journal_fd(journal), -1);
	cr_expect_eq(journal_keep_own(journal, 30), 0);
	pid_t pid = fork();

	if (pid == 0) {
		journal_conclude(journal, 1);
		_exit(0);
	}
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_lt(journal_status(journal), 0);
	journal_free(journal);
}

/* A process that has the memory can write anything into it. */
Test(journal, counts_in_it_lead_nowhere_else)
{
	struct journal *journal = new_journal();
	struct journal_head *head = journal_head(journal);

	atomic_store(&head->slot_count, UINT64_MAX);
	atomic_store(&head->entry_count, UINT64_MAX);
	cr_expect_eq(journal_slot_count(journal), JOURNAL_SLOTS_MAX);
	cr_expect_null(journal_slot(journal, JOURNAL_SLOTS_MAX));
	cr_expect_null(journal_next_entry(journal, NULL));
	cr_expect_eq(journal_keep_own(journal, 7), 0, "one that is free");
	journal_free(journal);
}
