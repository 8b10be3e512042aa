/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages about one file, up to its content. What keeps us from looking at the content does not end the list: the file
 * is unverifiable then, which is a verdict as others are, and an entry of the measurement list.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"
#include "count_of.h"
#include "exec/inode.h"
#include "idmap.h"
#include "integrity/revocation.h"
#include "judge/fence.h"
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
static void read_stat(struct judgement *judgement)
{
	const unsigned int mask = STATX_BASIC_STATS | FILE_SYSTEM_STATX;
	struct statx *stat = &judgement->file.stat;

	if (statx(judgement->request.inode.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask, stat) <
	    0)
		*stat = (struct statx){ .stx_mode = S_IFREG | 0111,
					.stx_uid = UINT32_MAX,
					.stx_gid = UINT32_MAX };
}

bool file_look(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;
	const struct request *request = &judgement->request;

	read_stat(judgement);
	if (!is_executable(judgement))
		return false;
	bool asks_uuid = judgement->judge->conditions & IF_FSUUID;
	int r = file_systems_find(judgement->judge->file_systems, request->target,
				  request->inode.fd, &file->stat,
				  asks_uuid ? request->workspace->config.procfs : -1,
				  &file->system);

	if (r < 0)
		return note_obstacle(file, CAUSE_FAILURE, -r);
	return !file->system.has_server || note_obstacle(file, CAUSE_UNVERIFIABLE, 0);
}

/* A regular file, which has been seen; nothing else is opened, and none that a process answers for. */
bool file_open(struct judgement *judgement)
{
	const struct request *request = &judgement->request;
	struct exec_file *file = &judgement->file;

	if (file->fd >= 0 || file->verdict.cause != CAUSE_NONE)
		return true;
	int r = proc_open_again(request->workspace->config.procfs, request->inode.fd,
				O_RDONLY | O_NONBLOCK | O_NOCTTY);

	file->fd = r < 0 ? -1 : r;
	return r >= 0 || note_obstacle(file, CAUSE_FAILURE, -r);
}

/* ---- its version ---- */

/* A change of attributes takes as long as the file system needs. Return: whether to look again. */
static bool wait_for_change(const struct judgement *judgement)
{
	const struct timespec moment = clock_after(1);

	stage_begin_to_wait(&judgement->request);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
	return clock_milliseconds() < judgement->deadline &&
	       stage_still_waits(judgement->request.reception);
}

/* Where no file system of these is, to open a file may take long, or for ever. */
static bool is_at_hand(uint64_t magic)
{
	static const uint64_t magics[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
					   TMPFS_MAGIC,	     RAMFS_MAGIC,     SQUASHFS_MAGIC };

	for (size_t i = 0; i < COUNT_OF(magics); i++)
		if (magics[i] == magic)
			return true;
	return false;
}

/* What is read after that, as the owner that rules ask for, is of this version or of a later one. */
bool file_ask(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (!judgement_has_gate(judgement))
		return true;
	if (!is_at_hand(file->system.magic))
		stage_begin_to_wait(&judgement->request);
	(void)file_open(judgement);
	if (file->fd < 0)
		return true;
	const struct gate *gate = judgement->judge->config.fence->gate;
	int r;

	do
		r = gate_ask(gate, judgement->request.workspace->config.procfs, file->fd,
			     &file->version);
	while (r == GATE_CHANGING && wait_for_change(judgement));
	if (r < 0 || r == GATE_CHANGING)
		return note_obstacle(file, CAUSE_FAILURE, r < 0 ? -r : EBUSY);
	file->state = (enum gate_state)r;
	file->has_version = true;
	read_stat(judgement);
	return true;
}

/* Was it all about one and the same? */
bool file_ask_again(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (file->has_version && judgement_wants_content(judgement) &&
	    file->verdict.cause == CAUSE_NONE && !judgement_is_as_it_was(judgement))
		judgement_note_change(file);
	return true;
}

/* ---- the rules ---- */

