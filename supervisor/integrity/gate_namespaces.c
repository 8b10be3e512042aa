/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate_namespaces.h"

#include <bpf/bpf.h>
#include <errno.h>

int gate_namespaces_next(int namespaces, const uint32_t *before, uint32_t *ret_number)
{
	return bpf_map_get_next_key(namespaces, before, ret_number);
}

bool gate_namespaces_has(int namespaces, uint32_t number)
{
	struct gate_namespace namespace;

	return gate_namespaces_find(namespaces, number, &namespace) == 0;
}

int gate_namespaces_remove(int namespaces, uint32_t number)
{
	int r = bpf_map_delete_elem(namespaces, &number);

	return r == -ENOENT ? 0 : r;
}

int gate_namespaces_add(int namespaces, uint32_t number, unsigned int kinds, unsigned int asked)
{
	const struct gate_namespace namespace = { .kinds = kinds, .asked = asked };

	return bpf_map_update_elem(namespaces, &number, &namespace, BPF_NOEXIST);
}

int gate_namespaces_find(int namespaces, uint32_t number, struct gate_namespace *ret_namespace)
{
	return bpf_map_lookup_elem(namespaces, &number, ret_namespace);
}
