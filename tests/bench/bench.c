/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The driver of the benchmark. It starts the measured loop (loop.c) once for each variant: bare,
 * under the floor (floor.c), under nsxattr in some ways, under what people use instead where that is
 * installed. All of them then live side by side and wait. For each row of the table there are
 * rounds, and in a round each variant in turn makes some batches of calls. So whatever disturbs the
 * machine disturbs all variants alike, nothing of a start is measured, and a ratio compares what was
 * measured within a fraction of a second.
 *
 * A variant's figure for a round is the median of its batches, which are short, so that most of them
 * are over before the scheduler gives the CPU to somebody else. The table shows the median of the
 * rounds, and half the distance between the tenth and the ninetieth percentile. A ratio is taken
 * round by round, then the same is done with the ratios.
 *
 * Each variant has files of its own, so that what one stores does not lengthen another's lists. They
 * belong to the id that root of the namespace is on the host. Every result is compared with what it
 * must be: a variant that answers wrongly is not measured.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Root of the namespace on the host, and the option that says so. */
#define INSIDE_ROOT 100000
#define MAP_USERS "--map-users=0:100000:65536"
#define MAP_GROUPS "--map-groups=0:100000:65536"

#define ARGUMENTS_MAX 12
#define ROUNDS_MAX 200
#define BATCHES_MAX 200
#define ANSWER_SIZE 4096
/* A variant that does not answer for this long is given up, in milliseconds. */
#define PATIENCE 60000

/* Exit status of a child that could not become what it should, as a shell has them. */
#define STATUS_NOT_STARTED 126
#define STATUS_NOT_FOUND 127

/* Words of a variant's command that stand for a path. */
#define WORD_LOOP "@loop"
#define WORD_FLOOR "@floor"
#define WORD_NSXATTR "@nsxattr"
#define WORD_STATE "@state" /* a directory that the variant may have for itself */

/** struct variant - a column of the table */
struct variant {
	const char *name;
	const char *about;
	const char *command[ARGUMENTS_MAX];
	bool is_optional; /* its lack is nothing to speak of */
	bool answers_zero; /* to everything: the floor */
	bool is_pretence; /* nothing that it sets reaches the file */
};

enum { NATIVE, FLOOR };

/* It finds its library and its database by the environment, and leaves a daemon behind. */
static const char pseudo_script[] = "command -v pseudo >/dev/null || exit 127\n"
				    "export PSEUDO_PREFIX=/usr PSEUDO_LOCALSTATEDIR=\"$0\"\n"
				    "mkdir -p \"$0\" && pseudo \"$1\"\n"
				    "pseudo -S >/dev/null\n";

static const struct variant variants[] = {
	[NATIVE] = {
		.name = "native",
		.about = "no supervisor, host root",
		.command = { WORD_LOOP },
	},
	[FLOOR] = {
		.name = "floor",
		.about = "a supervisor that only answers 0",
		.command = { WORD_FLOOR, WORD_LOOP },
		.answers_zero = true,
	},
	{
		.name = "ring",
		.about = "nsxattr run --resolver=ring, root of a namespace",
		.command = { WORD_NSXATTR, "run", MAP_USERS, MAP_GROUPS, "--resolver=ring", "--",
			     WORD_LOOP },
	},
	{
		.name = "process",
		.about = "nsxattr run --resolver=process, root of a namespace",
		.command = { WORD_NSXATTR, "run", MAP_USERS, MAP_GROUPS, "--resolver=process", "--",
			     WORD_LOOP },
	},
	{
		.name = "kernel",
		.about = "nsxattr run --policy=kernel --no-userns, host root",
		.command = { WORD_NSXATTR, "run", "--policy=kernel", "--no-userns", "--",
			     WORD_LOOP },
	},
	{
		.name = "fakeroot",
		.about = "fakeroot, host root",
		.command = { "fakeroot", "--", WORD_LOOP },
		.is_optional = true,
		.is_pretence = true,
	},
	{
		.name = "pseudo",
		.about = "pseudo, host root",
		.command = { "sh", "-c", pseudo_script, WORD_STATE, WORD_LOOP },
		.is_optional = true,
		.is_pretence = true,
	},
};

#define VARIANTS COUNT_OF(variants)

