/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "child.h"
#include "dice.h"

static struct crypto *crypto;
static struct measurements *list;
static const uint8_t aggregate[32] = { 0xb0, [31] = 0x07 };

/* A new list, instead of the one that there is. */
static void begin_with(size_t entries)
{
	measurements_free(list);
	list = NULL;
	cr_assert_eq(measurements_new(crypto, TEMPLATE_IMA_SIG, entries, aggregate, &list), 0);
}

static void begin(void)
{
	cr_assert_eq(crypto_new(&crypto), 0);
	begin_with(1000);
}

static void finish(void)
{
	measurements_free(list);
	crypto_free(crypto);
}

TestSuite(measurements, .init = begin, .fini = finish);

/* A file whose digest and path are those of a number. */
static int append_to(struct measurements *measurements, struct crypto *of_thread,
		     unsigned int number, bool is_violation)
{
	uint8_t digest[32] = { 0 };
	char path[64];

	memcpy(digest, &number, sizeof(number));
	snprintf(path, sizeof(path), "/usr/bin/%u", number);
	return measurements_append(measurements, of_thread,
				   &(struct measurement){
					   .template = TEMPLATE_IMA_SIG,
					   .is_violation = is_violation,
					   .algorithm = DIGEST_SHA256,
					   .digest = is_violation ? NULL : digest,
					   .path = path,
					   .value = "\x03\x02\x04\x01\x02\x03\x04",
					   .value_size = 7,
				   });
}

static int append(unsigned int number)
{
	return append_to(list, crypto, number, false);
}

static struct measurements_view look(void)
{
	struct measurements_view view;

	measurements_look(list, &view);
	return view;
}

/*
 * The list is whole: its entries are as many as are counted, each has the digest of its data, and together they make
 * the registers, if none is missing. Return: what is wrong with it; NULL: nothing.
 */
static const char *fault_of(const struct measurements_view *view)
{
	struct pcrs pcrs = { 0 }, digests;
	struct measured entry;
	size_t at = 0, count = 0, violations = 0;

	for (; at < view->state.size; at += entry.size, count++) {
		if (!measurement_parse(view->bytes + at, view->state.size - at, &entry))
			return "there is half an entry";
		cr_assert_eq(pcrs_of_data(crypto, entry.data, entry.data_size, &digests), 0);
		if (measured_is_violation(&entry))
			pcrs_of_violation(&digests);
		else if (memcmp(entry.digest, digests.values[0],
				MEASUREMENT_TEMPLATE_DIGEST_SIZE) != 0)
			return "an entry has not the digest of its data";
		violations += measured_is_violation(&entry);
		cr_assert_eq(pcrs_extend(crypto, &pcrs, &digests), 0);
	}
	if (count != view->state.count)
		return "there are more entries, or fewer, than are counted";
	if (view->state.missed == 0 && violations != view->state.violations)
		return "there are more violations, or fewer, than are counted";
	if (view->state.missed == 0 && memcmp(&pcrs, &view->state.pcrs, sizeof(pcrs)) != 0)
		return "the registers are not those of the entries";
	return NULL;
}

static void expect_whole(void)
{
	struct measurements_view view = look();
	const char *fault = fault_of(&view);

	cr_expect_null(fault, "%s", fault);
}

/* Return: how many entries have the path of this number. */
static unsigned int count_of_number(const struct measurements_view *view, unsigned int number)
{
	char path[64];
	struct measured entry;
	struct measured_fields fields;
	unsigned int count = 0;

	snprintf(path, sizeof(path), "/usr/bin/%u", number);
	for (size_t at = 0; at < view->state.size; at += entry.size) {
		cr_assert(measurement_parse(view->bytes + at, view->state.size - at, &entry));
		cr_assert(measured_split(&entry, &fields));
		count += strcmp(fields.path, path) == 0;
	}
	return count;
}

Test(measurements, begin_with_the_boot_aggregate)
{
	struct measurements_view view = look();
	struct measured entry;
	struct measured_fields fields;

	cr_expect_eq(view.state.count, 1);
	cr_assert(measurement_parse(view.bytes, view.state.size, &entry));
	cr_assert(measured_split(&entry, &fields));
	cr_expect_str_eq(fields.path, "boot_aggregate");
	cr_expect_arr_eq(fields.digest, aggregate, sizeof(aggregate));
	expect_whole();
}

