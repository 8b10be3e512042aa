/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_LXC_H
#define NSXATTR_HOOK_LXC_H

/*
 * Before an LXC container starts (lxc.hook.pre-start): would nsxattrd answer its calls? Where that fails, LXC
 * has no words for it, or the container starts and its calls fail one by one. So the first thing that is
 * wrong becomes a sentence with its remedy.
 */

#include <stddef.h>
#include <sys/types.h>

#include "hook/presence.h"

/** struct hook_lxc - what is to be checked */
struct hook_lxc {
	uid_t user; /* who runs LXC: geteuid(2) */
	const char *name; /* of the container: LXC_NAME; NULL: not known */
	const char *config; /* the container's configuration: LXC_CONFIG_FILE */
	struct hook_daemon daemon;
};

/* Room for a sentence; it names at most two paths. */
#define HOOK_LXC_SENTENCE_SIZE 9000

enum hook_lxc_result {
	HOOK_LXC_READY = 1,
	HOOK_LXC_WRONG, /* the sentence says what, and what to do */
	HOOK_LXC_WEAK, /* it may start; the sentence says what it will not be able to do */
};

/**
 * hook_lxc_check() - check, and start nsxattrd if that is asked for and needed
 * @hook: what to check
 * @ret_sentence: but for HOOK_LXC_READY: a sentence without a period
 */
enum hook_lxc_result hook_lxc_check(const struct hook_lxc *hook,
				    char ret_sentence[HOOK_LXC_SENTENCE_SIZE]);

#endif
