/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_CONFIG_H
#define NSXATTR_DAEMON_CONFIG_H

/* The daemon's settings: /etc/nsxattr/nsxattrd.yaml, in the format of nsxattrd.yaml(5). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/allowed_calls.h"
#include "base/log.h"
#include "exec/standin.h"
#include "keep/engine_config.h"
#include "yaml/arena.h"
#include "yaml/diagnostic.h"
#include "yaml/schema.h"

#define CONFIG_PATH "/etc/nsxattr/nsxattrd.yaml"
/* The settings that an absent key means. */
#define CONFIG_OCI_SOCKET "/run/nsxattr/oci.sock"
#define CONFIG_LXC_SOCKET "/run/nsxattr/lxc.sock"
#define CONFIG_CONTROL_SOCKET "/run/nsxattr/control.sock"
#define CONFIG_POLICIES "/etc/nsxattr/policies"
#define CONFIG_SIZE_MAX (1 << 16)

/* Listeners of all containers together. Here, and in the settings, a connection of an LXC monitor counts as one. */
#define LISTENERS_MAX 8192

/** struct config_socket - where the daemon listens */
struct config_socket {
	const char *path; /* absolute; NULL: it does not */
	mode_t mode;
	const char *group; /* that it belongs to: a name or a number; NULL: the daemon's own */
};

/** struct config_limits - how much peers can make the daemon hold */
struct config_limits {
	uint32_t containers; /* of all users */
	uint32_t containers_per_user; /* root's are counted in @containers alone */
	uint32_t listeners_per_container;
	uint32_t listeners_per_user; /* likewise: of all containers of a user but root */
	uint32_t connections; /* to the OCI and LXC sockets, whose peer has not said yet what it wants */
	uint32_t connections_per_user; /* root's are counted in @connections alone */
};

/** struct config - all of it; read only once it is loaded */
struct config {
	struct config_socket oci;
	struct config_socket lxc;
	struct config_socket control;
	const char *policies; /* the folder, absolute */
	const char *default_policy; /* built in, or of the folder */
	bool refuses_not_allowed; /* a user who names a policy that is not theirs; else they get the default */
	const char *const *revoked_keys; /* see integrity/revoked_keys.h */
	size_t revoked_key_count;
	unsigned int revoked_keys_line; /* where the file has them; 0: it has none */
	struct config_limits limits;
	const char *audit_log; /* as of audit_log_open() */
	uint32_t patience; /* seconds for which calls wait for a worker, before they fail */
	enum log_level log;
	enum standin_kind resolver;
	enum executor executor;
	enum allowed_calls_mode
		calls; /* what becomes of system calls that the daemon does not need */
};

/** struct config_file - settings and the memory that they lie in */
struct config_file {
	struct config config;
	struct arena arena;
};

enum config_result {
	CONFIG_LOADED = 1,
	CONFIG_MISTAKEN, /* the diagnostics say where */
};

/* A file of the daemon's settings, which is stored in a struct config. */
extern const struct schema config_schema;

/* Words that nsxattr run has in common with the settings. */
#define CONFIG_RESOLVERS 3
extern const struct schema_word config_resolvers[CONFIG_RESOLVERS];
#define CONFIG_EXECUTORS 4
extern const struct schema_word config_executors[CONFIG_EXECUTORS];
#define CONFIG_CALL_FILTERS 3
extern const struct schema_word config_call_filters[CONFIG_CALL_FILTERS];

/** config_defaults() - Return: what an absent file means; static. */
const struct config *config_defaults(void);

/**
 * config_load() - make settings of a file's text
 * @text: the file, @length bytes, without need of a NUL; not used after the return
 * @ret_config: CONFIG_LOADED: the settings; config_done() them
 * @diagnostics: empty; CONFIG_MISTAKEN: at least one mistake, all that were found at once
 *
 * Return: an enum config_result; -ENOMEM.
 */
int config_load(const char *text, size_t length, struct config_file *ret_config,
		struct diagnostics *diagnostics);

/**
 * config_read() - the settings of a file
 * @path: the file; NULL: CONFIG_PATH if it is there, else the defaults
 * @ret_config: as config_load()
 * @diagnostics: as config_load()
 *
 * Return: as config_load(); -EINVAL if it is no regular file; -errno of reading it, -ENOENT for a
 * file that was named and is not there.
 */
int config_read(const char *path, struct config_file *ret_config, struct diagnostics *diagnostics);

/** config_read_fd() - the same of a file that is open, with TEXT_FILE_FLAGS, at its beginning */
int config_read_fd(int fd, struct config_file *ret_config, struct diagnostics *diagnostics);

/** config_done() - release what the settings point to; a zeroed one is accepted. */
void config_done(struct config_file *config);

#endif
