/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_NAMES_BPF_H
#define NSXATTR_INTEGRITY_GATE_NAMES_BPF_H

/* Which attributes do verdicts come from? */

#include "integrity/gate_kernel.bpf.h"

#define OWN_VALUES "security.ima"
#define VALUES_OF_STORE "trusted.nsxattr."

static inline bool begins(const char *name, const char *with, uint64_t length)
{
	for (uint64_t i = 0; i < length; i++)
		if (name[i] != with[i])
			return false;
	return true;
}

/* The host's value, those of containers, and those that the store "trusted" has, among others. */
static inline bool is_value_of_ima(const char *name)
{
	char begin[sizeof(VALUES_OF_STORE)] = { 0 };

	bpf_probe_read_kernel_str(begin, sizeof(begin), name);
	return begins(begin, OWN_VALUES, sizeof(OWN_VALUES) - 1) ||
	       begins(begin, VALUES_OF_STORE, sizeof(VALUES_OF_STORE) - 1);
}

#endif
