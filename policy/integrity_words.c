/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity_words.h"

#include <string.h>

#include "integrity.h"

const struct schema_word integrity_modes[INTEGRITY_MODES] = { { "off", INTEGRITY_OFF },
							      { "log", INTEGRITY_LOG },
							      { "enforce", INTEGRITY_ENFORCE } };
const struct schema_word integrity_rule_sets[INTEGRITY_RULE_SETS] = {
	{ "tcb", RULE_SET_TCB },
	{ "appraise", RULE_SET_APPRAISE },
};
const struct schema_word integrity_templates[INTEGRITY_TEMPLATES] = {
	{ "ima-ng", TEMPLATE_IMA_NG },
	{ "ima-sig", TEMPLATE_IMA_SIG },
};

static bool find(const struct schema_word *words, size_t count, const char *text, size_t length,
		 uint32_t *ret_number)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i].text) != length || memcmp(words[i].text, text, length) != 0)
			continue;
		*ret_number = words[i].number;
		return true;
	}
	return false;
}

const char *integrity_mode_word(enum integrity_mode mode)
{
	return schema_word_text(integrity_modes, INTEGRITY_MODES, mode);
}

const char *integrity_rule_set_word(enum integrity_rule_set rule_set)
{
	return schema_word_text(integrity_rule_sets, INTEGRITY_RULE_SETS, rule_set);
}

const char *integrity_template_word(enum integrity_template template)
{
	return schema_word_text(integrity_templates, INTEGRITY_TEMPLATES, template);
}

bool integrity_rule_set_find(const char *text, enum integrity_rule_set *ret_rule_set)
{
	return find(integrity_rule_sets, INTEGRITY_RULE_SETS, text, strlen(text), ret_rule_set);
}

bool integrity_template_find(const char *text, size_t length, enum integrity_template *ret_template)
{
	return find(integrity_templates, INTEGRITY_TEMPLATES, text, length, ret_template);
}
