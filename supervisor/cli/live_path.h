/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_LIVE_PATH_H
#define NSXATTR_CLI_LIVE_PATH_H

/* A path, searched as a worker of nsxattr searches it for a process: with the credential and the label of that. */

struct label_view;
struct live_process;

/**
 * live_path_open() - search it, from the root or the working directory of the process on
 * @path: a link at its end is not followed
 * @label: which counts; NULL: none
 * @ret_fd: O_PATH, the caller's
 *
 * Return: 0; the positive errno that the process gets; -errno: we cannot take on its credential.
 */
int live_path_open(const struct live_process *process, const char *path,
		   const struct label_view *label, int *ret_fd);

#endif
