/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_POLICIES_H
#define NSXATTR_CLI_POLICIES_H

/* 'nsxattr policies': which policies there are, and which of them a user may name. */

/** cli_policies() - list them. Return: the exit status. */
int cli_policies(int argc, char **argv);

#endif
