/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_JUDGE_FORM_H
#define NSXATTR_JUDGE_FORM_H

/*
 * What the kernel makes of a file that is executed: a script and its interpreter (fs/binfmt_script.c), or an
 * ELF program and its loader (fs/binfmt_elf.c). The file is hostile.
 */

#include <linux/limits.h>
#include <stddef.h>

enum form_kind {
	FORM_OTHER, /* or what the kernel refuses */
	FORM_SCRIPT,
	FORM_ELF,
};

/** struct form - of one file */
struct form {
	enum form_kind kind;
	/* The path of the script's interpreter, or of the ELF loader, with its NUL; "": it has none. */
	char interpreter[PATH_MAX];
};

/* So many bytes of a file tell its form, and a script's interpreter. */
#define FORM_HEAD_SIZE 256 /* BINPRM_BUF_SIZE of the kernel */

/**
 * form_read_script() - is this the beginning of a script?
 * @head: of the file, behind its end zeros
 * @ret_form: FORM_SCRIPT or FORM_OTHER
 */
void form_read_script(const char head[FORM_HEAD_SIZE], struct form *ret_form);

/**
 * form_read() - what is this file?
 * @fd: open for reading; a regular file on which a read does not wait for ever
 * @ret_form: what it is; FORM_OTHER of a file that the kernel does not execute either
 *
 * Return: 0; -errno of pread(2).
 */
int form_read(int fd, struct form *ret_form);

#endif
