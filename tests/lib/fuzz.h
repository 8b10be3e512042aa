/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_FUZZ_H
#define NSXATTR_TESTS_FUZZ_H

/*
 * What the fuzz targets share. The inputs of access and view are text, so that a corpus can be read
 * and written by people:
 *
 *	d a		the policy, see scenario_policy(); 'a' and 'f': CAP_SYS_ADMIN, CAP_SETFCAP;
 *			'i': on a mount that is idmapped as the outermost namespace; 'o': with an owner
 *	0 100000 65536	the uid_map of a namespace, in the numbers of the host, as many lines as it has
 *	-		its end; more namespaces may follow, each below the one before
 *	=		the names follow, one a line
 *	security.ima
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulated.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(), which a build may leave out. */
#define require(condition)                                                                      \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/** struct cursor - text that is left */
struct cursor {
	const char *at;
	const char *end;
};

/** next_line() - cut a line off. Return: false at the end. */
static inline bool next_line(struct cursor *text, struct cursor *ret_line)
{
	const char *newline;

	if (text->at == text->end)
		return false;
	newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
	*ret_line = (struct cursor){ text->at, newline ? newline : text->end };
	text->at = newline ? newline + 1 : text->end;
	return true;
}

static inline bool line_is(const struct cursor *line, char only)
{
	return line->end - line->at == 1 && *line->at == only;
}

static inline bool line_has(const struct cursor *line, char byte)
{
	return line->at < line->end && memchr(line->at, byte, (size_t)(line->end - line->at));
}

#define SCENARIO_LEVELS 4

/** struct scenario - a chain of namespaces, the last one the subject's, and its policy */
struct scenario {
	const struct policy *policy;
	struct user_namespace levels[SCENARIO_LEVELS + 1]; /* the host first */
	size_t level_count;
	struct naming naming; /* of the subject */
	struct subject subject;
	struct cursor names;
};

/* The numbers of the first namespace below the host, of the file system's or counted from an owner. */
static inline struct naming scenario_naming(const struct scenario *scenario,
					    const struct cursor *options)
{
	const struct id_map *uids = &scenario->levels[1].uids;

	if (scenario->level_count < 2)
		return (struct naming){ 0 };
	if (line_has(options, 'o'))
		return (struct naming){ .range = uids, .owner = 1000000 };
	return (struct naming){ .mount = line_has(options, 'i') ? uids : NULL };
}

/** scenario_policy() - 'k': kernel; 'm': each scheme; 'u', 't': the same in another store; else default */
static inline const struct policy *scenario_policy(const struct cursor *options)
{
	static const struct rule mixed_rules[] = {
		{ .pattern = "security.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_NONE },
		{ .pattern = "security.c*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
		{ .pattern = "security.d*", .scheme = SCHEME_DENY },
		{ .pattern = "security.h*", .scheme = SCHEME_HIDE },
		{ .pattern = "security.u*", .scheme = SCHEME_UNSUPPORTED },
		{ .pattern = "security.kernel", .scheme = SCHEME_KERNEL },
		{ .pattern = "trusted.*", .scheme = SCHEME_SUFFIX, .inherit = INHERIT_CHAIN },
		{ .pattern = "trusted.k*", .scheme = SCHEME_KERNEL },
		{ .pattern = "trusted.l*", .scheme = SCHEME_HOST },
	};
	static const struct policy mixed = {
		.name = "mixed",
		.rules = mixed_rules,
		.rule_count = sizeof(mixed_rules) / sizeof(mixed_rules[0]),
		.fallback = { .pattern = "*", .scheme = SCHEME_KERNEL },
	};
	static const struct policy in_user_store = {
		.name = "in the user store",
		.rules = mixed_rules,
		.rule_count = sizeof(mixed_rules) / sizeof(mixed_rules[0]),
		.fallback = { .pattern = "*", .scheme = SCHEME_KERNEL },
		.store = STORE_USER,
	};
	static const struct policy in_trusted_store = {
		.name = "in the trusted store",
		.rules = mixed_rules,
		.rule_count = sizeof(mixed_rules) / sizeof(mixed_rules[0]),
		.fallback = { .pattern = "*", .scheme = SCHEME_KERNEL },
		.store = STORE_TRUSTED,
	};

	if (line_has(options, 'k'))
		return policy_builtin("kernel");
	if (line_has(options, 'u'))
		return &in_user_store;
	if (line_has(options, 't'))
		return &in_trusted_store;
	return line_has(options, 'm') ? &mixed : policy_builtin("default");
}

static inline bool extents_overlap(uint32_t first, uint32_t first_count, uint32_t second,
				   uint32_t second_count)
{
	return first < second + (uint64_t)second_count && second < first + (uint64_t)first_count;
}

/** map_is_injective() - does each id have one number on either side? The kernel accepts no others. */
static inline bool map_is_injective(const struct id_map *map)
{
	for (unsigned int i = 0; i < map->count; i++) {
		for (unsigned int j = 0; j < i; j++) {
			const struct id_extent *a = &map->extents[i], *b = &map->extents[j];

			if (extents_overlap(a->inside, a->count, b->inside, b->count) ||
			    extents_overlap(a->host, a->count, b->host, b->count))
				return false;
		}
	}
	return true;
}

/* Return: false when the kernel would not have such a map. */
static inline bool read_level(struct scenario *scenario, const char *map, size_t length)
{
	struct user_namespace *level = &scenario->levels[scenario->level_count];

	*level = (struct user_namespace){ .parent = level - 1 };
	if (id_map_parse(map, length, &level->uids) < 0 || !map_is_injective(&level->uids))
		return false;
	level->gids = level->uids;
	level->has_root = id_map_to_host(&level->uids, 0, &level->root);
	scenario->level_count++;
	return true;
}

/**
 * read_scenario() - read all up to the names
 *
 * Return: false for an input that is none; the scenario must stay where it is, for it points to itself.
 */
static inline bool read_scenario(const uint8_t *data, size_t size, struct scenario *scenario)
{
	struct cursor text = { (const char *)data, (const char *)data + size }, options, line;

	if (!next_line(&text, &options))
		return false;
	scenario->policy = scenario_policy(&options);
	scenario->levels[0] = simulated_host();
	scenario->level_count = 1;
	const char *map = text.at;

	while (next_line(&text, &line) && !line_is(&line, '=')) {
		if (!line_is(&line, '-'))
			continue;
		if (scenario->level_count > SCENARIO_LEVELS ||
		    !read_level(scenario, map, (size_t)(line.at - map)))
			return false;
		map = text.at;
	}
	scenario->names = text;
	scenario->naming = scenario_naming(scenario, &options);
	scenario->subject = (struct subject){
		.naming = &scenario->naming,
		.userns = &scenario->levels[scenario->level_count - 1],
		.capabilities = (line_has(&options, 'a') ? 1ULL << CAP_SYS_ADMIN : 0) |
				(line_has(&options, 'f') ? 1ULL << CAP_SETFCAP : 0),
	};
	return true;
}

/**
 * next_name() - the next line that can be an attribute's name
 * @ret_name: the name with its NUL
 *
 * Return: false at the end.
 */
static inline bool next_name(struct cursor *names, char ret_name[NAME_SIZE])
{
	struct cursor line;

	while (next_line(names, &line)) {
		size_t length = (size_t)(line.end - line.at);

		if (length == 0 || length >= NAME_SIZE || line_has(&line, '\0'))
			continue;
		memcpy(ret_name, line.at, length);
		ret_name[length] = '\0';
		return true;
	}
	return false;
}

#endif
