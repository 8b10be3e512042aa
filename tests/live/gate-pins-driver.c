/* SPDX-License-Identifier: Apache-2.0 */
/* gate-pins-driver: say, for each gate that is pinned, in which user namespaces it has to be passed: a number a line. */
#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "daemon/gate_pins.h"
#include "integrity/gate.h"
#include "integrity/gate_namespaces.h"

static void say_namespaces(const char *pin)
{
	char path[sizeof(GATE_PINS_PATH) + 1 + GATE_PINS_NAME_MAX];
	uint32_t number;
	const uint32_t *before = NULL;

	snprintf(path, sizeof(path), GATE_PINS_PATH "/%.*s", GATE_PINS_NAME_MAX, pin);
	_cleanup_fd_ int namespaces = gate_open_namespaces(path);

	for (; gate_namespaces_next(namespaces, before, &number) == 0; before = &number)
		printf("%" PRIu32 "\n", number);
}

int main(void)
{
	DIR *folder = opendir(GATE_PINS_PATH);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			say_namespaces(entry->d_name);
	if (folder)
		closedir(folder);
	return 0;
}
