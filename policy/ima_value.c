/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_value.h"

static enum ima_value_mistake decode_digest(unsigned int algorithm, const uint8_t *bytes,
					    size_t length, struct ima_value *value)
{
	if (digest_size(algorithm) == 0)
		return IMA_VALUE_ALGORITHM;
	if (length != digest_size(algorithm))
		return IMA_VALUE_SIZE;
	value->algorithm = (enum digest_algorithm)algorithm;
	value->bytes = bytes;
	value->length = length;
	return IMA_VALUE_IS_SOUND;
}

/* @bytes begin with the version. */
static enum ima_value_mistake decode_signature(uint8_t version, const uint8_t *bytes, size_t length,
					       struct ima_value *value)
{
	const size_t header = IMA_SIGNATURE_HEADER - 1;

	if (length == 0)
		return IMA_VALUE_SIZE;
	if (bytes[0] != version)
		return IMA_VALUE_VERSION;
	if (length <= header || length - header != ((size_t)bytes[6] << 8 | bytes[7]))
		return IMA_VALUE_SIZE;
	if (digest_size(bytes[1]) == 0)
		return IMA_VALUE_ALGORITHM;
	value->algorithm = (enum digest_algorithm)bytes[1];
	value->keyid = (uint32_t)bytes[2] << 24 | (uint32_t)bytes[3] << 16 |
		       (uint32_t)bytes[4] << 8 | bytes[5];
	value->bytes = bytes + header;
	value->length = length - header;
	return IMA_VALUE_IS_SOUND;
}

enum ima_value_mistake ima_value_decode(const uint8_t *bytes, size_t length,
					struct ima_value *ret_value)
{
	*ret_value = (struct ima_value){ .type = length > 0 ? bytes[0] : 0 };
	switch (ret_value->type) {
	case IMA_VALUE_SHA1:
		return decode_digest(DIGEST_SHA1, bytes + 1, length - 1, ret_value);
	case IMA_VALUE_DIGEST:
		return length < 2 ? IMA_VALUE_SIZE :
				    decode_digest(bytes[1], bytes + 2, length - 2, ret_value);
	case IMA_VALUE_SIGNATURE:
		return decode_signature(IMA_SIGNATURE_VERSION, bytes + 1, length - 1, ret_value);
	case IMA_VALUE_VERITY_SIGNATURE:
		return decode_signature(IMA_VERITY_SIGNATURE_VERSION, bytes + 1, length - 1,
					ret_value);
	default:
		return IMA_VALUE_TYPE;
	}
}

const char *ima_value_mistake_text(enum ima_value_mistake mistake)
{
	static const char *const texts[] = {
		[IMA_VALUE_IS_SOUND] = "as it should be",
		[IMA_VALUE_TYPE] = "neither a digest nor a signature",
		[IMA_VALUE_VERSION] = "a signature of a version that is not known",
		[IMA_VALUE_ALGORITHM] = "of an algorithm that is not known",
		[IMA_VALUE_SIZE] = "not as long as it has to be",
	};

	return texts[mistake];
}

bool ima_value_is_signature(const struct ima_value *value)
{
	return value->type == IMA_VALUE_SIGNATURE || value->type == IMA_VALUE_VERITY_SIGNATURE;
}
