/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests have a record, and what is in it; one that is replayed has one in all. */
#include "request/audit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/audit_log.h"
#include "base/proc.h"
#include "policy.h"
#include "request/stage.h"

static char folder[] = "/tmp/nsxattr-audit.XXXXXX";
static char path[64], text[1 << 16];
static struct audit_log *audit;
static struct auditor *auditor;
static atomic_uint extent;
static struct client client;
static struct workspace workspace;
static struct slot slot;
static struct reception reception;
static struct request request;

static const struct syscall_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < SYSCALL_COUNT; i++)
		if (strcmp(syscall_kinds[i].name, name) == 0)
			return &syscall_kinds[i];
	cr_assert_fail("there is no call %s", name);
	return NULL;
}

/* A set of security.demo that is done, of a target that does not wait any more. */
static void begin_request(const char *call)
{
	slot.notification.id++;
	slot.listener = -1;
	effect_clear(&slot.effect);
	reception = (struct reception){ .slot = &slot };
	request = (struct request){
		.workspace = &workspace,
		.client = &client,
		.reception = &reception,
		.slot = &slot,
		.call = { .kind = kind_of(call), .tid = getpid(), .dirfd = AT_FDCWD, .size = 5 },
		.has_path = true,
		.has_value = true,
		.decision = { .route = ROUTE_STORED, .name = "security.demo@uid=7" },
		.stat = { .device = makedev(8, 3), .number = 99 },
		.outcome = outcome_value(0),
	};
	strcpy(workspace.name, "security.demo");
	strcpy(workspace.path, "a/file");
	strcpy(workspace.value, "value");
}

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	cr_assert_eq(audit_log_open(path, &audit), 0);
	audit_log_begin(audit);
	cr_assert_eq(audit_log_start(audit), 0);
	cr_assert_eq(auditor_new(audit, &auditor), 0);
	client_init(&client, policy_builtin("default"));
	client.auditor = auditor;
	client.audit = &extent;
	client.name = "web";
	client.holder = (struct share_holder){ &client, 1000 };
	atomic_store(&extent, AUDIT_CHANGES);
	workspace.config.procfs = proc_open();
	begin_request("setxattr");
}

TestSuite(audit, .init = set_up);

/* Return: all that was written; the log is over then. */
static const char *written(void)
{
	char command[96];

	cr_expect(audit_log_stop(audit));
	audit_log_free(audit);
	auditor_free(auditor);
	close(workspace.config.procfs);
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
	return text;
}

static size_t count_written(void)
{
	size_t count = 0;

	for (const char *at = written(); *at; at++)
		count += *at == '\n';
	return count;
}

static void expect_part(const char *part)
{
	cr_expect_not_null(strstr(text, part), "%s is not in %s", part, text);
}

Test(audit, knows_what_the_target_has_said)
{
	audit_request(&request);
	written();
	expect_part(
		"\"record\":1,\"container\":\"web\",\"owner\":1000,\"operation\":\"set\",\"call\":\"setxattr\","
		"\"request\":\"0000000000000001\",\"device\":\"8:3\",\"inode\":99,\"path\":\"a/file\","
		"\"name\":\"security.demo\",\"stored\":\"security.demo@uid=7\",\"size\":5,"
		"\"sha256\":\"cd42404d52ad55ccfa9aca4adc828aa5800ad9d385a0671fbcbf724118320619\","
		"\"result\":\"done\"}\n");
}

Test(audit, says_nothing_of_what_was_not_read)
{
	request.has_path = false;
	request.has_value = false;
	workspace.name[0] = '\0';
	request.decision.route = ROUTE_REFUSED;
	request.stat = (struct inode_stat){ 0 };
	request.outcome = outcome_refused(EFAULT, REASON_ARGUMENT);
	audit_request(&request);
	written();
	expect_part(
		"\"request\":\"0000000000000001\",\"size\":5,\"result\":\"EFAULT\",\"reason\":\"argument\"}\n");
}

Test(audit, has_a_descriptor_in_place_of_a_path)
{
	begin_request("fremovexattr");
	request.call.is_descriptor = true;
	request.call.dirfd = 4;
	audit_request(&request);
	begin_request("setxattrat");
	request.call.dirfd = 5;
	audit_request(&request);
	strcpy(workspace.path, "/absolute");
	audit_request(&request);
	written();
	expect_part(
		"\"inode\":99,\"fd\":4,\"name\":\"security.demo\",\"stored\":\"security.demo@uid=7\","
		"\"result\":");
	expect_part("\"inode\":99,\"fd\":5,\"path\":\"a/file\",");
	expect_part("\"inode\":99,\"path\":\"/absolute\",");
}

/* There the name is the target's own. */
Test(audit, has_no_stored_name_of_a_call_that_was_made_as_it_is)
{
	request.is_native = true;
	audit_request(&request);
	written();
	expect_part("\"name\":\"security.demo\",\"size\":");
}

Test(audit, has_changes_that_nsxattr_answers)
{
	request.outcome = outcome_kernel(REASON_NONE);
	audit_request(&request);
	request.outcome = outcome_refused(EPERM, REASON_GONE);
	audit_request(&request);
	begin_request("getxattr");
	audit_request(&request);
	begin_request("listxattr");
	audit_request(&request);
	request.call.kind = NULL;
	audit_request(&request);
	cr_expect_eq(count_written(), 0);
}

Test(audit, has_refusals_alone)
{
	atomic_store(&extent, AUDIT_REFUSALS);
	audit_request(&request);
	request.outcome = outcome_refused(ENOENT, REASON_KERNEL);
	audit_request(&request);
	request.outcome = outcome_refused(EPERM, REASON_OWNER);
	audit_request(&request);
	cr_expect_eq(count_written(), 1);
	expect_part("\"reason\":\"owner-not-mapped\"");
}

/* What the dead worker has written down. */
static void replay(void)
{
	struct effect *effect = &slot.effect;

	request.is_replayed = true;
	workspace.name[0] = '\0';
	effect->operation = OPERATION_SET;
	effect->device = makedev(0, 40);
	effect->inode = 5;
	effect->length = 70;
	strcpy(effect->name, "security.other@uid=7");
}

Test(audit, has_what_the_slot_knows_of_a_change_that_a_dead_worker_has_made)
{
	replay();
	audit_request(&request);
	written();
	expect_part(
		"\"device\":\"0:40\",\"inode\":5,\"stored\":\"security.other@uid=7\",\"size\":70,"
		"\"result\":\"done\",\"replayed\":true}\n");
}

Test(audit, has_one_record_of_a_change_that_is_replayed)
{
	audit_request(&request);
	replay();
	audit_request(&request);
	audit_request(&request);
	cr_expect_eq(count_written(), 1);
}

/* A worker has died behind the record, and the next one makes the change. */
Test(audit, has_a_change_that_follows_a_record_of_a_failure)
{
	request.outcome = outcome_refused(EIO, REASON_KERNEL);
	audit_request(&request);
	cr_expect_eq(slot.effect.audited, 0);
	request.outcome = outcome_value(0);
	replay();
	audit_request(&request);
	cr_expect_eq(count_written(), 2);
	expect_part("\"result\":\"done\"");
}

/* The slot is another call's by then, and the effect as the one before has left it. */
Test(audit, has_one_of_the_next_change_in_the_slot)
{
	replay();
	audit_request(&request);
	begin_request("setxattr");
	replay();
	audit_request(&request);
	cr_expect_eq(count_written(), 2);
}
