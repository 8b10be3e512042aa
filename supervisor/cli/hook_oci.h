/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_OCI_H
#define NSXATTR_CLI_HOOK_OCI_H

/* nsxattr hook oci: the state of a container on standard input */

/** cli_hook_oci() - the hook. Return: the exit status. */
int cli_hook_oci(int argc, char **argv);

#endif
