/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_request.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

#include "base/version.h"
#include "cli/options.h"
#include "policy.h"

#define WORDS_MAX 16

/* The request lies here: a struct id_map is long. */
static struct run_request request;
static char *words[WORDS_MAX + 1];

static int status;

static bool parse(const char *line)
{
	static char copy[256];
	char *rest = copy;
	int count = 0;

	cr_assert_lt(strlen(line), sizeof(copy));
	strcpy(copy, line);
	words[count++] = (char *)"run";
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		cr_assert_lt(count, WORDS_MAX);
		if (*word)
			words[count++] = word;
	}
	words[count] = NULL;
	memset(&request, 0, sizeof(request));
	return run_request_parse(count, words, &request, &status);
}

static void parses(const char *line)
{
	cr_assert(parse(line), "%s", line);
}

static void refuses(const char *line, const char *message)
{
	char expected[512];

	cr_redirect_stderr();
	cr_expect_not(parse(line), "%s", line);
	cr_expect_eq(status, STATUS_USAGE);
	cr_expect_null(request.options.command, "the request was filled in");
	snprintf(expected, sizeof(expected),
		 "nsxattr: %s\nnsxattr: Try 'nsxattr run --help' for more information\n", message);
	cr_expect_stderr_eq_str(expected);
}

Test(run_request, needs_no_option)
{
	parses("id -u");
	cr_expect_str_eq(request.options.command[0], "id");
	cr_expect_str_eq(request.options.command[1], "-u");
	cr_expect_null(request.options.command[2]);
	cr_expect_eq(request.options.policy, policy_builtin("default"));
	cr_expect(!request.users.is_given && !request.groups.is_given);
	cr_expect(!request.map_root_user && !request.options.keep_namespaces &&
		  !request.options.filter.allow_io_uring);
	cr_expect_eq(request.options.standins, STANDIN_ANY);
	cr_expect_eq(request.options.probe, PROBE_AUTO);
	cr_expect_eq(request.options.executor, EXECUTOR_AUTO);
	cr_expect_eq(request.options.calls, ALLOWED_CALLS_ENFORCE);
	cr_expect_eq(request.options.patience, 60);
	cr_expect_not(request.options.has_no_keeper);
	cr_expect_eq(request.verbosity, 0);
}

Test(run_request, leaves_the_command_its_options)
{
	parses("-v ls -v --version -- x");
	cr_expect_eq(request.verbosity, 1);
	cr_expect_str_eq(request.options.command[0], "ls");
	cr_expect_str_eq(request.options.command[2], "--version");
	cr_expect_str_eq(request.options.command[3], "--");
}

Test(run_request, stops_at_two_dashes)
{
	parses("-v -- -v");
	cr_expect_eq(request.verbosity, 1);
	cr_expect_str_eq(request.options.command[0], "-v");
}

Test(run_request, collects_ranges)
{
	parses("--map-users=0:100000:10 --map-users 10:200000:5 --map-groups=0:7:1 id");
	cr_expect_eq(request.users.map.count, 2);
	cr_expect_eq(request.users.map.extents[1].host, 200000);
	cr_expect_eq(request.groups.map.count, 1);
	cr_expect(request.users.is_given && !request.users.is_auto);
}

Test(run_request, takes_auto_for_one_sort_of_ids_and_beside_ranges)
{
	parses("--map-users=auto --map-users=65536:7:1 id");
	cr_expect(request.users.is_auto);
	cr_expect_eq(request.users.map.count, 1);
	cr_expect(!request.groups.is_given);
	parses("--map-auto id");
	cr_expect(request.users.is_auto && request.groups.is_auto);
}

Test(run_request, takes_the_other_options)
{
	parses("-r --allow-io-uring --debug=resolver=process -p kernel -vv id");
	cr_expect(request.map_root_user && request.options.filter.allow_io_uring);
	cr_expect_eq(request.options.standins, STANDIN_PROCESS);
	cr_expect_eq(request.options.policy, policy_builtin("kernel"));
	cr_expect_eq(request.verbosity, 2);
	parses("--debug=identity=status id");
	cr_expect_eq(request.options.probe, PROBE_NEVER);
	parses("--debug=kernel-checks=no id");
	cr_expect_eq(request.options.guard, GUARD_NEVER);
	parses("--debug=kernel-checks=auto id");
	cr_expect_eq(request.options.guard, GUARD_AUTO);
	parses("--debug=identity=probe id");
	cr_expect_eq(request.options.probe, PROBE_ALWAYS);
	parses("--debug=executor=inline id");
	cr_expect_eq(request.options.executor, EXECUTOR_INLINE);
	parses("--debug=executor=threads id");
	cr_expect_eq(request.options.executor, EXECUTOR_THREADS);
	parses("--system-call-filter=log id");
	cr_expect_eq(request.options.calls, ALLOWED_CALLS_LOG);
	parses("--system-call-filter=none id");
	cr_expect_eq(request.options.calls, ALLOWED_CALLS_NONE);
	parses("--no-userns --debug=resolver=ring id");
	cr_expect(request.options.keep_namespaces);
	cr_expect_eq(request.options.standins, STANDIN_PERSONALITY);
	cr_expect_null(request.preload);
	parses("--preload=libfakeroot-sysv.so id");
	cr_expect_str_eq(request.preload, "libfakeroot-sysv.so");
}

Test(run_request, takes_an_option_by_the_beginning_of_its_name)
{
	parses("--map-r --verb id");
	cr_expect(request.map_root_user);
	cr_expect_eq(request.verbosity, 1);
}

