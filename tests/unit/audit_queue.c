/* SPDX-License-Identifier: Apache-2.0 */
/* Records that wait: how many can, whose, and what a process that has died leaves to the next one. */
#include "base/audit_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/share.h"
#include "base/syscalls.h"

static struct audit_queue *queue;
static struct audit_taken taken;
static char path[AUDIT_PATH_MAX];

static void begin(void)
{
	cr_assert_eq(audit_queue_new(&queue), 0);
	memset(path, 'x', sizeof(path));
}

static void end(void)
{
	audit_queue_free(queue);
}

TestSuite(audit_queue, .init = begin, .fini = end);

/* Of @holder, a container of @owner. */
static bool put(const void *holder, uint32_t owner, size_t length)
{
	struct audit_record record = {
		.holder = holder,
		.owner = owner,
		.kind = &syscall_kinds[0],
		.inode = length,
		.request = 1000 + length,
	};

	record.texts[AUDIT_PATH] = (struct audit_bytes){ path, length };
	record.texts[AUDIT_NAME] = (struct audit_bytes){ "security.demo", 13 };
	return audit_queue_put(queue, &record);
}

static size_t put_many(const void *holder, uint32_t owner, size_t length)
{
	size_t count = 0;

	while (put(holder, owner, length))
		count++;
	return count;
}

static struct audit_counts counts(void)
{
	struct audit_counts now;

	audit_queue_count(queue, &now);
	return now;
}

Test(audit_queue, hands_out_what_was_put_in_its_order)
{
	cr_expect_not(audit_queue_look(queue, &taken));
	for (size_t i = 0; i < 5; i++)
		cr_assert(put(&queue, 0, i * 900));
	for (size_t i = 0; i < 5; i++) {
		cr_assert(audit_queue_look(queue, &taken));
		cr_expect_eq(taken.record.number, i + 1);
		cr_expect_eq(taken.record.inode, i * 900);
		cr_expect_eq(taken.record.texts[AUDIT_PATH].length, i * 900);
		cr_expect_arr_eq(taken.record.texts[AUDIT_PATH].bytes, path, i * 900);
		cr_expect_arr_eq(taken.record.texts[AUDIT_NAME].bytes, "security.demo", 13);
		cr_expect_null(taken.record.texts[AUDIT_STORED].bytes);
		audit_queue_drop(queue, &taken, i != 3);
	}
	cr_expect_not(audit_queue_look(queue, &taken));
	cr_expect_eq(counts().written, 4);
	cr_expect_eq(counts().lost, 1);
	cr_expect_eq(counts().waiting, 0);
}

/* Each byte of the ring is at its end once. */
Test(audit_queue, goes_on_at_its_beginning)
{
	for (size_t i = 0; i < 20000; i++) {
		size_t length = i * 7919 % sizeof(path);

		cr_assert(put(&queue, 1000, length));
		cr_assert(audit_queue_look(queue, &taken));
		cr_assert_eq(taken.record.inode, length);
		cr_assert_arr_eq(taken.record.texts[AUDIT_PATH].bytes, path, length);
		cr_assert_arr_eq(taken.record.texts[AUDIT_NAME].bytes, "security.demo", 13);
		audit_queue_drop(queue, &taken, true);
	}
	cr_expect_eq(counts().written, 20000);
}

Test(audit_queue, counts_what_has_no_room)
{
	size_t count = put_many(&queue, 0, sizeof(path));

	cr_expect_gt(count, 50);
	cr_expect_eq(counts().lost, 1);
	cr_expect_not(put(&queue, 0, sizeof(path)));
	cr_expect_eq(counts().lost, 2);
	cr_expect_eq(counts().waiting, count);
	cr_assert(audit_queue_look(queue, &taken));
	audit_queue_drop(queue, &taken, true);
	cr_assert(put(&queue, 0, sizeof(path)));
	for (size_t i = 1; audit_queue_look(queue, &taken); i++) {
		/* Those that are lost have left a gap. */
		cr_expect_eq(taken.record.number, i < count ? i + 1 : count + 3);
		audit_queue_drop(queue, &taken, true);
	}
}

Test(audit_queue, keeps_room_for_other_containers)
{
	char container, other;
	size_t count = put_many(&container, 0, 10);

	cr_expect_gt(put_many(&other, 0, 10), count / 3);
}

Test(audit_queue, keeps_room_for_root)
{
	char containers[64];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(containers); i++)
		count += put_many(&containers[i], 1000 + (uint32_t)i, 10);
	cr_expect_gt(count, 100);
	cr_expect_gt(put_many(&queue, 0, 10), 100);
}

