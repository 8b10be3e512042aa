/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The gate's programs, which the kernel runs at hooks of its security modules (BPF LSM). They refuse; what is allowed is
 * decided in user space.
 *
 * Theory of operation
 *
 * An inode that was ever asked about has a version in its storage, which is freed with the inode. Each change gives it a
 * new one. A verdict names the version that was judged. So the gate has to know nothing of what was judged, a verdict
 * needs no revocation, and a number of an inode that is used again means nothing.
 *
 * A change is noted before it can be made, and the one who asks for a version is told whether a change is under way:
 *
 *	content		open(2) for writing counts the writer (i_writecount), and then runs gate_open(). A reader who finds no
 *			writer, after it has got the version, has one that ends before the first byte is written.
 *			truncate(2) counts as a writer, too, and runs gate_setattr().
 *	attributes	are changed under the inode's lock, and the hooks run under it. A reader who finds the lock free, after
 *			it has got the version, reads attributes that are at least as new as that, and a later change gives
 *			the inode a new one.
 *
 * Two ways to write are counted nowhere: what memfd_create(2) and its like have made was never opened, so nothing without
 * a path is verifiable; and a page of a shared mapping can be pinned (a read of O_DIRECT into it that lasts), and be written to
 * when neither mapping nor descriptor are left. So an inode that was mapped so is marked for as long as it is in memory.
 *
 * On an overlay the hooks see the overlay's inode, and separately that of the layer, which has the content. No pointer that
 * the verifier follows leads from the one to the other, but to open a file of an overlay opens one of the layer, and then
 * gate_open() has that inode. So the one who asks opens the file for it. What it is told is a version of the overlay's inode
 * that stands on a version of the layer's (nsxattr_layers). It counts for files whose own file of the layer (private_data)
 * is of that very inode, and for as long as the layer's version is the last. A file that was copied up has another inode
 * below. Attributes have to be of the same inode as the content: there the overlay's own getxattr(2) tells its inode.
 *
 * A mapping of an overlay's file holds the layer's file only: it is the layer's inode that has a writer. Of what is mapped so
 * the hook has the overlay's inode only, which can leave memory before the layer's. So the mark, on the layer's inode, is left
 * by those who open the overlay's file for reading and writing, as they have to before they map it.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "integrity/gate_layout.h"

/* Both halves of the file are the kernel's terms. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define EPERM 1
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
#define SB_NOUSER (1UL << 31)
#define FS_REQUIRES_DEV 1
#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define FUSE_SUPER_MAGIC 0x65735546
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define OCFS2_SUPER_MAGIC 0x7461636f
#define GFS2_MAGIC 0x01161970
#define ATTR_MODE 1
#define ATTR_UID 2
#define ATTR_GID 4
#define ATTR_SIZE 8
#define RWSEM_WRITER_LOCKED 1
#define CAP_SETGID 6
#define CAP_SETUID 7

/* User namespaces can be nested so deep, the first one not counted. */
#define NAMESPACES_DEEP 33

/* Kernels have it as a number, or as two halves. */
struct capabilities {
	unsigned int lower, upper;
};

/*
 * Of the kernel's structures, the members that are used. The loader finds out where they lie in the kernel that runs.
 */
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

struct user_namespace {
	struct user_namespace *parent;
	int level;
	struct ns_common ns;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

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

struct inode_state {
	uint64_t version;
	uint64_t was_mapped;
	uint64_t is_layer; /* versions of it are in nsxattr_layers */
};

/* This and the next two are shared by all gates of a host; gate.c finds them by their names. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct inode_state);
} nsxattr_inodes SEC(".maps");

/* The last version that was given. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t);
} nsxattr_version SEC(".maps");

/*
 * By a version. Of an inode of a layer: its address, as long as that is its version. Of an inode of an overlay: the version of
 * the layer's that it stands on, or 0 if it was not found out. What was pushed out is asked about anew.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_LAYERS_MAX);
	__type(key, uint64_t);
	__type(value, uint64_t);
} nsxattr_layers SEC(".maps");

/* By the number of a user namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GATE_NAMESPACES_MAX);
	__type(key, uint32_t);
	__type(value, struct gate_namespace);
} namespaces SEC(".maps");

/* A map for each container: none can push out what is another's. */
struct verdicts {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_VERDICTS_MAX);
	/* clang describes no structure that only this one leads to. */
	__uint(key_size, sizeof(struct gate_use));
	__uint(value_size, sizeof(uint32_t));
};

