/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lxc_config.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/lxc_config.XXXXXX";
static struct lxc_config config;

static void make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(lxc_config, .init = make_folder, .fini = remove_folder, .timeout = 120);

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* "@" in the text stands for the folder. */
static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "we");

	cr_assert_not_null(file);
	for (; *text; text++)
		cr_assert_geq(*text == '@' ? fputs(folder, file) : fputc(*text, file), 0);
	fclose(file);
}

static int read_text(const char *text)
{
	write_file("config", text);
	return lxc_config_read(path_of("config"), &config);
}

Test(lxc_config, reads_the_keys_that_matter)
{
	cr_assert_eq(read_text("# lxc.seccomp.profile = /no\n"
			       "lxc.seccomp.profile=/profile\n"
			       "  lxc.seccomp.notify.proxy =  unix:/run/s \t\n"
			       "lxc.seccomp.notify.cookie = \"samba-dc\"\n"
			       "lxc.idmap = u 0 100000 65536\n"
			       "lxc.idmap = g 0 100000 65536\n"
			       "lxc.uts.name = x\n"
			       "no equals\n"),
		     0);
	cr_expect_str_eq(config.profile, "/profile");
	cr_expect_str_eq(config.proxy, "unix:/run/s");
	cr_expect_str_eq(config.cookie, "samba-dc");
	cr_expect(config.maps_users && config.maps_groups);
	cr_expect_eq(config.root, 100000);
}

Test(lxc_config, an_empty_file_sets_nothing)
{
	cr_assert_eq(read_text(""), 0);
	cr_expect_str_eq(config.profile, "");
	cr_expect_str_eq(config.cookie, "");
	cr_expect_not(config.maps_users || config.maps_groups);
}

Test(lxc_config, the_last_value_counts)
{
	cr_assert_eq(read_text("lxc.seccomp.profile = /first\nlxc.seccomp.profile = /last\n"
			       "lxc.idmap = u 0 1 1\nlxc.idmap =\nlxc.idmap = g 0 1 1"),
		     0);
	cr_expect_str_eq(config.profile, "/last");
	cr_expect_not(config.maps_users);
	cr_expect(config.maps_groups);
	cr_expect_eq(config.root, UINT32_MAX);
}

/* As lxc_list_add_tail() and lxc_clear_config_caps() of LXC make of the lines. */
Test(lxc_config, knows_who_may_administer)
{
	static const struct {
		const char *text;
		bool may;
	} cases[] = {
		{ "", true },
		{ "lxc.cap.drop = mac_admin sys_time", true },
		{ "lxc.cap.drop = mac_admin\tsys_admin sys_time", false },
		{ "lxc.cap.drop = sys_admin\nlxc.cap.drop = mknod", false },
		{ "lxc.cap.drop = 21", false },
		{ "lxc.cap.drop = 211 21x cap_sys_admin", true },
		{ "lxc.cap.drop = sys_admin\nlxc.cap.drop =", true },
		{ "lxc.cap.drop = sys_admin\nlxc.cap.drop = \"\"", true },
		{ "lxc.cap.keep = chown kill", false },
		{ "lxc.cap.keep = chown\nlxc.cap.keep = sys_admin\nlxc.cap.keep = kill", true },
		{ "lxc.cap.keep = none", false },
		{ "lxc.cap.keep = sys_admin none chown", false },
		{ "lxc.cap.keep = none sys_admin", true },
		{ "lxc.cap.keep = chown\nlxc.cap.keep =", true },
		{ "lxc.cap.keep = sys_admin\nlxc.cap.keep =\nlxc.cap.keep = chown", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(read_text(cases[i].text), 0);
		cr_expect_eq(lxc_config_may_administer(&config), cases[i].may, "%s", cases[i].text);
	}
}

/* The distribution's own files: what common.conf and a distribution's drop, userns.conf takes back. */
Test(lxc_config, includes_say_who_may_administer)
{
	write_file("common", "lxc.cap.drop = sys_admin\n");
	write_file("userns", "lxc.cap.drop =\nlxc.cap.keep =\n");
	cr_assert_eq(read_text("lxc.include = @/common\n"), 0);
	cr_expect_not(lxc_config_may_administer(&config));
	cr_assert_eq(read_text("lxc.include = @/common\nlxc.include = @/userns\n"), 0);
	cr_expect(lxc_config_may_administer(&config));
	cr_assert_eq(read_text("lxc.include = @/userns\nlxc.include = @/common\n"), 0);
	cr_expect_not(lxc_config_may_administer(&config));
}

Test(lxc_config, follows_includes_where_they_stand)
{
	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	write_file("one", "lxc.seccomp.profile = /of-one\nlxc.seccomp.notify.cookie = one\n");
	write_file("more/a.conf", "lxc.seccomp.notify.proxy = unix:/a\nlxc.idmap = u 0 1 1\n");
	write_file("more/note.txt", "lxc.seccomp.notify.proxy = unix:/txt\n");
	write_file("more/a.conf~", "lxc.seccomp.notify.proxy = unix:/a.conf~\n");
	cr_assert_eq(read_text("lxc.seccomp.notify.cookie = before\nlxc.include = @/one\n"
			       "lxc.include = @/more\nlxc.seccomp.profile = /own\n"),
		     0);
	cr_expect_str_eq(config.profile, "/own");
	cr_expect_str_eq(config.cookie, "one");
	cr_expect_str_eq(config.proxy, "unix:/a");
	cr_expect(config.maps_users);
}

/* The name of the *.conf that readdir(3) gives last. */
static void last_of_folder(const char *path, char ret_name[256])
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	cr_assert_not_null(directory);
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			snprintf(ret_name, 256, "%s", entry->d_name);
	closedir(directory);
}

