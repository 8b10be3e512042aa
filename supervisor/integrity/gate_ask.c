/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked is by flock(fd, LOCK_UN), which the gate has fail with ECANCELED when it has put what it knows into this
 * thread's entry.
 */
#include "integrity/gate_ask.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "integrity/gate_parts.h"

/* As the kernel's programs see this thread. */
static uint64_t asker(void)
{
	return (uint64_t)getpid() << 32 | (uint32_t)gettid();
}

static bool is_on_overlay(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* Opened anew, so that the gate sees the inode below; the question for an attribute shows whose attributes these are. */
static int ask_anew(int procfs, int fd)
{
	_cleanup_fd_ int again = proc_open_again(procfs, fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (again < 0)
		return again;
	(void)fgetxattr(again, "security.ima", NULL, 0);
	return flock(again, LOCK_UN) == 0 ? 0 : -errno;
}

static int ask_once(const struct gate *gate, int procfs, int fd, struct gate_answer *answer)
{
	uint64_t key = asker();
	int r = bpf_map_update_elem(gate->fds[PART_ANSWERS], &key, answer, BPF_ANY);

	if (r < 0)
		return r;
	int asked = procfs >= 0 ? ask_anew(procfs, fd) : flock(fd, LOCK_UN) == 0 ? 0 : -errno;

	r = bpf_map_lookup_and_delete_elem(gate->fds[PART_ANSWERS], &key, answer);
	if (r < 0)
		return r;
	if (asked != -ECANCELED)
		return asked < 0 ? asked : -ENODEV;
	return answer->is_given ? 0 : -ENOMEM;
}

/* A file can be copied up between two steps. */
int gate_ask(const struct gate *gate, int procfs, int fd, struct gate_version *ret_version)
{
	bool is_layered = procfs >= 0 && is_on_overlay(fd);
	struct gate_answer answer;

	for (int tries = is_layered ? 2 : 1; tries > 0; tries--) {
		answer = (struct gate_answer){ 0 };
		int r = ask_once(gate, is_layered ? procfs : -1, fd, &answer);

		if (r < 0)
			return r;
		if (answer.state != GATE_LAYERED)
			break;
	}
	*ret_version = (struct gate_version){ answer.version, answer.idmap, answer.owner };
	return (int)answer.state;
}

const char *gate_state_text(enum gate_state state)
{
	switch (state) {
	case GATE_LAYERED:
		return "what its file system shows (a network's, FUSE, an overlay over another or with metacopy) can be "
		       "changed without that it is noticed";
	case GATE_CHANGING:
		return "an attribute of it is being changed";
	case GATE_OPEN_WRITERS:
		return "a process has it open for writing, or mapped so";
	case GATE_WAS_MAPPED:
		return "it was mapped to be written to, or on an overlay opened so that it could be, since it is in memory: "
		       "copy it";
	case GATE_UNVERIFIABLE:
		return "it has no path, or lies on an overlay or FUSE that a container has mounted";
	case GATE_SETTLED:
	default:
		return "";
	}
}

void gate_forget_askers(const struct gate *gate)
{
	uint64_t key;

	while (bpf_map_get_next_key(gate->fds[PART_ANSWERS], NULL, &key) == 0)
		if (bpf_map_delete_elem(gate->fds[PART_ANSWERS], &key) < 0)
			return;
}
