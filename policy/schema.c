/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of policies: files are stored in struct policy and what it points to. What no table says
 * is in the hooks in front of them.
 */
#include <linux/limits.h>
#include <string.h>

#include "count_of.h"
#include "integrity_schema.h"
#include "name.h"
#include "policy.h"
#include "policy_file.h"
#include "value_text.h"
#include "yaml/complaint.h"
#include "yaml/walk.h"

#define POLICY_VERSION 1

/* What one file can hold. */
#define POLICY_RULES_MAX 512
#define POLICY_VALUES_MAX 64
#define POLICY_SELECTORS_MAX 64
#define POLICY_USERS_MAX 64
#define POLICY_DESCRIPTION_MAX 1024
#define POLICY_ANNOTATION_MAX 1024
/* The longest value in hexadecimal digits. */
#define POLICY_VALUE_TEXT_MAX (2 + 2 * HOST_VALUE_MAX)

/* The kernel keeps no value that is larger, and holds a list of names to the same bound. */
#define VALUE_SIZE_MAX XATTR_SIZE_MAX
#define ATTRIBUTES_PER_FILE_MAX 4096
#define IN_FLIGHT_MAX 4096
/* The last id is none. */
#define OWNER_MAX (UINT32_MAX - 1)

/* ---- mistakes that no table tells ---- */

/* The classes of xattr(7). */
static const char *const classes[] = { "security", "trusted", "user", "system" };

static bool is_class(const char *text, size_t length)
{
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (strlen(classes[i]) == length && memcmp(classes[i], text, length) == 0)
			return true;
	return false;
}

