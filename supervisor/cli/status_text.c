/* SPDX-License-Identifier: Apache-2.0 */
/* Names in it come from users, so that what could steer a terminal is not printed as it is. */
#include "cli/status_text.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "count_of.h"

#define CELL_SIZE 48
#define ID_SHOWN 32
/* Container ids of OCI runtimes' callers are 64 hexadecimal digits, and shown as 12. */
#define HASH_LENGTH 64
#define HASH_SHOWN 12

/** struct cell - a text in the table */
struct cell {
	char text[CELL_SIZE];
};

static const char *text_of(struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));

	return text && text[0] ? text : "-";
}

/* ---- cells ---- */

static void put_text(struct cell *cell, const char *text, size_t most)
{
	size_t length = strlen(text);
	bool is_cut = length > most;

	snprintf(cell->text, sizeof(cell->text), "%.*s%s", (int)(is_cut ? most - 3 : length), text,
		 is_cut ? "..." : "");
	for (char *at = cell->text; *at; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
}

static void put_value(struct cell *cell, struct json_object *container, const char *key)
{
	put_text(cell, text_of(container, key), CELL_SIZE - 1);
}

static void put_id(struct cell *cell, struct json_object *container, const char *key)
{
	const char *id = text_of(container, key);

	if (strlen(id) == HASH_LENGTH && strspn(id, "0123456789abcdef") == HASH_LENGTH)
		snprintf(cell->text, sizeof(cell->text), "%.*s", HASH_SHOWN, id);
	else
		put_text(cell, id, ID_SHOWN);
}

static void put_in_flight(struct cell *cell, struct json_object *container, const char *key)
{
	uint64_t most = json_number_of(container, "in-flight-most");

	put_value(cell, container, key);
	if (most > 0)
		snprintf(cell->text, sizeof(cell->text), "%" PRIu64 "/%" PRIu64,
			 json_number_of(container, key), most);
}

static void put_owner(struct cell *cell, struct json_object *container, const char *key)
{
	const struct passwd *user = getpwuid((uid_t)json_number_of(container, key));

	if (user)
		put_text(cell, user->pw_name, ID_SHOWN);
	else
		put_value(cell, container, key);
}

static void put_age(struct cell *cell, time_t since, time_t now)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } };
	int64_t age = now > since ? now - since : 0;

	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (age >= 2 * units[i].seconds) {
			snprintf(cell->text, sizeof(cell->text), "%" PRId64 "%c",
				 age / units[i].seconds, units[i].letter);
			return;
		}
	snprintf(cell->text, sizeof(cell->text), "%" PRId64 "s", age);
}

/* ---- the table ---- */

static const struct column {
	const char *title;
	const char *key;
	void (*put)(struct cell *cell, struct json_object *container, const char *key);
	bool is_number;
} columns[] = {
	{ "RUNTIME", "runtime", put_value, false },
	{ "CONTAINER", "id", put_id, false },
	{ "NAME", "name", put_id, false },
	{ "OWNER", "owner", put_owner, false },
	{ "POLICY", "policy", put_value, false },
	{ "MAP", "map", put_value, false },
	{ "AGE", "since", NULL, true },
	{ "LISTENERS", "listeners", put_value, true },
	{ "REQ/S", "rate", put_value, true },
	{ "IN FLIGHT", "in-flight", put_in_flight, true },
	{ "REQUESTS", "requests", put_value, true },
	{ "ERRORS", "errors", put_value, true },
};

#define COLUMNS COUNT_OF(columns)

struct row {
	struct cell cells[COLUMNS];
};

static void fill_row(struct row *row, struct json_object *container, time_t now)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].put)
			columns[i].put(&row->cells[i], container, columns[i].key);
		else
			put_age(&row->cells[i], (time_t)json_number_of(container, columns[i].key),
				now);
}

static int width_of(const struct row *rows, size_t count, size_t column)
{
	size_t width = strlen(columns[column].title);

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(rows[i].cells[column].text);

		width = length > width ? length : width;
	}
	return (int)width;
}

static void show_cell(const char *text, size_t column, int width, FILE *to)
{
	const char *gap = column + 1 < COLUMNS ? "  " : "\n";

	fprintf(to, "%*s%s", columns[column].is_number ? width : -width, text, gap);
}

static void show_table(const struct row *rows, size_t count, FILE *to)
{
	int widths[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		widths[i] = width_of(rows, count, i);
		show_cell(columns[i].title, i, widths[i], to);
	}
	for (size_t row = 0; row < count; row++)
		for (size_t i = 0; i < COLUMNS; i++)
			show_cell(rows[row].cells[i].text, i, widths[i], to);
}

/* ---- the whole ---- */

static void show_daemon(struct json_object *status, size_t containers, time_t now, FILE *to)
{
	uint64_t policies = json_number_of(status, "policies");
	struct cell version, age;

	put_value(&version, status, "version");
	put_age(&age, (time_t)json_number_of(status, "since"), now);
	fprintf(to, "nsxattrd %s, pid %" PRIu64 ", up %s; %" PRIu64 " polic%s; %zu container%s\n",
		version.text, json_number_of(status, "pid"), age.text, policies,
		policies == 1 ? "y" : "ies", containers, containers == 1 ? "" : "s");
}

