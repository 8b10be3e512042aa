/* SPDX-License-Identifier: Apache-2.0 */
/* The stages about the content of a file: is it what its value says, and what is written down of it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <string.h>

#include "base/log.h"
#include "exec/inode.h"
#include "hex.h"
#include "integrity/measurements.h"
#include "judge/fence.h"
#include "judge/stage.h"

static const uint8_t *value_of(const struct judgement *judgement)
{
	return judgement->file.value_size < 0 ?
		       NULL :
		       (const uint8_t *)judgement->request.workspace->value;
}

static size_t value_size_of(const struct judgement *judgement)
{
	return judgement->file.value_size < 0 ? 0 : (size_t)judgement->file.value_size;
}

/*
 * As root of the container sees it, whichever namespace inside the target is in: a verdict is for all of the container.
 * Of a value that cannot be got nothing is valid: it is as if there were none.
 */
bool file_read_value(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;
	struct request *request = &judgement->request;

	file->value_size = -ENODATA;
	if (!judgement_wants_content(judgement) || file->fd < 0)
		return true;
	const struct user_namespace *userns = request->subject.userns;

	request->subject.userns = access_container(userns);
	file->value_size =
		stage_get_shown(request, XATTR_NAME_IMA, request->workspace->value, XATTR_SIZE_MAX);
	request->subject.userns = userns;
	return true;
}

/* ---- reading it ---- */

bool judgement_is_as_it_was(const struct judgement *judgement)
{
	const struct exec_file *file = &judgement->file;
	struct gate_version now = { 0 };

	if (file->is_leased)
		return fcntl(file->fd, F_GETLEASE) == F_RDLCK;
	if (!file->has_version)
		return true;
	int answer = gate_ask(judgement->judge->config.fence->gate,
			      judgement->request.workspace->config.procfs, file->fd, &now);

	return fence_version_lasts(&file->version, answer, &now);
}

void judgement_note_change(struct exec_file *file)
{
	file->has_changed = true;
	file->verdict.cause = CAUSE_WRITERS;
	file->verdict.reason = file->has_version ? "it was changed while it was looked at" : NULL;
}

/* Between two pieces of the file. Return: 0: go on; -errno: stop. */
static int interrupt(void *place)
{
	const struct judgement *judgement = place;

	if (!judgement_is_as_it_was(judgement))
		return -EAGAIN;
	return stage_still_waits(judgement->request.reception) ? 0 : -ESRCH;
}

static void prepare(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	file->content = (struct content){
		.crypto = judgement->judge->config.means->crypto,
		.fd = file->fd,
		.deadline = judgement->deadline,
		.interrupt = interrupt,
		.place = judgement,
	};
}

/* Return: whether the content could be looked at. */
static bool note_failure(struct exec_file *file, int result)
{
	if (result == 0)
		return true;
	if (result == -EAGAIN) {
		judgement_note_change(file);
		return false;
	}
	file->is_abandoned = result == -ESRCH;
	file->verdict.cause = CAUSE_FAILURE;
	file->verdict.error = -result;
	return false;
}

/* ---- appraising ---- */

static void note_appraisal(struct verdict *verdict, const struct appraisal *appraisal)
{
	verdict->cause = appraisal->cause;
	verdict->has_keyid = appraisal->mistake == IMA_VALUE_IS_SOUND &&
			     ima_value_is_signature(&appraisal->value);
	verdict->keyid = verdict->has_keyid ? appraisal->value.keyid : 0;
}

bool file_appraise(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;
	const struct appraisal_request request = {
		.actions = &file->actions,
		.keyring = judgement->judge->config.means->keyring,
		.revocation = judgement->judge->config.means->revocation,
		.value = value_of(judgement),
		.length = value_size_of(judgement),
		.content = &file->content,
	};
	struct appraisal appraisal;

	prepare(judgement);
	file->verdict.is_appraised = judgement_wants(judgement, KIND_APPRAISE);
	if (!file->verdict.is_appraised || file->verdict.cause != CAUSE_NONE)
		return true;
	if (note_failure(file, appraise(&request, &appraisal)))
		note_appraisal(&file->verdict, &appraisal);
	return !file->is_abandoned;
}

/* ---- measuring ---- */

/* What is wrong with the value says nothing about the content. */
static bool is_content_known(const struct verdict *verdict)
{
	return verdict->cause < CAUSE_WRITERS;
}

/* Return: the digest for list and log; NULL: the content is not known. */
static const uint8_t *digest_of(struct judgement *judgement, enum digest_algorithm algorithm)
{
	struct exec_file *file = &judgement->file;
	const uint8_t *digest = NULL;

	if (!is_content_known(&file->verdict))
		return NULL;
	int r = content_digest(&file->content, algorithm, &digest);

	if (r == 0)
		r = interrupt(judgement);
	return note_failure(file, r) ? digest : NULL;
}

static void show_path(const struct judgement *judgement, char path[PATH_MAX])
{
	inode_show_path(&judgement->request.performer, path, PATH_MAX);
}

/* Return: whether it is in the list. */
static bool append(struct judgement *judgement, const struct measurement *measurement)
{
	const struct judge_means *means = judgement->judge->config.means;
	int r = measurements_append(means->measurements, means->crypto, measurement);

	if (r < 0 || r == MEASUREMENT_MISSED)
		log_limited(judgement->request.client->log_source, LOG_WARNING,
			    "%s%s is missing in the measurement list: %s",
			    judgement->judge->config.label, measurement->path,
			    r < 0 ? strerror(-r) : "the list is full");
	if (means->folder)
		measurements_folder_update(means->folder, means->measurements);
	return r >= 0 && r != MEASUREMENT_MISSED;
}

bool file_measure(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;
	enum digest_algorithm algorithm =
		appraisal_algorithm(value_of(judgement), value_size_of(judgement));
	char path[PATH_MAX];

	if (!judgement_wants(judgement, KIND_MEASURE))
		return true;
	const uint8_t *digest = digest_of(judgement, algorithm);

	if (file->is_abandoned || judgement_looks_again(judgement))
		return false;
	show_path(judgement, path);
	const struct measurement measurement = {
		.template = file->actions.template,
		.is_violation = !digest,
		.algorithm = algorithm,
		.digest = digest,
		.path = path,
		.value = value_of(judgement),
		.value_size = value_size_of(judgement),
	};

	file->verdict.is_not_listed = !append(judgement, &measurement);
	return true;
}

/* As the kernel's own audit messages have it. */
bool file_audit(struct judgement *judgement)
{
	char path[PATH_MAX], text[HEX_SIZE(DIGEST_SIZE_MAX)] = "";

	if (!judgement_wants(judgement, KIND_AUDIT))
		return true;
	const uint8_t *digest = digest_of(judgement, DIGEST_SHA256);

	if (judgement->file.is_abandoned || judgement_looks_again(judgement))
		return false;
	if (digest)
		hex_write(digest, digest_size(DIGEST_SHA256), text);
	show_path(judgement, path);
	log_limited(judgement->request.client->log_source, LOG_NOTICE,
		    "%sthread %d executes %s, hash=%s%s", judgement->judge->config.label,
		    judgement->call.tid, path, digest ? "sha256:" : "unknown", text);
	return true;
}
