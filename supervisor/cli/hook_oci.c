/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hook_oci.h"

#include "base/log.h"
#include "cli/options.h"

int cli_hook_oci(int argc, char **argv)
{
	(void)argc;
	log_error("the hook %s is not there yet", argv[0]);
	return STATUS_NOT_STARTED;
}
