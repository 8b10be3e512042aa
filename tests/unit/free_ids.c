/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/free_ids.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void expect(struct id_files files, uint32_t count, uint32_t first)
{
	uint32_t found = free_ids_find(&files, count);

	cr_expect_eq(found, first, "expected: %" PRIu32 ", found: %" PRIu32, first, found);
}

Test(free_ids, begin_at_a_multiple_of_65536_where_no_user_has_any)
{
	expect((struct id_files){ 0 }, 65536, 131072);
	expect((struct id_files){ .subuid = "", .passwd = "" }, 1, 131072);
}

Test(free_ids, lie_behind_what_the_first_user_of_a_host_was_given)
{
	expect((struct id_files){ .subuid = "ann:100000:65536\n", .subgid = "ann:100000:65536\n" },
	       65536, 196608);
}

Test(free_ids, are_free_as_users_and_as_groups)
{
	expect((struct id_files){ .subuid = "ann:131072:65536\n", .subgid = "ann:196608:1" }, 65536,
	       262144);
	expect((struct id_files){ .subgid = "bob:131073:1\nann:200000:1\n" }, 65536, 262144);
}

Test(free_ids, are_no_other_users_own_id)
{
	expect((struct id_files){ .passwd = "root:x:0:0::/:/bin/sh\nann:x:131072:7::/:/bin/sh\n" },
	       65536, 196608);
	expect((struct id_files){ .group = "ann:x:196607:\n" }, 65536, 196608);
	expect((struct id_files){ .passwd = "ann:x:7:131072::/:/bin/sh\n" }, 65536, 131072);
}

Test(free_ids, fit_between_others)
{
	expect((struct id_files){ .subuid = "a:100000:31072\nb:196608:65536\n" }, 65536, 131072);
	expect((struct id_files){ .subuid = "a:100000:31072\nb:196608:65536\n" }, 65537, 262144);
	expect((struct id_files){ .subuid = "b:300000:65536\na:100000:65536\n" }, 5000000, 393216);
}

Test(free_ids, keep_within_what_login_defs_says)
{
	expect((struct id_files){ .login_defs = "# SUB_UID_MIN 7\nSUB_UID_MIN\t 500000\n" }, 65536,
	       524288);
	expect((struct id_files){ .login_defs = "SUB_UID_MIN 500000\nSUB_GID_MIN 0x100000\n" },
	       65536, 1048576);
	expect((struct id_files){ .login_defs = "SUB_UID_MIN 0\nSUB_GID_MIN 0\n" }, 65536, 65536);
	expect((struct id_files){ .login_defs = "SUB_UID_MAX 196607\n" }, 65536, 131072);
	expect((struct id_files){ .login_defs = "SUB_GID_MAX 196606\n" }, 65536, 0);
}

Test(free_ids, are_none_where_all_are_taken)
{
	expect((struct id_files){ .subuid = "a:0:4294967295\n" }, 1, 0);
	expect((struct id_files){ .subuid = "a:1:600000000\n",
				  .login_defs = "SUB_UID_MAX 4294967295\n" },
	       4294967295, 0);
	expect((struct id_files){ 0 }, 4294967295, 0);
}

Test(free_ids, pass_over_lines_without_numbers)
{
	expect(
		(struct id_files){
			.subuid = "\n\nann\nann:131072\nann:-1:5\nann:131072:\n#:131072:x\n::\n",
			.passwd = "+::::::\nann:131072:x\nann:x: 131072:\n" },
		65536, 131072);
	expect((struct id_files){ .subuid = "a:99999999999999999999:1\na:131072:99999999999\n" },
	       65536, 131072);
}

Test(free_ids, command_names_ids_of_this_host_that_are_free)
{
	char command[FREE_IDS_COMMAND_SIZE], expected[FREE_IDS_COMMAND_SIZE];
	uint32_t first;

	if (!free_ids_command("ann", &first, command))
		cr_skip_test("no ids are free here");
	snprintf(expected, sizeof(expected), "usermod --add-subuids %u-%u --add-subgids %u-%u ann",
		 first, first + 65535, first, first + 65535);
	cr_expect_str_eq(command, expected);
	cr_expect_eq(first, free_ids_on_host(FREE_IDS_COUNT));
}
