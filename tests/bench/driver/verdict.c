/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge's first look at a file costs.
 *
 * A file that was written to is judged anew. The time of its first execution, less that of the next ones, is the first
 * verdict's: the content is read, and its digest made. Beside it this process makes the same digest of as many bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/operations.h"
#include "count_of.h"
#include "execs.h"
#include "message.h"

#define ROUNDS 9
#define BIG "big"
#define BIG_MIB 32
#define MIB (1024 * 1024)

/* The first column is what others are compared with: no variant, but the digest alone. */
static const enum wrapper_id judges[] = { WRAPPER_NATIVE, WRAPPER_JUDGED, WRAPPER_ENFORCED };
#define DIGEST 0

struct first {
	struct bench *bench;
	struct matrix *matrix;
	struct runner runners[COUNT_OF(judges)];
	char path[PATH_MAX];
};

/** make_big() - a program with much behind it. Return: false: said. */
static bool make_big(struct first *first)
{
	static struct command command;
	const char *directory = first->bench->scene.directory;

	command.count = 0;
	if (!path_join(first->path, directory, BIG) || !command_add(&command, "cp") ||
	    !command_add(&command, "execs") || !command_add(&command, first->path))
		return false;
	if (!path_join(command.words[1], directory, "execs") || !command_run(&command))
		return false;
	if (truncate(first->path, BIG_MIB * MIB) == 0)
		return execs_sign(first->bench, BIG);
	complain("cannot make %s: %s", first->path, strerror(errno));
	return false;
}

/* The same byte in its place is a change, too. */
static bool write_to_big(const struct first *first)
{
	int fd = open(first->path, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && pwrite(fd, "", 1, BIG_MIB * MIB - 1) == 1;

	if (fd >= 0)
		close(fd);
	if (!is_written)
		complain("cannot write to %s: %s", first->path, strerror(errno));
	return is_written;
}

/** digest_rate() - Return: MiB a second. */
static double digest_rate(void)
{
	static unsigned char bytes[MIB], digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	double began = nanoseconds_now();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	for (int i = 0; i < BIG_MIB; i++)
		EVP_DigestUpdate(context, bytes, sizeof(bytes));
	EVP_DigestFinal_ex(context, digest, NULL);
	double took = nanoseconds_now() - began;

	EVP_MD_CTX_free(context);
	return BIG_MIB * 1e9 / took;
}

/** verdict_rate() - the same of the first verdict. Return: below 0: a variant has failed; said. */
static double verdict_rate(struct first *first, size_t variant)
{
	struct runner *runner = &first->runners[variant];
	char fresh[ANSWER_SIZE], known[ANSWER_SIZE];

	if (write_to_big(first) && runner_ask(runner, fresh, "run 1 ./" BIG " end") &&
	    runner_ask(runner, known, "run 3 ./" BIG " end"))
		return BIG_MIB * 1e9 / (strtod(fresh, NULL) - strtod(known, NULL));
	complain("%s does not execute a large file", wrapper_get(judges[variant])->name);
	runner_give_up(runner);
	return -1;
}

static bool measure_first(struct first *first)
{
	double began = nanoseconds_now();

	for (unsigned long round = 0; bench_goes_on(first->bench, round, ROUNDS, began); round++) {
		matrix_add(first->matrix, 0, DIGEST, digest_rate());
		for (size_t i = DIGEST + 1; i < COUNT_OF(judges); i++) {
			if (!runner_is_running(&first->runners[i]))
				continue;
			double rate = verdict_rate(first, i);

			if (rate < 0)
				return false;
			matrix_add(first->matrix, 0, i, rate);
		}
	}
	return true;
}

bool part_verdict(struct bench *bench)
{
	static struct first first;
	bool is_right = true;

	first.bench = bench;
	first.matrix = bench_matrix(bench, "verdict", "rate", "MiB a second", 1);
	matrix_add_column(first.matrix, "sha256",
			  "the digest alone, by OpenSSL, of what is in memory");
	wrapper_add_columns(first.matrix, judges + 1, COUNT_OF(judges) - 1);
	matrix_add_row(first.matrix, "the first verdict");
	matrix_compare_with(first.matrix, DIGEST);
	if (!execs_prepare(bench) || !make_big(&first))
		return false;
	for (size_t i = DIGEST + 1; i < COUNT_OF(judges); i++)
		is_right = execs_start(bench, judges[i], &first.runners[i]) && is_right;
	is_right = measure_first(&first) && is_right;
	for (size_t i = DIGEST + 1; i < COUNT_OF(judges); i++)
		runner_stop(&first.runners[i]);
	return is_right;
}
