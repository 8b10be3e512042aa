/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input: a byte, the number of descriptors, then a packet. A packet that is taken is the one that
 * its message makes when put together again, and it is answered under its own id.
 */
#include "attach/lxc_message.h"

#include "fuzz.h"
#include "lxc_packet.h"

static void require_bounded(const struct lxc_message *message, size_t size)
{
	size_t length = strnlen(message->cookie, sizeof(message->cookie));

	require(length <= LXC_COOKIE_MAX);
	require(size == LXC_FIXED_SIZE + length);
	require(strcspn(message->cookie, "/ \n\t\x1b\x7f") == length);
	require(message->monitor >= 0 && message->init > 0);
	require(message->notification.pid > 0 && message->notification.flags == 0);
}

/* All but the rest of the response, which a request has no use for, and padding. */
static void require_joined_again(const struct lxc_message *message, const uint8_t *packet)
{
	struct lxc_packet joined = lxc_packet_make(&message->notification, message->cookie);

	lxc_packet_put_u32(&joined, 8, (uint32_t)message->monitor);
	lxc_packet_put_u32(&joined, 12, (uint32_t)message->init);
	require(memcmp(joined.bytes, packet, 22) == 0);
	require(memcmp(joined.bytes + 24, packet + 24, 96) == 0);
	require(memcmp(joined.bytes + 136, packet + 136, joined.length - 136) == 0);
}

static void require_answered(const struct lxc_message *message, const struct outcome *outcome)
{
	unsigned char reply[LXC_FIXED_SIZE];
	struct seccomp_notif_resp response;

	require(lxc_message_answer(message, outcome, &lxc_packet_sizes, reply) == LXC_FIXED_SIZE);
	memcpy(&response, reply + 112, sizeof(response));
	require(response.id == message->notification.id);
	require(memcmp(reply + 32, &message->notification, 80) == 0);
	require(!(response.flags && (response.error || response.val)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lxc_message message = { .init = -7 };

	if (size == 0)
		return 0;
	enum lxc_form form =
		lxc_message_parse(data + 1, size - 1, data[0], &lxc_packet_sizes, &message);

	if (form != LXC_WELL_FORMED) {
		require(message.init == -7);
		return 0;
	}
	require(data[0] == (message.has_listener ? 3 : 2));
	require_bounded(&message, size - 1);
	require_joined_again(&message, data + 1);
	struct outcome outcomes[] = { outcome_value(data[33]),
				      outcome_refused(1 + data[33] % 100, REASON_KERNEL),
				      outcome_kernel(REASON_NONE) };

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		require_answered(&message, &outcomes[i]);
	return 0;
}
