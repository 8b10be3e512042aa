/* SPDX-License-Identifier: Apache-2.0 */
/* Where on the way down a credential is taken on, for supervisors with privilege and without. */
#include "request/descent.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "request/userns.h"
#include "simulated.h"

#define PRIVILEGE (1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_SYS_ADMIN)

/* Descriptors, as far as the code looks. */
enum { HOST = 10, OWN, BELOW, DEEP };

static struct userns host;
static struct userns own; /* of a plain user: the user as 0, and ids by newgidmap(1) */
static struct userns below; /* its root alone, with setgroups(2) denied */
static struct userns deep; /* below that */

static struct credential login; /* the user's, and its supervisor's */
static struct credential root; /* the host's */

static struct userns simulate(struct userns *parent, const char *map, bool may_set_groups, int fd)
{
	return (struct userns){
		.ids = simulated_userns(&parent->ids, map),
		.may_set_groups = may_set_groups,
		.fd = fd,
	};
}

static struct credential credential(uid_t uid, gid_t gid, const gid_t *groups, uint32_t count)
{
	struct credential made = { .fsuid = uid, .fsgid = gid, .group_count = count };

	for (uint32_t i = 0; i < count; i++)
		made.groups[i] = groups[i];
	return made;
}

static void set_up(void)
{
	host = (struct userns){ .ids = simulated_host(), .may_set_groups = true, .fd = HOST };
	own = simulate(&host, "0 1000 1\n1 300000 100\n", true, OWN);
	below = simulate(&own, "0 1000 1\n", false, BELOW);
	deep = simulate(&below, "0 1000 1\n", false, DEEP);
	login = credential(1000, 1000, (gid_t[]){ 100, 1000, 2000 }, 3);
	root = credential(0, 0, (gid_t[]){ 0 }, 1);
	root.capabilities = PRIVILEGE;
}

TestSuite(descent, .init = set_up);

static struct credential_change plan(const struct credential *ours, const struct userns *userns,
				     const struct credential *wanted)
{
	struct credential_change change;

	memset(&change, 0xa5, sizeof(change));
	cr_assert_eq(descent_plan(ours, userns, wanted, &change), 0);
	cr_expect_eq(change.userns, userns->fd);
	return change;
}

Test(descent, privilege_takes_all_on_where_it_is)
{
	const struct credential wanted = credential(300005, 7, (gid_t[]){ 9, 300001 }, 2);
	struct credential_change change = plan(&root, &deep, &wanted);

	cr_expect_eq(change.through, -1);
	cr_expect_not(change.keeps_groups);
	cr_expect(credential_equal(&change.credential, &wanted));
}

Test(descent, who_is_the_same_changes_nothing)
{
	struct credential_change change = plan(&login, &deep, &login);

	cr_expect_eq(change.through, -1);
	cr_expect(change.keeps_groups);
	cr_expect_eq(change.credential.fsuid, CREDENTIAL_SAME);
	cr_expect_eq(change.credential.fsgid, CREDENTIAL_SAME);
}

Test(descent, another_user_with_our_groups_in_the_outermost_that_has_the_id)
{
	struct credential wanted = login;

	wanted.fsuid = 300004;
	struct credential_change change = plan(&login, &below, &wanted);

	cr_expect_eq(change.through, OWN);
	cr_expect(change.keeps_groups);
	cr_expect_eq(change.credential.fsuid, 5);
	cr_expect_eq(change.credential.fsgid, CREDENTIAL_SAME);
}

Test(descent, groups_are_set_in_the_outermost_that_allows_it)
{
	const struct credential wanted = credential(1000, 1000, (gid_t[]){ 1000, 300009 }, 2);
	struct credential_change change = plan(&login, &deep, &wanted);

	cr_expect_eq(change.through, OWN);
	cr_expect_not(change.keeps_groups);
	cr_expect_eq(change.credential.group_count, 2);
	cr_expect_eq(change.credential.groups[0], 0);
	cr_expect_eq(change.credential.groups[1], 10);
}

Test(descent, no_groups_where_setgroups_is_allowed)
{
	const struct credential wanted = credential(1000, 1000, NULL, 0);
	struct credential_change change = plan(&login, &deep, &wanted);

	cr_expect_eq(change.through, OWN);
	cr_expect_not(change.keeps_groups);
	cr_expect_eq(change.credential.group_count, 0);
	cr_expect(descent_may_set_groups(&login, &deep));
}

Test(descent, other_groups_where_setgroups_is_denied)
{
	const struct credential wanted = credential(1000, 1000, (gid_t[]){ 1000 }, 1);
	struct credential_change change;

	own.may_set_groups = false;
	cr_expect_eq(descent_plan(&login, &deep, &wanted, &change), -EPERM);
	cr_expect_not(descent_may_set_groups(&login, &deep));
	/* That is nothing to who has privilege outside. */
	plan(&root, &deep, &wanted);
	cr_expect(descent_may_set_groups(&root, &deep));
}

/* Started in such a namespace, with all capabilities there. */
Test(descent, setgroups_is_denied_where_we_are)
{
	struct credential wanted = login;
	struct credential_change change;

	login.capabilities = PRIVILEGE;
	host.may_set_groups = false;
	own.may_set_groups = false;
	wanted.fsuid = 300004;
	change = plan(&login, &deep, &wanted);
	cr_expect_eq(change.through, -1);
	cr_expect(change.keeps_groups);
	cr_expect_eq(change.credential.fsuid, 300004);
	wanted.groups[1]++;
	cr_expect_eq(descent_plan(&login, &deep, &wanted, &change), -EPERM);
}

Test(descent, ids_that_no_namespace_has)
{
	const struct credential wanted = credential(1001, 1000, (gid_t[]){ 100, 1000, 2000 }, 3);
	struct credential_change change;

	cr_expect_eq(descent_plan(&login, &deep, &wanted, &change), -EINVAL);
}

Test(descent, a_group_that_no_namespace_has)
{
	const struct credential wanted = credential(1000, 1000, (gid_t[]){ 2000 }, 1);
	struct credential_change change;

	cr_expect_lt(descent_plan(&login, &own, &wanted, &change), 0);
}
