/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/oci_message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "policy_selector.h"

/* As it came from crun 1.8.1. */
static const char crun_create[] = "{\n"
				  "    \"ociVersion\": \"0.2.0\",\n"
				  "    \"fds\": [\n"
				  "        \"seccompFd\"\n"
				  "    ],\n"
				  "    \"pid\": 25179,\n"
				  "    \"metadata\": \"samba-dc\",\n"
				  "    \"state\": {\n"
				  "        \"ociVersion\": \"0.2.0\",\n"
				  "        \"id\": \"c1\",\n"
				  "        \"status\": \"creating\",\n"
				  "        \"pid\": 25179,\n"
				  "        \"bundle\": \"/srv/bundle\",\n"
				  "        \"annotations\": {\n"
				  "            \"org.x\": \"a<b \\\"q\\\" \\\\ \xc3\xa9\"\n"
				  "        }\n"
				  "    }\n"
				  "}\n";

/* Of crun 1.8.1, too: an exec knows no pid. */
static const char crun_exec[] =
	"{ \"ociVersion\": \"0.2.0\", \"fds\": [ \"seccompFd\" ], \"pid\": 0, \"state\": {"
	" \"ociVersion\": \"0.2.0\", \"id\": \"c2\", \"status\": \"running\", \"pid\": 0,"
	" \"bundle\": \".\", \"annotations\": { \"io.nsxattr.policy\": \"samba-dc\" } } }";

/* Of runc 1.1.5. */
static const char runc_exec[] =
	"{\"ociVersion\":\"1.0.2-dev\",\"fds\":[\"seccompFd\"],\"pid\":25978,\"state\":{"
	"\"ociVersion\":\"1.0.2-dev\",\"id\":\"r2\",\"status\":\"running\",\"pid\":25902,"
	"\"bundle\":\"/srv/bundle\",\"annotations\":{\"io.nsxattr.policy\":\"samba-dc\","
	"\"org.x\":\"a\\u003cb\"}}}";

/* As youki 0.1 to 0.5 write it: the whole of its state. */
static const char youki_create[] =
	"{\"ociVersion\":\"1.0.2-dev\",\"fds\":[\"seccompFd\"],\"pid\":4711,\"metadata\":\"\",\"state\":{"
	"\"ociVersion\":\"v1.0.2\",\"id\":\"y1\",\"status\":\"creating\",\"bundle\":\"/srv/bundle\","
	"\"annotations\":{},\"created\":\"2026-11-25T01:00:00.123Z\",\"creator\":0,\"useSystemd\":false,"
	"\"cleanUpIntelRdtSubdirectory\":false}}";

static struct oci_message message;

/* What the last one has read; a test's end releases it, too. */
static void release(void)
{
	oci_message_done(&message);
}

TestSuite(oci_message, .fini = release);

static void reads_with(const char *text, size_t descriptors)
{
	const char *reason = NULL;

	release();

	memset(&message, 0xaa, sizeof(message));
	cr_assert_eq(oci_message_read(text, strlen(text), descriptors, &message, &reason),
		     OCI_MESSAGE_READ, "%s", reason);
}

static void reads(const char *text)
{
	reads_with(text, 1);
}

static void refuses_bytes(const char *bytes, size_t length, size_t descriptors,
			  const char *expected)
{
	const char *reason = "no reason";

	release();
	memset(&message, 0xaa, sizeof(message));
	struct oci_message before = message;

	cr_assert_eq(oci_message_read(bytes, length, descriptors, &message, &reason),
		     OCI_MESSAGE_REFUSED, "%.100s", bytes);
	cr_expect_str_eq(reason, expected);
	cr_expect_eq(memcmp(&before, &message, sizeof(message)), 0, "it was filled in");
	message = (struct oci_message){ 0 };
}

static void refuses(const char *text, const char *expected)
{
	refuses_bytes(text, strlen(text), 1, expected);
}

/* A message that is whole but for what stands in it at @place. */
static const char *with(const char *top, const char *state)
{
	static char text[4096];

	snprintf(text, sizeof(text), "{\"pid\":1%s,\"state\":{\"id\":\"x\"%s}}", top, state);
	return text;
}

Test(oci_message, reads_what_crun_writes)
{
	reads(crun_create);
	cr_expect_str_eq(message.id, "c1");
	cr_expect_str_eq(message.status, "creating");
	cr_expect_eq(message.pid, 25179);
	cr_expect_eq(message.state_pid, 25179);
	cr_expect_str_eq(message.metadata, "samba-dc");
	cr_expect_str_eq(message.policy, "");
	cr_expect_str_eq(message.name, "");
	cr_expect_eq(message.listener, 0);
	cr_expect_eq(message.runtimes, RUNTIME_CRUN);
}

