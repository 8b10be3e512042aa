/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/performer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "exec/attribute_call.h"
#include "exec/pinned.h"

TestSuite(performer, .timeout = 60);

#define LONG_VALUE 10000
#define NAME_COUNT 50
#define NAME_WIDTH 200

static char buffer[65536];

/** struct scene - a file in memory, whose attributes may be as long as the kernel lets any be */
struct scene {
	struct pinned inode;
	struct performer performer;
	const char *class;
};

static void scene_new(struct scene *ret_scene)
{
	_cleanup_fd_ int procfs = proc_open();

	cr_assert_geq(procfs, 0);
	*ret_scene = (struct scene){
		.inode = { .fd = memfd_create("performer", MFD_CLOEXEC) },
		.performer = { .inode = &ret_scene->inode },
		.class = geteuid() == 0 ? "security" : "user",
	};
	cr_assert_eq(attribute_open_directory(procfs, &ret_scene->performer.directory), 0);
}

static void scene_done(struct scene *scene)
{
	fd_close(&scene->inode.fd);
	fd_close(&scene->performer.directory);
}

/* Return: the length of the name, with its NUL. */
static ssize_t set(const struct scene *scene, int number, const char *value, size_t size)
{
	char name[256];
	int length = snprintf(name, sizeof(name), "%s.%0*d", scene->class, NAME_WIDTH, number);

	int r = fsetxattr(scene->inode.fd, name, value, size, 0);

	if (r < 0 && errno == EOPNOTSUPP && geteuid() != 0)
		cr_skip_test("before Linux 6.6, files in memory have no user.*");
	cr_assert_eq(r, 0, "%s: %s", name, strerror(errno));
	return length + 1;
}

Test(performer, gets_values_of_any_length)
{
	static char value[LONG_VALUE];
	struct scene scene;
	char name[256];

	scene_new(&scene);
	memset(value, 'v', sizeof(value));
	set(&scene, 1, value, sizeof(value));
	snprintf(name, sizeof(name), "%s.%0*d", scene.class, NAME_WIDTH, 1);
	cr_expect_eq(performer_get(&scene.performer, name, buffer, sizeof(buffer)), LONG_VALUE);
	cr_expect_eq(memcmp(buffer, value, LONG_VALUE), 0);
	cr_expect_eq(performer_get(&scene.performer, name, buffer, LONG_VALUE), LONG_VALUE);
	cr_expect_eq(performer_get(&scene.performer, name, buffer, LONG_VALUE - 1), -ERANGE);
	cr_expect_eq(performer_get(&scene.performer, name, NULL, 0), LONG_VALUE);
	scene_done(&scene);
}

Test(performer, lists_any_number_of_names)
{
	struct scene scene;
	ssize_t length = 0;

	scene_new(&scene);
	for (int i = 0; i < NAME_COUNT; i++)
		length += set(&scene, i, "", 0);
	cr_expect_gt(length, 4096);
	cr_expect_geq(performer_list(&scene.performer, buffer, sizeof(buffer)), length);
	cr_expect_eq(performer_list(&scene.performer, buffer, (size_t)length - 1), -ERANGE);
	scene_done(&scene);
}