/* A variant's files: one carries security.NTACL and user.x, the other nothing for long. */
enum { FULL, EMPTY, FILES };

static const char *const file_names[FILES] = { [FULL] = "full", [EMPTY] = "empty" };

/** struct row - an operation of loop.c, on which file, and what it must give */
struct row {
	const char *label;
	const char *operation;
	long result;
	unsigned int file;
};

static const struct row rows[] = {
	{ "get by path", "get", 16, FULL },
	{ "set by path", "set", 0, FULL },
	{ "get by descriptor", "fget", 16, FULL },
	{ "set by descriptor", "fset", 0, FULL },
	{ "get, left to kernel", "get-kernel", 16, FULL },
	{ "set, left to kernel", "set-kernel", 0, FULL },
	{ "list by path", "list", sizeof("security.NTACL") + sizeof("user.x"), FULL },
	{ "set + remove by path", "set-remove", 0, EMPTY },
	{ "get, none there", "get-absent", -ENODATA, FULL },
};

#define ROWS COUNT_OF(rows)

/** struct runner - a variant's loop; in < 0: it does not run (any more) */
struct runner {
	pid_t pid;
	int in;
	int out;
	char files[FILES][PATH_MAX];
};

/** struct settings - what the command line says */
struct settings {
	const char *nsxattr;
	const char *directory;
	const char *output;
	const char *only; /* comma-separated names of variants; NULL: all */
	unsigned long rounds;
	unsigned long batches;
	unsigned long calls;
	long cpu; /* -1: wherever the scheduler likes */
};

/** struct spread - a summary of samples; count == 0: there are none */
struct spread {
	size_t count;
	double median;
	double tenth;
	double ninetieth;
};

struct bench {
	struct settings settings;
	char programs[PATH_MAX]; /* where loop and floor are */
	char scene[PATH_MAX]; /* the directory of the files; "": not made */
	struct runner runners[VARIANTS];
	double figures[ROWS][VARIANTS][ROUNDS_MAX]; /* nanoseconds a call */
	size_t counts[ROWS][VARIANTS];
};

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/** join() - snprintf() for paths. Return: whether it fits. */
static bool join(char path[PATH_MAX], const char *directory, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	if (length > 0 && length < PATH_MAX)
		return true;
	complain("the path of %s is too long", name);
	return false;
}

/* Samples. */

static int compare_samples(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Linear between the two neighbours; @samples are sorted. */
static double percentile(const double *samples, size_t count, double part)
{
	double place = part * (double)(count - 1);
	size_t below = (size_t)place;

	if (below + 1 >= count)
		return samples[count - 1];
	return samples[below] + (place - (double)below) * (samples[below + 1] - samples[below]);
}

/** spread_of() - sorts @samples. Return: their summary. */
static struct spread spread_of(double *samples, size_t count)
{
	if (count == 0)
		return (struct spread){ 0 };
	qsort(samples, count, sizeof(*samples), compare_samples);
	return (struct spread){ count, percentile(samples, count, 0.5),
				percentile(samples, count, 0.1), percentile(samples, count, 0.9) };
}

static struct spread spread_of_cell(const struct bench *bench, size_t row, size_t variant)
{
	double samples[ROUNDS_MAX];
	size_t count = bench->counts[row][variant];

	memcpy(samples, bench->figures[row][variant], count * sizeof(*samples));
	return spread_of(samples, count);
}

/** spread_of_ratio() - how many times as long as the variant @base, round by round */
static struct spread spread_of_ratio(const struct bench *bench, size_t row, size_t variant,
				     size_t base)
{
	double samples[ROUNDS_MAX];
	size_t count = bench->counts[row][variant];

	if (bench->counts[row][base] < count)
		count = bench->counts[row][base];
	for (size_t i = 0; i < count; i++)
		samples[i] = bench->figures[row][variant][i] / bench->figures[row][base][i];
	return spread_of(samples, count);
}

/* The scene: a directory with a file for each variant, and a copy of the loop. */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void remove_scene(const struct bench *bench)
{
	if (bench->scene[0] && nftw(bench->scene, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0)
		complain("cannot remove %s: %s", bench->scene, strerror(errno));
}

static bool copy_bytes(int from, int to)
{
	char bytes[64 * 1024];
	ssize_t length;

	while ((length = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)length) != length)
			return false;
	return length == 0;
}

/* The loop has to be where root of the namespace can reach it; the build directory may not be. */
static bool copy_loop(const struct bench *bench)
{
	char source[PATH_MAX], copy[PATH_MAX];

	if (!join(source, bench->programs, "loop") || !join(copy, bench->scene, "loop"))
		return false;
	int from = open(source, O_RDONLY | O_CLOEXEC);
	int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	bool is_copied = from >= 0 && to >= 0 && copy_bytes(from, to);

	if (!is_copied)
		complain("cannot copy %s: %s", source, strerror(errno));
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) < 0)
		is_copied = false;
	return is_copied;
}

