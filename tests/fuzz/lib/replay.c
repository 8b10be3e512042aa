/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The main() of a fuzz target where there is no libFuzzer: each file of the corpus once, then some
 * thousand inputs that are made from them, or from nothing, by a generator whose seed is shown and
 * can be set (FUZZ_SEED). That is no search for new paths; it keeps what fuzzing has found from
 * coming back, in every build. All of them are one test.
 *
 * A child runs the inputs and keeps the current one in memory that is shared, so that when it ends
 * by a signal, or by a sanitizer, the parent can still say which one it was.
 *
 * Usage: TARGET CORPUS-FOLDER, which need not be there
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX (1 << 16)
#define CORPUS_MAX 4096
#define MADE_INPUTS 5000

/* The fuzz target. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
	size_t size;
	uint8_t bytes[INPUT_MAX];
};

/* What the parent knows when the child has ended. */
struct progress {
	unsigned int tried;
	struct input current;
};

struct corpus {
	size_t count;
	struct input *inputs[CORPUS_MAX];
};

/* xorshift64* */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static size_t draw_below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)(draw(state) % limit) : 0;
}

static struct input *read_input(const char *folder, const char *name)
{
	struct input *input = calloc(1, sizeof(*input));
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");

	if (!input || !file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	input->size = fread(input->bytes, 1, sizeof(input->bytes), file);
	fclose(file);
	return input;
}

/* In the order of names, so that a seed means the same everywhere. */
static void read_corpus(const char *folder, struct corpus *corpus)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.' && corpus->count < CORPUS_MAX)
			corpus->inputs[corpus->count++] = read_input(folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void free_corpus(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++)
		free(corpus->inputs[i]);
}

/* In memory of just that size, so that a sanitizer sees a read past its end. */
static void run_input(struct progress *progress)
{
	const struct input *input = &progress->current;
	uint8_t *exact = malloc(input->size ? input->size : 1);

	if (!exact)
		abort();
	memcpy(exact, input->bytes, input->size);
	LLVMFuzzerTestOneInput(exact, input->size);
	free(exact);
	progress->tried++;
}

static void put_byte(struct input *input, size_t at, uint8_t byte)
{
	if (input->size == INPUT_MAX)
		return;
	memmove(input->bytes + at + 1, input->bytes + at, input->size - at);
	input->bytes[at] = byte;
	input->size++;
}

static void drop_byte(struct input *input, size_t at)
{
	if (input->size == 0)
		return;
	memmove(input->bytes + at, input->bytes + at + 1, input->size - at - 1);
	input->size--;
}

/* The end of @other takes the place of ours, from @at on. */
static void splice(struct input *input, size_t at, const struct input *other)
{
	if (at >= other->size)
		return;
	memcpy(input->bytes + at, other->bytes + at, other->size - at);
	input->size = other->size;
}

static void mutate(struct input *input, const struct corpus *corpus, uint64_t *state)
{
	static const char telling[] = "@=.*:0129\0\xff\n-/";
	size_t at = draw_below(state, input->size);

	switch (draw_below(state, 6)) {
	case 0:
		if (input->size > 0)
			input->bytes[at] ^= (uint8_t)(1U << draw_below(state, 8));
		break;
	case 1:
		put_byte(input, at, (uint8_t)draw(state));
		break;
	case 2:
		put_byte(input, at, (uint8_t)telling[draw_below(state, sizeof(telling))]);
		break;
	case 3:
		drop_byte(input, at);
		break;
	case 4:
		input->size = at;
		break;
	default:
		if (corpus->count > 0)
			splice(input, at, corpus->inputs[draw_below(state, corpus->count)]);
		break;
	}
}

static void run_all(const struct corpus *corpus, uint64_t seed, struct progress *progress)
{
	uint64_t state = seed;

	for (size_t i = 0; i < corpus->count; i++) {
		progress->current = *corpus->inputs[i];
		run_input(progress);
	}
	for (unsigned int i = 0; i < MADE_INPUTS; i++) {
		progress->current.size = 0;
		if (corpus->count > 0)
			progress->current = *corpus->inputs[draw_below(&state, corpus->count)];
		for (size_t steps = 1 + draw_below(&state, 32); steps > 0; steps--)
			mutate(&progress->current, corpus, &state);
		run_input(progress);
	}
}

static uint64_t choose_seed(void)
{
	const char *given = getenv("FUZZ_SEED");
	uint64_t seed = 0;

	if (given)
		seed = strtoull(given, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = (uint64_t)getpid();
	return seed ? seed : 1;
}

static void keep_input(const char *program, const struct input *input)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.crash", program);
	FILE *file = fopen(path, "we");

	if (!file || fwrite(input->bytes, 1, input->size, file) != input->size)
		perror(path);
	else
		printf("# the input, %zu bytes, is kept in %s\n", input->size, path);
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	struct progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static struct corpus corpus;
	uint64_t seed = choose_seed();
	int status = 0;

	if (argc != 2 || progress == MAP_FAILED)
		return EXIT_FAILURE;
	printf("# FUZZ_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		read_corpus(argv[1], &corpus);
		run_all(&corpus, seed, progress);
		free_corpus(&corpus);
		return EXIT_SUCCESS;
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return EXIT_FAILURE;
	bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;

	if (failed)
		keep_input(argv[0], &progress->current);
	printf("# %u inputs\n# %d passed, %d failed, 0 skipped\n", progress->tried, !failed,
	       failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
