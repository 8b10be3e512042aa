/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/kernel_notes.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(kernel_notes, .timeout = 60);

/* A kernel that lacks nothing. */
static struct kernel_facts whole(void)
{
	return (struct kernel_facts){ .version = { 6, 18, 0 }, .tells_mount_maps = true };
}

static bool notes_say(const struct kernel_facts *facts, const char *words)
{
	const char *notes[KERNEL_NOTES_MAX];
	size_t count = kernel_notes(facts, notes);

	for (size_t i = 0; i < count; i++)
		if (strstr(notes[i], words))
			return true;
	return false;
}

static size_t count_notes(const struct kernel_facts *facts)
{
	const char *notes[KERNEL_NOTES_MAX];

	return kernel_notes(facts, notes);
}

Test(kernel_notes, are_none_of_a_kernel_that_lacks_nothing)
{
	const struct kernel_facts facts = whole();

	cr_expect_eq(count_notes(&facts), 0);
}

Test(kernel_notes, have_one_line_for_each_thing_that_is_missing)
{
	const struct kernel_facts facts = {
		.version = { 5, 19, 0 },
		.probe_error = -ENOENT,
		.ring_error = -ENOSYS,
		.has_verity = true,
	};
	const char *notes[KERNEL_NOTES_MAX];
	size_t count = kernel_notes(&facts, notes);

	cr_expect_eq(count, 5);
	for (size_t i = 0; i < count; i++)
		cr_expect_null(strchr(notes[i], '\n'), "%s", notes[i]);
}

Test(kernel_notes, say_why_the_kernel_cannot_be_probed)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {
		{ -ENOENT, "/sys/kernel/btf/vmlinux" }, { -ENOTUNIQ, "/sys/kernel/btf/vmlinux" },
		{ -EPERM, "bpf(2) is refused" },	{ -EACCES, "bpf(2) is refused" },
		{ -EXDEV, "from a user namespace" },	{ -ENOMEM, "cannot be probed:" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kernel_facts facts = whole();

		facts.probe_error = rows[i].error;
		cr_expect_eq(count_notes(&facts), 1);
		cr_expect(notes_say(&facts, rows[i].words), "%s", strerror(-rows[i].error));
	}
}

Test(kernel_notes, tell_a_setting_from_a_kernel_without_io_uring)
{
	struct kernel_facts facts = whole();

	facts.ring_error = -EPERM;
	cr_expect(notes_say(&facts, "kernel.io_uring_disabled"));
	facts.ring_error = -ENOSYS;
	cr_expect(!notes_say(&facts, "kernel.io_uring_disabled"));
	cr_expect(notes_say(&facts, "there is no io_uring"));
}

Test(kernel_notes, say_what_becomes_of_values_on_idmapped_mounts)
{
	struct kernel_facts facts = whole();

	facts.tells_mount_maps = false;
	cr_expect_eq(count_notes(&facts), 1);
	cr_expect(notes_say(&facts, "idmapped mount"));
}

Test(kernel_notes, go_by_the_version_where_nothing_else_tells)
{
	static const struct {
		unsigned int version[3];
		bool may_restart;
	} rows[] = {
		{ { 5, 19, 0 }, true },	  { { 6, 1, 170 }, true }, { { 6, 6, 114 }, true },
		{ { 6, 6, 115 }, false }, { { 6, 12, 55 }, true }, { { 6, 12, 56 }, false },
		{ { 6, 13, 0 }, true },	  { { 6, 17, 5 }, true },  { { 6, 17, 6 }, false },
		{ { 6, 18, 0 }, false },  { { 7, 0, 0 }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kernel_facts facts = whole();

		memcpy(facts.version, rows[i].version, sizeof(facts.version));
		cr_expect_eq(notes_say(&facts, "may restart a call"), rows[i].may_restart,
			     "%u.%u.%u", rows[i].version[0], rows[i].version[1],
			     rows[i].version[2]);
	}
}
