/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Theory of operation
 *
 * The program follows pointers from the task that runs it to the target's credential:
 *
 *	our task -> our descriptors -> the one of /proc/TID -> its inode -> the struct pid
 *	-> the thread of that number -> its credential -> the user namespace, the groups
 *
 * It starts from a descriptor and not from a number, because a descriptor of /proc/TID is bound to the
 * thread: when the thread has ended, its struct pid leads to no task, whichever thread has the number then.
 *
 * All this is read with rcu_read_lock() held, under which no task, credential or table of descriptors
 * that can be reached is freed, and a credential never changes once it is in use. A load where there is no
 * memory harms nothing and gives 0; where the kernel has bpf_rdonly_cast() a load is one instruction, elsewhere a call
 * of bpf_probe_read_kernel(). No pointer on the way is 0 but where there is nothing: then the rest is not tried,
 * and the record stays incomplete.
 *
 * Then it looks at the directories of the thread. Each is a mount and a name in it, and so is what one of
 * our O_PATH descriptors holds: as long as we hold it, neither can be freed and its address be used
 * for another. So two pointers that are equal prove that it is the same directory, found in the same way.
 * Other threads can change them meanwhile, when they share them (CLONE_FS); the kernel counts that.
 *
 * The offsets are those of the running kernel, told by its own description (base/btf.h). So there is
 * nothing to compile when nsxattr is built, and an instruction here is written as the C statement that
 * it stands for: one line a pointer.
 */
#include "base/probe_program.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/btf.h"
#include "count_of.h"

/*
 * Members that the program knows. Not "cred" of a task: that is what a thread acts with for a moment, "real_cred"
 * is who it is.
 */
#define MEMBERS(ROW)                                        \
	ROW(TASK_FILES, "task_struct", "files")             \
	ROW(TASK_CREDENTIAL, "task_struct", "real_cred")    \
	ROW(TASK_PID_LINKS, "task_struct", "pid_links")     \
	ROW(FILES_TABLE, "files_struct", "fdt")             \
	ROW(TABLE_FILES, "fdtable", "fd")                   \
	ROW(FILE_INODE, "file", "f_inode")                  \
	ROW(INODE_FILE_SYSTEM, "inode", "i_sb")             \
	ROW(FILE_SYSTEM_USERNS, "super_block", "s_user_ns") \
	ROW(PROC_INODE_PID, "proc_inode", "pid")            \
	ROW(PROC_INODE_INODE, "proc_inode", "vfs_inode")    \
	ROW(PID_TASKS, "pid", "tasks")                      \
	ROW(CREDENTIAL_FSUID, "cred", "fsuid")              \
	ROW(CREDENTIAL_FSGID, "cred", "fsgid")              \
	ROW(CREDENTIAL_EFFECTIVE, "cred", "cap_effective")  \
	ROW(CREDENTIAL_USERNS, "cred", "user_ns")           \
	ROW(CREDENTIAL_GROUPS, "cred", "group_info")        \
	ROW(USERNS_COMMON, "user_namespace", "ns")          \
	ROW(USERNS_LEVEL, "user_namespace", "level")        \
	ROW(COMMON_NUMBER, "ns_common", "inum")             \
	ROW(GROUPS_COUNT, "group_info", "ngroups")          \
	ROW(GROUPS_FIRST, "group_info", "gid")              \
	/* Without these it does not tell places. */        \
	ROW(TASK_PLACES, "task_struct", "fs")               \
	ROW(PLACES_SEQUENCE, "fs_struct", "seq")            \
	ROW(PLACES_ROOT, "fs_struct", "root")               \
	ROW(PLACES_CWD, "fs_struct", "pwd")                 \
	ROW(PATH_MOUNT, "path", "mnt")                      \
	ROW(PATH_NAME, "path", "dentry")                    \
	ROW(FILE_PATH, "file", "f_path")                    \
	ROW(TASK_NAMESPACES, "task_struct", "nsproxy")      \
	ROW(NAMESPACES_MOUNTS, "nsproxy", "mnt_ns")         \
	ROW(MOUNTS_ROOT, "mnt_namespace", "root")           \
	ROW(MOUNT_PUBLIC, "mount", "mnt")                   \
	ROW(MOUNT_PARENT, "mount", "mnt_parent")            \
	ROW(PUBLIC_ROOT, "vfsmount", "mnt_root")

