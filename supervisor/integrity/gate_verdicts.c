/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/gate_verdicts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>

int gate_verdicts_new(void)
{
	return bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "verdicts", sizeof(struct gate_use),
			      sizeof(uint32_t), GATE_VERDICTS_MAX, NULL);
}

static struct gate_use key_of(unsigned int asked, const struct gate_case *about)
{
	struct gate_use use = { .version = about->version.number, .generation = about->generation };

	if (about->bound & GATE_TO_OWNER && asked & GATE_ASKS_OWNER) {
		use.bound |= GATE_TO_OWNER;
		use.idmap = about->version.idmap;
		use.owner = about->version.owner;
	}
	if (about->bound & GATE_TO_SUBJECT && asked & GATE_ASKS_SUBJECT) {
		use.bound |= GATE_TO_SUBJECT;
		use.subject = gate_subject_of(asked, &about->ids);
	}
	return use;
}

int gate_verdicts_allow(int verdicts, unsigned int asked, const struct gate_case *about,
			unsigned int kinds)
{
	const struct gate_use use = key_of(asked, about);

	if (kinds)
		return bpf_map_update_elem(verdicts, &use, &kinds, BPF_ANY);
	int r = bpf_map_delete_elem(verdicts, &use);

	return r == -ENOENT ? 0 : r;
}

unsigned int gate_verdicts_allowed(int verdicts, unsigned int asked, const struct gate_case *about)
{
	const struct gate_use use = key_of(asked, about);
	unsigned int kinds;

	return bpf_map_lookup_elem(verdicts, &use, &kinds) == 0 ? kinds : 0;
}
