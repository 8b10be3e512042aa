/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_REFUSED_TEXT_H
#define NSXATTR_CLI_REFUSED_TEXT_H

/* Containers that hooks have refused to start, for people and for programs. */

#include <stdio.h>

#include "hook/refused_starts.h"

struct json_object;

/* Room for a user's name, or number. */
#define REFUSED_USER_SIZE 48
/* Room for a time. */
#define REFUSED_TIME_SIZE 32

/** refused_time() - as "2026-03-01 12:00:00", of here */
void refused_time(int64_t time, char ret_text[REFUSED_TIME_SIZE]);

/** refused_user() - the name of a user; the number where there is none */
void refused_user(uid_t user, char ret_text[REFUSED_USER_SIZE]);

/** refused_show() - one for each line, under a heading; nothing if there is none */
void refused_show(const struct refused_starts *starts, FILE *to);

/**
 * refused_json_new() - [{"time": SECONDS, "user": UID, "container": TEXT, "reason": TEXT}...]
 *
 * Return: the list, the caller's; NULL without memory.
 */
struct json_object *refused_json_new(const struct refused_starts *starts);

#endif
