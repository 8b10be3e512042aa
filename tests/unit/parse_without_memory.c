/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is loaded again and again, and each time one allocation more succeeds before one fails: ours
 * and libyaml's. For that, malloc() and its like are here, and count.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "daemon/config.h"
#include "policy_file.h"
#include "yaml/diagnostic.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_ANOTHER_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_ANOTHER_MALLOC 1
#endif
#endif

#ifdef HAS_ANOTHER_MALLOC

Test(parse_without_memory, says_so_and_loses_nothing)
{
	cr_skip_test("a sanitizer has a malloc() of its own");
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

/* Of the thread that the test runs in alone: Criterion has others. */
static _Thread_local bool is_counting;
static _Thread_local long allowed; /* allocations that succeed yet */
static _Thread_local long held; /* allocations that were not freed yet */
static _Thread_local bool has_failed;

static bool admits(void)
{
	if (!is_counting)
		return true;
	if (allowed == 0) {
		has_failed = true;
		return false;
	}
	allowed--;
	held++;
	return true;
}

void *malloc(size_t size)
{
	return admits() ? __libc_malloc(size) : NULL;
}

/* The parameters have their names in stdlib.h. */
void *calloc(size_t __nmemb, size_t __size)
{
	return admits() ? __libc_calloc(__nmemb, __size) : NULL;
}

void *realloc(void *__ptr, size_t __size)
{
	if (!admits())
		return NULL;
	held -= is_counting && __ptr;
	return __libc_realloc(__ptr, __size);
}

void free(void *ptr)
{
	held -= is_counting && ptr;
	__libc_free(ptr);
}

static struct diagnostics diagnostics;

static int load_policy(void)
{
	static const char text[] = "version: 1\n"
				   "description: everything that allocates\n"
				   "match: [{ runtime: [crun], name: a }, { name: b }]\n"
				   "attributes:\n"
				   "- { name: security.a, scheme: suffix, inherit: none }\n"
				   "- { name: trusted.b, scheme: host, values: [y, 0x00] }\n"
				   "- { name: security.*, scheme: suffix }\n"
				   "limits: { in-flight: 256 }\n"
				   "allow-users: [root, alice]\n";
	struct policy_file *file = NULL;
	int r = policy_file_load("a policy", text, strlen(text), &file, &diagnostics);

	policy_file_free(file);
	return r;
}

static int load_config(void)
{
	static const char text[] = "version: 1\n"
				   "oci-socket: { path: /run/a, mode: 0660, group: podman }\n"
				   "policies: /srv/policies\n"
				   "default-policy: samba-dc\n";
	struct config_file file = { 0 };
	int r = config_load(text, strlen(text), &file, &diagnostics);

	config_done(&file);
	return r;
}

/* Return: what a load does when @count allocations succeed, and no more. */
static int load_with(int load(void), long count)
{
	diagnostics.count = 0;
	allowed = count;
	held = 0;
	has_failed = false;
	is_counting = true;
	int r = load();

	is_counting = false;
	return r;
}

static void load_with_more_and_more(int load(void), int loaded, long least)
{
	long count = 0;
	int r = load_with(load, count);

	for (; has_failed; r = load_with(load, ++count)) {
		cr_assert_eq(r, -ENOMEM, "with %ld allocations: %d", count, r);
		cr_assert_eq(held, 0, "with %ld allocations, %ld are lost", count, held);
	}
	cr_expect_eq(r, loaded);
	cr_expect_eq(held, 0);
	cr_expect_gt(count, least);
}

Test(parse_without_memory, says_so_and_loses_nothing)
{
	load_with_more_and_more(load_policy, POLICY_FILE_LOADED, 50);
}

Test(parse_without_memory, says_so_of_settings_as_well)
{
	load_with_more_and_more(load_config, CONFIG_LOADED, 20);
}

#endif