#define MEMBER(member, type, name) member,
#define MEMBER_NAMES(member, type, name) [member] = { type, name },

enum member {
	MEMBERS(MEMBER) MEMBER_COUNT,
	IDENTITY_MEMBER_COUNT = TASK_PLACES,
};

static const struct {
	const char *type;
	const char *name;
} members[] = { MEMBERS(MEMBER_NAMES) };

/* Pointers that the program keeps, each eight bytes of its stack. */
enum stack_slot {
	SLOT_SCRATCH, /* for a value on its way */
	SLOT_TASK,
	SLOT_TABLE,
	SLOT_FILE,
	SLOT_INODE,
	SLOT_PID,
	SLOT_LINK, /* of the struct pid: an address inside of the thread's task_struct */
	SLOT_CREDENTIAL,
	SLOT_USERNS,
	SLOT_GROUPS,
	SLOT_PLACES,
	SLOT_ROOT_MOUNT,
	SLOT_ROOT_NAME,
	SLOT_CWD_MOUNT,
	SLOT_CWD_NAME,
	SLOT_FIRST, /* what two pointers are compared with */
	SLOT_SECOND,
};

/* A structure that begins with a number of 64 bits: as one of these the verifier lets us read any memory. */
#define NUMBER_STRUCTURE "timespec64"

#define BAIL_OUTS_MAX 64

struct writer {
	struct probe_program *program;
	int32_t offsets[MEMBER_COUNT];
	bool has_places; /* the members for these are known */
	enum probe_form form;
	/* Of PROBE_ARGUMENT, the numbers of functions, and that of NUMBER_STRUCTURE: */
	uint32_t lock, unlock, cast, number;
	uint32_t bail_outs[BAIL_OUTS_MAX]; /* jumps to the end, whose distance is known there */
	uint32_t bail_out_count;
};

/* Where a member begins in its structure. */
static int32_t at(const struct writer *writer, enum member member)
{
	return writer->offsets[member];
}

static int16_t slot_at(enum stack_slot slot)
{
	return (int16_t)(-8 * ((int)slot + 1));
}

/* ---- single instructions ---- */

static void emit(struct writer *writer, int code, int to, int from, int offset, int32_t value)
{
	struct probe_program *program = writer->program;

	assert(program->count < PROBE_INSTRUCTIONS_MAX);
	program->instructions[program->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 15),
		.src_reg = (uint8_t)(from & 15),
		.off = (int16_t)offset,
		.imm = value,
	};
}

