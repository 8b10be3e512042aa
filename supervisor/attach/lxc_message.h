/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_ATTACH_LXC_MESSAGE_H
#define NSXATTR_ATTACH_LXC_MESSAGE_H

/*
 * What an LXC monitor says to its seccomp proxy, and what it wants to hear (struct
 * seccomp_notify_proxy_msg in LXC's lxcseccomp.h, seccomp_notify_handler() in its seccomp.c).
 *
 * A request is one packet:
 *
 *	at	bytes	what
 *	0	8	reserved, 0
 *	8	4	pid of the monitor, in its own pid namespace, as the others are
 *	12	4	pid of the container's init
 *	16	3 * 2	what SECCOMP_GET_NOTIF_SIZES gave to the monitor; 2 bytes of padding
 *	24	8	length of the cookie
 *	32	80	struct seccomp_notif, as the kernel gave it to the monitor
 *	112	24	struct seccomp_notif_resp, of which the id is set
 *	136	-	the cookie, lxc.seccomp.notify.cookie: for us, the name of a policy
 *
 * Descriptors travel with it in the order of enum lxc_descriptor; LXC before 4.0.5 sends no listener.
 * A reply is one packet of the first 136 bytes.
 *
 * Nothing here asks the system: what a packet says is the word of the peer that sent it. What of it may be
 * believed is the business of lxc_verify.h.
 */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "access.h"

/* The longest name of a policy: that of a file, less its ".yaml". */
#define LXC_COOKIE_MAX 250

/* All of a packet but the cookie. */
#define LXC_FIXED_SIZE (32 + sizeof(struct seccomp_notif) + sizeof(struct seccomp_notif_resp))

#define LXC_PACKET_MAX (LXC_FIXED_SIZE + LXC_COOKIE_MAX)

/** enum lxc_descriptor - which one of those that come with a request is what */
enum lxc_descriptor {
	LXC_PROC, /* the directory /proc/TID of the target */
	LXC_MEMORY, /* its /proc/TID/mem */
	LXC_LISTENER, /* the listener that the notification came from */
	LXC_DESCRIPTOR_COUNT,
};

/** struct lxc_message - a request that is well-formed */
struct lxc_message {
	struct seccomp_notif notification;
	pid_t monitor;
	pid_t init;
	bool has_listener;
	char cookie[LXC_COOKIE_MAX + 1]; /* "": none was given */
};

/** enum lxc_form - what a packet is, or what is wrong with it */
enum lxc_form {
	LXC_WELL_FORMED = 1,
	LXC_TRUNCATED, /* shorter than a request without a cookie */
	LXC_RESERVED, /* something is in the reserved field */
	LXC_SIZES, /* not this kernel's sizes */
	LXC_COOKIE_LENGTH, /* longer than we take, or not what the packet has room for */
	LXC_COOKIE_TEXT, /* not the name of a policy */
	LXC_PIDS, /* no numbers of processes */
	LXC_IDS, /* the notification and the response that it brings along differ, or it has flags */
	LXC_DESCRIPTORS, /* neither two nor three */
};

/** lxc_form_text() - the end of a sentence that begins with "the packet" */
const char *lxc_form_text(enum lxc_form form);

/**
 * lxc_message_parse() - take a request apart
 * @packet: @length bytes, of any alignment
 * @descriptor_count: how many descriptors came with it
 * @kernels: what the kernel says of its sizes; none larger than our structures
 * @ret_message: the request, untouched unless it is well-formed
 *
 * Return: LXC_WELL_FORMED, or what is wrong.
 */
enum lxc_form lxc_message_parse(const void *packet, size_t length, size_t descriptor_count,
				const struct seccomp_notif_sizes *kernels,
				struct lxc_message *ret_message);

/**
 * lxc_message_write() - the request, as a monitor sends it
 * @ret_packet: the request
 *
 * Return: its length.
 */
size_t lxc_message_write(const struct lxc_message *message,
			 const struct seccomp_notif_sizes *kernels,
			 unsigned char ret_packet[LXC_PACKET_MAX]);

/**
 * lxc_message_reply() - what the reply to a request says
 * @ret_outcome: the call is left to the kernel, or fails
 *
 * Return: whether it is the reply, and one of these.
 */
bool lxc_message_reply(const struct lxc_message *message, const struct seccomp_notif_sizes *kernels,
		       const void *reply, size_t length, struct outcome *ret_outcome);

/**
 * lxc_message_answer() - the reply to a request
 * @message: the request
 * @outcome: what the target is to see
 * @kernels: as for lxc_message_parse()
 * @ret_packet: the reply
 *
 * Return: the length of the reply; the monitor takes no other.
 */
size_t lxc_message_answer(const struct lxc_message *message, const struct outcome *outcome,
			  const struct seccomp_notif_sizes *kernels,
			  unsigned char ret_packet[LXC_FIXED_SIZE]);

#endif
