/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A rule is an action and words of the form KEY=VALUE, with blanks between them. A table has a row for each
 * key, a second one the words that the kernel understands and nsxattr does not: each of those is a fault
 * that says what it is, for a rule that is not enforced must not look as if it were. What the kernel refuses
 * is refused here, after ima_parse_rule() and ima_validate_rule() of security/integrity/ima/ima_policy.c.
 * Beyond that the action has to come first, as the kernel's documentation has it.
 */
#include "integrity_rule.h"

#include <string.h>

#include "count_of.h"
#include "decimal.h"
#include "digest_algorithm.h"
#include "yaml/complaint.h"
#include "yaml/diagnostic.h"
#include "yaml/spelling.h"

/* The last id is none. */
#define ID_MAX (UINT32_MAX - 1)
/* Digits of an unsigned long. */
#define FS_MAGIC_DIGITS_MAX 16
#define FS_UUID_TEXT_LENGTH 36

#define BLANKS " \t"

/* What a rule says at most once; uid= and euid= are one of these, as they are to the kernel. */
enum subject_of_word {
	ABOUT_FUNC,
	ABOUT_MASK,
	ABOUT_UID,
	ABOUT_GID,
	ABOUT_FOWNER,
	ABOUT_FGROUP,
	ABOUT_FSMAGIC,
	ABOUT_FSNAME,
	ABOUT_FSUUID,
	ABOUT_DIGEST,
	ABOUT_TYPE,
	ABOUT_ALGORITHMS,
	ABOUT_TEMPLATE,
	ABOUT_COUNT,
};

/** struct word - a part of the rule's text */
struct word {
	const char *text;
	size_t length;
};

/** struct reader - a rule that is being read */
struct reader {
	const char *text;
	struct integrity_rule *rule;
	struct rule_fault *fault;
	struct word seen[ABOUT_COUNT]; /* the word that was about it */
};

/** struct key_row - a key; take() stores a value and says whether it is one */
struct key_row {
	const char *key;
	enum subject_of_word about;
	const char *allowed; /* for messages */
	bool (*take)(struct integrity_rule *rule, const struct word *value);
	size_t id; /* instead of take(): where struct integrity_id is, and '<' and '>' can stand for '=' */
	enum integrity_condition condition;
};

