/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_IDENTITY_H
#define NSXATTR_TESTS_IDENTITY_H

/* Taking on another identity, for good, in a process of one thread. Ids are those of the namespace. */

#include <err.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY(name) (1ULL << CAP_##name)
#define EVERY_CAPABILITY (~0ULL)
#define DAC_CAPABILITIES (CAPABILITY(DAC_OVERRIDE) | CAPABILITY(DAC_READ_SEARCH))

struct identity {
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t group; /* one more supplementary group; 0: none */
	uint64_t capabilities;
	uid_t fsuid; /* if not 0: uid and gid for the file system only */
	bool is_undumpable;
};

static const struct identity identities[] = {
	{ .name = "root", .capabilities = EVERY_CAPABILITY },
	{ .name = "user", .uid = 5, .gid = 5 },
	{ .name = "member", .uid = 6, .gid = 6, .group = 5 },
	{ .name = "admin", .uid = 5, .gid = 5, .capabilities = CAPABILITY(SYS_ADMIN) },
	{ .name = "setfcap", .uid = 5, .gid = 5, .capabilities = CAPABILITY(SETFCAP) },
	{ .name = "searcher", .uid = 6, .gid = 6, .capabilities = CAPABILITY(DAC_READ_SEARCH) },
	{ .name = "overrider", .uid = 6, .gid = 6, .capabilities = CAPABILITY(DAC_OVERRIDE) },
	{ .name = "owner", .uid = 6, .gid = 6, .capabilities = CAPABILITY(FOWNER) },
	{ .name = "searchless", .capabilities = EVERY_CAPABILITY & ~DAC_CAPABILITIES },
	{ .name = "adminless", .capabilities = EVERY_CAPABILITY & ~CAPABILITY(SYS_ADMIN) },
	{ .name = "setfcapless", .capabilities = EVERY_CAPABILITY & ~CAPABILITY(SETFCAP) },
	{ .name = "powerless", .capabilities = 0 },
	{ .name = "fsuid", .capabilities = EVERY_CAPABILITY, .fsuid = 5 },
	{ .name = "undumpable", .capabilities = EVERY_CAPABILITY, .is_undumpable = true },
	{ .name = "hidden", .uid = 5, .gid = 5, .is_undumpable = true },
};

static inline const struct identity *identity_find(const char *name)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (strcmp(identities[i].name, name) == 0)
			return &identities[i];
	return NULL;
}

/** identity_limit_capabilities() - keep at most these, as permitted and effective ones */
static inline int identity_limit_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	for (unsigned int i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(wanted >> (32 * i));
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, sets);
}

/** identity_assume() - become it, coming from root with all capabilities; does not return failures */
static inline void identity_assume(const struct identity *identity)
{
	/* Those of an ordinary login: its own, "users", and one more. */
	const gid_t groups[] = { identity->gid, 100, identity->group };
	size_t count = identity->uid == 0 ? 0 : identity->group ? 3 : 2;

	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(count, groups) < 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		err(EXIT_FAILURE, "cannot change ids");
	if (identity_limit_capabilities(identity->capabilities) < 0)
		err(EXIT_FAILURE, "cannot change capabilities");
	if (identity->fsuid) {
		setfsgid(identity->fsuid);
		setfsuid(identity->fsuid);
	}
	/* A change of ids makes a process undumpable, and hands its /proc entry to the host's root. */
	if (prctl(PR_SET_DUMPABLE, identity->is_undumpable ? 0 : 1) < 0)
		err(EXIT_FAILURE, "prctl");
}

#endif
