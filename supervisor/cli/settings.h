/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_SETTINGS_H
#define NSXATTR_CLI_SETTINGS_H

/* The daemon's settings, as commands of any user go by them. */

#include "daemon/config.h"
#include "integrity/revocation.h"

/**
 * settings_find() - the settings; if this user may not read them, or they have a mistake: config_defaults()
 * @file: zeroed; config_done() it when the settings are not needed any more
 */
const struct config *settings_find(struct config_file *file);

/**
 * settings_read() - the settings of a file, or what is wrong with them
 * @path: the file; NULL: CONFIG_PATH
 * @ret_file: as of config_read()
 * @diagnostics: as of config_read()
 *
 * Return: as config_read(); a failure has been logged.
 */
int settings_read(const char *path, struct config_file *ret_file, struct diagnostics *diagnostics);

/**
 * settings_revocation() - the keys that the settings say are revoked
 * @ret_revocation: to be freed with revocation_free()
 *
 * Return: 0; -errno: the settings, or a file that they name, cannot be read or have a mistake, which has been logged.
 */
int settings_revocation(struct revocation **ret_revocation);

#endif
