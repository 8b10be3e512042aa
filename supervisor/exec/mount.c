/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statmount(2) has told the maps since Linux 6.15. But there it writes through a pointer that the
 * kernel has not set, if the mount is idmapped, while it holds the lock of all mounts. That was mended in
 * 6.17.10 and 6.18 (0778ac7df513), and older kernels are not asked.
 *
 * A caller without CAP_SYS_ADMIN in the namespace of the mount is told of those that it can reach.
 */
#include "exec/mount.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/kernel_version.h"

#ifndef SYS_statmount /* Linux 6.8; one number on every ABI */
#define SYS_statmount 457
#endif
#define STATMOUNT_SB_BASIC 1
#define STATMOUNT_UID_MAP 0x2000
#define GET_MOUNT_NAMESPACE_ID _IOR(0xb7, 5, uint64_t) /* NS_GET_MNTNS_ID, Linux 6.11 */

#define MOUNTS_MAX 64
/* "4294967295 4294967295 4294967295" and a NUL, an extent. */
#define MAP_TEXT_SIZE (ID_MAP_EXTENTS_MAX * 33)

/* struct mnt_id_req of the kernel. */
struct mount_request {
	uint32_t size;
	uint32_t unused;
	uint64_t mount;
	uint64_t mask;
	uint64_t mount_namespace; /* its id; 0: ours */
};

/* struct statmount of the kernel. */
struct mount_answer {
	uint32_t size;
	uint32_t unused1;
	uint64_t mask;
	uint64_t device;
	uint64_t magic;
	uint64_t unused2[15];
	uint32_t uid_extent_count;
	uint32_t uid_text; /* where in @text it begins */
	uint64_t unused3[44];
	char text[MAP_TEXT_SIZE];
};

_Static_assert(offsetof(struct mount_answer, magic) == 24, "as the kernel has it");
_Static_assert(offsetof(struct mount_answer, uid_extent_count) == 152, "as the kernel has it");
_Static_assert(offsetof(struct mount_answer, text) == 512, "as the kernel has it");

struct mount {
	uint64_t id; /* 0: none */
	uint64_t last_used;
	struct id_map *uids; /* NULL: it is not idmapped */
};

struct mounts {
	bool are_told;
	uint64_t clock;
	struct mount entries[MOUNTS_MAX];
	struct mount_answer answer;
};

bool mount_maps_are_told(void)
{
	unsigned int version[3];

	kernel_version_get(version);
	if (version[0] != 6)
		return version[0] > 6;
	return version[1] >= 18 || (version[1] == 17 && version[2] >= 10);
}

struct mounts *mounts_new(void)
{
	struct mounts *mounts = calloc(1, sizeof(*mounts));

	if (mounts)
		mounts->are_told = mount_maps_are_told();
	return mounts;
}

static void forget(struct mount *mount)
{
	free(mount->uids);
	*mount = (struct mount){ 0 };
}

void mounts_clear(struct mounts *mounts)
{
	for (size_t i = 0; i < MOUNTS_MAX; i++)
		forget(&mounts->entries[i]);
}

void mounts_free(struct mounts *mounts)
{
	if (!mounts)
		return;
	mounts_clear(mounts);
	free(mounts);
}

bool mounts_find(struct mounts *mounts, uint64_t id, const struct id_map **ret_uids)
{
	for (size_t i = 0; i < MOUNTS_MAX; i++) {
		struct mount *mount = &mounts->entries[i];

		if (mount->id != id)
			continue;
		mount->last_used = ++mounts->clock;
		*ret_uids = mount->uids;
		return true;
	}
	return false;
}

/* The extents are strings, one after the other; id_map_parse() has them on lines. */
static int parse_map(struct mount_answer *answer, struct id_map *ret_uids)
{
	char *text = answer->text + answer->uid_text, *at = text;
	const char *end = answer->text + sizeof(answer->text);

	if (answer->uid_text >= sizeof(answer->text))
		return -EPROTO;
	for (uint32_t i = 0; i < answer->uid_extent_count; i++) {
		at = memchr(at, '\0', (size_t)(end - at));
		if (!at)
			return -EPROTO;
		*at++ = '\n';
	}
	return id_map_parse(text, (size_t)(at - text), ret_uids);
}

static void keep(struct mounts *mounts, uint64_t id, struct id_map *uids)
{
	struct mount *oldest = &mounts->entries[0];

	for (size_t i = 1; i < MOUNTS_MAX; i++)
		if (mounts->entries[i].last_used < oldest->last_used)
			oldest = &mounts->entries[i];
	forget(oldest);
	*oldest = (struct mount){ .id = id, .last_used = ++mounts->clock, .uids = uids };
}

static int take_answer(struct mounts *mounts, uint64_t id)
{
	struct mount_answer *answer = &mounts->answer;
	_cleanup_free_ struct id_map *uids = NULL;

	/* Without extents the bit is not set. */
	if ((answer->mask & STATMOUNT_UID_MAP) && answer->uid_extent_count > 0) {
		uids = malloc(sizeof(*uids));
		int r = uids ? parse_map(answer, uids) : -ENOMEM;

		if (r < 0)
			return r;
	}
	keep(mounts, id, TAKE_PTR(uids));
	return 0;
}

/*
 * A descriptor can lead to a mount that the target's own namespace does not have, but ours. Before the kernel could tell the
 * number of a namespace it looked in that of the caller only.
 */
static int ask(uint64_t id, uint64_t mask, int mount_namespace, struct mount_answer *answer)
{
	struct mount_request request = { .size = sizeof(request), .mount = id, .mask = mask };

	if (mount_namespace >= 0 &&
	    ioctl(mount_namespace, GET_MOUNT_NAMESPACE_ID, &request.mount_namespace) == 0) {
		if (syscall(SYS_statmount, &request, answer, sizeof(*answer), 0) == 0)
			return 0;
		if (errno != ENOENT)
			return -errno;
	}
	request.mount_namespace = 0;
	return syscall(SYS_statmount, &request, answer, sizeof(*answer), 0) < 0 ? -errno : 0;
}

int mount_read_magic(uint64_t id, int mount_namespace, uint64_t *ret_magic)
{
	_cleanup_free_ struct mount_answer *answer = calloc(1, sizeof(*answer));
	int r = answer ? ask(id, STATMOUNT_SB_BASIC, mount_namespace, answer) : -ENOMEM;

	if (r == 0 && !(answer->mask & STATMOUNT_SB_BASIC))
		r = -ENOENT;
	if (r == 0)
		*ret_magic = answer->magic;
	return r;
}

bool mounts_are_told(const struct mounts *mounts)
{
	return mounts->are_told;
}

int mounts_learn(struct mounts *mounts, uint64_t id, int mount_namespace,
		 const struct id_map **ret_uids)
{
	if (!mounts->are_told)
		return -ENOSYS;
	int r = ask(id, STATMOUNT_UID_MAP, mount_namespace, &mounts->answer);

	if (r == 0)
		r = take_answer(mounts, id);
	if (r == 0)
		(void)mounts_find(mounts, id, ret_uids);
	return r;
}
