/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_MEANS_H
#define NSXATTR_JUDGE_MEANS_H

/*
 * What judges with, and writes on: a container's keys and its measurement list. They are made while paths lead to
 * files, before the first worker, and each worker has them by inheritance; the list outlives each of them.
 */

#include <stdint.h>

#include "integrity/measurements_folder.h"

struct crypto;
struct keyring;
struct measurements;
struct policy_file;
struct revocation;

/* Descriptors that have to stay open for them. */
#define JUDGE_MEANS_FDS (1 + MEASUREMENTS_FILE_COUNT)

/** struct judge_means - of one container */
struct judge_means {
	struct crypto *crypto;
	struct keyring *keyring;
	struct revocation *revocation; /* of keys that do not count, borrowed; NULL: of none */
	struct measurements *measurements;
	struct measurements_folder *folder; /* where the list is written, too; NULL: nowhere */
};

/**
 * judge_means_new() - have them
 * @file: the policy, with integrity that is not off
 * @revocation: of keys that do not count; it has to outlive the means; NULL: of none
 * @folder: a path; NULL: the list is written nowhere
 * @ret_means: judge_means_free() them
 *
 * Return: 0; -errno: it has been logged.
 */
int judge_means_new(const struct policy_file *file, struct revocation *revocation,
		    const char *folder, struct judge_means **ret_means);

/**
 * judge_means_aggregate() - what boot_aggregate, the first entry of a list, is the digest of
 * @keyring: of the policy
 * @ret_digest: SHA-256 of the policy's file and the files of keys: see measurements_aggregate()
 *
 * Return: 0; -ENOMEM.
 */
int judge_means_aggregate(const struct keyring *keyring, const struct policy_file *file,
			  uint8_t *ret_digest);

/** judge_means_free() - NULL is accepted. */
void judge_means_free(struct judge_means *means);

/** judge_means_keep_from_children() - of a worker: its children have no part in the list; NULL is accepted. */
void judge_means_keep_from_children(struct judge_means *means);

/** judge_means_finish() - of a worker, at its end: what the folder has is on the disk; NULL is accepted. */
void judge_means_finish(struct judge_means *means);

/** judge_means_fds() - @ret_fds: these; -1: none */
void judge_means_fds(const struct judge_means *means, int ret_fds[JUDGE_MEANS_FDS]);

#endif
