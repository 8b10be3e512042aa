/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_CHECK_H
#define NSXATTR_CLI_CHECK_H

/* nsxattr check [OPTION]... POLICY... */

/** cli_check() - the subcommand. Return: the exit status. */
int cli_check(int argc, char **argv);

#endif
