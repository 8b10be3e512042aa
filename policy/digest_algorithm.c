/* SPDX-License-Identifier: Apache-2.0 */
#include "digest_algorithm.h"

#include <string.h>

static const struct {
	const char *name;
	size_t size;
} algorithms[DIGEST_ALGORITHM_END] = {
	[DIGEST_SHA1] = { "sha1", 20 },	    [DIGEST_SHA224] = { "sha224", 28 },
	[DIGEST_SHA256] = { "sha256", 32 }, [DIGEST_SHA384] = { "sha384", 48 },
	[DIGEST_SHA512] = { "sha512", 64 },
};

size_t digest_size(unsigned int number)
{
	return number < DIGEST_ALGORITHM_END ? algorithms[number].size : 0;
}

const char *digest_name(enum digest_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

bool digest_algorithm_find(const char *name, size_t length, enum digest_algorithm *ret_algorithm)
{
	for (unsigned int i = 0; i < DIGEST_ALGORITHM_END; i++) {
		if (algorithms[i].size == 0 || strlen(algorithms[i].name) != length ||
		    memcmp(algorithms[i].name, name, length) != 0)
			continue;
		*ret_algorithm = (enum digest_algorithm)i;
		return true;
	}
	return false;
}
