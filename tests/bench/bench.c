/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The driver of the benchmark. Each part (driver/part.h) starts what it measures once for each
 * variant: bare, under the floor (floor.c), under nsxattr in some ways, under what people use
 * instead where that is installed. All of them then live side by side and wait. For each row of a
 * table there are rounds, and in a round each variant has its turn. So whatever disturbs the machine
 * disturbs all variants alike, nothing of a start is measured, and a ratio compares what was measured
 * shortly one after the other.
 *
 * A table shows the median of the rounds, and half the distance between the tenth and the ninetieth
 * percentile. A ratio is taken round by round, then the same is done with the ratios.
 *
 * What is measured are programs of their own beside this file; what they share is in lib/.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "count_of.h"
#include "driver/json.h"
#include "driver/machine.h"
#include "driver/message.h"
#include "driver/part.h"
#include "driver/scheduling.h"
#include "lib/operations.h"

/** struct part - parts that can be pinned to a CPU come first */
struct part {
	const char *name;
	bool (*measure)(struct bench *bench);
	bool is_crowded; /* many processes at once */
};

static const struct part parts[] = {
	{ "calls", part_calls, false },	       { "work", part_work, false },
	{ "exec", part_exec, false },	       { "verdict", part_verdict, false },
	{ "gate", part_gate, false },	       { "concurrency", part_concurrency, true },
	{ "fuse", part_fuse, true },	       { "cold", part_cold, true },
	{ "isolation", part_isolation, true }, { "scale", part_scale, true },
	{ "tree", part_tree, true },
};

struct matrix *bench_matrix(struct bench *bench, const char *part, const char *key,
			    const char *title, double scale)
{
	struct matrix *matrix = matrix_new(part, key, title, scale);

	if (!matrix || bench->matrix_count == MATRICES_MAX) {
		complain("no room for another table");
		abort();
	}
	bench->matrices[bench->matrix_count++] = matrix;
	return matrix;
}

bool bench_goes_on(const struct bench *bench, unsigned long round, unsigned long most, double began)
{
	unsigned long rounds = bench->settings.rounds < most ? bench->settings.rounds : most;

	return round == 0 || (round < rounds && nanoseconds_now() - began < ROW_SECONDS * 1e9);
}

static void print_head(const struct settings *settings, const struct machine *machine)
{
	machine_print(machine);
	if (settings->cpu >= 0)
		printf("calls and work on CPU %ld; ", settings->cpu);
	printf("%lu rounds of %lu batches of %lu calls; median ± half of p10..p90 of the rounds\n",
	       settings->rounds, settings->batches, settings->calls);
	fflush(stdout);
}

static void print_part(const struct bench *bench, size_t first)
{
	for (size_t i = first; i < bench->matrix_count; i++) {
		if (i == first)
			matrix_print_columns(bench->matrices[i]);
		matrix_print(bench->matrices[i]);
	}
	putchar('\n');
	fflush(stdout);
}

static bool measure_parts(struct bench *bench)
{
	bool is_right = true, is_crowded = false;

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		size_t first = bench->matrix_count;

		if (!settings_names(bench->settings.parts, parts[i].name))
			continue;
		if (parts[i].is_crowded && !is_crowded)
			scheduling_spread();
		is_crowded = parts[i].is_crowded;
		if (!parts[i].measure(bench))
			is_right = false;
		progress(NULL);
		print_part(bench, first);
	}
	return is_right;
}

static bool write_json(const struct bench *bench, const struct machine *machine,
		       const char *command)
{
	const struct settings *settings = &bench->settings;
	FILE *file = fopen(settings->output, "we");

	if (!file) {
		complain("cannot write %s: %s", settings->output, strerror(errno));
		return false;
	}
	fputs("{\n  ", file);
	json_member(file, "command", command, ",\n  \"machine\": ");
	machine_write(machine, file);
	fprintf(file,
		",\n  \"rounds\": %lu, \"batches\": %lu, \"calls\": %lu, \"cpu\": %ld,\n"
		"  \"tables\": [\n",
		settings->rounds, settings->batches, settings->calls, settings->cpu);
	for (size_t i = 0; i < bench->matrix_count; i++) {
		matrix_write(bench->matrices[i], file);
		fputs(i + 1 < bench->matrix_count ? ",\n" : "\n", file);
	}
	fputs("  ]\n}\n", file);
	return fclose(file) == 0;
}

static bool run(struct bench *bench, const char *command)
{
	bool is_right = scene_new(&bench->scene, bench->settings.directory);
	struct machine machine = machine_describe(bench->scene.directory);

	if (is_right) {
		print_head(&bench->settings, &machine);
		is_right = measure_parts(bench);
	}
	if (bench->settings.output && !write_json(bench, &machine, command))
		is_right = false;
	scheduling_restore();
	scene_remove(&bench->scene);
	for (size_t i = 0; i < bench->matrix_count; i++)
		free(bench->matrices[i]);
	return is_right;
}

/* For the record: what the user typed, if tests/bench/run says it. */
static const char *find_command(void)
{
	const char *command = getenv("BENCH_COMMAND");

	return command ? command : "bench";
}

int main(int argc, char **argv)
{
	static struct bench bench = {
		.settings = { .nsxattr = "build/nsxattr",
			      .nsxattrd = "build/nsxattrd",
			      .directory = "/var/tmp",
			      .rounds = 41,
			      .batches = 21,
			      .calls = 20,
			      .cpu = -1 },
	};
	int status = EXIT_FAILURE;

	if (!settings_read(&bench.settings, argc, argv, &status))
		return status;
	signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0) {
		complain("this needs root");
		return 2;
	}
	if (bench.settings.cpu >= 0 && !scheduling_pin(bench.settings.cpu))
		return EXIT_FAILURE;
	return run(&bench, find_command()) ? EXIT_SUCCESS : EXIT_FAILURE;
}