/* Whether it is there is seen when it is loaded. */
Test(run_request, takes_the_name_of_a_policy)
{
	parses("-p strict id");
	cr_expect_null(request.options.policy);
	cr_expect_str_eq(request.policy, "strict");
	parses("-p kernel id");
	cr_expect_eq(request.options.policy, policy_builtin("kernel"));
	cr_expect_null(request.policy);
	refuses("-p .strict id",
		"--policy=.strict cannot be a policy's name, which has letters, digits, '_', '-' and "
		"'.', no '-' or '.' at the beginning; a file's name has a '/' in it, or .yaml behind");
}

Test(run_request, refuses_to_run_nothing)
{
	refuses("-v", "missing COMMAND: the program to run");
}

Test(run_request, refuses_to_run_nothing_behind_two_dashes)
{
	refuses("-v --", "missing COMMAND: the program to run");
}

Test(run_request, refuses_an_unknown_option)
{
	refuses("--frobnicate id", "unknown option '--frobnicate'");
}

Test(run_request, suggests_the_option_that_may_have_been_meant)
{
	refuses("--map-usres=0:1:2 id",
		"unknown option '--map-usres'; did you mean '--map-users'?");
}

Test(run_request, refuses_an_unknown_letter_in_a_cluster)
{
	refuses("-vx id", "unknown option '-x'");
}

Test(run_request, refuses_an_option_without_its_argument)
{
	refuses("--policy", "option '--policy' needs an argument: --policy=POLICY");
}

Test(run_request, refuses_a_letter_without_its_argument)
{
	refuses("-vp", "option '--policy' needs an argument: --policy=POLICY");
}

Test(run_request, refuses_an_argument_that_is_too_much)
{
	refuses("--verbose=3 id", "option '--verbose' takes no argument");
}

Test(run_request, refuses_a_malformed_range)
{
	refuses("--map-users=0:1 id",
		"--map-users=0:1 is not of the form INSIDE:OUTSIDE:COUNT (numbers up to 4294967295)");
}

Test(run_request, refuses_ranges_that_overlap)
{
	refuses("--map-groups=0:1:2 --map-groups=1:9:2 id",
		"--map-groups=1:9:2 overlaps another range inside");
}

Test(run_request, refuses_an_unknown_resolver)
{
	refuses("--debug=resolver=fast id",
		"--debug=resolver=fast is not one of auto|ring|process");
}

Test(run_request, refuses_an_unknown_way_to_tell_identities)
{
	refuses("--debug=identity=guess id",
		"--debug=identity=guess is not one of auto|probe|status");
}

Test(run_request, refuses_an_unknown_way_to_have_changes_checked)
{
	refuses("--debug=kernel-checks=yes id", "--debug=kernel-checks=yes is not one of auto|no");
}

Test(run_request, refuses_an_unknown_way_to_filter_system_calls)
{
	refuses("--system-call-filter=no id",
		"--system-call-filter=no is not one of enforce|log|none");
}

Test(run_request, refuses_an_unknown_executor)
{
	refuses("--debug=executor=several id",
		"--debug=executor=several is not one of auto|inline|threads|ring");
}

Test(run_request, lists_what_can_be_forced)
{
	refuses("--debug=speed=fast id",
		"--debug=speed=fast is not one of resolver=auto|ring|process, "
		"identity=auto|probe|status, kernel-checks=auto|no, executor=auto|inline|threads|ring, "
		"keeper=yes|no");
}

Test(run_request, takes_a_keeper_and_its_patience)
{
	parses("--debug=keeper=no id");
	cr_expect(request.options.has_no_keeper);
	parses("--debug=keeper=yes --patience=86400 id");
	cr_expect_not(request.options.has_no_keeper);
	cr_expect_eq(request.options.patience, 86400);
}

Test(run_request, refuses_an_unknown_keeper)
{
	refuses("--debug=keeper=perhaps id", "--debug=keeper=perhaps is not one of yes|no");
}

Test(run_request, refuses_no_patience_at_all)
{
	refuses("--patience=0 id", "--patience=0 is not a number from 1 to 86400");
}

Test(run_request, refuses_patience_for_more_than_a_day)
{
	refuses("--patience=86401 id", "--patience=86401 is not a number from 1 to 86400");
}

Test(run_request, refuses_patience_that_is_no_number)
{
	refuses("--patience=5s id", "--patience=5s is not a number from 1 to 86400");
}

Test(run_request, refuses_maps_without_a_namespace)
{
	refuses("--no-userns --map-auto id",
		"--no-userns makes no user namespace, so there are no ids to map");
}

Test(run_request, refuses_a_root_user_without_a_namespace)
{
	refuses("-N -r id", "--no-userns makes no user namespace, so there are no ids to map");
}

Test(run_request, refuses_other_maps_beside_the_root_user)
{
	refuses("--map-root-user --map-users=1:1:1 id",
		"--map-root-user maps the first id, and goes with --map-auto alone");
}

Test(run_request, answers_a_question_for_help_wherever_it_stands)
{
	cr_redirect_stdout();
	cr_expect_not(parse("-v --help"));
	cr_expect_eq(status, 0);
	cr_expect_not(parse("-h id"));
	cr_expect_eq(status, 0);
	cr_expect_null(request.options.command);
}

Test(run_request, answers_a_question_for_the_version)
{
	cr_redirect_stdout();
	cr_expect_not(parse("--version"));
	cr_expect_eq(status, 0);
	fflush(stdout);
	cr_expect_stdout_eq_str("nsxattr " NSXATTR_VERSION "\n");
}
