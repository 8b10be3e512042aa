/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_LXC_H
#define NSXATTR_CLI_HOOK_LXC_H

/* nsxattr hook lxc: the container's configuration in LXC_CONFIG_FILE */

/** cli_hook_lxc() - the hook. Return: the exit status. */
int cli_hook_lxc(int argc, char **argv);

#endif
