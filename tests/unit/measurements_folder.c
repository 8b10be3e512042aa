/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements_folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text_file.h"
#include "child.h"
#include "dice.h"
#include "integrity/measurements_text.h"
#include "pcrs_text.h"

#define ENTRIES 6000

static char place[] = "/tmp/nsxattr-measurements-folder.XXXXXX";
static struct crypto *crypto;
static struct measurements *list;
static struct measurements_folder *folder;

static const char *const names[] = {
	"binary_runtime_measurements",
	"ascii_runtime_measurements",
	"pcrs-sha1",
	"pcrs-sha256",
	"pcrs-sha384",
	"pcrs-sha512",
};

static void make_list(void)
{
	static const uint8_t aggregate[32] = { 0xb0 };

	measurements_free(list);
	cr_assert_eq(measurements_new(crypto, TEMPLATE_IMA_SIG, ENTRIES, aggregate, &list), 0);
}

static void begin(void)
{
	cr_assert_not_null(mkdtemp(place));
	cr_assert_eq(chdir(place), 0);
	cr_assert_eq(crypto_new(&crypto), 0);
	make_list();
	cr_assert_eq(measurements_folder_new("dir", list, &folder), 0);
}

static void finish(void)
{
	measurements_folder_free(folder);
	measurements_free(list);
	crypto_free(crypto);
	cr_expect_eq(chdir("dir"), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(unlink(names[i]), 0);
	cr_expect_eq(chdir(place), 0);
	cr_expect_eq(rmdir("dir"), 0, "there is more than the files in it");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(place), 0);
}

TestSuite(measurements_folder, .init = begin, .fini = finish);

static void append(unsigned int number)
{
	uint8_t digest[32] = { 0 };
	const struct measurement measurement = { .template = TEMPLATE_IMA_SIG,
						 .algorithm = DIGEST_SHA256,
						 .digest = digest,
						 .path = "/x" };

	memcpy(digest, &number, sizeof(number));
	if (measurements_append(list, crypto, &measurement) < 0)
		abort();
}

/* Return: the caller's to free(3). */
static char *read_file(size_t index, size_t *ret_size)
{
	char path[64], *bytes = NULL;

	snprintf(path, sizeof(path), "dir/%s", names[index]);
	cr_assert_eq(text_file_read(path, 16 << 20, &bytes, ret_size), TEXT_FILE_READ, "%s", path);
	return bytes;
}

static void expect_file(size_t index, const void *bytes, size_t size)
{
	size_t is_size = 0;
	_cleanup_free_ char *is = read_file(index, &is_size);

	cr_assert_eq(is_size, size, "%s", names[index]);
	cr_expect_arr_eq(is, bytes, size, "%s", names[index]);
}

static void expect_files_of_list(void)
{
	struct measurements_view view;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	measurements_look(list, &view);
	measurements_print(view.bytes, view.state.size, file);
	fclose(file);
	expect_file(0, view.bytes, view.state.size);
	expect_file(1, text, size);
	free(text);
	for (size_t bank = 0; bank < PCR_BANK_COUNT; bank++) {
		_cleanup_free_ char *pcrs = pcrs_text(&view.state.pcrs, bank);

		expect_file(2 + bank, pcrs, strlen(pcrs));
	}
}

Test(measurements_folder, has_the_list_from_the_beginning)
{
	expect_files_of_list();
}

Test(measurements_folder, has_what_was_appended)
{
	for (unsigned int i = 0; i < 50; i++) {
		append(i);
		if (i % 3)
			continue;
		measurements_folder_update(folder, list);
		expect_files_of_list();
	}
	measurements_folder_finish(folder, list);
	expect_files_of_list();
}

Test(measurements_folder, replaces_the_files_of_an_older_list)
{
	struct measurements_folder *newer = NULL;

	append(1);
	measurements_folder_update(folder, list);
	make_list();
	cr_assert_eq(measurements_folder_new("dir", list, &newer), 0);
	expect_files_of_list();
	measurements_folder_free(newer);
}

