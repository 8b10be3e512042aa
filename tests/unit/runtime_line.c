/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_line.h"

#include <criterion/criterion.h>

#define READ(runtime, ...)                                               \
	({                                                               \
		char *words[] = { __VA_ARGS__, NULL };                   \
		struct runtime_line read_;                               \
		runtime_line_read(OCI_RUNTIME_##runtime, words, &read_); \
		read_;                                                   \
	})
#define RUNC(...) READ(RUNC, __VA_ARGS__)
#define CRUN(...) READ(CRUN, __VA_ARGS__)

/* What both have to say of the same words. */
#define expect_both(member, expected, ...)                            \
	do {                                                          \
		cr_expect_str_eq(RUNC(__VA_ARGS__).member, expected); \
		cr_expect_str_eq(CRUN(__VA_ARGS__).member, expected); \
	} while (0)

Test(runtime_line, reads_what_containerd_says)
{
	struct runtime_line line = RUNC("--root", "/run/runc/k8s.io", "--log", "/b/log.json",
					"--log-format", "json", "--systemd-cgroup", "create",
					"--bundle", "/b", "--pid-file", "/b/init.pid",
					"--console-socket", "/tmp/pty.sock", "x1");

	cr_expect(line.makes_container);
	cr_expect_str_eq(line.bundle, "/b");
	cr_expect_str_eq(line.id, "x1");
	cr_expect_str_eq(line.log, "/b/log.json");
	cr_expect(line.log_is_json);
	cr_expect_null(line.config);
}

Test(runtime_line, reads_what_conmon_says)
{
	struct runtime_line line = CRUN("--systemd-cgroup", "--log-format=json", "--log=/u/oci-log",
					"--root=/run/crun", "create", "--bundle", "/u",
					"--pid-file", "/u/pidfile", "x2");

	cr_expect(line.makes_container);
	cr_expect_str_eq(line.bundle, "/u");
	cr_expect_str_eq(line.id, "x2");
	cr_expect_str_eq(line.log, "/u/oci-log");
	cr_expect(line.log_is_json);
}

Test(runtime_line, leaves_other_commands_alone)
{
	cr_expect_not(RUNC("--root", "run", "start", "x").makes_container);
	cr_expect_not(CRUN("--root", "create", "delete", "--force", "run").makes_container);
	cr_expect_not(RUNC("exec", "--process", "p", "x", "run").makes_container);
	cr_expect_not(RUNC("kill", "create", "9").makes_container);
	cr_expect_not(CRUN("--cgroup-manager", "run", "state", "x").makes_container);
	cr_expect_not(CRUN("--version").makes_container);
	cr_expect_not(RUNC("create", "--help").makes_container);
	cr_expect_not(RUNC("unheard-of", "create", "x").makes_container);
	cr_expect_not(READ(RUNC, NULL).makes_container);
}

Test(runtime_line, tells_the_log_of_other_commands_too)
{
	expect_both(log, "/l", "--log", "/l", "--log-format", "json", "delete", "x");
	cr_expect(RUNC("--log-format=json", "delete", "x").log_is_json);
	cr_expect_not(RUNC("--log-format=text", "delete", "x").log_is_json);
}

Test(runtime_line, finds_the_bundle_however_it_is_spelt)
{
	expect_both(bundle, "/b", "run", "--bundle", "/b", "x");
	expect_both(bundle, "/b", "run", "--bundle=/b", "x");
	expect_both(bundle, "/b", "run", "-b", "/b", "x");
	expect_both(bundle, "/b", "run", "--bundle", "/a", "--bundle=/b", "x");
	expect_both(bundle, ".", "run", "x");
	expect_both(bundle, "--bundle", "run", "--bundle", "--bundle", "x");
	expect_both(bundle, "/a=b", "run", "--bundle=/a=b", "x");
}

Test(runtime_line, reads_dashes_as_go_does)
{
	cr_expect_str_eq(RUNC("-log", "/l", "run", "-bundle", "/b", "x").bundle, "/b");
	cr_expect_str_eq(RUNC("-log=/l", "run", "-b=/b", "x").bundle, "/b");
	cr_expect_str_eq(RUNC("-log=/l", "run", "-b=/b", "x").log, "/l");
	cr_expect_str_eq(RUNC("run", "--b", "/b", "x").bundle, "/b");
	cr_expect_str_eq(RUNC("run", "-b/b", "x").bundle, ".", "which runc does not know");
	cr_expect_str_eq(RUNC("run", "--bun", "/b", "x").bundle, ".");
	cr_expect_str_eq(RUNC("run", "x", "--bundle", "/b").bundle, "/b");
	cr_expect_str_eq(RUNC("run", "x", "--bundle", "/b").id, "x");
	cr_expect_str_eq(RUNC("run", "--bundle=", "x").bundle, ".");
}

Test(runtime_line, reads_letters_and_short_names_as_getopt_does)
{
	cr_expect_str_eq(CRUN("run", "-b/b", "x").bundle, "/b");
	cr_expect_str_eq(CRUN("run", "-db", "/b", "x").bundle, "/b");
	cr_expect_str_eq(CRUN("run", "-db/b", "x").bundle, "/b");
	cr_expect_str_eq(CRUN("run", "-d", "x").id, "x");
	cr_expect_str_eq(CRUN("run", "--bun=/b", "x").bundle, "/b");
	cr_expect_str_eq(CRUN("run", "--bun", "/b", "x").id, "x");
	cr_expect_str_eq(CRUN("run", "-bundle", "x").bundle, "undle");
	cr_expect_str_eq(CRUN("--log", "/l", "--log-f", "json", "run", "x").log, "/l");
	cr_expect(CRUN("--log", "/l", "--log-f", "json", "run", "x").log_is_json);
}

Test(runtime_line, knows_that_crun_can_read_another_file)
{
	cr_expect_str_eq(CRUN("run", "--config=/c.json", "x").config, "/c.json");
	cr_expect_str_eq(CRUN("run", "-f", "c.json", "x").config, "c.json");
	cr_expect_null(CRUN("run", "-f", "config.json", "x").config);
	cr_expect_null(RUNC("run", "--config=/c.json", "x").config);
}

Test(runtime_line, ends_options_at_two_dashes)
{
	expect_both(id, "-x", "run", "--", "-x");
	expect_both(id, "--bundle=/b", "run", "--", "--bundle=/b");
	expect_both(bundle, ".", "run", "--", "--bundle=/b");
	cr_expect(RUNC("--", "run", "x").makes_container);
}

Test(runtime_line, passes_over_options_of_younger_runtimes)
{
	expect_both(bundle, "/b", "--new", "run", "--newer", "--bundle", "/b", "x");
	expect_both(bundle, "/b", "--new", "value", "run", "--bundle", "/b", "x");
	expect_both(bundle, "/b", "--new=value", "run", "--newer=value", "--bundle", "/b", "x");
	expect_both(bundle, "/b", "run", "--newer", "value", "--bundle", "/b", "x");
	cr_expect_not(RUNC("--new", "value", "delete", "run").makes_container);
}

Test(runtime_line, finds_files_among_cruns_kinds_of_logs)
{
	cr_expect_str_eq(CRUN("--log=file:/l", "run", "x").log, "/l");
	cr_expect_null(CRUN("--log=journald:name", "run", "x").log);
	cr_expect_null(CRUN("--log=syslog:name", "run", "x").log);
	cr_expect_str_eq(RUNC("--log=journald:name", "run", "x").log, "journald:name");
}

Test(runtime_line, bears_words_that_end_early)
{
	cr_expect_not(RUNC("--root").makes_container);
	cr_expect(CRUN("run", "--bundle").makes_container);
	cr_expect(CRUN("run", "-b").makes_container);
	cr_expect_not(RUNC("-").makes_container);
	cr_expect_not(RUNC("").makes_container);
	cr_expect(CRUN("run", "--").makes_container);
}

Test(runtime_line, makes_a_container_whatever_its_id)
{
	cr_expect(RUNC("run").makes_container);
	cr_expect(CRUN("create", "").makes_container);
	cr_expect(RUNC("run", "--new", "x").makes_container);
	cr_expect(RUNC("create", "--empty-ns", "x").makes_container);
}

Test(runtime_line, makes_none_for_its_help)
{
	cr_expect_not(RUNC("create", "--help").makes_container);
	cr_expect_not(RUNC("run", "-h").makes_container);
	cr_expect_not(RUNC("run", "-help", "x").makes_container);
	cr_expect_not(CRUN("run", "--help").makes_container);
	cr_expect(CRUN("run", "-h", "x").makes_container, "which crun does not know");
	cr_expect(RUNC("run", "--new", "--help", "x").makes_container, "the argument of --new");
	cr_expect(RUNC("run", "--", "--help").makes_container);
}

Test(runtime_line, reads_global_options_of_runc_behind_the_command)
{
	struct runtime_line line =
		RUNC("create", "--root", "/r", "--log=/l", "--log-format", "json", "-b", "/b", "x");

	cr_expect_str_eq(line.id, "x");
	cr_expect_str_eq(line.log, "/l");
	cr_expect(line.log_is_json);
	cr_expect_str_eq(line.bundle, "/b");
}

Test(runtime_line, knows_what_is_restored)
{
	struct runtime_line line = RUNC("--root", "/r", "restore", "--image-path", "/i",
					"--work-path", "/w", "--bundle", "/b", "--empty-ns",
					"network", "x");

	cr_expect(line.restores_container);
	cr_expect_not(line.makes_container);
	cr_expect_str_eq(line.bundle, "/b");
	cr_expect_str_eq(line.id, "x");
	line = CRUN("restore", "--lsm-profile", "p", "--manage-cgroups-mode=soft", "-b", "/b", "x");
	cr_expect(line.restores_container);
	cr_expect_str_eq(line.bundle, "/b");
	cr_expect_str_eq(line.id, "x");
	cr_expect_not(RUNC("checkpoint", "--parent-path", "p", "restore").restores_container);
	cr_expect_not(RUNC("restore", "--help").restores_container);
}

Test(runtime_line, says_when_it_was_not_understood)
{
	cr_expect(RUNC("unheard-of", "create", "x").is_unclear);
	cr_expect(RUNC("--new", "a", "b", "run", "x").is_unclear);
	cr_expect(CRUN("--new=a", "b", "restore", "x").is_unclear);
	cr_expect_not(RUNC("unheard-of", "x").is_unclear);
	cr_expect_not(RUNC("exec", "x", "run").is_unclear);
	cr_expect_not(RUNC("create", "run").is_unclear);
}