/* By the number of a user namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, GATE_NAMESPACES_MAX);
	__type(key, uint32_t);
	__array(values, struct verdicts);
} verdicts SEC(".maps");

/* By process and thread: who asks, and the answer. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GATE_ASKERS_MAX);
	__type(key, uint64_t);
	__type(value, struct gate_answer);
} answers SEC(".maps");

/*
 * Set before loading: the kernel has no check of its own of who changes security.* while this module is active, and no
 * other module makes it. See check_of_the_kernel().
 */
const volatile bool makes_check = false;

/* Set before loading: private_data of an overlay's file is the file of the layer. */
const volatile bool knows_overlays = false;

/* Set before loading: an odd number that no other process knows. */
const volatile uint64_t blinding = 1;

/* ---- versions ---- */

static uint64_t next_version(void)
{
	uint32_t first = 0;
	uint64_t *last = bpf_map_lookup_elem(&nsxattr_version, &first);

	/* There is one; the verifier does not know it. */
	return last ? __sync_fetch_and_add(last, 1) + 1 : 0;
}

static struct inode_state *make_state(struct inode *inode)
{
	struct inode_state first = { .version = next_version() };

	return bpf_inode_storage_get(&nsxattr_inodes, inode, &first,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* An inode without a state was never asked about: there is no verdict that a change could end. */
static int note_change(struct inode *inode)
{
	struct inode_state *state = bpf_inode_storage_get(&nsxattr_inodes, inode, 0, 0);

	if (!state)
		return 0;
	uint64_t ended = __sync_lock_test_and_set(&state->version, next_version());

	if (state->is_layer)
		bpf_map_delete_elem(&nsxattr_layers, &ended);
	return 0;
}

/* An addition of 0 is a barrier, too: what comes after it in the program is read after it. */
static uint64_t read_before_rest(uint64_t *number)
{
	return __sync_fetch_and_add(number, 0);
}

/* ---- overlays ---- */

static bool is_overlay(const struct inode *inode)
{
	return inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC;
}

/* The address of the inode from which a file of an overlay is mapped; 0: it cannot be told. */
static uint64_t address_below(const struct file *file)
{
	const struct file *below = file->private_data;
	uint64_t inode = 0;

	if (knows_overlays)
		bpf_core_read(&inode, sizeof(inode), &below->f_inode);
	return inode;
}

static bool stands(uint64_t version, const struct file *file)
{
	const uint64_t *layer = bpf_map_lookup_elem(&nsxattr_layers, &version);

	if (!layer)
		return false;
	uint64_t number = *layer;

	if (number == 0)
		return true;
	const uint64_t *inode = bpf_map_lookup_elem(&nsxattr_layers, &number);

	return inode && *inode == address_below(file);
}

static uint64_t version_of(const struct file *file)
{
	const struct inode_state *state =
		bpf_inode_storage_get(&nsxattr_inodes, file->f_inode, 0, 0);
	uint64_t version = state ? state->version : 0;

	return is_overlay(file->f_inode) && !stands(version, file) ? 0 : version;
}

/* Only the one who makes a version says what it stands on, so that it never stands on anything else. */
static uint64_t version_on(struct inode_state *state, uint64_t layer)
{
	uint64_t version = read_before_rest(&state->version);
	const uint64_t *last = bpf_map_lookup_elem(&nsxattr_layers, &version);

	if (last && *last == layer)
		return version;
	version = next_version();
	bpf_map_update_elem(&nsxattr_layers, &version, &layer, BPF_ANY);
	__sync_lock_test_and_set(&state->version, version);
	return version;
}

/* What user space is given to compare is no address that it can use. */
static uint64_t blinded(uint64_t address)
{
	return address * blinding;
}

/*
 * Who owns a file differs from mount to mount. The address of the map stands for it: there is one for all mounts that map
 * nothing, and the others hold theirs.
 */
static uint64_t idmap_of(struct file *file)
{
	struct vfsmount *mount = file->f_path.mnt;
	struct vfsmount___early *early = (void *)mount;
	uint64_t address = 0;

	if (bpf_core_field_exists(mount->mnt_idmap))
		bpf_probe_read_kernel(&address, sizeof(address), &mount->mnt_idmap);
	else
		bpf_probe_read_kernel(&address, sizeof(address), &early->mnt_userns);
	return blinded(address);
}

/* ---- who asks for a version ---- */

static bool is_regular(const struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFREG;
}

/* A file system without a path has files that are written to and were never opened: they are counted nowhere. */
static bool has_path(const struct inode *inode)
{
	return !(inode->i_sb->s_flags & SB_NOUSER);
}

static bool is_in_memory(unsigned long magic)
{
	return magic == TMPFS_MAGIC || magic == RAMFS_MAGIC;
}

/* A device that other machines, or a process, have in their hands. */
static bool has_others_behind(unsigned long magic)
{
	return magic == FUSE_SUPER_MAGIC || magic == OCFS2_SUPER_MAGIC || magic == GFS2_MAGIC;
}

/*
 * Content that is changed without that this inode knows of it: it is another file's, or a server tells it. So are all that
 * lie neither in memory nor on a device (ZFS has its devices to itself).
 */
static bool is_layered(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;
	unsigned long magic = sb->s_magic;

	if (is_in_memory(magic) || magic == ZFS_SUPER_MAGIC)
		return false;
	return !(sb->s_type->fs_flags & FS_REQUIRES_DEV) || has_others_behind(magic);
}

/* Who has mounted an overlay reaches its layers, and who has mounted FUSE is the server. */
static bool is_mounted_inside(const struct inode *inode)
{
	return inode->i_sb->s_user_ns->level > 0;
}

static bool is_verifiable(const struct inode *inode)
{
	return is_regular(inode) && has_path(inode) &&
	       !(is_layered(inode) && is_mounted_inside(inode));
}

static bool has_writers(const struct inode *inode)
{
	return inode->i_writecount.counter > 0 || inode->i_mapping->i_mmap_writable.counter > 0;
}

static bool is_changing(const struct inode *inode)
{
	return inode->i_rwsem.count.counter & RWSEM_WRITER_LOCKED;
}

/* A writer leaves its mark before it goes. So who finds none any more finds the mark. */
static enum gate_state state_of(const struct inode *inode, struct inode_state *state)
{
	if (!is_verifiable(inode))
		return GATE_UNVERIFIABLE;
	if (has_writers(inode))
		return GATE_OPEN_WRITERS;
	if (read_before_rest(&state->was_mapped))
		return GATE_WAS_MAPPED;
	if (is_changing(inode))
		return GATE_CHANGING;
	return is_layered(inode) ? GATE_LAYERED : GATE_SETTLED;
}

/* Whose entry is it that this thread may have? NULL: it does not ask. */
static struct gate_answer *asked(void)
{
	uint64_t asker = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&answers, &asker);
}

/* An overlay opens what lies below as the one who has mounted it. */
static bool acts_as_host(void)
{
	return bpf_get_current_task_btf()->cred->user_ns->level == 0;
}

/*
 * The one who asks has opened the file: this is the inode below. Its version is in the map as long as it is the last one:
 * if a change came between, either that change has taken it out, or it is taken out here.
 */
static void answer_below(struct gate_answer *answer, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct inode_state *state = make_state(inode);
	uint64_t address = 0;

	answer->layer = 0;
	/* As a number: the verifier lets nothing be done with an address. */
	bpf_core_read(&address, sizeof(address), &file->f_inode);
	if (!state || is_layered(inode) || !acts_as_host())
		return;
	state->is_layer = 1;
	uint64_t version = read_before_rest(&state->version);

	bpf_map_update_elem(&nsxattr_layers, &version, &address, BPF_ANY);
	answer->layer_state = state_of(inode, state);
	if (read_before_rest(&state->version) != version) {
		bpf_map_delete_elem(&nsxattr_layers, &version);
		answer->layer_state = GATE_CHANGING;
	}
	answer->below = blinded(address);
	answer->layer = version;
}

/* Are content and attributes of the inode that the file is mapped from? */
static bool is_one_below(const struct gate_answer *answer, const struct file *file)
{
	uint64_t below = blinded(address_below(file));

	return answer->layer && answer->below == below && answer->attributes == below;
}

static void answer_overlay(struct gate_answer *answer, struct file *file, struct inode_state *state)
{
	bool is_one = is_one_below(answer, file);

	answer->version = version_on(state, is_one ? answer->layer : 0);
	answer->state = state_of(file->f_inode, state);
	if (answer->state == GATE_LAYERED && is_one)
		answer->state = answer->layer_state;
}

static void answer(struct gate_answer *answer, struct file *file)
{
	struct inode_state *state = make_state(file->f_inode);

	if (!state)
		return;
	answer->idmap = idmap_of(file);
	if (is_overlay(file->f_inode)) {
		answer_overlay(answer, file, state);
	} else {
		answer->version = read_before_rest(&state->version);
		answer->state = state_of(file->f_inode, state);
	}
	answer->is_given = 1;
}

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

/* Has a container that passes the gate to do with it? */
static bool is_gated(const struct user_namespace *userns)
{
	for (uint64_t i = 0; i < NAMESPACES_DEEP && userns && userns->level > 0; i++) {
		uint32_t number = userns->ns.inum;

		if (bpf_map_lookup_elem(&namespaces, &number))
			return true;
		userns = userns->parent;
	}
	return false;
}

/*
 * The kernel keeps writers away from a program that runs, but of an overlay's only those that come by the overlay, which
 * opens files as the one who has mounted it. So a container that has a path of its own to a layer does not write to what has
 * been judged as a file of the overlay.
 */
static int note_writer(struct inode *inode)
{
	const struct inode_state *state = bpf_inode_storage_get(&nsxattr_inodes, inode, 0, 0);

	if (state && state->is_layer && is_gated(bpf_get_current_task_btf()->cred->user_ns))
		return -ETXTBSY;
	return note_change(inode);
}

/* A mapping that is noted nowhere is none to be made inside. Behind an overlay it is the other credential that has asked. */
static int note_mapping(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct inode_state *state = is_regular(inode) ? make_state(inode) : 0;

	if (state)
		state->was_mapped = 1;
	if (state || !is_regular(inode))
		return 0;
	return is_gated(bpf_get_current_task_btf()->real_cred->user_ns) ? -EACCES : 0;
}

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

static int note_attributes(const struct dentry *dentry, const struct iattr *attributes)
{
	if (attributes->ia_valid & ATTR_SIZE)
		return note_writer(dentry->d_inode);
	if (!(attributes->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID)))
		return 0;
	return note_change(dentry->d_inode);
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

SEC("lsm/inode_setxattr")
int BPF_PROG(gate_setxattr, void *idmap, struct dentry *dentry)
{
	note_change(dentry->d_inode);
	return check_of_the_kernel();
}

SEC("lsm/inode_removexattr")
int BPF_PROG(gate_removexattr, void *idmap, struct dentry *dentry)
{
	note_change(dentry->d_inode);
	return check_of_the_kernel();
}

/* Then the file has another inode below. */
SEC("lsm/inode_copy_up")
int BPF_PROG(gate_copy_up, struct dentry *dentry)
{
	return note_change(dentry->d_inode);
}

/* Since Linux 6.2 access control lists are no attributes any more. */
SEC("lsm/inode_set_acl")
int BPF_PROG(gate_set_acl, void *idmap, struct dentry *dentry)
{
	return note_change(dentry->d_inode);
}

SEC("lsm/inode_remove_acl")
int BPF_PROG(gate_remove_acl, void *idmap, struct dentry *dentry)
{
	return note_change(dentry->d_inode);
}

/* ---- who executes ---- */

/*
 * The kernel keeps writers away since it has opened the program, and does until that has ended (ETXTBSY). Linux 6.11 did not,
 * and from 6.14 on it does not where a listener of fanotify(7) fills files when they are read.
 */
static bool is_kept_from_writers(const struct file *program)
{
	return program->f_inode->i_writecount.counter < 0;
}

static bool is_allowed(void *of_container, const struct gate_use *use, uint32_t kind)
{
	const uint32_t *kinds = bpf_map_lookup_elem(of_container, use);

	return kinds && *kinds & kind;
}

/*
 * The credential that acts, as the kernel's IMA looks at it: at bprm_check_security the one before the exec, and the one
 * after it when the program is mapped. In a namespace below the container's a capability is none over the container's ids.
 */
static struct gate_subject subject_now(uint32_t asked, bool is_below)
{
	const struct cred *cred = bpf_get_current_task_btf()->cred;
	unsigned int capabilities = 0;

