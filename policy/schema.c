/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each mapping is two tables with the same rows, libcyaml's and that of the notes.
 *
 * An enumeration whose first word has the value 0 needs no pointer: that word is what a file gets
 * that does not have the field.
 */
#include "schema.h"

#include <linux/limits.h>
#include <stddef.h>

#include "meaning.h"
#include "policy_schema.h"

/* The kernel keeps no value that is larger, and holds a list of names to the same bound. */
#define VALUE_SIZE_MAX XATTR_SIZE_MAX
#define ATTRIBUTES_PER_FILE_MAX 4096
#define IN_FLIGHT_MAX 4096
/* The last id is none. */
#define OWNER_MAX (UINT32_MAX - 1)

static const cyaml_strval_t schemes[] = {
	{ "kernel", SCHEME_KERNEL }, { "suffix", SCHEME_SUFFIX },
	{ "hide", SCHEME_HIDE },     { "deny", SCHEME_DENY },
	{ "host", SCHEME_HOST },     { "unsupported", SCHEME_UNSUPPORTED },
};

/* Those that make sense for names of any class, and without a list of values. */
static const cyaml_strval_t fallbacks[] = {
	{ "kernel", SCHEME_KERNEL },
	{ "hide", SCHEME_HIDE },
	{ "deny", SCHEME_DENY },
	{ "unsupported", SCHEME_UNSUPPORTED },
};

static const cyaml_strval_t inherits[] = {
	{ "chain", INHERIT_CHAIN },
	{ "none", INHERIT_NONE },
};

static const cyaml_strval_t limits[] = {
	{ "many", LIMIT_MANY },
	{ "one", LIMIT_ONE },
};

static const cyaml_strval_t modes[] = {
	{ "fast", MODE_FAST },
	{ "strict", MODE_STRICT },
};

static const cyaml_strval_t stores[] = {
	{ "security", STORE_SECURITY },
	{ "user", STORE_USER },
	{ "trusted", STORE_TRUSTED },
};

static const cyaml_strval_t runtimes[] = {
	{ "podman", RUNTIME_PODMAN }, { "crun", RUNTIME_CRUN }, { "runc", RUNTIME_RUNC },
	{ "lxc", RUNTIME_LXC },	      { "run", RUNTIME_RUN },
};

static const cyaml_strval_t permissions[] = {
	{ "deny", 0 },
	{ "allow", 1 },
};

/* ---- an entry of 'match' ---- */

enum { ANNOTATION_KEY, ANNOTATION_VALUE, ANNOTATION_END };

static const cyaml_schema_field_t annotation_fields[] = {
	[ANNOTATION_KEY] = CYAML_FIELD_STRING_PTR("key", FIELD_REQUIRED, struct annotation_text,
						  key, 1, POLICY_ANNOTATION_MAX),
	[ANNOTATION_VALUE] = CYAML_FIELD_STRING_PTR("value", FIELD_REQUIRED, struct annotation_text,
						    value, 0, POLICY_ANNOTATION_MAX),
	[ANNOTATION_END] = CYAML_FIELD_END,
};

static const struct schema_note annotation_notes[] = {
	[ANNOTATION_KEY] = {
		.help = "The annotation's key, such as io.kubernetes.cri.sandbox-namespace; '*' stands "
			"for any characters, '?' for one.",
	},
	[ANNOTATION_VALUE] = {
		.help = "The annotation's value; '*' and '?' as above.",
	},
};

enum { SELECTOR_RUNTIME, SELECTOR_NAME, SELECTOR_ANNOTATION, SELECTOR_END };

static const cyaml_schema_field_t selector_fields[] = {
	[SELECTOR_RUNTIME] =
		FIELD_WORDS("runtime", FIELD_OPTIONAL, struct selector_text, runtime, runtimes),
	[SELECTOR_NAME] = CYAML_FIELD_STRING_PTR("name", FIELD_OPTIONAL, struct selector_text, name,
						 1, NAME_MAX),
	[SELECTOR_ANNOTATION] = CYAML_FIELD_MAPPING(
		"annotation", FIELD_OPTIONAL, struct selector_text, annotation, annotation_fields),
	[SELECTOR_END] = CYAML_FIELD_END,
};

static const struct schema_note selector_notes[] = {
	[SELECTOR_RUNTIME] = {
		.help = "The runtimes that start the container; 'run' is nsxattr run. Any, if absent.",
		.is_unique = true,
	},
	[SELECTOR_NAME] = {
		.help = "The container's name; '*' stands for any characters, '?' for one. Any, if "
			"absent.",
		.pattern = "^[^/]+$",
		.hook = meaning_check_container,
	},
	[SELECTOR_ANNOTATION] = {
		.help = "An annotation that the container has, as its runtime tells it: its key and its "
			"value both fit. Any annotations, or none, if absent.",
	},
};

static const cyaml_schema_value_t selector_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct selector_text, selector_fields),
};

/* ---- an entry of 'attributes' ---- */

