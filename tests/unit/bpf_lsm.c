/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/bpf_lsm.h"

#include <criterion/criterion.h>
#include <linux/btf.h>

#include "base/btf.h"
#include "btf_draft.h"

TestSuite(bpf_lsm, .timeout = 60);

static uint32_t type_count;

static void begin(void)
{
	btf_draft_begin();
	btf_draft_type(btf_draft_name("int"), BTF_KIND_INT, false, 0, 4);
	btf_draft_word(32);
	type_count = 1;
}

static void add_hook(const char *function, uint32_t parameters)
{
	btf_draft_type(btf_draft_name(function), BTF_KIND_FUNC, false, 0, type_count + 2);
	btf_draft_type(0, BTF_KIND_FUNC_PROTO, false, parameters, 1);
	for (uint32_t i = 0; i < parameters; i++)
		btf_draft_parameter(0, 1);
	type_count += 2;
}

static struct bpf_lsm_hooks found(void)
{
	_Alignas(uint32_t) unsigned char bytes[BTF_DRAFT_MAX];
	struct bpf_lsm_hooks hooks;
	struct btf *btf = NULL;

	cr_assert_eq(btf_new(bytes, btf_draft_finish(bytes), &btf), 0);
	bpf_lsm_find_hooks(btf, &hooks);
	btf_free(btf);
	return hooks;
}

Test(bpf_lsm, finds_the_hooks_of_linux_6_1)
{
	begin();
	add_hook("bpf_lsm_inode_setattr", 2);
	struct bpf_lsm_hooks hooks = found();

	cr_expect_not(hooks.has_idmap);
	cr_expect_not(hooks.leaves_check);
}

Test(bpf_lsm, finds_the_hooks_of_linux_6_12)
{
	begin();
	add_hook("bpf_lsm_inode_setattr", 3);
	add_hook("bpf_lsm_inode_xattr_skipcap", 1);
	struct bpf_lsm_hooks hooks = found();

	cr_expect(hooks.has_idmap);
	cr_expect(hooks.leaves_check);
}
