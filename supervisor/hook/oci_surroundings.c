/* SPDX-License-Identifier: Apache-2.0 */
/* The format is that of the OCI runtime specification: config-linux.md, "Namespaces", "User namespace mappings". */
#include "hook/oci_surroundings.h"

#include <string.h>
#include <sys/stat.h>

#include "hook/json_value.h"

/* PROC_USER_INIT_INO of the kernel (linux/proc_ns.h). */
#define FIRST_NAMESPACE 0xEFFFFFFDU

static const struct json_object *linux_of(const struct json_object *config)
{
	return json_value_member(config, "linux", json_type_object);
}

/* Return: the entry for a user namespace; NULL: there is none. */
static const struct json_object *find_userns(const struct json_object *config)
{
	const struct json_object *list =
		json_value_member(linux_of(config), "namespaces", json_type_array);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const struct json_object *entry = json_object_array_get_idx(list, i);
		const char *type = json_value_text(entry, "type");

		if (type && strcmp(type, "user") == 0)
			return entry;
	}
	return NULL;
}

bool oci_is_in_host_namespace(const struct json_object *config, uint64_t host)
{
	const struct json_object *own = find_userns(config);
	const char *path = own ? json_value_text(own, "path") : "/proc/self/ns/user";
	struct stat status;

	if (!path || !*path || stat(path, &status) < 0)
		return false;
	return status.st_ino == (host ? host : FIRST_NAMESPACE);
}

static int64_t number_of(const struct json_object *object, const char *key)
{
	return json_object_get_int64(json_value_member(object, key, json_type_int));
}

bool oci_maps_root_to_root(const struct json_object *config)
{
	const struct json_object *list =
		json_value_member(linux_of(config), "uidMappings", json_type_array);

	for (size_t i = 0; find_userns(config) && list && i < json_object_array_length(list); i++) {
		const struct json_object *entry = json_object_array_get_idx(list, i);

		if (json_object_is_type(entry, json_type_object) &&
		    number_of(entry, "containerID") == 0 && number_of(entry, "size") > 0)
			return number_of(entry, "hostID") == 0;
	}
	return false;
}

bool oci_may_administer(const struct json_object *config)
{
	const struct json_object *process = json_value_member(config, "process", json_type_object);
	const struct json_object *sets =
		json_value_member(process, "capabilities", json_type_object);
	const struct json_object *bounding = json_value_member(sets, "bounding", json_type_array);

	if (!sets)
		return true;
	return bounding && json_value_has_text(bounding, "CAP_SYS_ADMIN");
}
