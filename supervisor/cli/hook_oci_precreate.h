/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_OCI_PRECREATE_H
#define NSXATTR_CLI_HOOK_OCI_PRECREATE_H

/* nsxattr hook oci-precreate: config.json on standard input, edited on standard output */

/** cli_hook_oci_precreate() - the hook. Return: the exit status. */
int cli_hook_oci_precreate(int argc, char **argv);

#endif
