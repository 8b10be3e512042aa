/* SPDX-License-Identifier: Apache-2.0 */
#include "attach/oci_frame.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *reason;

/* In pieces of @step bytes. */
static enum oci_frame_result feed_by(const char *text, size_t step)
{
	struct oci_frame frame = { 0 };
	enum oci_frame_result result = OCI_FRAME_OPEN;
	size_t length = strlen(text);

	reason = NULL;
	for (size_t at = 0; at < length && result != OCI_FRAME_REFUSED; at += step)
		result = oci_frame_feed(&frame, text + at, length - at < step ? length - at : step,
					&reason);
	return result;
}

static void gives(const char *text, enum oci_frame_result expected)
{
	for (size_t step = 1; step <= strlen(text); step++)
		cr_expect_eq(feed_by(text, step), expected, "%s, by %zu", text, step);
}

static void refuses(const char *text, const char *expected)
{
	gives(text, OCI_FRAME_REFUSED);
	cr_expect_str_eq(reason, expected);
}

Test(oci_frame, sees_where_an_object_ends)
{
	gives("{}", OCI_FRAME_CLOSED);
	gives(" {\"a\":[1,{\"b\":[]}]} \r\n\t", OCI_FRAME_CLOSED);
	gives("{\"a\":[1,{\"b\":[]}]", OCI_FRAME_OPEN);
	gives("   ", OCI_FRAME_OPEN);
}

Test(oci_frame, knows_nothing_of_the_inside_of_strings)
{
	gives("{\"}\\\"}\\\\\":\"'{[,:\"}", OCI_FRAME_CLOSED);
	gives("{\"}\\\\\\\"}", OCI_FRAME_OPEN);
}

Test(oci_frame, lets_nothing_follow)
{
	refuses("{}{", "has something behind its end");
	refuses("{} x", "has something behind its end");
}

Test(oci_frame, wants_an_object)
{
	refuses("[]", "is no JSON object");
	refuses(" x{}", "is no JSON object");
	refuses("}", "is no JSON object");
	refuses("\"{}\"", "is no JSON object");
}

Test(oci_frame, refuses_what_would_deceive_it)
{
	refuses("{'\"':1}", "is not JSON");
}

Test(oci_frame, refuses_a_nul)
{
	struct oci_frame frame = { 0 };

	cr_expect_eq(oci_frame_feed(&frame, "{\"\0", 3, &reason), OCI_FRAME_REFUSED);
	cr_expect_str_eq(reason, "has a NUL in it");
}

Test(oci_frame, bounds_depth_and_values)
{
	char text[2 * OCI_FRAME_VALUES_MAX + 16] = "{\"\":";
	char *at = text + strlen(text);

	gives("{\"\":[[[[[[[[[[[[[[[", OCI_FRAME_OPEN);
	refuses("{\"\":[[[[[[[[[[[[[[[[", "is nested too deeply");
	/* the object, its key and the list count as well */
	*at++ = '[';
	memset(at, ',', OCI_FRAME_VALUES_MAX - 3);
	cr_expect_eq(feed_by(text, 1), OCI_FRAME_OPEN);
	at[OCI_FRAME_VALUES_MAX - 3] = ',';
	cr_expect_eq(feed_by(text, 1), OCI_FRAME_REFUSED);
	cr_expect_str_eq(reason, "has more than 4096 values");
}
