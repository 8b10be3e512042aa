/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The kernel will ask for a program and, if that is a script, for its interpreter, which can be a script itself: each
 * of these is executed. Of an ELF program it maps parts executable, and of its loader, which the program names. So a
 * call is judged for all of them, one after the other, each found as the target would find it.
 *
 * A target can exchange a path, or its memory, between the judgement and the kernel's own search. The judgement then is
 * about another file than the one that is executed: that only a gate in the kernel can tell.
 */
#include "judge/judgement.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "count_of.h"
#include "exec/inode.h"
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

	if (file->may_be_kept && file->verdict.cause < CAUSE_WRITERS)
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

static void report(const struct judgement *judgement)
{
	const struct exec_file *file = &judgement->file;
	const struct verdict *verdict = &file->verdict;
	bool is_refused = verdict->is_appraised && verdict->cause != CAUSE_NONE;
	char path[PATH_MAX], keyid[sizeof(", keyid 12345678")] = "";

	if (!is_refused && !log_enabled(LOG_VERBOSE))
		return;
	inode_show_path(&judgement->request.performer, path, sizeof(path));
	if (verdict->has_keyid)
		snprintf(keyid, sizeof(keyid), ", keyid %08x", verdict->keyid);
	if (is_refused)
		log_limited(judgement->request.client->log_source, LOG_WARNING,
			    "%s%s would not be %s: %s%s%s%s", judgement->judge->config.label, path,
			    file->func == FUNC_BPRM_CHECK ? "executed" : "mapped executable",
			    cause_word(verdict->cause), verdict->error ? ", " : "",
			    verdict->error ? strerror(verdict->error) : "", keyid);
	else
		log_verbose("[%d] %s of %s: %s%s", judgement->call.tid, judgement->call.kind->name,
			    path, verdict->is_appraised ? "valid" : "not appraised", keyid);
}

/* Return: whether there is a conclusion. */
static bool judge_file(struct judgement *judgement, enum integrity_func func)
{
	judgement->file = (struct exec_file){ .func = func, .fd = -1 };
	bool is_complete = go_through(judgement, file_stages, COUNT_OF(file_stages));

	if (is_complete)
		keep(judgement);
	let_go(judgement);
	if (!is_complete && !judgement->file.is_known)
		return false;
	count(judgement->judge->config.counters, &judgement->file);
	report(judgement);
	return true;
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

static void judge_maps_of_program(struct judgement *judgement, bool has_loader)
{
	if (!judgement->judge->judges_maps)
		return;
	(void)judge_file(judgement, FUNC_MMAP_CHECK);
	if (has_loader && find_next(judgement))
		(void)judge_file(judgement, FUNC_MMAP_CHECK);
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
	return outcome_kernel();
}
