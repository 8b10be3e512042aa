/* SPDX-License-Identifier: Apache-2.0 */
#include "base/errand.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "stubborn.h"

struct question {
	int kept;
	int closed;
};

/* Which descriptors are open in the child? */
static void look_at_descriptors(int channel, void *argument)
{
	const struct question *question = argument;
	bool answer[2] = { fcntl(question->kept, F_GETFD) >= 0,
			   fcntl(question->closed, F_GETFD) >= 0 };

	(void)send(channel, answer, sizeof(answer), MSG_NOSIGNAL);
}

static void check_descriptors(int (*start)(errand_body *body, void *argument, const int *keep,
					   size_t keep_count, struct errand *ret_errand),
			      bool has_all)
{
	struct question question = { dup(STDIN_FILENO), dup(STDIN_FILENO) };
	struct errand errand;
	bool answer[2];

	cr_assert_eq(start(look_at_descriptors, &question, &question.kept, 1, &errand), 0);
	cr_expect_eq(errand_receive(&errand, answer, sizeof(answer)), 0);
	cr_expect(answer[0], "what is to be kept is open");
	cr_expect_eq(answer[1], has_all, "and what is not, if it is ours");
	cr_expect_geq(fcntl(question.closed, F_GETFD), 0, "with us it stays open");
	errand_end(&errand);
	close(question.kept);
	close(question.closed);
}

Test(errand, has_no_descriptors_but_those_it_is_given)
{
	check_descriptors(errand_start, false);
}

Test(errand, that_is_brief_has_ours)
{
#ifdef __SANITIZE_THREAD__
	cr_skip_test("it has a copy of our memory with this sanitizer");
#endif
	check_descriptors(errand_start_brief, true);
}

static void answer_at_once(int channel, void *argument)
{
	(void)argument;
	(void)send(channel, "", 1, MSG_NOSIGNAL);
}

/* The file is a target's, or a peer's, and its server does not answer FLUSH. */
Test(errand, does_not_wait_for_a_file_system_that_it_has_nothing_to_do_with, .timeout = 60)
{
	struct stubborn_file file;
	struct errand errand;
	char byte;

#ifdef __SANITIZE_THREAD__
	cr_skip_test("a child does all itself with this sanitizer");
#endif
	if (stubborn_file_new(&file) < 0)
		cr_skip_test("FUSE cannot be mounted in a user namespace here");
	cr_assert_eq(errand_start_brief(answer_at_once, NULL, NULL, 0, &errand), 0);
	cr_expect_eq(errand_receive(&errand, &byte, 1), 0);
	errand_end(&errand);
	cr_assert_eq(errand_start(answer_at_once, NULL, NULL, 0, &errand), 0);
	cr_expect_eq(errand_receive(&errand, &byte, 1), 0);
	cr_expect_eq(read(file.flushes, &byte, 1), 1, "its copy is being closed all the while");
	errand_end(&errand);
	stubborn_file_relent(&file);
}

static void send_much(int channel, void *argument)
{
	char message[3] = { 1, 2, 3 };

	(void)argument;
	(void)send(channel, message, sizeof(message), MSG_NOSIGNAL);
}

Test(errand, answers_with_what_was_agreed)
{
	struct errand errand;
	char answer[2];

	cr_assert_eq(errand_start_brief(send_much, NULL, NULL, 0, &errand), 0);
	cr_expect_eq(errand_receive(&errand, answer, sizeof(answer)), -EPROTO);
	cr_expect_eq(errand_receive(&errand, answer, sizeof(answer)), -EPIPE, "there is no more");
	errand_end(&errand);
}

/* As the root of a namespace can do to a child that has entered it. */
static void be_stopped(int channel, void *argument)
{
	(void)channel;
	(void)argument;
	raise(SIGSTOP);
}

Test(errand, that_is_brief_and_stopped_does_not_hold_us_for_ever, .timeout = 60)
{
	uint64_t begin = clock_milliseconds();
	struct errand errand;
	char answer;

	cr_assert_eq(errand_start_brief(be_stopped, NULL, NULL, 0, &errand), 0);
	int r = errand_receive(&errand, &answer, 1);

	cr_expect(r == -EPIPE || r == -ETIMEDOUT, "%d", r);
	errand_end(&errand);
	cr_expect_geq(clock_milliseconds() - begin, ERRAND_DEADLINE_MS, "it was stopped");
}

static void be_disturbed(int number)
{
	(void)number;
}

/* The engine disturbs a thread whose target has died at each tick, which must not prolong its wait. */
Test(errand, that_is_stopped_is_given_up_in_time_however_often_we_are_disturbed, .timeout = 60)
{
	const struct sigaction action = { .sa_handler = be_disturbed };
	const struct itimerval often = { { 0, 50000 }, { 0, 50000 } };
	uint64_t begin = clock_milliseconds();
	struct errand errand;
	char answer;

	cr_assert_eq(errand_start(be_stopped, NULL, NULL, 0, &errand), 0);
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	cr_expect_eq(errand_receive(&errand, &answer, 1), -ETIMEDOUT);
	cr_expect_lt(clock_milliseconds() - begin, 2 * ERRAND_DEADLINE_MS);
	errand_end(&errand);
	cr_assert_eq(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL), 0);
}