static bool make_file(const char *path)
{
	int fd = creat(path, 0644);
	bool is_made = fd >= 0 && fchown(fd, INSIDE_ROOT, INSIDE_ROOT) == 0;

	if (!is_made)
		complain("cannot make %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_made;
}

static bool make_files(const struct bench *bench, struct runner *runner, const char *variant)
{
	char directory[PATH_MAX];

	if (!join(directory, bench->scene, variant))
		return false;
	if (mkdir(directory, 0755) < 0 || chown(directory, INSIDE_ROOT, INSIDE_ROOT) < 0) {
		complain("cannot make %s: %s", directory, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < FILES; i++)
		if (!join(runner->files[i], directory, file_names[i]) ||
		    !make_file(runner->files[i]))
			return false;
	return true;
}

static bool make_scene(struct bench *bench)
{
	char scene[PATH_MAX];

	if (!join(scene, bench->settings.directory, "nsxattr-bench.XXXXXX"))
		return false;
	if (!mkdtemp(scene) || chmod(scene, 0755) < 0) {
		complain("cannot make %s: %s", scene, strerror(errno));
		return false;
	}
	memcpy(bench->scene, scene, sizeof(scene));
	umask(022);
	for (size_t i = 0; i < VARIANTS; i++)
		if (!make_files(bench, &bench->runners[i], variants[i].name))
			return false;
	return copy_loop(bench);
}

/* Runners. */

static bool is_running(const struct runner *runner)
{
	return runner->in >= 0;
}

/** stop() - close its input, which ends it, and reap it. Return: its status, of waitpid(2). */
static int stop(struct runner *runner)
{
	int status = 0;

	if (!is_running(runner))
		return status;
	close(runner->in);
	close(runner->out);
	runner->in = runner->out = -1;
	(void)TEMP_FAILURE_RETRY(waitpid(runner->pid, &status, 0));
	return status;
}

/** give_up() - a runner that does not answer may not end by itself */
static void give_up(struct runner *runner)
{
	kill(runner->pid, SIGTERM);
	stop(runner);
}

static bool expand(const struct bench *bench, const char *word, char path[PATH_MAX])
{
	if (strcmp(word, WORD_LOOP) == 0)
		return join(path, bench->scene, "loop");
	if (strcmp(word, WORD_FLOOR) == 0)
		return join(path, bench->programs, "floor");
	if (strcmp(word, WORD_STATE) == 0)
		return join(path, bench->scene, "state");
	if (strcmp(word, WORD_NSXATTR) == 0)
		word = bench->settings.nsxattr;
	return snprintf(path, PATH_MAX, "%s", word) < PATH_MAX;
}

/** become() - in the child: be the variant's loop */
static _Noreturn void become(const struct bench *bench, const struct variant *variant, int in,
			     int out)
{
	char words[ARGUMENTS_MAX][PATH_MAX];
	char *arguments[ARGUMENTS_MAX + 1] = { NULL };

	for (size_t i = 0; i < ARGUMENTS_MAX && variant->command[i]; i++) {
		if (!expand(bench, variant->command[i], words[i]))
			_exit(STATUS_NOT_STARTED);
		arguments[i] = words[i];
	}
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(STATUS_NOT_STARTED);
	execvp(arguments[0], arguments);
	int error = errno;

	if (error != ENOENT || !variant->is_optional)
		complain("cannot run '%s': %s", arguments[0], strerror(error));
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_STARTED);
}

static bool start(const struct bench *bench, const struct variant *variant, struct runner *runner)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return false;
	}
	runner->pid = fork();
	if (runner->pid == 0)
		become(bench, variant, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	runner->in = in[1];
	runner->out = out[0];
	if (runner->pid > 0)
		return true;
	complain("cannot fork: %s", strerror(errno));
	return false;
}