static bool is_text(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool begins_with(const struct word *word, const char *text)
{
	return word->length >= strlen(text) && memcmp(word->text, text, strlen(text)) == 0;
}

/** refuse() - the rule cannot have @word. @why: begins with a blank or a colon. Return: false. */
static bool refuse(struct reader *reader, const struct word *word, const char *why,
		   const char *allowed)
{
	struct rule_fault *fault = reader->fault;
	struct quoted_text quoted;

	fault->offset = (size_t)(word->text - reader->text);
	diagnostic_print(fault->text, sizeof(fault->text), "a rule cannot have %s%s; allowed: %s",
			 quote_text(word->text, word->length, &quoted), why, allowed);
	return false;
}

/* ---- what the kernel understands ---- */

#define ACTIONS "measure, dont_measure, appraise, dont_appraise, audit, dont_audit"
#define FUNCS "func=BPRM_CHECK, func=MMAP_CHECK"
#define CONDITIONS                                                                                  \
	"conditions on ids and on the file system: uid, euid, gid, egid, fowner, fgroup, fsmagic, " \
	"fsname, fsuuid"
#define KEYS                                                                                       \
	"func, mask, uid, euid, gid, egid, fowner, fgroup, fsmagic, fsname, fsuuid, digest_type, " \
	"appraise_type, appraise_algos, template"
#define LABELS ": nsxattr does not know the labels of security modules"
#define KERNELS ": it is about the host's kernel, not about files that a container executes"
#define READS ": nsxattr does not see which files are read or written"
#define NOTHING "the rule without it"

/** struct foreign_word - a word of the kernel's that is none of ours; "KEY=" is it with any value */
struct foreign_word {
	const char *word;
	const char *why;
	const char *allowed;
};

static const struct foreign_word foreign_words[] = {
	{ "hash", ": nsxattr writes no digests on files, evmctl ima_hash does", ACTIONS },
	{ "dont_hash", ": nsxattr writes no digests on files, evmctl ima_hash does", ACTIONS },
	{ "func=FILE_CHECK", READS, FUNCS },
	{ "func=PATH_CHECK", READS, FUNCS },
	{ "func=POST_SETATTR", READS, FUNCS },
	{ "func=FILE_MMAP", ", the old name of MMAP_CHECK", "func=MMAP_CHECK" },
	{ "func=MMAP_CHECK_REQPROT", ": nsxattr knows one kind of mapping", "func=MMAP_CHECK" },
	{ "func=CREDS_CHECK", ": nsxattr asks once an exec, with the ids before it",
	  "func=BPRM_CHECK" },
	{ "func=MODULE_CHECK", KERNELS, FUNCS },
	{ "func=FIRMWARE_CHECK", KERNELS, FUNCS },
	{ "func=POLICY_CHECK", KERNELS, FUNCS },
	{ "func=KEXEC_KERNEL_CHECK", KERNELS, FUNCS },
	{ "func=KEXEC_INITRAMFS_CHECK", KERNELS, FUNCS },
	{ "func=KEXEC_CMDLINE", KERNELS, FUNCS },
	{ "func=KEY_CHECK", KERNELS, FUNCS },
	{ "func=CRITICAL_DATA", KERNELS, FUNCS },
	{ "func=SETXATTR_CHECK",
	  ": nsxattr looks at the digest when a file is executed, not when it is set",
	  "appraise_algos in a rule with " FUNCS },
	{ "obj_user=", LABELS, CONDITIONS },
	{ "obj_role=", LABELS, CONDITIONS },
	{ "obj_type=", LABELS, CONDITIONS },
	{ "subj_user=", LABELS, CONDITIONS },
	{ "subj_role=", LABELS, CONDITIONS },
	{ "subj_type=", LABELS, CONDITIONS },
	{ "fs_subtype=", ": nsxattr does not know the subtype of a file system", "fsname" },
	{ "appraise_flag=",
	  ": it is for signatures behind the content (modsig), which nsxattr "
	  "does not read",
	  NOTHING },
	{ "appraise_type=imasig|modsig",
	  ": nsxattr does not read signatures behind the content (modsig)",
	  "appraise_type=imasig" },
	{ "permit_directio", ": it is about reads by O_DIRECT, which no exec and no mapping is",
	  NOTHING },
	{ "pcr=", ": a container has one list, and one PCR, 10", NOTHING },
	{ "keyrings=", ": it goes with func=KEY_CHECK, which is about the host's kernel", NOTHING },
	{ "label=", ": it goes with func=CRITICAL_DATA, which is about the host's kernel",
	  NOTHING },
};

static const struct foreign_word *find_foreign(const struct word *word)
{
	for (size_t i = 0; i < COUNT_OF(foreign_words); i++) {
		const char *foreign = foreign_words[i].word;
		bool has_any_value = foreign[strlen(foreign) - 1] == '=';

		if (has_any_value ? begins_with(word, foreign) : is_text(word, foreign))
			return &foreign_words[i];
	}
	return NULL;
}

/* ---- values: each stores one, and says whether it is one ---- */

static bool take_func(struct integrity_rule *rule, const struct word *value)
{
	rule->func = is_text(value, "MMAP_CHECK") ? FUNC_MMAP_CHECK : FUNC_BPRM_CHECK;
	return is_text(value, "MMAP_CHECK") || is_text(value, "BPRM_CHECK");
}

/* With '^' one of several bits is enough; here there is one. */
static bool take_mask(struct integrity_rule *rule, const struct word *value)
{
	(void)rule;
	return is_text(value, "MAY_EXEC") || is_text(value, "^MAY_EXEC");
}

/* Return: the value of a hexadecimal digit; -1: it is none. */
static int digit_of(char letter)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = letter ? strchr(digits, letter) : NULL;

	return found ? (int)((found - digits) % 16) : -1;
}

static bool take_fs_magic(struct integrity_rule *rule, const struct word *value)
{
	struct word digits = *value;

	if (begins_with(value, "0x") || begins_with(value, "0X"))
		digits = (struct word){ value->text + 2, value->length - 2 };
	rule->fs_magic = 0;
	for (size_t i = 0; i < digits.length; i++) {
		if (digit_of(digits.text[i]) < 0)
			return false;
		rule->fs_magic = rule->fs_magic << 4 | (uint64_t)digit_of(digits.text[i]);
	}
	return digits.length > 0 && digits.length <= FS_MAGIC_DIGITS_MAX;
}

static bool take_fs_name(struct integrity_rule *rule, const struct word *value)
{
	rule->fs_name = value->text;
	rule->fs_name_length = value->length;
	return value->length > 0;
}

static bool take_fs_uuid(struct integrity_rule *rule, const struct word *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t digits = 0;

	if (value->length != FS_UUID_TEXT_LENGTH)
		return false;
	for (size_t i = 0; i < value->length; i++) {
		int digit = digit_of(value->text[i]);

		if (form[i] == '-' ? value->text[i] != '-' : digit < 0)
			return false;
		if (form[i] == '-')
			continue;
		uint8_t *byte = &rule->fs_uuid[digits++ / 2];

		*byte = (uint8_t)(*byte << 4 | digit);
	}
	return true;
}

static bool take_digest(struct integrity_rule *rule, const struct word *value)
{
	rule->needs_verity = true;
	return is_text(value, "verity") && !rule->needs_signature;
}

