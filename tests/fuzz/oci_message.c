/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a message, as it is, with one and with two descriptors. */
#include "attach/oci_message.h"

#include "fuzz.h"

static void require_plain(const char *text, size_t size)
{
	require(strnlen(text, size) < size);
	for (; *text; text++)
		require(*text >= ' ' && *text <= '~');
}

static void require_message(const struct oci_message *message, size_t descriptors)
{
	require_plain(message->id, sizeof(message->id));
	require_plain(message->name, sizeof(message->name));
	require_plain(message->status, sizeof(message->status));
	require_plain(message->metadata, sizeof(message->metadata));
	require_plain(message->policy, sizeof(message->policy));
	require(message->id[0] != '\0' && !strchr(message->id, '/'));
	require(message->pid >= 0 && message->state_pid >= 0);
	require(message->listener < descriptors);
	require(strlen(oci_message_wanted(message)) <= OCI_METADATA_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oci_message message;

	for (size_t descriptors = 1; descriptors <= 2; descriptors++) {
		const char *reason = NULL;
		int r = oci_message_read((const char *)data, size, descriptors, &message, &reason);

		require(r == OCI_MESSAGE_READ || r == OCI_MESSAGE_REFUSED);
		require((r == OCI_MESSAGE_REFUSED) == (reason != NULL));
		if (r == OCI_MESSAGE_READ)
			require_message(&message, descriptors);
		else
			require_plain(reason, 80);
		if (r == OCI_MESSAGE_READ)
			oci_message_done(&message);
	}
	return 0;
}
