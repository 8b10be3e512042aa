/* SPDX-License-Identifier: Apache-2.0 */
/* A schema that has all that there is; what policies and settings have is in tests/unit/parse.c. */
#include "yaml/read.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "yaml/arena.h"
#include "yaml/walk.h"

/* ---- a kind of file ---- */

enum colour { GREEN, RED = 7 };

struct point {
	const char *label;
	unsigned int label_line;
	uint32_t x;
	uint32_t y;
};

struct sum {
	unsigned int total;
};

struct drawing {
	const char *title;
	uint32_t width;
	enum colour colour;
	bool is_filled;
	unsigned int edges;
	const struct point *points;
	size_t point_count;
	const char *const *names;
	size_t name_count;
	const struct sum *sums;
	size_t sum_count;
	struct {
		uint32_t depth;
	} inner;
	uint32_t height;
	unsigned int height_line;
};

static const struct schema_word colours[] = { { "green", GREEN }, { "red", RED } };
static const struct schema_word answers[] = { { "no", false }, { "yes", true } };
static const struct schema_word edges[] = { { "left", 1 }, { "right", 2 }, { "top", 4 } };

static void check_even(struct schema_walk *walk, const struct schema_place *place)
{
	if (*(uint32_t *)schema_target(place) % 2 != 0)
		schema_complain(walk, place->node, "%s is odd", place->key);
}

/* "1+2+3", whose mistakes have the place of the text. */
static void parse_sum(struct schema_walk *walk, const struct schema_place *place)
{
	struct sum *sum = schema_target(place);

	for (const char *at = place->node->text; *at; at++) {
		if (*at >= '0' && *at <= '9')
			sum->total += (unsigned int)(*at - '0');
		else if (*at != '+')
			schema_complain(walk, place->node, "%s: byte %zu", place->key,
					(size_t)(at - place->node->text));
	}
}

static void check_point(struct schema_walk *walk, const struct schema_place *place)
{
	const struct point *point = schema_target(place);

	if (point->x == point->y)
		schema_complain(walk, place->node, "%s is on the diagonal", place->key);
}

static const struct schema point_fields[] = {
	{
		.key = "label",
		FIELD_TEXT(struct point, label, 1, 8),
		FIELD_LINE(struct point, label_line),
		.is_required = true,
	},
	{ .key = "x", FIELD_NUMBER(struct point, x, 1, 9) },
	{ .key = "y", FIELD_NUMBER(struct point, y, 1, 9) },
};

static const struct schema point = { FIELD_MAPPING(point_fields), .check = check_point };
static const struct schema name = { ENTRY_TEXT(0, 8) };
static const struct schema sum = { ENTRY_TEXT(1, 8), .parse = parse_sum };

static const struct schema inner_fields[] = {
	{ .key = "depth",
	  FIELD_NUMBER(
		  struct { uint32_t depth; }, depth, 1, UINT32_MAX) },
};
static const struct schema flat_fields[] = {
	{
		.key = "height",
		FIELD_NUMBER(struct drawing, height, 1, 99),
		FIELD_LINE(struct drawing, height_line),
	},
};

static const struct schema drawing_fields[] = {
	{ .key = "version", .type = SCHEMA_NUMBER, SCHEMA_RANGE(1, 1) },
	{ .key = "title", FIELD_TEXT(struct drawing, title, 0, 8) },
	{ .key = "width", FIELD_NUMBER(struct drawing, width, 1, 99), .check = check_even },
	{ .key = "colour", FIELD_WORD(struct drawing, colour, colours) },
	{ .key = "filled", FIELD_WORD(struct drawing, is_filled, answers) },
	{ .key = "edges", FIELD_WORDS(struct drawing, edges, edges) },
	{
		.key = "points",
		FIELD_LIST(struct drawing, points, point_count, point, 1, 3),
		.unique_key = "label",
	},
	{ .key = "names",
	  FIELD_LIST(struct drawing, names, name_count, name, 0, 3),
	  .is_unique = true },
	{ .key = "sums", FIELD_LIST(struct drawing, sums, sum_count, sum, 1, 200) },
	{ .key = "inner", FIELD_MAPPING_INTO(struct drawing, inner, inner_fields) },
	{ .key = "flat", FIELD_MAPPING(flat_fields) },
};

