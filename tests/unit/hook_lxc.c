/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lxc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach/free_ids.h"
#include "attach/subid.h"
#include "hook/presence.h"

static char folder[] = "/tmp/hook_lxc.XXXXXX";
static char config[64], socket_path[64], profile[64];
static struct hook_lxc hook;

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	fclose(file);
}

static void make_folder(void)
{
	char policy[64];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(config, sizeof(config), "%s/config", folder);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
	snprintf(profile, sizeof(profile), "%s/profile", folder);
	snprintf(policy, sizeof(policy), "%s/mine.yaml", folder);
	write_file(policy, "version: 1\n");
	hook = (struct hook_lxc){ .config = config,
				  .daemon = { .socket = socket_path, .policies = folder } };
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(hook_lxc, .init = make_folder, .fini = remove_folder, .timeout = 60);

/* A configuration that is right, but for what is left out or comes last. */
enum part { PROXY = 1, PROFILE = 2, MAP = 4, ALL = 7 };

static void configure(enum part parts, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s\n%s%s\n%s%s\n",
		 parts & PROXY ? "lxc.seccomp.notify.proxy = unix:" : "#",
		 parts & PROXY ? socket_path : "",
		 parts & PROFILE ? "lxc.seccomp.profile = examples/lxc/nsxattr.seccomp" : "#", "",
		 parts & MAP ? "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n" : "",
		 more);
	write_file(config, text);
}

static int listen_there(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

static void expect_sentence(const char *part)
{
	static char sentence[HOOK_LXC_SENTENCE_SIZE];

	cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_WRONG);
	cr_expect_not_null(strstr(sentence, part), "expected: %s\nfound: %s", part, sentence);
	cr_expect_null(strchr(sentence, '\n'));
}

Test(hook_lxc, is_content_with_a_configuration_that_is_right)
{
	char sentence[HOOK_LXC_SENTENCE_SIZE] = "";
	const char *const cookies[] = { "", "lxc.seccomp.notify.cookie = mine",
					"lxc.seccomp.notify.cookie = default" };
	int listening = listen_there();

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		configure(ALL, cookies[i]);
		cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_READY, "%s", sentence);
	}
	close(listening);
}

Test(hook_lxc, warns_of_a_container_in_which_no_process_may_administer)
{
	char sentence[HOOK_LXC_SENTENCE_SIZE] = "";
	int listening = listen_there();

	configure(ALL, "lxc.cap.drop = sys_admin");
	cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_WEAK, "%s", sentence);
	cr_expect_not_null(strstr(sentence, "no process in the container can have CAP_SYS_ADMIN"));
	configure(ALL, "lxc.cap.keep = chown");
	cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_WEAK);
	configure(ALL, "lxc.cap.drop = sys_admin\nlxc.seccomp.notify.cookie = kernel");
	cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_READY);
	configure(ALL, "lxc.cap.drop = sys_admin\nlxc.seccomp.notify.cookie = no-such");
	cr_expect_eq(hook_lxc_check(&hook, sentence), HOOK_LXC_WRONG);
	close(listening);
}

Test(hook_lxc, says_what_is_missing)
{
	configure(PROFILE | MAP, "");
	expect_sentence("add 'lxc.seccomp.notify.proxy = unix:");
	configure(PROXY | MAP, "");
	expect_sentence("add 'lxc.seccomp.profile = ");
	configure(PROXY | PROFILE, "");
	expect_sentence("add 'lxc.idmap = u 0 ");
	configure(PROXY | PROFILE, "lxc.idmap = u 0 100000 65536");
	expect_sentence("add 'lxc.idmap = u 0 ");
}

/* Those that are set aside for the user, or else free ones. */
Test(hook_lxc, suggests_ids_that_the_container_can_have)
{
	char expected[96];
	struct id_extent users, groups;
	unsigned int line;
	bool has_some = subid_find(SUBUID_FILE, "root", 0, &users, &line) == SUBID_FOUND &&
			subid_find(SUBGID_FILE, "root", 0, &groups, &line) == SUBID_FOUND;
	uint32_t first = free_ids_on_host(FREE_IDS_COUNT);

	if (!has_some)
		users = groups = (struct id_extent){ 0, first, FREE_IDS_COUNT };
	hook.user = 0;
	configure(PROXY | PROFILE, "");
	snprintf(expected, sizeof(expected),
		 "add 'lxc.idmap = u 0 %u %u' and 'lxc.idmap = g 0 %u %u'", users.host, users.count,
		 groups.host, groups.count);
	expect_sentence(expected);
	snprintf(expected, sizeof(expected), "usermod --add-subuids %u-", first);
	if (!has_some)
		expect_sentence(expected);
}