/* LXC does not sort them. */
Test(lxc_config, reads_a_folder_in_its_own_order)
{
	char last[256], proxy[512];

	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	for (unsigned int i = 0; i < 16; i++) {
		char name[64], text[64];

		snprintf(name, sizeof(name), "more/%u.conf", (i * 7) % 16);
		snprintf(text, sizeof(text), "lxc.seccomp.notify.proxy = unix:/%s\n",
			 strchr(name, '/') + 1);
		write_file(name, text);
	}
	cr_assert_eq(read_text("lxc.include = @/more/\n"), 0);
	last_of_folder(path_of("more"), last);
	snprintf(proxy, sizeof(proxy), "unix:/%s", last);
	cr_expect_str_eq(config.proxy, proxy);
}

Test(lxc_config, reads_hidden_files_of_a_folder_and_none_named_conf_alone)
{
	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	write_file("more/.a.conf", "lxc.seccomp.notify.cookie = hidden\n");
	write_file("more/.conf", "lxc.seccomp.profile = /conf\n");
	cr_assert_eq(read_text("lxc.include = @/more\n"), 0);
	cr_expect_str_eq(config.cookie, "hidden");
	cr_expect_str_eq(config.profile, "");
}

Test(lxc_config, takes_a_missing_folder_for_an_empty_one)
{
	cr_assert_eq(read_text("lxc.include = @/absent/\nlxc.include = @/ab/sent/\n"
			       "lxc.include =\nlxc.include = \"\"\n"
			       "lxc.seccomp.notify.cookie = behind\n"),
		     0);
	cr_expect_str_eq(config.cookie, "behind");
	write_file("file", "");
	cr_expect_eq(read_text("lxc.include = @/file/\n"), -ENOTDIR);
	cr_expect_str_eq(config.culprit, path_of("file/"));
}

Test(lxc_config, follows_links_to_folders_and_files)
{
	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	cr_assert_eq(symlink("more", path_of("link")), 0);
	cr_assert_eq(symlink("/nowhere", path_of("dangling")), 0);
	cr_assert_eq(symlink("/dev/null", path_of("more/masked.conf")), 0);
	write_file("more/a.conf", "lxc.seccomp.notify.cookie = linked\n");
	cr_assert_eq(read_text("lxc.include = @/link\nlxc.include = @/dangling/\n"
			       "lxc.include = /dev/null\n"),
		     0);
	cr_expect_str_eq(config.cookie, "linked");
	cr_expect_eq(read_text("lxc.include = @/dangling\n"), -ENOENT);
}

Test(lxc_config, takes_includes_from_the_working_directory)
{
	cr_assert_eq(mkdir(path_of("more"), 0700), 0);
	write_file("more/a.conf", "lxc.include = near\n");
	write_file("more/near", "lxc.seccomp.notify.cookie = beside-the-file\n");
	write_file("near", "lxc.seccomp.notify.cookie = working-directory\n");
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(read_text("lxc.include = more/a.conf\n"), 0);
	cr_expect_str_eq(config.cookie, "working-directory");
	cr_assert_eq(chdir("/"), 0);
	cr_expect_eq(read_text("lxc.include = more/a.conf\n"), -ENOENT);
	cr_expect_str_eq(config.culprit, "more/a.conf");
}

