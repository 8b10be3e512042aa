/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/pcrs.h"

#include <ctype.h>
#include <string.h>

#include "count_of.h"
#include "hex.h"

const enum digest_algorithm pcr_banks[PCR_BANK_COUNT] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
							  DIGEST_SHA512 };

int pcrs_of_data(struct crypto *crypto, const void *data, size_t size, struct pcrs *ret_digests)
{
	struct pcrs digests = { 0 };
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(pcr_banks) && r == 0; i++)
		r = crypto_digest(crypto, pcr_banks[i], data, size, digests.values[i]);
	if (r == 0)
		*ret_digests = digests;
	return r;
}

void pcrs_of_violation(struct pcrs *ret_digests)
{
	memset(ret_digests, 0xff, sizeof(*ret_digests));
}

int pcrs_extend(struct crypto *crypto, struct pcrs *pcrs, const struct pcrs *digests)
{
	struct pcrs next = { 0 };
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(pcr_banks) && r == 0; i++) {
		size_t size = digest_size(pcr_banks[i]);
		uint8_t both[2 * DIGEST_SIZE_MAX];

		memcpy(both, pcrs->values[i], size);
		memcpy(both + size, digests->values[i], size);
		r = crypto_digest(crypto, pcr_banks[i], both, 2 * size, next.values[i]);
	}
	if (r == 0)
		*pcrs = next;
	return r;
}

static void print_byte(uint8_t byte, FILE *file)
{
	char text[HEX_SIZE(1)];

	hex_write(&byte, 1, text);
	putc_unlocked(' ', file);
	putc_unlocked(toupper(text[0]), file);
	putc_unlocked(toupper(text[1]), file);
}

void pcrs_print(const struct pcrs *pcrs, size_t bank, FILE *file)
{
	size_t size = digest_size(pcr_banks[bank]);

	for (int number = 0; number < PCR_COUNT; number++) {
		fprintf(file, "PCR-%02d:", number);
		for (size_t i = 0; i < size; i++)
			print_byte(number == PCR_NUMBER ? pcrs->values[bank][i] : 0, file);
		putc_unlocked('\n', file);
	}
}
