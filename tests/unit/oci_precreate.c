/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/oci_precreate.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTIFY_RULE                                                                        \
	"{\"names\":[\"setxattr\",\"lsetxattr\",\"fsetxattr\",\"getxattr\",\"lgetxattr\"," \
	"\"fgetxattr\",\"listxattr\",\"llistxattr\",\"flistxattr\",\"removexattr\","       \
	"\"lremovexattr\",\"fremovexattr\",\"setxattrat\",\"getxattrat\",\"listxattrat\"," \
	"\"removexattrat\"],\"action\":\"SCMP_ACT_NOTIFY\"}"
#define IO_URING_RULE                                                               \
	"{\"names\":[\"io_uring_setup\",\"io_uring_enter\",\"io_uring_register\"]," \
	"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}"
#define LISTENER "\"listenerPath\":\"/run/n.sock\",\"listenerMetadata\":\"dc\""
#define KILLABLE "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\""

static struct oci_edit wanted;
static char *edited;

static void begin(void)
{
	wanted = (struct oci_edit){ .seccomp = { .policy = "dc", .socket = "/run/n.sock" } };
}

static void end(void)
{
	free(edited);
	edited = NULL;
}

/* Within the test, so that what is not released is seen. */
#define Case(name)                     \
	static void case_##name(void); \
	Test(oci_precreate, name)      \
	{                              \
		begin();               \
		case_##name();         \
		end();                 \
	}                              \
	static void case_##name(void)

/* Return: an enum oci_config_result; the result in @edited. */
static int edit(const char *text, const char **reason)
{
	struct json_text whole = { text, strlen(text) };
	struct oci_config config = { 0 };
	char *result = NULL;
	size_t length = 0;
	int r = oci_config_read(&whole, &config, reason);

	if (r == OCI_CONFIG_DONE)
		r = oci_config_edit(&config, &wanted, &result, &length, reason);
	oci_config_done(&config);
	if (r == OCI_CONFIG_DONE) {
		cr_expect_eq(strlen(result), length);
		free(edited);
		edited = result;
	}
	return r;
}

static void becomes(const char *text, const char *expected)
{
	const char *reason = "";
	char *copy = strdup(text);

	cr_assert_eq(edit(copy, &reason), OCI_CONFIG_DONE, "%s", reason);
	free(copy);
	cr_expect_str_eq(edited, expected);
	/* Again, it stays as it is. */
	char *once = strdup(edited);

	cr_assert_eq(edit(once, &reason), OCI_CONFIG_DONE, "%s", reason);
	cr_expect_str_eq(edited, once);
	free(once);
}

static void refuses(const char *text, const char *expected)
{
	const char *reason = "no reason";

	cr_assert_eq(edit(text, &reason), OCI_CONFIG_REFUSED, "%s", text);
	cr_expect_str_eq(reason, expected);
}

/* A config with these rules, and the same as it shall be. */
static void rules_become(const char *rules, const char *expected)
{
	char before[1024], after[2048];

	snprintf(before, sizeof(before), "{\"linux\":{\"seccomp\":{\"syscalls\":[%s]}}}", rules);
	snprintf(after, sizeof(after),
		 "{\"linux\":{\"seccomp\":{\"syscalls\":[%s%s" NOTIFY_RULE "," IO_URING_RULE
		 "]," LISTENER "}}}",
		 expected, *expected ? "," : "");
	becomes(before, after);
}

Case(keeps_every_byte_outside_of_the_section)
{
	becomes("\n{ \"z\":1.50e+3,\"n\":12345678901234567890123, \"u\":\"\\u003c\\/\xc3\xa9\",\n"
		"  \"linux\" : {\t\"seccomp\": {\"defaultAction\":\"SCMP_ACT_ERRNO\"} ,\"a\":{} },\n"
		" \"future\":[ ]}\n\n",
		"\n{ \"z\":1.50e+3,\"n\":12345678901234567890123, \"u\":\"\\u003c\\/\xc3\xa9\",\n"
		"  \"linux\" : {\t\"seccomp\": {\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" NOTIFY_RULE
		"," IO_URING_RULE "]," LISTENER "} ,\"a\":{} },\n"
		" \"future\":[ ]}\n\n");
}

#define OLD_NOTIFY_RULE                                                                    \
	"{\"names\":[\"setxattr\",\"lsetxattr\",\"fsetxattr\",\"getxattr\",\"lgetxattr\"," \
	"\"fgetxattr\",\"listxattr\",\"llistxattr\",\"flistxattr\",\"removexattr\","       \
	"\"lremovexattr\",\"fremovexattr\"],\"action\":\"SCMP_ACT_NOTIFY\"}"

