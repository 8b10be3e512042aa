/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "count_of.h"
#include "message.h"

/* Words of a wrapper's command that stand for a path. */
#define WORD_FLOOR "@floor"
#define WORD_NSXATTR "@nsxattr"
#define WORD_STATE "@state" /* a directory that the wrapper may have for itself */
#define WORD_STRICT "@strict" /* a policy whose mode is strict */

#define WORD_JUDGED "@judged" /* one that measures what is executed */
#define WORD_MAPPED "@mapped" /* and what is mapped executable */
#define WORD_ENFORCED "@enforced" /* one that wants a signature of what is executed */
#define WORD_ENFORCED_MAPPED "@enforced-mapped" /* and of what is mapped executable */

#define DEBUG "--debug="

/* It finds its library and its database by the environment, and leaves a daemon behind. */
static const char pseudo_script[] = "command -v pseudo >/dev/null || exit 127\n"
				    "export PSEUDO_PREFIX=/usr PSEUDO_LOCALSTATEDIR=\"$0\"\n"
				    "mkdir -p \"$0\" && pseudo \"$@\"\n"
				    "pseudo -S >/dev/null\n";

#define UNDER_NSXATTR(...)                                                    \
	{                                                                     \
		WORD_NSXATTR, "run", MAP_USERS, MAP_GROUPS, __VA_ARGS__, "--" \
	}

static const struct wrapper wrappers[WRAPPERS] = {
	[WRAPPER_NATIVE] = {
		.name = "native",
		.about = "no supervisor, host root",
	},
	[WRAPPER_FLOOR] = {
		.name = "floor",
		.about = "a supervisor that only answers 0",
		.command = { WORD_FLOOR },
		.answers_zero = true,
	},
	[WRAPPER_BARE] = {
		.name = "bare",
		.about = "a supervisor that makes the system calls of a request and nothing else",
		.command = { WORD_FLOOR, "--bare", "1" },
	},
	[WRAPPER_BARE_TWO] = {
		.name = "bare-2",
		.about = "the same with two threads that receive side by side",
		.command = { WORD_FLOOR, "--bare", "2" },
	},
	[WRAPPER_RING] = {
		.name = "ring",
		.about = "nsxattr run --debug=resolver=ring, root of a namespace",
		.command = UNDER_NSXATTR("--debug=resolver=ring"),
	},
	[WRAPPER_ALONE] = {
		.name = "alone",
		.about = "ring, without a keeper and its journal (--debug=keeper=no)",
		.command = UNDER_NSXATTR("--debug=resolver=ring", "--debug=keeper=no"),
		.needs = "keeper",
	},
	[WRAPPER_PROCESS] = {
		.name = "process",
		.about = "nsxattr run --debug=resolver=process, root of a namespace",
		.command = UNDER_NSXATTR("--debug=resolver=process"),
	},
	[WRAPPER_STRICT] = {
		.name = "strict",
		.about = "nsxattr run, a policy with mode: strict, root of a namespace",
		.command = UNDER_NSXATTR("--policy", WORD_STRICT),
	},
	[WRAPPER_UNCHECKED] = {
		.name = "unchecked",
		.about = "as on a kernel that does not check (--debug=kernel-checks=no), root of a namespace",
		.command = UNDER_NSXATTR("--debug=kernel-checks=no"),
		.needs = "kernel-checks",
	},
	[WRAPPER_KERNEL] = {
		.name = "kernel",
		.about = "nsxattr run --policy=kernel --no-userns, host root",
		.command = { WORD_NSXATTR, "run", "--policy=kernel", "--no-userns", "--" },
	},
	[WRAPPER_FAKEROOT] = {
		.name = "fakeroot",
		.about = "fakeroot, host root",
		.command = { "fakeroot", "--" },
		.is_optional = true,
		.is_pretence = true,
	},
	[WRAPPER_PSEUDO] = {
		.name = "pseudo",
		.about = "pseudo, host root",
		.command = { "sh", "-c", pseudo_script, WORD_STATE },
		.is_optional = true,
		.is_pretence = true,
	},
	[WRAPPER_NSXATTR] = {
		.name = "nsxattr",
		.about = "nsxattr run, root of a namespace",
		.command = { WORD_NSXATTR, "run", MAP_USERS, MAP_GROUPS, "--" },
	},
	[WRAPPER_INLINE] = {
		.name = "inline",
		.about = "nsxattr run --debug=executor=inline, root of a namespace",
		.command = UNDER_NSXATTR("--debug=executor=inline"),
		.needs = "executor",
	},
	[WRAPPER_THREADS] = {
		.name = "threads",
		.about = "nsxattr run --debug=executor=threads, root of a namespace",
		.command = UNDER_NSXATTR("--debug=executor=threads"),
		.needs = "executor",
	},
	[WRAPPER_BATCH] = {
		.name = "batch",
		.about = "nsxattr run --debug=executor=ring, root of a namespace",
		.command = UNDER_NSXATTR("--debug=executor=ring"),
		.needs = "executor",
	},
	[WRAPPER_JUDGED] = {
		.name = "judged",
		.about = "nsxattr run, a policy that measures what is executed, root of a namespace",
		.command = UNDER_NSXATTR("--policy", WORD_JUDGED),
	},
	[WRAPPER_MAPPED] = {
		.name = "mapped",
		.about = "the same, and what is mapped executable",
		.command = UNDER_NSXATTR("--policy", WORD_MAPPED),
	},
	[WRAPPER_ENFORCED] = {
		.name = "enforced",
		.about = "nsxattr run, mode enforce: what is executed is signed, root of a namespace",
		.command = UNDER_NSXATTR("--policy", WORD_ENFORCED),
		.needs_key = true,
	},
	[WRAPPER_ENFORCED_MAPPED] = {
		.name = "enforced-mapped",
		.about = "the same, and what is mapped executable",
		.command = UNDER_NSXATTR("--policy", WORD_ENFORCED_MAPPED),
		.needs_key = true,
	},
};

