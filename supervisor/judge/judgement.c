/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The kernel will ask for a program and, if that is a script, for its interpreter, which can be a script itself: each
 * of these is executed. Of an ELF program it maps parts executable, and of its loader, which the program names. So a
 * call is judged for all of them, one after the other, each found as the target would find it.
 *
 * A target can exchange a path, or its memory, between the judgement and the kernel's own search. The judgement then is
 * about another file than the one that is executed. So with mode enforce the kernel's own search ends at the gate, which
 * lets a file pass that was judged and has not changed since; what is refused is answered here, with the cause in the log.
 */
#include "judge/judgement.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "count_of.h"
#include "exec/inode.h"
#include "judge/fence.h"
#include "judge/ids.h"
#include "judge/stage.h"

/* How long one call is looked at, in milliseconds, waiting for others included. */
#define PATIENCE 20000
/* So many interpreters one behind the other, as exec_binprm() of the kernel has it. */
#define INTERPRETERS_MAX 5

#define STAGE_ROW(name) { name, #name },

static const struct stage_row {
	judge_stage *run;
	const char *name;
} call_stages[] = { CALL_STAGES(STAGE_ROW) }, file_stages[] = { FILE_STAGES(STAGE_ROW) };

bool judgement_is_due(const struct reception *reception)
{
	return exec_call_is(&reception->slot->notification);
}

/* ---- one file ---- */

/* Return: whether it came to the end of the list. */
static bool go_through(struct judgement *judgement, const struct stage_row *stages, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool goes_on = stages[i].run(judgement);

		if (!stage_note(judgement->call.tid, stages[i].name, goes_on))
			return false;
	}
	return true;
}

/* A writer that waits for the end of the lease has not changed anything yet. */
static void let_go(struct judgement *judgement)
{
	struct exec_file *file = &judgement->file;

	if (file->is_leased)
		(void)fcntl(file->fd, F_SETLEASE, F_UNLCK);
	fd_close(&file->fd);
	if (file->has_turn)
		turn_leave(&judgement->judge->turn);
}

static void keep(struct judgement *judgement)
{
	const struct exec_file *file = &judgement->file;

	if (file->may_be_kept)
		verdicts_keep(judgement->judge->verdicts, &file->key, &file->verdict, &file->form);
}

static void count(struct judge_counters *counters, const struct exec_file *file)
{
	atomic_fetch_add_explicit(&counters->files, 1, memory_order_relaxed);
	if (file->is_known)
		atomic_fetch_add_explicit(&counters->known, 1, memory_order_relaxed);
	if (file->verdict.is_appraised)
		atomic_fetch_add_explicit(&counters->causes[file->verdict.cause], 1,
					  memory_order_relaxed);
}

/* By its rules. */
static bool is_invalid(const struct verdict *verdict)
{
	return verdict->is_appraised && verdict->cause != CAUSE_NONE;
}

/*
 * Where a refusal counts, it is refused as well what something of ours failed at, what ought to be in the list and is not,
 * and what has no version, which the gate does not let pass in any case.
 */
static bool is_refused(const struct judgement *judgement)
{
	const struct exec_file *file = &judgement->file;
	const struct verdict *verdict = &file->verdict;

	return is_invalid(verdict) ||
	       (judgement_has_gate(judgement) &&
		(verdict->cause == CAUSE_FAILURE || verdict->is_not_listed || !file->has_version));
}

/* One of the three, or "" if the cause says all. */
static const char *reason_of(const struct verdict *verdict)
{
	return verdict->reason ? verdict->reason : verdict->error ? strerror(verdict->error) : "";
}

static void report_refusal(const struct judgement *judgement, const char *path, const char *keyid)
{
	const struct exec_file *file = &judgement->file;
	const struct verdict *verdict = &file->verdict;
	bool is_unlisted = verdict->is_not_listed && !is_invalid(verdict);
	const char *reason = is_unlisted ? "" : reason_of(verdict);

	log_limited(judgement->request.client->log_source, LOG_WARNING, "%s%s %s %s: %s%s%s%s",
		    judgement->judge->config.label, path,
		    judgement_has_gate(judgement) ? "is not" : "would not be",
		    file->func == FUNC_BPRM_CHECK ? "executed" : "mapped executable",
		    is_unlisted ? "it is missing in the measurement list" :
				  cause_word(verdict->cause),
		    *reason ? ", " : "", reason, keyid);
}

static void report(const struct judgement *judgement, bool refused)
{
	const struct verdict *verdict = &judgement->file.verdict;
	char path[PATH_MAX], keyid[sizeof(", keyid 12345678")] = "";

	if (!refused && !log_enabled(LOG_VERBOSE))
		return;
	inode_show_path(&judgement->request.performer, path, sizeof(path));
	if (verdict->has_keyid)
		snprintf(keyid, sizeof(keyid), ", keyid %08x", verdict->keyid);
	if (refused)
		report_refusal(judgement, path, keyid);
	else
		log_verbose("%s[%d] %s of %s: %s%s", judgement->judge->config.label,
			    judgement->call.tid, judgement->call.kind->name, path,
			    verdict->is_appraised ? "valid" : "not appraised", keyid);
}

/* What fails because the target has ended meanwhile, as a look at its mounts, has failed for nobody. */
static bool has_failed_for_nobody(const struct judgement *judgement)
{
	return judgement->file.verdict.cause == CAUSE_FAILURE &&
	       !stage_still_waits(judgement->request.reception);
}

