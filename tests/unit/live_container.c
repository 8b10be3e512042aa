/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/live_container.h"

#include <criterion/criterion.h>

#include "idmap.h"

Test(live_container, is_named_by_a_cgroup)
{
	static const char podman[] =
		"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-0123abcd.scope/container\n";
	static const char lxc[] = "0::/lxc.payload.dc/init.scope\n";

	cr_expect(live_container_names(podman, "0123abcd"));
	cr_expect(live_container_names(lxc, "dc"));
	cr_expect(live_container_names("0::/crun/shop\n", "shop"));
}

Test(live_container, is_not_named_by_a_part_of_a_word)
{
	cr_expect_not(live_container_names("0::/libpod-0123abcd.scope\n", "0123abc"));
	cr_expect_not(live_container_names("0::/libpod-0123abcd.scope\n", "123abcd"));
	cr_expect_not(live_container_names("0::/workshop\n", "shop"));
	cr_expect_not(live_container_names("0::/shop-x/workshops\n", "shops"));
	cr_expect_not(live_container_names("0::/\n", ""));
	cr_expect_not(live_container_names("", "a"));
}

Test(live_container, has_its_map_in_the_form_of_the_status)
{
	static const struct id_map map = { 2, { { 0, 100000, 65536 }, { 65536, 1000, 1 } } };
	char text[64];

	(void)id_map_print(&map, text, sizeof(text));
	cr_expect_str_eq(text, "0 100000 65536; 65536 1000 1");
	(void)id_map_print(&(const struct id_map){ 0 }, text, sizeof(text));
	cr_expect_str_eq(text, "");
	(void)id_map_print(&map, text, 20);
	cr_expect_str_eq(text, "0 100000 65536; 655");
}
