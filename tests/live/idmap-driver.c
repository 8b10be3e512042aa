/* SPDX-License-Identifier: Apache-2.0 */
/* idmap-driver MAP FROM TO: an idmapped mount, for shell tests. MAP is ON-THE-FILE-SYSTEM:SHOWN:COUNT. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/idmapped.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(EXIT_FAILURE, "usage: idmap-driver MAP FROM TO");
	for (char *at = argv[1]; *at; at++)
		if (*at == ':')
			*at = ' ';
	int r = idmapped_mount(argv[2], argv[3], argv[1]);

	if (r < 0)
		errx(EXIT_FAILURE, "%s: %s", argv[3], strerror(-r));
	return EXIT_SUCCESS;
}
