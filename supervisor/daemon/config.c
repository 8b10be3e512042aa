/* SPDX-License-Identifier: Apache-2.0 */
/* A file is stored over the defaults, by the tables of its schema. */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/audit_log.h"
#include "base/fd.h"
#include "base/text_file.h"
#include "base/unix_socket.h"
#include "daemon/policy_folders.h"
#include "integrity/revoked_keys.h"
#include "keep/engine.h"
#include "keep/keeper.h"
#include "yaml/complaint.h"
#include "yaml/read.h"
#include "yaml/walk.h"

#define CONFIG_VERSION 1
/* In place of a socket's path: there is no socket. */
#define CONFIG_NO_SOCKET "none"
#define SOCKET_MODE_DEFAULT 0666
#define CONTAINERS_MOST ENGINE_CONTAINERS_MAX
#define CONNECTIONS_MOST 4096

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
	.audit_log = AUDIT_LOG_JOURNAL,
	.patience = KEEPER_PATIENCE,
	.log = LOG_NOTICE,
	.resolver = STANDIN_ANY,
	.executor = EXECUTOR_AUTO,
	.calls = ALLOWED_CALLS_ENFORCE,
};

const struct config *config_defaults(void)
{
	return &defaults;
}

/* ---- words ---- */

static const struct schema_word logs[] = {
	{ "info", LOG_NOTICE },
	{ "verbose", LOG_VERBOSE },
	{ "debug", LOG_DEBUG },
};

const struct schema_word config_resolvers[CONFIG_RESOLVERS] = {
	{ "auto", STANDIN_ANY },
	{ "ring", STANDIN_PERSONALITY },
	{ "process", STANDIN_PROCESS },
};

const struct schema_word config_executors[CONFIG_EXECUTORS] = {
	{ "auto", EXECUTOR_AUTO },
	{ "inline", EXECUTOR_INLINE },
	{ "threads", EXECUTOR_THREADS },
	{ "ring", EXECUTOR_RING },
};

const struct schema_word config_call_filters[CONFIG_CALL_FILTERS] = {
	{ "enforce", ALLOWED_CALLS_ENFORCE },
	{ "log", ALLOWED_CALLS_LOG },
	{ "none", ALLOWED_CALLS_NONE },
};

static const struct schema_word answers[] = {
	{ "refuse", true },
	{ "default", false },
};

/* ---- values with a form of their own ---- */

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool is_folder(const char *path)
{
	return path[0] == '/' && is_printable(path);
}

static void parse_socket_path(struct schema_walk *walk, const struct schema_place *place)
{
	const char *path = place->node->text, **into = schema_target(place);
	size_t length = place->node->length;

	if (strcmp(path, CONFIG_NO_SOCKET) == 0)
		*into = NULL;
	else if (!is_folder(path) || path[length - 1] == '/')
		schema_refuse(walk, place,
			      "an absolute path without blanks, or the word " CONFIG_NO_SOCKET);
	else
		*into = schema_keep(walk, path, length);
}

static void parse_mode(struct schema_walk *walk, const struct schema_place *place)
{
	const char *digits = place->node->text;
	mode_t *into = schema_target(place);
	size_t length = place->node->length;

	if (strspn(digits, "01234567") != length || (length == 4 && digits[0] != '0'))
		schema_refuse(walk, place, "permissions in octal, as in 0660");
	else
		*into = (mode_t)strtoul(digits, NULL, 8);
}

static void check_folder(struct schema_walk *walk, const struct schema_place *place)
{
	if (!is_folder(place->node->text))
		schema_refuse(walk, place, "the absolute path of a folder, without blanks");
}

static void check_audit_log(struct schema_walk *walk, const struct schema_place *place)
{
	const char *text = place->node->text;

	if (strcmp(text, AUDIT_LOG_JOURNAL) != 0 &&
	    (!is_folder(text) || text[place->node->length - 1] == '/'))
		schema_refuse(
			walk, place,
			"the absolute path of a file, without blanks, or the word " AUDIT_LOG_JOURNAL);
}

static void check_group(struct schema_walk *walk, const struct schema_place *place)
{
	const char *group = place->node->text;

	if (strpbrk(group, ":/") || !is_printable(group))
		schema_refuse(walk, place,
			      "a group's name, without ':', '/' and blanks, or its number");
}

static void check_policy_name(struct schema_walk *walk, const struct schema_place *place)
{
	if (!policy_name_is_sane(place->node->text))
		schema_refuse(walk, place, POLICY_NAME_RULE);
}

