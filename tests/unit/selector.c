/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "cpu_time.h"
#include "policy.h"
#include "policy_selector.h"

Test(selector, fits_a_name_whole)
{
	cr_expect(selector_name_fits("samba", "samba"));
	cr_expect_not(selector_name_fits("samba", "samba1"));
	cr_expect_not(selector_name_fits("samba", "samb"));
	cr_expect_not(selector_name_fits("samba", "Samba"));
	cr_expect_not(selector_name_fits("samba", ""));
}

Test(selector, has_a_star_for_any_characters)
{
	cr_expect(selector_name_fits("*", ""));
	cr_expect(selector_name_fits("*", ".a/b"));
	cr_expect(selector_name_fits("samba*", "samba"));
	cr_expect(selector_name_fits("samba*", "samba-dc.1"));
	cr_expect_not(selector_name_fits("samba*", "xsamba"));
	cr_expect(selector_name_fits("*dc", "samba-dc-dc"));
	cr_expect_not(selector_name_fits("*dc", "samba-dc-d"));
	cr_expect(selector_name_fits("a**b", "ab"));
}

Test(selector, tries_a_star_again)
{
	cr_expect(selector_name_fits("*ab*abc", "ababxababc"));
	cr_expect(selector_name_fits("a*b*c*d", "abcbcdd"));
	cr_expect_not(selector_name_fits("a*b*c*d", "abcbdc"));
	cr_expect(selector_name_fits("*aab", "aaab"));
	cr_expect_not(selector_name_fits("*a?", "ba"));
	cr_expect(selector_name_fits("*?", "a"));
	cr_expect_not(selector_name_fits("*?", ""));
}

Test(selector, has_a_question_mark_for_one_character)
{
	cr_expect(selector_name_fits("web?", "web1"));
	cr_expect_not(selector_name_fits("web?", "web"));
	cr_expect_not(selector_name_fits("web?", "web12"));
	cr_expect(selector_name_fits("?eb", "web"));
	cr_expect(selector_name_fits("b?r", "b\xc3\xa4r"));
	cr_expect(selector_name_fits("*?", "\xf0\x9f\x90\xbb"));
	cr_expect_not(selector_name_fits("??", "\xf0\x9f\x90\xbb"));
}

Test(selector, knows_no_other_special_characters)
{
	cr_expect(selector_name_fits("[ab]\\c", "[ab]\\c"));
	cr_expect_not(selector_name_fits("[ab]", "a"));
	cr_expect_not(selector_name_fits("\\*", "*"));
}

Test(selector, has_a_star_for_what_is_no_utf_8)
{
	cr_expect(selector_name_fits("*", "\x80\xbf\xff"));
	cr_expect(selector_name_fits("*a", "\xc3\x80\xff"
					   "a"));
	cr_expect_not(selector_name_fits("a*", "\xc3\x61"));
}

/* If it tried each star again for each of those before it, it would not end. */
Test(selector, is_quick_whatever_the_glob)
{
	char glob[201], name[4097];

	limit_cpu_time(10);
	for (size_t i = 0; i < 100; i++)
		memcpy(glob + 2 * i, "*a", 2);
	glob[200] = '\0';
	memset(name, 'a', sizeof(name) - 2);
	memcpy(name + sizeof(name) - 2, "c", 2);
	cr_expect_not(selector_name_fits(glob, name));
}

/* fits() by the definition, for short texts. */
static bool fits_by_definition(const char *glob, const char *name)
{
	if (*glob == '*')
		return fits_by_definition(glob + 1, name) ||
		       (*name != '\0' && fits_by_definition(glob, name + 1));
	if (*glob == '\0' || *name == '\0')
		return *glob == *name;
	return (*glob == '?' || *glob == *name) && fits_by_definition(glob + 1, name + 1);
}

static void spell(unsigned int number, const char *letters, size_t length, char *text)
{
	unsigned int count = (unsigned int)strlen(letters);

	for (size_t i = 0; i < length; i++, number /= count)
		text[i] = letters[number % count];
	text[length] = '\0';
}

