/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONFIG_SCHEMA_H
#define NSXATTR_DAEMON_CONFIG_SCHEMA_H

#include "yaml/schema.h"

/* A file of the daemon's settings, which is stored in a struct config. */
extern const struct schema config_schema;

#endif
