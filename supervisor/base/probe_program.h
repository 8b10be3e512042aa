/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_PROBE_PROGRAM_H
#define NSXATTR_BASE_PROBE_PROGRAM_H

/* The program that the probe has the kernel run, and what is said between the two. */

#include <linux/bpf.h>
#include <stdint.h>

struct btf;

/* With more groups than these a thread has to be asked about in another way. */
#define PROBE_GROUPS_MAX 32

/* Directories that a thread has. */
enum probe_place {
	PROBE_ROOT,
	PROBE_CWD, /* its working directory */
	PROBE_PLACES,
};

/** enum probe_question - what the program tells */
enum probe_question {
	PROBE_WHO,
	PROBE_WHO_AND_WHERE,
	PROBE_FILE_SYSTEM, /* the user namespace that has mounted the file system of a file (s_user_ns) */
};

/** struct probe_record - the program's only argument: the question, and its answer */
struct probe_record {
	int32_t proc; /* our descriptor of /proc/TID; of PROBE_FILE_SYSTEM: of a file */
	int32_t kept[PROBE_PLACES]; /* ours, of what might be its directories; -1: none */
	uint32_t question; /* an enum probe_question */
	uint32_t fsuid; /* all ids are of the first user namespace */
	uint32_t fsgid;
	uint64_t capabilities; /* the effective ones */
	uint32_t userns; /* the inode number of the user namespace; all that PROBE_FILE_SYSTEM tells */
	uint32_t userns_level; /* how deeply it is nested; 0: the first */
	uint32_t group_count;
	uint32_t is_complete; /* who it is has been filled in */
	uint32_t groups[PROBE_GROUPS_MAX]; /* if there are not more than these */
	/* Where it is: all 0 unless the last is 1. */
	uint32_t sequence[2]; /* of changes to its directories, before and after they were looked at */
	uint32_t is_kept[PROBE_PLACES]; /* the descriptor is of this directory, mount and all */
	uint32_t is_lasting[PROBE_PLACES]; /* on the root mount of its namespace, see probe.h */
	uint32_t has_places;
	uint32_t unused_too;
};

#define PROBE_INSTRUCTIONS_MAX 1024

/*
 * In which form the program gets the record. All that it reads it has to read under rcu_read_lock().
 */
enum probe_form {
	/* A program of type syscall: the record is its argument, and it takes the lock. From Linux 6.2 on. */
	PROBE_ARGUMENT,
	/* One for packets: the record is the packet of a test run, for which the kernel takes the lock. */
	PROBE_PACKET,
};

/** struct probe_program - instructions for the kernel */
struct probe_program {
	enum probe_form form;
	uint32_t count;
	struct bpf_insn instructions[PROBE_INSTRUCTIONS_MAX];
};

/* Of the functions that the program calls: who calls them has to be under a licence like this. */
#define PROBE_PROGRAM_LICENSE "GPL"

/**
 * probe_program_write() - the program for a kernel
 * @kernel: its description
 * @form: of the program
 * @ret_program: the program
 *
 * Return: 0; -ENOENT, -ENOTUNIQ when the kernel's structures, or functions, are not the ones that we know.
 */
int probe_program_write(const struct btf *kernel, enum probe_form form,
			struct probe_program *ret_program);

#endif
