/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/pcrs.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "pcrs_text.h"

#define SHA1_OF_ABC "CC D5 BD 41 45 8D E6 44 AC 34 A2 47 8B 58 FF 81 9B EF 5A CF"
#define SHA256_OF_ONES                                     \
	"BB A9 1C A8 5D C9 14 B2 EC 3E FB 9E 16 E7 26 7B " \
	"F9 19 3B 14 35 0D 20 FB A8 A8 B4 06 73 0A E3 0A"

static struct crypto *crypto;

static void begin(void)
{
	cr_assert_eq(crypto_new(&crypto), 0);
}

static void finish(void)
{
	crypto_free(crypto);
}

TestSuite(pcrs, .init = begin, .fini = finish);

/* The digest of so many zeros and the digest of "abc"; of as many zeros and ones. */
Test(pcrs, go_on_as_those_of_a_tpm)
{
	struct pcrs pcrs = { 0 }, digests;

	cr_assert_eq(pcrs_of_data(crypto, "abc", 3, &digests), 0);
	cr_assert_eq(pcrs_extend(crypto, &pcrs, &digests), 0);
	_cleanup_free_ char *sha1 = pcrs_text(&pcrs, 0);

	cr_expect(strstr(sha1, "\nPCR-10: " SHA1_OF_ABC "\n"), "%s", sha1);
}

Test(pcrs, of_a_violation_go_on_by_ones)
{
	struct pcrs pcrs = { 0 }, digests;

	pcrs_of_violation(&digests);
	cr_assert_eq(pcrs_extend(crypto, &pcrs, &digests), 0);
	_cleanup_free_ char *sha256 = pcrs_text(&pcrs, 1);

	cr_expect(strstr(sha256, "\nPCR-10: " SHA256_OF_ONES "\n"), "%s", sha256);
}

Test(pcrs, are_printed_in_24_lines)
{
	const struct pcrs pcrs = { 0 };

	for (size_t bank = 0; bank < PCR_BANK_COUNT; bank++) {
		_cleanup_free_ char *text = pcrs_text(&pcrs, bank);
		size_t lines = 0;

		for (const char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		cr_expect_eq(lines, PCR_COUNT);
		cr_expect_eq(strlen(text),
			     PCR_COUNT * (sizeof("PCR-00:") + 3 * digest_size(pcr_banks[bank])));
		cr_expect_eq(strncmp(text, "PCR-00: 00 00 ", 14), 0);
	}
}
