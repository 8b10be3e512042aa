/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own rules, as far as they are about what is executed or mapped: dont_measure_rules,
 * default_measurement_rules and default_appraise_rules of security/integrity/ima/ima_policy.c. Those of the
 * kernel that name no func are two here. The rules of later kernels measure what is executed from a tmpfs, where
 * earlier ones do not; these are as the later ones.
 */
#include "integrity.h"

#include "count_of.h"

/* A rule that leaves out a file system, by its number: in the text, and in the rule. */
#define EXEMPT(word, what, check, magic)                                                 \
	{                                                                                \
		.text = "dont_" word " func=" #check " fsmagic=" #magic, .kind = (what), \
		.is_dont = true, .func = FUNC_##check, .conditions = IF_FSMAGIC,         \
		.fs_magic = (magic)                                                      \
	}
#define EXEMPT_BOTH(word, what, magic) \
	EXEMPT(word, what, BPRM_CHECK, magic), EXEMPT(word, what, MMAP_CHECK, magic)
#define DONT_MEASURE(magic) EXEMPT_BOTH("measure", KIND_MEASURE, magic)
#define DONT_APPRAISE(magic) EXEMPT_BOTH("appraise", KIND_APPRAISE, magic)

/* proc, sysfs, debugfs, devpts, binfmt_misc, securityfs, selinuxfs, smackfs, cgroup, cgroup2, nsfs, efivarfs */
static const struct integrity_rule tcb_rules[] = {
	DONT_MEASURE(0x9fa0),
	DONT_MEASURE(0x62656572),
	DONT_MEASURE(0x64626720),
	DONT_MEASURE(0x1cd1),
	DONT_MEASURE(0x42494e4d),
	DONT_MEASURE(0x73636673),
	DONT_MEASURE(0xf97cff8c),
	DONT_MEASURE(0x43415d53),
	DONT_MEASURE(0x27e0eb),
	DONT_MEASURE(0x63677270),
	DONT_MEASURE(0x6e736673),
	DONT_MEASURE(0xde5e81e4),
	{ .text = "measure func=MMAP_CHECK mask=MAY_EXEC",
	  .kind = KIND_MEASURE,
	  .func = FUNC_MMAP_CHECK,
	  .conditions = IF_MASK },
	{ .text = "measure func=BPRM_CHECK mask=MAY_EXEC",
	  .kind = KIND_MEASURE,
	  .func = FUNC_BPRM_CHECK,
	  .conditions = IF_MASK },
};

/* proc, sysfs, debugfs, tmpfs, ramfs, devpts, binfmt_misc, securityfs, selinuxfs, smackfs, nsfs, efivarfs, cgroup,
 * cgroup2 */
static const struct integrity_rule appraise_rules[] = {
	DONT_APPRAISE(0x9fa0),
	DONT_APPRAISE(0x62656572),
	DONT_APPRAISE(0x64626720),
	DONT_APPRAISE(0x1021994),
	DONT_APPRAISE(0x858458f6),
	DONT_APPRAISE(0x1cd1),
	DONT_APPRAISE(0x42494e4d),
	DONT_APPRAISE(0x73636673),
	DONT_APPRAISE(0xf97cff8c),
	DONT_APPRAISE(0x43415d53),
	DONT_APPRAISE(0x6e736673),
	DONT_APPRAISE(0xde5e81e4),
	DONT_APPRAISE(0x27e0eb),
	DONT_APPRAISE(0x63677270),
	{ .text = "appraise func=BPRM_CHECK fowner=0",
	  .kind = KIND_APPRAISE,
	  .func = FUNC_BPRM_CHECK,
	  .conditions = IF_FOWNER },
	{ .text = "appraise func=MMAP_CHECK fowner=0",
	  .kind = KIND_APPRAISE,
	  .func = FUNC_MMAP_CHECK,
	  .conditions = IF_FOWNER },
};

void integrity_use_rule_set(struct integrity *integrity, enum integrity_rule_set rule_set)
{
	integrity->rule_set = rule_set;
	if (rule_set == RULE_SET_TCB) {
		integrity->rules = tcb_rules;
		integrity->rule_count = COUNT_OF(tcb_rules);
	} else if (rule_set == RULE_SET_APPRAISE) {
		integrity->rules = appraise_rules;
		integrity->rule_count = COUNT_OF(appraise_rules);
	}
}