static void move(struct writer *writer, int to, int from)
{
	emit(writer, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void assign(struct writer *writer, int to, int32_t value)
{
	emit(writer, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

static void add(struct writer *writer, int to, int32_t value)
{
	/* And BPF_K, which is 0 as BPF_ADD is. */
	emit(writer, BPF_ALU64 | BPF_ADD, to, 0, 0, value);
}

static int width(size_t size)
{
	return size == 8 ? BPF_DW : BPF_W;
}

static void load(struct writer *writer, int to, int base, int offset, size_t size)
{
	emit(writer, BPF_LDX | BPF_MEM | width(size), to, base, offset, 0);
}

static void store(struct writer *writer, int base, int offset, int from, size_t size)
{
	emit(writer, BPF_STX | BPF_MEM | width(size), base, from, offset, 0);
}

static void call_helper(struct writer *writer, int32_t helper)
{
	emit(writer, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void call_kernel(struct writer *writer, uint32_t number)
{
	emit(writer, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int32_t)number);
}

/* A jump whose distance is not known yet. Return: to be given to land(). */
static uint32_t jump_if(struct writer *writer, int condition, int which, int32_t value)
{
	emit(writer, BPF_JMP | condition | BPF_K, which, 0, 0, value);
	return writer->program->count - 1;
}

static uint32_t jump_if_above(struct writer *writer, int left, int right)
{
	emit(writer, BPF_JMP | BPF_JGT | BPF_X, left, right, 0, 0);
	return writer->program->count - 1;
}

/* A jump goes here. */
static void land(struct writer *writer, uint32_t jump)
{
	writer->program->instructions[jump].off = (int16_t)(writer->program->count - jump - 1);
}

/* ---- what the program is made of ---- */

/* The record, and how many groups there are, in registers that calls leave alone. */
#define RECORD BPF_REG_6
#define COUNT BPF_REG_7

/* This jump goes to the end. */
static void bail_out(struct writer *writer, uint32_t jump)
{
	assert(writer->bail_out_count < COUNT_OF(writer->bail_outs));
	writer->bail_outs[writer->bail_out_count++] = jump;
}

/* The same, for a program that may not load by itself: r1 = stack + SLOT_SCRATCH; bpf_probe_read_kernel(r1, size, r3) */
static void read_by_helper(struct writer *writer, size_t size)
{
	move(writer, BPF_REG_3, BPF_REG_1);
	assign(writer, BPF_REG_2, (int32_t)size);
	move(writer, BPF_REG_1, BPF_REG_10);
	add(writer, BPF_REG_1, slot_at(SLOT_SCRATCH));
	call_helper(writer, BPF_FUNC_probe_read_kernel);
	load(writer, BPF_REG_0, BPF_REG_10, slot_at(SLOT_SCRATCH), size);
}

/* r0 = *(TYPE *)r1. The cast is for the verifier, and no instruction in the end. */
static void read_at(struct writer *writer, size_t size)
{
	if (writer->form == PROBE_PACKET) {
		read_by_helper(writer, size);
		return;
	}
	assign(writer, BPF_REG_2, (int32_t)writer->number);
	call_kernel(writer, writer->cast);
	load(writer, BPF_REG_0, BPF_REG_0, 0, size);
}

/* r0 = *(TYPE *)(from + offset) */
static void read_member(struct writer *writer, enum stack_slot from, int32_t offset, size_t size)
{
	load(writer, BPF_REG_1, BPF_REG_10, slot_at(from), 8);
	add(writer, BPF_REG_1, offset);
	read_at(writer, size);
}

/* if (!r0) goto end; */
static void bail_out_if_none(struct writer *writer)
{
	bail_out(writer, jump_if(writer, BPF_JEQ, BPF_REG_0, 0));
}

/* to = *(void **)(from + offset) */
static void follow(struct writer *writer, enum stack_slot from, int32_t offset, enum stack_slot to)
{
	read_member(writer, from, offset, 8);
	bail_out_if_none(writer);
	store(writer, BPF_REG_10, slot_at(to), BPF_REG_0, 8);
}

/* record->FIELD = *(TYPE *)(from + offset) */
static void copy_member(struct writer *writer, enum stack_slot from, int32_t offset, size_t field,
			size_t size)
{
	read_member(writer, from, offset, size);
	store(writer, RECORD, (int)field, BPF_REG_0, size);
}

#define COPY(writer, from, offset, field)                                       \
	copy_member(writer, from, offset, offsetof(struct probe_record, field), \
		    sizeof(((struct probe_record *)0)->field))

/* The record is the packet. The verifier wants to see that it is as long as that. */
static void take_packet(struct writer *writer)
{
	load(writer, RECORD, BPF_REG_1, offsetof(struct xdp_md, data), 4);
	load(writer, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data_end), 4);
	move(writer, BPF_REG_3, RECORD);
	add(writer, BPF_REG_3, sizeof(struct probe_record));
	bail_out(writer, jump_if_above(writer, BPF_REG_3, BPF_REG_2));
}

static void begin(struct writer *writer)
{
	if (writer->form == PROBE_PACKET) {
		take_packet(writer);
	} else {
		move(writer, RECORD, BPF_REG_1);
		call_kernel(writer, writer->lock);
	}
	call_helper(writer, BPF_FUNC_get_current_task);
	store(writer, BPF_REG_10, slot_at(SLOT_TASK), BPF_REG_0, 8);
}

/* table = task->files->fdt->fd */
static void find_table(struct writer *writer)
{
	follow(writer, SLOT_TASK, at(writer, TASK_FILES), SLOT_TABLE);
	follow(writer, SLOT_TABLE, at(writer, FILES_TABLE), SLOT_TABLE);
	follow(writer, SLOT_TABLE, at(writer, TABLE_FILES), SLOT_TABLE);
}

/* file = table[record->FIELD]; the descriptor is ours, and open */
static void find_file(struct writer *writer, size_t field)
{
	load(writer, BPF_REG_1, RECORD, (int)field, 4);
	emit(writer, BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_1, 0, 0, 3);
	load(writer, BPF_REG_2, BPF_REG_10, slot_at(SLOT_TABLE), 8);
	emit(writer, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
	read_at(writer, 8);
	bail_out_if_none(writer);
	store(writer, BPF_REG_10, slot_at(SLOT_FILE), BPF_REG_0, 8);
}

/*
 * credential = the task of PROC_I(file->f_inode)->pid. The list of tasks goes through the middle of
 * each task: what is a member of the task lies at a distance from the link. A thread that has ended
 * is in no list.
 */
static void find_credential(struct writer *writer)
{
	follow(writer, SLOT_FILE, at(writer, FILE_INODE), SLOT_INODE);
	follow(writer, SLOT_INODE, at(writer, PROC_INODE_PID) - at(writer, PROC_INODE_INODE),
	       SLOT_PID);
	follow(writer, SLOT_PID, at(writer, PID_TASKS), SLOT_LINK);
	follow(writer, SLOT_LINK, at(writer, TASK_CREDENTIAL) - at(writer, TASK_PID_LINKS),
	       SLOT_CREDENTIAL);
}

/* userns = a namespace, which has a number: else what was read before may be no more than zeros. */
static void copy_userns(struct writer *writer)
{
	COPY(writer, SLOT_USERNS, at(writer, USERNS_COMMON) + at(writer, COMMON_NUMBER), userns);
	bail_out_if_none(writer);
}

static void copy_ids(struct writer *writer)
{
	COPY(writer, SLOT_CREDENTIAL, at(writer, CREDENTIAL_FSUID), fsuid);
	COPY(writer, SLOT_CREDENTIAL, at(writer, CREDENTIAL_FSGID), fsgid);
	COPY(writer, SLOT_CREDENTIAL, at(writer, CREDENTIAL_EFFECTIVE), capabilities);
	follow(writer, SLOT_CREDENTIAL, at(writer, CREDENTIAL_USERNS), SLOT_USERNS);
	copy_userns(writer);
	COPY(writer, SLOT_USERNS, at(writer, USERNS_LEVEL), userns_level);
}

/* Two at a time: of an odd number the last one comes with four bytes that mean nothing. */
static void copy_groups(struct writer *writer)
{
	uint32_t are_all[PROBE_GROUPS_MAX / 2];

	follow(writer, SLOT_CREDENTIAL, at(writer, CREDENTIAL_GROUPS), SLOT_GROUPS);
	COPY(writer, SLOT_GROUPS, at(writer, GROUPS_COUNT), group_count);
	move(writer, COUNT, BPF_REG_0);
	uint32_t has_too_many = jump_if(writer, BPF_JGT, COUNT, PROBE_GROUPS_MAX);

	for (int i = 0; i < PROBE_GROUPS_MAX; i += 2) {
		are_all[i / 2] = jump_if(writer, BPF_JLE, COUNT, i);
		read_member(writer, SLOT_GROUPS, at(writer, GROUPS_FIRST) + 4 * i, 8);
		store(writer, RECORD, (int)offsetof(struct probe_record, groups) + 4 * i, BPF_REG_0,
		      8);
	}
	for (size_t i = 0; i < COUNT_OF(are_all); i++)
		land(writer, are_all[i]);
	land(writer, has_too_many);
}

/* record->FIELD = 1 */
static void affirm(struct writer *writer, size_t field)
{
	assign(writer, BPF_REG_1, 1);
	store(writer, RECORD, (int)field, BPF_REG_1, 4);
}

/* Jump if the two differ. Return: to be given to land(). */
static uint32_t unless_equal(struct writer *writer, enum stack_slot left, enum stack_slot right)
{
	load(writer, BPF_REG_1, BPF_REG_10, slot_at(left), 8);
	load(writer, BPF_REG_2, BPF_REG_10, slot_at(right), 8);
	emit(writer, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
	return writer->program->count - 1;
}

/* if (first == left && second == right) record->FIELD = 1; */
static void affirm_if_equal(struct writer *writer, enum stack_slot left, enum stack_slot right,
			    size_t field)
{
	uint32_t differs = unless_equal(writer, SLOT_FIRST, left);
	uint32_t differs_too = unless_equal(writer, SLOT_SECOND, right);

	affirm(writer, field);
	land(writer, differs);
	land(writer, differs_too);
}

/* A path is a mount and a name, and so are two slots in a row, of which the second lies lower. */
static void read_path(struct writer *writer, enum stack_slot from, int32_t offset,
		      enum stack_slot to)
{
	follow(writer, from, offset + at(writer, PATH_MOUNT), to);
	follow(writer, from, offset + at(writer, PATH_NAME), to + 1);
}

/* What was read before comes from before, what is read afterwards from afterwards. */
static void fence(struct writer *writer)
{
	assign(writer, BPF_REG_1, 0);
	store(writer, BPF_REG_10, slot_at(SLOT_SCRATCH), BPF_REG_1, 8);
	emit(writer, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_10, BPF_REG_1, slot_at(SLOT_SCRATCH),
	     BPF_ADD | BPF_FETCH);
}

/* The number of a seqlock is its first member. */
static void find_places(struct writer *writer)
{
	follow(writer, SLOT_LINK, at(writer, TASK_PLACES) - at(writer, TASK_PID_LINKS),
	       SLOT_PLACES);
	COPY(writer, SLOT_PLACES, at(writer, PLACES_SEQUENCE), sequence[0]);
	fence(writer);
	read_path(writer, SLOT_PLACES, at(writer, PLACES_ROOT), SLOT_ROOT_MOUNT);
	read_path(writer, SLOT_PLACES, at(writer, PLACES_CWD), SLOT_CWD_MOUNT);
	fence(writer);
	COPY(writer, SLOT_PLACES, at(writer, PLACES_SEQUENCE), sequence[1]);
}

static void compare_with_kept(struct writer *writer, enum probe_place place, enum stack_slot mount,
			      enum stack_slot name)
{
	size_t field = offsetof(struct probe_record, kept) + place * sizeof(int32_t);

	load(writer, BPF_REG_1, RECORD, (int)field, 4);
	emit(writer, BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_1, 0, 0, 32);
	uint32_t has_none = jump_if(writer, BPF_JSLT, BPF_REG_1, 0);

	find_file(writer, field);
	read_path(writer, SLOT_FILE, at(writer, FILE_PATH), SLOT_FIRST);
	affirm_if_equal(writer, mount, name,
			offsetof(struct probe_record, is_kept) + place * sizeof(uint32_t));
	land(writer, has_none);
}

/*
 * The first mount of a namespace has no parent and cannot be covered by pivot_root(2); what is usually
 * the root is mounted on it. Only its own uppermost directory counts, not one that a process has chosen (chroot(2)).
 */
static void find_lasting(struct writer *writer)
{
	follow(writer, SLOT_LINK, at(writer, TASK_NAMESPACES) - at(writer, TASK_PID_LINKS),
	       SLOT_FIRST);
	follow(writer, SLOT_FIRST, at(writer, NAMESPACES_MOUNTS), SLOT_FIRST);
	follow(writer, SLOT_FIRST, at(writer, MOUNTS_ROOT), SLOT_FIRST);
	follow(writer, SLOT_ROOT_MOUNT, at(writer, MOUNT_PARENT) - at(writer, MOUNT_PUBLIC),
	       SLOT_SECOND);
	uint32_t is_other = unless_equal(writer, SLOT_FIRST, SLOT_SECOND);

	follow(writer, SLOT_ROOT_MOUNT, at(writer, PUBLIC_ROOT), SLOT_FIRST);
	uint32_t is_below = unless_equal(writer, SLOT_FIRST, SLOT_ROOT_NAME);

	affirm(writer, offsetof(struct probe_record, is_lasting[PROBE_ROOT]));
	uint32_t is_elsewhere = unless_equal(writer, SLOT_CWD_MOUNT, SLOT_ROOT_MOUNT);

	affirm(writer, offsetof(struct probe_record, is_lasting[PROBE_CWD]));
	land(writer, is_other);
	land(writer, is_below);
	land(writer, is_elsewhere);
}

static void tell_places(struct writer *writer)
{
	if (!writer->has_places)
		return;
	load(writer, BPF_REG_1, RECORD, offsetof(struct probe_record, question), 4);
	uint32_t is_enough = jump_if(writer, BPF_JEQ, BPF_REG_1, PROBE_WHO);

	find_places(writer);
	compare_with_kept(writer, PROBE_ROOT, SLOT_ROOT_MOUNT, SLOT_ROOT_NAME);
	compare_with_kept(writer, PROBE_CWD, SLOT_CWD_MOUNT, SLOT_CWD_NAME);
	find_lasting(writer);
	affirm(writer, offsetof(struct probe_record, has_places));
	land(writer, is_enough);
}

/*
 * if (record->question == PROBE_FILE_SYSTEM) who it is, is the user namespace of file->f_inode->i_sb, and that is all.
 */
static void tell_file_system(struct writer *writer)
{
	load(writer, BPF_REG_1, RECORD, offsetof(struct probe_record, question), 4);
	uint32_t is_thread = jump_if(writer, BPF_JNE, BPF_REG_1, PROBE_FILE_SYSTEM);

	follow(writer, SLOT_FILE, at(writer, FILE_INODE), SLOT_INODE);
	follow(writer, SLOT_INODE, at(writer, INODE_FILE_SYSTEM), SLOT_FIRST);
	follow(writer, SLOT_FIRST, at(writer, FILE_SYSTEM_USERNS), SLOT_USERNS);
	copy_userns(writer);
	affirm(writer, offsetof(struct probe_record, is_complete));
	bail_out(writer, jump_if(writer, BPF_JA, 0, 0));
	land(writer, is_thread);
}

static void end(struct writer *writer)
{
	for (uint32_t i = 0; i < writer->bail_out_count; i++)
		land(writer, writer->bail_outs[i]);
	if (writer->form == PROBE_ARGUMENT)
		call_kernel(writer, writer->unlock);
	assign(writer, BPF_REG_0, 0);
	emit(writer, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int look_up_members(const struct btf *kernel, struct writer *writer, size_t from, size_t to)
{
	int r = 0;

	for (size_t i = from; r == 0 && i < to; i++) {
		uint32_t offset = 0;

		r = btf_find_member(kernel, members[i].type, members[i].name, &offset);
		writer->offsets[i] = (int32_t)offset;
	}
	return r;
}

/* What a program of type syscall calls. */
static int look_up_functions(const struct btf *kernel, struct writer *writer)
{
	int r = btf_find_function(kernel, "bpf_rcu_read_lock", &writer->lock);

	if (r == 0)
		r = btf_find_function(kernel, "bpf_rcu_read_unlock", &writer->unlock);
	if (r == 0)
		r = btf_find_function(kernel, "bpf_rdonly_cast", &writer->cast);
	if (r == 0)
		r = btf_find_structure(kernel, NUMBER_STRUCTURE, &writer->number);
	return r;
}

static int look_up(const struct btf *kernel, struct writer *writer)
{
	int r = writer->form == PROBE_ARGUMENT ? look_up_functions(kernel, writer) : 0;

	if (r == 0)
		r = look_up_members(kernel, writer, 0, IDENTITY_MEMBER_COUNT);
	if (r == 0)
		writer->has_places =
			look_up_members(kernel, writer, IDENTITY_MEMBER_COUNT, MEMBER_COUNT) == 0;
	return r;
}

int probe_program_write(const struct btf *kernel, enum probe_form form,
			struct probe_program *ret_program)
{
	struct writer writer = { .program = ret_program, .form = form };
	int r = look_up(kernel, &writer);

	if (r < 0)
		return r;
	ret_program->form = form;
	ret_program->count = 0;
	begin(&writer);
	find_table(&writer);
	find_file(&writer, offsetof(struct probe_record, proc));
	tell_file_system(&writer);
	find_credential(&writer);
	copy_ids(&writer);
	copy_groups(&writer);
	affirm(&writer, offsetof(struct probe_record, is_complete));
	tell_places(&writer);
	end(&writer);
	return 0;
}

static_assert(offsetof(struct probe_record, capabilities) % 8 == 0 &&
		      offsetof(struct probe_record, groups) % 8 == 0,
	      "what is written in eights lies at eights");