/* The one kind of signature goes with the one kind of digest, which comes first. */
static bool take_type(struct integrity_rule *rule, const struct word *value)
{
	rule->needs_signature = true;
	return is_text(value, rule->needs_verity ? "sigv3" : "imasig");
}

static bool take_algorithms(struct integrity_rule *rule, const struct word *value)
{
	struct word rest = *value;

	for (;;) {
		const char *comma = memchr(rest.text, ',', rest.length);
		size_t length = comma ? (size_t)(comma - rest.text) : rest.length;
		enum digest_algorithm algorithm;

		if (!digest_algorithm_find(rest.text, length, &algorithm))
			return false;
		rule->algorithms |= DIGEST_BIT(algorithm);
		if (!comma)
			return true;
		rest = (struct word){ comma + 1, rest.length - length - 1 };
	}
}

static bool take_template(struct integrity_rule *rule, const struct word *value)
{
	return integrity_template_find(value->text, value->length, &rule->template);
}

static bool take_id(struct integrity_rule *rule, const struct key_row *row, int comparison,
		    const struct word *value)
{
	struct integrity_id *id = (void *)((char *)rule + row->id);

	id->comparison = comparison == '<' ? ID_IS_LESS :
			 comparison == '>' ? ID_IS_GREATER :
					     ID_EQUALS;
	return decimal_parse(value->text, value->length, &id->id) && id->id <= ID_MAX;
}

/* ---- keys ---- */

#define ID_ROW(word, subject, bit, member)                                                    \
	{                                                                                     \
		.key = (word), .about = (subject), .condition = (bit),                        \
		.id = offsetof(struct integrity_rule, member),                                \
		.allowed = word "=, " word "< or " word "> and a number from 0 to 4294967294" \
	}

static const struct key_row keys[] = {
	{ "func", ABOUT_FUNC, FUNCS, .take = take_func },
	{ "mask", ABOUT_MASK, "mask=MAY_EXEC, mask=^MAY_EXEC, as an exec and a mapping ask for it",
	  .take = take_mask, .condition = IF_MASK },
	ID_ROW("uid", ABOUT_UID, IF_UID, uid),
	ID_ROW("euid", ABOUT_UID, IF_EUID, uid),
	ID_ROW("gid", ABOUT_GID, IF_GID, gid),
	ID_ROW("egid", ABOUT_GID, IF_EGID, gid),
	ID_ROW("fowner", ABOUT_FOWNER, IF_FOWNER, fowner),
	ID_ROW("fgroup", ABOUT_FGROUP, IF_FGROUP, fgroup),
	{ "fsmagic", ABOUT_FSMAGIC, "fsmagic= and hexadecimal digits", .take = take_fs_magic,
	  .condition = IF_FSMAGIC },
	{ "fsname", ABOUT_FSNAME, "fsname= and a type of file systems, as in /proc/filesystems",
	  .take = take_fs_name, .condition = IF_FSNAME },
	{ "fsuuid", ABOUT_FSUUID, "fsuuid= and a UUID, as blkid(8) shows it", .take = take_fs_uuid,
	  .condition = IF_FSUUID },
	{ "digest_type", ABOUT_DIGEST, "digest_type=verity, and behind it appraise_type=sigv3",
	  .take = take_digest },
	{ "appraise_type", ABOUT_TYPE,
	  "appraise_type=imasig, or digest_type=verity and behind it appraise_type=sigv3",
	  .take = take_type },
	{ "appraise_algos", ABOUT_ALGORITHMS,
	  "appraise_algos= and, with commas between them, sha1, sha224, sha256, sha384, sha512",
	  .take = take_algorithms },
	{ "template", ABOUT_TEMPLATE, "template=ima-ng, template=ima-sig", .take = take_template },
};

static const struct key_row *find_key(const struct word *word)
{
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (is_text(word, keys[i].key))
			return &keys[i];
	return NULL;
}

/* ---- words ---- */

/** struct action_row - the first word of a rule */
struct action_row {
	const char *word;
	enum integrity_kind kind;
	bool is_dont;
};

static const struct action_row actions[] = {
	{ "measure", KIND_MEASURE, false },   { "dont_measure", KIND_MEASURE, true },
	{ "appraise", KIND_APPRAISE, false }, { "dont_appraise", KIND_APPRAISE, true },
	{ "audit", KIND_AUDIT, false },	      { "dont_audit", KIND_AUDIT, true },
};

/* Room for a word that is none, to find the one that was perhaps meant. */
struct misspelt {
	char name[32];
};

static const char *name_of(const struct word *word, struct misspelt *misspelt)
{
	size_t length = word->length < sizeof(misspelt->name) ? word->length : 0;

	memcpy(misspelt->name, word->text, length);
	misspelt->name[length] = '\0';
	return misspelt->name;
}

