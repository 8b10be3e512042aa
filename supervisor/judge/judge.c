/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include <errno.h>
#include <stdlib.h>

#include "integrity.h"
#include "judge/fence.h"
#include "judge/file_system.h"
#include "judge/verdicts.h"

static unsigned int conditions_of(const struct integrity *integrity)
{
	unsigned int conditions = 0;

	for (size_t i = 0; i < integrity->rule_count; i++)
		conditions |= integrity->rules[i].conditions;
	return conditions;
}

int judge_new(const struct judge_config *config, struct judge **ret_judge)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	judge->config = *config;
	if (!config->label)
		judge->config.label = "";
	judge->conditions = conditions_of(config->integrity);
	judge->asked = fence_asks(config->integrity);
	judge->judges_maps = integrity_judges_maps(config->integrity);
	turn_init(&judge->turn);
	judge->file_systems = file_systems_new();
	judge->verdicts = verdicts_new();
	if (!judge->file_systems || !judge->verdicts) {
		judge_free(judge);
		return -ENOMEM;
	}
	*ret_judge = judge;
	return 0;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	turn_done(&judge->turn);
	file_systems_free(judge->file_systems);
	verdicts_free(judge->verdicts);
	free(judge);
}