Test(hook_lxc, says_what_is_wrong)
{
	configure(ALL, "lxc.seccomp.notify.proxy = unix:/elsewhere");
	expect_sentence("is 'unix:/elsewhere', where nsxattrd does not listen");
	configure(ALL, "lxc.seccomp.notify.cookie = absent");
	int listening = listen_there();

	expect_sentence("names the policy 'absent', and there is no");
	close(listening);
	configure(ALL, "lxc.seccomp.notify.cookie = ../mine");
	expect_sentence("is '../mine', which is not the name of a policy");
	configure(ALL, "lxc.seccomp.profile = /absent");
	expect_sentence("cannot read the seccomp profile '/absent': No such file");
	configure(ALL, "lxc.include = /absent");
	expect_sentence("cannot read the container's configuration '/absent'");
}

Test(hook_lxc, knows_what_a_users_monitor_may_not)
{
	hook.user = 1000;
	configure(ALL, "");
	expect_sentence("'lxc.idmap = u 0 1000 1'");
	configure(ALL, "lxc.idmap = u 0 1000 1");
	expect_sentence("start it ('systemctl start nsxattrd')");
}

Test(hook_lxc, names_what_a_profile_lacks)
{
	char line[128];

	snprintf(line, sizeof(line), "lxc.seccomp.profile = %s", profile);
	write_file(profile, "2\ndenylist\nsetxattr notify\n");
	configure(ALL, line);
	expect_sentence("add the line 'lsetxattr notify'");
	write_file(profile, "1\nallowlist\n");
	expect_sentence("is not of version 2");
}

Test(hook_lxc, knows_that_it_is_not_started_by_lxc)
{
	hook.config = NULL;
	expect_sentence("LXC_CONFIG_FILE is not set");
	hook.config = "no/such/config";
	expect_sentence("give LXC its whole path");
}

Test(hook_lxc, says_that_no_daemon_listens)
{
	configure(ALL, "");
	expect_sentence("start it ('systemctl start nsxattrd')");
	close(listen_there());
	expect_sentence("start it ('systemctl start nsxattrd')");
}

Test(hook_lxc, says_what_became_of_the_program_that_it_started)
{
	configure(ALL, "");
	hook.daemon.start = "/bin/true";
	expect_sentence("'/bin/true' was started and has ended");
	hook.daemon.start = "/no/such/program";
	expect_sentence("'/no/such/program' was started and has ended");
}

/* systemctl says this of a unit that is not there, and where there is no systemd. */
Test(hook_lxc, says_what_became_of_the_unit_that_it_started)
{
	configure(ALL, "");
	hook.daemon.start = "nsxattr-no-such.service";
	if (access("/usr/bin/systemctl", X_OK) < 0)
		cr_skip_test("there is no systemctl");
	expect_sentence("'systemctl status nsxattr-no-such.service' says why");
}

/* A program that listens, if there is an interpreter for it. */
Test(hook_lxc, waits_for_the_program_that_it_started)
{
	char program[64], text[512];

	if (access("/usr/bin/perl", X_OK) < 0)
		cr_skip_test("there is no perl");
	snprintf(program, sizeof(program), "%s/program", folder);
	snprintf(
		text, sizeof(text),
		"#!/usr/bin/perl\nuse Socket; select undef, undef, undef, 0.1;\n"
		"socket(S, PF_UNIX, SOCK_SEQPACKET, 0); bind(S, sockaddr_un('%s')); listen(S, 5);\n"
		"accept(C, S); accept(C, S);\n",
		socket_path);
	write_file(program, text);
	cr_assert_eq(chmod(program, 0700), 0);
	cr_expect_eq(presence_start(program, socket_path, SOCK_SEQPACKET), 0);
	/* the second one, for its end */
	cr_expect_eq(presence_check(socket_path, SOCK_SEQPACKET), 0);
}