/* A word that a rule here cannot have: one of the kernel's language, or of none. */
static bool refuse_unknown(struct reader *reader, const struct word *word,
			   const struct spelling *spelling, const char *allowed)
{
	const struct foreign_word *foreign = find_foreign(word);
	struct meant_text meant;

	if (foreign)
		return refuse(reader, word, foreign->why, foreign->allowed);
	return refuse(reader, word, suggest(spelling, &meant), allowed);
}

static bool refuse_action(struct reader *reader, const struct word *word)
{
	struct misspelt misspelt;
	struct spelling spelling = { .word = name_of(word, &misspelt) };

	for (size_t i = 0; i < COUNT_OF(actions); i++)
		spelling_offer(&spelling, actions[i].word);
	return refuse_unknown(reader, word, &spelling, ACTIONS ", as the first word");
}

static bool refuse_key(struct reader *reader, const struct word *word, const struct word *key)
{
	struct misspelt misspelt;
	struct spelling spelling = { .word = name_of(key, &misspelt) };

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		spelling_offer(&spelling, keys[i].key);
	return refuse_unknown(reader, word, &spelling, KEYS);
}

static bool read_action(struct reader *reader, const struct word *word)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++) {
		if (!is_text(word, actions[i].word))
			continue;
		reader->rule->kind = actions[i].kind;
		reader->rule->is_dont = actions[i].is_dont;
		return true;
	}
	return refuse_action(reader, word);
}

static bool refuse_second(struct reader *reader, const struct word *word, const struct word *first)
{
	struct quoted_text quoted;
	char why[QUOTED_MAX + 32];

	quote_text(first->text, first->length, &quoted);
	return refuse(reader, word, diagnostic_print(why, sizeof(why), " beside %s", quoted.text),
		      "one of them");
}

/* What only one action has. Return: whether this is it. */
static bool check_action(struct reader *reader, const struct key_row *row, const struct word *word)
{
	const struct integrity_rule *rule = reader->rule;
	bool is_of_appraise = row->about == ABOUT_DIGEST || row->about == ABOUT_TYPE ||
			      row->about == ABOUT_ALGORITHMS;

	if (is_of_appraise && (rule->kind != KIND_APPRAISE || rule->is_dont))
		return refuse(reader, word, ": it goes with the action appraise", NOTHING);
	if (row->about == ABOUT_TEMPLATE && (rule->kind != KIND_MEASURE || rule->is_dont))
		return refuse(reader, word, ": it goes with the action measure", NOTHING);
	return true;
}

static bool read_word(struct reader *reader, const struct word *word)
{
	struct word key = { word->text, 0 };

	while (key.length < word->length && !strchr("=<>", word->text[key.length]))
		key.length++;
	const struct key_row *row = find_key(&key);
	bool has_value = key.length < word->length;
	int comparison = has_value ? word->text[key.length] : '\0';
	const struct word value = { word->text + key.length + has_value,
				    word->length - key.length - has_value };

	if (!row || find_foreign(word))
		return refuse_key(reader, word, &key);
	if (reader->seen[row->about].text)
		return refuse_second(reader, word, &reader->seen[row->about]);
	if (!check_action(reader, row, word))
		return false;
	bool is_right = row->take ? comparison == '=' && row->take(reader->rule, &value) :
				    has_value && take_id(reader->rule, row, comparison, &value);

	if (!is_right)
		return refuse(reader, word, "", row->allowed);
	reader->seen[row->about] = *word;
	reader->rule->conditions |= row->condition;
	return true;
}

/* Return: the next word behind @at; of length 0: there is none. */
static struct word next_word(const char *at)
{
	at += strspn(at, BLANKS);
	return (struct word){ at, strcspn(at, BLANKS) };
}

static bool read_words(struct reader *reader)
{
	const struct word action = next_word(reader->text);

	if (!read_action(reader, &action))
		return false;
	for (struct word word = next_word(action.text + action.length); word.length > 0;
	     word = next_word(word.text + word.length))
		if (!read_word(reader, &word))
			return false;
	if (!reader->seen[ABOUT_FUNC].text)
		return refuse(reader, &action,
			      " without func=: the kernel asks such a rule about reads, too",
			      FUNCS "; for both, two rules");
	if (reader->rule->needs_verity && !reader->rule->needs_signature)
		return refuse(reader, &reader->seen[ABOUT_DIGEST], " without a signature",
			      "with appraise_type=sigv3 behind it");
	return true;
}

bool integrity_rule_parse(const char *text, struct integrity_rule *ret_rule,
			  struct rule_fault *fault)
{
	struct integrity_rule rule = { .text = text };
	struct reader reader = { .text = text, .rule = &rule, .fault = fault };

	if (!read_words(&reader))
		return false;
	*ret_rule = rule;
	return true;
}
