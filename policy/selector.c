/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The globs are not those of fnmatch(3): '[' and '\' are plain characters here, a leading dot is
 * nothing special, and no locale has a say. A '*' is tried with as few characters as possible, and
 * with one more each time that the rest does not fit. Only the last '*' needs to be tried again: what
 * stands before it has been matched as early as it can be, which leaves most to the rest.
 */
#include "policy_selector.h"

#include <stddef.h>
#include <string.h>

#include "policy.h"

/* Return: what follows the first character. Continuation bytes belong to what they follow. */
static const char *skip_character(const char *text)
{
	do
		text++;
	while (((unsigned char)*text & 0xc0) == 0x80);
	return text;
}

bool selector_name_fits(const char *glob, const char *name)
{
	const char *behind_star = NULL; /* the last one */
	const char *retry = NULL; /* where in @name to try what is behind it next */

	while (*name != '\0' || *glob == '*') {
		if (*glob == '*') {
			behind_star = ++glob;
			retry = name;
		} else if (*glob == '?') {
			glob++;
			name = skip_character(name);
		} else if (*glob == *name) {
			glob++;
			name++;
		} else if (behind_star) {
			glob = behind_star;
			name = retry = skip_character(retry);
		} else {
			return false;
		}
	}
	return *glob == '\0';
}

static bool has_annotation(const struct policy_selector *selector,
			   const struct candidate *candidate)
{
	for (size_t i = 0; i < candidate->annotation_count; i++) {
		const struct annotation *annotation = &candidate->annotations[i];

		if (selector_name_fits(selector->annotation_key, annotation->key) &&
		    selector_name_fits(selector->annotation_value, annotation->value))
			return true;
	}
	return false;
}

static bool selector_fits(const struct policy_selector *selector, const struct candidate *candidate)
{
	if (selector->runtimes != 0 && (selector->runtimes & candidate->runtimes) == 0)
		return false;
	if (selector->name &&
	    !(candidate->name && selector_name_fits(selector->name, candidate->name)))
		return false;
	return !selector->annotation_key || has_annotation(selector, candidate);
}

bool policy_selects(const struct policy *policy, const struct candidate *candidate)
{
	for (size_t i = 0; i < policy->selector_count; i++)
		if (selector_fits(&policy->selectors[i], candidate))
			return true;
	return false;
}