/** read_answer() - a line, without its newline. Return: false at the end, or when none comes. */
static bool read_answer(const struct runner *runner, char answer[ANSWER_SIZE])
{
	struct pollfd polled = { .fd = runner->out, .events = POLLIN };
	size_t length = 0;

	while (length < ANSWER_SIZE - 1) {
		if (poll(&polled, 1, PATIENCE) <= 0)
			return false;
		ssize_t piece = read(runner->out, answer + length, ANSWER_SIZE - 1 - length);

		if (piece <= 0)
			return false;
		length += (size_t)piece;
		if (answer[length - 1] == '\n') {
			answer[length - 1] = '\0';
			return true;
		}
	}
	return false;
}

static bool ask(const struct runner *runner, const char *operation, unsigned int file,
		const struct settings *settings, char answer[ANSWER_SIZE])
{
	return dprintf(runner->in, "%s %s %lu %lu\n", operation, runner->files[file],
		       settings->calls, settings->batches) > 0 &&
	       read_answer(runner, answer);
}

/** parse_answer() - Return: the number of figures, at most BATCHES_MAX; 0 of a malformed answer. */
static size_t parse_answer(const char *answer, long *ret_result, double figures[BATCHES_MAX])
{
	size_t count = 0;
	char *at;

	*ret_result = strtol(answer, &at, 10);
	while (count < BATCHES_MAX && *at == ' ')
		figures[count++] = strtod(at + 1, &at);
	return *at == '\0' ? count : 0;
}

/** measure() - Return: the median of some batches, in ns a call; below 0 when it went wrong: said. */
static double measure(const struct bench *bench, size_t variant, const struct row *row)
{
	const char *name = variants[variant].name;
	long expected = variants[variant].answers_zero ? 0 : row->result;
	double figures[BATCHES_MAX];
	char answer[ANSWER_SIZE];
	long result;

	if (!ask(&bench->runners[variant], row->operation, row->file, &bench->settings, answer)) {
		complain("%s: %s: no answer", name, row->label);
		return -1;
	}
	size_t count = parse_answer(answer, &result, figures);

	if (count == 0 || result != expected) {
		complain("%s: %s: the call gives %ld, not %ld", name, row->label, result, expected);
		return -1;
	}
	return spread_of(figures, count).median;
}

static bool is_wanted(const struct settings *settings, const char *name)
{
	const char *at = settings->only;
	size_t length = strlen(name);

	while (at && *at) {
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
		at += strcspn(at, ",");
		at += strspn(at, ",");
	}
	return !settings->only;
}

/* Where its library is not found, a wrapper runs the loop all the same, and natively. */
static bool is_as_it_claims(const struct variant *variant, const struct runner *runner)
{
	return !variant->is_pretence || lgetxattr(runner->files[FULL], "user.x", NULL, 0) < 0;
}

/** prepare() - store what later calls find. Return: whether the variant does its work at all. */
static bool prepare(const struct variant *variant, const struct runner *runner)
{
	static const struct settings once = { .calls = 1, .batches = 1 };
	char answer[ANSWER_SIZE];

	return ask(runner, "set", FULL, &once, answer) &&
	       ask(runner, "set-kernel", FULL, &once, answer) && is_as_it_claims(variant, runner);
}

