/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/json_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct json_span span;

static enum json_text_result look(const char *bytes, const char *key)
{
	struct json_text text = { bytes, strlen(bytes) };
	struct json_span whole = { 0 };

	span = (struct json_span){ 0 };
	if (json_text_whole(&text, &whole) != JSON_TEXT_FOUND)
		return JSON_TEXT_MALFORMED;
	return json_text_member(&text, &whole, key, &span);
}

static void finds(const char *bytes, const char *key, const char *value)
{
	cr_assert_eq(look(bytes, key), JSON_TEXT_FOUND, "%s", bytes);
	cr_expect_eq(span.end - span.begin, strlen(value), "%s", bytes);
	cr_expect_eq(memcmp(bytes + span.begin, value, strlen(value)), 0, "%s", bytes);
}

Test(json_text, finds_values_of_each_type)
{
	const char *text =
		" { \"a\" : 1e5 ,\"b\":[{\"c\":\"]}\"}] , \"d\":\"\\\"\\\\\",\"e\":null}\n";

	finds(text, "a", "1e5");
	finds(text, "b", "[{\"c\":\"]}\"}]");
	finds(text, "d", "\"\\\"\\\\\"");
	finds(text, "e", "null");
	cr_expect_eq(look(text, "c"), JSON_TEXT_ABSENT, "that one is further inside");
	cr_expect_eq(look(" { } ", "a"), JSON_TEXT_ABSENT);
}

Test(json_text, sees_a_key_that_is_there_twice)
{
	cr_expect_eq(look("{\"a\":1,\"b\":2,\"a\":3}", "a"), JSON_TEXT_AMBIGUOUS);
	finds("{\"a\":1,\"b\":2,\"a\":3}", "b", "2");
}

Test(json_text, stays_within_what_is_malformed)
{
	static const char *const texts[] = { "",	  "{",	     "{\"",	  "{\"a",
					     "{\"a\"",	  "{\"a\":", "{\"a\":}",  "{\"a\":1",
					     "{\"a\":1,", "{a:1}",   "{\"a\" 1}", "{\"a\":1 2}",
					     "{\"a\\",	  "{'a':1}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t length = strlen(texts[i]);
		char *exact = malloc(length ? length : 1);
		struct json_span whole = { 0 };

		memcpy(exact, texts[i], length);
		struct json_text text = { exact, length };

		if (json_text_whole(&text, &whole) == JSON_TEXT_FOUND)
			cr_expect_eq(json_text_member(&text, &whole, "z", &span),
				     JSON_TEXT_MALFORMED, "%s", texts[i]);
		free(exact);
	}
}

Test(json_text, replaces_and_inserts)
{
	struct json_text text = { "abcdef", 6 };
	size_t length = 0;
	char *copy = json_text_splice(&text, &(struct json_span){ 1, 3 },
				      (const char *const[]){ "X", "", "YZ", NULL }, &length);

	cr_expect_str_eq(copy, "aXYZdef");
	cr_expect_eq(length, 7);
	free(copy);
	copy = json_text_splice(&text, &(struct json_span){ 6, 6 },
				(const char *const[]){ "!", NULL }, &length);
	cr_expect_str_eq(copy, "abcdef!");
	free(copy);
}
