/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* Where the gate was left out, that is the obstacle. */
static bool is_there(void)
{
	return strcmp(gate_obstacle(-EPERM), gate_obstacle(-EINVAL)) != 0;
}

Test(gate, says_what_there_is_too_little_of)
{
	cr_expect(!is_there() || strstr(gate_obstacle(-EMFILE), "descriptors"));
	cr_expect(!is_there() || strstr(gate_obstacle(-EAGAIN), "other gates"));
	cr_expect(!is_there() || strstr(gate_obstacle(-E2BIG), "gates"));
	cr_expect(!is_there() || strstr(gate_obstacle(-ENOMEM), "memory"));
}

/* ---- the gate of another nsxattrd ---- */

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int make_map(const char *name, uint32_t entries)
{
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = sizeof(uint32_t),
			       .value_size = sizeof(uint64_t),
			       .max_entries = entries };

	strncpy(map.map_name, name, sizeof(map.map_name) - 1);
	int fd = bpf(BPF_MAP_CREATE, &map);

	if (fd < 0 || !is_there())
		cr_skip("a map cannot be made, or there is no gate: %s", strerror(errno));
	return fd;
}

static uint64_t number_in(int map)
{
	uint32_t first = 0;
	uint64_t number = 0;
	union bpf_attr entry = { .map_fd = (uint32_t)map,
				 .key = (uintptr_t)&first,
				 .value = (uintptr_t)&number };

	cr_assert_eq(bpf(BPF_MAP_LOOKUP_ELEM, &entry), 0);
	return number;
}

Test(gate, of_another_nsxattrd_is_told_which_keys_count)
{
	_cleanup_fd_ int revoked = make_map("revoked", 1);

	cr_expect_eq(gate_revoke_by(revoked, 7), 0);
	cr_expect_eq(number_in(revoked), 7);
}

Test(gate, of_another_nsxattrd_is_told_nothing_else)
{
	_cleanup_fd_ int other = make_map("nsxattr_version", 1), larger = make_map("revoked", 2);
	_cleanup_fd_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_expect_eq(gate_revoke_by(other, 7), 0);
	cr_expect_eq(gate_revoke_by(larger, 7), 0);
	cr_expect_eq(gate_revoke_by(file, 7), 0);
	cr_expect_eq(number_in(other), 0);
	cr_expect_eq(number_in(larger), 0);
}
