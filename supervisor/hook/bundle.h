/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_BUNDLE_H
#define NSXATTR_HOOK_BUNDLE_H

/* The config.json of a bundle, from which a runtime makes a container: read once, and replaced as a whole. */

#include <stddef.h>
#include <sys/stat.h>

/** struct bundle_config - one that was read */
struct bundle_config {
	char *path;
	char *bytes;
	size_t length;
	struct stat status;
};

/**
 * bundle_read() - read it, once
 * @bundle: the folder
 * @file: of crun's option --config; NULL: config.json of the folder
 * @limit: how many bytes to read of it, at most
 * @ret_config: 0: it; bundle_config_done() it
 *
 * Return: 0; -ESPIPE: it is no regular file; -EINVAL: it is no text; -errno.
 */
int bundle_read(const char *bundle, const char *file, size_t limit,
		struct bundle_config *ret_config);

/**
 * bundle_replace() - have another text in its place, at once
 *
 * The new file has the owner and the mode of the old one. A symbolic link is replaced, and not what it leads to.
 *
 * Return: 0; -errno: all is as before.
 */
int bundle_replace(const struct bundle_config *config, const char *text, size_t length);

/** bundle_config_done() - release it; a zeroed one is accepted. */
void bundle_config_done(struct bundle_config *config);

#endif
