/* SPDX-License-Identifier: Apache-2.0 */
#include "meaning.h"

#include <linux/limits.h>
#include <string.h>

#include "count_of.h"
#include "name.h"
#include "policy.h"
#include "value_text.h"
#include "yaml/complaint.h"
#include "yaml/walk.h"

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

void meaning_check_name(struct schema_walk *walk, const struct schema_place *place)
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

void meaning_check_rule(struct schema_walk *walk, const struct schema_place *place)
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

void meaning_parse_value(struct schema_walk *walk, const struct schema_place *place)
{
	const char *text = place->node->text;
	size_t length = place->node->length;
	const char *fault = value_text_fault(text, length);
	struct attribute_value *value = schema_target(place);
	struct quoted_text quoted;

	if (fault) {
		schema_complain(walk, place->node, "%s cannot be %s: %s", place->key,
				quote_text(text, length, &quoted), fault);
		return;
	}
	char *bytes = schema_keep(walk, text, length);

	if (bytes)
		*value = (struct attribute_value){ bytes, value_text_decode(text, length, bytes) };
}

void meaning_check_mode(struct schema_walk *walk, const struct schema_place *place)
{
	if (tree_is_word(place->node, "fast") &&
	    tree_is_word(tree_find(place->mapping, "store"), "user"))
		schema_complain(walk, place->node,
				"mode cannot be 'fast' with 'store: user'; allowed: strict, which "
				"it is without the key");
}

/* @allowed: what it can be instead */
static void refuse_text(struct schema_walk *walk, const struct schema_place *place,
			const char *allowed)
{
	struct quoted_text quoted;

	schema_complain(walk, place->node, "%s cannot be %s; allowed: %s", place->key,
			quote_text(place->node->text, place->node->length, &quoted), allowed);
}

void meaning_check_container(struct schema_walk *walk, const struct schema_place *place)
{
	if (strchr(place->node->text, '/') || has_control(place->node->text))
		refuse_text(walk, place,
			    "a container's name, with '*' for any characters and '?' for one, "
			    "without '/'");
}

void meaning_check_user(struct schema_walk *walk, const struct schema_place *place)
{
	if (strpbrk(place->node->text, ":/ ") || has_control(place->node->text))
		refuse_text(walk, place, "names of users, without ':', '/' and blanks");
}