/* It is looked at again, with its number. */
Test(audit_queue, outlives_a_process_that_looks)
{
	cr_assert(put(&queue, 0, 100));
	pid_t child = fork();

	if (child == 0) {
		(void)audit_queue_look(queue, &taken);
		put(&queue, 0, 200);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	audit_queue_begin(queue);
	cr_assert(audit_queue_look(queue, &taken));
	cr_expect_eq(taken.record.number, 1);
	audit_queue_drop(queue, &taken, true);
	cr_assert(audit_queue_look(queue, &taken));
	cr_expect_eq(taken.record.number, 2);
	cr_expect_eq(taken.record.inode, 200);
	audit_queue_drop(queue, &taken, true);
	cr_expect(put(&queue, 0, 300));
}

/* What the dead one had is counted for its container again. */
Test(audit_queue, remembers_shares_when_another_process_begins)
{
	char container, other;
	size_t count = put_many(&container, 1000, 10);

	audit_queue_begin(queue);
	cr_expect_not(put(&container, 1000, 10));
	cr_expect(put(&other, 1001, 10));
	while (audit_queue_look(queue, &taken))
		audit_queue_drop(queue, &taken, true);
	cr_expect_eq(put_many(&container, 1000, 10), count);
}

/* It may not have noted anywhere else that the record is there. */
Test(audit_queue, knows_which_record_a_process_has_put_last)
{
	cr_expect_not(audit_queue_was_last(queue, 0));
	audit_queue_begin(queue);
	cr_expect_not(audit_queue_was_last(queue, 0));
	cr_assert(put(&queue, 0, 1));
	cr_assert(put(&queue, 0, 2));
	while (audit_queue_look(queue, &taken))
		audit_queue_drop(queue, &taken, true);
	audit_queue_begin(queue);
	cr_expect(audit_queue_was_last(queue, 1002));
	cr_expect_not(audit_queue_was_last(queue, 1001));
	cr_assert(put(&queue, 0, 3));
	cr_expect(audit_queue_was_last(queue, 1002));
	audit_queue_begin(queue);
	cr_expect(audit_queue_was_last(queue, 1003));
	cr_expect_not(audit_queue_was_last(queue, 1002));
}

/* The change may follow in the next process. */
Test(audit_queue, forgets_a_record_of_a_failure)
{
	struct audit_record record = { .kind = &syscall_kinds[0], .request = 7, .error = 5 };

	cr_assert(put(&queue, 0, 1));
	cr_assert(audit_queue_put(queue, &record));
	audit_queue_begin(queue);
	cr_expect_not(audit_queue_was_last(queue, 7));
	cr_expect_not(audit_queue_was_last(queue, 1001));
}

Test(audit_queue, keeps_room_for_a_long_record_of_one_that_has_none)
{
	char containers[5], other;

	for (size_t i = 0; i < sizeof(containers); i++)
		(void)put_many(&containers[i], 0, 10);
	cr_expect(put(&other, 0, sizeof(path)));
}

/* A record may be of a kind, or a reason, that the printer does not know. */
Test(audit_queue, ends_where_a_record_is_not_sound)
{
	struct audit_record record = { .request = 7 };

	cr_assert(put(&queue, 0, 100));
	cr_assert(audit_queue_put(queue, &record));
	cr_assert(put(&queue, 0, 200));
	audit_queue_begin(queue);
	cr_expect_eq(counts().waiting, 1);
	cr_expect_eq(counts().lost, 2);
	cr_assert(audit_queue_look(queue, &taken));
	cr_expect_eq(taken.record.inode, 100);
	audit_queue_drop(queue, &taken, true);
	cr_expect_not(audit_queue_look(queue, &taken));
	cr_expect_eq(counts().written, 1);
}

/* Each word of the first ones, and of the counters in front of them, is another one at some time. */
Test(audit_queue, outlives_a_process_that_scribbles)
{
	static const uint64_t words[] = { 0, 1, 5000, UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; i < 600 * 5; i++) {
		struct audit_queue *scribbled;
		size_t count = 0;

		cr_assert_eq(audit_queue_new(&scribbled), 0);
		audit_queue_free(queue);
		queue = scribbled;
		cr_assert(put(&queue, 0, 100));
		cr_assert(put(&queue, 1000, 200));
		((uint64_t *)queue)[i / 5] = words[i % 5];
		audit_queue_begin(queue);
		while (audit_queue_look(queue, &taken)) {
			cr_assert_leq(++count, 2);
			audit_queue_drop(queue, &taken, true);
		}
	}
}
