/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONFIG_SCHEMA_H
#define NSXATTR_DAEMON_CONFIG_SCHEMA_H

#include "yaml/schema.h"

/* A file of the daemon's settings, which is stored in a struct config. */
extern const struct schema config_schema;

/* Words that nsxattr run has in common with the settings. */
#define CONFIG_RESOLVERS 3
extern const struct schema_word config_resolvers[CONFIG_RESOLVERS];
#define CONFIG_CALL_FILTERS 3
extern const struct schema_word config_call_filters[CONFIG_CALL_FILTERS];

#endif
