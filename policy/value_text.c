/* SPDX-License-Identifier: Apache-2.0 */
#include "value_text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "policy.h"

static_assert(HOST_VALUE_MAX == 256, "a message below names it");

static const char hexadecimal_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum encoding { ENCODING_TEXT, ENCODING_HEXADECIMAL, ENCODING_BASE64 };

/* What is left once the first two bytes have said how to read it. */
struct encoded {
	enum encoding encoding;
	const char *text;
	size_t length;
};

static struct encoded classify(const char *text, size_t length)
{
	if (length >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return (struct encoded){ ENCODING_HEXADECIMAL, text + 2, length - 2 };
	if (length >= 2 && text[0] == '0' && (text[1] == 's' || text[1] == 'S'))
		return (struct encoded){ ENCODING_BASE64, text + 2, length - 2 };
	return (struct encoded){ ENCODING_TEXT, text, length };
}

/* Return: the number that a digit stands for; 255 if it is none. */
static uint8_t digit_of(const char *digits, char digit)
{
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (uint8_t)(at - digits) : UINT8_MAX;
}

static uint8_t hexadecimal_digit_of(char digit)
{
	if (digit >= 'A' && digit <= 'F')
		return (uint8_t)(digit - 'A' + 10);
	return digit_of(hexadecimal_digits, digit);
}

static bool is_hexadecimal(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (hexadecimal_digit_of(text[i]) == UINT8_MAX)
			return false;
	return length % 2 == 0;
}

/* Base64 without its padding, and that only of the length that is missing to a group of four. */
static size_t unpadded_length(const char *text, size_t length)
{
	size_t padding = 0;

	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	return length % 4 == 0 ? length - padding : SIZE_MAX;
}

/* One text a value: the bits of the last digit that are no byte's must be zero. */
static bool is_base64(const char *text, size_t length)
{
	size_t digits = unpadded_length(text, length);

	if (digits == SIZE_MAX)
		return false;
	for (size_t i = 0; i < digits; i++)
		if (digit_of(base64_digits, text[i]) == UINT8_MAX)
			return false;
	if (digits % 4 == 0)
		return true;
	return (digit_of(base64_digits, text[digits - 1]) & (digits % 4 == 2 ? 0xf : 0x3)) == 0;
}

static size_t decoded_size(const struct encoded *encoded)
{
	switch (encoded->encoding) {
	case ENCODING_HEXADECIMAL:
		return encoded->length / 2;
	case ENCODING_BASE64:
		return unpadded_length(encoded->text, encoded->length) * 3 / 4;
	case ENCODING_TEXT:
	default:
		return encoded->length;
	}
}

const char *value_text_fault(const char *text, size_t length)
{
	struct encoded encoded = classify(text, length);

	if (encoded.encoding == ENCODING_HEXADECIMAL &&
	    !is_hexadecimal(encoded.text, encoded.length))
		return "0x begins a value in hexadecimal; allowed behind it: two hexadecimal digits "
		       "for each byte";
	if (encoded.encoding == ENCODING_BASE64 && !is_base64(encoded.text, encoded.length))
		return "0s begins a value in base64; allowed behind it: its digits, padded with '='";
	if (decoded_size(&encoded) > HOST_VALUE_MAX)
		return "it is too long; allowed: values of up to 256 bytes";
	return NULL;
}

static void decode_hexadecimal(const struct encoded *encoded, char *bytes)
{
	for (size_t i = 0; i < encoded->length; i += 2)
		bytes[i / 2] = (char)(hexadecimal_digit_of(encoded->text[i]) << 4 |
				      hexadecimal_digit_of(encoded->text[i + 1]));
}

static void decode_base64(const struct encoded *encoded, char *bytes)
{
	size_t digits = unpadded_length(encoded->text, encoded->length), count = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < digits; i++) {
		bits = bits << 6 | digit_of(base64_digits, encoded->text[i]);
		if (i % 4 > 0)
			bytes[count++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
}

size_t value_text_decode(const char *text, size_t length, char *bytes)
{
	struct encoded encoded = classify(text, length);

	switch (encoded.encoding) {
	case ENCODING_HEXADECIMAL:
		decode_hexadecimal(&encoded, bytes);
		break;
	case ENCODING_BASE64:
		decode_base64(&encoded, bytes);
		break;
	case ENCODING_TEXT:
	default:
		memcpy(bytes, encoded.text, encoded.length);
		break;
	}
	return decoded_size(&encoded);
}