static const struct schema drawing_schema = { .key = "a drawing", FIELD_MAPPING(drawing_fields) };

/* ---- reading one ---- */

static struct arena arena;
static struct diagnostics diagnostics;
static struct drawing drawing;

static void release(void)
{
	arena_done(&arena);
}

TestSuite(read, .fini = release);

static int read_text(const char *text)
{
	memset(&diagnostics, 0, sizeof(diagnostics));
	return schema_read(&drawing_schema, text, strlen(text), &drawing, &arena, &diagnostics);
}

static void expect_read(const char *text)
{
	cr_assert_eq(read_text(text), SCHEMA_READ, "%s: %s", text, diagnostics.entries[0].text);
	cr_expect_eq(diagnostics.count, 0);
}

/* One mistake, as "LINE:COLUMN: TEXT". */
static void expect_mistake(const char *text, const char *expected)
{
	char found[DIAGNOSTIC_TEXT_SIZE + 32];

	cr_assert_eq(read_text(text), SCHEMA_MISTAKEN, "%s", text);
	snprintf(found, sizeof(found), "%u:%u: %s", diagnostics.entries[0].line,
		 diagnostics.entries[0].column, diagnostics.entries[0].text);
	cr_expect_str_eq(found, expected, "%s\nexpected: %s\nfound:    %s", text, expected, found);
	cr_expect_eq(diagnostics.count, 1);
}

Test(read, keeps_what_a_text_does_not_name)
{
	static const struct drawing before = {
		.title = "as it was",
		.width = 5,
		.colour = RED,
		.is_filled = true,
		.edges = 9,
		.point_count = 3,
		.inner.depth = 7,
	};

	drawing = before;
	expect_read("{}");
	cr_expect_arr_eq(&drawing, &before, sizeof(drawing));
	expect_read("version: 1");
	cr_expect_arr_eq(&drawing, &before, sizeof(drawing));
}

Test(read, stores_each_type)
{
	expect_read("title: a\nwidth: 98\ncolour: red\nfilled: yes\nedges: [top, left]\n"
		    "names: [b, '', c]\nsums: [1+2]\ninner: {depth: 4294967295}\n");
	cr_expect_str_eq(drawing.title, "a");
	cr_expect_eq(drawing.width, 98);
	cr_expect_eq(drawing.colour, RED);
	cr_expect_eq(drawing.is_filled, true);
	cr_expect_eq(drawing.edges, 1 | 4);
	cr_assert_eq(drawing.name_count, 3);
	cr_expect_str_eq(drawing.names[0], "b");
	cr_expect_str_eq(drawing.names[1], "");
	cr_expect_str_eq(drawing.names[2], "c");
	cr_assert_eq(drawing.sum_count, 1);
	cr_expect_eq(drawing.sums[0].total, 3);
	cr_expect_eq(drawing.inner.depth, UINT32_MAX);
}

Test(read, stores_words_whose_number_is_zero)
{
	drawing.colour = RED;
	drawing.is_filled = true;
	expect_read("{colour: green, filled: no, names: []}");
	cr_expect_eq(drawing.colour, GREEN);
	cr_expect_not(drawing.is_filled);
	cr_expect_eq(drawing.name_count, 0);
}