/* The same of a kernel that does not have the *xattrat calls. */
static void old_rules_become(const char *rules, const char *expected)
{
	char before[1024], after[2048];

	wanted.seccomp.lacks_xattrat = true;
	snprintf(before, sizeof(before), "{\"linux\":{\"seccomp\":{\"syscalls\":[%s]}}}", rules);
	snprintf(after, sizeof(after),
		 "{\"linux\":{\"seccomp\":{\"syscalls\":[%s," OLD_NOTIFY_RULE "," IO_URING_RULE
		 "]," LISTENER "}}}",
		 expected);
	becomes(before, after);
}

Case(leaves_calls_alone_that_the_kernel_lacks)
{
	old_rules_become("{\"names\":[\"read\",\"getxattr\",\"getxattrat\"],"
			 "\"action\":\"SCMP_ACT_ALLOW\"}",
			 "{\"names\":[\"read\",\"getxattrat\"],\"action\":\"SCMP_ACT_ALLOW\"}");
}

Case(has_calls_fail_that_the_kernel_lacks_and_a_profile_hands_over)
{
	old_rules_become("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}," NOTIFY_RULE,
			 "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
			 "{\"names\":[\"setxattrat\",\"getxattrat\",\"listxattrat\","
			 "\"removexattrat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}");
}

Case(adds_the_name_that_podman_knows)
{
	wanted.name = "samba-one";
	becomes("{\"annotations\":{\"a\":\"b\"},\"linux\":{\"seccomp\":{\"syscalls\":[]}}}",
		"{\"annotations\":{\"io.nsxattr.name\":\"samba-one\",\"a\":\"b\"},"
		"\"linux\":{\"seccomp\":{\"syscalls\":[" NOTIFY_RULE "," IO_URING_RULE "]," LISTENER
		"}}}");
}

Case(leaves_the_name_that_a_user_has_given)
{
	wanted.name = "samba-one";
	becomes("{\"annotations\":{\"io.nsxattr.name\":\"own\"},\"linux\":{\"seccomp\":{\"syscalls\":[]}}}",
		"{\"annotations\":{\"io.nsxattr.name\":\"own\"},"
		"\"linux\":{\"seccomp\":{\"syscalls\":[" NOTIFY_RULE "," IO_URING_RULE "]," LISTENER
		"}}}");
}

Case(makes_a_section_where_there_is_none)
{
	static const char section[] =
#if defined(__x86_64__)
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[" NOTIFY_RULE "," IO_URING_RULE
#else
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_AARCH64\","
		"\"SCMP_ARCH_ARM\"],\"syscalls\":[" NOTIFY_RULE "," IO_URING_RULE
#endif
		"]," LISTENER "}";
	char expected[2048];

	snprintf(expected, sizeof(expected), "{\"linux\":{\"seccomp\":%s}}", section);
	becomes("{\"linux\":{}}", expected);
	snprintf(expected, sizeof(expected), "{\"linux\":{\"seccomp\":%s,\"x\":1}}", section);
	becomes("{\"linux\":{\"x\":1}}", expected);
	snprintf(expected, sizeof(expected), "{\"linux\":{\"seccomp\": %s}}", section);
	becomes("{\"linux\":{\"seccomp\": null}}", expected);
}

Case(takes_the_calls_out_of_other_rules)
{
	rules_become("{\"names\":[\"read\",\"setxattr\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}",
		     "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}");
	rules_become("{\"names\":[\"io_uring_setup\",\"getxattr\"],\"action\":\"SCMP_ACT_ALLOW\"}",
		     "");
	rules_become(
		"{\"names\":[\"setxattr\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":3,"
		"\"value\":18446744073709551615,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		"\"value\":18446744073709551615,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}",
		"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		"\"value\":18446744073709551615,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}");
	rules_become("", "");
}

Case(lets_io_uring_pass_if_it_may)
{
	wanted.seccomp.allow_io_uring = true;
	becomes("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[\"io_uring_setup\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}}}",
		"{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[\"io_uring_setup\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}," NOTIFY_RULE "]," LISTENER "}}}");
}

Case(asks_for_killable_waits_beside_the_flags_that_are_there)
{
	wanted.seccomp.wait_killable = true;
	wanted.seccomp.allow_io_uring = true;
	becomes("{\"linux\":{\"seccomp\":{}}}",
		"{\"linux\":{\"seccomp\":{\"syscalls\":[" NOTIFY_RULE
		"],\"flags\":[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"," KILLABLE "]," LISTENER "}}}");
	becomes("{\"linux\":{\"seccomp\":{\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}}}",
		"{\"linux\":{\"seccomp\":{\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"," KILLABLE
		"],\"syscalls\":[" NOTIFY_RULE "]," LISTENER "}}}");
}

