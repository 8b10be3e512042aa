/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/lxc_message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lxc_packet.h"

#define ID 0x1122334455667788U

static const struct seccomp_notif notification = {
	.id = ID,
	.pid = 4242,
	.data = { .nr = 188, .arch = 0xc000003e, .args = { 1, 2, 3, 4, 5, 6 } },
};

static struct lxc_packet make(const char *cookie)
{
	return lxc_packet_make(&notification, cookie);
}

static enum lxc_form parse(const struct lxc_packet *packet, size_t descriptor_count,
			   struct lxc_message *ret_message)
{
	return lxc_message_parse(packet->bytes, packet->length, descriptor_count, &lxc_packet_sizes,
				 ret_message);
}

/* What is refused leaves the message alone. */
static enum lxc_form form_of(const struct lxc_packet *packet, size_t descriptor_count)
{
	struct lxc_message message;
	const unsigned char *bytes = (const unsigned char *)&message;
	unsigned char untouched[sizeof(message)];

	memset(&message, 0x5a, sizeof(message));
	memset(untouched, 0x5a, sizeof(untouched));
	enum lxc_form form = parse(packet, descriptor_count, &message);

	cr_expect(form == LXC_WELL_FORMED || memcmp(bytes, untouched, sizeof(untouched)) == 0);
	return form;
}

Test(lxc_message, takes_a_request_apart)
{
	struct lxc_packet packet = make("samba-dc");
	struct lxc_message message;

	cr_assert_eq(parse(&packet, 3, &message), LXC_WELL_FORMED);
	cr_expect_eq(memcmp(&message.notification, &notification, sizeof(notification)), 0);
	cr_expect_eq(message.monitor, 4000);
	cr_expect_eq(message.init, 4001);
	cr_expect(message.has_listener);
	cr_expect_str_eq(message.cookie, "samba-dc");
}

Test(lxc_message, is_written_as_it_is_taken_apart)
{
	const struct lxc_message message = {
		.notification = { .id = 77, .pid = 4242, .data = { .nr = 59, .args = { 1, 2, 3 } } },
		.monitor = 40,
		.init = 41,
		.cookie = "judged",
	};
	unsigned char bytes[LXC_PACKET_MAX], reply[LXC_FIXED_SIZE];
	struct lxc_message read;
	size_t length = lxc_message_write(&message, &lxc_packet_sizes, bytes);

	cr_assert_eq(lxc_message_parse(bytes, length, LXC_DESCRIPTOR_COUNT, &lxc_packet_sizes,
				       &read),
		     LXC_WELL_FORMED);
	cr_expect_eq(memcmp(&read.notification, &message.notification, sizeof(read.notification)),
		     0);
	cr_expect_eq(read.monitor, 40);
	cr_expect_eq(read.init, 41);
	cr_expect_str_eq(read.cookie, "judged");

	struct outcome outcome = outcome_kernel(REASON_NONE),
		       told = outcome_refused(ENOSYS, REASON_KERNEL);

	length = lxc_message_answer(&message, &outcome, &lxc_packet_sizes, reply);
	cr_expect_not(lxc_message_reply(&message, &lxc_packet_sizes, reply, length - 1, &told));
	cr_expect_eq(told.error, ENOSYS, "untouched");
	cr_expect(lxc_message_reply(&message, &lxc_packet_sizes, reply, length, &told));
	cr_expect(told.is_kernels);
	outcome = outcome_refused(EACCES, REASON_KERNEL);
	length = lxc_message_answer(&message, &outcome, &lxc_packet_sizes, reply);
	cr_expect(lxc_message_reply(&message, &lxc_packet_sizes, reply, length, &told));
	cr_expect(!told.is_kernels && told.error == EACCES);
	outcome = outcome_value(0);
	length = lxc_message_answer(&message, &outcome, &lxc_packet_sizes, reply);
	cr_expect_not(lxc_message_reply(&message, &lxc_packet_sizes, reply, length, &told),
		      "nothing else is a reply to a call that executes");
}

Test(lxc_message, knows_that_old_monitors_send_no_listener)
{
	struct lxc_packet packet = make("x");
	struct lxc_message message;

	cr_assert_eq(parse(&packet, 2, &message), LXC_WELL_FORMED);
	cr_expect_not(message.has_listener);
}

