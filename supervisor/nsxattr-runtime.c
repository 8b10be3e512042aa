/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * An engine starts this in the place of runc or crun, with their command line. Where that makes a container, its
 * config.json is edited first; then this process becomes the runtime, by execve(2): so the words, the descriptors, the
 * signals and the exit status are the runtime's own, and there is nothing to forward.
 *
 *	nsxattr-runtime [OPTION OF OURS]... [--] [WORD OF THE RUNTIME]...
 *
 * A container that is refused is one that the runtime never heard of: its bundle is as it was, and the engine finds our
 * sentence where it looks for the runtime's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/standard_streams.h"
#include "cli/hook.h"
#include "cli/oci_edit.h"
#include "cli/settings.h"
#include "hook/bundle.h"
#include "hook/complaint.h"
#include "hook/oci_precreate.h"
#include "hook/runtime_line.h"
#include "hook/runtime_log.h"
#include "hook/runtime_program.h"

#define WAIT_KILLABLE "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"

#define GUARD "NSXATTR_RUNTIME"
#define GUARD_SIZE 16

struct runtime_request {
	const char *policy; /* NULL: the container's annotation */
	const char *runtime; /* NULL: by the name that we are called by */
	struct hook_daemon daemon;
	enum oci_runtime like; /* OCI_RUNTIME_UNKNOWN: by its name */
	bool allow_io_uring;
};

static const struct schema_word likes[] = {
	{ "runc", OCI_RUNTIME_RUNC },
	{ "crun", OCI_RUNTIME_CRUN },
};

static const char *check_policy(const char *name)
{
	return *name ? oci_edit_check_policy(name) : NULL;
}

static const struct option_row rows[] = {
	{ "policy", 0, "NAME",
	  "for every container, not only those that ask; empty: nsxattrd chooses",
	  INTO_TEXT(struct runtime_request, policy), .check = check_policy },
	{ "runtime", 0, "PROGRAM", "the runtime, if not as this program is called",
	  INTO_TEXT(struct runtime_request, runtime) },
	{ "like", 0, NULL, "which command line it has, if not by its name",
	  INTO_WORD(struct runtime_request, like, likes) },
	HOOK_DAEMON_ROWS(struct runtime_request),
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  INTO_FLAG(struct runtime_request, allow_io_uring) },
};

static const struct option_table table = {
	.command = "nsxattr-runtime",
	.operands = "[--] [WORD OF THE RUNTIME]...",
	.about =
		"Be runc or crun for an engine: edit the config.json of a container that has\n"
		"the annotation " OCI_POLICY_ANNOTATION
		"=NAME, so that its attribute calls come to\n"
		"nsxattrd, and execute the runtime. Called as nsxattr-crun, it executes crun;\n"
		"as nsxattr-runtime, runc. The first word that is no option of this list, and all\n"
		"behind it, are the runtime's.",
	OPTION_ROWS(rows),
	.takes_operands = true,
	.has_long_names_only = true,
};

/* ---- the command line ---- */

/* Return: is it an option of ours? @ret_words: how many words it is. */
static bool is_ours(char *const *words, int *ret_words)
{
	const char *name = *words + 2;

	if (strncmp(*words, "--", 2) != 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t length = strlen(rows[i].name);

		if (strncmp(name, rows[i].name, length) != 0 ||
		    (name[length] && name[length] != '='))
			continue;
		bool has_argument = rows[i].argument || rows[i].type == OPTION_WORD;

		*ret_words = has_argument && !name[length] && words[1] ? 2 : 1;
		return true;
	}
	return false;
}

/* Only where there is nothing else: 'nsxattr-runtime --version' is the runtime's, for engines ask it. */
static bool is_help(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], "--help") == 0;
}

/* Return: how many words at the beginning are ours, with our own name and "--". */
static int count_ours(char **argv)
{
	int count = 1, words;

	while (argv[count] && is_ours(argv + count, &words))
		count += words;
	return argv[count] && strcmp(argv[count], "--") == 0 ? count + 1 : count;
}

/* A failure of before the runtime's words are read, of which the first is @words. */
static void tell_early(char **argv, char *const *words, const char *sentence)
{
	struct runtime_line line;

	runtime_line_read(runtime_program_kind(runtime_program_wanted(argv[0])), words, &line);
	tell_runtime(&(struct runtime_log){ line.log, line.log_is_json }, "%s", sentence);
}

/* options_parse() wants its words with NULL behind them. Return: as options_parse(). */
static bool parse(int argc, char **argv, int count, struct runtime_request *request,
		  int *ret_status)
{
	_cleanup_free_ char **words = calloc((size_t)argc + 1, sizeof(*words));
	char **operands;

	if (!words) {
		tell_early(argv, argv + count, "out of memory");
		*ret_status = STATUS_REFUSED;
		return false;
	}
	memcpy(words, argv, (size_t)count * sizeof(*words));
	if (options_parse(&table, count, words, request, &operands, ret_status))
		return true;
	if (*ret_status != 0)
		tell_early(
			argv, argv + count,
			"nsxattr-runtime has a mistake in its own options: start it by hand, and "
			"it says which");
	return false;
}

/* ---- the bundle ---- */

static bool takes_wait_killable(const struct oci_edit_request *request)
{
	return request->runtime == OCI_RUNTIME_CRUN ||
	       runtime_program_takes(request->program, WAIT_KILLABLE);
}

/* Return: whether the runtime is to go on; if not, it has been said. */
static bool put(const struct oci_edit_request *request, const struct bundle_config *config,
		const char *edited, size_t length)
{
	if (length == config->length && memcmp(edited, config->bytes, length) == 0)
		return true;
	int r = bundle_replace(config, edited, length);

	if (r < 0)
		tell_runtime_of_container(request->log, true, request->id, "cannot edit %s: %s",
					  config->path, strerror(-r));
	return r == 0;
}