Test(oci_message, reads_an_exec_of_crun_which_knows_no_pid)
{
	reads(crun_exec);
	cr_expect_str_eq(message.id, "c2");
	cr_expect_str_eq(message.status, "running");
	cr_expect_eq(message.pid, 0);
	cr_expect_str_eq(message.metadata, "");
	cr_expect_str_eq(message.policy, "samba-dc");
	cr_expect_eq(message.runtimes, RUNTIME_CRUN);
}

Test(oci_message, reads_what_runc_writes)
{
	reads(runc_exec);
	cr_expect_str_eq(message.id, "r2");
	cr_expect_eq(message.pid, 25978);
	cr_expect_eq(message.state_pid, 25902);
	cr_expect_str_eq(message.policy, "samba-dc");
	cr_expect_eq(message.runtimes, RUNTIME_RUNC);
}

Test(oci_message, reads_what_youki_writes)
{
	reads(youki_create);
	cr_expect_str_eq(message.id, "y1");
	cr_expect_eq(message.pid, 4711);
	cr_expect_eq(message.state_pid, 0);
	cr_expect_str_eq(message.metadata, "");
	cr_expect_eq(message.runtimes, 0);
}

Test(oci_message, knows_a_later_youki_by_its_empty_metadata)
{
	reads("{\"ociVersion\":\"1.0.2-dev\",\"fds\":[\"seccompFd\"],\"pid\":5,\"metadata\":\"\","
	      "\"state\":{\"ociVersion\":\"1.0.2-dev\",\"id\":\"y\",\"status\":\"creating\",\"pid\":5,"
	      "\"bundle\":\"/b\",\"annotations\":{}}}");
	cr_expect_eq(message.runtimes, 0);
}

Test(oci_message, needs_no_more_than_a_pid_and_an_id)
{
	reads(with("", ""));
	cr_expect_str_eq(message.id, "x");
	cr_expect_eq(message.pid, 1);
	cr_expect_str_eq(message.status, "");
	cr_expect_eq(message.runtimes, 0);
	cr_expect_str_eq(oci_message_wanted(&message), "");
}

Test(oci_message, finds_the_listener_among_descriptors)
{
	reads_with(with(",\"fds\":[\"a\",\"seccompFd\",\"b\"]", ""), 3);
	cr_expect_eq(message.listener, 1);
}

Test(oci_message, does_not_guess_which_descriptor_is_the_listener)
{
	const char *two = with(",\"fds\":[\"seccompFd\",\"seccompFd\"]", "");

	refuses_bytes(two, strlen(two), 2, "names two descriptors seccompFd");
	refuses(with(",\"fds\":[\"seccompfd\"]", ""), "names no descriptor seccompFd");
	refuses(with(",\"fds\":[\"seccompFd\\u0000\"]", ""), "names no descriptor seccompFd");
	refuses(with(",\"fds\":[null]", ""), "names no descriptor seccompFd");
	refuses(with(",\"fds\":[]", ""), "names more or fewer descriptors than came with it");
	refuses(with(",\"fds\":[\"seccompFd\",\"x\"]", ""),
		"names more or fewer descriptors than came with it");
	refuses(with(",\"fds\":\"seccompFd\"", ""), "has fds that are no list");
	refuses_bytes(with("", ""), strlen(with("", "")), 0, "came without a descriptor");
	refuses_bytes(with("", ""), strlen(with("", "")), 2,
		      "came with several descriptors without names");
}

Test(oci_message, prefers_metadata_to_the_annotation)
{
	const char *both = ",\"annotations\":{\"io.nsxattr.policy\":\"b\"}";

	reads(with(",\"metadata\":\"a\"", both));
	cr_expect_str_eq(oci_message_wanted(&message), "a");
	reads(with(",\"metadata\":\"\"", both));
	cr_expect_str_eq(oci_message_wanted(&message), "b");
	reads(with(",\"metadata\":null", both));
	cr_expect_str_eq(oci_message_wanted(&message), "b");
}

Test(oci_message, knows_podman_and_the_names_that_orchestrators_give)
{
	reads(with(",\"ociVersion\":\"0.2.0\"",
		   ",\"annotations\":{\"io.container.manager\":\"libpod\"}"));
	cr_expect_eq(message.runtimes, (unsigned int)RUNTIME_CRUN | RUNTIME_PODMAN);
	reads(with("", ",\"annotations\":{\"io.container.manager\":\"libpodx\"}"));
	cr_expect_eq(message.runtimes, 0);
	reads(with("", ",\"annotations\":{\"io.kubernetes.cri.container-name\":\"dc\"}"));
	cr_expect_str_eq(message.name, "dc");
	reads(with("", ",\"annotations\":{\"io.kubernetes.cri-o.ContainerName\":\"dc2\"}"));
	cr_expect_str_eq(message.name, "dc2");
	reads(with("", ",\"annotations\":{\"nerdctl/name\":\"dc3\"}"));
	cr_expect_str_eq(message.name, "dc3");
}