static void check_revoked_key(struct schema_walk *walk, const struct schema_place *place)
{
	uint32_t keyid;

	if (!revoked_key_is_keyid(place->node->text, &keyid) && !is_folder(place->node->text))
		schema_refuse(walk, place,
			      "a keyid, in 8 hexadecimal digits, or the absolute path of a file "
			      "of keys, without blanks");
}

/* ---- a socket ---- */

static const struct schema socket_fields[] = {
	{
		.key = "path",
		FIELD_TEXT(struct config_socket, path, 1, UNIX_SOCKET_PATH_SIZE - 1),
		.parse = parse_socket_path,
		.help = "Where the socket is, or none: it is not there.",
		.pattern = "^(/\\S*[^\\s/]|none)$",
	},
	{
		.key = "mode",
		.type = SCHEMA_TEXT,
		SCHEMA_RANGE(3, 4),
		.into = SCHEMA_MEMBER(struct config_socket, mode, mode_t),
		.parse = parse_mode,
		.help = "The users who can connect have write permission. 0666, all users, if absent: "
			"the kernel tells the daemon which user has connected.",
		.pattern = "^0?[0-7]{3}$",
	},
	{
		.key = "group",
		FIELD_TEXT(struct config_socket, group, 1, NAME_MAX),
		.check = check_group,
		.help = "The group that the socket belongs to, by name or number. The daemon's own, "
			"if absent.",
		.pattern = "^[^:/\\s]+$",
	},
};

/* ---- 'limits' ---- */

static const struct schema limits_fields[] = {
	{
		.key = "containers",
		FIELD_NUMBER(struct config_limits, containers, 1, CONTAINERS_MOST),
		.help = "Containers at a time, of all users. A quarter of them is root's alone. 4096, "
			"if absent.",
	},
	{
		.key = "containers-per-user",
		FIELD_NUMBER(struct config_limits, containers_per_user, 1, CONTAINERS_MOST),
		.help = "Containers at a time of one user, but for root. 64, if absent.",
	},
	{
		.key = "listeners-per-container",
		FIELD_NUMBER(struct config_limits, listeners_per_container, 1, 4096),
		.help = "Listeners at a time of one container: one for the container itself, and one "
			"for each command that is run in it. 256, if absent.",
	},
	{
		.key = "listeners-per-user",
		FIELD_NUMBER(struct config_limits, listeners_per_user, 1, LISTENERS_MAX),
		.help = "Listeners at a time of all containers of one user, but for root. 1024, if "
			"absent.",
	},
	{
		.key = "connections",
		FIELD_NUMBER(struct config_limits, connections, 1, CONNECTIONS_MOST),
		.help = "Connections, of all users, whose peer has not said yet what it wants. 512, if "
			"absent.",
	},
	{
		.key = "connections-per-user",
		FIELD_NUMBER(struct config_limits, connections_per_user, 1, CONNECTIONS_MOST),
		.help = "The same of one user, but for root. 32, if absent.",
	},
};

/* ---- 'debug' ---- */

static const struct schema debug_fields[] = {
	{
		.key = "resolver",
		FIELD_WORD(struct config, resolver, config_resolvers),
		.help = "How paths are opened for containers. ring: on io_uring. process: by deputies. "
			"auto: on io_uring where the kernel lets it be used.",
		.absent = "auto",
	},
	{
		.key = "executor",
		FIELD_WORD(struct config, executor, config_executors),
		.help = "How many calls of a container are worked on at a time. inline: one. threads: several, each with "
			"a thread. ring: several, and gets that wait have a ring for all. auto: as the calls before were.",
		.absent = "auto",
	},
};

/* ---- the file ---- */

static const struct schema revoked_key = {
	ENTRY_TEXT(1, PATH_MAX - 1),
	.check = check_revoked_key,
	.pattern = "^([0-9A-Fa-f]{8}|/\\S*)$",
};

