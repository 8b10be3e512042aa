/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_HOOK_H
#define NSXATTR_CLI_HOOK_H

/*
 * nsxattr hook KIND [OPTION]...
 *
 * What a container's runtime starts. Each kind has a file of its own, a table of options, and a row
 * in hook.c.
 */

#include <stdbool.h>

struct config;
struct config_file;

/**
 * hook_take_start() - the argument of --start: a unit of systemd, or a program's absolute path
 *
 * Return: what is wrong with it; NULL: nothing.
 */
const char *hook_take_start(const char **place, const char *argument);

/**
 * hook_settings() - the daemon's settings, as far as this user may read them; else the defaults
 * @file: zeroed; config_done() it when the settings are not needed any more
 */
const struct config *hook_settings(struct config_file *file);

/** hook_take_control() - the argument of --control: a path, or "none" for NULL. Return: as hook_take_start(). */
const char *hook_take_control(const char **place, const char *argument);

/** hook_take_path() - the argument of an option, an absolute path. Return: as hook_take_start(). */
const char *hook_take_path(const char **place, const char *argument);

/**
 * hook_warn_of_kernel() - of one that does not check who changes security.* (exec/guard.h); else nothing is said
 * @container: as of warn_of_container()
 * @allows_io_uring: the container's policy does
 */
void hook_warn_of_kernel(const char *container, bool allows_io_uring);

/** cli_hook() - the subcommand. Return: the exit status. */
int cli_hook(int argc, char **argv);

#endif
