/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_COMMANDS_H
#define NSXATTR_CLI_COMMANDS_H

/* What the tables of nsxattr.c run; nsxattr(1) says what each does. */

/** cli_NAME() - @argv: argv[0] is NAME. Return: the exit status. */
int cli_check(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_hook_lxc(int argc, char **argv);
int cli_hook_lxc_init(int argc, char **argv);
int cli_hook_oci(int argc, char **argv);
int cli_hook_oci_precreate(int argc, char **argv);
int cli_measurements(int argc, char **argv);
int cli_metrics(int argc, char **argv);
int cli_policies(int argc, char **argv);
int cli_profile(int argc, char **argv);
int cli_reload(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_top(int argc, char **argv);
int cli_trace(int argc, char **argv);
int cli_tree_ls(int argc, char **argv);
int cli_tree_rekey(int argc, char **argv);
int cli_tree_adopt(int argc, char **argv);
int cli_tree_export(int argc, char **argv);
int cli_tree_import(int argc, char **argv);
int cli_tree_strip(int argc, char **argv);

#endif
