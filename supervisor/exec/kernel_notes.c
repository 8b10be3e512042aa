/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/kernel_notes.h"

#include <errno.h>
#include <unistd.h>

#include "base/kernel_version.h"
#include "count_of.h"
#include "exec/mount.h"
#include "exec/ring.h"

/*
 * Since Linux 6.18-rc1 (cce436aafc2a) a call that was answered is not restarted. Stable kernels of the end of
 * October 2025 have it. It is a race of some instructions, which cannot be tried: the version alone tells.
 */
static bool may_restart_answered_calls(const unsigned int version[3])
{
	static const unsigned int mended[][3] = { { 6, 6, 115 }, { 6, 12, 56 }, { 6, 17, 6 } };

	for (size_t i = 0; i < COUNT_OF(mended); i++)
		if (version[0] == mended[i][0] && version[1] == mended[i][1])
			return version[2] < mended[i][2];
	return version[0] < 6 || (version[0] == 6 && version[1] < 18);
}

static const char *probe_note(int error)
{
	switch (-error) {
	case ENOENT:
	case ENOTUNIQ:
	case EPROTO:
		return "the kernel cannot be probed, for it does not describe its structures (/sys/kernel/btf/vmlinux, "
		       "CONFIG_DEBUG_INFO_BTF), or has others: /proc tells who a process is, which is slower";
	case EPERM:
	case EACCES:
		return "the kernel cannot be probed, for bpf(2) is refused (CAP_BPF, lockdown): /proc tells who a "
		       "process is, which is slower";
	case EXDEV:
		return "the kernel cannot be probed from a user namespace: /proc tells who a process is, which is "
		       "slower";
	default:
		return "the kernel cannot be probed: /proc tells who a process is, which is slower";
	}
}

static const char *ring_note(int error)
{
	return error == -EPERM ?
		       "io_uring is forbidden (kernel.io_uring_disabled is 1 or 2): processes with the "
		       "targets' credentials open paths, which is slower" :
		       "there is no io_uring: processes with the targets' credentials open paths, "
		       "which is slower";
}

size_t kernel_notes(const struct kernel_facts *facts, const char *ret_notes[KERNEL_NOTES_MAX])
{
	size_t count = 0;

	if (facts->probe_error)
		ret_notes[count++] = probe_note(facts->probe_error);
	if (facts->ring_error)
		ret_notes[count++] = ring_note(facts->ring_error);
	if (!facts->tells_mount_maps)
		ret_notes[count++] =
			"this kernel does not tell the id maps of mounts, Linux 6.18 does: on an idmapped mount "
			"values belong to the ids that their container has, and do not stay with the volume";
	if (may_restart_answered_calls(facts->version))
		ret_notes[count++] =
			"by its version this kernel may restart a call that was answered when a signal comes at that "
			"moment (mended in Linux 6.18 and in stable kernels of October 2025): a set with XATTR_CREATE "
			"can then end with EEXIST, and a remove with ENODATA, though it was done";
	if (facts->has_verity)
		ret_notes[count++] =
			"fs-verity protects what a file contains, and no attributes: those of such a "
			"file can be changed, as without nsxattr";
	return count;
}

static int try_ring(void)
{
	struct ring *ring = NULL;
	int r = ring_new(&ring);

	ring_free(ring);
	return r;
}

void kernel_facts_learn(int probe_error, struct kernel_facts *ret_facts)
{
	*ret_facts = (struct kernel_facts){
		.tells_mount_maps = mount_maps_are_told(),
		.probe_error = probe_error,
		.ring_error = try_ring(),
		.has_verity = access("/proc/sys/fs/verity", F_OK) == 0 ||
			      access("/sys/fs/ext4/features/verity", F_OK) == 0,
	};
	kernel_version_get(ret_facts->version);
}
