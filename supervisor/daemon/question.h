/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_QUESTION_H
#define NSXATTR_DAEMON_QUESTION_H

/* The object behind a word at the control socket (daemon/control.h). Any user can send it. */

struct json_object;

/**
 * question_parse() - read it, within bounds
 * @ret_question: an object, the caller's to json_object_put(3)
 *
 * Return: NULL; else why it is none, static: a sentence, to come behind "the question".
 */
const char *question_parse(const char *text, struct json_object **ret_question);

/** question_refuse() - Return: the answer to what is no question; NULL without memory. */
struct json_object *question_refuse(const char *reason);

#endif
