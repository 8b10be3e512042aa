/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On a terminal, lines are wrapped between words and indented; elsewhere each finding is one line, and its remedy
 * another one, for grep(1). Names in them come from users, so that what could steer a terminal is not printed as it is.
 */
#include "cli/findings.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/terminal.h"

#define REMEDY "; remedy: "
/* Columns before a text. */
#define INDENT 8
/* Wider lines are hard to read. */
#define WIDTH_MOST 100
#define WIDTH_LEAST 40

static const struct {
	const char *word; /* for programs */
	const char *mark; /* for people */
	const char *colour;
} levels[] = {
	[FINDING_OK] = { "ok", "ok", "32" },	     [FINDING_NOTE] = { "note", "note", "36" },
	[FINDING_UNSEEN] = { "unseen", "-", "2" },   [FINDING_WARN] = { "warn", "warn", "33" },
	[FINDING_FAIL] = { "fail", "FAIL", "1;31" },
};

/* ---- collecting ---- */

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->all[i].found);
		free(findings->all[i].remedy);
	}
	free(findings->all);
	*findings = (struct findings){ 0 };
}

/* @found: ours */
static void add(struct findings *findings, enum finding_level level, char *found)
{
	if (found && findings->count == findings->room) {
		size_t room = findings->room ? 2 * findings->room : 16;
		struct finding *all = realloc(findings->all, room * sizeof(*all));

		if (all) {
			findings->all = all;
			findings->room = room;
		}
	}
	if (!found || findings->count == findings->room) {
		findings->is_cut = true;
		free(found);
		return;
	}
	findings->all[findings->count++] =
		(struct finding){ .check = findings->check, .level = level, .found = found };
}

void findings_add(struct findings *findings, enum finding_level level, const char *format, ...)
{
	char *found = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&found, format, arguments) < 0)
		found = NULL;
	va_end(arguments);
	add(findings, level, found);
}

void findings_remedy(struct findings *findings, const char *format, ...)
{
	struct finding *last = findings->count ? &findings->all[findings->count - 1] : NULL;
	char *remedy = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&remedy, format, arguments) < 0)
		remedy = NULL;
	va_end(arguments);
	if (!last || !remedy) {
		free(remedy);
		return;
	}
	free(last->remedy);
	last->remedy = remedy;
}

void findings_add_sentence(struct findings *findings, enum finding_level level,
			   const char *sentence)
{
	const char *remedy = strstr(sentence, REMEDY);

	if (!remedy) {
		findings_add(findings, level, "%s", sentence);
		return;
	}
	findings_add(findings, level, "%.*s", (int)(remedy - sentence), sentence);
	findings_remedy(findings, "%s", remedy + strlen(REMEDY));
}

static size_t count_of(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->all[i].level == level;
	return count;
}

int findings_status(const struct findings *findings)
{
	if (findings->is_cut || count_of(findings, FINDING_FAIL) > 0)
		return 2;
	return count_of(findings, FINDING_WARN) > 0;
}

/* ---- for people ---- */

void findings_look_of(int fd, struct findings_look *ret_look)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	struct winsize size = { 0 };

	*ret_look = (struct findings_look){ 0 };
	if (!isatty(fd))
		return;
	ret_look->has_colours = !(no_colour && *no_colour) && terminal &&
				strcmp(terminal, "dumb") != 0;
	ret_look->width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
	if (ret_look->width > WIDTH_MOST)
		ret_look->width = WIDTH_MOST;
	if (ret_look->width < WIDTH_LEAST)
		ret_look->width = WIDTH_LEAST;
}

/* Columns of UTF-8, but for what is wider or narrower than one. */
static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* A text that begins at a column, and goes on below that. */
static void show_text(const char *text, const struct findings_look *look, FILE *to)
{
	size_t column = INDENT;

	if (look->width == 0) {
		terminal_show(text, strlen(text), to);
		fputc('\n', to);
		return;
	}
	while (*text) {
		size_t length = strcspn(text, " "), columns = columns_of(text, length);

		if (column > INDENT && column + 1 + columns > look->width) {
			fprintf(to, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			fputc(' ', to);
			column++;
		}
		terminal_show(text, length, to);
		column += columns;
		text += length + (text[length] == ' ');
	}
	fputc('\n', to);
}

static void show_mark(enum finding_level level, const struct findings_look *look, FILE *to)
{
	const char *mark = levels[level].mark;

	if (look->has_colours)
		fprintf(to, "  \033[%sm%-4s\033[0m  ", levels[level].colour, mark);
	else
		fprintf(to, "  %-4s  ", mark);
}

/* The part of a check's name before the dot. */
static size_t group_length(const char *check)
{
	return strcspn(check, ".");
}

static void show_heading(const struct finding *finding, const struct finding *before,
			 const struct findings_look *look, FILE *to)
{
	size_t length = group_length(finding->check);

	if (before && group_length(before->check) == length &&
	    strncmp(finding->check, before->check, length) == 0)
		return;
	fprintf(to, "%s%s%.*s%s\n", before ? "\n" : "", look->has_colours ? "\033[1m" : "",
		(int)length, finding->check, look->has_colours ? "\033[0m" : "");
}

static void show_sum(const struct findings *findings, FILE *to)
{
	size_t failures = count_of(findings, FINDING_FAIL),
	       warnings = count_of(findings, FINDING_WARN),
	       unseen = count_of(findings, FINDING_UNSEEN);

	if (failures + warnings == 0)
		fputs("\nnothing is wrong", to);
	else
		fprintf(to, "\n%zu failure%s, %zu warning%s", failures, failures == 1 ? "" : "s",
			warnings, warnings == 1 ? "" : "s");
	if (unseen > 0)
		fprintf(to, "; %zu could not be looked at (-)", unseen);
	fputc('\n', to);
}

void findings_show(const struct findings *findings, const struct findings_look *look, FILE *to)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];

		show_heading(finding, i > 0 ? finding - 1 : NULL, look, to);
		show_mark(finding->level, look, to);
		show_text(finding->found, look, to);
		if (!finding->remedy)
			continue;
		fprintf(to, "%*s", INDENT, "-> ");
		show_text(finding->remedy, look, to);
	}
	show_sum(findings, to);
}

/* ---- for programs ---- */

struct json_object *findings_json_new(const struct findings *findings)
{
	static const char *const statuses[] = { "ok", "warn", "fail" };
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();

	json_add_text(object, "status", statuses[findings_status(findings)]);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];
		struct json_object *entry = json_object_new_object();

		json_add_text(entry, "check", finding->check);
		json_add_text(entry, "level", levels[finding->level].word);
		json_add_text(entry, "found", finding->found);
		json_object_object_add(entry, "remedy",
				       finding->remedy ? json_object_new_string(finding->remedy) :
							 NULL);
		json_object_array_add(list, entry);
	}
	json_object_object_add(object, "findings", list);
	return object;
}
