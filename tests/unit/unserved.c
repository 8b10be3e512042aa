/* SPDX-License-Identifier: Apache-2.0 */
/* With a gate that only remembers which namespaces have to pass it. */
#include "daemon/unserved.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/service.h"
#include "daemon/container_judge.h"
#include "daemon/entries.h"
#include "daemon/shared_policy.h"
#include "integrity/gate.h"
#include "integrity/gate_container.h"
#include "integrity/gate_namespaces.h"
#include "integrity/keyring.h"

/* ---- what stands for the gate and for the judge ---- */

#define NAMESPACES_MAX 8

struct gate {
	uint32_t numbers[NAMESPACES_MAX];
	size_t count;
};

struct gate_container {
	struct gate *gate;
	int userns, verdicts;
	uint32_t number;
};

static struct gate the_gate;
static bool has_memory;

static bool passes(uint32_t number)
{
	for (size_t i = 0; i < the_gate.count; i++)
		if (the_gate.numbers[i] == number)
			return true;
	return false;
}

int gate_namespaces(const struct gate *gate)
{
	cr_assert_eq(gate, &the_gate);
	return 0;
}

bool gate_namespaces_has(int namespaces, uint32_t number)
{
	(void)namespaces;
	return passes(number);
}

int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number)
{
	(void)namespaces, (void)before, (void)ret_number;
	return -ENOENT;
}

int gate_namespaces_remove(int namespaces, uint32_t number)
{
	(void)namespaces;
	gate_remove(&the_gate, number);
	return 0;
}

uint32_t gate_numbering(const struct gate *gate)
{
	(void)gate;
	return 1;
}

int gate_verdicts_new(void)
{
	return memfd_create("verdicts", MFD_CLOEXEC);
}

int gate_container_adopt(const struct gate *gate, int userns, int verdicts,
			 struct gate_container **ret_container)
{
	struct gate_container *container = calloc(1, sizeof(*container));
	struct stat status;

	cr_assert_eq(gate, &the_gate);
	cr_assert_eq(fstat(userns, &status), 0);
	*container =
		(struct gate_container){ &the_gate, userns, verdicts, (uint32_t)status.st_ino };
	*ret_container = container;
	return 0;
}

int gate_container_enter(struct gate_container *container, unsigned int kinds, unsigned int asked)
{
	(void)asked;
	cr_expect_neq(kinds, 0);
	if (!passes(container->number))
		the_gate.numbers[the_gate.count++] = container->number;
	return 0;
}

void gate_container_leave(struct gate_container *container)
{
	free(container);
}

void gate_container_free(struct gate_container *container)
{
	gate_remove(container->gate, container->number);
	close(container->userns);
	close(container->verdicts);
	free(container);
}

int gate_shut(const struct gate *gate, uint32_t of, unsigned int kinds)
{
	cr_assert_eq(gate, &the_gate);
	cr_expect_neq(kinds, 0);
	if (!passes(of))
		the_gate.numbers[the_gate.count++] = of;
	return 0;
}

void gate_remove(const struct gate *gate, uint32_t number)
{
	size_t count = 0;

	(void)gate;
	for (size_t i = 0; i < the_gate.count; i++)
		if (the_gate.numbers[i] != number)
			the_gate.numbers[count++] = the_gate.numbers[i];
	the_gate.count = count;
}

uint32_t gate_container_number(const struct gate_container *container)
{
	return container->number;
}

uint64_t gate_container_refusals(const struct gate_container *container)
{
	(void)container;
	return 0;
}

/* What nothing here comes to. */
int gate_new(struct gate **ret_gate)
{
	(void)ret_gate;
	return -ENOSYS;
}

const char *gate_obstacle(int error)
{
	(void)error;
	return "";
}

void gate_free(struct gate *gate)
{
	(void)gate;
}

size_t gate_descriptors(const struct gate *gate, int ret_fds[GATE_DESCRIPTORS_MAX])
{
	(void)gate, (void)ret_fds;
	return 0;
}