/* One line for each text of a list. */
static void show_texts(struct json_object *list, const char *kind, FILE *to)
{
	size_t count = json_length_of(list);

	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s: %s\n", kind,
			json_object_get_string(json_object_array_get_idx(list, i)));
}

static bool is_scarce(struct json_object *pool)
{
	uint64_t size = json_number_of(pool, "size");

	return json_number_of(pool, "taken") > size / 2 ||
	       json_number_of(pool, "of-users") > size / 4;
}

/* Those of which little is left, so that shares are small. Only root is told. */
static void show_pools(struct json_object *pools, FILE *to)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
		{ "containers", "containers" },
		{ "listeners", "listeners" },
		{ "places", "calls beside the first of each container" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct json_object *pool = json_object_object_get(pools, rows[i].key);

		if (pool && is_scarce(pool))
			fprintf(to,
				"%s: %" PRIu64 " of %" PRIu64 ", %" PRIu64
				" of them of plain users\n",
				rows[i].name, json_number_of(pool, "taken"),
				json_number_of(pool, "size"), json_number_of(pool, "of-users"));
	}
}

/* Only root is told. */
static void show_audit(struct json_object *audit, FILE *to)
{
	uint64_t written = json_number_of(audit, "written"), lost = json_number_of(audit, "lost"),
		 waiting = json_number_of(audit, "waiting");
	struct cell log;

	if (!audit || written + lost + waiting == 0)
		return;
	put_value(&log, audit, "log");
	fprintf(to, "audit: %s has %" PRIu64 " records, %" PRIu64 " are lost, %" PRIu64 " wait\n",
		log.text, written, lost, waiting);
}

/* ---- why calls failed, and what is judged ---- */

/* How many of what: {WORD: N...} */
static void show_counts(struct json_object *counts, FILE *to)
{
	const char *gap = " ";

	if (!json_object_is_type(counts, json_type_object))
		return;
	json_object_object_foreach(counts, word, count)
	{
		fprintf(to, "%s%" PRId64 " %s", gap, json_object_get_int64(count), word);
		gap = ", ";
	}
	if (json_object_object_length(counts) == 0)
		fputs(" none", to);
}

static void show_keyids(struct json_object *list, FILE *to)
{
	size_t count = json_length_of(list);

	for (size_t i = 0; i < count; i++)
		fprintf(to, " %s", json_object_get_string(json_object_array_get_idx(list, i)));
	if (count == 0)
		fputs(" none", to);
}

static void show_integrity(struct json_object *container, FILE *to)
{
	struct json_object *integrity = json_object_object_get(container, "integrity");
	struct cell id, mode;

	if (!json_object_is_type(integrity, json_type_object))
		return;
	put_id(&id, container, "id");
	put_value(&mode, integrity, "mode");
	fprintf(to,
		"\n%s: integrity %s: %" PRIu64 " files executed or mapped, %" PRIu64
		" of them as before\n    verdicts:",
		id.text, mode.text, json_number_of(integrity, "files"),
		json_number_of(integrity, "known"));
	show_counts(json_object_object_get(integrity, "verdicts"), to);
	if (json_object_object_get(integrity, "refused-by-gate"))
		fprintf(to, "\n    refused by the gate alone: %" PRIu64,
			json_number_of(integrity, "refused-by-gate"));
	fprintf(to, "\n    measurements: %" PRIu64 ", violations %" PRIu64 ", missed %" PRIu64,
		json_number_of(integrity, "measurements"), json_number_of(integrity, "violations"),
		json_number_of(integrity, "missed"));
	fputs("\n    keyids:", to);
	show_keyids(json_object_object_get(integrity, "keyids"), to);
	fputs("\n    revoked keyids:", to);
	show_keyids(json_object_object_get(integrity, "revoked-keyids"), to);
	fputc('\n', to);
}

static void show_reasons(struct json_object *container, FILE *to)
{
	struct json_object *reasons = json_object_object_get(container, "reasons");
	struct cell id;

	if (!json_object_is_type(reasons, json_type_object) ||
	    json_object_object_length(reasons) == 0)
		return;
	put_id(&id, container, "id");
	fprintf(to, "\n%s: reasons:", id.text);
	show_counts(reasons, to);
	fputc('\n', to);
}

void status_show(struct json_object *status, time_t now, FILE *to)
{
	struct json_object *containers = json_object_object_get(status, "containers");
	size_t count = json_length_of(containers);
	_cleanup_free_ struct row *rows = calloc(count + 1, sizeof(*rows));

	show_daemon(status, count, now, to);
	show_texts(json_object_object_get(status, "warnings"), "warning", to);
	show_texts(json_object_object_get(status, "notes"), "note", to);
	show_audit(json_object_object_get(status, "audit"), to);
	show_pools(json_object_object_get(status, "pools"), to);
	if (count == 0 || !rows)
		return;
	for (size_t i = 0; i < count; i++)
		fill_row(&rows[i], json_object_array_get_idx(containers, i), now);
	fputc('\n', to);
	show_table(rows, count, to);
	for (size_t i = 0; i < count; i++)
		show_reasons(json_object_array_get_idx(containers, i), to);
	for (size_t i = 0; i < count; i++)
		show_integrity(json_object_array_get_idx(containers, i), to);
}
