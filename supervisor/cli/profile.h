/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_PROFILE_H
#define NSXATTR_CLI_PROFILE_H

/* nsxattr profile: a seccomp profile for a container engine, on standard output */

/** cli_profile() - the subcommand. Return: the exit status. */
int cli_profile(int argc, char **argv);

#endif