Test(measurements_folder, is_made_though_a_start_was_cut_short)
{
	struct measurements_folder *newer = NULL;

	cr_assert_eq(symlink("/dev/null", "dir/.pcrs-sha1.new"), 0);
	cr_assert_eq(measurements_folder_new("dir", list, &newer), 0);
	expect_files_of_list();
	measurements_folder_free(newer);
}

Test(measurements_folder, is_refused_where_no_file_can_be_made)
{
	struct measurements_folder *none = NULL;

	cr_expect_eq(measurements_folder_new("/dev/null", list, &none), -ENOTDIR);
	cr_expect_eq(measurements_folder_new("dir/nowhere/x", list, &none), -ENOENT);
	cr_expect_eq(measurements_folder_new("/proc/self", list, &none), -ENOENT);
	cr_expect_null(none);
}

/* ---- when it cannot be written ---- */

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	NEED(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = size;
	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void update_between_limits(void *argument)
{
	(void)argument;
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int i = 0; i < 100; i++)
		append(i);
	limit_files(6000);
	measurements_folder_update(folder, list);
	append(100);
	measurements_folder_update(folder, list);
	limit_files(RLIM_INFINITY);
	measurements_folder_update(folder, list);
}

Test(measurements_folder, is_complete_again_when_there_is_room_again)
{
	child_run(update_between_limits, NULL);
	expect_files_of_list();
}

/* ---- death ---- */

#ifdef NSXATTR_INSTRUMENTED
#define DEATHS 10
#else
#define DEATHS 100
#endif

/* No more than there is room for. */
static void append_until_death(void *argument)
{
	const unsigned int *first = argument;

	for (unsigned int i = 0; i < ENTRIES / DEATHS - 1; i++) {
		append(*first + i);
		measurements_folder_update(folder, list);
	}
	pause();
}

/* The register that is in a file. */
static void read_register(size_t bank, uint8_t *ret_value)
{
	size_t size = 0, count = digest_size(pcr_banks[bank]), line = sizeof("PCR-10:") + 3 * count;
	_cleanup_free_ char *text = read_file(2 + bank, &size);

	cr_assert_eq(size, PCR_COUNT * line);
	for (size_t i = 0; i < count; i++)
		ret_value[i] = (uint8_t)strtoul(text + PCR_NUMBER * line + 7 + 3 * i, NULL, 16);
}

/* Return: are the registers in the file those of the list's first entries? */
static bool is_accepted(const char *bytes, size_t size, size_t bank)
{
	uint8_t value[DIGEST_SIZE_MAX] = { 0 };
	struct pcrs pcrs = { 0 }, digests;
	struct measured entry;

	read_register(bank, value);
	for (size_t at = 0; measurement_parse((const uint8_t *)bytes + at, size - at, &entry);
	     at += entry.size) {
		cr_assert_eq(pcrs_of_data(crypto, entry.data, entry.data_size, &digests), 0);
		cr_assert_eq(pcrs_extend(crypto, &pcrs, &digests), 0);
		if (memcmp(pcrs.values[bank], value, sizeof(value)) == 0)
			return true;
	}
	return false;
}

Test(measurements_folder, is_acceptable_after_each_death, .timeout = 120)
{
	struct dice dice = dice_new(1, 0);

	for (unsigned int i = 0; i < DEATHS; i++) {
		unsigned int first = i << 16;
		pid_t pid = child_start(append_until_death, &first, 0);

		nanosleep(&(struct timespec){ .tv_nsec = dice_below(&dice, 1000000) }, NULL);
		kill(pid, SIGKILL);
		cr_assert_eq(child_end(pid), 128 + SIGKILL);
		size_t size = 0;
		_cleanup_free_ char *bytes = read_file(0, &size);

		for (size_t bank = 0; bank < PCR_BANK_COUNT; bank++)
			cr_expect(is_accepted(bytes, size, bank), "%s", names[2 + bank]);
		/* The next worker. */
		measurements_folder_update(folder, list);
		if (i % 10 == 0)
			expect_files_of_list();
	}
}