enum { RULE_NAME, RULE_SCHEME, RULE_INHERIT, RULE_LIMIT, RULE_VALUES, RULE_END };

static const cyaml_schema_value_t value_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, POLICY_VALUE_TEXT_MAX),
};

static const cyaml_schema_field_t rule_fields[] = {
	[RULE_NAME] = CYAML_FIELD_STRING_PTR("name", FIELD_REQUIRED, struct rule_text, name, 1,
					     XATTR_NAME_MAX),
	[RULE_SCHEME] = FIELD_WORD("scheme", FIELD_REQUIRED, struct rule_text, scheme, schemes),
	[RULE_INHERIT] =
		FIELD_WORD_PTR("inherit", FIELD_OPTIONAL, struct rule_text, inherit, inherits),
	[RULE_LIMIT] = FIELD_WORD("limit", FIELD_OPTIONAL, struct rule_text, limit, limits),
	[RULE_VALUES] = CYAML_FIELD_SEQUENCE("values", FIELD_OPTIONAL | CYAML_FLAG_POINTER,
					     struct rule_text, values, &value_schema, 1,
					     POLICY_VALUES_MAX),
	[RULE_END] = CYAML_FIELD_END,
};

static const struct schema_note rule_notes[] = {
	[RULE_NAME] = {
		.help = "An attribute's name, or a class and the beginning of a name with '*' behind "
			"it. Exact names beat those with '*', longer beginnings beat shorter ones.",
		.pattern = "^(security|trusted|user|system)\\.([^@*]+|[^@*]*\\*)$",
		.hook = meaning_check_name,
	},
	[RULE_SCHEME] = {
		.help = "kernel: the kernel's own behaviour. suffix: a value for each namespace. "
			"hide: not there, and not to be set. deny: to be read, not to be changed. "
			"unsupported: as where the file system has no such attributes. host: the "
			"host's own attribute, for the listed values.",
	},
	[RULE_INHERIT] = {
		.help = "What a get finds where the namespace has no value of its own. chain: that "
			"of the parent namespace, up to the host's; so for security.*, if absent. "
			"none: nothing; so for trusted.*, if absent.",
		.partner = "scheme",
		.partner_value = "suffix",
	},
	[RULE_LIMIT] = {
		.help = "How many namespaces may have a value on one inode, the host included.",
		.absent = "many",
		.partner = "scheme",
		.partner_value = "suffix",
	},
	[RULE_VALUES] = {
		.help = "The values that may be written: text, 0x and hexadecimal digits, or 0s and "
			"base64.",
		.partner = "scheme",
		.partner_value = "host",
		.is_needed = true,
		.is_unique = true,
		.hook = meaning_check_value,
	},
};

static const cyaml_schema_value_t rule_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_text, rule_fields),
};

/* ---- 'limits' ---- */

enum { LIMITS_ATTRIBUTES_PER_FILE, LIMITS_VALUE_SIZE, LIMITS_IN_FLIGHT, LIMITS_END };

static const cyaml_schema_field_t limits_fields[] = {
	[LIMITS_ATTRIBUTES_PER_FILE] = CYAML_FIELD_UINT("attributes-per-file", FIELD_OPTIONAL,
							struct limits_text, attributes_per_file),
	[LIMITS_VALUE_SIZE] =
		CYAML_FIELD_UINT("value-size", FIELD_OPTIONAL, struct limits_text, value_size),
	[LIMITS_IN_FLIGHT] =
		CYAML_FIELD_UINT("in-flight", FIELD_OPTIONAL, struct limits_text, in_flight),
	[LIMITS_END] = CYAML_FIELD_END,
};

static const struct schema_note limits_notes[] = {
	[LIMITS_ATTRIBUTES_PER_FILE] = {
		.help = "How many values a container may keep on one inode, those of its namespaces "
			"included.",
		.least = 1,
		.most = ATTRIBUTES_PER_FILE_MAX,
	},
	[LIMITS_VALUE_SIZE] = {
		.help = "Bytes of the longest value of its own that a namespace may set.",
		.least = 1,
		.most = VALUE_SIZE_MAX,
	},
	[LIMITS_IN_FLIGHT] = {
		.help = "Requests of the container that are worked on at a time.",
		.least = 1,
		.most = IN_FLIGHT_MAX,
	},
};

/* ---- the file ---- */

enum {
	POLICY_VERSION_NUMBER,
	POLICY_DESCRIPTION,
	POLICY_MATCH,
	POLICY_MODE,
	POLICY_STORE,
	POLICY_OWNER,
	POLICY_ATTRIBUTES,
	POLICY_DEFAULT,
	POLICY_LIMITS,
	POLICY_IO_URING,
	POLICY_ALLOW_USERS,
	POLICY_END,
};

static const cyaml_schema_value_t user_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, NAME_MAX),
};

