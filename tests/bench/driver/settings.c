/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <ctype.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

static const struct option options[] = {
	{ "nsxattr", required_argument, NULL, 'n' },
	{ "nsxattrd", required_argument, NULL, 'D' },
	{ "directory", required_argument, NULL, 'd' },
	{ "output", required_argument, NULL, 'o' },
	{ "only", required_argument, NULL, 'O' },
	{ "variants", required_argument, NULL, 'v' },
	{ "rootfs", required_argument, NULL, 'f' },
	{ "key", required_argument, NULL, 'k' },
	{ "run-option", required_argument, NULL, 'R' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "batches", required_argument, NULL, 'b' },
	{ "calls", required_argument, NULL, 'c' },
	{ "cpu", required_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: bench [OPTION]...\n"
	"  --only=PART,...      these parts: calls work exec verdict gate concurrency fuse\n"
	"                       cold isolation scale tree (all)\n"
	"  --variants=NAME,...  these variants, by their names in the tables (all)\n"
	"  --nsxattr=PATH       the program (build/nsxattr)\n"
	"  --nsxattrd=PATH      the daemon (build/nsxattrd)\n"
	"  --run-option=OPTION  for each nsxattr run; can be repeated\n"
	"  --directory=DIR      the files are made below it, so on its file system (/var/tmp)\n"
	"  --rootfs=TARBALL     what the part 'work' extracts; without, it is left out\n"
	"  --key=NAME           exec, verdict, gate: mode enforce, too; NAME.pem signs what is made here, and\n"
	"                       has signed what else is executed; NAME.der is its certificate\n"
	"  --output=FILE        write the figures there, as JSON\n"
	"  --rounds=N           how often each variant has its turn, up to 200 (41); parts whose\n"
	"                       turns are long have fewer of their own\n"
	"  --batches=N          calls: batches in a turn, up to 200 (21)\n"
	"  --calls=N            calls: calls in a batch (20)\n"
	"  --cpu=N              calls, work: all on this CPU\n";

bool settings_names(const char *list, const char *name)
{
	size_t length = strlen(name);

	if (!list)
		return true;
	while (*list) {
		if (strncmp(list, name, length) == 0 &&
		    (list[length] == ',' || list[length] == '\0'))
			return true;
		list += strcspn(list, ",");
		list += strspn(list, ",");
	}
	return false;
}

/** read_number() - Return: it; 0 when it is not between 1 and @most. */
static unsigned long read_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return isdigit((unsigned char)*text) && *end == '\0' && number <= most ? number : 0;
}

static bool add_run_option(struct settings *settings, const char *option)
{
	if (settings->run_option_count == RUN_OPTIONS_MAX)
		return false;
	settings->run_options[settings->run_option_count++] = option;
	return true;
}

static bool apply_number(struct settings *settings, int option, const char *argument)
{
	switch (option) {
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

static bool apply(struct settings *settings, int option, const char *argument)
{
	const char **const texts[128] = {
		['n'] = &settings->nsxattr,   ['D'] = &settings->nsxattrd,
		['d'] = &settings->directory, ['o'] = &settings->output,
		['O'] = &settings->parts,     ['v'] = &settings->variants,
		['f'] = &settings->rootfs,    ['k'] = &settings->key,
	};

	if (option == 'R')
		return add_run_option(settings, argument);
	if (option < 0 || option >= 128 || !texts[option])
		return apply_number(settings, option, argument);
	*texts[option] = argument;
	return true;
}

bool settings_read(struct settings *settings, int argc, char **argv, int *ret_status)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option != 'h' && apply(settings, option, optarg))
			continue;
		fputs(usage, option == 'h' ? stdout : stderr);
		*ret_status = option == 'h' ? EXIT_SUCCESS : 2;
		return false;
	}
	if (optind == argc)
		return true;
	complain("what is '%s'?", argv[optind]);
	*ret_status = 2;
	return false;
}
