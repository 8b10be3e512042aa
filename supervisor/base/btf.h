/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_BTF_H
#define NSXATTR_BASE_BTF_H

/*
 * The kernel's own description of its types (BTF): where in a structure a member lies in the kernel
 * that runs, and the numbers and parameters of its functions.
 */

#include <stddef.h>
#include <stdint.h>

#define BTF_KERNEL_FILE "/sys/kernel/btf/vmlinux"

struct btf;

/**
 * btf_new() - read a description
 * @bytes: of BTF, @length of them, aligned as a number of 32 bits is; they have to stay
 * @ret_btf: the description
 *
 * Return: 0; -EPROTO for what is no BTF that we know; -ENOMEM.
 */
int btf_new(const void *bytes, size_t length, struct btf **ret_btf);

/** btf_new_of_kernel() - that of BTF_KERNEL_FILE. Return: as btf_new(); -errno of reading the file. */
int btf_new_of_kernel(struct btf **ret_btf);

/** btf_free() - NULL is accepted. */
void btf_free(struct btf *btf);

/**
 * btf_find_member() - where a member begins
 * @type: the name of a structure
 * @member: of it, or of a structure or union without a name in it
 * @ret_offset: in bytes
 *
 * Return: 0; -ENOENT; -ENOTUNIQ when there are several of that name and they differ; -EPROTO.
 */
int btf_find_member(const struct btf *btf, const char *type, const char *member,
		    uint32_t *ret_offset);

/** btf_find_structure() - the number of a structure; of several the first. Return: 0; -ENOENT. */
int btf_find_structure(const struct btf *btf, const char *name, uint32_t *ret_number);

/** btf_find_function() - the number of a function. Return: 0; -ENOENT. */
int btf_find_function(const struct btf *btf, const char *name, uint32_t *ret_number);

/** btf_count_parameters() - of a function. Return: 0; -ENOENT: there is none of that name; -EPROTO. */
int btf_count_parameters(const struct btf *btf, const char *function, uint32_t *ret_count);

static inline void btf_freep(struct btf **btf)
{
	btf_free(*btf);
}

#define _cleanup_btf_ __attribute__((cleanup(btf_freep)))

#endif
