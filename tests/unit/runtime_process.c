/* SPDX-License-Identifier: Apache-2.0 */
/* What runtimes write of their containers, and whose memory is read for it. */
#include "cli/runtime_process.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(runtime_process, understands_the_files_of_runtimes)
{
	static const char crun[] = "{\"pid\": 77, \"rootfs\": \"/\"}",
			  runc[] = "{\"id\": \"x\", \"init_process_pid\": 78}",
			  none[] = "{\"pid\": \"77\"}", large[] = "{\"pid\": 99999999999}";

	cr_expect_eq(runtime_process_of_state(crun, strlen(crun)), 77);
	cr_expect_eq(runtime_process_of_state(runc, strlen(runc)), 78);
	cr_expect_eq(runtime_process_of_state(none, strlen(none)), 0);
	cr_expect_eq(runtime_process_of_state(large, strlen(large)), 0);
	cr_expect_eq(runtime_process_of_state("{", 1), 0);
}

static bool is_trusted(const char *users)
{
	char status[256];

	snprintf(status, sizeof(status), "Name:\tx\\nUid:\nUmask:\t0022\nUid:%s\nGid:\t0\n", users);
	return runtime_process_is_trusted(status);
}

Test(runtime_process, trusts_the_memory_of_root_and_of_its_own_user_alone)
{
	char users[64];

	cr_expect(is_trusted("\t0\t0\t0\t0"));
	snprintf(users, sizeof(users), "\t%u\t0\t%u\t%u", geteuid(), geteuid(), geteuid());
	cr_expect(is_trusted(users));
	cr_expect_not(is_trusted("\t4242\t4242\t4242\t4242"));
	cr_expect_not(is_trusted("\t4242\t0\t0\t0"));
	cr_expect_not(is_trusted("\t0\t0\t0\t4242"));
	cr_expect_not(is_trusted("\t0\t0\t0"));
	cr_expect_not(is_trusted(""));
	cr_expect_not(runtime_process_is_trusted("Name:\tx\n"));
}
