/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The gate's programs, which the kernel runs at hooks of its security modules (BPF LSM). They refuse; what is allowed is
 * decided in user space. All of it is one object, and each header has one idea, with what it needs above it:
 *
 *	gate_kernel.bpf.h	the kernel's structures
 *	gate_maps.bpf.h		what the programs know
 *	gate_versions.bpf.h	an inode has another version after each change
 *	gate_addresses.bpf.h	objects of the kernel are told from one another
 *	gate_overlays.bpf.h	a version of a file on an overlay stands on one of the layer's
 *	gate_states.bpf.h	can a file be judged as it is?
 *	gate_names.bpf.h	which attributes verdicts come from
 *	gate_rights.bpf.h	what a task may do
 *	gate_answers.bpf.h	what the one is told who asks for a version
 *	gate_writers.bpf.h	who can write to a file
 *	gate_verdicts.bpf.h	who executes a file needs a verdict
 *	this file		the hooks
 *
 * A change is noted before it can be made, and after the kernel has found that its maker may make it. The one who asks for a
 * version is told whether a change is under way:
 *
 *	content		open(2) for writing counts the writer (i_writecount), and then runs gate_open(). A reader who finds no
 *			writer, after it has got the version, has one that ends before the first byte is written.
 *			truncate(2) counts as a writer, too, and runs gate_setattr().
 *	attributes	that are values of security.ima are changed under the inode's lock, and the hooks run under it. A
 *			reader who finds the lock free, after it has got the version, reads attributes that are at least as
 *			new as that, and a later change gives the inode a new one.
 *	owner, group	are compared when a file is used: a verdict that comes from them names them (note_owner()).
 */
#include "integrity/gate_addresses.bpf.h"
#include "integrity/gate_answers.bpf.h"
#include "integrity/gate_kernel.bpf.h"
#include "integrity/gate_layout.h"
#include "integrity/gate_maps.bpf.h"
#include "integrity/gate_names.bpf.h"
#include "integrity/gate_rights.bpf.h"
#include "integrity/gate_verdicts.bpf.h"
#include "integrity/gate_versions.bpf.h"
#include "integrity/gate_writers.bpf.h"

/* Both halves of the file are the kernel's terms. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- who asks for a version ---- */

/*
 * Asked is by flock(fd, LOCK_UN), by a thread that has an entry for its answer. It is told that it was answered, so the
 * file system never hears of it.
 */
SEC("lsm/file_lock")
int BPF_PROG(gate_ask, struct file *file, unsigned int type)
{
	struct gate_answer *entry = type == F_UNLCK ? asked() : 0;

	if (!entry)
		return 0;
	answer(entry, file);
	return -ECANCELED;
}

/* An overlay asks the layer, from which it has the attributes: the last inode of a call is that one. */
SEC("lsm/inode_getxattr")
int BPF_PROG(gate_getxattr, struct dentry *dentry)
{
	struct gate_answer *entry = asked();
	uint64_t address = 0;

	if (!entry)
		return 0;
	bpf_core_read(&address, sizeof(address), &dentry->d_inode);
	entry->attributes = blinded(address);
	return 0;
}

/* ---- who changes something ---- */

/* By an overlay, for the most part. */
static int note_open_below(struct file *file)
{
	const unsigned int both = FMODE_READ | FMODE_WRITE;
	struct gate_answer *entry = asked();

	if (entry)
		answer_below(entry, file);
	return (file->f_mode & both) == both ? note_mapping(file) : 0;
}

SEC("lsm/file_open")
int BPF_PROG(gate_open, struct file *file)
{
	int r = file->f_mode & FMODE_WRITE ? note_writer(file->f_inode) : 0;

	return r == 0 && file->f_mode & FMODE_NOACCOUNT ? note_open_below(file) : r;
}

/* Mode and access control lists are what no verdict comes from. */
static int note_attributes(const struct dentry *dentry, const struct iattr *attributes)
{
	if (attributes->ia_valid & ATTR_SIZE)
		return note_writer(dentry->d_inode);
	return attributes->ia_valid & (ATTR_UID | ATTR_GID) ? note_owner(dentry->d_inode) : 0;
}

SEC("lsm/inode_setattr")
int BPF_PROG(gate_setattr, void *idmap, struct dentry *dentry, struct iattr *attributes)
{
	return note_attributes(dentry, attributes);
}

/* Before Linux 6.9. */
SEC("lsm/inode_setattr")
int BPF_PROG(gate_setattr_early, struct dentry *dentry, struct iattr *attributes)
{
	return note_attributes(dentry, attributes);
}

/*
 * Before Linux 6.10, the kernel asks for CAP_SYS_ADMIN for a change of security.* only if no module has answered, and takes
 * whatever is not 1 for an answer: that of the BPF LSM without a program is 0. With 1 the kernel makes its check, and does
 * not run the same program of another gate: so gates share their versions.
 */
static int check_of_the_kernel(void)
{
	return makes_check ? 1 : 0;
}

static int note_named(const struct dentry *dentry, const char *name)
{
	if (is_value_of_ima(name) &&
	    (!runs_before_check || is_administrator(dentry->d_inode->i_sb->s_user_ns)))
		note_attribute(dentry->d_inode);
	return check_of_the_kernel();
}

SEC("lsm/inode_setxattr")
int BPF_PROG(gate_setxattr, void *idmap, struct dentry *dentry, const char *name)
{
	return note_named(dentry, name);
}

SEC("lsm/inode_removexattr")
int BPF_PROG(gate_removexattr, void *idmap, struct dentry *dentry, const char *name)
{
	return note_named(dentry, name);
}

/* Then the file has another inode below. */
SEC("lsm/inode_copy_up")
int BPF_PROG(gate_copy_up, struct dentry *dentry)
{
	return note_change(dentry->d_inode);
}

/* ---- who executes ---- */

SEC("lsm/bprm_check_security")
int BPF_PROG(gate_execute, struct linux_binprm *program)
{
	return check(program->file, GATE_EXECUTE);
}

/*
 * There is no file where memory is anonymous. Kernels of our time take the argument for one that is always there, and
 * leave out a comparison with NULL: so it is read as a number.
 */
static bool has_file(const void *context)
{
	uint64_t file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), context);
	return file != 0;
}

/* "asked" is what the task has asked for; "protection" is what it gets, with personality READ_IMPLIES_EXEC. */
SEC("lsm/mmap_file")
int BPF_PROG(gate_map, struct file *file, unsigned long asked, unsigned long protection,
	     unsigned long flags)
{
	int r = 0;

	if (!has_file(ctx) || !file)
		return 0;
	if (flags & MAP_SHARED && file->f_mode & FMODE_WRITE)
		r = note_mapping(file);
	if (r < 0 || !(protection & PROT_EXEC) || is_anonymous(file->f_inode))
		return r;
	return check(file, GATE_MAP);
}

SEC("lsm/file_mprotect")
int BPF_PROG(gate_protect, struct vm_area_struct *area, unsigned long asked,
	     unsigned long protection)
{
	struct file *file = area->vm_file;

	if (!file || !(protection & PROT_EXEC) || area->vm_flags & VM_EXEC ||
	    is_anonymous(file->f_inode))
		return 0;
	return check(file, GATE_MAP);
}