static void compare_names(const char *glob)
{
	for (size_t length = 0; length <= 5; length++)
		for (unsigned int number = 0; number < 1U << length; number++) {
			char name[8];

			spell(number, "ab", length, name);
			cr_assert_eq(selector_name_fits(glob, name), fits_by_definition(glob, name),
				     "%s of %s", name, glob);
		}
}

Test(selector, fits_all_short_names_as_the_definition_says)
{
	unsigned int count = 1;

	for (size_t length = 0; length <= 5; length++, count *= 4)
		for (unsigned int number = 0; number < count; number++) {
			char glob[8];

			spell(number, "ab*?", length, glob);
			compare_names(glob);
		}
}

static const struct policy_selector selectors[] = {
	{ .runtimes = RUNTIME_LXC, .name = "samba*" },
	{ .runtimes = RUNTIME_PODMAN | RUNTIME_CRUN },
	{ .name = "build" },
};
static const struct policy policy = { .selectors = selectors, .selector_count = 3 };

static bool selects(const struct policy *of, unsigned int runtimes, const char *name)
{
	return policy_selects(of, &(struct candidate){ .runtimes = runtimes, .name = name });
}

Test(selector, of_a_policy_selects_by_all_that_an_entry_has)
{
	cr_expect(selects(&policy, RUNTIME_LXC, "samba-dc"));
	cr_expect_not(selects(&policy, RUNTIME_LXC, "web"));
	cr_expect_not(selects(&policy, RUNTIME_RUNC, "samba-dc"));
}

Test(selector, of_a_policy_selects_by_any_entry)
{
	cr_expect(selects(&policy, RUNTIME_CRUN, "web"));
	cr_expect(selects(&policy, RUNTIME_PODMAN | RUNTIME_RUNC, "web"));
	cr_expect(selects(&policy, RUNTIME_RUN, "build"));
	cr_expect(selects(&policy, 0, "build"));
	cr_expect_not(selects(&policy, 0, "web"));
}

Test(selector, of_a_policy_selects_who_has_no_name_by_the_runtime_only)
{
	cr_expect(selects(&policy, RUNTIME_CRUN, NULL));
	cr_expect_not(selects(&policy, RUNTIME_LXC, NULL));
	cr_expect_not(selects(&policy, 0, NULL));
}

static const struct policy_selector annotated_selectors[] = {
	{ .annotation_key = "io.kubernetes.*.sandbox-namespace", .annotation_value = "team-?" },
	{ .name = "samba*", .annotation_key = "tier", .annotation_value = "" },
};
static const struct policy annotated = { .selectors = annotated_selectors, .selector_count = 2 };

static bool selects_annotated(const char *name, const char *key, const char *value)
{
	const struct annotation annotations[] = { { "other", "x" }, { key, value } };

	return policy_selects(&annotated, &(struct candidate){ .name = name,
							       .annotations = annotations,
							       .annotation_count = 2 });
}

Test(selector, of_a_policy_selects_by_an_annotation)
{
	cr_expect(selects_annotated(NULL, "io.kubernetes.cri.sandbox-namespace", "team-a"));
	cr_expect_not(selects_annotated(NULL, "io.kubernetes.cri.sandbox-namespace", "team-ab"));
	cr_expect_not(selects_annotated(NULL, "io.kubernetes.cri.sandbox-name", "team-a"));
	cr_expect_not(selects(&annotated, RUNTIME_CRUN, "team-a"));
}

Test(selector, of_a_policy_selects_by_an_annotation_and_the_name_together)
{
	cr_expect(selects_annotated("samba-dc", "tier", ""));
	cr_expect_not(selects_annotated("samba-dc", "tier", "x"));
	cr_expect_not(selects_annotated("web", "tier", ""));
	cr_expect_not(selects_annotated(NULL, "tier", ""));
}

/* The value of one annotation is not that of another. */
Test(selector, of_a_policy_wants_key_and_value_of_one_annotation)
{
	cr_expect_not(selects_annotated("samba-dc", "tier2", "x"));
	cr_expect_not(selects_annotated(NULL, "io.kubernetes.cri.sandbox-namespace", "x"));
}

Test(selector, of_a_policy_without_match_selects_no_container)
{
	cr_expect_not(selects(policy_builtin("default"), RUNTIME_LXC, "samba"));
	cr_expect_not(selects(policy_builtin("default"), 0, NULL));
}
