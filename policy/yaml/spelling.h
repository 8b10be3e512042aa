/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_SPELLING_H
#define NSXATTR_YAML_SPELLING_H

/* "Did you mean": the known word that is nearest to a mistyped one. */

#include <stddef.h>

/** struct spelling - the best candidate so far; begins zeroed but for the word */
struct spelling {
	const char *word; /* as it was typed */
	const char *nearest; /* NULL: none is near enough */
	size_t distance; /* of @nearest: letters to insert, remove, replace or swap */
};

/** spelling_offer() - consider a known word, which lives as long as @spelling */
void spelling_offer(struct spelling *spelling, const char *known);

#endif
