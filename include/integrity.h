/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_H
#define NSXATTR_INTEGRITY_H

/*
 * What a policy says of the files that a container executes or maps executable: rules in the language
 * of the kernel's IMA (/etc/ima/ima-policy), keys, and how its measurement list looks.
 *
 * The rules mean what they mean to the kernel: in their order, for each kind of action the first rule
 * that fits decides. Ids are those of the container. Sources: Documentation/ABI/testing/ima_policy and
 * security/integrity/ima/ima_policy.c of Linux 6.12.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum integrity_mode {
	INTEGRITY_OFF,
	INTEGRITY_LOG, /* what enforce would refuse is said, and happens */
	INTEGRITY_ENFORCE,
};

/* Named sets of rules that need no text. */
enum integrity_rule_set {
	RULE_SET_NONE, /* the policy has rules of its own */
	RULE_SET_TCB, /* as the kernel's ima_policy=tcb, for what is executed and mapped */
	RULE_SET_APPRAISE, /* as its ima_policy=appraise_tcb */
};

/* The template of the measurement list's entries. */
enum integrity_template {
	TEMPLATE_NONE, /* of a rule: that of the list */
	TEMPLATE_IMA_NG,
	TEMPLATE_IMA_SIG,
};

/* Where the kernel asks its rules. */
enum integrity_func {
	FUNC_BPRM_CHECK, /* a file is executed */
	FUNC_MMAP_CHECK, /* a file is mapped executable, or a mapping of it becomes executable */
};

/* For each kind the first rule that fits decides, yes or no. */
enum integrity_kind {
	KIND_MEASURE,
	KIND_APPRAISE,
	KIND_AUDIT,
};

#define INTEGRITY_KIND_COUNT (KIND_AUDIT + 1)

/* What a rule can ask for; bits of struct integrity_rule.conditions. */
enum integrity_condition {
	IF_UID = 1 << 0,
	IF_EUID = 1 << 1,
	IF_GID = 1 << 2,
	IF_EGID = 1 << 3,
	IF_FOWNER = 1 << 4,
	IF_FGROUP = 1 << 5,
	IF_FSMAGIC = 1 << 6,
	IF_FSNAME = 1 << 7,
	IF_FSUUID = 1 << 8,
	IF_MASK = 1 << 9, /* MAY_EXEC, which is what each call that is judged asks for */
};

/* On what of a decision it depends; bits of struct integrity_actions.depends. */
enum integrity_dependence {
	DEPENDS_ON_SUBJECT = 1 << 0, /* the task's ids: another task may get another answer */
	DEPENDS_ON_OWNER = 1 << 1, /* the inode's uid */
	DEPENDS_ON_GROUP = 1 << 2, /* its gid */
	DEPENDS_ON_FILE_SYSTEM = 1 << 3,
};

/* Entries of a measurement list, if the policy does not say how many. */
#define INTEGRITY_ENTRIES 65536
#define INTEGRITY_ENTRIES_MAX (1 << 20)

#define FS_UUID_SIZE 16

/* An id of the host that has none in the container; it is larger than any, as the kernel has it. */
#define INTEGRITY_ID_NONE UINT32_MAX

struct id_map;

/** integrity_id() - an id of the host as the rules see it: the container's, or INTEGRITY_ID_NONE */
uint32_t integrity_id(const struct id_map *map, uint32_t host);

enum integrity_comparison {
	ID_EQUALS,
	ID_IS_LESS,
	ID_IS_GREATER,
};

/** struct integrity_id - an id that a rule asks for */
struct integrity_id {
	enum integrity_comparison comparison;
	uint32_t id; /* of the container */
};

/** struct integrity_rule - one line of rules; its texts live as long as the policy */
struct integrity_rule {
	const char *text; /* as it is written */
	unsigned int line; /* where the policy file has it; 0: of a rule set */
	enum integrity_kind kind;
	bool is_dont; /* dont_measure, dont_appraise, dont_audit */
	enum integrity_func func;
	unsigned int conditions; /* enum integrity_condition; all of them have to hold */
	struct integrity_id uid; /* of IF_UID or IF_EUID; the kernel has not both in one rule */
	struct integrity_id gid; /* of IF_GID or IF_EGID */
	struct integrity_id fowner;
	struct integrity_id fgroup;
	uint64_t fs_magic;
	const char *fs_name; /* of IF_FSNAME; fs_name_length bytes, without a NUL */
	size_t fs_name_length;
	uint8_t fs_uuid[FS_UUID_SIZE];
	bool needs_signature; /* appraise_type=imasig, or of @needs_verity */
	bool needs_verity; /* digest_type=verity appraise_type=sigv3: of type 6, and of no other */
	unsigned int algorithms; /* appraise_algos: bits 1u << enum digest_algorithm; 0: any */
	enum integrity_template template;
};