/* In a namespace below, a capability is none over the container's ids. */
static bool has_capability(const struct judgement *judgement, unsigned int capability)
{
	const struct subject *subject = &judgement->request.subject;

	return subject->userns == access_container(subject->userns) &&
	       subject->capabilities & 1ULL << capability;
}

/* Read only if a rule asks: it takes longer than all else. */
static int read_ids(struct judgement *judgement)
{
	const unsigned int asked = IF_UID | IF_EUID | IF_GID | IF_EGID;
	struct target_ids read = { 0 };

	if (judgement->has_ids || !(judgement->judge->conditions & asked))
		return 0;
	int r = target_read_ids(judgement->request.target, &read);

	if (r < 0)
		return r;
	judgement->has_ids = true;
	judgement->ids = (struct gate_ids){
		.uid = read.uid,
		.euid = read.euid,
		.suid = read.suid,
		.gid = read.gid,
		.egid = read.egid,
		.sgid = read.sgid,
		.has_setuid = has_capability(judgement, CAP_SETUID),
		.has_setgid = has_capability(judgement, CAP_SETGID),
	};
	return 0;
}

static struct integrity_facts facts_of(const struct judgement *judgement)
{
	const struct user_namespace *userns = access_container(judgement->request.subject.userns);
	const struct exec_file *file = &judgement->file;
	const struct gate_ids *ids = &judgement->ids;

	return (struct integrity_facts){
		.func = file->func,
		.uid = integrity_id(&userns->uids, ids->uid),
		.euid = integrity_id(&userns->uids, ids->euid),
		.suid = integrity_id(&userns->uids, ids->suid),
		.gid = integrity_id(&userns->gids, ids->gid),
		.egid = integrity_id(&userns->gids, ids->egid),
		.sgid = integrity_id(&userns->gids, ids->sgid),
		.has_setuid = ids->has_setuid,
		.has_setgid = ids->has_setgid,
		.fowner = integrity_id(&userns->uids, file->stat.stx_uid),
		.fgroup = integrity_id(&userns->gids, file->stat.stx_gid),
		.fs_magic = file->system.magic,
		.fs_name = file->system.name[0] ? file->system.name : NULL,
		.fs_uuid = file->system.has_uuid ? file->system.uuid : NULL,
	};
}

static void make_key(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (judgement_has_gate(judgement)) {
		verdict_key_of_version(file->version.number, file->func, &file->actions,
				       &file->key);
		file->may_be_kept = file->has_version && file->state == GATE_SETTLED;
	} else {
		file->may_be_kept =
			verdict_key_make(&file->stat, file->func, &file->actions, &file->key) &&
			!file->system.has_server;
	}
	/* What was concluded before a key was revoked is not found any more. */
	file->key.generation = revocation_generation(judgement->judge->config.means->revocation);
}

/* A file that is only mapped, and of which the rules say nothing, is of no further interest without a gate. */
bool file_match(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	int r = read_ids(judgement);

	if (r == -ESRCH)
		return false;
	const struct integrity_facts facts = facts_of(judgement);

	integrity_match(judgement->judge->config.integrity, &facts, &file->actions);
	make_key(judgement);
	if (r < 0) {
		file->may_be_kept = false;
		return note_obstacle(file, CAUSE_FAILURE, -r);
	}
	return judgement_has_gate(judgement) || file->func == FUNC_BPRM_CHECK ||
	       judgement_wants_content(judgement);
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

/* What a gate notices needs no lease. */
static bool note_state(struct exec_file *file)
{
	if (!file->has_version || file->state == GATE_SETTLED)
		return true;
	if (file->state == GATE_OPEN_WRITERS)
		return note_obstacle(file, CAUSE_WRITERS, 0);
	file->verdict.reason = gate_state_text(file->state);
	return note_obstacle(file, CAUSE_UNVERIFIABLE, 0);
}

bool file_lease(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (file->fd < 0 || !judgement_wants_content(judgement))
		return true;
	if (judgement_has_gate(judgement))
		return note_state(file);
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
