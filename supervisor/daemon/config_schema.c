/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the daemon's settings, as those of policies in policy/schema.c: two for each mapping,
 * with the same rows.
 */
#include "daemon/config_schema.h"

#include <linux/limits.h>
#include <stddef.h>
#include <string.h>

#include "base/unix_socket.h"
#include "daemon/policies.h"
#include "daemon/registry.h"
#include "keep/engine.h"
#include "keep/keeper.h"

#define CONTAINERS_MOST ENGINE_CONTAINERS_MAX
#define CONNECTIONS_MOST 4096

static const cyaml_strval_t logs[] = {
	{ "info", CONFIG_LOG_INFO },
	{ "verbose", CONFIG_LOG_VERBOSE },
	{ "debug", CONFIG_LOG_DEBUG },
};

static const cyaml_strval_t resolvers[] = {
	{ "auto", CONFIG_RESOLVER_AUTO },
	{ "ring", CONFIG_RESOLVER_RING },
	{ "process", CONFIG_RESOLVER_PROCESS },
};

static const cyaml_strval_t call_filters[] = {
	{ "enforce", CONFIG_CALLS_ENFORCE },
	{ "log", CONFIG_CALLS_LOG },
	{ "none", CONFIG_CALLS_NONE },
};

static const cyaml_strval_t answers[] = {
	{ "refuse", 0 },
	{ "default", 1 },
};

/* ---- what no table tells ---- */

static void refuse(struct schema_walk *walk, const struct schema_place *place, const char *allowed)
{
	const char *text = schema_text(place->node);
	struct quoted_text quoted;

	schema_complain(walk, place->node, "%s cannot be %s; allowed: %s", place->key,
			quote_text(text, strlen(text), &quoted), allowed);
}

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

static void check_socket_path(struct schema_walk *walk, const struct schema_place *place)
{
	const char *path = schema_text(place->node);

	if (strcmp(path, CONFIG_NO_SOCKET) == 0)
		return;
	if (!is_folder(path) || path[strlen(path) - 1] == '/')
		refuse(walk, place,
		       "an absolute path without blanks, or the word " CONFIG_NO_SOCKET);
}

static void check_folder(struct schema_walk *walk, const struct schema_place *place)
{
	if (!is_folder(schema_text(place->node)))
		refuse(walk, place, "the absolute path of a folder, without blanks");
}

static void check_mode(struct schema_walk *walk, const struct schema_place *place)
{
	const char *mode = schema_text(place->node);
	size_t length = strlen(mode);

	if (strspn(mode, "01234567") != length || (length == 4 && mode[0] != '0'))
		refuse(walk, place, "permissions in octal, as in 0660");
}

static void check_group(struct schema_walk *walk, const struct schema_place *place)
{
	const char *group = schema_text(place->node);

	if (strpbrk(group, ":/") || !is_printable(group))
		refuse(walk, place, "a group's name, without ':', '/' and blanks, or its number");
}

static void check_policy_name(struct schema_walk *walk, const struct schema_place *place)
{
	if (!policy_name_is_sane(schema_text(place->node)))
		refuse(walk, place, POLICY_NAME_RULE);
}

/* ---- a socket ---- */

enum { SOCKET_PATH, SOCKET_MODE, SOCKET_GROUP, SOCKET_END };

static const cyaml_schema_field_t socket_fields[] = {
	[SOCKET_PATH] = CYAML_FIELD_STRING_PTR("path", FIELD_OPTIONAL, struct socket_text, path, 1,
					       UNIX_SOCKET_PATH_SIZE - 1),
	[SOCKET_MODE] =
		CYAML_FIELD_STRING_PTR("mode", FIELD_OPTIONAL, struct socket_text, mode, 3, 4),
	[SOCKET_GROUP] = CYAML_FIELD_STRING_PTR("group", FIELD_OPTIONAL, struct socket_text, group,
						1, NAME_MAX),
	[SOCKET_END] = CYAML_FIELD_END,
};

static const struct schema_note socket_notes[] = {
	[SOCKET_PATH] = {
		.help = "Where the socket is, or none: it is not there.",
		.pattern = "^(/\\S*[^\\s/]|none)$",
		.hook = check_socket_path,
	},
	[SOCKET_MODE] = {
		.help = "Who may connect: whoever has write permission. 0666, everybody, if absent: "
			"the daemon asks the kernel who it is.",
		.pattern = "^0?[0-7]{3}$",
		.hook = check_mode,
	},
	[SOCKET_GROUP] = {
		.help = "The group that the socket belongs to, by name or number. The daemon's own, "
			"if absent.",
		.pattern = "^[^:/\\s]+$",
		.hook = check_group,
	},
};

