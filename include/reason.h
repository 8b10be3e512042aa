/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_REASON_H
#define NSXATTR_REASON_H

/*
 * Why a call is refused. The place that refuses it names the reason; nothing guesses it afterwards from the errno, of
 * which one stands for many reasons.
 *
 * Each row: the identifier; a word, for programs; a sentence, for people, which follows "EPERM: ". Why a file is not
 * executed is said by the words of cause_word() (supervisor/integrity/appraise.h).
 */

#include <stdbool.h>

/* clang-format off */
#define REASONS(REASON) \
	REASON(NONE, "none", "nothing is refused") \
	REASON(KERNEL, "kernel", "the kernel or the file system itself gives this error") \
	REASON(ARGUMENT, "argument", "the kernel takes no such arguments") \
	REASON(ABSENT, "absent", "the container sees no such attribute on the file") \
	REASON(EXISTS, "exists", "the container sees the attribute on the file already") \
	REASON(BUFFER, "buffer", "the list of names is longer than the buffer of the call, or than a list can be") \
	/* the policy */ \
	REASON(HIDE, "rule-hide", "a rule of the policy hides the name (scheme: hide)") \
	REASON(DENY, "rule-deny", "a rule of the policy lets no container change the name (scheme: deny)") \
	REASON(UNSUPPORTED, "rule-unsupported", "a rule of the policy says that there are no such names (scheme: unsupported)") \
	REASON(VALUES, "value-not-listed", "a rule of the policy lends the host's name for the listed values only (values)") \
	REASON(LIMIT_ONE, "limit-one", "the file has a value of the host or of another container, and the rule of the policy allows one (limit: one)") \
	REASON(LIMIT_ATTRIBUTES, "attributes-per-file", "the container has as many values on the file as its policy allows (attributes-per-file)") \
	REASON(LIMIT_SIZE, "value-size", "the value is longer than the policy allows (value-size)") \
	REASON(KIND, "kind-of-file", "the store of the policy keeps values on regular files and directories only (store: user)") \
	/* who asks, and of which file */ \
	REASON(NO_SYS_ADMIN, "no-cap-sys-admin", "the process does not have CAP_SYS_ADMIN in its user namespace") \
	REASON(NO_SETFCAP, "no-cap-setfcap", "the process does not have CAP_SETFCAP in its user namespace") \
	REASON(OWNER, "owner-not-mapped", "the user namespace of the process has no id for the owner of the file") \
	REASON(GROUP, "group-not-mapped", "the user namespace of the process has no id for the group of the file") \
	REASON(NO_ROOT, "root-not-mapped", "the user namespace of the process has no uid 0, and so no values of its own") \
	REASON(HOST, "host-namespace", "the uid 0 of the process is the host's own: its calls are left to the kernel") \
	REASON(FILE_SYSTEM, "not-its-file-system", "the file system is not of the user namespace of the process, and this kernel does not check that") \
	REASON(LABEL, "security-label", "the security label of the process does not allow it, or it cannot be told whether it does") \
	/* the name */ \
	REASON(RESERVED, "reserved-name", "names that begin so are for nsxattr itself") \
	REASON(NAME, "name", "no value can be stored under a name of this form") \
	REASON(NAME_LENGTH, "name-length", "with the number of its owner the name is longer than the kernel allows") \
	REASON(ID, "id-not-mapped", "the user namespace of the process does not have the uid in the name") \
	REASON(NUMBER, "no-number", "the owner of the value has no number on the file's mount, or below the policy's owner") \
	/* what is executed */ \
	REASON(INTEGRITY, "integrity", "the policy lets the container execute no such file (integrity)") \
	/* nsxattr itself */ \
	REASON(UNKNOWN_CALL, "unknown-call", "it is no call that nsxattr knows") \
	REASON(QUEUED, "lxc-own-fuse", "LXC passes on one call after another, so none is made on a FUSE file system of the container's own") \
	REASON(CREDENTIAL, "credential", "nsxattr cannot take on the ids and groups of the process") \
	REASON(GONE, "gone", "the process does not wait for the answer any more") \
	REASON(MEMORY, "out-of-memory", "nsxattr has no memory left for it") \
	REASON(DESCRIPTORS, "out-of-descriptors", "nsxattr has no descriptor left for it") \
	REASON(DEADLINE, "deadline", "it took longer than nsxattr waits") \
	REASON(FAILURE, "failure", "nsxattr itself has failed; its log with -v says at what") \
	REASON(NO_WORKER, "no-worker", "no worker of nsxattr serves the container")
/* clang-format on */

#define REASON_ENUMERATOR(name, word, text) REASON_##name,

/* One byte, so that an outcome still fits into two registers. */
enum __attribute__((packed)) reason { REASONS(REASON_ENUMERATOR) REASON_COUNT };

#undef REASON_ENUMERATOR

/** reason_word() - Return: the word, static. */
const char *reason_word(enum reason reason);

/** reason_text() - Return: the sentence, static; without a capital and a full stop. */
const char *reason_text(enum reason reason);

/**
 * reason_is_refusal() - is it nsxattr that refuses?
 *
 * Not where the kernel would say the same to a process that may change the attribute: of its arguments, of what is
 * there and what is not. Nor where no process waits for the answer.
 */
bool reason_is_refusal(enum reason reason);

/**
 * reason_of_failure() - what kept nsxattr itself from serving a call
 * @error: the positive errno with which a function of ours has failed
 */
enum reason reason_of_failure(int error);

#endif
