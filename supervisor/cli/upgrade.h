/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_UPGRADE_H
#define NSXATTR_CLI_UPGRADE_H

/* nsxattr reload --binary: the nsxattrd that runs is replaced by the program that is on disk now. */

/**
 * upgrade_daemon() - do that; what has become of it is said
 * @control: the path of the control socket
 *
 * Return: the exit status.
 */
int upgrade_daemon(const char *control);

#endif
