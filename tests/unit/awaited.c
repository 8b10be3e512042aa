/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/awaited.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/attribute_call.h"
#include "exec/call_queue.h"
#include "exec/performer.h"

static struct call_queue *queue;
static struct awaited awaited;
static struct pinned inode;
static struct performer performer;

static void begin(void)
{
	char path[] = "/var/tmp/nsxattr-awaited.XXXXXX";
	_cleanup_fd_ int procfs = proc_open();
	int directory = -1;

	inode = (struct pinned){ .fd = mkostemp(path, O_CLOEXEC), .is_opened = true };
	cr_assert_geq(inode.fd, 0);
	unlink(path);
	cr_assert_eq(attribute_open_directory(procfs, &directory), 0);
	int r = call_queue_new(4, directory, &queue);

	if (r == -EPERM || r == -ENOSYS)
		cr_skip_test("io_uring is not available");
	cr_assert_eq(r, 0);
	if (fsetxattr(inode.fd, "user.there", "value", 5, 0) < 0)
		cr_skip_test("/var/tmp has no attributes");
	awaited_init(&awaited, queue);
	performer =
		(struct performer){ .inode = &inode, .directory = directory, .awaited = &awaited };
}

static void end(void)
{
	awaited.inode.fd = -1;
	awaited_done(&awaited);
	call_queue_free(queue);
	fd_close(&inode.fd);
	fd_close(&performer.directory);
}

TestSuite(awaited, .init = begin, .fini = end, .timeout = 30);

/* What a walk has asked for. Return: whether it was answered. */
static bool have_answered(void)
{
	struct pollfd pollfd = { .fd = call_queue_fd(queue), .events = POLLIN };
	struct call_answer answer;

	awaited.inode = inode;
	cr_assert_eq(awaited_enqueue(&awaited), 0);
	cr_assert_eq(call_queue_submit(queue), 0);
	cr_assert_eq(poll(&pollfd, 1, 10000), 1);
	cr_assert(call_queue_take(queue, &answer));
	cr_assert_eq(answer.place, &awaited);
	bool is_answer = awaited_take(&awaited, answer.result);

	awaited_begin_walk(&awaited);
	return is_answer;
}

Test(awaited, an_answer_is_at_hand_in_the_next_walk)
{
	char value[16] = "";

	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), -EINPROGRESS);
	cr_expect_eq(awaited.state, AWAITED_ANSWER);
	/* All that the walk asks for after that has no meaning. */
	cr_expect_eq(performer_get(&performer, "user.other", value, sizeof(value)), -EINPROGRESS);
	cr_assert(have_answered());
	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), 5);
	cr_expect_str_eq(value, "value");
	cr_expect_eq(awaited.state, AWAITED_NOTHING);
}

Test(awaited, one_get_after_another_is_asked_for)
{
	char value[16] = "";

	cr_expect_eq(performer_get(&performer, "user.none", value, sizeof(value)), -EINPROGRESS);
	cr_assert(have_answered());
	cr_expect_eq(performer_get(&performer, "user.none", value, sizeof(value)), -ENODATA);
	cr_expect_eq(performer_get(&performer, "user.there", NULL, 0), -EINPROGRESS);
	cr_assert(have_answered());
	cr_expect_eq(performer_get(&performer, "user.none", value, sizeof(value)), -ENODATA);
	cr_expect_eq(performer_get(&performer, "user.there", NULL, 0), 5);
}

Test(awaited, an_answer_is_that_of_its_name_and_size_only)
{
	char value[16] = "";

	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), -EINPROGRESS);
	cr_assert(have_answered());
	cr_expect_eq(performer_get(&performer, "user.other", value, sizeof(value)), -EINPROGRESS);
	cr_expect_eq(awaited.state, AWAITED_THREAD);
	awaited_go_on_alone(&awaited);
	awaited_begin_walk(&awaited);
	cr_expect_eq(performer_get(&performer, "user.there", value, 1), -ERANGE);
}

Test(awaited, what_a_queue_cannot_do_wants_a_thread)
{
	char list[64];

	cr_expect_eq(performer_list(&performer, list, sizeof(list)), -EINPROGRESS);
	cr_expect_eq(awaited.state, AWAITED_THREAD);
	awaited_go_on_alone(&awaited);
	awaited_begin_walk(&awaited);
	cr_expect_geq(performer_list(&performer, list, sizeof(list)),
		      (ssize_t)sizeof("user.there"));
}

Test(awaited, a_thread_goes_on_with_the_answers_that_there_are)
{
	char value[16] = "";

	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), -EINPROGRESS);
	cr_assert(have_answered());
	cr_assert_eq(fremovexattr(inode.fd, "user.there"), 0);
	awaited_go_on_alone(&awaited);
	awaited_begin_walk(&awaited);
	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), 5);
	cr_expect_eq(performer_get(&performer, "user.there", value, sizeof(value)), -ENODATA);
}

Test(awaited, what_was_cancelled_is_no_answer)
{
	cr_expect_eq(performer_get(&performer, "user.there", NULL, 0), -EINPROGRESS);
	cr_expect_not(awaited_take(&awaited, -ECANCELED));
	cr_expect_eq(awaited.state, AWAITED_THREAD);
	cr_expect_eq(awaited.answered, 0);
}
