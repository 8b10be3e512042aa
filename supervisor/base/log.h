/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_LOG_H
#define NSXATTR_BASE_LOG_H

/*
 * One line a message on standard error, "nsxattr: TEXT", or "<N>nsxattr: TEXT" for the journal, written with one write(2) so that lines of
 * several threads and processes never mix.
 *
 * Lines that a user or a container can cause at will go through log_limited(), which leaves out what is
 * too much and says how many lines that were (base/log_budget.h).
 */

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_NOTICE, /* the default level */
	LOG_VERBOSE, /* -v: each request and what became of it */
	LOG_DEBUG, /* -vv: each step */
};

/**
 * log_find_journal() - let lines begin with their priority, as sd-daemon(3) has it, if standard error is the journal's
 *
 * JOURNAL_STREAM in the environment names the stream that a service manager reads so; nothing else knows what "<3>" means.
 */
void log_find_journal(void);

/** log_set_level() - messages above this level are not written. */
void log_set_level(enum log_level level);

/* Of log_set_level(). */
extern enum log_level log_level_set;

/** log_enabled() - would a message of this level be written? */
static inline bool log_enabled(enum log_level level)
{
	return level <= log_level_set;
}

/**
 * log_write() - write one message
 * @level: how important it is
 * @format: printf(3) format without a newline; a message of 1 KiB or more is cut. What is not
 *          printable ASCII is shown as '?', so that no target can write to the terminal.
 */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_limited() - write one message, unless its source has caused too many
 * @source: who has caused it: a user's id, or what log_source() says
 * @level: as of log_write()
 * @format: as of log_write()
 */
void log_limited(uint64_t source, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** log_left_out() - say how many lines were left out lately, if any; to be called now and then */
void log_left_out(void);

/**
 * log_source() - who has caused a message that is about a container
 * @uid: the container's user
 * @id: the container's id, a string
 *
 * Return: the user; if that is root, the container itself.
 */
uint64_t log_source(uint32_t uid, const char *id);

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
/* For each request: without a call, and arguments that cost nothing, where they are not written. */
#define log_verbose(...) (log_enabled(LOG_VERBOSE) ? log_write(LOG_VERBOSE, __VA_ARGS__) : (void)0)
#define log_debug(...) (log_enabled(LOG_DEBUG) ? log_write(LOG_DEBUG, __VA_ARGS__) : (void)0)

#endif
