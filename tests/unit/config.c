/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct diagnostics diagnostics;
static struct config_file file;

static void forget_file(void)
{
	config_done(&file);
}

TestSuite(config, .fini = forget_file);

static int load_bytes(const char *text, size_t length)
{
	char *exact = malloc(length ? length : 1);

	cr_assert_not_null(exact);
	memcpy(exact, text, length);
	memset(&diagnostics, 0, sizeof(diagnostics));
	config_done(&file);
	int r = config_load(exact, length, &file, &diagnostics);

	free(exact);
	cr_assert_eq(r == CONFIG_MISTAKEN, diagnostics.count > 0);
	return r;
}

static const struct config *load(const char *text)
{
	int r = load_bytes(text, strlen(text));

	for (size_t i = 0; i < diagnostics.count; i++)
		cr_log_error("%u:%u: %s", diagnostics.entries[i].line,
			     diagnostics.entries[i].column, diagnostics.entries[i].text);
	cr_assert_eq(r, CONFIG_LOADED, "%s", text);
	return &file.config;
}

/* All that is wrong, a line each: "LINE:COLUMN: TEXT". */
static void mistakes(const char *text, const char *expected)
{
	static char found[DIAGNOSTICS_MAX * (DIAGNOSTIC_TEXT_SIZE + 32)];
	size_t end = 0;

	load_bytes(text, strlen(text));
	found[0] = '\0';
	for (size_t i = 0; i < diagnostics.count; i++)
		end += (size_t)snprintf(found + end, sizeof(found) - end, "%s%u:%u: %s",
					i > 0 ? "\n" : "", diagnostics.entries[i].line,
					diagnostics.entries[i].column, diagnostics.entries[i].text);
	cr_expect_str_eq(found, expected, "\n%s\nexpected:\n%s\nfound:\n%s\n", text, expected,
			 found);
}

/* ---- what is loaded ---- */

static void expect_socket(const struct config_socket *socket, const char *path, mode_t mode,
			  const char *group)
{
	cr_assert_not_null(socket->path);
	cr_expect_str_eq(socket->path, path);
	cr_expect_eq(socket->mode, mode, "%o", socket->mode);
	cr_expect_eq(socket->group != NULL, group != NULL);
	if (group)
		cr_expect_str_eq(socket->group, group);
}

static void expect_defaults(const struct config *config)
{
	expect_socket(&config->oci, "/run/nsxattr/oci.sock", 0666, NULL);
	expect_socket(&config->lxc, "/run/nsxattr/lxc.sock", 0666, NULL);
	expect_socket(&config->control, "/run/nsxattr/control.sock", 0666, NULL);
	cr_expect_str_eq(config->policies, "/etc/nsxattr/policies");
	cr_expect_str_eq(config->default_policy, "default");
	cr_expect(config->refuses_not_allowed);
	cr_expect_eq(config->limits.containers, 4096);
	cr_expect_eq(config->limits.containers_per_user, 64);
	cr_expect_eq(config->limits.listeners_per_container, 256);
	cr_expect_eq(config->limits.listeners_per_user, 1024);
	cr_expect_eq(config->limits.connections, 512);
	cr_expect_eq(config->limits.connections_per_user, 32);
	cr_expect_str_eq(config->audit_log, "journal");
	cr_expect_eq(config->patience, 60);
	cr_expect_eq(config->log, LOG_NOTICE);
	cr_expect_eq(config->resolver, STANDIN_ANY);
	cr_expect_eq(config->executor, EXECUTOR_AUTO);
	cr_expect_eq(config->calls, ALLOWED_CALLS_ENFORCE);
}

Test(config, has_defaults)
{
	expect_defaults(config_defaults());
	expect_defaults(load("version: 1\n"));
}

