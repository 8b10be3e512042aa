/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Of JSON this knows strings and brackets, enough to see where an object ends; that it is right in
 * between is json-c's to find out. json-c makes hundreds of bytes of an object or a list that took two
 * in the message, so that values are counted here, before it sees any.
 *
 * json-c takes 'single quotes' for a string too, even when it is strict. They are refused, for a '"'
 * within them would turn upside down what is seen here.
 */
#include "attach/oci_frame.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void pass_string(struct oci_frame *frame, char byte)
{
	if (frame->is_escaped)
		frame->is_escaped = false;
	else if (byte == '\\')
		frame->is_escaped = true;
	else if (byte == '"')
		frame->is_string = false;
}

static const char *open_bracket(struct oci_frame *frame)
{
	frame->values++;
	return ++frame->depth > OCI_FRAME_DEPTH_MAX ? "is nested too deeply" : NULL;
}

/* Return: NULL; a reason. */
static const char *pass_structure(struct oci_frame *frame, char byte)
{
	switch (byte) {
	case '"':
		frame->is_string = true;
		return NULL;
	case '\'':
		return "is not JSON";
	case '{':
	case '[':
		return open_bracket(frame);
	case '}':
	case ']':
		frame->is_closed = --frame->depth == 0;
		return NULL;
	case ',':
	case ':':
		frame->values++;
		return NULL;
	default:
		return NULL;
	}
}

static const char *pass(struct oci_frame *frame, char byte)
{
	if (byte == '\0')
		return "has a NUL in it";
	if (frame->is_string) {
		pass_string(frame, byte);
		return NULL;
	}
	if (is_blank(byte))
		return NULL;
	if (frame->is_closed)
		return "has something behind its end";
	if (frame->depth == 0 && byte != '{')
		return "is no JSON object";
	const char *reason = pass_structure(frame, byte);

	return frame->values > OCI_FRAME_VALUES_MAX ? "has more than 4096 values" : reason;
}

enum oci_frame_result oci_frame_feed(struct oci_frame *frame, const char *bytes, size_t length,
				     const char **ret_reason)
{
	for (size_t i = 0; i < length; i++) {
		const char *reason = pass(frame, bytes[i]);

		if (!reason)
			continue;
		*ret_reason = reason;
		return OCI_FRAME_REFUSED;
	}
	return frame->is_closed ? OCI_FRAME_CLOSED : OCI_FRAME_OPEN;
}
