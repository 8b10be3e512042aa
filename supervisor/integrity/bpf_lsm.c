/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each hook has a function in the kernel, bpf_lsm_HOOK, to which programs are attached. Distributions bring hooks of
 * later versions to their kernels, so what counts is the kernel's description of that function, and not its version.
 */
#include "integrity/bpf_lsm.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/fd.h"

bool bpf_lsm_may_be_active(void)
{
	_cleanup_fd_ int file = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	char names[512];
	ssize_t length = file < 0 ? -1 : read(file, names, sizeof(names) - 1);

	if (length < 0)
		return true;
	names[length] = '\0';
	for (char *rest = names, *name; (name = strsep(&rest, ",\n"));)
		if (strcmp(name, "bpf") == 0)
			return true;
	return false;
}

static bool has_hook(const struct btf *kernel, const char *function)
{
	uint32_t number;

	return btf_find_function(kernel, function, &number) == 0;
}

void bpf_lsm_find_hooks(const struct btf *kernel, struct bpf_lsm_hooks *ret_hooks)
{
	uint32_t parameters = 0;

	(void)btf_count_parameters(kernel, "bpf_lsm_inode_setattr", &parameters);
	*ret_hooks = (struct bpf_lsm_hooks){
		.has_idmap = parameters == 3,
		.leaves_check = has_hook(kernel, "bpf_lsm_inode_xattr_skipcap"),
	};
}
