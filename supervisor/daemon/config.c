/* SPDX-License-Identifier: Apache-2.0 */
/* A file is stored over the defaults, by its schema. */
#include "daemon/config.h"

#include <errno.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "daemon/config_schema.h"
#include "keep/keeper.h"
#include "yaml/read.h"

#define SOCKET_MODE_DEFAULT 0666

static const struct config defaults = {
	.oci = { CONFIG_OCI_SOCKET, SOCKET_MODE_DEFAULT, NULL },
	.lxc = { CONFIG_LXC_SOCKET, SOCKET_MODE_DEFAULT, NULL },
	.control = { CONFIG_CONTROL_SOCKET, SOCKET_MODE_DEFAULT, NULL },
	.policies = CONFIG_POLICIES,
	.default_policy = "default",
	.refuses_not_allowed = true,
	.limits = {
		.containers = 4096,
		.containers_per_user = 64,
		.listeners_per_container = 256,
		.listeners_per_user = 1024,
		.connections = 512,
		.connections_per_user = 32,
	},
	.patience = KEEPER_PATIENCE,
	.log = LOG_NOTICE,
	.resolver = STANDIN_ANY,
	.calls = ALLOWED_CALLS_ENFORCE,
};

const struct config *config_defaults(void)
{
	return &defaults;
}

int config_load(const char *text, size_t length, struct config_file *ret_config,
		struct diagnostics *diagnostics)
{
	struct config_file file = { .config = defaults };
	int r = schema_read(&config_schema, text, length, &file.config, &file.arena, diagnostics);

	if (r == SCHEMA_READ) {
		*ret_config = file;
		return CONFIG_LOADED;
	}
	config_done(&file);
	return r < 0 ? r : CONFIG_MISTAKEN;
}

int config_read(const char *path, struct config_file *ret_config, struct diagnostics *diagnostics)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	/* One byte more than it can have, so that a longer file is seen to be one. */
	int r = text_file_read(path ? path : CONFIG_PATH, CONFIG_SIZE_MAX + 1, &text, &length);

	if (r == -ENOENT && !path) {
		*ret_config = (struct config_file){ .config = defaults };
		return CONFIG_LOADED;
	}
	if (r == TEXT_FILE_NOT_REGULAR)
		return -EINVAL;
	if (r < 0)
		return r;
	if (length > CONFIG_SIZE_MAX) {
		diagnostics_add(diagnostics, 1, 1, "a configuration cannot be longer than %d bytes",
				CONFIG_SIZE_MAX);
		return CONFIG_MISTAKEN;
	}
	return config_load(text, length, ret_config, diagnostics);
}

void config_done(struct config_file *config)
{
	arena_done(&config->arena);
}
