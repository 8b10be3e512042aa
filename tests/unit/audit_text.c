/* SPDX-License-Identifier: Apache-2.0 */
/* A record of the audit log in its two forms: what a target has put into it stays in the field that it is of. */
#include "base/audit_text.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/syscalls.h"

static struct audit_record record;
static char line[AUDIT_LINE_SIZE];

static const struct syscall_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < SYSCALL_COUNT; i++)
		if (strcmp(syscall_kinds[i].name, name) == 0)
			return &syscall_kinds[i];
	cr_assert_fail("there is no call %s", name);
	return NULL;
}

static struct audit_bytes bytes(const char *text)
{
	return (struct audit_bytes){ text, strlen(text) };
}

static void begin(void)
{
	record = (struct audit_record){
		.number = 7,
		.time = 1764480000000123,
		.request = 0xfedcba9876543210,
		.owner = 1000,
		.process = 4242,
		.thread = 4243,
		.uid = 100000,
		.kind = kind_of("setxattr"),
		.has_inode = true,
		.device_major = 8,
		.device_minor = 17,
		.inode = 131074,
		.has_size = true,
		.size = 3,
		.has_digest = true,
		.digest = { 0xba, 0x78, [AUDIT_DIGEST_SIZE - 1] = 0xad },
		.texts = {
			[AUDIT_CONTAINER] = bytes("web"),
			[AUDIT_ID] = bytes("0123"),
			[AUDIT_PATH] = bytes("/srv/a file"),
			[AUDIT_NAME] = bytes("security.demo"),
			[AUDIT_STORED] = bytes("security.demo@uid=100000"),
		},
	};
}

TestSuite(audit_text, .init = begin);

/* ---- JSON ---- */

/* Return: the object of the one line that is printed, the caller's. */
static struct json_object *parsed(void)
{
	size_t length = audit_print_json(&record, line);

	cr_assert_lt(length, sizeof(line));
	cr_assert_eq(line[length - 1], '\n');
	for (size_t i = 0; i + 1 < length; i++)
		cr_assert(line[i] >= ' ' && line[i] <= '~', "byte %zu is %d", i, line[i]);
	line[length] = '\0';
	struct json_object *object = json_tokener_parse(line);

	cr_assert_not_null(object, "%s", line);
	return object;
}

