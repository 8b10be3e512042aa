/* SPDX-License-Identifier: Apache-2.0 */
#include "base/probe_program.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "base/btf.h"
#include "btf_draft.h"
#include "count_of.h"

TestSuite(probe_program, .timeout = 60);

/* Structures and their members, as Linux 6.1 has them and Linux 6.18 still does. */
static const char *const structures[][9] = {
	{ "task_struct", "files", "real_cred", "pid_links", "fs", "nsproxy" },
	{ "files_struct", "fdt" },
	{ "fdtable", "fd" },
	{ "file", "f_inode", "f_path" },
	{ "inode", "i_sb" },
	{ "super_block", "s_user_ns" },
	{ "proc_inode", "pid", "vfs_inode" },
	{ "pid", "tasks" },
	{ "cred", "fsuid", "fsgid", "cap_effective", "user_ns", "group_info" },
	{ "user_namespace", "ns", "level" },
	{ "ns_common", "inum" },
	{ "group_info", "ngroups", "gid" },
	{ "fs_struct", "seq", "root", "pwd" },
	{ "path", "mnt", "dentry" },
	{ "nsproxy", "mnt_ns" },
	{ "mnt_namespace", "root" },
	{ "mount", "mnt", "mnt_parent" },
	{ "vfsmount", "mnt_root" },
	{ "timespec64", "tv_sec" },
};

static const char *const functions[] = { "bpf_rcu_read_lock", "bpf_rcu_read_unlock",
					 "bpf_rdonly_cast" };

/* Their numbers in kernel_new(). */
enum { LOCK = 2, UNLOCK, CAST };

static uint32_t count_members(const char *const *structure)
{
	uint32_t count = 0;

	while (structure[count + 1])
		count++;
	return count;
}

static void add_structure(const char *const *structure)
{
	uint32_t count = count_members(structure);

	btf_draft_type(btf_draft_name(structure[0]), BTF_KIND_STRUCT, false, count, count * 8);
	for (uint32_t i = 0; i < count; i++)
		btf_draft_member(btf_draft_name(structure[i + 1]), 1, i * 64);
}

/* A kernel: type 1 is an int, those that follow are its functions. @lacking: a structure; NULL: none */
static struct btf *kernel_new(bool has_lock, const char *lacking)
{
	static _Alignas(uint32_t) unsigned char bytes[BTF_DRAFT_MAX];
	struct btf *kernel = NULL;

	btf_draft_begin();
	btf_draft_type(btf_draft_name("int"), BTF_KIND_INT, false, 0, 8);
	btf_draft_word(64);
	for (size_t i = 0; has_lock && i < COUNT_OF(functions); i++)
		btf_draft_type(btf_draft_name(functions[i]), BTF_KIND_FUNC, false, 0, 0);
	for (size_t i = 0; i < COUNT_OF(structures); i++)
		if (!lacking || strcmp(structures[i][0], lacking) != 0)
			add_structure(structures[i]);
	cr_assert_eq(btf_new(bytes, btf_draft_finish(bytes), &kernel), 0);
	return kernel;
}

static int write_for(bool has_lock, const char *lacking, enum probe_form form,
		     struct probe_program *ret_program)
{
	struct btf *kernel = kernel_new(has_lock, lacking);
	int r = probe_program_write(kernel, form, ret_program);

	btf_free(kernel);
	return r;
}

/* How often is that function of the kernel's called? */
static unsigned int count_kernel_calls(const struct probe_program *program, int number)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < program->count; i++) {
		const struct bpf_insn *at = &program->instructions[i];

		count += at->code == (BPF_JMP | BPF_CALL) && at->src_reg == BPF_PSEUDO_KFUNC_CALL &&
			 at->imm == number;
	}
	return count;
}

static unsigned int count_helper_calls(const struct probe_program *program, int helper)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < program->count; i++) {
		const struct bpf_insn *at = &program->instructions[i];

		count += at->code == (BPF_JMP | BPF_CALL) && at->src_reg == 0 && at->imm == helper;
	}
	return count;
}

Test(probe_program, takes_the_lock_and_loads_by_itself_where_a_program_may)
{
	static struct probe_program program;

	cr_assert_eq(write_for(true, NULL, PROBE_ARGUMENT, &program), 0);
	cr_expect_eq(program.form, PROBE_ARGUMENT);
	cr_expect_eq(count_kernel_calls(&program, LOCK), 1);
	cr_expect_eq(count_kernel_calls(&program, UNLOCK), 1);
	cr_expect_gt(count_kernel_calls(&program, CAST), 20);
	cr_expect_eq(count_helper_calls(&program, BPF_FUNC_probe_read_kernel), 0);
}

/* As Linux 6.1 is. */
Test(probe_program, has_a_packet_where_a_program_may_not_take_the_lock)
{
	static struct probe_program program;

	cr_expect_eq(write_for(false, NULL, PROBE_ARGUMENT, &program), -ENOENT);
	cr_assert_eq(write_for(false, NULL, PROBE_PACKET, &program), 0);
	cr_expect_eq(program.form, PROBE_PACKET);
	for (int number = LOCK; number <= CAST; number++)
		cr_expect_eq(count_kernel_calls(&program, number), 0);
	cr_expect_gt(count_helper_calls(&program, BPF_FUNC_probe_read_kernel), 20);
	/* The packet and its end, in the first two words of what a program for packets is given. */
	cr_expect_eq(program.instructions[0].off, (int)offsetof(struct xdp_md, data));
	cr_expect_eq(program.instructions[1].off, (int)offsetof(struct xdp_md, data_end));
}

/* Every jump leads to an instruction of the program, and the last one ends it. */
Test(probe_program, stays_within_itself)
{
	static const enum probe_form forms[] = { PROBE_ARGUMENT, PROBE_PACKET };
	static struct probe_program program;

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		cr_assert_eq(write_for(true, NULL, forms[i], &program), 0);
		for (uint32_t at = 0; at < program.count; at++) {
			const struct bpf_insn *instruction = &program.instructions[at];
			int operation = instruction->code & 0xf0;

			if (BPF_CLASS(instruction->code) == BPF_JMP && operation != BPF_CALL &&
			    operation != BPF_EXIT)
				cr_expect_lt((int)at + 1 + instruction->off, (int)program.count);
		}
		cr_expect_eq(program.instructions[program.count - 1].code, BPF_JMP | BPF_EXIT);
	}
}

Test(probe_program, tells_no_places_of_a_kernel_whose_mounts_it_does_not_know)
{
	static struct probe_program whole, part;

	cr_assert_eq(write_for(false, NULL, PROBE_PACKET, &whole), 0);
	cr_assert_eq(write_for(false, "mnt_namespace", PROBE_PACKET, &part), 0);
	cr_expect_lt(part.count, whole.count);
}

Test(probe_program, is_none_of_a_kernel_that_has_other_structures)
{
	static struct probe_program program;

	cr_expect_eq(write_for(true, "proc_inode", PROBE_ARGUMENT, &program), -ENOENT);
	cr_expect_eq(write_for(true, "cred", PROBE_PACKET, &program), -ENOENT);
}
