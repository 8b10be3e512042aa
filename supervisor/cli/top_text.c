/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_text.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/json.h"

#define CELL 24
#define REASONS_SHOWN 3
#define RED "\033[31m"
#define PLAIN "\033[m"

static struct json_object *get(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static struct json_object *containers_of(struct json_object *status, size_t *ret_count)
{
	struct json_object *list = get(status, "containers");

	*ret_count = json_length_of(list);
	return list;
}

/* ---- comparing ---- */

static uint64_t grown(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

static uint64_t growth(struct json_object *before, struct json_object *now, const char *key)
{
	return grown(json_number_of(before, key), json_number_of(now, key));
}

static bool is_same(struct json_object *a, struct json_object *b, const char *key)
{
	return json_object_equal(get(a, key), get(b, key));
}

/* Return: the same container in another answer; NULL. */
static struct json_object *find(struct json_object *status, struct json_object *container)
{
	size_t count;
	struct json_object *list = containers_of(status, &count);

	for (size_t i = 0; i < count; i++) {
		struct json_object *other = json_object_array_get_idx(list, i);

		if (is_same(other, container, "id") && is_same(other, container, "owner") &&
		    is_same(other, container, "runtime") && is_same(other, container, "since"))
			return other;
	}
	return NULL;
}

/* 0: the list has no such place. */
static uint64_t number_at(struct json_object *list, size_t i)
{
	return json_object_is_type(list, json_type_array) ?
		       json_object_get_uint64(json_object_array_get_idx(list, i)) :
		       0;
}

static void fill_latency(struct top_row *row, struct json_object *before)
{
	struct json_object *old = get(get(before, "latency"), "classes"),
			   *new = get(get(row->container, "latency"), "classes");

	for (size_t i = 0; i < LATENCY_CLASSES; i++)
		row->latency[i] = grown(number_at(old, i), number_at(new, i));
}

static void fill_reasons(struct top_row *row, struct json_object *before)
{
	struct json_object *old = get(before, "reasons"), *new = get(row->container, "reasons");

	row->reasons = json_object_new_object();
	if (!json_object_is_type(new, json_type_object))
		return;
	json_object_object_foreach(new, reason, count)
	{
		uint64_t more = grown(json_number_of(old, reason), json_object_get_uint64(count));

		if (more > 0)
			json_object_object_add(row->reasons, reason, json_object_new_uint64(more));
	}
}

static void fill(struct top_row *row, struct json_object *container, struct json_object *before,
		 double seconds)
{
	row->container = container;
	row->requests = (double)growth(before, container, "requests") / seconds;
	row->kernels = (double)growth(before, container, "left-to-kernel") / seconds;
	row->errors = (double)growth(before, container, "errors") / seconds;
	row->stuck = growth(before, container, "stuck");
	row->late = growth(before, container, "late");
	fill_latency(row, before);
	fill_reasons(row, before);
}

static int compare_rows(const void *left, const void *right)
{
	const struct top_row *a = left, *b = right;
	int order = (a->requests < b->requests) - (a->requests > b->requests);

	return order != 0 ?
		       order :
		       strcmp(json_text_of(a->container, "id"), json_text_of(b->container, "id"));
}

struct top_row *top_rows_new(struct json_object *before, struct json_object *now, double seconds,
			     size_t *ret_count)
{
	size_t count;
	struct json_object *list = containers_of(now, &count);
	struct top_row *rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct json_object *container = json_object_array_get_idx(list, i);

		fill(&rows[i], container, find(before, container), seconds > 0 ? seconds : 1);
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	*ret_count = count;
	return rows;
}

void top_rows_free(struct top_row *rows, size_t count)
{
	for (size_t i = 0; rows && i < count; i++)
		json_object_put(rows[i].reasons);
	free(rows);
}

/* ---- showing ---- */

void top_print_header(bool has_time, FILE *to)
{
	fprintf(to, "%s%-*s  %9s  %9s  %9s  %7s  %7s  %9s  %5s  %s\n", has_time ? "TIME      " : "",
		CELL, "CONTAINER", "CALLS/S", "KERNEL/S", "ERRORS/S", "P50 US", "P99 US",
		"IN FLIGHT", "STUCK", "REASONS");
}

static const char *put_name(struct json_object *container, char text[CELL + 1])
{
	const char *name = json_text_of(container, "name");

	return escape_text(*name ? name : "-", text, CELL + 1);
}

static void print_percentile(const struct top_row *row, double percent, FILE *to)
{
	if (latency_percentile(row->latency, 100) > 0)
		fprintf(to, "%7" PRIu64 "  ", latency_percentile(row->latency, percent));
	else
		fprintf(to, "%7s  ", "-");
}

/* The most frequent ones come first. */
static void print_reasons(struct json_object *reasons, FILE *to)
{
	uint64_t bound = UINT64_MAX;
	unsigned int shown = 0;

	while (shown < REASONS_SHOWN) {
		uint64_t most = 0;

		json_object_object_foreach(reasons, word, count)
		{
			uint64_t number = json_object_get_uint64(count);

			(void)word;
			most = number < bound && number > most ? number : most;
		}
		if (most == 0)
			break;
		json_object_object_foreach(reasons, reason, number)
		{
			if (json_object_get_uint64(number) != most || shown == REASONS_SHOWN)
				continue;
			fprintf(to, "%s%" PRIu64 " %s", shown++ ? ", " : "", most, reason);
		}
		bound = most;
	}
	fputs(shown ? "\n" : "-\n", to);
}

static void print_marked(const char *text, bool is_marked, FILE *to)
{
	fprintf(to, "%s%s%s  ", is_marked ? RED : "", text, is_marked ? PLAIN : "");
}

void top_print_row(const struct top_row *row, const char *time, bool has_colour, FILE *to)
{
	char name[CELL + 1], cell[64];

	fprintf(to, "%s%s%-*s  %9.1f  %9.1f  ", time ? time : "", time ? "  " : "", CELL,
		put_name(row->container, name), row->requests, row->kernels);
	snprintf(cell, sizeof(cell), "%9.1f", row->errors);
	print_marked(cell, has_colour && row->errors > 0, to);
	print_percentile(row, 50, to);
	print_percentile(row, 99, to);
	snprintf(cell, sizeof(cell), "%" PRIu64 "/%" PRIu64,
		 json_number_of(row->container, "in-flight"),
		 json_number_of(row->container, "in-flight-most"));
	fprintf(to, "%9s  ", cell);
	snprintf(cell, sizeof(cell), "%5" PRIu64, row->stuck + row->late);
	print_marked(cell, has_colour && row->stuck + row->late > 0, to);
	print_reasons(row->reasons, to);
}

void top_print_summary(const struct top_row *rows, size_t count, struct json_object *status,
		       FILE *to)
{
	double requests = 0, errors = 0;
	uint64_t in_flight = 0;
	char version[32];

	for (size_t i = 0; i < count; i++) {
		requests += rows[i].requests;
		errors += rows[i].errors;
		in_flight += json_number_of(rows[i].container, "in-flight");
	}
	fprintf(to,
		"nsxattrd %s: %zu container%s, %.1f calls/s, %.1f errors/s, %" PRIu64
		" in flight, %" PRIu64 " dead workers\n",
		escape_text(json_text_of(status, "version"), version, sizeof(version)), count,
		count == 1 ? "" : "s", requests, errors, in_flight,
		json_number_of(status, "worker-deaths"));
}
