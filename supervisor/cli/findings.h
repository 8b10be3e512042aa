/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_FINDINGS_H
#define NSXATTR_CLI_FINDINGS_H

/* What the checks of 'nsxattr doctor' have found, and how it is told. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_object;

enum finding_level {
	FINDING_OK,
	FINDING_NOTE, /* worth knowing; no fault as far as we can tell */
	FINDING_UNSEEN, /* this user could not look */
	FINDING_WARN,
	FINDING_FAIL,
};

/** struct finding - one of them */
struct finding {
	const char *check; /* "kernel.btf": the group, and what of it */
	enum finding_level level;
	char *found;
	char *remedy; /* NULL: there is none */
};

/** struct findings - in the order of the checks; begins zeroed */
struct findings {
	struct finding *all;
	size_t count, room;
	const char *check; /* static: whose findings come now */
	bool is_cut; /* without memory one was lost */
};

/** findings_done() - release them; a zeroed one is accepted. */
void findings_done(struct findings *findings);

/** findings_add() - @format: what was found, without a period */
void findings_add(struct findings *findings, enum finding_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** findings_remedy() - what to do about the last one, without a period */
void findings_remedy(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** findings_add_sentence() - one that may have its own remedy, behind "; remedy: " */
void findings_add_sentence(struct findings *findings, enum finding_level level,
			   const char *sentence);

/** findings_status() - Return: the exit status: 0: all is ok; 1: there are warnings; 2: there are failures. */
int findings_status(const struct findings *findings);

/** struct findings_look - of a terminal; zeroed: none */
struct findings_look {
	bool has_colours;
	unsigned int width; /* columns; 0: lines are as long as they are */
};

/** findings_look_of() - as the terminal is, and as NO_COLOR and TERM in the environment want it */
void findings_look_of(int fd, struct findings_look *ret_look);

/** findings_show() - for people */
void findings_show(const struct findings *findings, const struct findings_look *look, FILE *to);

/**
 * findings_json_new() - {"status": "ok"|"warn"|"fail", "findings": [{"check": TEXT, "level": LEVEL, "found": TEXT,
 * "remedy": TEXT|null}...]}, where a LEVEL is "ok", "note", "unseen", "warn" or "fail"
 *
 * Return: the object, the caller's; NULL without memory.
 */
struct json_object *findings_json_new(const struct findings *findings);

#endif