Test(config, takes_all_that_a_file_says)
{
	const struct config *config = load(
		"version: 1\n"
		"oci-socket: { path: /run/a, mode: 0660, group: podman }\n"
		"lxc-socket: { path: none }\n"
		"control-socket: { mode: \"600\" }\n"
		"policies: /srv/policies\n"
		"default-policy: samba-dc\n"
		"not-allowed: default\n"
		"limits: { containers: 7, containers-per-user: 3, listeners-per-container: 2,\n"
		"          listeners-per-user: 5,\n"
		"          connections: 9, connections-per-user: 1 }\n"
		"patience: 5\n"
		"audit-log: /var/log/nsxattr/audit.log\n"
		"log: debug\n"
		"debug: { resolver: process, executor: ring }\n"
		"system-call-filter: log\n");

	expect_socket(&config->oci, "/run/a", 0660, "podman");
	cr_expect_null(config->lxc.path);
	expect_socket(&config->control, "/run/nsxattr/control.sock", 0600, NULL);
	cr_expect_str_eq(config->policies, "/srv/policies");
	cr_expect_str_eq(config->default_policy, "samba-dc");
	cr_expect_not(config->refuses_not_allowed);
	cr_expect_eq(config->limits.containers, 7);
	cr_expect_eq(config->limits.containers_per_user, 3);
	cr_expect_eq(config->limits.listeners_per_container, 2);
	cr_expect_eq(config->limits.listeners_per_user, 5);
	cr_expect_eq(config->limits.connections, 9);
	cr_expect_eq(config->limits.connections_per_user, 1);
	cr_expect_eq(config->patience, 5);
	cr_expect_str_eq(config->audit_log, "/var/log/nsxattr/audit.log");
	cr_expect_eq(config->log, LOG_DEBUG);
	cr_expect_eq(config->resolver, STANDIN_PROCESS);
	cr_expect_eq(config->executor, EXECUTOR_RING);
	cr_expect_eq(config->calls, ALLOWED_CALLS_LOG);
}

Test(config, keeps_the_defaults_of_limits_that_are_not_there)
{
	const struct config *config = load("version: 1\nlimits: { connections: 9 }\n");

	cr_expect_eq(config->limits.connections, 9);
	cr_expect_eq(config->limits.containers, 4096);
}

/* ---- what is refused ---- */

Test(config, has_revoked_keys)
{
	const struct config *config =
		load("version: 1\n"
		     "revoked-keys: [01234567, DEADbeef, /etc/keys/old.der]\n");

	cr_expect_eq(config->revoked_key_count, 3);
	cr_expect_str_eq(config->revoked_keys[0], "01234567");
	cr_expect_str_eq(config->revoked_keys[2], "/etc/keys/old.der");
	cr_expect_eq(config->revoked_keys_line, 2);
	cr_expect_eq(load("version: 1\nrevoked-keys: []\n")->revoked_key_count, 0);
	mistakes(
		"version: 1\nrevoked-keys: [0123456, old.der, 01234567, 01234567]\n",
		"2:16: an entry of revoked-keys cannot be '0123456'; allowed: a keyid, in 8 hexadecimal "
		"digits, or the absolute path of a file of keys, without blanks\n"
		"2:25: an entry of revoked-keys cannot be 'old.der'; allowed: a keyid, in 8 hexadecimal "
		"digits, or the absolute path of a file of keys, without blanks\n"
		"2:44: '01234567' is there twice; the first is in line 2");
}

Test(config, is_asked_for_its_version)
{
	mistakes("log: info\n", "1:1: the key 'version' is missing; allowed: 1");
	mistakes("version: 2\n", "1:10: version cannot be '2'; allowed: 1");
}

Test(config, tells_all_mistakes_at_once)
{
	mistakes(
		"version: 1\n"
		"oci-sokcet: {}\n"
		"lxc-socket: { path: run/x, mode: 0888 }\n"
		"log: verbos\n"
		"limits: { containers: 0 }\n",
		"2:1: a key cannot be 'oci-sokcet'; allowed: version, oci-socket, lxc-socket, "
		"control-socket, policies, default-policy, not-allowed, revoked-keys, audit-log, limits, patience, log, "
		"system-call-filter, debug (did you mean 'oci-socket'?)\n"
		"3:21: path cannot be 'run/x'; allowed: an absolute path without blanks, or the "
		"word none\n"
		"3:34: mode cannot be '0888'; allowed: permissions in octal, as in 0660\n"
		"4:6: log cannot be 'verbos'; allowed: info, verbose, debug (did you mean "
		"'verbose'?)\n"
		"5:23: containers cannot be '0'; allowed: 1 to 8192");
}