const struct wrapper *wrapper_get(enum wrapper_id id)
{
	return &wrappers[id];
}

/** knows_option() - Return: whether the help of nsxattr run speaks of it. */
static bool knows_option(const struct settings *settings, const char *option)
{
	char command[PATH_MAX + 32], line[256];
	bool is_known = false;

	snprintf(command, sizeof(command), "'%s' run --help", settings->nsxattr);
	FILE *help = popen(command, "re");

	while (help && fgets(line, sizeof(line), help))
		if (strstr(line, option))
			is_known = true;
	if (help)
		pclose(help);
	return is_known;
}

/* Before there was --debug, each of its keys was an option. */
static bool knows_key(const struct settings *settings, const char *key)
{
	char option[64];

	snprintf(option, sizeof(option), "--%s=", key);
	return knows_option(settings, DEBUG) || knows_option(settings, option);
}

void wrapper_add_columns(struct matrix *matrix, const enum wrapper_id *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		matrix_add_column(matrix, wrapper_get(ids[i])->name, wrapper_get(ids[i])->about);
}

bool wrapper_is_wanted(const struct wrapper *wrapper, const struct settings *settings)
{
	return settings_names(settings->variants, wrapper->name) &&
	       (!wrapper->needs_key || settings->key) &&
	       (!wrapper->needs || knows_key(settings, wrapper->needs));
}

/* The rules of the default policy. */
#define ATTRIBUTES                                            \
	"attributes:\n"                                       \
	"  - { name: security.capability, scheme: kernel }\n" \
	"  - { name: \"security.*\", scheme: suffix }\n"      \
	"  - { name: \"trusted.*\", scheme: suffix }\n"
#define JUDGED "integrity:\n  mode: log\n  rules:\n    - measure func=BPRM_CHECK\n"
#define ENFORCED                                           \
	"integrity:\n  mode: enforce\n  keys: [" SCENE_KEY \
	"]\n  rules:\n    - appraise func=BPRM_CHECK appraise_type=imasig\n"

/* Words that stand for a policy, which is written when it is asked for. */
static const struct {
	const char *word;
	const char *file;
	const char *text;
} policies[] = {
	{ WORD_STRICT, "strict.yaml", "version: 1\nmode: strict\n" ATTRIBUTES },
	{ WORD_JUDGED, "judged.yaml", "version: 1\n" ATTRIBUTES JUDGED },
	{ WORD_MAPPED, "mapped.yaml",
	  "version: 1\n" ATTRIBUTES JUDGED "    - measure func=MMAP_CHECK mask=MAY_EXEC\n" },
	{ WORD_ENFORCED, "enforced.yaml", "version: 1\n" ATTRIBUTES ENFORCED },
	{ WORD_ENFORCED_MAPPED, "enforced-mapped.yaml",
	  "version: 1\n" ATTRIBUTES ENFORCED
	  "    - appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig\n" },
};

static bool write_policy(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool is_written = file && fputs(text, file) >= 0;

	if (file && fclose(file) != 0)
		is_written = false;
	if (!is_written)
		complain("cannot write %s", path);
	return is_written;
}

static bool expand(const struct settings *settings, const struct scene *scene, const char *word,
		   char path[PATH_MAX])
{
	if (strcmp(word, WORD_FLOOR) == 0)
		return path_join(path, scene->programs, "floor");
	if (strcmp(word, WORD_STATE) == 0)
		return path_join(path, scene->directory, "state");
	for (size_t i = 0; i < COUNT_OF(policies); i++)
		if (strcmp(word, policies[i].word) == 0)
			return path_join(path, scene->directory, policies[i].file) &&
			       write_policy(path, policies[i].text);
	if (strcmp(word, WORD_NSXATTR) == 0)
		word = settings->nsxattr;
	if (strncmp(word, DEBUG, strlen(DEBUG)) == 0 && !knows_option(settings, DEBUG))
		return snprintf(path, PATH_MAX, "--%s", word + strlen(DEBUG)) < PATH_MAX;
	return snprintf(path, PATH_MAX, "%s", word) < PATH_MAX;
}

static bool add_run_options(const struct settings *settings, struct command *command)
{
	for (size_t i = 0; i < settings->run_option_count; i++)
		if (!command_add(command, settings->run_options[i]))
			return false;
	return true;
}

bool wrapper_command(const struct wrapper *wrapper, const struct settings *settings,
		     const struct scene *scene, const char *program, struct command *command)
{
	char path[PATH_MAX];

	command->count = 0;
	for (size_t i = 0; wrapper->command[i]; i++) {
		bool is_option_place = i == 2 && strcmp(wrapper->command[0], WORD_NSXATTR) == 0;

		if (is_option_place && !add_run_options(settings, command))
			return false;
		if (!expand(settings, scene, wrapper->command[i], path) ||
		    !command_add(command, path))
			return false;
	}
	return command_add(command, program);
}

bool wrapper_start(const struct wrapper *wrapper, const struct settings *settings,
		   const struct scene *scene, const char *program, struct runner *runner)
{
	struct command command;
	char path[PATH_MAX];

	return path_join(path, scene->directory, program) &&
	       wrapper_command(wrapper, settings, scene, path, &command) &&
	       runner_start(runner, &command);
}

bool wrapper_leave_out(const struct wrapper *wrapper, struct runner *runner)
{
	int status = runner_stop(runner);

	if (wrapper->is_optional && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
		return true;
	complain("%s is left out: it does not work here", wrapper->name);
	return wrapper->is_optional;
}
