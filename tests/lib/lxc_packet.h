/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_LXC_PACKET_H
#define NSXATTR_TESTS_LXC_PACKET_H

/* A request as an LXC monitor sends it, written independently of supervisor/attach/lxc_message.c. */

#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

#define LXC_PACKET_ROOM 4096

/** struct lxc_packet - bytes, and how many of them are sent; tests spoil both */
struct lxc_packet {
	size_t length;
	unsigned char bytes[LXC_PACKET_ROOM];
};

static const struct seccomp_notif_sizes lxc_packet_sizes = { 80, 24, 64 };

/** lxc_packet_put() - overwrite a field: @at, of @size bytes */
static inline void lxc_packet_put(struct lxc_packet *packet, size_t at, const void *value,
				  size_t size)
{
	memcpy(packet->bytes + at, value, size);
}

static inline void lxc_packet_put_u64(struct lxc_packet *packet, size_t at, uint64_t value)
{
	lxc_packet_put(packet, at, &value, sizeof(value));
}

static inline void lxc_packet_put_u32(struct lxc_packet *packet, size_t at, uint32_t value)
{
	lxc_packet_put(packet, at, &value, sizeof(value));
}

/** lxc_packet_make() - what a monitor sends for a notification; @cookie may be "" */
static inline struct lxc_packet lxc_packet_make(const struct seccomp_notif *notification,
						const char *cookie)
{
	size_t cookie_length = strlen(cookie);
	struct lxc_packet packet = { .length = 136 + cookie_length };

	lxc_packet_put_u32(&packet, 8, 4000);
	lxc_packet_put_u32(&packet, 12, 4001);
	lxc_packet_put(&packet, 16, &lxc_packet_sizes, sizeof(lxc_packet_sizes));
	lxc_packet_put_u64(&packet, 24, cookie_length);
	lxc_packet_put(&packet, 32, notification, 80);
	lxc_packet_put_u64(&packet, 112, notification->id);
	lxc_packet_put(&packet, 136, cookie, cookie_length);
	return packet;
}

#endif
