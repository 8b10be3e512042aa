/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 *	RUNTIME [OPTION]... COMMAND [OPTION]... ID
 *
 * runc reads options by Go's package flag: one dash is as good as two, and letters do not stand together. crun reads
 * them by argp, so as getopt_long(3) does: a long name may be cut short, and letters may stand together.
 *
 * The table has the options that take an argument and could come before what we look for. A younger runtime may have
 * others. So an option that is not in the table is passed over alone. If it stands before the command, its argument
 * may be the next word: there the first word is the command that is one of the runtime's. Behind the command nothing
 * but "--" ends the search for --bundle; runc takes options behind the id, too. What the runtime refuses may be read
 * in any way, for then there is no container: so a line without an id counts as one that makes a container.
 *
 * --help counts only as the first word behind the command: further behind it may be the argument of an option that we
 * do not know, and then there is a container.
 *
 * No system call, no logging.
 */
#include "hook/runtime_line.h"

#include <string.h>

#include "count_of.h"

enum part {
	PART_GLOBAL = 1 << 0, /* before the command */
	PART_COMMAND = 1 << 1, /* behind create, run or restore */
};

enum meaning {
	MEANS_NOTHING, /* to us */
	MEANS_BUNDLE,
	MEANS_CONFIG,
	MEANS_LOG,
	MEANS_LOG_FORMAT,
};

/** struct line_option - one that takes an argument */
struct line_option {
	const char *name;
	char letter; /* 0: none */
	unsigned int part;
	enum meaning meaning;
	bool is_crun_only;
};

static const struct line_option options[] = {
	{ "log", 0, PART_GLOBAL, MEANS_LOG, false },
	{ "log-format", 0, PART_GLOBAL, MEANS_LOG_FORMAT, false },
	{ "log-level", 0, PART_GLOBAL, MEANS_NOTHING, false },
	{ "root", 0, PART_GLOBAL, MEANS_NOTHING, false },
	{ "rootless", 0, PART_GLOBAL, MEANS_NOTHING, false },
	{ "criu", 0, PART_GLOBAL, MEANS_NOTHING, false },
	{ "cgroup-manager", 0, PART_GLOBAL, MEANS_NOTHING, true },
	{ "bundle", 'b', PART_COMMAND, MEANS_BUNDLE, false },
	{ "config", 'f', PART_COMMAND, MEANS_CONFIG, true },
	{ "console-socket", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "pid-file", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "pidfd-socket", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "preserve-fds", 0, PART_COMMAND, MEANS_NOTHING, false },
	/* of restore alone */
	{ "image-path", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "work-path", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "parent-path", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "manage-cgroups-mode", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "lsm-profile", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "lsm-mount-context", 0, PART_COMMAND, MEANS_NOTHING, false },
	{ "empty-ns", 0, PART_COMMAND, MEANS_NOTHING, false },
};

static const char *const commands[] = {
	"create",   "run",    "start", "exec",	 "delete", "kill",	 "state",
	"list",	    "ps",     "pause", "resume", "update", "checkpoint", "restore",
	"features", "events", "spec",  "init",	 "mounts", "help",	 "info",
};

/** struct option_word - a word that is an option */
struct option_word {
	const struct line_option *option; /* NULL: none that we know to take an argument */
	const char *argument; /* NULL: it is the next word */
};

static bool is_option_of(const struct line_option *option, enum oci_runtime runtime,
			 unsigned int part)
{
	return (option->part & part) && (runtime == OCI_RUNTIME_CRUN || !option->is_crun_only);
}

/* ---- as Go's flag does ---- */

static bool has_name(const struct line_option *option, const char *name, size_t length)
{
	if (length == 1 && option->letter)
		return *name == option->letter;
	return strlen(option->name) == length && memcmp(option->name, name, length) == 0;
}

static struct option_word read_as_runc(const char *word, unsigned int part)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t length = strcspn(name, "=");

	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (is_option_of(&options[i], OCI_RUNTIME_RUNC, part) &&
		    has_name(&options[i], name, length))
			return (struct option_word){ &options[i],
						     name[length] ? name + length + 1 : NULL };
	return (struct option_word){ 0 };
}

/* ---- as getopt_long(3) does ---- */

/* A name that is cut short and fits several is refused by crun. */
static const struct line_option *long_option(const char *name, size_t length, unsigned int part)
{
	const struct line_option *found = NULL;

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		if (!is_option_of(&options[i], OCI_RUNTIME_CRUN, part) ||
		    strncmp(options[i].name, name, length) != 0)
			continue;
		if (!options[i].name[length])
			return &options[i];
		found = found ? found : &options[i];
	}
	return length ? found : NULL;
}

static const struct line_option *letter_option(char letter, unsigned int part)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (is_option_of(&options[i], OCI_RUNTIME_CRUN, part) &&
		    options[i].letter == letter)
			return &options[i];
	return NULL;
}

