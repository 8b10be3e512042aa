/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gate costs those that are not in its container: it is there as long as a command with mode enforce. In each round
 * the host, and a container whose policy judges nothing, have their turn with such a command beside them, and without it.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "execs.h"
#include "message.h"

#define ROUNDS 9

enum { ALONE, BESIDE, COLUMNS };

/** struct neighbour - who is not in the gate's container, and what it is told to do */
struct neighbour {
	const char *label;
	enum wrapper_id wrapper;
	const char *order; /* of execs; NULL: it is the loop */
	const char *operation; /* of the loop */
};

static const struct neighbour neighbours[] = {
	{ "host, static program", WRAPPER_NATIVE, "run 100 ./execs end", NULL },
	{ "host, dynamic program", WRAPPER_NATIVE, "run 100 /bin/true", NULL },
	{ "container, static program", WRAPPER_NSXATTR, "run 100 ./execs end", NULL },
	{ "container, get by path", WRAPPER_NSXATTR, NULL, "get" },
	{ "container, set by path", WRAPPER_NSXATTR, NULL, "set" },
};

struct beside {
	struct bench *bench;
	struct matrix *matrix;
	struct runner runners[COUNT_OF(neighbours)];
	struct runner gate;
	char file[PATH_MAX];
	int links; /* of BPF, without a gate */
};

/** count_links() - Return: how many programs of BPF are attached somewhere by a link. */
static int count_links(void)
{
	union bpf_attr attribute = { .start_id = 0 };
	int count = 0;

	while (syscall(SYS_bpf, BPF_LINK_GET_NEXT_ID, &attribute, sizeof(attribute)) == 0) {
		attribute.start_id = attribute.next_id;
		count++;
	}
	return count;
}

/* A gate goes soon after its command, and not in the same moment. */
static bool end_gate(struct beside *beside)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	runner_stop(&beside->gate);
	for (int i = 0; i < 3000; i++) {
		if (count_links() == beside->links)
			return true;
		nanosleep(&pause, NULL);
	}
	complain("the gate stays");
	return false;
}

/** ask() - Return: the nanoseconds of one; below 0 when there is no answer: said. */
static double ask(const struct beside *beside, size_t row)
{
	const struct neighbour *neighbour = &neighbours[row];
	const struct settings *settings = &beside->bench->settings;
	const struct runner *runner = &beside->runners[row];
	char answer[ANSWER_SIZE];
	bool is_answered = neighbour->order ?
				   runner_ask(runner, answer, "%s", neighbour->order) :
				   runner_ask(runner, answer, "%s %s %lu 1", neighbour->operation,
					      beside->file, settings->calls * settings->batches);

	if (!is_answered) {
		complain("'%s' has failed", neighbour->label);
		return -1;
	}
	/* The loop answers with the result first. */
	const char *space = strchr(answer, ' ');

	return strtod(space ? space : answer, NULL);
}

/* What comes first in one round comes last in the next. */
static bool take_turns(struct beside *beside, unsigned long round)
{
	for (size_t turn = 0; turn < COLUMNS; turn++) {
		size_t column = (round + turn) % COLUMNS;

		if (column == BESIDE &&
		    !execs_start(beside->bench, WRAPPER_ENFORCED, &beside->gate))
			return false;
		for (size_t row = 0; row < COUNT_OF(neighbours); row++) {
			double figure = ask(beside, row);

			if (figure < 0)
				return false;
			matrix_add(beside->matrix, row, column, figure);
		}
		if (column == BESIDE && !end_gate(beside))
			return false;
	}
	return true;
}

static void make_columns(struct beside *beside)
{
	beside->matrix = bench_matrix(beside->bench, "gate", "beside", "microseconds", 1e3);
	matrix_add_column(beside->matrix, "alone", "without a gate");
	matrix_add_column(beside->matrix, "beside a gate",
			  "that of another container, whose policy has mode enforce");
	matrix_compare_with(beside->matrix, ALONE);
	for (size_t row = 0; row < COUNT_OF(neighbours); row++)
		matrix_add_row(beside->matrix, neighbours[row].label);
}

/* The loop has stored what it gets. */
static bool start_loop(const struct beside *beside, enum wrapper_id id, struct runner *runner)
{
	const struct bench *bench = beside->bench;

	return wrapper_start(wrapper_get(id), &bench->settings, &bench->scene, "loop", runner) &&
	       runner_ask(runner, NULL, "set %s 1 1", beside->file);
}

/** start_all() - Return: false: said. */
static bool start_all(struct beside *beside)
{
	struct bench *bench = beside->bench;
	bool is_right = path_join(beside->file, bench->scene.directory, "beside") &&
			make_file(beside->file);

	for (size_t row = 0; is_right && row < COUNT_OF(neighbours); row++) {
		const struct neighbour *neighbour = &neighbours[row];
		struct runner *runner = &beside->runners[row];

		is_right = neighbour->order ? execs_start(bench, neighbour->wrapper, runner) :
					      start_loop(beside, neighbour->wrapper, runner);
	}
	return is_right;
}

bool part_gate(struct bench *bench)
{
	static struct beside beside;
	double began = nanoseconds_now();
	bool is_right;

	if (!bench->settings.key)
		return true;
	beside = (struct beside){ .bench = bench, .gate = RUNNER_NONE, .links = count_links() };
	for (size_t row = 0; row < COUNT_OF(neighbours); row++)
		beside.runners[row] = RUNNER_NONE;
	make_columns(&beside);
	is_right = execs_prepare(bench) && start_all(&beside);
	for (unsigned long round = 0; is_right && bench_goes_on(bench, round, ROUNDS, began);
	     round++)
		is_right = take_turns(&beside, round);
	for (size_t row = 0; row < COUNT_OF(neighbours); row++)
		runner_stop(&beside.runners[row]);
	return is_right;
}