	if (!is_below)
		bpf_probe_read_kernel(&capabilities, sizeof(capabilities), &cred->cap_effective);
	const struct gate_ids ids = {
		.uid = cred->uid.val,
		.euid = cred->euid.val,
		.suid = cred->suid.val,
		.gid = cred->gid.val,
		.egid = cred->egid.val,
		.sgid = cred->sgid.val,
		.has_setuid = capabilities & 1U << CAP_SETUID,
		.has_setgid = capabilities & 1U << CAP_SETGID,
	};

	return gate_subject_of(asked, &ids);
}

/* What a verdict is bound to the judge has decided: so each way is tried that the container's rules can lead to. */
static bool has_verdict(void *of_container, uint32_t asked, struct file *file, uint32_t kind,
			bool is_below)
{
	struct gate_use use = { .version = version_of(file) };

	if (is_allowed(of_container, &use, kind))
		return true;
	if (asked & GATE_ASKS_OWNER) {
		use.bound = GATE_TO_OWNER;
		use.idmap = idmap_of(file);
		if (is_allowed(of_container, &use, kind))
			return true;
	}
	if (!(asked & GATE_ASKS_SUBJECT))
		return false;
	use.subject = subject_now(asked, is_below);
	use.bound |= GATE_TO_SUBJECT;
	if (is_allowed(of_container, &use, kind))
		return true;
	use.bound = GATE_TO_SUBJECT;
	use.idmap = 0;
	return is_allowed(of_container, &use, kind);
}

static bool is_refused(uint32_t number, struct file *file, uint32_t kind, bool is_below)
{
	struct gate_namespace *namespace = bpf_map_lookup_elem(&namespaces, &number);
	void *of_container = bpf_map_lookup_elem(&verdicts, &number);

	if (!namespace || !(namespace->kinds & kind))
		return false;
	if ((kind != GATE_EXECUTE || is_kept_from_writers(file)) && of_container &&
	    has_verdict(of_container, namespace->asked, file, kind, is_below))
		return false;
	__sync_fetch_and_add(&namespace->refusals, 1);
	return true;
}

/* A task of the host, whose namespace is the first one, is not looked up. */
static int check(struct file *file, uint32_t kind)
{
	const struct user_namespace *userns = bpf_get_current_task_btf()->cred->user_ns;

	for (uint64_t i = 0; i < NAMESPACES_DEEP && userns && userns->level > 0; i++) {
		if (is_refused(userns->ns.inum, file, kind, i > 0))
			return -EACCES;
		userns = userns->parent;
	}
	return 0;
}

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
	return r == 0 && protection & PROT_EXEC ? check(file, GATE_MAP) : r;
}

SEC("lsm/file_mprotect")
int BPF_PROG(gate_protect, struct vm_area_struct *area, unsigned long asked,
	     unsigned long protection)
{
	if (!area->vm_file || !(protection & PROT_EXEC) || area->vm_flags & VM_EXEC)
		return 0;
	return check(area->vm_file, GATE_MAP);
}
