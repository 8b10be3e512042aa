/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of the journal is the native one of systemd-journald (systemd.io/JOURNAL_NATIVE_PROTOCOL): a line KEY=VALUE, or
 * a line KEY, eight bytes with the length of the value, little endian, the value, and a newline.
 */
#include "base/audit_text.h"

#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/errno_word.h"
#include "base/escape.h"
#include "base/syscalls.h"
#include "hex.h"

#define KEY_PREFIX "NSXATTR_"
/* As syslog(3) numbers them: a notice, and plain information. */
#define PRIORITY_REFUSED 5
#define PRIORITY_DONE 6

/** struct space - what is written to, of AUDIT_LINE_SIZE bytes; what has no room is left out */
struct space {
	char *bytes;
	size_t length;
};

static void put_bytes(struct space *space, const void *bytes, size_t length)
{
	if (length > AUDIT_LINE_SIZE - space->length)
		return;
	memcpy(space->bytes + space->length, bytes, length);
	space->length += length;
}

static void put_text(struct space *space, const char *text)
{
	put_bytes(space, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void put(struct space *space, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put_text(space, text);
}

/* ---- the two forms ---- */

/** struct form - how a field is written */
struct form {
	void (*plain)(struct space *space, const char *key,
		      const char *text); /* a number, or true */
	void (*word)(struct space *space, const char *key, const char *word); /* one of ours */
	void (*bytes)(struct space *space, const char *key, const struct audit_bytes *bytes);
};

static void json_key(struct space *space, const char *key)
{
	put(space, "%s\"%s\":", space->length > 1 ? "," : "", key);
}

static void json_plain(struct space *space, const char *key, const char *text)
{
	json_key(space, key);
	put_text(space, text);
}

static void json_word(struct space *space, const char *key, const char *word)
{
	json_key(space, key);
	put(space, "\"%s\"", word);
}

static void json_byte(struct space *space, char byte)
{
	if (byte == '"' || byte == '\\')
		put_text(space, "\\");
	put_bytes(space, &byte, 1);
}

static void json_bytes(struct space *space, const char *key, const struct audit_bytes *bytes)
{
	json_key(space, key);
	put_text(space, "\"");
	for (size_t i = 0; i < bytes->length; i++) {
		char escaped[ESCAPED_SIZE(1) + 1];
		size_t length = escape_byte((unsigned char)bytes->bytes[i], escaped);

		for (size_t at = 0; at < length; at++)
			json_byte(space, escaped[at]);
	}
	put_text(space, "\"");
}

static const struct form json = { json_plain, json_word, json_bytes };

static void journal_key(struct space *space, const char *key)
{
	put_text(space, KEY_PREFIX);
	for (; *key; key++) {
		char letter = (char)toupper((unsigned char)*key);

		put_bytes(space, letter == '-' ? "_" : &letter, 1);
	}
}

static void journal_word(struct space *space, const char *key, const char *word)
{
	journal_key(space, key);
	put(space, "=%s\n", word);
}

static void journal_bytes(struct space *space, const char *key, const struct audit_bytes *bytes)
{
	const uint64_t length = htole64(bytes->length);

	journal_key(space, key);
	put_text(space, "\n");
	put_bytes(space, &length, sizeof(length));
	put_bytes(space, bytes->bytes, bytes->length);
	put_text(space, "\n");
}

static const struct form journal = { journal_word, journal_word, journal_bytes };

/* ---- the fields ---- */

static const char *operation_word(const struct audit_record *record)
{
	return record->kind->operation == OPERATION_SET ? "set" : "remove";
}

static const char *result_word(const struct audit_record *record, char number[ERRNO_WORD_SIZE])
{
	return record->error ? errno_word((unsigned int)record->error, number) : "done";
}

static void put_number(struct space *space, const struct form *form, const char *key,
		       uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	form->plain(space, key, text);
}

static void put_field(struct space *space, const struct form *form, const char *key,
		      const struct audit_record *record, enum audit_text text)
{
	if (record->texts[text].bytes)
		form->bytes(space, key, &record->texts[text]);
}

static void put_when(struct space *space, const struct form *form,
		     const struct audit_record *record)
{
	char time[48];

	snprintf(time, sizeof(time), "%" PRIu64 ".%06" PRIu64, record->time / 1000000,
		 record->time % 1000000);
	form->plain(space, "time", time);
	put_number(space, form, "record", record->number);
}

static void put_who(struct space *space, const struct form *form, const struct audit_record *record)
{
	put_field(space, form, "container", record, AUDIT_CONTAINER);
	put_field(space, form, "id", record, AUDIT_ID);
	put_number(space, form, "owner", record->owner);
	if (record->process == 0)
		return;
	put_number(space, form, "pid", record->process);
	put_number(space, form, "tid", record->thread);
	put_number(space, form, "uid", record->uid);
}

static void put_call(struct space *space, const struct form *form,
		     const struct audit_record *record)
{
	char request[17];

	form->word(space, "operation", operation_word(record));
	form->word(space, "call", record->kind->name);
	snprintf(request, sizeof(request), "%016" PRIx64, record->request);
	form->word(space, "request", request);
}

static void put_file(struct space *space, const struct form *form,
		     const struct audit_record *record)
{
	char text[32];

	if (record->has_inode) {
		snprintf(text, sizeof(text), "%" PRIu32 ":%" PRIu32, record->device_major,
			 record->device_minor);
		form->word(space, "device", text);
		put_number(space, form, "inode", record->inode);
	}
	if (record->has_descriptor) {
		snprintf(text, sizeof(text), "%d", record->descriptor);
		form->plain(space, "fd", text);
	}
	put_field(space, form, "path", record, AUDIT_PATH);
}

static void put_attribute(struct space *space, const struct form *form,
			  const struct audit_record *record)
{
	char digest[HEX_SIZE(AUDIT_DIGEST_SIZE)];

	put_field(space, form, "name", record, AUDIT_NAME);
	put_field(space, form, "stored", record, AUDIT_STORED);
	if (record->has_size)
		put_number(space, form, "size", record->size);
	if (record->has_digest) {
		hex_write(record->digest, sizeof(record->digest), digest);
		form->word(space, "sha256", digest);
	}
}

static void put_result(struct space *space, const struct form *form,
		       const struct audit_record *record)
{
	char number[ERRNO_WORD_SIZE];

	form->word(space, "result", result_word(record, number));
	if (record->error)
		form->word(space, "reason", reason_word(record->reason));
	if (record->is_replayed)
		form->plain(space, "replayed", "true");
}

static void put_fields(struct space *space, const struct form *form,
		       const struct audit_record *record)
{
	put_when(space, form, record);
	put_who(space, form, record);
	put_call(space, form, record);
	put_file(space, form, record);
	put_attribute(space, form, record);
	put_result(space, form, record);
}

size_t audit_print_json(const struct audit_record *record, char line[AUDIT_LINE_SIZE])
{
	struct space space = { line, 0 };

	put_text(&space, "{");
	put_fields(&space, &json, record);
	put_text(&space, "}\n");
	return space.length;
}

/* ---- for people ---- */

static void put_shown(struct space *space, const struct audit_bytes *bytes)
{
	for (size_t i = 0; i < bytes->length; i++) {
		char escaped[ESCAPED_SIZE(1) + 1];

		put_bytes(space, escaped, escape_byte((unsigned char)bytes->bytes[i], escaped));
	}
}

/* The path is left to its own field: it can be long. */
static void put_message(struct space *space, const struct audit_record *record)
{
	char number[ERRNO_WORD_SIZE];

	put_text(space, "MESSAGE=");
	if (record->texts[AUDIT_CONTAINER].length > 0) {
		put_text(space, "container ");
		put_shown(space, &record->texts[AUDIT_CONTAINER]);
		put_text(space, ": ");
	}
	if (record->process)
		put(space, "process %" PRIu32 " of uid %" PRIu32 ": ", record->process,
		    record->uid);
	put(space, "%s ", operation_word(record));
	put_shown(space, record->texts[AUDIT_NAME].bytes ? &record->texts[AUDIT_NAME] :
							   &record->texts[AUDIT_STORED]);
	put(space, ": %s", result_word(record, number));
	if (record->error) {
		put_text(space, ": ");
		put_text(space, reason_text(record->reason));
	}
	put_text(space, "\n");
}

size_t audit_print_journal(const struct audit_record *record, char datagram[AUDIT_LINE_SIZE])
{
	struct space space = { datagram, 0 };

	put_message(&space, record);
	put(&space, "PRIORITY=%d\nSYSLOG_IDENTIFIER=nsxattr\nMESSAGE_ID=" AUDIT_MESSAGE_ID "\n",
	    record->error ? PRIORITY_REFUSED : PRIORITY_DONE);
	put_fields(&space, &journal, record);
	return space.length;
}
