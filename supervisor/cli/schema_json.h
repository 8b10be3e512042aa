/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_SCHEMA_JSON_H
#define NSXATTR_CLI_SCHEMA_JSON_H

/* A format of files as a JSON Schema (draft 7), which editors understand. */

struct json_object;
struct schema;

/** schema_json_new() - Return: that of a whole file, to be released with json_object_put(). */
struct json_object *schema_json_new(const struct schema *file);

#endif