/* Return: whether there is a conclusion. */
static bool conclude(struct judgement *judgement, enum integrity_func func)
{
	unsigned int round = 0;
	bool is_complete;

	do {
		judgement->file = (struct exec_file){ .func = func, .fd = -1, .round = ++round };
		is_complete = go_through(judgement, file_stages, COUNT_OF(file_stages));
		if (is_complete)
			keep(judgement);
		let_go(judgement);
	} while (judgement_looks_again(judgement));
	return (is_complete || judgement->file.is_known) && !has_failed_for_nobody(judgement);
}

/* The gate lets the file pass: this version of it. Return: as fence_allow(). */
static int let_pass(struct judgement *judgement)
{
	const struct judge_config *config = &judgement->judge->config;
	struct exec_file *file = &judgement->file;
	const struct gate_case about = {
		.version = file->version,
		.generation = file->key.generation,
		.bound = fence_binds(file->actions.depends),
		.ids = judgement->ids,
	};
	int r = config->fence ?
			fence_allow(config->fence, &about, file->func, config->means->revocation) :
			0;

	if (r < 0 && r != -EAGAIN)
		file->verdict = (struct verdict){ .is_appraised = true,
						  .cause = CAUSE_FAILURE,
						  .error = -r };
	return r;
}

/* Again whenever a key was revoked meanwhile. Return: whether there is a conclusion. */
static bool conclude_and_allow(struct judgement *judgement, enum integrity_func func,
			       bool *ret_refused)
{
	bool refused;
	int r;

	do {
		if (!conclude(judgement, func))
			return false;
		refused = is_refused(judgement);
		r = refused ? 0 : let_pass(judgement);
	} while (r == -EAGAIN);
	*ret_refused = refused || r < 0;
	return true;
}

/* Return: whether the call goes on. */
static bool finish_file(struct judgement *judgement, bool refused)
{
	count(judgement->judge->config.counters, &judgement->file);
	report(judgement, refused);
	judgement->is_refused = refused && judgement_has_gate(judgement);
	return !judgement->is_refused;
}

/* Return: whether there is a conclusion, and the call goes on. */
static bool judge_file(struct judgement *judgement, enum integrity_func func)
{
	bool refused;

	return conclude_and_allow(judgement, func, &refused) && finish_file(judgement, refused);
}

/*
 * A file that an exec maps, for whatever ids the task may have then: each gets its own verdict. Refused here is what all of
 * them would be refused; the rest is for the gate to know. The likely ids come last, and are what the log is about.
 */
static void judge_map_of_exec(struct judgement *judgement, const struct gate_ids *ids, size_t count)
{
	bool refused, all_refused = true, depends = true;

	for (size_t i = count; i > 0 && depends; i--) {
		judgement->ids = ids[i - 1];
		if (!conclude_and_allow(judgement, FUNC_MMAP_CHECK, &refused))
			return;
		all_refused &= refused;
		depends = judgement->file.actions.depends & DEPENDS_ON_SUBJECT;
	}
	(void)finish_file(judgement, all_refused);
}

/* ---- all files of a call ---- */

/* As the kernel opens it: from the working directory on, and links are followed. The path is in the workspace. */
static bool find_next(struct judgement *judgement)
{
	judgement->call.dirfd = AT_FDCWD;
	judgement->call.is_descriptor = false;
	judgement->call.is_cwd = false;
	judgement->call.follow = true;
	fd_close(&judgement->request.inode.fd);
	return exec_pin(judgement);
}

/* Nothing is refused where there is no gate: the likely ones are enough. */
static size_t find_ids(const struct judgement *judgement, struct gate_ids ids[IDS_AFTER_EXEC_MAX])
{
	const struct user_namespace *userns = judgement->request.subject.userns;
	size_t count = ids_after_exec(&judgement->ids, &judgement->file.stat,
				      judgement->judge->asked,
				      userns->has_root ? userns->root : UINT32_MAX, ids);

	return judgement_has_gate(judgement) ? count : 1;
}

static void judge_maps_of_program(struct judgement *judgement, bool has_loader)
{
	struct gate_ids ids[IDS_AFTER_EXEC_MAX];

	if (!judgement->judge->judges_maps)
		return;
	size_t count = find_ids(judgement, ids);

	judge_map_of_exec(judgement, ids, count);
	if (!judgement->is_refused && has_loader && find_next(judgement))
		judge_map_of_exec(judgement, ids, count);
}

static void judge_chain(struct judgement *judgement)
{
	char *path = judgement->request.workspace->path;
	const struct form *form = &judgement->file.form;

	for (unsigned int i = 0; judge_file(judgement, FUNC_BPRM_CHECK); i++) {
		bool has_next = form->interpreter[0] != '\0';

		memcpy(path, form->interpreter, strlen(form->interpreter) + 1);
		if (form->kind == FORM_ELF)
			judge_maps_of_program(judgement, has_next);
		if (form->kind != FORM_SCRIPT || i == INTERPRETERS_MAX || !find_next(judgement))
			return;
	}
}

struct outcome judgement_run(struct judge *judge, struct workspace *workspace,
			     struct client *client, struct reception *reception)
{
	struct judgement judgement = {
		.judge = judge,
		.deadline = clock_milliseconds() + PATIENCE,
		.file = { .fd = -1 },
	};

	stage_begin(&judgement.request, workspace, client, reception, NULL);
	if (go_through(&judgement, call_stages, COUNT_OF(call_stages))) {
		if (judgement.call.maps)
			(void)judge_file(&judgement, FUNC_MMAP_CHECK);
		else
			judge_chain(&judgement);
	}
	stage_let_go(&judgement.request);
	const struct outcome outcome = judgement.is_refused ?
					       outcome_refused(EACCES, REASON_INTEGRITY) :
					       outcome_kernel(REASON_NONE);

	if (watch_is_for(client->watch, client->holder.user))
		announce_judgement(client, workspace, reception, judgement.call.tid,
				   &judgement.announced, &outcome);
	return outcome;
}
