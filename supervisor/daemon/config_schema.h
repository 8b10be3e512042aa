/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONFIG_SCHEMA_H
#define NSXATTR_DAEMON_CONFIG_SCHEMA_H

/* The format of the daemon's settings, and what libcyaml makes of a file. */

#include <stdint.h>

#include "format.h"

#define CONFIG_VERSION 1

/** struct socket_text - 'oci-socket' and its like; NULL: not given */
struct socket_text {
	char *path;
	char *mode;
	char *group;
};

/** struct config_limits_text - 'limits'; 0: not given */
struct config_limits_text {
	uint32_t containers;
	uint32_t containers_per_user;
	uint32_t listeners_per_container;
	uint32_t listeners_per_user;
	uint32_t connections;
	uint32_t connections_per_user;
};

/* What 'log', 'resolver' and 'system-call-filter' say; the first of each is for a file without the field. */
enum config_log { CONFIG_LOG_INFO, CONFIG_LOG_VERBOSE, CONFIG_LOG_DEBUG };
enum config_resolver { CONFIG_RESOLVER_AUTO, CONFIG_RESOLVER_RING, CONFIG_RESOLVER_PROCESS };
enum config_calls { CONFIG_CALLS_ENFORCE, CONFIG_CALLS_LOG, CONFIG_CALLS_NONE };

/** struct config_text - a file */
struct config_text {
	uint32_t version;
	struct socket_text oci;
	struct socket_text lxc;
	struct socket_text control;
	char *policies;
	char *default_policy;
	int gives_default; /* to who names a policy that is not theirs */
	struct config_limits_text limits;
	uint32_t patience; /* 0: not given */
	enum config_log log;
	enum config_resolver resolver;
	enum config_calls calls;
};

/* A socket's path that means that there is none. */
#define CONFIG_NO_SOCKET "none"

extern const struct format config_format;

#endif