/* CRI-O's own name of a pod's sandbox has pod and namespace in it; ours is what the hook or the user has set. */
Test(oci_message, prefers_the_name_that_people_know)
{
	reads(with("",
		   ",\"annotations\":{\"io.kubernetes.cri-o.ContainerName\":\"k8s_dc_pod_ns_0\","
		   "\"io.kubernetes.container.name\":\"dc\"}"));
	cr_expect_str_eq(message.name, "dc");
	reads(with("", ",\"annotations\":{\"io.kubernetes.cri.container-name\":\"dc\","
		       "\"io.nsxattr.name\":\"samba-one\"}"));
	cr_expect_str_eq(message.name, "samba-one");
	reads(with("", ",\"annotations\":{\"io.kubernetes.cri.container-name\":\"dc\","
		       "\"io.nsxattr.name\":\"a\\u001b[2J\"}"));
	cr_expect_str_eq(message.name, "dc");
}

Test(oci_message, keeps_annotations_to_compare_them)
{
	reads(with(
		"",
		",\"annotations\":{\"a\":\"\\u00e9\\n\",\"b\":7,\"c\":\"\",\"d\":\"x\\u0000y\"}"));
	cr_assert_eq(message.annotation_count, 2);
	cr_expect_str_eq(message.annotations[0].key, "a");
	cr_expect_str_eq(message.annotations[0].value, "\xc3\xa9\n");
	cr_expect_str_eq(message.annotations[1].key, "c");
	cr_expect_str_eq(message.annotations[1].value, "");
	reads(crun_create);
	cr_assert_eq(message.annotation_count, 1);
	reads(with("", ",\"annotations\":null"));
	cr_expect_eq(message.annotation_count, 0);
	cr_expect_null(message.annotations);
}

/* What is compared with every glob of every policy is short. */
Test(oci_message, keeps_no_annotation_that_is_too_long_to_be_compared)
{
	char value[OCI_ANNOTATION_MAX + 2], text[OCI_ANNOTATION_MAX + 200];

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "{\"pid\":1,\"state\":{\"id\":\"x\",\"annotations\":{\"a\":\"%s\",\"b\":\"c\"}}}",
		 value);
	reads(text);
	cr_assert_eq(message.annotation_count, 1);
	cr_expect_str_eq(message.annotations[0].key, "b");
	value[sizeof(value) - 2] = '\0';
	snprintf(text, sizeof(text),
		 "{\"pid\":1,\"state\":{\"id\":\"x\",\"annotations\":{\"a\":\"%s\",\"b\":\"c\"}}}",
		 value);
	reads(text);
	cr_expect_eq(message.annotation_count, 2);
}

Test(oci_message, refuses_ids_that_cannot_be_shown_or_kept)
{
	static const char *const ids[] = { "\"\"",	  "\"a/b\"", "\"a\\nb\"", "\"a\\u0000\"",
					   "\"\\u202e\"", "7",	     "null",	  "[\"a\"]" };
	char text[512], id[OCI_ID_MAX + 2];

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(text, sizeof(text), "{\"pid\":1,\"state\":{\"id\":%s}}", ids[i]);
		refuses(text, "has no id of a container that can be used");
	}
	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"pid\":1,\"state\":{\"id\":\"%s\"}}", id);
	refuses(text, "has no id of a container that can be used");
	snprintf(text, sizeof(text), "{\"pid\":1,\"state\":{\"id\":\"%s\"}}", id + 1);
	reads(text);
	cr_expect_str_eq(message.id, id + 1);
}

Test(oci_message, refuses_what_cannot_be_the_name_of_a_policy)
{
	char text[512], name[OCI_METADATA_MAX + 2];

	refuses(with(",\"metadata\":{}", ""), "has metadata that cannot be the name of a policy");
	refuses(with(",\"metadata\":\"\\u001b[2J\"", ""),
		"has metadata that cannot be the name of a policy");
	refuses(with("", ",\"annotations\":{\"io.nsxattr.policy\":7}"),
		"has an annotation io.nsxattr.policy that cannot be the name of a policy");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), ",\"metadata\":\"%s\"", name);
	refuses(with(text, ""), "has metadata that cannot be the name of a policy");
}