/** struct integrity - that part of a policy; zeroed: off */
struct integrity {
	enum integrity_mode mode;
	enum integrity_rule_set rule_set; /* where the rules come from */
	const struct integrity_rule *rules;
	size_t rule_count;
	const char *const *keys; /* paths as written; a relative one is relative to the policy file */
	size_t key_count;
	enum integrity_template template; /* of the measurement list */
	uint32_t entries; /* the most that it holds */
};

/** struct integrity_facts - what rules are asked about: a task that wants to execute or map a file */
struct integrity_facts {
	enum integrity_func func;
	/*
	 * The task's ids and capabilities as its container sees them: of what is executed those before the exec, of what
	 * is mapped by that exec those after it.
	 */
	uint32_t uid, euid, suid;
	uint32_t gid, egid, sgid;
	bool has_setuid; /* CAP_SETUID, effective: euid= then looks at uid and suid, too */
	bool has_setgid; /* CAP_SETGID */
	/* The inode's owner as the task's mount shows it, in the container's ids. */
	uint32_t fowner;
	uint32_t fgroup;
	uint64_t fs_magic; /* as statfs(2) tells it */
	const char *fs_name; /* the type, such as "ext4"; NULL: it cannot be told */
	const uint8_t *fs_uuid; /* FS_UUID_SIZE bytes, zeros: it has none; NULL: it cannot be told */
};

/** struct integrity_decision - what the rules say of one kind of action */
struct integrity_decision {
	bool is_wanted;
	const struct integrity_rule *rule; /* that says so, or says no; NULL: no rule fits */
};

/** struct integrity_actions - what the rules say about a file; made by integrity_match() */
struct integrity_actions {
	struct integrity_decision decisions[INTEGRITY_KIND_COUNT]; /* by enum integrity_kind */
	bool needs_signature; /* to appraise: a digest alone is not enough */
	bool needs_verity; /* to appraise: a signature of the digest by fs-verity (type 6), no other one */
	unsigned int
		algorithms; /* to appraise: those allowed, bits 1u << enum digest_algorithm; 0: any */
	enum integrity_template template; /* of the entry, if it is measured; never TEMPLATE_NONE */
	unsigned int depends; /* enum integrity_dependence */
};

/* The words of a policy file for these enumerations. Return: static; NULL for RULE_SET_NONE and TEMPLATE_NONE. */
const char *integrity_mode_word(enum integrity_mode mode);
const char *integrity_rule_set_word(enum integrity_rule_set rule_set);
const char *integrity_template_word(enum integrity_template template);

/** integrity_rule_set_find() - Return: is there a rule set of this name? */
bool integrity_rule_set_find(const char *text, enum integrity_rule_set *ret_rule_set);

/** integrity_template_find() - @length: of @text, which need not end with a NUL. Return: is there a template of this name? */
bool integrity_template_find(const char *text, size_t length,
			     enum integrity_template *ret_template);

/**
 * integrity_use_rule_set() - have the rules of a named set
 * @rule_set: which one; RULE_SET_NONE: the rules stay as they are
 */
void integrity_use_rule_set(struct integrity *integrity, enum integrity_rule_set rule_set);

/**
 * integrity_match() - ask the rules
 * @integrity: of the policy
 * @facts: about the task and the file
 * @ret_actions: what is to be done, and why. Its dependences are those of the rules that had to be
 *               asked, up to the condition at which each turned out not to fit; func is none of them.
 *
 * What cannot be told of the file system fits a rule that wants something done, and no dont_ rule.
 */
void integrity_match(const struct integrity *integrity, const struct integrity_facts *facts,
		     struct integrity_actions *ret_actions);

/** integrity_has_func() - has it a rule that wants something done for this func? */
bool integrity_has_func(const struct integrity *integrity, enum integrity_func func);

/** integrity_judges_maps() - is what is mapped executable judged, too? */
bool integrity_judges_maps(const struct integrity *integrity);

#endif