/** leave_out() - it does not work. Return: whether it can be done without. */
static bool leave_out(struct runner *runner, const struct variant *variant)
{
	int status = stop(runner);

	if (variant->is_optional && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
		return true;
	complain("%s is left out: it does not work here", variant->name);
	return variant->is_optional;
}

/** start_all() - Return: false when one that may not be missing is missing. */
static bool start_all(struct bench *bench)
{
	bool is_complete = true;

	for (size_t i = 0; i < VARIANTS; i++) {
		const struct variant *variant = &variants[i];
		struct runner *runner = &bench->runners[i];

		if (!is_wanted(&bench->settings, variant->name))
			continue;
		if (start(bench, variant, runner) && prepare(variant, runner))
			continue;
		if (!leave_out(runner, variant))
			is_complete = false;
	}
	return is_complete;
}

static void stop_all(struct bench *bench)
{
	for (size_t i = 0; i < VARIANTS; i++)
		stop(&bench->runners[i]);
}

/* Measuring. */

/** take_turn() - Return: false when a variant that has to work does not; it is left out then. */
static bool take_turn(struct bench *bench, size_t row, size_t variant, bool is_warm_up)
{
	if (!is_running(&bench->runners[variant]))
		return true;
	double figure = measure(bench, variant, &rows[row]);

	if (figure < 0) {
		give_up(&bench->runners[variant]);
		bench->counts[row][variant] = 0;
		return variants[variant].is_optional;
	}
	if (!is_warm_up)
		bench->figures[row][variant][bench->counts[row][variant]++] = figure;
	return true;
}

/** measure_row() - the first round warms up; each begins with another variant */
static bool measure_row(struct bench *bench, size_t row)
{
	bool is_right = true;

	for (size_t round = 0; round <= bench->settings.rounds; round++)
		for (size_t i = 0; i < VARIANTS; i++)
			if (!take_turn(bench, row, (round + i) % VARIANTS, round == 0))
				is_right = false;
	return is_right;
}

static bool measure_all(struct bench *bench)
{
	bool is_right = true;

	for (size_t row = 0; row < ROWS; row++) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%zu/%zu %-24s", row + 1, ROWS, rows[row].label);
		if (!measure_row(bench, row))
			is_right = false;
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%32s\r", "");
	return is_right;
}

/* The machine. */

/** struct machine - where it was measured */
struct machine {
	struct utsname system;
	char processor[128];
	long cpus;
	char file_system[64];
	double load; /* before we added to it */
};

/** find_line() - the rest of the first line of a file that begins with @key and a colon */
static void find_line(const char *path, const char *key, char *value, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	snprintf(value, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
		break;
	}
	if (file)
		fclose(file);
}

/** find_file_system() - the type of the file system that @path is on, by its device number */
static void find_file_system(const char *path, char *value, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192];
	struct stat status;

	snprintf(value, size, "unknown");
	while (file && stat(path, &status) == 0 && fgets(line, sizeof(line), file)) {
		unsigned int major_number, minor_number;
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*u %*u %u:%u", &major_number, &minor_number) != 2 ||
		    status.st_dev != makedev(major_number, minor_number))
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(dash + 3, " "), dash + 3);
		break;
	}
	if (file)
		fclose(file);
}

static struct machine describe_machine(const struct bench *bench)
{
	struct machine machine = { .cpus = sysconf(_SC_NPROCESSORS_ONLN) };

	uname(&machine.system);
	find_line("/proc/cpuinfo", "model name", machine.processor, sizeof(machine.processor));
	find_file_system(bench->scene, machine.file_system, sizeof(machine.file_system));
	if (getloadavg(&machine.load, 1) != 1)
		machine.load = -1;
	return machine;
}

/* The table. */

static bool has_column(const struct bench *bench, size_t variant)
{
	for (size_t row = 0; row < ROWS; row++)
		if (bench->counts[row][variant] > 0)
			return true;
	return false;
}

static void print_heading(const struct bench *bench, const char *title)
{
	printf("\n%-21s", title);
	for (size_t i = 0; i < VARIANTS; i++)
		if (has_column(bench, i))
			printf("  %14s", variants[i].name);
	putchar('\n');
}

static void print_cell(const struct spread *spread, double unit)
{
	if (spread->count == 0)
		printf("  %14s", "-");
	else
		printf("  %7.2f ±%5.2f", spread->median / unit,
		       (spread->ninetieth - spread->tenth) / 2 / unit);
}

static void print_times(const struct bench *bench)
{
	print_heading(bench, "microseconds a call");
	for (size_t row = 0; row < ROWS; row++) {
		printf("%-21s", rows[row].label);
		for (size_t i = 0; i < VARIANTS; i++) {
			struct spread spread = spread_of_cell(bench, row, i);

			if (has_column(bench, i))
				print_cell(&spread, 1000);
		}
		putchar('\n');
	}
}