static const cyaml_schema_field_t policy_fields[] = {
	[POLICY_VERSION_NUMBER] =
		CYAML_FIELD_UINT("version", FIELD_REQUIRED, struct policy_text, version),
	[POLICY_DESCRIPTION] = CYAML_FIELD_STRING_PTR("description", FIELD_OPTIONAL,
						      struct policy_text, description, 1,
						      POLICY_DESCRIPTION_MAX),
	[POLICY_MATCH] = CYAML_FIELD_SEQUENCE("match", FIELD_OPTIONAL | CYAML_FLAG_POINTER,
					      struct policy_text, match, &selector_schema, 1,
					      POLICY_SELECTORS_MAX),
	[POLICY_MODE] = FIELD_WORD("mode", FIELD_OPTIONAL, struct policy_text, mode, modes),
	[POLICY_STORE] = FIELD_WORD("store", FIELD_OPTIONAL, struct policy_text, store, stores),
	[POLICY_OWNER] = CYAML_FIELD_UINT("owner", FIELD_OPTIONAL, struct policy_text, owner),
	[POLICY_ATTRIBUTES] = CYAML_FIELD_SEQUENCE("attributes", CYAML_FLAG_POINTER,
						   struct policy_text, attributes, &rule_schema, 0,
						   POLICY_RULES_MAX),
	[POLICY_DEFAULT] =
		FIELD_WORD("default", FIELD_OPTIONAL, struct policy_text, fallback, fallbacks),
	[POLICY_LIMITS] = CYAML_FIELD_MAPPING("limits", FIELD_OPTIONAL, struct policy_text, limits,
					      limits_fields),
	[POLICY_IO_URING] = FIELD_WORD("io-uring-in-container", FIELD_OPTIONAL, struct policy_text,
				       allow_io_uring, permissions),
	[POLICY_ALLOW_USERS] = CYAML_FIELD_SEQUENCE(
		"allow-users", FIELD_OPTIONAL | CYAML_FLAG_POINTER, struct policy_text, allow_users,
		&user_schema, 1, POLICY_USERS_MAX),
	[POLICY_END] = CYAML_FIELD_END,
};

static const struct schema_note policy_notes[] = {
	[POLICY_VERSION_NUMBER] = {
		.help = "The version of this format.",
		.least = POLICY_VERSION,
		.most = POLICY_VERSION,
	},
	[POLICY_DESCRIPTION] = {
		.help = "What the policy is for, in a line.",
	},
	[POLICY_MATCH] = {
		.help = "The containers that the policy is for when their runtime names none. One "
			"entry has to fit, all of it.",
		.least = 1,
	},
	[POLICY_MODE] = {
		.help = "fast: what is left to the kernel goes back to the kernel, which checks it "
			"again. strict: never, the supervisor makes the call itself, so that no "
			"second thread can change the name after the check.",
		.absent = "fast",
		.hook = meaning_check_mode,
	},
	[POLICY_STORE] = {
		.help = "security: values lie in the class of their name, where only the host's root "
			"can change them. trusted: in trusted.nsxattr.*, which only the host's root "
			"can read, too. user: in user.nsxattr.*, on files and directories only; "
			"for a supervisor without privileges. It makes the mode strict.",
		.absent = "security",
	},
	[POLICY_OWNER] = {
		.help = "The number that stands for the container's root in stored names, whatever "
			"ids the container gets: for trees whose owners are changed each time. "
			"Containers of such a policy share their values. For root's containers only. "
			"If absent: its id on the host, or on the file system of an idmapped mount.",
		.least = 1,
		.most = OWNER_MAX,
	},
	[POLICY_ATTRIBUTES] = {
		.help = "What happens to which attribute. An empty list: 'default' to all.",
		.unique_key = "name",
		.hook = meaning_check_rule,
	},
	[POLICY_DEFAULT] = {
		.help = "The scheme of the names that no entry of 'attributes' is for.",
		.absent = "kernel",
	},
	[POLICY_LIMITS] = {
		.help = "What a container may take up.",
	},
	[POLICY_IO_URING] = {
		.help = "May the container make io_uring rings? Attribute calls on a ring are not "
			"seen by the supervisor.",
		.absent = "deny",
	},
	[POLICY_ALLOW_USERS] = {
		.help = "Who may choose the policy by name: names of users. Only root, if absent.",
		.pattern = "^[^:/\\s]+$",
		.is_unique = true,
		.hook = meaning_check_user,
	},
};

static const cyaml_schema_value_t policy_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct policy_text, policy_fields),
};

static const struct format_mapping mappings[] = {
	{ policy_fields, policy_notes, POLICY_END },
	{ selector_fields, selector_notes, SELECTOR_END },
	{ annotation_fields, annotation_notes, ANNOTATION_END },
	{ rule_fields, rule_notes, RULE_END },
	{ limits_fields, limits_notes, LIMITS_END },
};

const struct format policy_format = {
	.name = "a policy",
	.title = "nsxattr policy",
	.schema = &policy_schema,
	.note = {
		.help = "What nsxattr does with the extended attributes of a container. 'nsxattr "
			"check' has the last word on a file.",
	},
	.mappings = mappings,
	.mapping_count = CYAML_ARRAY_LEN(mappings),
};
