/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

const struct config *settings_find(struct config_file *file)
{
	struct diagnostics diagnostics = { 0 };

	if (config_read(NULL, file, &diagnostics) == CONFIG_LOADED)
		return &file->config;
	return config_defaults();
}

int settings_read(const char *path, struct config_file *ret_file, struct diagnostics *diagnostics)
{
	int r = config_read(path, ret_file, diagnostics);

	if (r < 0)
		log_error("cannot read %s: %s", path ? path : CONFIG_PATH,
			  r == -EINVAL ? "it is no regular file" : strerror(-r));
	return r;
}
