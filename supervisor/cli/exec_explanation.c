/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_explanation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text_file.h"
#include "cli/settings.h"
#include "integrity/content.h"
#include "integrity/crypto.h"
#include "integrity/keyring.h"
#include "policy.h"

/* ---- the file ---- */

static struct integrity_facts facts_of(const struct exec_explanation *explanation,
				       const struct stat *status)
{
	const struct file_system *system = &explanation->system;

	/* All ids of the task are 0: those of the container's root. */
	return (struct integrity_facts){
		.has_setuid = true,
		.has_setgid = true,
		.fowner = integrity_id(&explanation->userns->uids, status->st_uid),
		.fgroup = integrity_id(&explanation->userns->gids, status->st_gid),
		.fs_magic = system->magic,
		.fs_name = system->name[0] ? system->name : NULL,
		.fs_uuid = system->has_uuid ? system->uuid : NULL,
	};
}

static bool find_facts(struct exec_explanation *explanation, int fd)
{
	_cleanup_fd_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct stat status;
	int error = fstat(fd, &status) < 0 ? -errno : 0;

	if (!error && !S_ISREG(status.st_mode)) {
		log_error("%s is no regular file, and only such are executed", explanation->path);
		return false;
	}
	if (!error)
		error = file_system_look(mounts, -1, fd, &explanation->system);
	if (!error)
		file_system_read_uuid(fd, &explanation->system);
	if (!error && !explanation->system.has_server)
		error = form_read(fd, &explanation->form);
	if (error) {
		log_error("cannot look at %s: %s", explanation->path, strerror(-error));
		return false;
	}
	explanation->facts = facts_of(explanation, &status);
	return true;
}

/* ---- the value ---- */

static bool read_value(struct exec_explanation *explanation, int fd)
{
	const struct explanation *get = &explanation->get;
	ssize_t length = -1;

	explanation->value = malloc(XATTR_SIZE_MAX);
	errno = explanation->value ? ENODATA : ENOMEM;
	for (size_t i = 0; length < 0 && errno == ENODATA && i < get->name_count; i++) {
		explanation->value_name = get->names[i];
		length = fgetxattr(fd, get->names[i], explanation->value, XATTR_SIZE_MAX);
	}
	if (length >= 0) {
		explanation->length = (size_t)length;
		explanation->mistake =
			ima_value_decode(explanation->value, (size_t)length, &explanation->decoded);
		return true;
	}
	explanation->value_name = NULL;
	if (errno == ENODATA || errno == EOPNOTSUPP)
		return true;
	log_error("cannot read security.ima of %s: %s", explanation->path, strerror(errno));
	return false;
}

/* By the very functions that answer a get. A name that is left to the kernel is the host's. */
static bool find_value(struct exec_explanation *explanation, int fd)
{
	struct explanation *get = &explanation->get;

	*get = (struct explanation){
		.policy = explanation->policy,
		.userns = explanation->userns,
		.operation = OPERATION_GET,
		.name = XATTR_NAME_IMA,
	};
	explanation_fill(get);
	if (get->decision.route == ROUTE_KERNEL)
		strcpy(get->names[get->name_count++], XATTR_NAME_IMA);
	return read_value(explanation, fd);
}

/* ---- the judgement ---- */

static bool have_keys(struct exec_explanation *explanation)
{
	const struct integrity *integrity = &explanation->policy->integrity;
	struct key_complaint complaint;
	int error = crypto_new(&explanation->crypto);

	if (error) {
		log_error("%s", strerror(-error));
		return false;
	}
	error = keyring_read(explanation->crypto, integrity->keys, integrity->key_count,
			     &explanation->keyring, &complaint);
	if (error)
		log_error("%s", complaint.text);
	return !error && settings_revocation(&explanation->revocation) == 0;
}

static bool judge(struct exec_explanation *explanation, struct content *content,
		  struct exec_use *use)
{
	const struct appraisal_request request = {
		.actions = &use->actions,
		.keyring = explanation->keyring,
		.revocation = explanation->revocation,
		.value = explanation->value_name ? explanation->value : NULL,
		.length = explanation->length,
		.content = content,
	};

	explanation->facts.func = use->func;
	integrity_match(&explanation->policy->integrity, &explanation->facts, &use->actions);
	if (!use->actions.decisions[KIND_APPRAISE].is_wanted)
		return true;
	/* The server may give another content the next time. */
	if (explanation->system.has_server) {
		use->appraisal.cause = CAUSE_UNVERIFIABLE;
		return true;
	}
	int error = appraise(&request, &use->appraisal);

	if (error)
		log_error("cannot read %s: %s", explanation->path, strerror(-error));
	return !error;
}

bool exec_explanation_fill(struct exec_explanation *explanation)
{
	_cleanup_fd_ int fd = open(explanation->path, TEXT_FILE_FLAGS);
	bool is_told;

	if (fd < 0) {
		log_error("cannot open %s: %s", explanation->path, strerror(errno));
		return false;
	}
	is_told = find_facts(explanation, fd) && find_value(explanation, fd) &&
		  have_keys(explanation);
	struct content content = { .crypto = explanation->crypto, .fd = fd };

	for (enum integrity_func func = 0; is_told && func < EXEC_USES; func++) {
		explanation->uses[func].func = func;
		is_told = judge(explanation, &content, &explanation->uses[func]);
	}
	return is_told;
}

void exec_explanation_done(struct exec_explanation *explanation)
{
	keyring_free(explanation->keyring);
	revocation_free(explanation->revocation);
	crypto_free(explanation->crypto);
	free(explanation->value);
}

bool exec_use_is_refused(const struct exec_explanation *explanation, const struct exec_use *use)
{
	return explanation->policy->integrity.mode != INTEGRITY_OFF &&
	       use->actions.decisions[KIND_APPRAISE].is_wanted &&
	       use->appraisal.cause != CAUSE_NONE;
}

bool exec_explanation_is_inherited(const struct exec_explanation *explanation)
{
	const struct decision *decision = &explanation->get.decision;

	return decision->route == ROUTE_STORED && explanation->value_name &&
	       strcmp(explanation->value_name, decision->name) != 0;
}