Test(config, takes_no_paths_that_sockets_cannot_have)
{
	char text[256], expected[256], path[128];

	mistakes("version: 1\noci-socket: { path: /run/ }\n",
		 "2:21: path cannot be '/run/'; allowed: an absolute path without blanks, or the "
		 "word none");
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	snprintf(text, sizeof(text), "version: 1\noci-socket: { path: %s }\n", path);
	snprintf(expected, sizeof(expected),
		 "2:21: path cannot be 108 bytes long; allowed: a text of 1 to 107 bytes");
	mistakes(text, expected);
	path[107] = '\0';
	snprintf(text, sizeof(text), "version: 1\noci-socket: { path: %s }\n", path);
	load(text);
}

Test(config, takes_no_modes_beyond_permissions)
{
	mistakes("version: 1\noci-socket: { mode: 4666 }\n",
		 "2:21: mode cannot be '4666'; allowed: permissions in octal, as in 0660");
	mistakes("version: 1\noci-socket: { mode: 66 }\n",
		 "2:21: mode cannot be 2 bytes long; allowed: a text of 3 to 4 bytes");
	mistakes("version: 1\noci-socket: { mode: rw-r }\n",
		 "2:21: mode cannot be 'rw-r'; allowed: permissions in octal, as in 0660");
}

Test(config, takes_no_names_that_nothing_has)
{
	mistakes(
		"version: 1\noci-socket: { group: 'a b' }\n",
		"2:22: group cannot be 'a b'; allowed: a group's name, without ':', '/' and blanks, "
		"or its number");
	mistakes(
		"version: 1\ndefault-policy: ../x\n",
		"2:17: default-policy cannot be '../x'; allowed: letters, digits, '_', '-' and '.', "
		"no '-' or '.' at the beginning");
	mistakes("version: 1\npolicies: policies\n",
		 "2:11: policies cannot be 'policies'; allowed: the absolute path of a folder, "
		 "without blanks");
}

Test(config, is_no_policy)
{
	load_bytes("version: 1\nattributes: []\n", 26);
	cr_expect_eq(diagnostics.count, 1);
	cr_expect(strstr(diagnostics.entries[0].text, "a key cannot be 'attributes'"));
	mistakes("", "1:1: there is nothing in the file; allowed: a configuration");
	mistakes(
		"[]\n",
		"1:1: a configuration cannot be a list; allowed: the keys version, "
		"oci-socket, lxc-socket, control-socket, policies, default-policy, "
		"not-allowed, revoked-keys, audit-log, limits, patience, log, system-call-filter, debug");
}

/* ---- files ---- */

static char path[] = "/tmp/nsxattr-config.XXXXXX";

static void write_file(const char *text, size_t length)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, length), (ssize_t)length);
	close(fd);
}

Test(config, is_read_from_a_file)
{
	write_file("version: 1\nlog: verbose\n", 24);
	cr_expect_eq(config_read(path, &file, &diagnostics), CONFIG_LOADED);
	cr_expect_eq(file.config.log, LOG_VERBOSE);
	unlink(path);
}

Test(config, has_to_be_there_if_it_was_named)
{
	cr_expect_eq(config_read("/nonexistent/nsxattrd.yaml", &file, &diagnostics), -ENOENT);
	cr_expect_eq(config_read("/dev/null", &file, &diagnostics), -EINVAL);
	cr_expect_null(file.arena.blocks);
}

Test(config, is_the_defaults_if_the_usual_file_is_not_there)
{
	if (access(CONFIG_PATH, F_OK) == 0)
		cr_skip_test("there is one on this machine");
	cr_expect_eq(config_read(NULL, &file, &diagnostics), CONFIG_LOADED);
	expect_defaults(&file.config);
}

Test(config, has_a_greatest_length)
{
	char *text = malloc(CONFIG_SIZE_MAX + 1);

	cr_assert_not_null(text);
	memset(text, '#', CONFIG_SIZE_MAX + 1);
	memcpy(text, "version: 1\n", 11);
	write_file(text, CONFIG_SIZE_MAX + 1);
	cr_expect_eq(config_read(path, &file, &diagnostics), CONFIG_MISTAKEN);
	cr_expect_str_eq(diagnostics.entries[0].text,
			 "a configuration cannot be longer than 65536 bytes");
	memset(&diagnostics, 0, sizeof(diagnostics));
	cr_assert_eq(truncate(path, CONFIG_SIZE_MAX), 0);
	cr_expect_eq(config_read(path, &file, &diagnostics), CONFIG_LOADED);
	unlink(path);
	free(text);
}