Test(lxc_config, includes_as_often_and_as_deep_as_people_do)
{
	char name[16], text[64];

	for (unsigned int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%u", i);
		snprintf(text, sizeof(text), "lxc.include = @/%u\nlxc.include = @/end\n", i + 1);
		write_file(name, text);
	}
	write_file("40", "lxc.seccomp.notify.proxy = unix:/40\n");
	write_file("end", "lxc.seccomp.notify.cookie = end\n");
	cr_assert_eq(read_text("lxc.include = @/0\n"), 0);
	cr_expect_str_eq(config.proxy, "unix:/40");
	cr_expect_str_eq(config.cookie, "end");
}

Test(lxc_config, names_the_file_that_is_not_there)
{
	cr_expect_eq(read_text("lxc.include = @/absent\n"), -ENOENT);
	cr_expect_str_eq(config.culprit, path_of("absent"));
	cr_expect_eq(lxc_config_read(path_of("none"), &config), -ENOENT);
	cr_expect_str_eq(config.culprit, path_of("none"));
}

Test(lxc_config, does_not_follow_a_circle_for_ever)
{
	cr_expect_eq(read_text("lxc.include = @/config\n"), -ELOOP);
	cr_assert_eq(mkdir(path_of("d"), 0700), 0);
	write_file("d/a.conf", "lxc.include = @/d\n");
	write_file("d/b.conf", "lxc.include = @/d\n");
	cr_expect_eq(read_text("lxc.include = @/d\n"), -ELOOP);
}

Test(lxc_config, refuses_what_is_no_file)
{
	cr_assert_eq(mkfifo(path_of("pipe"), 0600), 0);
	cr_expect_eq(read_text("lxc.include = @/pipe\n"), -EINVAL);
	cr_expect_str_eq(config.culprit, path_of("pipe"));
}

Test(lxc_config, refuses_a_file_that_it_cannot_read_whole)
{
	char *text = NULL;

	cr_assert_gt(
		asprintf(&text, "#%0*d\nlxc.seccomp.notify.cookie = x\n", LXC_FILE_SIZE_MAX, 1), 0);
	cr_expect_eq(read_text(text), -EFBIG);
	free(text);
}

/* Blanks and tabs go, other white space is part of a value; a line may end with CR. */
Test(lxc_config, takes_lines_as_lxc_does)
{
	cr_assert_eq(read_text("\t lxc.seccomp.profile\t=\t/a b \t\r\n"
			       " # lxc.seccomp.profile = /comment\n"
			       "lxc.seccomp.notify.cookie = 'x' # no comment\r"
			       "lxc.seccomp.notify.proxy = \"unix:/s=1'\n"
			       "xlxc.seccomp.profile = /other\n"
			       "LXC.seccomp.profile = /other\n"
			       "lxc.seccomp.profile.x = /other\n"
			       "\vlxc.seccomp.profile = /other\n"
			       "no equals\n=\n"),
		     0);
	cr_expect_str_eq(config.profile, "/a b");
	cr_expect_str_eq(config.cookie, "'x' # no comment");
	cr_expect_str_eq(config.proxy, "\"unix:/s=1'");
}

Test(lxc_config, refuses_a_value_that_is_too_long)
{
	char *text = NULL;

	cr_assert_gt(asprintf(&text, "lxc.seccomp.profile = /%0*d\n", PATH_MAX, 1), 0);
	cr_expect_eq(read_text(text), -ENAMETOOLONG);
	free(text);
}

static const char *missing(const char *profile)
{
	const char *call = "nothing";

	write_file("profile", profile);
	cr_assert_eq(lxc_profile_check(path_of("profile"), &call), 0);
	return call;
}

#define SETS "setxattr notify\nlsetxattr notify\nfsetxattr notify\n"
#define GETS "getxattr notify\nlgetxattr\tnotify\nfgetxattr  notify\n"
#define LISTS "listxattr notify\nllistxattr notify\nflistxattr notify\n"
#define REMOVALS "removexattr notify\nlremovexattr notify\nfremovexattr notify"

Test(lxc_config, takes_a_profile_that_has_all_calls)
{
	cr_expect_null(missing("2\ndenylist\n[all]\n" SETS GETS LISTS REMOVALS));
	cr_expect_null(missing("2\nallowlist\n" SETS GETS LISTS REMOVALS "\n"));
}

