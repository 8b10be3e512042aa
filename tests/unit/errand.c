/* SPDX-License-Identifier: Apache-2.0 */
#include "base/errand.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "stubborn.h"

/* Is a descriptor of ours open in the child? */
static void look_at_descriptor(int channel, void *argument)
{
	bool is_open = fcntl(*(const int *)argument, F_GETFD) >= 0;

	(void)send(channel, &is_open, sizeof(is_open), MSG_NOSIGNAL);
}

Test(errand, has_our_descriptors)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	struct errand errand;
	bool answer = false;

	cr_assert_eq(errand_start_brief(look_at_descriptor, &fd, &errand), 0);
	cr_expect_eq(errand_receive(&errand, &answer, sizeof(answer)), 0);
	cr_expect(answer);
	cr_expect_geq(fcntl(fd, F_GETFD), 0, "with us it stays open");
	errand_end(&errand);
	close(fd);
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

	if (stubborn_file_new(&file) < 0)
		cr_skip_test("FUSE cannot be mounted in a user namespace here");
	cr_assert_eq(errand_start_brief(answer_at_once, NULL, &errand), 0);
	cr_expect_eq(errand_receive(&errand, &byte, 1), 0);
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

	cr_assert_eq(errand_start_brief(send_much, NULL, &errand), 0);
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

	cr_assert_eq(errand_start_brief(be_stopped, NULL, &errand), 0);
	int r = errand_receive(&errand, &answer, 1);

	cr_expect(r == -EPIPE || r == -ETIMEDOUT, "%d", r);
	errand_end(&errand);
	cr_expect_geq(clock_milliseconds() - begin, ERRAND_DEADLINE_MS, "it was stopped");
}
