/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/podman_name.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static char folder[64];

static void set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/nsxattr.podman.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(mkdir("overlay-containers", 0700), 0);
}

static void tear_down(void)
{
	(void)unlink("overlay-containers/containers.json");
	(void)unlink("overlay-containers/volatile-containers.json");
	(void)rmdir("overlay-containers");
	cr_expect_eq(chdir("/"), 0);
	(void)rmdir(folder);
}

TestSuite(podman_name, .init = set_up, .fini = tear_down);

static void record(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "overlay-containers/%s", file);
	FILE *to = fopen(path, "w");

	cr_assert_not_null(to);
	fputs(text, to);
	fclose(to);
}

/* @root: of the file system, below the folder. @mount: "DESTINATION SOURCE", the source likewise */
static void expect(const char *root, const char *destination, const char *source,
		   const char *expected)
{
	char text[1024], name[PODMAN_NAME_MAX + 1] = "";

	snprintf(text, sizeof(text),
		 "{\"root\":{\"path\":\"%s%s\"},\"mounts\":[7,{\"destination\":\"/proc\"},"
		 "{\"destination\":\"%s\",\"source\":\"%s%s\"}]}",
		 folder, root, destination, folder, source);
	struct json_object *config = json_tokener_parse(text);

	cr_assert_not_null(config);
	enum podman_name_result r = podman_name_find(config, name);

	cr_expect_eq(r, *expected ? PODMAN_NAME_FOUND : PODMAN_NAME_UNKNOWN);
	cr_expect_str_eq(name, expected);
	json_object_put(config);
}

#define SHM "/overlay-containers/" ID "/userdata/shm"

Test(podman_name, is_in_the_records_beside_a_mount_of_podmans)
{
	record("containers.json", "[{\"id\":\"" OTHER "\",\"names\":[\"other\"]},"
				  "{\"id\":\"" ID "\",\"names\":[\"samba-one\",\"second\"]}]");
	expect("", "/dev/shm", SHM, "samba-one");
}

Test(podman_name, is_in_the_records_of_what_is_removed_at_its_end)
{
	record("containers.json", "[]");
	record("volatile-containers.json", "[{\"id\":\"" ID "\",\"names\":[\"samba-two\"]}]");
	expect("", "/dev/shm", SHM, "samba-two");
}

/* With --ipc=host all that podman mounts is below its RUNROOT. */
Test(podman_name, is_found_by_the_root_file_system)
{
	record("containers.json", "[{\"id\":\"" ID "\",\"names\":[\"samba-one\"]}]");
	expect("/overlay/layer/merged", "/run/.containerenv",
	       "/run/overlay-containers/" ID "/userdata/.containerenv", "samba-one");
}

Test(podman_name, is_not_looked_for_beside_a_volume)
{
	record("containers.json", "[{\"id\":\"" ID "\",\"names\":[\"samba-one\"]}]");
	expect("", "/mnt", SHM, "");
}

Test(podman_name, is_unknown_where_records_do_not_tell_it)
{
	static const char *const records[] = {
		"",
		"[",
		"7",
		"{}",
		"[7, [], null]",
		"[{\"id\":\"" OTHER "\",\"names\":[\"other\"]}]",
		"[{\"id\":\"" ID "\"}]",
		"[{\"id\":\"" ID "\",\"names\":[]}]",
		"[{\"id\":\"" ID "\",\"names\":[7]}]",
		"[{\"id\":\"" ID "\",\"names\":[\"\"]}]",
		"[{\"id\":\"" ID "\",\"names\":[\"a\\\"b\"]}]",
	};

	expect("", "/dev/shm", SHM, "");
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		record("containers.json", records[i]);
		expect("", "/dev/shm", SHM, "");
	}
}

Test(podman_name, is_that_of_a_whole_id)
{
	record("containers.json", "[{\"id\":\"" ID "\",\"names\":[\"samba-one\"]}]");
	expect("", "/dev/shm", "/overlay-containers/0123/userdata/shm", "");
	expect("", "/dev/shm", "/overlay-containers/" ID "0/userdata/shm", "");
	expect("", "/dev/shm", "/overlay-containers/" ID, "");
}
