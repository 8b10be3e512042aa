/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every length that the packet names is compared with the one that it must be before anything is
 * looked at behind it. So there is no arithmetic with a number that a peer sent.
 */
#include "attach/lxc_message.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "count_of.h"
#include "request/notify.h"

/* MAX_ERRNO of the kernel. */
#define ERROR_MAX 4095

/* The first part of a packet, in both directions. */
struct head {
	uint64_t reserved;
	int32_t monitor;
	int32_t init;
	struct seccomp_notif_sizes sizes;
	uint16_t padding; /* named, so that it is zero in a reply */
	uint64_t cookie_length;
};

static_assert(sizeof(struct head) == 32 && offsetof(struct head, cookie_length) == 24,
	      "as LXC's compiler lays it out");
static_assert(LXC_FIXED_SIZE == 136, "the figures in the header");

static size_t fixed_size(const struct seccomp_notif_sizes *kernels)
{
	assert(kernels->seccomp_notif <= sizeof(struct seccomp_notif) &&
	       kernels->seccomp_notif_resp <= sizeof(struct seccomp_notif_resp));
	return sizeof(struct head) + kernels->seccomp_notif + kernels->seccomp_notif_resp;
}

static bool sizes_are(const struct seccomp_notif_sizes *sizes,
		      const struct seccomp_notif_sizes *kernels)
{
	return sizes->seccomp_notif == kernels->seccomp_notif &&
	       sizes->seccomp_notif_resp == kernels->seccomp_notif_resp &&
	       sizes->seccomp_data == kernels->seccomp_data;
}

/* @left: what the packet has behind its fixed part */
static enum lxc_form check_head(const struct head *head, size_t left,
				const struct seccomp_notif_sizes *kernels)
{
	if (head->reserved)
		return LXC_RESERVED;
	if (!sizes_are(&head->sizes, kernels))
		return LXC_SIZES;
	if (head->cookie_length != left || left > LXC_COOKIE_MAX)
		return LXC_COOKIE_LENGTH;
	if (head->monitor < 0 || head->init <= 0)
		return LXC_PIDS;
	return LXC_WELL_FORMED;
}

static enum lxc_form check_notification(const struct seccomp_notif *notification,
					const struct seccomp_notif_resp *response)
{
	/* 0: a target that the monitor's pid namespace does not show */
	if (notification->pid == 0 || notification->pid > INT_MAX)
		return LXC_PIDS;
	if (response->id != notification->id || notification->flags)
		return LXC_IDS;
	return LXC_WELL_FORMED;
}

/* It goes into messages and is looked for among names of files: neither tricks nor invisible bytes. */
static bool is_policy_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	}
	return length == 0 || name[0] != '.';
}

enum lxc_form lxc_message_parse(const void *packet, size_t length, size_t descriptor_count,
				const struct seccomp_notif_sizes *kernels,
				struct lxc_message *ret_message)
{
	struct head head;
	struct seccomp_notif_resp response = { 0 };
	struct lxc_message message = { .has_listener = descriptor_count == LXC_DESCRIPTOR_COUNT };
	const char *bytes = packet;
	size_t fixed = fixed_size(kernels);

	if (length < fixed)
		return LXC_TRUNCATED;
	memcpy(&head, bytes, sizeof(head));
	enum lxc_form form = check_head(&head, length - fixed, kernels);

	if (form != LXC_WELL_FORMED)
		return form;
	bytes += sizeof(head);
	memcpy(&message.notification, bytes, kernels->seccomp_notif);
	bytes += kernels->seccomp_notif;
	memcpy(&response, bytes, kernels->seccomp_notif_resp);
	bytes += kernels->seccomp_notif_resp;
	form = check_notification(&message.notification, &response);
	if (form != LXC_WELL_FORMED)
		return form;
	if (!is_policy_name(bytes, length - fixed))
		return LXC_COOKIE_TEXT;
	if (descriptor_count != LXC_DESCRIPTOR_COUNT && descriptor_count != LXC_LISTENER)
		return LXC_DESCRIPTORS;
	memcpy(message.cookie, bytes, length - fixed);
	message.monitor = head.monitor;
	message.init = head.init;
	*ret_message = message;
	return LXC_WELL_FORMED;
}

const char *lxc_form_text(enum lxc_form form)
{
	static const char *const texts[] = {
		[LXC_WELL_FORMED] = "is well-formed",
		[LXC_TRUNCATED] = "is shorter than a request",
		[LXC_RESERVED] = "has something in its reserved field: a newer protocol?",
		[LXC_SIZES] = "has other sizes of notifications than this kernel",
		[LXC_COOKIE_LENGTH] = "has a cookie of a wrong length, or one that is too long",
		[LXC_COOKIE_TEXT] = "has a cookie that is not the name of a policy",
		[LXC_PIDS] = "names processes that there cannot be",
		[LXC_IDS] = "has a response that does not belong to its notification",
		[LXC_DESCRIPTORS] = "has not brought the two or three descriptors of a request",
	};

	return (size_t)form < COUNT_OF(texts) && texts[form] ? texts[form] :
							       "is of an unknown form";
}

size_t lxc_message_answer(const struct lxc_message *message, const struct outcome *outcome,
			  const struct seccomp_notif_sizes *kernels,
			  unsigned char ret_packet[LXC_FIXED_SIZE])
{
	const struct seccomp_notif_resp response =
		notify_response(message->notification.id, outcome);
	const struct head head = {
		.monitor = message->monitor,
		.init = message->init,
		.sizes = *kernels,
	};
	size_t length = fixed_size(kernels);

	memset(ret_packet, 0, LXC_FIXED_SIZE);
	memcpy(ret_packet, &head, sizeof(head));
	memcpy(ret_packet + sizeof(head), &message->notification, kernels->seccomp_notif);
	memcpy(ret_packet + sizeof(head) + kernels->seccomp_notif, &response,
	       kernels->seccomp_notif_resp);
	return length;
}

size_t lxc_message_write(const struct lxc_message *message,
			 const struct seccomp_notif_sizes *kernels,
			 unsigned char ret_packet[LXC_PACKET_MAX])
{
	const struct seccomp_notif_resp response = { .id = message->notification.id };
	const size_t cookie_length = strlen(message->cookie), fixed = fixed_size(kernels);
	const struct head head = {
		.monitor = message->monitor,
		.init = message->init,
		.sizes = *kernels,
		.cookie_length = cookie_length,
	};

	memset(ret_packet, 0, LXC_PACKET_MAX);
	memcpy(ret_packet, &head, sizeof(head));
	memcpy(ret_packet + sizeof(head), &message->notification, kernels->seccomp_notif);
	memcpy(ret_packet + sizeof(head) + kernels->seccomp_notif, &response,
	       kernels->seccomp_notif_resp);
	memcpy(ret_packet + fixed, message->cookie, cookie_length);
	return fixed + cookie_length;
}

bool lxc_message_reply(const struct lxc_message *message, const struct seccomp_notif_sizes *kernels,
		       const void *reply, size_t length, struct outcome *ret_outcome)
{
	struct seccomp_notif_resp response = { 0 };

	if (length != fixed_size(kernels))
		return false;
	memcpy(&response, (const char *)reply + sizeof(struct head) + kernels->seccomp_notif,
	       kernels->seccomp_notif_resp);
	if (response.id != message->notification.id)
		return false;
	if (response.flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE)
		*ret_outcome = outcome_kernel(REASON_NONE);
	else if (response.error < 0 && response.error >= -ERROR_MAX)
		*ret_outcome = outcome_refused(-response.error, REASON_KERNEL);
	else
		return false;
	return true;
}