Test(oci_message, refuses_pids_that_cannot_be)
{
	static const char *const pids[] = {
		"-1", "1.5", "\"1\"", "2147483648", "99999999999999999999", "null", "true"
	};
	char text[128];

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		snprintf(text, sizeof(text), "{\"pid\":%s,\"state\":{\"id\":\"x\"}}", pids[i]);
		refuses(text, "has no pid, or one that cannot be");
	}
	refuses("{\"state\":{\"id\":\"x\"}}", "has no pid, or one that cannot be");
	refuses(with("", ",\"pid\":-5"), "has a pid of the container that cannot be one");
	reads(with("", ",\"pid\":null"));
	cr_expect_eq(message.state_pid, 0);
}

Test(oci_message, refuses_what_has_another_shape)
{
	refuses("[]", "is no JSON object");
	refuses("\"x\"", "is no JSON object");
	refuses("null", "is no JSON object");
	refuses("{\"pid\":1}", "has no state");
	refuses("{\"pid\":1,\"state\":[]}", "has no state");
	refuses(with("", ",\"status\":1"), "has a status that cannot be one");
	refuses(with("", ",\"annotations\":[]"), "has annotations that are no object");
}

Test(oci_message, does_without_what_it_can_do_without)
{
	reads(with("", ",\"bundle\":\"/\\u00e9\",\"annotations\":null,\"status\":null"));
}

Test(oci_message, refuses_what_is_no_json)
{
	refuses_bytes("", 0, 1, "is empty");
	refuses("GET / HTTP/1.1\r\n\r\n", "is no JSON object");
	refuses("{\"pid\"=1}", "is not JSON");
	refuses("{\"pid\":[1}", "is cut off");
	refuses("{\"pid\":[1},\"a\":2}", "is not JSON");
	refuses("{\"pid\":1,\"state\":{\"id\":\"x\"}", "is cut off");
	refuses("{\"pid\":1,\"state\":{\"id\":\"x\"}}{}", "has something behind its end");
	refuses("{\"pid\":1,\"state\":{\"id\":\"x\"}}x", "has something behind its end");
	refuses("{\"pid\":1,/**/\"state\":{\"id\":\"x\"}}", "is not JSON");
	refuses("{\"a\":'\"',\"pid\":1,\"state\":{\"id\":\"x\"}}", "is not JSON");
	refuses("{'pid':1,\"state\":{\"id\":\"x\"}}", "is not JSON");
	refuses("{\"pid\":1,\"state\":{\"id\":\"\xff\xfe\"}}", "is not UTF-8");
	refuses_bytes("{\"pid\":1,\0\"state\":{\"id\":\"x\"}}", 30, 1, "has a NUL in it");
	reads("  {\"pid\":1,\"state\":{\"id\":\"x\"}}\n\n ");
}

Test(oci_message, takes_the_last_of_keys_that_come_twice)
{
	reads("{\"pid\":1,\"pid\":2,\"state\":{\"id\":\"x\"},\"state\":{\"id\":\"y\"}}");
	cr_expect_eq(message.pid, 2);
	cr_expect_str_eq(message.id, "y");
}

/* @count times @piece between the two. */
static char *repeated(const char *before, const char *piece, size_t count, const char *after)
{
	size_t step = strlen(piece);
	char *text = malloc(strlen(before) + step * count + strlen(after) + 1);

	cr_assert(text);
	strcpy(text, before);
	for (char *at = text + strlen(before); count > 0; count--, at += step)
		memcpy(at, piece, step + 1);
	return strcat(text, after);
}

static void refuses_repeated(const char *before, const char *piece, size_t count, const char *after,
			     const char *expected)
{
	char *text = repeated(before, piece, count, after);

	refuses(text, expected);
	free(text);
}

Test(oci_message, bounds_what_it_takes)
{
	refuses_repeated("{\"a\":\"", "x", OCI_MESSAGE_MAX, "\"}", "is longer than 1 MiB");
	refuses_repeated("{\"a\":[", "{},", 100000, "{}]}", "has more than 4096 values");
	refuses_repeated("{\"a\":", "[", 100000, "", "is nested too deeply");
	refuses_repeated("", "{\"a\":", 100, "", "is nested too deeply");
	refuses_repeated("{\"a\":\"\\\\\",\"b\":[", "0,", 5000, "0]}", "has more than 4096 values");
}

Test(oci_message, does_not_take_text_for_values)
{
	char *text = repeated("{\"pid\":1,\"state\":{\"id\":\"x\",\"annotations\":{\"j\":\"",
			      "{[,:\\\"", 20000, "\"}}}");

	reads(text);
	free(text);
}