Test(read, stores_entries_one_behind_the_other)
{
	expect_read(
		"points:\n- {label: a, x: 1}\n- {y: 2, label: b}\n- label: c\n  x: 8\n  y: 9\n");
	cr_assert_eq(drawing.point_count, 3);
	cr_expect_str_eq(drawing.points[0].label, "a");
	cr_expect_eq(drawing.points[0].x, 1);
	cr_expect_eq(drawing.points[0].y, 0);
	cr_expect_eq(drawing.points[1].label_line, 3);
	cr_expect_eq(drawing.points[1].y, 2);
	cr_expect_str_eq(drawing.points[2].label, "c");
	cr_expect_eq(drawing.points[2].y, 9);
}

Test(read, stores_a_mapping_in_the_structure_around)
{
	expect_read("flat:\n  height: 3\n");
	cr_expect_eq(drawing.height, 3);
	cr_expect_eq(drawing.height_line, 2);
}

Test(read, does_not_need_the_text_any_more)
{
	char text[] = "{title: abc, names: [d]}";

	expect_read(text);
	memset(text, 'x', strlen(text));
	cr_expect_str_eq(drawing.title, "abc");
	cr_expect_str_eq(drawing.names[0], "d");
}

Test(read, asks_what_no_table_says)
{
	expect_mistake("width: 3\n", "1:8: width is odd");
	expect_mistake("sums: [1+2, 1-2]\n", "1:13: an entry of sums: byte 1");
	expect_mistake("points: [{label: a, x: 1, y: 1}]\n",
		       "1:10: an entry of points is on the diagonal");
}

Test(read, does_not_ask_about_a_value_that_is_refused)
{
	expect_mistake("width: 101\n", "1:8: width cannot be '101'; allowed: 1 to 99");
	expect_mistake(
		"sums: ['']\n",
		"1:8: an entry of sums cannot be 0 bytes long; allowed: a text of 1 to 8 bytes");
}

Test(read, finds_what_is_there_twice)
{
	expect_mistake("points: [{label: a, x: 1},\n{label: a, x: 2}]\n",
		       "2:9: 'a' is there twice; the first is in line 1");
	expect_mistake("names: [a, b, a]\n", "1:15: 'a' is there twice; the first is in line 1");
	expect_mistake("edges: [top, top]\n", "1:14: 'top' is there twice; the first is in line 1");
	expect_mistake("width: 2\nwidth: 4\n",
		       "2:1: the key 'width' is there twice; the first is in line 1");
}

Test(read, stops_a_list_where_its_schema_does)
{
	expect_mistake("names: [a, b, c, d, [], {}]\n",
		       "1:8: names cannot have 6 entries; allowed: a list of 0 to 3 entries");
}

Test(read, tells_texts_apart_but_not_nothing)
{
	expect_read("names: ['', '']\n");
	cr_expect_eq(drawing.name_count, 2);
}

/* A text of @before, more mistakes than there is room for, and @after. */
static void read_many_mistakes(const char *before, const char *mistake, const char *after)
{
	char text[8192];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s", before);

	for (int i = 0; i <= DIAGNOSTICS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", mistake);
	snprintf(text + length, sizeof(text) - length, "%s", after);
	cr_expect_eq(read_text(text), SCHEMA_MISTAKEN);
	cr_expect(diagnostics.is_cut);
}

Test(read, ends_when_there_is_no_room_for_more_mistakes)
{
	read_many_mistakes("", "bad: 1\n", "width: 4\n");
	cr_expect_eq(drawing.width, 0);
	read_many_mistakes("edges: [", "bad, ", "top]\n");
	cr_expect_eq(drawing.edges, 0);
	read_many_mistakes("sums: [", "'', ", "5]\n");
	cr_assert_eq(drawing.sum_count, DIAGNOSTICS_MAX + 2);
	cr_expect_eq(drawing.sums[DIAGNOSTICS_MAX + 1].total, 0);
}

Test(read, calls_the_file_what_it_is)
{
	expect_mistake("[]\n", "1:1: a drawing cannot be a list; allowed: the keys version, title, "
			       "width, colour, filled, edges, points, names, sums, inner, flat");
}
