/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is read by the machinery of policies (include/format.h), with tables of its own; what it leaves
 * out is filled in here. The settings then point into what libcyaml has made of the file.
 */
#include "daemon/config.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "daemon/config_schema.h"
#include "keep/keeper.h"

#define SOCKET_MODE_DEFAULT 0666

static const struct config defaults = {
	.oci = { "/run/nsxattr/oci.sock", SOCKET_MODE_DEFAULT, NULL },
	.lxc = { "/run/nsxattr/lxc.sock", SOCKET_MODE_DEFAULT, NULL },
	.control = { "/run/nsxattr/control.sock", SOCKET_MODE_DEFAULT, NULL },
	.policies = "/etc/nsxattr/policies",
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

static const enum log_level log_levels[] = {
	[CONFIG_LOG_INFO] = LOG_NOTICE,
	[CONFIG_LOG_VERBOSE] = LOG_VERBOSE,
	[CONFIG_LOG_DEBUG] = LOG_DEBUG,
};

static const enum standin_kind standin_kinds[] = {
	[CONFIG_RESOLVER_AUTO] = STANDIN_ANY,
	[CONFIG_RESOLVER_RING] = STANDIN_PERSONALITY,
	[CONFIG_RESOLVER_PROCESS] = STANDIN_PROCESS,
};

static const enum allowed_calls_mode call_modes[] = {
	[CONFIG_CALLS_ENFORCE] = ALLOWED_CALLS_ENFORCE,
	[CONFIG_CALLS_LOG] = ALLOWED_CALLS_LOG,
	[CONFIG_CALLS_NONE] = ALLOWED_CALLS_NONE,
};

const struct config *config_defaults(void)
{
	return &defaults;
}

static mode_t mode_of(const char *octal)
{
	mode_t mode = 0;

	for (; *octal; octal++)
		mode = mode * 8 + (mode_t)(*octal - '0');
	return mode;
}

static void apply_socket(const struct socket_text *text, struct config_socket *socket)
{
	if (text->path)
		socket->path = strcmp(text->path, CONFIG_NO_SOCKET) == 0 ? NULL : text->path;
	if (text->mode)
		socket->mode = mode_of(text->mode);
	socket->group = text->group;
}

static void apply_limit(uint32_t given, uint32_t *limit)
{
	if (given)
		*limit = given;
}

static void apply_limits(const struct config_limits_text *text, struct config_limits *limits)
{
	apply_limit(text->containers, &limits->containers);
	apply_limit(text->containers_per_user, &limits->containers_per_user);
	apply_limit(text->listeners_per_container, &limits->listeners_per_container);
	apply_limit(text->listeners_per_user, &limits->listeners_per_user);
	apply_limit(text->connections, &limits->connections);
	apply_limit(text->connections_per_user, &limits->connections_per_user);
}

static void apply(const struct config_text *text, struct config *config)
{
	apply_socket(&text->oci, &config->oci);
	apply_socket(&text->lxc, &config->lxc);
	apply_socket(&text->control, &config->control);
	apply_limits(&text->limits, &config->limits);
	apply_limit(text->patience, &config->patience);
	if (text->policies)
		config->policies = text->policies;
	if (text->default_policy)
		config->default_policy = text->default_policy;
	config->refuses_not_allowed = !text->gives_default;
	config->log = log_levels[text->log];
	config->resolver = standin_kinds[text->resolver];
	config->calls = call_modes[text->calls];
}

int config_load(const char *text, size_t length, struct config_file *ret_config,
		struct diagnostics *diagnostics)
{
	_cleanup_free_ struct format_reading *reading = calloc(1, sizeof(*reading));
	int r = reading ? format_read(&config_format, text, length, reading, diagnostics) : -ENOMEM;

	if (r < 0)
		return r;
	if (r == FORMAT_MISTAKEN)
		return CONFIG_MISTAKEN;
	ret_config->config = defaults;
	apply(reading->text, &ret_config->config);
	ret_config->reading = TAKE_PTR(reading);
	return CONFIG_LOADED;
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
	if (!config->reading)
		return;
	format_reading_done(config->reading);
	free(config->reading);
	config->reading = NULL;
}
