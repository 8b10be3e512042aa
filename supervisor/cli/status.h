/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_STATUS_H
#define NSXATTR_CLI_STATUS_H

/* 'nsxattr status' and 'nsxattr reload': what the daemon's control socket is asked. */

/* Exit statuses: the daemon refuses; there is no answer from it, or none that makes sense. */
#define STATUS_REFUSED 1
#define STATUS_UNANSWERED 2

/** cli_status() - show the daemon's containers. Return: the exit status. */
int cli_status(int argc, char **argv);

/** cli_reload() - have the daemon read its policies anew. Return: the exit status. */
int cli_reload(int argc, char **argv);

#endif