/* Return: as put(). */
static bool edit(const struct oci_edit_request *request, const struct runtime_line *line,
		 const struct bundle_config *config)
{
	const struct json_text text = { config->bytes, config->length };
	_cleanup_free_ char *edited = NULL;
	size_t length = 0;

	if (line->restores_container)
		return oci_edit_refuse_restored(request, &text) == OCI_EDIT_UNWANTED;
	switch (oci_edit_config(request, &text, &edited, &length)) {
	case OCI_EDIT_UNWANTED:
		return true;
	case OCI_EDIT_DONE:
		return put(request, config, edited, length);
	case OCI_EDIT_REFUSED:
	default:
		return false;
	}
}

/* Return: as put(). */
static bool read_and_edit(const struct oci_edit_request *request, const struct runtime_line *line)
{
	struct bundle_config config = { 0 };
	int r = bundle_read(line->bundle, line->config, OCI_CONFIG_MAX + 1, &config);

	if (r == -ESPIPE && !request->policy) {
		tell_runtime_of_container(request->log, false, request->id,
					  "config.json is no regular file, so it is not seen "
					  "whether the container asks for nsxattr");
		return true;
	}
	if (r < 0) {
		tell_runtime_of_container(request->log, true, request->id,
					  "cannot read config.json of the bundle %s: %s",
					  line->bundle, strerror(-r));
		return false;
	}
	bool goes_on = edit(request, line, &config);

	bundle_config_done(&config);
	return goes_on;
}

/* Return: as put(). */
static bool prepare(struct runtime_request *request, enum oci_runtime runtime, const char *program,
		    const struct runtime_line *line, const struct runtime_log *log)
{
	__attribute__((cleanup(config_done))) struct config_file file = { 0 };
	const struct config *config = settings_find(&file);
	const struct oci_edit_request container = {
		.policy = request->policy,
		.daemon = &request->daemon,
		.runtime = runtime,
		.takes_wait_killable = takes_wait_killable,
		.program = program,
		.allow_io_uring = request->allow_io_uring,
		.id = line->id,
		.log = log,
	};

	hook_complete(&request->daemon, config,
		      config->oci.path ? config->oci.path : CONFIG_OCI_SOCKET);
	return read_and_edit(&container, line);
}

/* Return: whether the line is one from which a container without the policy could come; if so, it has been said. */
static bool is_doubtful(const struct runtime_request *request, const struct runtime_line *line,
			const struct runtime_log *log)
{
	if (!request->policy || !line->is_unclear)
		return false;
	tell_runtime_of_container(log, true, NULL,
				  "nsxattr-runtime does not understand the command line, which may "
				  "make a container: it is neither runc's nor crun's");
	return true;
}

/* ---- the runtime ---- */

static const char *fault_of(int error)
{
	switch (error) {
	case -ENOENT:
		return "is not installed, or not in a folder of PATH: name it with --runtime=PROGRAM";
	case -ELOOP:
		return "is nsxattr-runtime itself: name it with --runtime=PROGRAM";
	case -EDEADLK:
		return "executes nsxattr-runtime again: name the real one with --runtime=PATH";
	default:
		return "cannot be executed";
	}
}

/* A failure to start the runtime; of a container, if it would have been made. */
static void tell_fault(const struct runtime_line *line, const struct runtime_log *log,
		       const char *program, const char *fault)
{
	if (line->makes_container || line->restores_container)
		tell_runtime_of_container(log, true, *line->id ? line->id : NULL,
					  "the runtime %s %s", program, fault);
	else
		tell_runtime(log, "the runtime %s %s", program, fault);
}

/*
 * A script that is found as the runtime, and executes us, would find itself again without end. execve(2) keeps the
 * number of the process: so our own number in the environment says that we were here before.
 */
static bool was_here(void)
{
	const char *guard = getenv(GUARD);
	char number[GUARD_SIZE];

	snprintf(number, sizeof(number), "%d", (int)getpid());
	return guard && strcmp(guard, number) == 0;
}

static int become(char *program, char **words, const struct runtime_line *line,
		  const struct runtime_log *log)
{
	char number[GUARD_SIZE];

	snprintf(number, sizeof(number), "%d", (int)getpid());
	words[0] = program;
	if (setenv(GUARD, number, 1) == 0)
		execv(program, words);
	int error = errno;

	tell_fault(line, log, program, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int run(struct runtime_request *request, const char *wanted, char **words)
{
	_cleanup_free_ char *program = NULL;
	struct runtime_line line;
	int r = was_here() ? -EDEADLK : runtime_program_find(wanted, &program);
	enum oci_runtime runtime = request->like ? request->like :
						   runtime_program_kind(program ? program : wanted);

	runtime_line_read(runtime, words + 1, &line);
	const struct runtime_log log = { line.log, line.log_is_json };

	if (r < 0) {
		tell_fault(&line, &log, wanted, fault_of(r));
		return r == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	}
	if (is_doubtful(request, &line, &log))
		return STATUS_REFUSED;
	if ((line.makes_container || line.restores_container) &&
	    !prepare(request, runtime, program, &line, &log))
		return STATUS_REFUSED;
	return become(program, words, &line, &log);
}

int main(int argc, char **argv)
{
	struct runtime_request request = { 0 };
	int status = 0;

	standard_streams_reserve();
	log_find_journal();
	int count = is_help(argc, argv) ? argc : count_ours(argv);

	if (!parse(argc, argv, count, &request, &status))
		return status;
	/* The word before the runtime's becomes its name. */
	return run(&request, request.runtime ? request.runtime : runtime_program_wanted(argv[0]),
		   argv + count - 1);
}
