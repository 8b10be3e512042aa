/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/means.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text_file.h"
#include "integrity/crypto.h"
#include "integrity/keyring.h"
#include "integrity/measurements.h"
#include "policy_file.h"

/* ---- what the list begins with: the policy, and each key ---- */

static void free_parts(struct measurements_part *parts, size_t count)
{
	for (size_t i = 1; i < count; i++)
		free((void *)(uintptr_t)parts[i].bytes);
	free(parts);
}

static int read_part(const char *path, struct measurements_part *ret_part)
{
	char *text;
	size_t length;
	int r = text_file_read(path, KEYRING_FILE_SIZE_MAX, &text, &length);

	if (r == TEXT_FILE_READ)
		*ret_part = (struct measurements_part){ text, length };
	return r < 0 ? r : r == TEXT_FILE_READ ? 0 : -EINVAL;
}

static int make_aggregate(struct crypto *crypto, const struct policy_file *file,
			  uint8_t *ret_digest)
{
	const struct integrity *integrity = &file->policy.integrity;
	size_t count = 1 + integrity->key_count;
	struct measurements_part *parts = calloc(count, sizeof(*parts));
	int r = parts ? 0 : -ENOMEM;

	if (r == 0)
		parts[0] = (struct measurements_part){ file->text, file->length };
	for (size_t i = 0; r == 0 && i < integrity->key_count; i++)
		r = read_part(integrity->keys[i], &parts[1 + i]);
	if (r == 0)
		r = measurements_aggregate(crypto, parts, count, ret_digest);
	if (parts)
		free_parts(parts, count);
	return r;
}

static int begin_list(struct judge_means *means, const struct policy_file *file)
{
	const struct integrity *integrity = &file->policy.integrity;
	uint8_t aggregate[DIGEST_SIZE_MAX];
	int r = make_aggregate(means->crypto, file, aggregate);

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
	struct keyring_complaint complaint = { "" };
	int r = keyring_new(means->crypto, integrity->keys, integrity->key_count, &means->keyring,
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

int judge_means_new(const struct policy_file *file, const char *folder,
		    struct judge_means **ret_means)
{
	struct judge_means *means = calloc(1, sizeof(*means));

	if (!means) {
		log_error("out of memory");
		return -ENOMEM;
	}
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
