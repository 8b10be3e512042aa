/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a file with the daemon's settings, as it is. */
#include <string.h>

#include "daemon/config.h"
#include "daemon/policy_folders.h"
#include "fuzz.h"

static void require_socket(const struct config_socket *socket)
{
	require(socket->mode <= 0777);
	require(!socket->path || (socket->path[0] == '/' && strlen(socket->path) < 108));
	require(!socket->path || socket->path[strlen(socket->path) - 1] != '/');
	require(!socket->group || (socket->group[0] && !strpbrk(socket->group, ":/ \n")));
}

static void require_limit(uint32_t limit)
{
	require(limit > 0 && limit <= 8192);
}

static void require_config(const struct config *config)
{
	require_socket(&config->oci);
	require_socket(&config->lxc);
	require_socket(&config->control);
	require(config->policies[0] == '/');
	require(policy_name_is_sane(config->default_policy));
	require_limit(config->limits.containers);
	require_limit(config->limits.containers_per_user);
	require_limit(config->limits.listeners_per_container);
	require_limit(config->limits.listeners_per_user);
	require_limit(config->limits.connections);
	require_limit(config->limits.connections_per_user);
	require(config->log >= LOG_NOTICE && config->log <= LOG_DEBUG);
	require(config->resolver <= STANDIN_PROCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diagnostics diagnostics;
	struct config_file file = { 0 };

	diagnostics.count = 0;
	diagnostics.is_cut = false;
	int r = config_load((const char *)data, size, &file, &diagnostics);

	/* Settings or a mistake: never neither, never both. */
	require(r == CONFIG_LOADED || r == CONFIG_MISTAKEN);
	require((r == CONFIG_MISTAKEN) == (diagnostics.count > 0));
	require(r == CONFIG_LOADED || !file.arena.blocks);
	if (r == CONFIG_LOADED)
		require_config(&file.config);
	config_done(&file);
	return 0;
}