static const char *text_in(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

Test(audit_text, has_all_fields_in_a_line)
{
	size_t length = audit_print_json(&record, line);

	line[length] = '\0';
	cr_expect_str_eq(
		line,
		"{\"time\":1764480000.000123,\"record\":7,\"container\":\"web\",\"id\":\"0123\",\"owner\":1000,"
		"\"pid\":4242,\"tid\":4243,\"uid\":100000,\"operation\":\"set\",\"call\":\"setxattr\","
		"\"request\":\"fedcba9876543210\",\"device\":\"8:17\",\"inode\":131074,"
		"\"path\":\"/srv/a\\\\x20file\",\"name\":\"security.demo\",\"stored\":\"security.demo@uid=100000\","
		"\"size\":3,\"sha256\":\"ba780000000000000000000000000000000000000000000000000000000000ad\","
		"\"result\":\"done\"}\n");
}

Test(audit_text, leaves_out_what_is_not_known)
{
	record = (struct audit_record){ .kind = kind_of("fremovexattr"),
					.has_descriptor = true,
					.descriptor = -9,
					.error = EPERM,
					.reason = REASON_OWNER,
					.is_replayed = true };
	size_t length = audit_print_json(&record, line);

	line[length] = '\0';
	cr_expect_str_eq(
		line, "{\"time\":0.000000,\"record\":0,\"owner\":0,\"operation\":\"remove\","
		      "\"call\":\"fremovexattr\",\"request\":\"0000000000000000\",\"fd\":-9,"
		      "\"result\":\"EPERM\",\"reason\":\"owner-not-mapped\",\"replayed\":true}\n");
}

Test(audit_text, escapes_what_would_end_a_text_of_json)
{
	record.texts[AUDIT_PATH] = bytes("a\",\"uid\":0,\"x\":\"\n\xff\\");
	record.texts[AUDIT_CONTAINER] = bytes("\x1b]0;\x07");
	struct json_object *object = parsed();

	cr_expect_str_eq(text_in(object, "path"), "a\",\"uid\":0,\"x\":\"\\x0a\\xff\\\\");
	cr_expect_str_eq(text_in(object, "container"), "\\x1b]0;\\x07");
	cr_expect_eq(json_object_get_int(json_object_object_get(object, "uid")), 100000);
	json_object_put(object);
}

static const size_t most[AUDIT_TEXTS] = {
	[AUDIT_CONTAINER] = AUDIT_CONTAINER_MAX, [AUDIT_ID] = AUDIT_ID_MAX,
	[AUDIT_PATH] = AUDIT_PATH_MAX,		 [AUDIT_NAME] = AUDIT_NAME_MAX,
	[AUDIT_STORED] = AUDIT_NAME_MAX,
};

static void fill(char byte)
{
	static char long_text[AUDIT_PATH_MAX];

	memset(long_text, byte, sizeof(long_text));
	for (size_t i = 0; i < AUDIT_TEXTS; i++)
		record.texts[i] = (struct audit_bytes){ long_text, most[i] };
	record.error = EPERM;
	record.reason = REASON_LIMIT_ONE;
	record.has_descriptor = true;
}

Test(audit_text, has_room_for_the_longest_texts_in_json)
{
	static const char worst[] = { '\n', '\\', '"', '\xff', 'a' };

	for (size_t i = 0; i < sizeof(worst); i++) {
		char end[ESCAPED_SIZE(1) + 1];

		fill(worst[i]);
		struct json_object *object = parsed();

		cr_expect_eq(strlen(text_in(object, "path")),
			     AUDIT_PATH_MAX * escape_byte((unsigned char)worst[i], end));
		cr_expect_str_eq(text_in(object, "reason"), "limit-one");
		json_object_put(object);
	}
}

/* ---- the journal ---- */

/** struct entry_field - as journald would read it */
struct entry_field {
	char key[64];
	const char *value;
	size_t length;
};

#define FIELDS_MAX 64

/* journald_entry_parse() of systemd, in short. Return: how many fields there are. */
static size_t read_entry(const char *at, const char *end, struct entry_field fields[FIELDS_MAX])
{
	size_t count = 0;

	while (at < end) {
		struct entry_field *field = &fields[count++];
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *equals = stop ? memchr(at, '=', (size_t)(stop - at)) : NULL;

		cr_assert(stop && count <= FIELDS_MAX);
		snprintf(field->key, sizeof(field->key), "%.*s",
			 (int)((equals ? equals : stop) - at), at);
		if (equals) {
			field->value = equals + 1;
			field->length = (size_t)(stop - equals - 1);
			at = stop + 1;
			continue;
		}
		uint64_t length;

		memcpy(&length, stop + 1, sizeof(length));
		field->value = stop + 1 + sizeof(length);
		field->length = le64toh(length);
		cr_assert_leq(field->length, (size_t)(end - field->value) - 1);
		cr_assert_eq(field->value[field->length], '\n');
		at = field->value + field->length + 1;
	}
	return count;
}

static struct entry_field fields[FIELDS_MAX];
static size_t field_count;

static void print_entry(void)
{
	size_t length = audit_print_journal(&record, line);

	cr_assert_lt(length, sizeof(line));
	field_count = read_entry(line, line + length, fields);
}

static void expect_field(const char *key, const char *value)
{
	size_t found = 0;

	for (size_t i = 0; i < field_count; i++)
		if (strcmp(fields[i].key, key) == 0) {
			found++;
			cr_expect(fields[i].length == strlen(value) &&
					  memcmp(fields[i].value, value, strlen(value)) == 0,
				  "%s is %.*s", key, (int)fields[i].length, fields[i].value);
		}
	cr_expect_eq(found, 1, "%s is there %zu times", key, found);
}

Test(audit_text, has_all_fields_in_an_entry)
{
	print_entry();
	expect_field("MESSAGE",
		     "container web: process 4242 of uid 100000: set security.demo: done");
	expect_field("PRIORITY", "6");
	expect_field("SYSLOG_IDENTIFIER", "nsxattr");
	expect_field("MESSAGE_ID", AUDIT_MESSAGE_ID);
	expect_field("NSXATTR_TIME", "1764480000.000123");
	expect_field("NSXATTR_RECORD", "7");
	expect_field("NSXATTR_CONTAINER", "web");
	expect_field("NSXATTR_ID", "0123");
	expect_field("NSXATTR_OWNER", "1000");
	expect_field("NSXATTR_PID", "4242");
	expect_field("NSXATTR_TID", "4243");
	expect_field("NSXATTR_UID", "100000");
	expect_field("NSXATTR_OPERATION", "set");
	expect_field("NSXATTR_CALL", "setxattr");
	expect_field("NSXATTR_REQUEST", "fedcba9876543210");
	expect_field("NSXATTR_DEVICE", "8:17");
	expect_field("NSXATTR_INODE", "131074");
	expect_field("NSXATTR_PATH", "/srv/a file");
	expect_field("NSXATTR_NAME", "security.demo");
	expect_field("NSXATTR_STORED", "security.demo@uid=100000");
	expect_field("NSXATTR_SIZE", "3");
	expect_field("NSXATTR_SHA256",
		     "ba780000000000000000000000000000000000000000000000000000000000ad");
	expect_field("NSXATTR_RESULT", "done");
	cr_expect_eq(field_count, 23);
}

Test(audit_text, lets_no_text_become_a_field)
{
	record.texts[AUDIT_PATH] = bytes("x\nNSXATTR_UID=0\nPRIORITY=0\n");
	record.texts[AUDIT_NAME] = bytes("security.a\nNSXATTR_RESULT=done\n_PID=1");
	record.texts[AUDIT_STORED] = bytes("security.a\n\x01\n");
	record.texts[AUDIT_CONTAINER] = bytes("c\nMESSAGE_ID=0");
	record.texts[AUDIT_ID] = bytes("=\n");
	record.error = EPERM;
	record.reason = REASON_DENY;
	print_entry();
	cr_expect_eq(field_count, 24);
	expect_field("NSXATTR_PATH", "x\nNSXATTR_UID=0\nPRIORITY=0\n");
	expect_field("NSXATTR_NAME", "security.a\nNSXATTR_RESULT=done\n_PID=1");
	expect_field("NSXATTR_STORED", "security.a\n\x01\n");
	expect_field("NSXATTR_CONTAINER", "c\nMESSAGE_ID=0");
	expect_field("NSXATTR_ID", "=\n");
	expect_field("NSXATTR_UID", "100000");
	expect_field("NSXATTR_RESULT", "EPERM");
	expect_field("NSXATTR_REASON", "rule-deny");
	expect_field("PRIORITY", "5");
	expect_field(
		"MESSAGE",
		"container c\\x0aMESSAGE_ID=0: process 4242 of uid 100000: set "
		"security.a\\x0aNSXATTR_RESULT=done\\x0a_PID=1: EPERM: a rule of the policy lets "
		"no container change the name (scheme: deny)");
}

Test(audit_text, has_room_for_the_longest_texts_in_an_entry)
{
	fill('\n');
	print_entry();
	cr_expect_eq(field_count, 25);
	expect_field("NSXATTR_REASON", "limit-one");
}