static void print_ratios(const struct bench *bench, size_t base, const char *title)
{
	if (!has_column(bench, base))
		return;
	print_heading(bench, title);
	for (size_t row = 0; row < ROWS; row++) {
		printf("%-21s", rows[row].label);
		for (size_t i = 0; i < VARIANTS; i++) {
			struct spread spread = spread_of_ratio(bench, row, i, base);

			if (has_column(bench, i))
				print_cell(&spread, 1);
		}
		putchar('\n');
	}
}

static void print_table(const struct bench *bench, const struct machine *machine)
{
	const struct settings *settings = &bench->settings;

	printf("Linux %s %s, %s, %ld CPUs online, files on %s, load %.2f before\n",
	       machine->system.release, machine->system.machine, machine->processor, machine->cpus,
	       machine->file_system, machine->load);
	if (machine->load > (double)machine->cpus / 2)
		puts("the machine is busy with something else; see docs/benchmarks/README.md");
	if (settings->cpu >= 0)
		printf("everything on CPU %ld; ", settings->cpu);
	printf("%lu rounds of %lu batches of %lu calls; median ± half of p10..p90 of the rounds\n",
	       settings->rounds, settings->batches, settings->calls);
	for (size_t i = 0; i < VARIANTS; i++)
		if (has_column(bench, i))
			printf("  %-9s %s\n", variants[i].name, variants[i].about);
	print_times(bench);
	print_ratios(bench, FLOOR, "times the floor");
	print_ratios(bench, NATIVE, "times native");
}

/* JSON. All our strings are plain, but for those that the machine gives. */

static void write_string(FILE *file, const char *string)
{
	fputc('"', file);
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			fputc('\\', file);
		fputc(iscntrl((unsigned char)*string) ? ' ' : *string, file);
	}
	fputc('"', file);
}

static void write_member(FILE *file, const char *name, const char *value, const char *end)
{
	write_string(file, name);
	fputs(": ", file);
	write_string(file, value);
	fputs(end, file);
}

static void write_spread(FILE *file, const char *name, const struct spread *spread, const char *end)
{
	if (spread->count == 0)
		fprintf(file, "\"%s\": null%s", name, end);
	else
		fprintf(file, "\"%s\": {\"median\": %.3f, \"p10\": %.3f, \"p90\": %.3f}%s", name,
			spread->median, spread->tenth, spread->ninetieth, end);
}

static void write_cell(FILE *file, const struct bench *bench, size_t row, size_t variant)
{
	struct spread time = spread_of_cell(bench, row, variant);
	struct spread floor = spread_of_ratio(bench, row, variant, FLOOR);
	struct spread native = spread_of_ratio(bench, row, variant, NATIVE);

	fprintf(file, "      \"%s\": {", variants[variant].name);
	write_spread(file, "nanoseconds", &time, ", ");
	write_spread(file, "times_floor", &floor, ", ");
	write_spread(file, "times_native", &native, "}");
}

static void write_row(FILE *file, const struct bench *bench, size_t row)
{
	const char *separator = "";

	fputs("    {", file);
	write_member(file, "label", rows[row].label, ", ");
	write_member(file, "operation", rows[row].operation, ", \"variants\": {\n");
	for (size_t i = 0; i < VARIANTS; i++) {
		if (bench->counts[row][i] == 0)
			continue;
		fputs(separator, file);
		write_cell(file, bench, row, i);
		separator = ",\n";
	}
	fputs("}}", file);
}

static void write_machine(FILE *file, const struct machine *machine)
{
	fputs("  \"machine\": {", file);
	write_member(file, "kernel", machine->system.release, ", ");
	write_member(file, "architecture", machine->system.machine, ", ");
	write_member(file, "processor", machine->processor, ", ");
	fprintf(file, "\"cpus\": %ld, ", machine->cpus);
	write_member(file, "file_system", machine->file_system, ", ");
	fprintf(file, "\"load\": %.2f},\n", machine->load);
}