Case(gives_a_ready_filter_where_there_were_no_rules)
{
	const char *reason = "";

	wanted.filter = "QUJD";
	becomes("{\"linux\":{\"seccomp\":{}}}",
		"{\"linux\":{\"seccomp\":{\"syscalls\":[" NOTIFY_RULE "," IO_URING_RULE
		"]," LISTENER "}}}");
	cr_assert_eq(edit("{\"annotations\":{\"a\":\"b\"},\"linux\":{}}", &reason),
		     OCI_CONFIG_DONE);
	cr_expect(strstr(edited,
			 "\"annotations\":{\"run.oci.seccomp_bpf_data\":\"QUJD\",\"a\":\"b\"}"),
		  "%s", edited);
	cr_assert_eq(edit("{\"annotations\":null,\"linux\":{}}", &reason), OCI_CONFIG_DONE);
	cr_expect(strstr(edited, "\"annotations\":{\"run.oci.seccomp_bpf_data\":\"QUJD\"}"), "%s",
		  edited);
	cr_assert_eq(edit("{\"linux\":{}}", &reason), OCI_CONFIG_DONE);
	cr_expect(strstr(edited, "{\"annotations\":{\"run.oci.seccomp_bpf_data\":\"QUJD\"},"), "%s",
		  edited);
	char *once = strdup(edited);

	cr_assert_eq(edit(once, &reason), OCI_CONFIG_DONE, "%s", reason);
	cr_expect_str_eq(edited, once);
	free(once);
}

Case(refuses_what_would_be_overridden)
{
	refuses("{\"linux\":{\"seccomp\":{\"listenerPath\":\"/other\"}}}",
		"has a listenerPath already: its calls go to another program");
	refuses("{\"linux\":{},\"annotations\":{\"run.oci.seccomp_bpf_data\":\"QUJD\"}}",
		"has a seccomp filter of its own in the annotation run.oci.seccomp_bpf_data");
}

Case(refuses_rules_for_the_listener_of_another_supervisor)
{
	refuses("{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}}}",
		"hands every call to a listener");
	refuses("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[\"getxattr\",\"mount\"],"
		"\"action\":\"SCMP_ACT_NOTIFY\"}]}}}",
		"has a seccomp rule that hands other calls than those for attributes to a listener");
}

/* As in the profiles of Docker and podman: a runtime would have them hold for every container. */
Case(refuses_conditions_that_no_runtime_knows)
{
	static const char reason[] =
		"has seccomp rules with conditions (includes, excludes), which no runtime knows: "
		"'nsxattr profile' resolves them";

	refuses("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[\"bpf\"],\"action\":"
		"\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}}}",
		reason);
	refuses("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[\"clone\"],\"action\":"
		"\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"s390\"]}}]}}}",
		reason);
}

Case(refuses_what_it_cannot_edit)
{
	refuses("[]", "is no JSON object");
	refuses("{\"linux\":{}", "is no JSON object");
	refuses("{}", "has no section linux");
	refuses("{\"linux\":{\"seccomp\":[]}}", "has a linux.seccomp that is no object");
	refuses("{\"linux\":{},\"linux\":{}}", "has a section twice");
	refuses("{\"linux\":{\"seccomp\":{},\"seccomp\":{}}}", "has a section twice");
	refuses("{\"linux\":{\"s\\u0065ccomp\":{}}}", "has no section linux that can be edited");
	refuses("{'linux':{}}", "cannot be edited");
	refuses("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"name\":\"read\"}]}}}",
		"has a seccomp rule without names");
	refuses("{\"linux\":{\"seccomp\":{\"syscalls\":[7]}}}", "has a seccomp rule without names");
}

Case(can_leave_the_policy_to_the_daemon)
{
	const char *reason = "";

	wanted.seccomp.policy = "";
	cr_assert_eq(edit("{\"linux\":{\"seccomp\":{" LISTENER "}}}", &reason), OCI_CONFIG_DONE);
	cr_expect(strstr(edited, "\"listenerPath\":\"/run/n.sock\""));
	cr_expect_not(strstr(edited, "listenerMetadata"));
}

Case(knows_who_asks)
{
	static const char asks[] = "{\"annotations\":{\"io.nsxattr.policy\":\"samba-dc\"}}";
	static const char other[] = "{\"annotations\":{\"io.nsxattr.policy\":7}}";
	const char *reason = "";
	struct oci_config config = { 0 };

	cr_assert_eq(oci_config_read(&(struct json_text){ asks, strlen(asks) }, &config, &reason),
		     OCI_CONFIG_DONE);
	cr_expect_str_eq(oci_config_policy(&config), "samba-dc");
	cr_expect_not(oci_config_has_seccomp(&config));
	oci_config_done(&config);
	cr_assert_eq(oci_config_read(&(struct json_text){ other, strlen(other) }, &config, &reason),
		     OCI_CONFIG_DONE);
	cr_expect_null(oci_config_policy(&config));
	oci_config_done(&config);
}