/** refuse_class() - say that a name is of no class, and which one it may have been meant to be of */
static void refuse_class(struct schema_walk *walk, const struct schema_place *place,
			 const char *name, size_t class_length)
{
	struct quoted_text begun, quoted;
	struct meant_text suggestion;
	char word[16] = "";
	struct spelling spelling = { .word = word };

	if (class_length < sizeof(word))
		memcpy(word, name, class_length);
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		spelling_offer(&spelling, classes[i]);
	schema_complain(
		walk, place->node,
		"%s cannot be %s: %s is no class; allowed: security, trusted, user, system%s",
		place->key, quote_text(name, strlen(name), &quoted),
		quote_text(name, class_length, &begun), suggest(&spelling, &suggestion));
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* Return: what is wrong with a name of a known class, and what is allowed; NULL: nothing. */
static const char *find_fault(const char *name)
{
	const char *star = strchr(name, '*');

	if (strchr(name, '@'))
		return "has an '@', which is what tells one namespace's value from another's; "
		       "allowed: the name as the container says it";
	if (star && star[1] != '\0')
		return "has a '*' that is not its last character; allowed: one, at the end";
	if (strchr(name, '.')[1] == '\0')
		return "is a class alone; allowed: a name in it, or all of it with '*' at the end";
	if (has_control(name))
		return "has a control character in it; allowed: names without";
	if (name_is_below_store(STORE_USER, name, strlen(name)))
		return "is where 'store: user' keeps its values, which nothing inside can reach; "
		       "allowed: other names";
	if (name_is_below_store(STORE_TRUSTED, name, strlen(name)))
		return "is where 'store: trusted' keeps its values, which nothing inside can "
		       "reach; allowed: other names";
	return NULL;
}

/* An attribute's name, or a class and a glob in it. */
static void check_name(struct schema_walk *walk, const struct schema_place *place)
{
	const char *name = place->node->text;
	size_t class_length = strcspn(name, ".");
	struct quoted_text quoted;

	quote_text(name, strlen(name), &quoted);
	if (strcmp(name, "*") == 0) {
		schema_complain(walk, place->node,
				"%s cannot be '*'; allowed: a class and '*', as in security.*; the "
				"key 'default' is for all other names",
				place->key);
	} else if (name[class_length] != '.' && is_class(name, class_length)) {
		schema_complain(walk, place->node,
				"%s cannot be %s, a class alone; allowed: %s.NAME or %s.*",
				place->key, quoted.text, name, name);
	} else if (name[class_length] != '.' || !is_class(name, class_length)) {
		refuse_class(walk, place, name, class_length);
	} else if (find_fault(name)) {
		schema_complain(walk, place->node, "%s cannot be %s: it %s", place->key,
				quoted.text, find_fault(name));
	}
}

/* Of the classes that need no privilege. */
static bool is_unprivileged(const char *name)
{
	return name_has_prefix(name, strlen(name), "user.") ||
	       name_has_prefix(name, strlen(name), "system.");
}

/* Does its scheme go with its name? Who inherits if it does not say? */
static void check_rule(struct schema_walk *walk, const struct schema_place *place)
{
	const struct tree_node *name = tree_find(place->node, "name");
	const struct tree_node *scheme = tree_find(place->node, "scheme");
	struct rule *rule = schema_target(place);

	if (!name || !name->text)
		return;
	if (is_unprivileged(name->text) &&
	    (tree_is_word(scheme, "suffix") || tree_is_word(scheme, "host")))
		schema_complain(
			walk, scheme,
			"scheme cannot be '%s' for names that begin with '%.*s.'; allowed: "
			"kernel, hide, deny, unsupported; or a name of security.* or trusted.*",
			scheme->text, (int)strcspn(name->text, "."), name->text);
	/* Reading security.* needs no privilege, so the host's values are no secret; trusted.* are. */
	if (rule->scheme == SCHEME_SUFFIX && !tree_find(place->node, "inherit"))
		rule->inherit = name_is_trusted(name->text, name->length) ? INHERIT_NONE :
									    INHERIT_CHAIN;
}

static void parse_value(struct schema_walk *walk, const struct schema_place *place)
{
	const char *text = place->node->text;
	size_t length = place->node->length;
	char *bytes = schema_keep(walk, text, length);
	struct attribute_value *value = schema_target(place);
	struct quoted_text quoted;

	if (!bytes)
		return;
	const char *fault = value_text_decode(text, length, bytes, &value->length);

	value->bytes = bytes;
	if (fault)
		schema_complain(walk, place->node, "%s cannot be %s: %s", place->key,
				quote_text(text, length, &quoted), fault);
}

/* Does it go with the store? */
static void check_mode(struct schema_walk *walk, const struct schema_place *place)
{
	if (tree_is_word(place->node, "fast") &&
	    tree_is_word(tree_find(place->mapping, "store"), "user"))
		schema_complain(walk, place->node,
				"mode cannot be 'fast' with 'store: user'; allowed: strict, which "
				"it is without the key");
}

static void check_container(struct schema_walk *walk, const struct schema_place *place)
{
	if (strchr(place->node->text, '/') || has_control(place->node->text))
		schema_refuse(walk, place,
			      "a container's name, with '*' for any characters and '?' for one, "
			      "without '/'");
}

static void check_user(struct schema_walk *walk, const struct schema_place *place)
{
	if (strpbrk(place->node->text, ":/ ") || has_control(place->node->text))
		schema_refuse(walk, place, "names of users, without ':', '/' and blanks");
}

/* ---- words ---- */

static const struct schema_word schemes[] = {
	{ "kernel", SCHEME_KERNEL }, { "suffix", SCHEME_SUFFIX },
	{ "hide", SCHEME_HIDE },     { "deny", SCHEME_DENY },
	{ "host", SCHEME_HOST },     { "unsupported", SCHEME_UNSUPPORTED },
};

/* Those that make sense for names of any class, and without a list of values. */
static const struct schema_word fallbacks[] = { { "kernel", SCHEME_KERNEL },
						{ "hide", SCHEME_HIDE },
						{ "deny", SCHEME_DENY },
						{ "unsupported", SCHEME_UNSUPPORTED } };

static const struct schema_word inherits[] = { { "chain", INHERIT_CHAIN },
					       { "none", INHERIT_NONE } };
static const struct schema_word limits[] = { { "many", LIMIT_MANY }, { "one", LIMIT_ONE } };
static const struct schema_word modes[] = { { "fast", MODE_FAST }, { "strict", MODE_STRICT } };
static const struct schema_word stores[] = { { "security", STORE_SECURITY },
					     { "user", STORE_USER },
					     { "trusted", STORE_TRUSTED } };

static const struct schema_word audits[] = { { "off", AUDIT_OFF },
					     { "refusals", AUDIT_REFUSALS },
					     { "changes", AUDIT_CHANGES } };

static const struct schema_word runtimes[] = {
	{ "podman", RUNTIME_PODMAN }, { "crun", RUNTIME_CRUN }, { "runc", RUNTIME_RUNC },
	{ "lxc", RUNTIME_LXC },	      { "run", RUNTIME_RUN },
};

static const struct schema_word permissions[] = { { "deny", false }, { "allow", true } };

const char *scheme_word(enum scheme scheme)
{
	return schema_word_text(schemes, COUNT_OF(schemes), scheme);
}

const char *store_word(enum store store)
{
	return schema_word_text(stores, COUNT_OF(stores), store);
}

const char *audit_word(enum audit_extent extent)
{
	return schema_word_text(audits, COUNT_OF(audits), extent);
}

/* ---- an entry of 'match' ---- */

static const struct schema annotation_fields[] = {
	{
		.key = "key",
		FIELD_TEXT(struct policy_selector, annotation_key, 1, POLICY_ANNOTATION_MAX),
		.is_required = true,
		.help = "The annotation's key, such as io.kubernetes.cri.sandbox-namespace; '*' stands "
			"for any characters, '?' for one.",
	},
	{
		.key = "value",
		FIELD_TEXT(struct policy_selector, annotation_value, 0, POLICY_ANNOTATION_MAX),
		.is_required = true,
		.help = "The annotation's value; '*' and '?' as above.",
	},
};

static const struct schema selector_fields[] = {
	{
		.key = "runtime",
		FIELD_WORDS(struct policy_selector, runtimes, runtimes),
		.help = "The runtimes that start the container; 'run' is nsxattr run. Any, if absent.",
	},
	{
		.key = "name",
		FIELD_TEXT(struct policy_selector, name, 1, NAME_MAX),
		.check = check_container,
		.help = "The container's name; '*' stands for any characters, '?' for one. Any, if "
			"absent.",
		.pattern = "^[^/]+$",
	},
	{
		.key = "annotation",
		FIELD_MAPPING(annotation_fields),
		.help = "An annotation that the container has, as its runtime tells it: its key and its "
			"value both fit. Any annotations, or none, if absent.",
	},
};

static const struct schema selector = { FIELD_MAPPING(selector_fields), .least = 1 };

/* ---- an entry of 'attributes' ---- */

static const struct schema value = {
	ENTRY_TEXT(0, POLICY_VALUE_TEXT_MAX),
	.parse = parse_value,
};

static const struct schema rule_fields[] = {
	{
		.key = "name",
		FIELD_TEXT(struct rule, pattern, 1, XATTR_NAME_MAX),
		FIELD_LINE(struct rule, line),
		.is_required = true,
		.check = check_name,
		.help = "An attribute's name, or a class and the beginning of a name with '*' behind "
			"it. Exact names beat those with '*', longer beginnings beat shorter ones.",
		.pattern = "^(security|trusted|user|system)\\.([^@*]+|[^@*]*\\*)$",
	},
	{
		.key = "scheme",
		FIELD_WORD(struct rule, scheme, schemes),
		.is_required = true,
		.help = "kernel: the kernel's own behaviour. suffix: a value for each namespace. "
			"hide: not there, and not to be set. deny: to be read, not to be changed. "
			"unsupported: as where the file system has no such attributes. host: the "
			"host's own attribute, for the listed values.",
	},
	{
		.key = "inherit",
		FIELD_WORD(struct rule, inherit, inherits),
		.partner = "scheme",
		.partner_value = "suffix",
		.help = "What a get finds where the namespace has no value of its own. chain: that "
			"of the parent namespace, up to the host's; so for security.*, if absent. "
			"none: nothing; so for trusted.*, if absent.",
	},
	{
		.key = "limit",
		FIELD_WORD(struct rule, limit, limits),
		.partner = "scheme",
		.partner_value = "suffix",
		.help = "How many namespaces may have a value on one inode, the host included.",
		.absent = "many",
	},
	{
		.key = "values",
		FIELD_LIST(struct rule, values, value_count, value, 1, POLICY_VALUES_MAX),
		.is_unique = true,
		.partner = "scheme",
		.partner_value = "host",
		.is_needed = true,
		.help = "The values that may be written: text, 0x and hexadecimal digits, or 0s and "
			"base64.",
	},
};

static const struct schema rule = { FIELD_MAPPING(rule_fields), .check = check_rule };

/* ---- the file ---- */

static const struct schema limits_fields[] = {
	{
		.key = "attributes-per-file",
		FIELD_NUMBER(struct policy, attributes_per_file, 1, ATTRIBUTES_PER_FILE_MAX),
		.help = "How many values a container may keep on one inode, those of its namespaces "
			"included.",
	},
	{
		.key = "value-size",
		FIELD_NUMBER(struct policy, value_size, 1, VALUE_SIZE_MAX),
		.help = "Bytes of the longest value of its own that a namespace may set.",
	},
	{
		.key = "in-flight",
		FIELD_NUMBER(struct policy, in_flight, 1, IN_FLIGHT_MAX),
		.help = "Requests of the container that are worked on at a time.",
	},
};

static const struct schema user = {
	ENTRY_TEXT(1, NAME_MAX),
	.check = check_user,
	.pattern = "^[^:/\\s]+$",
};

static const struct schema policy_fields[] = {
	{
		.key = "version",
		.type = SCHEMA_NUMBER,
		SCHEMA_RANGE(POLICY_VERSION, POLICY_VERSION),
		.is_required = true,
		.help = "The version of this format.",
	},
	{
		.key = "description",
		FIELD_TEXT(struct policy, description, 1, POLICY_DESCRIPTION_MAX),
		.help = "What the policy is for, in a line.",
	},
	{
		.key = "match",
		FIELD_LIST(struct policy, selectors, selector_count, selector, 1,
			   POLICY_SELECTORS_MAX),
		.help = "The containers that the policy is for when their runtime names none. One "
			"entry has to fit, all of it.",
	},
	{
		.key = "mode",
		FIELD_WORD(struct policy, mode, modes),
		.check = check_mode,
		.help = "fast: what is left to the kernel goes back to the kernel, which checks it "
			"again. strict: never, the supervisor makes the call itself, so that no "
			"second thread can change the name after the check.",
		.absent = "fast",
	},
	{
		.key = "store",
		FIELD_WORD(struct policy, store, stores),
		.help = "security: values lie in the class of their name, where only the host's root "
			"can change them. trusted: in trusted.nsxattr.*, which only the host's root "
			"can read, too. user: in user.nsxattr.*, on files and directories only; "
			"for a supervisor without privileges. It makes the mode strict.",
		.absent = "security",
	},
	{
		.key = "owner",
		FIELD_NUMBER(struct policy, owner, 1, OWNER_MAX),
		.help = "The number that stands for the container's root in stored names, whatever "
			"ids the container gets: for trees whose owners are changed each time. "
			"Containers of such a policy share their values. For root's containers only. "
			"If absent: its id on the host, or on the file system of an idmapped mount.",
	},
	{
		.key = "attributes",
		FIELD_LIST(struct policy, rules, rule_count, rule, 0, POLICY_RULES_MAX),
		.is_required = true,
		.unique_key = "name",
		.help = "What happens to which attribute. An empty list: 'default' to all.",
	},
	{
		.key = "default",
		FIELD_WORD(struct policy, fallback.scheme, fallbacks),
		FIELD_LINE(struct policy, fallback.line),
		.help = "The scheme of the names that no entry of 'attributes' is for.",
		.absent = "kernel",
	},
	{
		.key = "limits",
		FIELD_MAPPING(limits_fields),
		.help = "What a container may take up.",
	},
	{
		.key = "io-uring-in-container",
		FIELD_WORD(struct policy, allow_io_uring, permissions),
		.help = "May the container make io_uring rings? Attribute calls on a ring are not "
			"seen by the supervisor.",
		.absent = "deny",
	},
	{
		.key = "audit",
		FIELD_WORD(struct policy, audit, audits),
		.help = "Of which sets and removes of the container a record is kept, where 'audit-log' "
			"says. refusals: of those that nsxattr refuses. changes: of all that nsxattr "
			"answers, and so of none that is left to the kernel.",
		.absent = "off",
	},
	{
		.key = "integrity",
		FIELD_MAPPING_INTO(struct policy, integrity, integrity_fields),
		.check = check_integrity,
		.help = "What the container may execute and map executable, by its own keys and "
			"security.ima as it sees it. For root's containers only.",
	},
	{
		.key = "allow-users",
		FIELD_LIST(struct policy, allow_users, allow_user_count, user, 1, POLICY_USERS_MAX),
		.is_unique = true,
		.help = "Who may choose the policy by name: names of users. Only root, if absent.",
	},
};

const struct schema policy_schema = {
	.key = "a policy",
	.title = "nsxattr policy",
	FIELD_MAPPING(policy_fields),
	.help = "What nsxattr does with the extended attributes of a container. 'nsxattr check' has "
		"the last word on a file.",
};