static bool write_json(const struct bench *bench, const struct machine *machine)
{
	const struct settings *settings = &bench->settings;
	FILE *file = fopen(settings->output, "we");

	if (!file) {
		complain("cannot write %s: %s", settings->output, strerror(errno));
		return false;
	}
	fputs("{\n", file);
	write_machine(file, machine);
	fprintf(file, "  \"rounds\": %lu, \"batches\": %lu, \"calls\": %lu, \"cpu\": %ld,\n",
		settings->rounds, settings->batches, settings->calls, settings->cpu);
	fputs("  \"rows\": [\n", file);
	for (size_t row = 0; row < ROWS; row++) {
		write_row(file, bench, row);
		fputs(row + 1 < ROWS ? ",\n" : "\n", file);
	}
	fputs("  ]\n}\n", file);
	return fclose(file) == 0;
}

/* The command line. */

static const struct option options[] = {
	{ "nsxattr", required_argument, NULL, 'n' }, { "directory", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },  { "only", required_argument, NULL, 'O' },
	{ "rounds", required_argument, NULL, 'r' },  { "batches", required_argument, NULL, 'b' },
	{ "calls", required_argument, NULL, 'c' },   { "cpu", required_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: bench [OPTION]...\n"
	"  --nsxattr=PATH     the program (build/nsxattr)\n"
	"  --directory=DIR    the files are made below it, so on its file system (/var/tmp)\n"
	"  --output=FILE      write the figures there, as JSON\n"
	"  --only=NAME,...    these variants: native floor ring process kernel fakeroot pseudo\n"
	"  --rounds=N         how often each variant has its turn, up to 200 (41)\n"
	"  --batches=N        batches in a turn, up to 200 (21)\n"
	"  --calls=N          calls in a batch (20)\n"
	"  --cpu=N            all on this CPU\n";

/** read_number() - Return: it; 0 when it is not between 1 and @most. */
static unsigned long read_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && *end == '\0' && number <= most ? number : 0;
}

static bool apply(struct settings *settings, int option, const char *argument)
{
	switch (option) {
	case 'n':
		settings->nsxattr = argument;
		return true;
	case 'd':
		settings->directory = argument;
		return true;
	case 'o':
		settings->output = argument;
		return true;
	case 'O':
		settings->only = argument;
		return true;
	case 'r':
		settings->rounds = read_number(argument, ROUNDS_MAX);
		return settings->rounds > 0;
	case 'b':
		settings->batches = read_number(argument, BATCHES_MAX);
		return settings->batches > 0;
	case 'c':
		settings->calls = read_number(argument, 10000000);
		return settings->calls > 0;
	case 'C':
		settings->cpu = (long)read_number(argument, CPU_SETSIZE - 1);
		return settings->cpu > 0 || strcmp(argument, "0") == 0;
	default:
		return false;
	}
}

static bool pin(long cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return true;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return true;
	complain("cannot go to CPU %ld: %s", cpu, strerror(errno));
	return false;
}

/* The programs lie beside this one. */
static bool find_programs(char programs[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", programs, PATH_MAX - 1);

	if (length <= 0)
		return false;
	programs[length] = '\0';
	*strrchr(programs, '/') = '\0';
	return true;
}

static bool run(struct bench *bench)
{
	bool is_right = make_scene(bench) && start_all(bench);

	if (!bench->scene[0])
		return false;
	struct machine machine = describe_machine(bench);

	is_right = measure_all(bench) && is_right;
	stop_all(bench);
	print_table(bench, &machine);
	if (bench->settings.output && !write_json(bench, &machine))
		is_right = false;
	remove_scene(bench);
	return is_right;
}

int main(int argc, char **argv)
{
	static struct bench bench = {
		.settings = { .nsxattr = "build/nsxattr",
			      .directory = "/var/tmp",
			      .rounds = 41,
			      .batches = 21,
			      .calls = 20,
			      .cpu = -1 },
	};
	int option;

	for (size_t i = 0; i < VARIANTS; i++)
		bench.runners[i] = (struct runner){ .in = -1, .out = -1 };
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option != 'h' && apply(&bench.settings, option, optarg))
			continue;
		fputs(usage, option == 'h' ? stdout : stderr);
		return option == 'h' ? EXIT_SUCCESS : 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (geteuid() != 0) {
		complain("this needs root");
		return 2;
	}
	if (!find_programs(bench.programs) || !pin(bench.settings.cpu))
		return EXIT_FAILURE;
	return run(&bench) ? EXIT_SUCCESS : EXIT_FAILURE;
}