Test(measurements, come_in_the_order_of_their_coming)
{
	for (unsigned int i = 0; i < 300; i++)
		cr_assert_eq(append(i), MEASUREMENT_ADDED);
	struct measurements_view view = look();

	cr_expect_eq(view.state.count, 301);
	cr_expect_eq(view.state.missed, 0);
	expect_whole();
}

Test(measurements, are_in_the_list_once)
{
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < 300; i++)
			cr_assert_eq(append(i), round == 0 ? MEASUREMENT_ADDED : MEASUREMENT_KNOWN);
	struct measurements_view before = look();

	cr_expect_eq(append(7), MEASUREMENT_KNOWN);
	struct measurements_view after = look();

	cr_expect_arr_eq(&before.state, &after.state, sizeof(after.state));
}

Test(measurements, of_violations_are_in_the_list_once_a_path)
{
	for (unsigned int i = 0; i < 300; i++)
		cr_expect_eq(append_to(list, crypto, i, true), MEASUREMENT_ADDED);
	for (unsigned int i = 0; i < 300; i++)
		cr_expect_eq(append_to(list, crypto, i, true), MEASUREMENT_KNOWN);
	cr_expect_eq(append(3), MEASUREMENT_ADDED);
	struct measurements_view view = look();

	cr_expect_eq(view.state.violations, 300);
	cr_expect_eq(view.state.count, 302);
	expect_whole();
}

Test(measurements, of_one_path_with_two_contents_are_two)
{
	struct measurement file = {
		.template = TEMPLATE_IMA_NG,
		.algorithm = DIGEST_SHA256,
		.digest = aggregate,
		.path = "/x",
	};
	static const uint8_t other[64] = { 1 };

	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_ADDED);
	file.digest = other;
	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_ADDED);
	file.template = TEMPLATE_IMA_SIG;
	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_ADDED);
	file.algorithm = DIGEST_SHA512;
	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_ADDED);
	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_KNOWN);
	expect_whole();
}

Test(measurements, that_find_the_list_full_extend_the_registers_and_are_counted)
{
	begin_with(3);
	cr_expect_eq(append(1), MEASUREMENT_ADDED);
	cr_expect_eq(append(2), MEASUREMENT_ADDED);
	struct measurements_view full = look();

	cr_expect_eq(append(3), MEASUREMENT_MISSED);
	cr_expect_eq(append_to(list, crypto, 3, true), MEASUREMENT_MISSED);
	cr_expect_eq(append(2), MEASUREMENT_KNOWN);
	struct measurements_view view = look();

	cr_expect_eq(view.state.count, 3);
	cr_expect_eq(view.state.missed, 2);
	cr_expect_eq(view.state.violations, 1);
	cr_expect_eq(view.state.size, full.state.size);
	cr_expect_neq(memcmp(&view.state.pcrs, &full.state.pcrs, sizeof(full.state.pcrs)), 0);
	expect_whole();
}

Test(measurements, that_are_long_fill_the_list)
{
	uint8_t value[65536] = { 3 };
	struct measurement file = {
		.template = TEMPLATE_IMA_SIG,
		.algorithm = DIGEST_SHA256,
		.digest = aggregate,
		.path = "/x",
		.value = value,
		.value_size = sizeof(value),
	};

	begin_with(200);
	for (int i = 0; i < 3; i++) {
		value[1] = (uint8_t)i;
		cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_ADDED);
	}
	value[1] = 3;
	cr_expect_eq(measurements_append(list, crypto, &file), MEASUREMENT_MISSED);
	cr_expect_eq(append(1), MEASUREMENT_ADDED, "there is room for a short one");
	expect_whole();
}

Test(measurements, have_bounds)
{
	measurements_free(list);
	list = NULL;
	cr_expect_eq(measurements_new(crypto, TEMPLATE_IMA_NG, 0, aggregate, &list), -EINVAL);
	cr_expect_eq(measurements_new(crypto, TEMPLATE_IMA_NG, INTEGRITY_ENTRIES_MAX + 1, aggregate,
				      &list),
		     -EINVAL);
	cr_expect_eq(measurements_new(crypto, TEMPLATE_IMA_NG, INTEGRITY_ENTRIES_MAX, aggregate,
				      &list),
		     0);
}

/* ---- the aggregate ---- */