int gate_revoke(const struct gate *gate, uint64_t generation)
{
	(void)gate, (void)generation;
	return -ENOSYS;
}

int gate_pin(const struct gate *gate, const char *folder)
{
	(void)gate, (void)folder;
	return -ENOSYS;
}

int gate_open_namespaces(const char *folder)
{
	(void)folder;
	return -ENOSYS;
}

int gate_container_new(const struct gate *gate, int of, unsigned int kinds, unsigned int asked,
		       struct gate_container **ret_container)
{
	(void)gate, (void)of, (void)kinds, (void)asked, (void)ret_container;
	return -ENOSYS;
}

void gate_container_descriptors(const struct gate_container *container,
				int ret_fds[GATE_CONTAINER_DESCRIPTORS])
{
	(void)container, (void)ret_fds;
}

int gate_container_allow(const struct gate_container *container, const struct gate_case *about,
			 unsigned int kinds)
{
	(void)container, (void)about, (void)kinds;
	return -ENOSYS;
}

unsigned int gate_container_allowed(const struct gate_container *container,
				    const struct gate_case *about)
{
	(void)container, (void)about;
	return 0;
}

int judge_new(const struct judge_config *config, struct judge **ret_judge)
{
	(void)config, (void)ret_judge;
	return has_memory ? 0 : -ENOMEM;
}

void judge_free(struct judge *judge)
{
	cr_assert_null(judge);
}

/* ---- a container ---- */

static struct entries entries;
static struct service service = { .socket = -1 };
static struct shared_policy *policy;
static int procfs;
static pid_t process;
static int userns;
static uint32_t number;

/* Until the other end of its pipe is closed. */
static void live_within(int ready)
{
	char byte = unshare(CLONE_NEWUSER) == 0;

	(void)!write(ready, &byte, 1);
	pause();
	_exit(0);
}

static void begin_process(void)
{
	int ready[2];
	char path[32], byte = 0;
	struct stat status;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	process = fork();
	if (process == 0)
		live_within(ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 || !byte)
		cr_skip("no user namespace can be made");
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", process);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(userns, 0);
	cr_assert_eq(fstat(userns, &status), 0);
	number = (uint32_t)status.st_ino;
}

static void end_process(void)
{
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
	process = 0;
}

static struct shared_policy *load_policy(void)
{
	static const char text[] = "version: 1\n"
				   "attributes: [{ name: security.ima, scheme: suffix }]\n"
				   "integrity:\n"
				   "  mode: enforce\n"
				   "  rules: [measure func=BPRM_CHECK]\n";
	struct policy_keys *keys = calloc(1, sizeof(*keys));
	struct key_complaint complaint;

	cr_assert_eq(crypto_new(&keys->crypto), 0);
	cr_assert_eq(keyring_read(keys->crypto, NULL, 0, &keys->keyring, &complaint), 0);
	return shared_policy_load("enforced", strdup(text), sizeof(text) - 1, keys);
}

static void set_up(void)
{
	cr_assert_eq(journal_new(&entries.journal), 0);
	entries.service = &service;
	policy = load_policy();
	cr_assert_not_null(policy);
	procfs = proc_open();
	cr_assert_geq(procfs, 0);
	begin_process();
	has_memory = true;
}

static void tear_down(void)
{
	if (process)
		end_process();
	close(procfs);
	shared_policy_unref(policy);
	journal_free(entries.journal);
}

TestSuite(unserved, .init = set_up, .fini = tear_down, .timeout = 60);

static int judge_container(uint64_t serial, struct container_judge **ret_judge)
{
	const struct container_judge_config config = {
		.entries = &entries,
		.gate = &the_gate,
		.id = "web",
		.policy = policy,
		.serial = serial,
		.userns = serial ? -1 : dup(userns),
	};

	return container_judge_new(&config, ret_judge);
}

static bool is_no_list(const void *place, uint64_t list)
{
	(void)place, (void)list;
	return false;
}

