/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/container_search.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "daemon/registry.h"
#include "yaml/diagnostic.h"

#define SENTENCE_SIZE 512

/* How well what was asked for fits a container; more is better. */
enum fit {
	FITS_NOT,
	FITS_BEGINNING,
	FITS_NAME,
	FITS_ID,
};

static enum fit fit_of(const struct container *container, const char *wanted)
{
	if (strcmp(container->key.id, wanted) == 0)
		return FITS_ID;
	if (strcmp(container_name(container), wanted) == 0)
		return FITS_NAME;
	return strncmp(container->key.id, wanted, strlen(wanted)) == 0 ? FITS_BEGINNING : FITS_NOT;
}

/* Return: how many fit as well as @ret_container does. */
static size_t find(const struct registry *registry, uid_t user, const char *wanted,
		   const struct container **ret_container)
{
	const struct container *container = NULL;
	enum fit best = FITS_NOT;
	size_t count = 0;

	while ((container = registry_next(registry, container)) != NULL) {
		enum fit fit = user == 0 || user == container->key.owner ?
				       fit_of(container, wanted) :
				       FITS_NOT;

		if (fit == FITS_NOT || fit < best)
			continue;
		count = fit > best ? 1 : count + 1;
		best = fit;
		*ret_container = container;
	}
	return count;
}

struct json_object *container_search(const struct registry *registry, uid_t user,
				     const char *wanted, const struct container **ret_container)
{
	const struct container *container = NULL;
	size_t count = *wanted ? find(registry, user, wanted, &container) : 0;
	char sentence[SENTENCE_SIZE];
	struct quoted_text quoted;

	*ret_container = count == 1 ? container : NULL;
	if (count == 1)
		return NULL;
	quote_text(wanted, strlen(wanted), &quoted);
	if (count == 0)
		return json_error_new(diagnostic_print(
			sentence, sizeof(sentence),
			"there is no container %s; 'nsxattr status' lists them", quoted.text));
	return json_error_new(diagnostic_print(
		sentence, sizeof(sentence), "there are %zu containers %s; say the whole id of one",
		count, quoted.text));
}
