/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cli/output.h"
#include "integrity/revoked_keys.h"

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

static int read_revoked(const struct config *config, struct revocation **ret_revocation)
{
	struct revoked_keys *keys = NULL;
	struct key_complaint complaint;
	int r = revoked_keys_read(NULL, config->revoked_keys, config->revoked_key_count, &keys,
				  &complaint);

	if (r < 0) {
		log_error("cannot read the revoked-keys of %s: %s", CONFIG_PATH, complaint.text);
		return r;
	}
	*ret_revocation = revocation_new(keys);
	if (*ret_revocation)
		return 0;
	log_error("out of memory");
	return -ENOMEM;
}

int settings_revocation(struct revocation **ret_revocation)
{
	struct diagnostics diagnostics = { 0 };
	struct config_file file = { 0 };
	int r = settings_read(NULL, &file, &diagnostics);

	if (r == CONFIG_MISTAKEN)
		output_log_mistakes(CONFIG_PATH, &diagnostics);
	if (r == CONFIG_LOADED)
		r = read_revoked(&file.config, ret_revocation);
	config_done(&file);
	return r == CONFIG_MISTAKEN ? -EINVAL : r;
}