static struct option_word read_as_crun(const char *word, unsigned int part)
{
	if (word[1] == '-') {
		size_t length = strcspn(word + 2, "=");
		const char *argument = word[2 + length] ? word + 2 + length + 1 : NULL;

		return (struct option_word){ long_option(word + 2, length, part), argument };
	}
	for (const char *letter = word + 1; *letter; letter++) {
		const struct line_option *option = letter_option(*letter, part);

		if (option)
			return (struct option_word){ option, letter[1] ? letter + 1 : NULL };
	}
	return (struct option_word){ 0 };
}

/* ---- the line ---- */

/* crun also takes "file:PATH", "syslog:NAME" and "journald:NAME". */
static const char *log_file(enum oci_runtime runtime, const char *argument)
{
	static const char file[] = "file:";

	if (runtime != OCI_RUNTIME_CRUN)
		return argument;
	if (strncmp(argument, file, strlen(file)) == 0)
		return argument + strlen(file);
	return strchr(argument, ':') ? NULL : argument;
}

static void note(enum oci_runtime runtime, enum meaning meaning, const char *argument,
		 struct runtime_line *line)
{
	switch (meaning) {
	case MEANS_BUNDLE:
		line->bundle = *argument ? argument : ".";
		break;
	case MEANS_CONFIG:
		line->config = strcmp(argument, "config.json") == 0 ? NULL : argument;
		break;
	case MEANS_LOG:
		line->log = *argument ? log_file(runtime, argument) : NULL;
		break;
	case MEANS_LOG_FORMAT:
		line->log_is_json = strcmp(argument, "json") == 0;
		break;
	case MEANS_NOTHING:
	default:
		break;
	}
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Return: the next word to read; *words is an option. @ret_is_known: it is in the table. */
static char *const *read_option(enum oci_runtime runtime, unsigned int part, char *const *words,
				struct runtime_line *line, bool *ret_is_known)
{
	struct option_word read = runtime == OCI_RUNTIME_CRUN ? read_as_crun(*words, part) :
								read_as_runc(*words, part);

	*ret_is_known = read.option != NULL;
	words++;
	if (!read.option)
		return words;
	if (!read.argument && !*words)
		return words;
	note(runtime, read.option->meaning, read.argument ? read.argument : *words, line);
	return read.argument ? words : words + 1;
}

static bool is_command(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(word, commands[i]) == 0)
			return true;
	return false;
}

/* Return: the command's word; NULL behind the last if there is none. */
static char *const *find_command(enum oci_runtime runtime, char *const *words,
				 struct runtime_line *line)
{
	bool may_be_argument = false, is_known;

	while (*words) {
		if (strcmp(*words, "--") == 0)
			return words + 1;
		if (is_option(*words)) {
			may_be_argument = !strchr(*words, '=');
			words = read_option(runtime, PART_GLOBAL, words, line, &is_known);
			may_be_argument &= !is_known;
		} else if (may_be_argument && !is_command(*words)) {
			may_be_argument = false;
			words++;
		} else {
			break;
		}
	}
	return words;
}

static bool asks_for_help(enum oci_runtime runtime, const char *word)
{
	static const char *const runc[] = { "--help", "-help", "--h", "-h" };

	for (size_t i = 0; runtime != OCI_RUNTIME_CRUN && i < COUNT_OF(runc); i++)
		if (strcmp(word, runc[i]) == 0)
			return true;
	return strcmp(word, "--help") == 0;
}

/* crun takes no option of before the command behind it. */
static unsigned int parts_behind(enum oci_runtime runtime)
{
	return PART_COMMAND | (runtime == OCI_RUNTIME_CRUN ? 0 : PART_GLOBAL);
}

static void read_command(enum oci_runtime runtime, char *const *words, struct runtime_line *line)
{
	bool is_known, is_over = false;

	while (*words) {
		if (!is_over && strcmp(*words, "--") == 0) {
			is_over = true;
			words++;
		} else if (!is_over && is_option(*words)) {
			words = read_option(runtime, parts_behind(runtime), words, line, &is_known);
		} else {
			line->id = *line->id ? line->id : *words;
			words++;
		}
	}
}

static bool makes_container(const char *command)
{
	return strcmp(command, "create") == 0 || strcmp(command, "run") == 0;
}

static bool restores_container(const char *command)
{
	return strcmp(command, "restore") == 0;
}

static bool has_command_that_makes(char *const *words)
{
	while (*words && !makes_container(*words) && !restores_container(*words))
		words++;
	return *words != NULL;
}

void runtime_line_read(enum oci_runtime runtime, char *const *words, struct runtime_line *ret_line)
{
	*ret_line = (struct runtime_line){ .bundle = ".", .id = "" };
	words = find_command(runtime, words, ret_line);
	const char *command = *words;

	if (!command)
		return;
	ret_line->is_unclear = !is_command(command) && has_command_that_makes(words + 1);
	if ((!makes_container(command) && !restores_container(command)) ||
	    (words[1] && asks_for_help(runtime, words[1])))
		return;
	read_command(runtime, words + 1, ret_line);
	ret_line->makes_container = makes_container(command);
	ret_line->restores_container = restores_container(command);
}
