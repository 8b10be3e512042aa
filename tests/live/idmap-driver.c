/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For shell tests.
 *
 *	idmap-driver MAP FROM TO	an idmapped mount; MAP is ON-THE-FILE-SYSTEM:SHOWN:COUNT
 *	idmap-driver			does the kernel tell the maps of mounts?
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/idmapped.h"
#include "exec/mount.h"

int main(int argc, char **argv)
{
	if (argc == 1)
		return mount_maps_are_told() ? EXIT_SUCCESS : EXIT_FAILURE;
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