/* Who owns a container is given its list, to read it. */
Test(measurements, cannot_be_opened_again_by_another_user)
{
	struct stat status;

	cr_assert_eq(fstat(measurements_fd(list), &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0600, "everybody may: %o", status.st_mode & 0777);
}

/* As one that an nsxattrd of a version before has made. */
Test(measurements, cannot_be_opened_again_by_another_user_once_restored)
{
	struct measurements *opened;
	struct stat status;

	cr_assert_eq(fchmod(measurements_fd(list), 0777), 0);
	cr_assert_eq(measurements_open(dup(measurements_fd(list)), &opened), 0);
	cr_assert_eq(fstat(measurements_fd(opened), &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600, "everybody may: %o", status.st_mode & 0777);
	measurements_free(opened);
}

Test(measurements, begin_with_a_digest_of_digests)
{
	const struct measurements_part parts[] = { { "policy", 6 }, { "key", 3 } };
	const struct measurements_part other[] = { { "polic", 5 }, { "ykey", 4 } };
	uint8_t digests[64], expected[32], is[32], differs[32];

	crypto_digest(crypto, DIGEST_SHA256, "policy", 6, digests);
	crypto_digest(crypto, DIGEST_SHA256, "key", 3, digests + 32);
	crypto_digest(crypto, DIGEST_SHA256, digests, 64, expected);
	cr_expect_eq(measurements_aggregate(crypto, parts, 2, is), 0);
	cr_expect_arr_eq(is, expected, 32);
	cr_expect_eq(measurements_aggregate(crypto, other, 2, differs), 0);
	cr_expect_neq(memcmp(is, differs, 32), 0);
}

/* ---- of another process ---- */

static void append_much(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < 100; i++)
		NEED(append(i) == MEASUREMENT_ADDED);
}

Test(measurements, of_a_process_that_has_ended_are_known)
{
	child_run(append_much, NULL);
	cr_expect_eq(look().state.count, 101);
	cr_expect_eq(append(99), MEASUREMENT_KNOWN);
	cr_expect_eq(append(100), MEASUREMENT_ADDED);
	expect_whole();
}

Test(measurements, can_be_opened_by_their_descriptor)
{
	_cleanup_measurements_ struct measurements *opened = NULL;

	append(1);
	cr_assert_eq(measurements_open(dup(measurements_fd(list)), &opened), 0);
	cr_expect_eq(append_to(opened, crypto, 1, false), MEASUREMENT_KNOWN);
	cr_expect_eq(append_to(opened, crypto, 2, false), MEASUREMENT_ADDED);
	cr_expect_eq(look().state.count, 3);
	expect_whole();
}

Test(measurements, are_not_found_in_other_files)
{
	_cleanup_measurements_ struct measurements *opened = NULL;
	_cleanup_fd_ int empty = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_fd_ int zeros = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_expect_eq(measurements_open(empty, &opened), -EINVAL);
	cr_assert_eq(ftruncate(zeros, 70000), 0);
	cr_expect_eq(measurements_open(zeros, &opened), -EINVAL);
	cr_assert_eq(fcntl(zeros, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	cr_expect_eq(measurements_open(zeros, &opened), -EINVAL);
	cr_expect_null(opened);
}

Test(measurements, keep_their_size)
{
	cr_expect_lt(ftruncate(measurements_fd(list), 0), 0);
	cr_expect_lt(ftruncate(measurements_fd(list), 1 << 30), 0);
}

/* ---- threads ---- */

#define THREADS 4
#define APPENDS 400

static void *append_in_thread(void *argument)
{
	unsigned int first = *(unsigned int *)argument;
	_cleanup_crypto_ struct crypto *own = NULL;

	if (crypto_new(&own) < 0)
		abort();
	for (unsigned int i = 0; i < APPENDS; i++)
		if (append_to(list, own, first + i, i % 8 == 0) < 0)
			abort();
	return NULL;
}

/* Each thread's numbers, and half of the next one's. */
static void append_by_threads(void)
{
	pthread_t threads[THREADS];
	unsigned int firsts[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		firsts[i] = i * APPENDS / 2;
		if (pthread_create(&threads[i], NULL, append_in_thread, &firsts[i]))
			abort();
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static atomic_bool has_enough;

static void *look_in_thread(void *argument)
{
	struct measurements_view view, last = { 0 };
	size_t *looks = argument;

	while (!atomic_load(&has_enough)) {
		measurements_look(list, &view);
		if (view.state.count < last.state.count || view.state.size < last.state.size)
			abort();
		last = view;
		(*looks)++;
	}
	return NULL;
}

Test(measurements, of_several_threads_are_each_there_once)
{
	pthread_t reader;
	size_t looks = 0;

	begin_with(2 * THREADS * APPENDS);
	cr_assert_eq(pthread_create(&reader, NULL, look_in_thread, &looks), 0);
	append_by_threads();
	atomic_store(&has_enough, true);
	pthread_join(reader, NULL);
	struct measurements_view view = look();

	for (unsigned int i = 0; i < (THREADS + 1) * APPENDS / 2; i += 7)
		cr_expect_geq(count_of_number(&view, i), 1, "%u is not there", i);
	cr_expect_eq(view.state.violations, (THREADS + 1) * APPENDS / 16);
	cr_expect_gt(looks, 0);
	expect_whole();
}

/* ---- death ---- */

static void append_in_steps(void *argument)
{
	(void)argument;
	NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	raise(SIGSTOP);
	NEED(append(1000) == MEASUREMENT_ADDED);
}

/* Return: is it stopped again, and has not ended? No signal from elsewhere reaches it. */
static bool step(pid_t pid)
{
	int status;

	cr_assert_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSTOPPED(status) || status == 0, "it ends with %#x", (unsigned int)status);
	return WIFSTOPPED(status);
}

/* As after a death there: what the next worker would find. */
static void expect_one_of(const struct measurements_state *before, struct measurements_state *now)
{
	struct measurements_view view = look();

	if (memcmp(&view.state, now, sizeof(*now)) == 0)
		return;
	cr_expect_eq(now->count, before->count, "it has changed twice");
	cr_expect_eq(view.state.count, before->count + 1);
	expect_whole();
	*now = view.state;
}

Test(measurements, are_whole_after_each_instruction)
{
	append(1);
	const struct measurements_state before = look().state;
	struct measurements_state now = before;
	pid_t pid = child_start(append_in_steps, NULL, 0);
	int status, steps = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	for (; step(pid); steps++)
		expect_one_of(&before, &now);
	cr_expect_gt(steps, 1000);
	cr_expect_eq(now.count, before.count + 1);
	cr_log_info("%d instructions", steps);
}

static struct crypto *of_threads[THREADS];

/* Appends what nothing else appends, without an end. */
static void *append_for_ever(void *argument)
{
	struct crypto **own = argument;
	static _Atomic unsigned int number = 1000000;
	unsigned int base = (unsigned int)getpid() << 10;

	for (;;)
		append_to(list, *own, base + atomic_fetch_add(&number, 1), false);
	return NULL;
}

static void append_by_threads_for_ever(void *argument)
{
	pthread_t thread;

	(void)argument;
	for (int i = 1; i < THREADS; i++)
		NEED(pthread_create(&thread, NULL, append_for_ever, &of_threads[i]) == 0);
	append_for_ever(&of_threads[0]);
}

/* A worker that appends by all threads and dies within 1 ms; the next one is this process. */
static void die(struct dice *dice)
{
	pid_t pid = child_start(append_by_threads_for_ever, NULL, 0);

	nanosleep(&(struct timespec){ .tv_nsec = dice_below(dice, 1000000) }, NULL);
	kill(pid, SIGKILL);
	cr_expect_eq(child_end(pid), 128 + SIGKILL);
}

#ifdef NSXATTR_INSTRUMENTED
#define LISTS 4
#else
#define LISTS 80
#endif
#define DEATHS 25

static void append_after_death(unsigned int number)
{
	int r = append(number);

	cr_expect(r == MEASUREMENT_ADDED || r == MEASUREMENT_MISSED, "%d", r);
	cr_expect_eq(append(number),
		     r == MEASUREMENT_ADDED ? MEASUREMENT_KNOWN : MEASUREMENT_MISSED);
}

/* Every other list becomes full. */
Test(measurements, are_whole_after_deaths, .timeout = 280)
{
	struct dice dice = dice_new(1, 0);
	uint64_t appended = 0, missed = 0;

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(crypto_new(&of_threads[i]), 0);
	for (unsigned int i = 0; i < LISTS; i++) {
		begin_with(i % 2 ? 1000 : 200000);
		for (unsigned int j = 0; j < DEATHS; j++) {
			die(&dice);
			append_after_death(j);
		}
		expect_whole();
		appended += look().state.count;
		missed += look().state.missed;
	}
	cr_log_info("%d deaths, %ju entries, %ju more", LISTS * DEATHS, (uintmax_t)appended,
		    (uintmax_t)missed);
	for (int i = 0; i < THREADS; i++)
		crypto_free(of_threads[i]);
}
