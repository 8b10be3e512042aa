/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/oci_surroundings.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <sys/stat.h>

static uint64_t own_namespace(void)
{
	struct stat status;

	cr_assert_eq(stat("/proc/self/ns/user", &status), 0);
	return status.st_ino;
}

static bool is_hosts(const char *text, uint64_t host)
{
	struct json_object *config = json_tokener_parse(text);
	bool is_so = oci_is_in_host_namespace(config, host);

	json_object_put(config);
	return is_so;
}

#define NAMESPACES(list) "{\"linux\":{\"namespaces\":[" list "]}}"

Test(oci_surroundings, are_the_callers_namespace_without_one_of_its_own)
{
	static const char *const configs[] = { "{}", "{\"linux\":{}}", NAMESPACES(""),
					       NAMESPACES("{\"type\":\"pid\"},7,{}") };

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		cr_expect(is_hosts(configs[i], own_namespace()), "%s", configs[i]);
		cr_expect_not(is_hosts(configs[i], own_namespace() + 1), "%s", configs[i]);
	}
}

Test(oci_surroundings, are_a_new_namespace)
{
	cr_expect_not(
		is_hosts(NAMESPACES("{\"type\":\"pid\"},{\"type\":\"user\"}"), own_namespace()));
	cr_expect_not(is_hosts(NAMESPACES("{\"type\":\"user\",\"path\":\"\"}"), own_namespace()));
}

Test(oci_surroundings, are_one_that_is_there)
{
	static const char own[] = NAMESPACES("{\"type\":\"user\",\"path\":\"/proc/self/ns/user\"}");

	cr_expect(is_hosts(own, own_namespace()));
	cr_expect_not(is_hosts(own, own_namespace() + 1));
	cr_expect_not(is_hosts(NAMESPACES("{\"type\":\"user\",\"path\":\"/nonexistent\"}"),
			       own_namespace()));
}

static bool maps_root(const char *text)
{
	struct json_object *config = json_tokener_parse(text);
	bool is_so = oci_maps_root_to_root(config);

	json_object_put(config);
	return is_so;
}

#define MAPPED(list) "{\"linux\":{\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[" list "]}}"

Test(oci_surroundings, map_root_to_root)
{
	cr_expect(maps_root(MAPPED("{\"containerID\":0,\"hostID\":0,\"size\":10}")));
	cr_expect(maps_root(MAPPED("7,{\"containerID\":1,\"hostID\":5,\"size\":1},"
				   "{\"containerID\":0,\"hostID\":0,\"size\":1}")));
	cr_expect_not(maps_root(MAPPED("{\"containerID\":0,\"hostID\":100000,\"size\":10}")));
	cr_expect_not(maps_root(MAPPED("{\"containerID\":1,\"hostID\":0,\"size\":10}")));
	cr_expect_not(maps_root(MAPPED("")));
	cr_expect_not(maps_root(
		"{\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}}"));
}

static bool may_administer(const char *text)
{
	struct json_object *config = json_tokener_parse(text);
	bool is_so = oci_may_administer(config);

	json_object_put(config);
	return is_so;
}

#define CAPABLE(sets) "{\"process\":{\"capabilities\":{" sets "}}}"

Test(oci_surroundings, let_administer_who_can_have_the_capability)
{
	cr_expect(may_administer("{}"));
	cr_expect(may_administer("{\"process\":{}}"));
	cr_expect(may_administer(CAPABLE("\"bounding\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]")));
	cr_expect_not(may_administer(CAPABLE("\"bounding\":[\"CAP_CHOWN\"]")));
	cr_expect_not(may_administer(CAPABLE("\"bounding\":[]")));
	cr_expect_not(may_administer(CAPABLE("\"effective\":[\"CAP_SYS_ADMIN\"]")));
}
