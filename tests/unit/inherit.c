/* SPDX-License-Identifier: Apache-2.0 */
#include "keep/inherit.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keep/journal.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool has(const int *fds, size_t count, int fd)
{
	bool is_there = false;

	for (size_t i = 0; i < count; i++)
		is_there = is_there || fds[i] == fd;
	return is_there;
}

/* Ends with 0 if the descriptors are as they shall be. */
static void inherit(struct journal *journal, int kept, int change, int path, int file)
{
	int procfs = open("/proc", O_PATH | O_CLOEXEC);
	int *rest = NULL;
	size_t count = 0;

	(void)journal_keep_own(journal, procfs);
	int r = inherit_descriptors(journal, procfs, &rest, &count);

	_exit(r == 2 && is_open(kept) && is_open(change) && !is_open(path) && is_open(file) &&
			      has(rest, count, file) && !has(rest, count, kept) &&
			      !has(rest, count, change) ?
		      0 :
		      1);
}

/* In a child: it closes nearly everything. */
Test(inherit, keeps_open_what_has_an_entry_and_what_is_under_way)
{
	struct journal *journal = NULL;
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int change = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* To close this one never waits; the other could be a file of a peer's. */
	int path = open("/dev/null", O_PATH | O_CLOEXEC);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status = -1;

	cr_assert_eq(journal_new(&journal), 0);
	cr_assert(kept > 2 && change > 2 && path > 2 && file > 2);
	cr_assert_eq(journal_keep_own(journal, kept), 0);
	struct slot *walked = journal_slot(journal, 0), *begun = journal_slot(journal, 1);

	walked->notification.id = 5;
	begun->notification.id = 6;
	atomic_store(&begun->effect.fd, change);
	atomic_store(&begun->effect.step, EFFECT_BEGUN);
	(void)journal_slot(journal, 2);
	pid_t pid = fork();

	if (pid == 0)
		inherit(journal, kept, change, path, file);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	close(kept);
	close(change);
	close(path);
	close(file);
	journal_free(journal);
}
