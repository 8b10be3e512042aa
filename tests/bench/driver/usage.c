/* SPDX-License-Identifier: Apache-2.0 */
#include "usage.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel's threads for a ring, which belong to the process. */
#define OF_RING "iou-wrk-"

/* Called for each process. @process: its folder in /proc */
typedef void visitor(const char *process, void *place);

static void visit_processes(visitor *visit, void *place)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	char process[32];

	while (processes && (entry = readdir(processes))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(process, sizeof(process), "/proc/%.16s", entry->d_name);
		visit(process, place);
	}
	if (processes)
		closedir(processes);
}

/* ---- one process ---- */

/* Return: false: it is gone. */
static bool read_line(const char *folder, const char *name, char *line, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	bool is_read = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	return is_read;
}

static bool is_of_ring(const char *folder, const char *thread)
{
	char path[PATH_MAX], name[32] = "";

	snprintf(path, sizeof(path), "%.64s/%.16s", folder, thread);
	return read_line(path, "comm", name, sizeof(name)) &&
	       strncmp(name, OF_RING, strlen(OF_RING)) == 0;
}

static unsigned int count_entries(const char *process, const char *name, bool are_threads)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", process, name);
	DIR *directory = opendir(path);
	const struct dirent *entry;
	unsigned int count = 0;

	while (directory && (entry = readdir(directory)))
		count += entry->d_name[0] != '.' &&
			 !(are_threads && is_of_ring(path, entry->d_name));
	if (directory)
		closedir(directory);
	return count;
}

/* The proportional set size, in bytes. */
static double read_pss(const char *process)
{
	char path[64], line[256];
	double kilobytes = 0;

	snprintf(path, sizeof(path), "%s/smaps_rollup", process);
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

/** struct state - of /proc/PID/stat */
struct state {
	pid_t session;
	unsigned long user; /* ticks of the CPU, as the next */
	unsigned long system;
	unsigned long long began;
};

static bool read_state(const char *process, struct state *ret_state)
{
	char line[1024];
	const char *fields = read_line(process, "stat", line, sizeof(line)) ? strrchr(line, ')') :
									      NULL;

	return fields &&
	       sscanf(fields,
		      ") %*c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %llu",
		      &ret_state->session, &ret_state->user, &ret_state->system,
		      &ret_state->began) == 4;
}

static void add(struct usage *usage, const char *process)
{
	struct state state;

	if (!read_state(process, &state))
		return;
	usage->cpu += (double)(state.user + state.system) / (double)sysconf(_SC_CLK_TCK);
	usage->memory += read_pss(process);
	usage->threads += count_entries(process, "task", true);
	usage->descriptors += count_entries(process, "fd", false);
}

/* ---- which ---- */

static bool has_executed(const char *process, const char *program)
{
	char path[64], executed[PATH_MAX];

	snprintf(path, sizeof(path), "%s/exe", process);
	ssize_t length = readlink(path, executed, sizeof(executed) - 1);

	if (length <= 0)
		return false;
	executed[length] = '\0';
	return strcmp(executed, program) == 0;
}

/** struct search - for the processes of a program, or of a session */
struct search {
	const char *program; /* NULL: of the session */
	pid_t session;
	unsigned long long began;
	struct usage usage;
};

static void add_if_found(const char *process, void *place)
{
	struct search *search = place;
	struct state state;

	if (search->program ? has_executed(process, search->program) :
			      read_state(process, &state) && state.session == search->session)
		add(&search->usage, process);
}

static void find_newest(const char *process, void *place)
{
	struct search *search = place;
	struct state state;

	if (!has_executed(process, search->program) || !read_state(process, &state) ||
	    state.began < search->began)
		return;
	search->began = state.began;
	search->session = state.session;
}

struct usage usage_of_program(const char *program)
{
	struct search search = { .program = program };

	visit_processes(add_if_found, &search);
	return search.usage;
}

struct usage usage_of_session(pid_t session)
{
	struct search search = { .session = session };

	visit_processes(add_if_found, &search);
	return search.usage;
}

pid_t usage_newest_session(const char *program)
{
	struct search search = { .program = program };

	visit_processes(find_newest, &search);
	return search.session;
}