Test(lxc_config, names_the_call_that_a_profile_lacks)
{
	cr_expect_str_eq(missing("2\ndenylist\n"), "setxattr");
	cr_expect_str_eq(missing("2\ndenylist\n" SETS GETS REMOVALS), "listxattr");
	cr_expect_str_eq(missing("2\ndenylist\n" SETS GETS LISTS "removexattr notify\n"),
			 "lremovexattr");
	cr_expect_str_eq(missing("2\ndenylist\n#setxattr notify\n" SETS "getxattr errno 1\n"),
			 "getxattr");
	cr_expect_str_eq(missing("2\ndenylist\n[x86]\n" SETS GETS LISTS REMOVALS), "setxattr");
}

Test(lxc_config, refuses_a_profile_of_version_1)
{
	const char *call = "nothing";

	write_file("profile", "1\nallowlist\n" SETS);
	cr_expect_eq(lxc_profile_check(path_of("profile"), &call), -EINVAL);
	cr_expect_eq(lxc_profile_check(path_of("absent"), &call), -ENOENT);
}

Test(lxc_config, takes_the_profile_that_comes_with_us)
{
	const char *call = "nothing";

	cr_assert_eq(lxc_profile_check("examples/lxc/nsxattr.seccomp", &call), 0);
	cr_expect_null(call);
}

static const char *not_refused(const char *profile)
{
	static const char *const calls[] = { "remap_file_pages" };
	const char *call = "nothing";

	cr_assert_eq(lxc_profile_lacks(profile, "errno", calls, 1, &call), 0);
	return call;
}

Test(lxc_config, knows_what_a_profile_refuses)
{
	cr_expect_null(not_refused("examples/lxc/nsxattr-integrity.seccomp"));
	cr_expect_str_eq(not_refused("examples/lxc/nsxattr.seccomp"), "remap_file_pages");
	write_file("profile", "2\ndenylist\n[all]\nremap_file_pages notify\n");
	cr_expect_str_eq(not_refused(path_of("profile")), "remap_file_pages");
}

/* ---- LXC itself, and the distribution's files as they are ---- */

#define SHARE "/usr/share/lxc/config/"

static void need_lxc(void)
{
	if (system("command -v lxc-info >/dev/null") != 0 || access(SHARE "common.conf", F_OK) != 0)
		cr_skip("LXC is not installed");
}

/* "KEY = VALUE", or "KEY =", and for an id map more lines, each with a value. */
static void take_answer(char *line, struct lxc_config *said)
{
	char *equals = strstr(line, " =");
	const char *value = equals ? equals + 2 + (equals[2] == ' ') : line;

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "lxc.seccomp.profile ", 20) == 0)
		snprintf(said->profile, sizeof(said->profile), "%s", value);
	else if (strncmp(line, "lxc.seccomp.notify.cookie ", 26) == 0)
		snprintf(said->cookie, sizeof(said->cookie), "%s", value);
	else if (*value == 'u')
		said->maps_users = true;
	else if (*value == 'g')
		said->maps_groups = true;
	sscanf(value, "u 0 %" SCNu32, &said->root);
}

/* What lxc-info reads out of a container's configuration. Return: false when LXC refuses it. */
static bool ask_lxc(const char *text, struct lxc_config *ret_said)
{
	char command[512], line[PATH_MAX];

	if (mkdir(path_of("container"), 0700) < 0)
		cr_assert_eq(errno, EEXIST);
	write_file("container/config", text);
	snprintf(command, sizeof(command),
		 "HOME=%s XDG_RUNTIME_DIR=%s lxc-info -P %s -n container -c lxc.seccomp.profile "
		 "-c lxc.seccomp.notify.cookie -c lxc.idmap 2>/dev/null",
		 folder, folder, folder);
	*ret_said = (struct lxc_config){ .root = UINT32_MAX };
	FILE *output = popen(command, "re");

	cr_assert_not_null(output);
	while (fgets(line, sizeof(line), output))
		take_answer(line, ret_said);
	return pclose(output) == 0;
}

/* What LXC takes is taken, and means the same. */
static void expect_agreement(const char *text)
{
	static struct lxc_config said;

	cr_assert(ask_lxc(text, &said), "LXC refuses this:\n%s", text);
	cr_assert_eq(read_text(text), 0, "at %s of:\n%s", config.culprit, text);
	cr_expect_str_eq(config.profile, said.profile, "%s", text);
	cr_expect_str_eq(config.cookie, said.cookie, "%s", text);
	cr_expect_eq(config.maps_users, said.maps_users, "%s", text);
	cr_expect_eq(config.maps_groups, said.maps_groups, "%s", text);
	cr_expect_eq(config.root, said.root, "%s", text);
}