Test(lxc_message, needs_no_cookie)
{
	struct lxc_packet packet = make("");
	struct lxc_message message;

	cr_assert_eq(parse(&packet, 3, &message), LXC_WELL_FORMED);
	cr_expect_str_eq(message.cookie, "");
}

Test(lxc_message, reads_at_any_alignment)
{
	struct lxc_packet packet = make("samba-dc");
	unsigned char moved[LXC_PACKET_ROOM + 1];
	struct lxc_message message;

	memcpy(moved + 1, packet.bytes, packet.length);
	cr_assert_eq(lxc_message_parse(moved + 1, packet.length, 3, &lxc_packet_sizes, &message),
		     LXC_WELL_FORMED);
	cr_expect_eq(message.notification.id, ID);
}

Test(lxc_message, refuses_every_truncation)
{
	struct lxc_packet packet = make("samba-dc");

	for (size_t length = 0; length < packet.length; length++) {
		struct lxc_packet shorter = packet;

		shorter.length = length;
		cr_expect_eq(form_of(&shorter, 3), length < 136 ? LXC_TRUNCATED : LXC_COOKIE_LENGTH,
			     "%zu bytes", length);
	}
}

Test(lxc_message, refuses_bytes_behind_the_cookie)
{
	struct lxc_packet packet = make("samba-dc");

	packet.length++;
	cr_expect_eq(form_of(&packet, 3), LXC_COOKIE_LENGTH);
}

Test(lxc_message, refuses_a_forged_cookie_length)
{
	const uint64_t forged[] = { 7, 9, 0, UINT64_MAX, UINT64_MAX - 135, 1ULL << 32, 1ULL << 63 };

	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct lxc_packet packet = make("samba-dc");

		lxc_packet_put_u64(&packet, 24, forged[i]);
		cr_expect_eq(form_of(&packet, 3), LXC_COOKIE_LENGTH, "%lu",
			     (unsigned long)forged[i]);
	}
}

Test(lxc_message, bounds_the_cookie)
{
	char cookie[LXC_COOKIE_MAX + 2] = "";
	struct lxc_message message;

	memset(cookie, 'n', LXC_COOKIE_MAX);
	struct lxc_packet packet = make(cookie);

	cr_assert_eq(parse(&packet, 3, &message), LXC_WELL_FORMED);
	cr_expect_str_eq(message.cookie, cookie);
	cookie[LXC_COOKIE_MAX] = 'n';
	packet = make(cookie);
	cr_expect_eq(form_of(&packet, 3), LXC_COOKIE_LENGTH);
}

Test(lxc_message, refuses_a_cookie_that_is_no_name)
{
	const char *const cookies[] = { "a b",	 "a\nb",     "../../etc/shadow", "a/b",	  ".hidden",
					"a\x7f", "\xc3\xa9", "\x1b[31m",	 "tab\t", " " };

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		struct lxc_packet packet = make(cookies[i]);

		cr_expect_eq(form_of(&packet, 3), LXC_COOKIE_TEXT, "%s", cookies[i]);
	}
}

Test(lxc_message, refuses_a_nul_in_the_cookie)
{
	struct lxc_packet packet = make("samba-dc");

	packet.bytes[136 + 5] = '\0';
	cr_expect_eq(form_of(&packet, 3), LXC_COOKIE_TEXT);
}

Test(lxc_message, refuses_what_is_reserved)
{
	struct lxc_packet packet = make("");

	lxc_packet_put_u64(&packet, 0, 1ULL << 63);
	cr_expect_eq(form_of(&packet, 3), LXC_RESERVED);
}

Test(lxc_message, refuses_sizes_that_are_not_the_kernels)
{
	for (size_t at = 16; at < 22; at++) {
		for (unsigned int bit = 1; bit < 256; bit <<= 1) {
			struct lxc_packet packet = make("");

			packet.bytes[at] ^= (unsigned char)bit;
			cr_expect_eq(form_of(&packet, 3), LXC_SIZES, "byte %zu", at);
		}
	}
}

