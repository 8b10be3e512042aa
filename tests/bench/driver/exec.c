/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs that programs are judged when they are executed: again and again, so that the judge knows them. */
#include <stdio.h>
#include <stdlib.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "execs.h"
#include "message.h"

#define ROUNDS 15
#define SOURCE "source.c"
#define PROJECT "project"

/** struct row - what execs is told, which works in the scene */
struct row {
	const char *label;
	const char *order;
};

static const struct row rows[] = {
	{ "static program", "run 100 ./execs end" },
	{ "dynamic program", "run 100 /bin/true" },
	{ "the same, by PATH", "run 100 true" },
	{ "shell with a pipe", "run 20 sh pipe.sh" },
	{ "mmap of data", "map 5000" },
	{ "C file compiled", "run 3 cc -O1 -c -o /dev/null " SOURCE },
	{ "C project built", "run 1 make -s -B -C " PROJECT },
};

#define C_SOURCE "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"

/* What is in the scene besides. */
static const struct {
	const char *name;
	const char *text;
} files[] = {
	{ SOURCE,
	  C_SOURCE "int main(int argc, char **argv) { return puts(argv[argc - 1]) < 0; }\n" },
	{ "pipe.sh", "echo a | cat >/dev/null\n" },
	{ PROJECT "/main.c",
	  C_SOURCE "int one(void);\nint two(void);\nint main(void) { return one() + two(); }\n" },
	{ PROJECT "/one.c", C_SOURCE "int one(void);\nint one(void) { return puts(\"one\"); }\n" },
	{ PROJECT "/two.c", C_SOURCE "int two(void);\nint two(void) { return puts(\"two\"); }\n" },
	{ PROJECT "/Makefile", "CFLAGS = -O1\nmain: main.o one.o two.o\n" },
};

static const enum wrapper_id variants[] = { WRAPPER_NATIVE,   WRAPPER_NSXATTR,
					    WRAPPER_JUDGED,   WRAPPER_MAPPED,
					    WRAPPER_ENFORCED, WRAPPER_ENFORCED_MAPPED };

#define VARIANTS COUNT_OF(variants)
/* The columns that others are compared with. */
#define NATIVE 0
#define NSXATTR 1

struct exec {
	struct bench *bench;
	struct matrix *matrix;
	struct runner runners[VARIANTS];
};

static bool write_text(const struct bench *bench, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file = path_join(path, bench->scene.directory, name) ? fopen(path, "we") : NULL;
	bool is_written = file && fputs(text, file) >= 0;

	if (file && fclose(file) != 0)
		is_written = false;
	if (!is_written)
		complain("cannot write %s", name);
	return is_written;
}

static bool take_turn(struct exec *exec, size_t row, size_t variant, bool is_measured)
{
	struct runner *runner = &exec->runners[variant];
	char answer[ANSWER_SIZE];

	if (!runner_is_running(runner))
		return true;
	if (!runner_ask(runner, answer, "%s", rows[row].order)) {
		complain("%s: '%s' has failed", wrapper_get(variants[variant])->name,
			 rows[row].label);
		runner_give_up(runner);
		return false;
	}
	if (is_measured)
		matrix_add(exec->matrix, row, variant, strtod(answer, NULL));
	return true;
}

/* The first round is for the judge to learn of the programs. */
static bool measure_row(struct exec *exec, size_t row)
{
	double began = nanoseconds_now();
	bool is_right = true;

	progress("exec: %s", rows[row].label);
	for (size_t i = 0; i < VARIANTS; i++)
		is_right = take_turn(exec, row, i, false) && is_right;
	for (unsigned long round = 0; bench_goes_on(exec->bench, round, ROUNDS, began); round++)
		for (size_t i = 0; i < VARIANTS; i++)
			is_right = take_turn(exec, row, (round + i) % VARIANTS, true) && is_right;
	return is_right;
}

static struct matrix *make_matrix(struct bench *bench)
{
	struct matrix *matrix = bench_matrix(bench, "exec", "time", "microseconds", 1e3);

	wrapper_add_columns(matrix, variants, VARIANTS);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		matrix_add_row(matrix, rows[i].label);
	matrix_compare_with(matrix, NATIVE);
	matrix_compare_with(matrix, NSXATTR);
	return matrix;
}

/* Programs of the scene, and what they work on. */
static bool prepare(const struct bench *bench)
{
	char path[PATH_MAX];

	if (!path_join(path, bench->scene.directory, PROJECT) || !make_directory(path))
		return false;
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (!write_text(bench, files[i].name, files[i].text))
			return false;
	return execs_prepare(bench);
}

bool part_exec(struct bench *bench)
{
	static struct exec exec;
	bool is_right = true;

	exec.bench = bench;
	for (size_t i = 0; i < VARIANTS; i++)
		exec.runners[i] = RUNNER_NONE;
	if (!prepare(bench))
		return false;
	exec.matrix = make_matrix(bench);
	for (size_t i = 0; i < VARIANTS; i++)
		is_right = execs_start(bench, variants[i], &exec.runners[i]) && is_right;
	for (size_t row = 0; row < COUNT_OF(rows); row++)
		is_right = measure_row(&exec, row) && is_right;
	for (size_t i = 0; i < VARIANTS; i++)
		runner_stop(&exec.runners[i]);
	return is_right;
}
