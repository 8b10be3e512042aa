/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages about one file, up to its content. What keeps us from looking at the content does not end the list: the file
 * is unverifiable then, which is a verdict as others are, and an entry of the measurement list.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/inode.h"
#include "idmap.h"
#include "integrity/revocation.h"
#include "judge/stage.h"
#include "request/userns.h"

/* The content cannot be looked at, or cannot be told to stay as it is. Return: true: it goes on. */
static bool note_obstacle(struct exec_file *file, enum appraisal_cause cause, int error)
{
	file->verdict.cause = cause;
	file->verdict.error = error;
	return true;
}

/* Can the kernel come as far as to ask its own rules about the file? */
static bool is_executable(const struct judgement *judgement)
{
	const struct exec_file *file = &judgement->file;

	if (!S_ISREG(file->stat.stx_mode))
		return false;
	if (judgement->call.maps)
		return !inode_is_unusable(&judgement->request.inode);
	return file->func == FUNC_MMAP_CHECK || (file->stat.stx_mode & 0111);
}

/* A file system of the target's that refuses us tells nothing. */
bool file_look(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;
	const struct request *request = &judgement->request;
	const unsigned int mask = STATX_BASIC_STATS | FILE_SYSTEM_STATX;
	int fd = request->inode.fd;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, &file->stat) < 0)
		file->stat = (struct statx){ .stx_mode = S_IFREG | 0111,
					     .stx_uid = UINT32_MAX,
					     .stx_gid = UINT32_MAX };
	if (!is_executable(judgement))
		return false;
	bool asks_uuid = judgement->judge->conditions & IF_FSUUID;
	int r = file_systems_find(judgement->judge->file_systems, request->target, fd, &file->stat,
				  asks_uuid ? request->workspace->config.procfs : -1,
				  &file->system);

	if (r < 0)
		return note_obstacle(file, CAUSE_FAILURE, -r);
	return !file->system.has_server || note_obstacle(file, CAUSE_UNVERIFIABLE, 0);
}

/* ---- the rules ---- */

/* The one that is the container's: the outermost below ours. */
static const struct user_namespace *container_of(const struct user_namespace *userns)
{
	while (userns->parent && !userns->parent->is_host)
		userns = userns->parent;
	return userns;
}

/* Read only if a rule asks: it takes longer than all else. */
static int read_ids(struct judgement *judgement)
{
	const unsigned int asked = IF_UID | IF_EUID | IF_GID | IF_EGID;

	if (judgement->has_ids || !(judgement->judge->conditions & asked))
		return 0;
	int r = target_read_ids(judgement->request.target, &judgement->ids);

	judgement->has_ids = r == 0;
	return r;
}

static struct integrity_facts facts_of(const struct judgement *judgement)
{
	const struct user_namespace *userns = container_of(judgement->request.subject.userns);
	const struct exec_file *file = &judgement->file;
	const struct target_ids *ids = &judgement->ids;
	uint64_t capabilities = judgement->request.subject.capabilities;

	return (struct integrity_facts){
		.func = file->func,
		.uid = integrity_id(&userns->uids, ids->uid),
		.euid = integrity_id(&userns->uids, ids->euid),
		.suid = integrity_id(&userns->uids, ids->suid),
		.gid = integrity_id(&userns->gids, ids->gid),
		.egid = integrity_id(&userns->gids, ids->egid),
		.sgid = integrity_id(&userns->gids, ids->sgid),
		.has_setuid = capabilities & 1ULL << CAP_SETUID,
		.has_setgid = capabilities & 1ULL << CAP_SETGID,
		.fowner = integrity_id(&userns->uids, file->stat.stx_uid),
		.fgroup = integrity_id(&userns->gids, file->stat.stx_gid),
		.fs_magic = file->system.magic,
		.fs_name = file->system.name[0] ? file->system.name : NULL,
		.fs_uuid = file->system.has_uuid ? file->system.uuid : NULL,
	};
}

/* A file that is only mapped, and of which the rules say nothing, is of no further interest. */
bool file_match(struct judgement *judgement)
{
	const struct request *request = &judgement->request;
	struct exec_file *file = &judgement->file;

	(void)read_ids(judgement);
	const struct integrity_facts facts = facts_of(judgement);

	integrity_match(judgement->judge->config.integrity, &facts, &file->actions);
	file->may_be_kept = verdict_key_make(&file->stat, request->userns->inode, file->func,
					     &file->actions, &file->key) &&
			    !file->system.has_server;
	/* What was concluded before a key was revoked is not found any more. */
	file->key.generation = revocation_generation(judgement->judge->config.means->revocation);
	return file->func == FUNC_BPRM_CHECK || judgement_wants_content(judgement);
}

bool file_recall(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	file->is_known = file->may_be_kept && verdicts_find(judgement->judge->verdicts, &file->key,
							    &file->verdict, &file->form);
	return !file->is_known;
}

/* ---- the content ---- */

static bool is_wanted(void *place)
{
	return stage_still_waits(place);
}

/* Another thread may have come to a conclusion meanwhile. */
bool file_take_turn(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (!judgement_wants_content(judgement) || file->verdict.cause != CAUSE_NONE)
		return true;
	stage_begin_to_wait(&judgement->request);
	int r = turn_take(&judgement->judge->turn, judgement->deadline, is_wanted,
			  judgement->request.reception);

	file->has_turn = r == 0;
	if (r < 0)
		return r == -ETIMEDOUT && note_obstacle(file, CAUSE_FAILURE, ETIMEDOUT);
	return file_recall(judgement);
}

/* A regular file, which has been seen; nothing else is opened, and none that a process answers for. */
bool file_open(struct judgement *judgement)
{
	const struct request *request = &judgement->request;
	struct exec_file *file = &judgement->file;
	char name[sizeof("self/fd/2147483647")];

	if (file->verdict.cause != CAUSE_NONE)
		return true;
	snprintf(name, sizeof(name), "self/fd/%d", request->inode.fd);
	file->fd = openat(request->workspace->config.procfs, name,
			  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return file->fd >= 0 || note_obstacle(file, CAUSE_FAILURE, errno);
}

bool file_lease(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (file->fd < 0 || !judgement_wants_content(judgement))
		return true;
	file->is_leased = fcntl(file->fd, F_SETLEASE, F_RDLCK) == 0;
	if (file->is_leased)
		return true;
	return note_obstacle(file, errno == EAGAIN ? CAUSE_WRITERS : CAUSE_UNVERIFIABLE,
			     errno == EAGAIN ? 0 : errno);
}

bool file_read_form(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (file->fd < 0 || file->func != FUNC_BPRM_CHECK)
		return true;
	int r = form_read(file->fd, &file->form);

	return r == 0 || note_obstacle(file, CAUSE_FAILURE, -r);
}
