/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/podman_hooks.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

static struct podman_folders folders;
static char sentence[PODMAN_HOOK_SENTENCE_SIZE];

TestSuite(podman_hooks, .timeout = 60);

static void read_conf(const char *text)
{
	podman_folders_read(text, strlen(text), &folders);
}

static void expect_folders(size_t count, const char *first)
{
	cr_expect_eq(folders.count, count);
	cr_expect_str_eq(folders.paths[0], first);
}

Test(podman_hooks, a_file_without_the_key_changes_nothing)
{
	podman_folders_add(&folders, "/before");
	read_conf(
		"[engine]\n# hooks_dir = [\"/no\"]\nother_hooks_dir = [\"/no\"]\nhooks_directory = 1\n");
	expect_folders(1, "/before");
}

Test(podman_hooks, a_list_takes_the_place_of_others)
{
	podman_folders_add(&folders, "/before");
	podman_folders_add(&folders, "/too");
	read_conf("[engine]\n  hooks_dir = [\"/a\", '/b']\n");
	expect_folders(2, "/a");
	cr_expect_str_eq(folders.paths[1], "/b");
}

Test(podman_hooks, a_list_may_have_several_lines)
{
	read_conf("hooks_dir=[\n\t\"/a\", # \"/no\"\n\t\"/b]\",\n]\nruntime = \"/no\"\n");
	expect_folders(2, "/a");
	cr_expect_str_eq(folders.paths[1], "/b]");
}

Test(podman_hooks, an_empty_list_is_none)
{
	podman_folders_add(&folders, "/before");
	read_conf("hooks_dir = []");
	cr_expect_eq(folders.count, 0);
}

Test(podman_hooks, what_is_cut_off_is_no_folder)
{
	read_conf("hooks_dir = [\"/a\", \"/b");
	expect_folders(1, "/a");
}

Test(podman_hooks, folders_are_bounded)
{
	char text[1024] = "hooks_dir = [";

	for (int i = 0; i < 2 * PODMAN_FOLDERS_MAX; i++)
		strcat(text, "\"/a\",");
	read_conf(strcat(text, "]"));
	expect_folders(PODMAN_FOLDERS_MAX, "/a");
}

/* ---- hooks ---- */

static enum podman_hook_result judge(const char *text)
{
	struct json_object *hook = json_tokener_parse(text);
	enum podman_hook_result result = podman_hook_judge(hook, sentence);

	json_object_put(hook);
	return result;
}

#define PROGRAM(path) \
	"\"hook\": {\"path\": \"" path "\", \"args\": [\"nsxattr\", \"hook\", \"oci-precreate\"]}"
#define WHEN "\"when\": {\"annotations\": {\"^io\\\\.nsxattr\\\\.policy$\": \".*\"}}"
#define STAGES "\"stages\": [\"precreate\"]"

Test(podman_hooks, one_as_it_is_installed_is_right)
{
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") "," WHEN "," STAGES "}"), PODMAN_HOOK_RIGHT);
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") ",\"when\": {\"always\": true}," STAGES "}"),
		     PODMAN_HOOK_RIGHT);
}

Test(podman_hooks, others_are_foreign)
{
	cr_expect_eq(judge("null"), PODMAN_HOOK_FOREIGN);
	cr_expect_eq(judge("[]"), PODMAN_HOOK_FOREIGN);
	cr_expect_eq(judge("{\"hook\": {\"path\": \"/bin/sh\"}}"), PODMAN_HOOK_FOREIGN);
	cr_expect_eq(judge("{\"hook\": {\"path\": \"/bin/sh\", \"args\": [\"sh\"]}}"),
		     PODMAN_HOOK_FOREIGN);
}

Test(podman_hooks, one_whose_program_is_missing_is_wrong)
{
	cr_expect_eq(judge("{" PROGRAM("/none/nsxattr") "," WHEN "," STAGES "}"),
		     PODMAN_HOOK_WRONG);
	cr_expect_not_null(strstr(sentence, "'/none/nsxattr' is not there"));
	cr_expect_eq(judge("{" PROGRAM("/etc/passwd") "," WHEN "," STAGES "}"), PODMAN_HOOK_WRONG);
	cr_expect_eq(judge("{" PROGRAM("/bin") "," WHEN "," STAGES "}"), PODMAN_HOOK_WRONG);
}

Test(podman_hooks, one_of_another_stage_is_wrong)
{
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") "," WHEN ", \"stages\": [\"prestart\"]}"),
		     PODMAN_HOOK_WRONG);
	cr_expect_not_null(strstr(sentence, "precreate"));
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") "," WHEN "}"), PODMAN_HOOK_WRONG);
}

Test(podman_hooks, one_for_other_containers_is_wrong)
{
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") "," STAGES "}"), PODMAN_HOOK_WRONG);
	cr_expect_eq(judge("{" PROGRAM("/bin/sh") "," STAGES
						  ",\"when\": {\"annotations\": {\"^io.podman\": "
						  "\".*\", \"(\": \".*\"}}}"),
		     PODMAN_HOOK_WRONG);
	cr_expect_not_null(strstr(sentence, "io.nsxattr.policy"));
}