static void expect_refusal(const char *text)
{
	static struct lxc_config said;

	cr_expect_not(ask_lxc(text, &said), "LXC takes this:\n%s", text);
	cr_expect_lt(read_text(text), 0, "%s", text);
}

/* Folders with everything in them that includes can meet. */
static void make_includes(void)
{
	cr_assert_eq(mkdir(path_of("empty"), 0700), 0);
	cr_assert_eq(mkdir(path_of("mixed.d"), 0700), 0);
	write_file("mixed.d/b.conf", "lxc.seccomp.notify.cookie = b\n");
	write_file("mixed.d/.a.conf", "lxc.seccomp.notify.cookie = a\n");
	write_file("mixed.d/c.conf", "lxc.seccomp.notify.cookie = c\nlxc.include = @/one\n");
	write_file("mixed.d/.conf", "lxc.seccomp.notify.cookie = dot\n");
	write_file("mixed.d/d.CONF", "lxc.seccomp.notify.cookie = d\n");
	cr_assert_eq(symlink("/dev/null", path_of("mixed.d/masked.conf")), 0);
	cr_assert_eq(mkdir(path_of("mixed.d/folder.conf"), 0700), 0);
	write_file("mixed.d/folder.conf/x.conf", "lxc.seccomp.notify.cookie = x\n");
	cr_assert_eq(symlink("mixed.d", path_of("link")), 0);
	cr_assert_eq(symlink("/nowhere", path_of("dangling")), 0);
	write_file("one", "lxc.seccomp.profile = /one\nlxc.include = @/two\n"
			  "lxc.seccomp.profile = /behind-two");
	write_file("two", "lxc.seccomp.profile = /two\r\nlxc.idmap = u 0 7 1\r\n");
}

Test(lxc_config, agrees_with_lxc_about_includes)
{
	static const char *const taken[] = {
		"",
		"lxc.include = @/one\n",
		"lxc.seccomp.profile = /before\nlxc.include = @/one\nlxc.idmap =\n",
		"lxc.include = '@/one'\n",
		"  lxc.include\t= \"@/one\" \t\r\n",
		"lxc.include = @/mixed.d\n",
		"lxc.include = @/mixed.d/\n",
		"lxc.include = @/mixed.d//\n",
		"lxc.include = @/link\n",
		"lxc.include = @/empty\n",
		"lxc.include = @/absent/\n",
		"lxc.include = @/absent/below/\nlxc.seccomp.profile = /p\n",
		"lxc.include = @/dangling/\n",
		"lxc.include =\nlxc.seccomp.profile = /p\n",
		"lxc.include = \"\"\n",
		"lxc.include = /dev/null\n",
		"#lxc.include = @/absent\n # lxc.include = @/absent\n",
		"xlxc.include = @/absent\n",
		"lxc.seccomp.notify.cookie = \"x\nlxc.seccomp.profile = /p q # r\n",
		"lxc.seccomp.profile = /p\nlxc.seccomp.profile =\n",
		"lxc.idmap = g 0 1 1\nlxc.idmap = u 1 5 9\nlxc.idmap = u 0 3 1\n",
	};

	need_lxc();
	make_includes();
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		expect_agreement(taken[i]);
}

Test(lxc_config, refuses_the_includes_that_lxc_refuses)
{
	need_lxc();
	make_includes();
	expect_refusal("lxc.include = @/absent\n");
	expect_refusal("lxc.include = @/dangling\n");
	expect_refusal("lxc.include = @/one/\n");
	expect_refusal("lxc.include = @/one # a comment\n");
	write_file("two", "lxc.include = @/absent\n");
	expect_refusal("lxc.include = @/one\n");
}

static void include_of_distribution(const char *name, const char *profile)
{
	char text[512];

	need_lxc();
	snprintf(text, sizeof(text),
		 "lxc.include = " SHARE "%s\nlxc.idmap = u 0 100000 65536\n"
		 "lxc.idmap = g 0 100000 65536\n",
		 name);
	cr_assert_eq(read_text(text), 0, "%s: at %s", name, config.culprit);
	cr_expect_str_eq(config.profile, profile, "%s", name);
	cr_expect(config.maps_users && config.maps_groups, "%s", name);
	cr_expect_eq(config.root, 100000, "%s", name);
}

/* It includes userns.conf.d/, which no package ships. */
Test(lxc_config, takes_the_distributions_userns_conf)
{
	include_of_distribution("userns.conf", "");
	include_of_distribution("common.conf", SHARE "common.seccomp");
	include_of_distribution("nesting.conf", "");
	include_of_distribution("oci.common.conf", "");
}