/* ---- 'limits' ---- */

enum {
	LIMITS_CONTAINERS,
	LIMITS_CONTAINERS_PER_USER,
	LIMITS_LISTENERS,
	LIMITS_LISTENERS_PER_USER,
	LIMITS_CONNECTIONS,
	LIMITS_CONNECTIONS_PER_USER,
	LIMITS_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	[LIMITS_CONTAINERS] = CYAML_FIELD_UINT("containers", FIELD_OPTIONAL,
					       struct config_limits_text, containers),
	[LIMITS_CONTAINERS_PER_USER] = CYAML_FIELD_UINT("containers-per-user", FIELD_OPTIONAL,
							struct config_limits_text,
							containers_per_user),
	[LIMITS_LISTENERS] = CYAML_FIELD_UINT("listeners-per-container", FIELD_OPTIONAL,
					      struct config_limits_text, listeners_per_container),
	[LIMITS_LISTENERS_PER_USER] = CYAML_FIELD_UINT("listeners-per-user", FIELD_OPTIONAL,
						       struct config_limits_text,
						       listeners_per_user),
	[LIMITS_CONNECTIONS] = CYAML_FIELD_UINT("connections", FIELD_OPTIONAL,
						struct config_limits_text, connections),
	[LIMITS_CONNECTIONS_PER_USER] = CYAML_FIELD_UINT("connections-per-user", FIELD_OPTIONAL,
							 struct config_limits_text,
							 connections_per_user),
	[LIMITS_END] = CYAML_FIELD_END,
};

static const struct schema_note limits_notes[] = {
	[LIMITS_CONTAINERS] = {
		.help = "Containers at a time, of all users. A quarter of them is root's alone. 4096, "
			"if absent.",
		.least = 1,
		.most = CONTAINERS_MOST,
	},
	[LIMITS_CONTAINERS_PER_USER] = {
		.help = "Containers at a time of one user, but for root. 64, if absent.",
		.least = 1,
		.most = CONTAINERS_MOST,
	},
	[LIMITS_LISTENERS] = {
		.help = "Listeners at a time of one container: one for the container itself, and one "
			"for each command that is run in it. 256, if absent.",
		.least = 1,
		.most = 4096,
	},
	[LIMITS_LISTENERS_PER_USER] = {
		.help = "Listeners at a time of all containers of one user, but for root. 1024, if "
			"absent.",
		.least = 1,
		.most = LISTENERS_MAX,
	},
	[LIMITS_CONNECTIONS] = {
		.help = "Peers, of all users, that have connected and not said yet what for. 512, if "
			"absent.",
		.least = 1,
		.most = CONNECTIONS_MOST,
	},
	[LIMITS_CONNECTIONS_PER_USER] = {
		.help = "The same of one user, but for root. 32, if absent.",
		.least = 1,
		.most = CONNECTIONS_MOST,
	},
};

/* ---- the file ---- */

enum {
	CONFIG_VERSION_NUMBER,
	CONFIG_OCI_SOCKET,
	CONFIG_LXC_SOCKET,
	CONFIG_CONTROL_SOCKET,
	CONFIG_POLICIES,
	CONFIG_DEFAULT_POLICY,
	CONFIG_NOT_ALLOWED,
	CONFIG_LIMITS,
	CONFIG_PATIENCE,
	CONFIG_LOG,
	CONFIG_RESOLVER,
	CONFIG_CALLS,
	CONFIG_END,
};