static bool is_number(const void *place, uint32_t of)
{
	const uint32_t *served = place;

	return of == *served;
}

/* Return: as unserved_shut(). @served: the number of a namespace; 0: none is */
static int look(const struct gate *gate, uint32_t served)
{
	const struct unserved_shut shut = {
		.entries = &entries,
		.gate = gate,
		.procfs = procfs,
		.is_served = is_number,
		.place = &served,
	};

	container_fence_set_aside(&entries, is_no_list, NULL);
	return unserved_shut(&shut);
}

static size_t count_entries(void)
{
	const struct entry *entry = NULL;
	size_t count = 0;

	while ((entry = journal_next_entry(entries.journal, entry)) != NULL)
		count += atomic_load(&entry->kind) != ENTRY_FREE;
	return count;
}

/* A worker dies. Return: the serial of the container's list, for the next one. */
static uint64_t leave_container(void)
{
	struct container_judge *judge = NULL;

	cr_assert_eq(judge_container(0, &judge), 0);
	cr_assert(passes(number));
	uint64_t serial = judge->serial;

	container_judge_free(judge);
	cr_assert(passes(number));
	return serial;
}

/* ---- */

Test(unserved, a_container_for_which_a_worker_has_no_memory_passes_the_gate_as_long_as_it_runs)
{
	struct container_judge *judge = NULL;
	uint64_t serial = leave_container();

	has_memory = false;
	cr_expect_eq(judge_container(serial, &judge), -ENOMEM);
	cr_expect(passes(number));
	cr_expect_eq(look(&the_gate, 0), 1);
	cr_expect(passes(number));
	cr_expect_eq(look(&the_gate, 0), 1);
	end_process();
	cr_expect_eq(look(&the_gate, 0), 0);
	cr_expect_not(passes(number));
	cr_expect_eq(count_entries(), 0);
	close(userns);
}

Test(unserved, so_does_one_of_which_nothing_but_the_namespace_is_understood)
{
	uint64_t serial = leave_container();
	int fd = journal_find_serial(entries.journal, serial)->fd;

	entries_forget(&entries, serial);
	close(fd);
	/* The gate is that of another daemon, which does not know it. */
	gate_remove(&the_gate, number);
	cr_expect_eq(look(&the_gate, 0), 1);
	cr_expect(passes(number));
	end_process();
	cr_expect_eq(look(&the_gate, 0), 0);
	close(userns);
}

Test(unserved, without_a_gate_of_ours_that_of_before_is_needed)
{
	uint64_t serial = leave_container();
	int fd = journal_find_serial(entries.journal, serial)->fd;

	entries_forget(&entries, serial);
	close(fd);
	cr_expect_eq(look(NULL, 0), -ENODEV);
	end_process();
	cr_expect_eq(look(NULL, 0), 0);
	cr_expect_eq(count_entries(), 0);
	close(userns);
}

Test(unserved, one_that_is_served_again_and_fails_again_stays_shut)
{
	struct container_judge *judge = NULL;
	uint64_t serial = leave_container();

	has_memory = false;
	cr_expect_eq(judge_container(serial, &judge), -ENOMEM);
	cr_expect_eq(look(&the_gate, 0), 1);
	cr_expect_eq(judge_container(0, &judge), -ENOMEM);
	cr_expect(passes(number));
	has_memory = true;
	cr_assert_eq(judge_container(0, &judge), 0);
	cr_expect_eq(look(&the_gate, number), 0);
	cr_expect(passes(number));
	end_process();
	container_judge_end(judge, &entries);
	cr_expect_not(passes(number));
	close(userns);
}

Test(unserved, a_new_one_for_which_there_is_no_memory_need_not_pass)
{
	struct container_judge *judge = NULL;

	has_memory = false;
	cr_expect_eq(judge_container(0, &judge), -ENOMEM);
	cr_expect_not(passes(number));
	cr_expect_eq(count_entries(), 0);
	close(userns);
}
