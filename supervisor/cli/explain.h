/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_EXPLAIN_H
#define NSXATTR_CLI_EXPLAIN_H

/* nsxattr explain [OPTION]... get|set|list|remove NAME */

/** cli_explain() - the subcommand. Return: the exit status. */
int cli_explain(int argc, char **argv);

#endif
