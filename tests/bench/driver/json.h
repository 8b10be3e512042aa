/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_JSON_H
#define NSXATTR_BENCH_JSON_H

#include <stdio.h>

#include "spread.h"

/** json_string() - write a string; control characters in it become blanks */
void json_string(FILE *file, const char *string);

/** json_member() - write a member that is a string, and @end behind it */
void json_member(FILE *file, const char *name, const char *value, const char *end);

/** json_spread() - write median, p10 and p90; null when there are no samples */
void json_spread(FILE *file, const struct spread *spread);

#endif
