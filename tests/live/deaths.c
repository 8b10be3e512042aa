/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that are killed in the middle of their work: targets notice nothing of it. NSXATTR_DEATHS
 * says how many die (60), NSXATTR_SEED when.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "dice.h"
#include "inode.h"
#include "launch.h"
#include "processes.h"

#define DRIVER "tests/live/history-driver"
#define PATIENCE 280

static void begin(void)
{
	scratch_new();
	/* So that keepers become our children. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

TestSuite(deaths, .init = begin, .fini = scratch_remove, .timeout = 1200);

static unsigned int number_from(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned int)strtoul(text, NULL, 10) : otherwise;
}

static void pass_some_time(struct dice *dice)
{
	struct timespec time = { .tv_nsec = (long)dice_below(dice, 20000000) };

	(void)nanosleep(&time, NULL);
}

struct supervised {
	pid_t command;
	pid_t keeper;
	int input;
	int output;
};

static struct supervised start(const char *resolver, const char *policy)
{
	const char *seed = getenv("NSXATTR_SEED");
	const char *const argv[] = { scratch_program(DRIVER), seed ? seed : "1", NULL };
	struct supervised self;
	int input[2], output[2];
	char text[16];

	cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
	self.command = launch_start(&(struct launch){
		.argv = argv,
		.is_supervised = true,
		.map = USUAL_MAP,
		.policy = policy,
		.resolver = resolver,
		.directory = inode_directory("inside", USUAL_ROOT, 0755),
		.input = input[0],
		.output = output[1],
	});
	close(input[0]);
	close(output[1]);
	self.input = input[1];
	self.output = output[0];
	cr_assert_gt(read(self.output, text, sizeof(text)), 0, "it has not begun");
	self.keeper = find_keeper();
	return self;
}

static void finish(struct supervised *self)
{
	char text[4096] = "";
	size_t length = 0;
	ssize_t piece;

	close(self->input);
	while ((piece = read(self->output, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)piece;
	printf("%s", text);
	cr_expect_eq(launch_wait(self->command, PATIENCE), 0, "%s", text);
	close(self->output);
}

static void kill_workers(const char *resolver, const char *policy)
{
	unsigned int deaths = ROUNDS(number_from("NSXATTR_DEATHS", 60));
	struct dice dice = dice_new(number_from("NSXATTR_SEED", 1), deaths);
	struct supervised self = start(resolver, policy);
	pid_t worker = await_worker(self.keeper, -1, PATIENCE);
	size_t descriptors = count_descriptors(self.keeper);

	for (unsigned int i = 0; i < deaths; i++) {
		pass_some_time(&dice);
		cr_assert_eq(kill(worker, SIGKILL), 0);
		worker = await_worker(self.keeper, worker, PATIENCE);
	}
	/* What is open for requests in hand, for threads, and for targets that are kept, is bounded. */
	cr_expect_leq(count_descriptors(self.keeper), descriptors + 200);
	finish(&self);
}

Test(deaths, targets_notice_nothing)
{
	kill_workers("ring", NULL);
}

Test(deaths, targets_notice_nothing_with_deputies)
{
	kill_workers("process", NULL);
}

Test(deaths, targets_notice_nothing_with_values_in_the_user_store)
{
	char path[512];
	const char *policy = scratch_path("policy.yaml");
	FILE *file = fopen(policy, "we");

	cr_assert_not_null(file);
	fputs("version: 1\nstore: user\nattributes:\n"
	      "  - { name: \"security.*\", scheme: suffix }\n"
	      "  - { name: \"trusted.*\", scheme: suffix }\n",
	      file);
	fclose(file);
	snprintf(path, sizeof(path), "%s", policy);
	kill_workers("ring", path);
}

static pid_t await_deputy(pid_t worker)
{
	time_t end = time(NULL) + PATIENCE;
	pid_t children[64];

	while (find_deputies(worker, children, 64) == 0)
		cr_assert_lt(time(NULL), end, "the worker has no deputy");
	return children[0];
}

/* The root of a namespace can stop a deputy there: it must not make its change when all have forgotten it. */
Test(deaths, a_deputy_that_is_stopped_dies_with_its_worker)
{
	struct supervised self = start("process", NULL);
	pid_t worker = await_worker(self.keeper, -1, PATIENCE);
	pid_t deputy = await_deputy(worker);

	cr_assert_eq(kill(deputy, SIGSTOP), 0);
	cr_assert_eq(kill(worker, SIGKILL), 0);
	(void)await_worker(self.keeper, worker, PATIENCE);
	cr_expect_eq(kill(deputy, 0), -1, "the deputy of a dead worker is still there");
	finish(&self);
}
