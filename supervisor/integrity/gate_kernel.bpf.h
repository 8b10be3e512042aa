/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef NSXATTR_INTEGRITY_GATE_KERNEL_BPF_H
#define NSXATTR_INTEGRITY_GATE_KERNEL_BPF_H

/*
 * The kernel, as the gate's programs see it: numbers, and of structures the members that are used. The loader finds
 * out where these lie in the kernel that runs.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define ENOMEM 12
#define EACCES 13
#define ETXTBSY 26
#define ECANCELED 125
#define FMODE_READ 1
#define FMODE_WRITE 2
/* Opened by the kernel itself: the files below those of an overlay, and a few others. */
#define FMODE_NOACCOUNT 0x20000000
#define F_UNLCK 2
#define MAP_SHARED 1
#define PROT_EXEC 4
#define VM_EXEC 4
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_PRIVATE 512
#define SB_NOUSER (1UL << 31)
#define FS_REQUIRES_DEV 1
#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define FUSE_SUPER_MAGIC 0x65735546
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define OCFS2_SUPER_MAGIC 0x7461636f
#define GFS2_MAGIC 0x01161970
#define ATTR_UID 2
#define ATTR_GID 4
#define ATTR_SIZE 8
#define RWSEM_WRITER_LOCKED 1
#define CAP_SETGID 6
#define CAP_SETUID 7
#define CAP_SYS_ADMIN 21

/* User namespaces can be nested so deep, the first one not counted. */
#define NAMESPACES_DEEP 33

/* Kernels have it as a number, or as two halves. */
struct capabilities {
	unsigned int lower, upper;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

struct ns_common {
	unsigned int inum;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct user_namespace {
	struct user_namespace *parent;
	int level;
	kuid_t owner;
	struct ns_common ns;
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	struct capabilities cap_effective;
	struct user_namespace *user_ns;
};

struct task_struct {
	const struct cred *real_cred;
	const struct cred *cred;
};

struct file_system_type {
	int fs_flags;
};

struct super_block {
	struct file_system_type *s_type;
	unsigned long s_flags;
	unsigned long s_magic;
	struct user_namespace *s_user_ns;
};

struct rw_semaphore {
	atomic_long_t count;
};

struct address_space {
	atomic_t i_mmap_writable;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	struct super_block *i_sb;
	struct address_space *i_mapping;
	atomic_t i_writecount;
	struct rw_semaphore i_rwsem;
};

struct mnt_idmap;

struct vfsmount {
	struct mnt_idmap *mnt_idmap;
};

/* Before Linux 6.2. */
struct vfsmount___early {
	struct user_namespace *mnt_userns;
};

struct path {
	struct vfsmount *mnt;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	void *private_data;
};

struct dentry {
	struct inode *d_inode;
};

struct linux_binprm {
	struct file *file;
};

struct vm_area_struct {
	struct file *vm_file;
	unsigned long vm_flags;
};

struct iattr {
	unsigned int ia_valid;
};

#pragma clang attribute pop

#endif
