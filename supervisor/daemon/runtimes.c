/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/runtimes.h"

#include <string.h>

const struct runtime_word runtime_words[RUNTIME_WORDS] = {
	{ RUNTIME_LXC, "lxc" },	  { RUNTIME_PODMAN, "podman" }, { RUNTIME_CRUN, "crun" },
	{ RUNTIME_RUNC, "runc" }, { RUNTIME_RUN, "run" },
};

const char *runtime_name(unsigned int runtimes)
{
	for (size_t i = 0; i < RUNTIME_WORDS; i++)
		if (runtimes & runtime_words[i].bit)
			return runtime_words[i].name;
	return "oci";
}

unsigned int runtime_bit(const char *name)
{
	for (size_t i = 0; name && i < RUNTIME_WORDS; i++)
		if (strcmp(name, runtime_words[i].name) == 0)
			return runtime_words[i].bit;
	return 0;
}
