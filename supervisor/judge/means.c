/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/means.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "integrity/crypto.h"
#include "integrity/keyring.h"
#include "integrity/measurements.h"
#include "policy_file.h"

/* ---- what the list begins with: the policy, and each file of keys ---- */

int judge_means_aggregate(const struct keyring *keyring, const struct policy_file *file,
			  uint8_t *ret_digest)
{
	const struct key_files *keys = keyring->files;
	_cleanup_free_ struct measurements_part *parts = calloc(1 + keys->count, sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	parts[0] = (struct measurements_part){ file->text, file->length };
	for (size_t i = 0; i < keys->count; i++)
		parts[1 + i] =
			(struct measurements_part){ keys->files[i].bytes, keys->files[i].length };
	return measurements_aggregate(keyring->crypto, parts, 1 + keys->count, ret_digest);
}

static int begin_list(struct judge_means *means, const struct policy_file *file)
{
	const struct integrity *integrity = &file->policy.integrity;
	uint8_t aggregate[DIGEST_SIZE_MAX];
	int r = judge_means_aggregate(means->keyring, file, aggregate);

	if (r == 0)
		r = measurements_new(means->crypto, integrity->template, integrity->entries,
				     aggregate, &means->measurements);
	if (r < 0)
		log_error("cannot begin a measurement list: %s", strerror(-r));
	return r;
}

/* ---- all of it ---- */

static int read_keys(struct judge_means *means, const struct integrity *integrity)
{
	struct key_complaint complaint = { "" };
	int r = keyring_read(means->crypto, integrity->keys, integrity->key_count, &means->keyring,
			     &complaint);

	if (r < 0)
		log_error("cannot use the keys of the policy: %s", complaint.text);
	return r;
}

static int fill(struct judge_means *means, const struct policy_file *file, const char *folder)
{
	int r = crypto_new(&means->crypto);

	if (r < 0)
		log_error("out of memory");
	if (r == 0)
		r = read_keys(means, &file->policy.integrity);
	if (r == 0)
		r = begin_list(means, file);
	return r < 0 || !folder ?
		       r :
		       measurements_folder_new(folder, means->measurements, &means->folder);
}

int judge_means_new(const struct policy_file *file, struct revocation *revocation,
		    const char *folder, struct judge_means **ret_means)
{
	struct judge_means *means = calloc(1, sizeof(*means));

	if (!means) {
		log_error("out of memory");
		return -ENOMEM;
	}
	means->revocation = revocation;
	int r = fill(means, file, folder);

	if (r < 0)
		judge_means_free(means);
	else
		*ret_means = means;
	return r;
}

void judge_means_free(struct judge_means *means)
{
	if (!means)
		return;
	measurements_folder_free(means->folder);
	measurements_free(means->measurements);
	keyring_free(means->keyring);
	crypto_free(means->crypto);
	free(means);
}

void judge_means_keep_from_children(struct judge_means *means)
{
	if (means)
		measurements_keep_from_children(means->measurements);
}

void judge_means_finish(struct judge_means *means)
{
	if (means && means->folder)
		measurements_folder_finish(means->folder, means->measurements);
}

void judge_means_fds(const struct judge_means *means, int ret_fds[JUDGE_MEANS_FDS])
{
	for (size_t i = 0; i < JUDGE_MEANS_FDS; i++)
		ret_fds[i] = -1;
	if (means)
		ret_fds[0] = measurements_fd(means->measurements);
	if (means && means->folder)
		measurements_folder_fds(means->folder, ret_fds + 1);
}
