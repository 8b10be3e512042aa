/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_PCRS_H
#define NSXATTR_INTEGRITY_PCRS_H

/*
 * What a TPM would have: a register in each of several banks, which only ever goes on. A bank is a digest
 * algorithm; its new value is the digest of the old one and of the digest of what is measured. IMA's register has
 * the number 10. Nothing here is a TPM: the values are the word of the process that has them.
 *
 * As the kernel (security/integrity/ima/ima_crypto.c since Linux 5.8): each bank gets the digest of the measured
 * data in its own algorithm, and 0xff in each byte for a violation.
 */

#include <stdint.h>
#include <stdio.h>

#include "integrity/crypto.h"

#define PCR_NUMBER 10 /* CONFIG_IMA_MEASURE_PCR_IDX */
#define PCR_COUNT 24 /* of a TPM */
#define PCR_BANK_COUNT 4

/** struct pcrs - a value in each bank; zeroed: as at the start of a machine. Of a bank only digest_size() bytes count */
struct pcrs {
	uint8_t values[PCR_BANK_COUNT][DIGEST_SIZE_MAX];
};

/* The algorithms of the banks, by their index in struct pcrs. SHA-1 is the first. */
extern const enum digest_algorithm pcr_banks[PCR_BANK_COUNT];

/** pcrs_of_data() - @ret_digests: of @size bytes, in each bank. Return: 0; -ENOMEM. */
int pcrs_of_data(struct crypto *crypto, const void *data, size_t size, struct pcrs *ret_digests);

/** pcrs_of_violation() - what a violation counts as instead of its digests */
void pcrs_of_violation(struct pcrs *ret_digests);

/** pcrs_extend() - go on by @digests. @pcrs is untouched on failure. Return: 0; -ENOMEM. */
int pcrs_extend(struct crypto *crypto, struct pcrs *pcrs, const struct pcrs *digests);

/**
 * pcrs_print() - all registers of one bank, a line each, as "PCR-10: 0A FF ..."
 * @bank: its index
 *
 * The other registers have never been written to. `evmctl ima_measurement --pcrs ALGORITHM,FILE` reads this.
 */
void pcrs_print(const struct pcrs *pcrs, size_t bank, FILE *file);

#endif
