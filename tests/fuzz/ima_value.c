/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken apart can be put together again, and is what it was. The input is a value of security.ima. */
#include "ima_value.h"

#include "fuzz.h"

static size_t write_signature(const struct ima_value *value, uint8_t version, uint8_t *bytes)
{
	const uint8_t header[IMA_SIGNATURE_HEADER] = { value->type,
						       version,
						       (uint8_t)value->algorithm,
						       (uint8_t)(value->keyid >> 24),
						       (uint8_t)(value->keyid >> 16),
						       (uint8_t)(value->keyid >> 8),
						       (uint8_t)value->keyid,
						       (uint8_t)(value->length >> 8),
						       (uint8_t)value->length };

	memcpy(bytes, header, sizeof(header));
	return sizeof(header);
}

static size_t write_header(const struct ima_value *value, uint8_t *bytes)
{
	bytes[0] = value->type;
	bytes[1] = (uint8_t)value->algorithm;
	switch (value->type) {
	case IMA_VALUE_SHA1:
		require(value->algorithm == DIGEST_SHA1);
		return 1;
	case IMA_VALUE_DIGEST:
		return 2;
	case IMA_VALUE_SIGNATURE:
		return write_signature(value, 2, bytes);
	default:
		require(value->type == IMA_VALUE_VERITY_SIGNATURE);
		return write_signature(value, 3, bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t header[IMA_SIGNATURE_HEADER];
	struct ima_value value;

	if (ima_value_decode(data, size, &value) != IMA_VALUE_IS_SOUND)
		return 0;
	size_t length = write_header(&value, header);

	require(length + value.length == size && value.bytes == data + length);
	require(memcmp(header, data, length) == 0);
	require(digest_size(value.algorithm) > 0);
	require(ima_value_is_signature(&value) ? value.length > 0 :
						 value.length == digest_size(value.algorithm));
	return 0;
}
