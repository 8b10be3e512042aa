/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_EXPLANATION_H
#define NSXATTR_CLI_EXPLANATION_H

/*
 * What would be done about one operation, and why. Everything in it is asked of the very functions
 * that decide for the supervisor: what they need is found by asking them with and without it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "access.h"

struct json_object;
struct outer;
struct policy;

/* The operations by their names; the last is followed by NULL. */
extern const char *const explanation_operations[];

/* The kernel nests 32 namespaces at most; the host, and the name itself. */
#define EXPLANATION_NAMES_MAX 34
#define EXPLANATION_NEEDS_MAX 3

/** struct explanation_need - something without which the answer is another one */
struct explanation_need {
	const char *text; /* in words */
	const char *word; /* for programs */
	int error; /* the positive errno without it; 0: the name is not listed */
};

/** struct explanation - one operation on one name */
struct explanation {
	const struct policy *policy;
	const struct user_namespace
		*userns; /* its parent is the host, unless a process is in a nested one */
	enum operation operation;
	const char *name;
	const struct id_map *mount; /* of the file's mount; NULL: it is not idmapped */
	const struct outer *outer; /* what is around us; NULL: nothing */
	char suggestion
		[NAME_SIZE]; /* the name that was meant, if its class is none; "": it may be right */
	struct naming naming;
	struct decision decision;
	const char *cause; /* what made the decision before any rule was asked; NULL: the rule did */
	/* get: where a value is looked for, in order; list: what makes the name be listed */
	size_t name_count;
	char names[EXPLANATION_NAMES_MAX][NAME_SIZE];
	size_t need_count;
	struct explanation_need needs[EXPLANATION_NEEDS_MAX];
};

/** explanation_fill() - find out all about @policy, @userns, @operation and @name, which are set */
void explanation_fill(struct explanation *explanation);

/** explanation_begin_line() - write what a line is about, in a column of its own; "": as the one before */
void explanation_begin_line(const char *topic);

/** explanation_print_namespace() - write the line about a namespace */
void explanation_print_namespace(const struct user_namespace *userns);

/** explanation_users_json() - a namespace's ids for programs */
struct json_object *explanation_users_json(const struct user_namespace *userns);

/** explanation_print_decision() - write the lines from the policy on: rule, decision, needs, limits */
void explanation_print_decision(const struct explanation *explanation);

/** explanation_print() - write it to standard output, in words */
void explanation_print(const struct explanation *explanation);

/** explanation_json_new() - the same for programs. Return: to be released with json_object_put(). */
struct json_object *explanation_json_new(const struct explanation *explanation);

#endif