Test(lxc_config, agrees_with_lxc_about_each_file_of_the_distribution)
{
	struct dirent **entries;
	unsigned int files = 0;

	need_lxc();
	int count = scandir(SHARE, &entries, NULL, alphasort);

	cr_assert_gt(count, 0);
	for (int i = 0; i < count; i++) {
		char text[512];

		snprintf(text, sizeof(text), "lxc.include = " SHARE "%s\n", entries[i]->d_name);
		if (strstr(entries[i]->d_name, ".conf") && ++files)
			expect_agreement(text);
		free(entries[i]);
	}
	free(entries);
	cr_expect_geq(files, 4);
}

/* What lxc-download writes; with ids in /etc/lxc/default.conf, as LXC's documentation says. */
Test(lxc_config, takes_what_lxc_download_makes)
{
	need_lxc();
	expect_agreement(
		"# Template used to create this container: /usr/share/lxc/templates/lxc-download\n"
		"# Parameters passed to the template: -d debian -r bookworm -a amd64\n"
		"# For additional config options, please look at lxc.container.conf(5)\n"
		"\n"
		"# Uncomment the following line to support nesting containers:\n"
		"#lxc.include = /usr/share/lxc/config/nesting.conf\n"
		"# (Be aware this has security implications)\n"
		"\n"
		"\n"
		"# Distribution configuration\n"
		"lxc.include = /usr/share/lxc/config/common.conf\n"
		"lxc.include = /usr/share/lxc/config/userns.conf\n"
		"lxc.arch = linux64\n"
		"\n"
		"# Container specific configuration\n"
		"lxc.apparmor.profile = generated\n"
		"lxc.apparmor.allow_nesting = 1\n"
		"lxc.idmap = u 0 100000 65536\n"
		"lxc.idmap = g 0 100000 65536\n"
		"lxc.rootfs.path = dir:/var/lib/lxc/d/rootfs\n"
		"lxc.uts.name = d\n"
		"\n"
		"# Network configuration\n"
		"lxc.net.0.type = veth\n"
		"lxc.net.0.link = lxcbr0\n"
		"lxc.net.0.flags = up\n"
		"lxc.net.0.hwaddr = 00:16:3e:12:34:56\n"
		"\n"
		"lxc.include = examples/lxc/nsxattr.conf\n"
		"lxc.seccomp.notify.cookie = samba-dc\n");
	cr_expect_str_eq(config.profile, "/usr/local/share/nsxattr/lxc/nsxattr.seccomp");
	cr_expect_str_eq(config.proxy, "unix:/run/nsxattr/lxc.sock");
	cr_expect_str_eq(config.cookie, "samba-dc");
	cr_expect_eq(config.root, 100000);
}

/* What lxc-debian and lxc-ubuntu of the package lxc-templates write. */
static void take_what_a_template_makes(const char *distribution)
{
	char text[2048];

	need_lxc();
	if (access(SHARE "debian.common.conf", F_OK) != 0)
		cr_skip("lxc-templates is not installed");
	snprintf(text, sizeof(text),
		 "# Parameters passed to the template:\n"
		 "# For additional config options, please look at lxc.container.conf(5)\n"
		 "lxc.net.0.type = empty\n"
		 "lxc.apparmor.profile = generated\n"
		 "lxc.apparmor.allow_nesting = 1\n"
		 "lxc.rootfs.path = dir:/var/lib/lxc/t/rootfs\n"
		 "\n"
		 "# Common configuration\n"
		 "lxc.include = " SHARE "%s.common.conf\n"
		 "lxc.include = " SHARE "%s.userns.conf\n"
		 "\n"
		 "# Container specific configuration\n"
		 "lxc.tty.max = 4\n"
		 "lxc.uts.name = t\n"
		 "lxc.arch = amd64\n"
		 "lxc.pty.max = 1024\n"
		 "lxc.idmap = u 0 200000 65536\n"
		 "lxc.idmap = g 0 200000 65536\n",
		 distribution, distribution);
	expect_agreement(text);
	cr_expect_eq(config.root, 200000);
	cr_expect_str_eq(config.profile, SHARE "common.seccomp");
}

Test(lxc_config, takes_what_lxc_debian_makes)
{
	take_what_a_template_makes("debian");
}

Test(lxc_config, takes_what_lxc_ubuntu_makes)
{
	take_what_a_template_makes("ubuntu");
}
