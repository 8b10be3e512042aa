/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * What Criterion lets pass, and we do not: a test that leaves a descriptor open, and one whose body
 * calls exit(0) and so skips the rest of itself.
 *
 * Each test is linked with --wrap=criterion_internal_test_main, so that Criterion's call of a test's
 * body comes by here: the descriptors are looked at just before the body and just after it. What
 * .init opens for .fini to close is not looked at; a body that fails does not get to the second look.
 * The pipes of cr_redirect_stdout() and its like, which come by here too, are Criterion's to close.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096

typedef void test_body(void *parameter);

/* What ld(1) makes of the calls, and of the functions that were meant. */
void __wrap_criterion_internal_test_main(test_body *body);
void __real_criterion_internal_test_main(test_body *body);
void __wrap_cr_redirect_stdin(void);
void __real_cr_redirect_stdin(void);
void __wrap_cr_redirect_stdout(void);
void __real_cr_redirect_stdout(void);
void __wrap_cr_redirect_stderr(void);
void __real_cr_redirect_stderr(void);

/* Static: one test runs in a process of its own, and neither call takes a place to keep things. */
static test_body *wrapped_body;
static bool is_expected[DESCRIPTORS_MAX];
static pid_t process_in_body;

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void complain(int fd)
{
	char path[32];
	char target[256];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(path, target, sizeof(target));

	cr_assert_fail("the test leaves descriptor %d open: %.*s", fd,
		       (int)(length < 0 ? 0 : length), target);
}

/* A body without a parameter does not mind being given one. */
static void run_body(void *parameter)
{
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		is_expected[fd] = is_open(fd);
	wrapped_body(parameter);
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (!is_expected[fd] && is_open(fd))
			complain(fd);
}

/* Children of the test may end as they like. */
static void refuse_exit(void)
{
	if (process_in_body != getpid())
		return;
	fputs("the test calls exit() before its body is over\n", stderr);
	_exit(EXIT_FAILURE);
}

void __wrap_criterion_internal_test_main(test_body *body)
{
	wrapped_body = body;
	process_in_body = getpid();
	(void)atexit(refuse_exit);
	__real_criterion_internal_test_main(run_body);
	process_in_body = 0;
}

static void redirect(void (*real)(void))
{
	bool was_open[DESCRIPTORS_MAX];

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		was_open[fd] = is_open(fd);
	real();
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (!was_open[fd])
			is_expected[fd] = is_open(fd);
}

void __wrap_cr_redirect_stdin(void)
{
	redirect(__real_cr_redirect_stdin);
}

void __wrap_cr_redirect_stdout(void)
{
	redirect(__real_cr_redirect_stdout);
}

void __wrap_cr_redirect_stderr(void)
{
	redirect(__real_cr_redirect_stderr);
}

#ifdef __SANITIZE_THREAD__
/*
 * Criterion keeps what its processes share at an address of its own choice, 16 MiB times a number of
 * rand_r() behind 32 TiB, and most of these the thread sanitizer does not allow. So, in programs that
 * have it, rand_r() is this function, with numbers that lead to where it allows programs to be loaded
 * (0x550000000000 to 0x568000000000 on x86-64).
 */
#define FIRST_PLACE 0x350000U
#define PLACES 0x18000U

int rand_r(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return (int)(FIRST_PLACE + (*seed >> 8) % PLACES);
}
#endif