Test(lxc_message, follows_the_sizes_of_a_smaller_kernel)
{
	const struct seccomp_notif_sizes smaller = { 72, 16, 56 };
	struct lxc_packet packet = { .length = 32 + 72 + 16 + 1 };
	struct lxc_message message;

	lxc_packet_put_u32(&packet, 12, 1);
	lxc_packet_put(&packet, 16, &smaller, sizeof(smaller));
	lxc_packet_put(&packet, 32, &notification, 72);
	lxc_packet_put_u64(&packet, 24, 1);
	lxc_packet_put_u64(&packet, 32 + 72, ID);
	packet.bytes[32 + 72 + 16] = 'p';
	cr_assert_eq(lxc_message_parse(packet.bytes, packet.length, 3, &smaller, &message),
		     LXC_WELL_FORMED);
	cr_expect_eq(message.notification.data.args[4], 5);
	cr_expect_eq(message.notification.data.args[5], 0);
	cr_expect_str_eq(message.cookie, "p");
}

Test(lxc_message, refuses_pids_that_there_cannot_be)
{
	const size_t places[] = { 12, 40 };
	const uint32_t pids[] = { 0, (uint32_t)INT_MAX + 1, UINT32_MAX };

	for (size_t i = 0; i < 6; i++) {
		struct lxc_packet packet = make("");

		lxc_packet_put_u32(&packet, places[i / 3], pids[i % 3]);
		cr_expect_eq(form_of(&packet, 3), LXC_PIDS, "%u at %zu", pids[i % 3],
			     places[i / 3]);
	}
}

Test(lxc_message, refuses_a_negative_monitor)
{
	struct lxc_packet packet = make("");

	lxc_packet_put_u32(&packet, 8, UINT32_MAX);
	cr_expect_eq(form_of(&packet, 3), LXC_PIDS);
}

Test(lxc_message, refuses_a_response_of_another_id)
{
	struct lxc_packet packet = make("");

	lxc_packet_put_u64(&packet, 112, ID + 1);
	cr_expect_eq(form_of(&packet, 3), LXC_IDS);
}

Test(lxc_message, refuses_flags_that_it_does_not_know)
{
	struct lxc_packet packet = make("");

	lxc_packet_put_u32(&packet, 44, 1);
	cr_expect_eq(form_of(&packet, 3), LXC_IDS);
}

Test(lxc_message, counts_descriptors)
{
	struct lxc_packet packet = make("");

	cr_expect_eq(form_of(&packet, 0), LXC_DESCRIPTORS);
	cr_expect_eq(form_of(&packet, 1), LXC_DESCRIPTORS);
	cr_expect_eq(form_of(&packet, 4), LXC_DESCRIPTORS);
}

/* The fields of a reply at the places that LXC reads them from. */
static struct seccomp_notif_resp answer(struct outcome outcome)
{
	struct lxc_packet packet = make("samba-dc");
	unsigned char reply[LXC_FIXED_SIZE];
	struct seccomp_notif_resp response;
	struct lxc_message message;

	memset(reply, 0xff, sizeof(reply));
	cr_assert_eq(parse(&packet, 3, &message), LXC_WELL_FORMED);
	cr_assert_eq(lxc_message_answer(&message, &outcome, &lxc_packet_sizes, reply), 136);
	lxc_packet_put_u64(&packet, 24, 0);
	cr_expect_eq(memcmp(reply, packet.bytes, 112), 0, "what LXC sent comes back");
	memcpy(&response, reply + 112, sizeof(response));
	cr_expect_eq(response.id, ID);
	return response;
}

Test(lxc_message, answers_with_a_value)
{
	struct seccomp_notif_resp response = answer(outcome_value(17));

	cr_expect_eq(response.val, 17);
	cr_expect_eq(response.error, 0);
	cr_expect_eq(response.flags, 0);
}

Test(lxc_message, answers_with_an_error)
{
	struct seccomp_notif_resp response = answer(outcome_refused(ENODATA, REASON_KERNEL));

	cr_expect_eq(response.error, -ENODATA);
	cr_expect_eq(response.val, 0);
	cr_expect_eq(response.flags, 0);
}

Test(lxc_message, answers_that_the_kernel_goes_on)
{
	struct seccomp_notif_resp response = answer(outcome_kernel(REASON_NONE));

	cr_expect_eq(response.flags, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	cr_expect_eq(response.val, 0);
	cr_expect_eq(response.error, 0);
}

Test(lxc_message, has_a_sentence_for_each_form)
{
	for (enum lxc_form form = LXC_WELL_FORMED; form <= LXC_DESCRIPTORS; form++) {
		cr_expect_gt(strlen(lxc_form_text(form)), 5);
		cr_expect_str_neq(lxc_form_text(form), lxc_form_text((enum lxc_form)0));
	}
}