static const struct schema config_fields[] = {
	{
		.key = "version",
		.type = SCHEMA_NUMBER,
		SCHEMA_RANGE(CONFIG_VERSION, CONFIG_VERSION),
		.is_required = true,
		.help = "The version of this format.",
	},
	{
		.key = "oci-socket",
		FIELD_MAPPING_INTO(struct config, oci, socket_fields),
		.help = "Where crun, runc, youki and those above them hand over containers; " CONFIG_OCI_SOCKET
			", if absent.",
	},
	{
		.key = "lxc-socket",
		FIELD_MAPPING_INTO(struct config, lxc, socket_fields),
		.help = "Where LXC hands over containers; " CONFIG_LXC_SOCKET ", if absent.",
	},
	{
		.key = "control-socket",
		FIELD_MAPPING_INTO(struct config, control, socket_fields),
		.help = "Where 'nsxattr status' and 'nsxattr reload' ask; " CONFIG_CONTROL_SOCKET
			", if absent.",
	},
	{
		.key = "policies",
		FIELD_TEXT(struct config, policies, 1, PATH_MAX - 1),
		.check = check_folder,
		.help = "The folder of the policies: NAME.yaml is the policy NAME. " CONFIG_POLICIES
			", if absent.",
		.pattern = "^/\\S*$",
	},
	{
		.key = "default-policy",
		FIELD_TEXT(struct config, default_policy, 1, POLICY_NAME_MAX),
		.check = check_policy_name,
		.help = "The policy of containers that name none and that no policy's 'match' fits: "
			"one of the folder, or built in.",
		.absent = "default",
		.pattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
	},
	{
		.key = "not-allowed",
		FIELD_WORD(struct config, refuses_not_allowed, answers),
		.help = "A user names a policy whose 'allow-users' does not have them. refuse: the "
			"container is refused. default: it gets the default policy.",
		.absent = "refuse",
	},
	{
		.key = "revoked-keys",
		FIELD_LIST(struct config, revoked_keys, revoked_key_count, revoked_key, 0,
			   REVOKED_KEYS_MAX),
		FIELD_LINE(struct config, revoked_keys_line),
		.is_unique = true,
		.help = "Keys by which no signature is valid, whatever policy has them ('integrity'): "
			"keyids, or files of certificates or public keys. SIGHUP reads them anew, "
			"and they count at once.",
	},
	{
		.key = "audit-log",
		FIELD_TEXT(struct config, audit_log, 1, PATH_MAX - 1),
		.check = check_audit_log,
		.help = "Where the records of changes go, of containers whose policy has 'audit'. journal: "
			"to systemd-journald. Or a file, which gets a line of JSON for each; SIGHUP has "
			"the daemon open it anew.",
		.absent = AUDIT_LOG_JOURNAL,
		.pattern = "^(/\\S*[^\\s/]|journal)$",
	},
	{
		.key = "limits",
		FIELD_MAPPING_INTO(struct config, limits, limits_fields),
		.help = "What peers can make the daemon hold.",
	},
	{
		.key = "patience",
		FIELD_NUMBER(struct config, patience, 1, KEEPER_PATIENCE_MAX),
		.help = "Seconds for which calls wait when no worker of the daemon can be had, before "
			"they fail with EIO. 60, if absent.",
	},
	{
		.key = "log",
		FIELD_WORD(struct config, log, logs),
		.help = "How much is logged. verbose: each request and what became of it. debug: "
			"each step.",
		.absent = "info",
	},
	{
		.key = "system-call-filter",
		FIELD_WORD(struct config, calls, config_call_filters),
		.help = "What becomes of a system call that the daemon is not known to need. enforce: "
			"the process that makes it is ended, and the log has its number. log: it is "
			"made, and the kernel's audit log has it. none: nothing.",
		.absent = "enforce",
	},
	{
		.key = "debug",
		FIELD_MAPPING(debug_fields),
		.help = "What tests and measurements force; otherwise the daemon chooses.",
	},
};

const struct schema config_schema = {
	.key = "a configuration",
	.title = "nsxattrd configuration",
	FIELD_MAPPING(config_fields),
	.help = "How nsxattrd runs. 'nsxattr check --config' has the last word on a file.",
};

/* ---- reading ---- */

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

int config_read_fd(int fd, struct config_file *ret_config, struct diagnostics *diagnostics)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	/* One byte more than it can have, so that a longer file is seen to be one. */
	int r = text_file_read_fd(fd, CONFIG_SIZE_MAX + 1, &text, &length);

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

int config_read(const char *path, struct config_file *ret_config, struct diagnostics *diagnostics)
{
	_cleanup_fd_ int fd = open(path ? path : CONFIG_PATH, TEXT_FILE_FLAGS);

	if (fd >= 0)
		return config_read_fd(fd, ret_config, diagnostics);
	if (errno != ENOENT || path)
		return -errno;
	*ret_config = (struct config_file){ .config = defaults };
	return CONFIG_LOADED;
}

void config_done(struct config_file *config)
{
	arena_done(&config->arena);
}