static const cyaml_schema_field_t config_fields[] = {
	[CONFIG_VERSION_NUMBER] =
		CYAML_FIELD_UINT("version", FIELD_REQUIRED, struct config_text, version),
	[CONFIG_OCI_SOCKET] = CYAML_FIELD_MAPPING("oci-socket", FIELD_OPTIONAL, struct config_text,
						  oci, socket_fields),
	[CONFIG_LXC_SOCKET] = CYAML_FIELD_MAPPING("lxc-socket", FIELD_OPTIONAL, struct config_text,
						  lxc, socket_fields),
	[CONFIG_CONTROL_SOCKET] = CYAML_FIELD_MAPPING("control-socket", FIELD_OPTIONAL,
						      struct config_text, control, socket_fields),
	[CONFIG_POLICIES] = CYAML_FIELD_STRING_PTR("policies", FIELD_OPTIONAL, struct config_text,
						   policies, 1, PATH_MAX - 1),
	[CONFIG_DEFAULT_POLICY] = CYAML_FIELD_STRING_PTR("default-policy", FIELD_OPTIONAL,
							 struct config_text, default_policy, 1,
							 POLICY_NAME_MAX),
	[CONFIG_NOT_ALLOWED] = FIELD_WORD("not-allowed", FIELD_OPTIONAL, struct config_text,
					  gives_default, answers),
	[CONFIG_LIMITS] = CYAML_FIELD_MAPPING("limits", FIELD_OPTIONAL, struct config_text, limits,
					      limits_fields),
	[CONFIG_PATIENCE] =
		CYAML_FIELD_UINT("patience", FIELD_OPTIONAL, struct config_text, patience),
	[CONFIG_LOG] = FIELD_WORD("log", FIELD_OPTIONAL, struct config_text, log, logs),
	[CONFIG_RESOLVER] =
		FIELD_WORD("resolver", FIELD_OPTIONAL, struct config_text, resolver, resolvers),
	[CONFIG_CALLS] = FIELD_WORD("system-call-filter", FIELD_OPTIONAL, struct config_text, calls,
				    call_filters),
	[CONFIG_END] = CYAML_FIELD_END,
};

static const struct schema_note config_notes[] = {
	[CONFIG_VERSION_NUMBER] = {
		.help = "The version of this format.",
		.least = CONFIG_VERSION,
		.most = CONFIG_VERSION,
	},
	[CONFIG_OCI_SOCKET] = {
		.help = "Where crun, runc, youki and those above them hand over containers; "
			"/run/nsxattr/oci.sock, if absent.",
	},
	[CONFIG_LXC_SOCKET] = {
		.help = "Where LXC hands over containers; /run/nsxattr/lxc.sock, if absent.",
	},
	[CONFIG_CONTROL_SOCKET] = {
		.help = "Where 'nsxattr status' and 'nsxattr reload' ask; /run/nsxattr/control.sock, "
			"if absent.",
	},
	[CONFIG_POLICIES] = {
		.help = "The folder of the policies: NAME.yaml is the policy NAME. "
			"/etc/nsxattr/policies, if absent.",
		.pattern = "^/\\S*$",
		.hook = check_folder,
	},
	[CONFIG_DEFAULT_POLICY] = {
		.help = "The policy of containers that name none and that no policy's 'match' fits: "
			"one of the folder, or built in.",
		.absent = "default",
		.pattern = "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
		.hook = check_policy_name,
	},
	[CONFIG_NOT_ALLOWED] = {
		.help = "A user names a policy whose 'allow-users' does not have them. refuse: the "
			"container is refused. default: it gets the default policy.",
		.absent = "refuse",
	},
	[CONFIG_LIMITS] = {
		.help = "What peers can make the daemon hold.",
	},
	[CONFIG_PATIENCE] = {
		.help = "Seconds for which calls wait when no worker of the daemon can be had, before "
			"they fail with EIO. 60, if absent.",
		.least = 1,
		.most = KEEPER_PATIENCE_MAX,
	},
	[CONFIG_LOG] = {
		.help = "How much is logged. verbose: each request and what became of it. debug: "
			"each step.",
		.absent = "info",
	},
	[CONFIG_RESOLVER] = {
		.help = "How paths are opened for containers. ring: on io_uring. process: through "
			"helper processes. auto: on io_uring where it is available.",
		.absent = "auto",
	},
	[CONFIG_CALLS] = {
		.help = "What becomes of a system call that the daemon is not known to need. enforce: "
			"the process that makes it is ended, and the log has its number. log: it is "
			"made, and the kernel's audit log has it. none: nothing.",
		.absent = "enforce",
	},
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_text, config_fields),
};

static const struct format_mapping mappings[] = {
	{ config_fields, config_notes, CONFIG_END },
	{ socket_fields, socket_notes, SOCKET_END },
	{ limits_fields, limits_notes, LIMITS_END },
};

const struct format config_format = {
	.name = "a configuration",
	.title = "nsxattrd configuration",
	.schema = &config_schema,
	.note = {
		.help = "How nsxattrd runs. 'nsxattr check --config' has the last word on a file.",
	},
	.mappings = mappings,
	.mapping_count = CYAML_ARRAY_LEN(mappings),
};
