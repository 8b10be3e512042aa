/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registry.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policies_load.h"
#include "idmap.h"

#define SECOND 1000000000ULL

static const struct config_limits limits = {
	.containers = 100,
	.containers_per_user = 3,
	.listeners_per_container = 4,
	.listeners_per_user = 6,
};

static struct registry *registry;
static struct policies *policies;
static struct policies_choice choice;
static const struct registry_time start = { .real = 1000, .monotonic = 50 * SECOND };

static void set_up(void)
{
	static struct policies_report report;
	const struct policies_source source = {
		.folder = -1,
		.share = -1,
		.path = "",
		.root = { -1, -1 },
		.etc = -1,
		.default_policy = "default",
	};

	cr_assert_eq(registry_new(&limits, &registry), 0);
	cr_assert_eq(policies_load(&source, &policies, &report), POLICIES_LOADED);
	cr_assert_eq(policies_choose(policies, &(struct policies_request){ .user = 0 }, &choice),
		     POLICIES_CHOSEN);
}

static void tear_down(void)
{
	registry_free(registry);
	shared_policy_unref(choice.shared);
	policies_free(policies);
}

TestSuite(registry, .init = set_up, .fini = tear_down);

static struct container_key key_of(const char *id, uid_t owner)
{
	return (struct container_key){ .runtime = RUNTIME_CRUN, .owner = owner, .id = id };
}

static int try(const char *id, uid_t owner, struct container **ret_container)
{
	struct container_key key = key_of(id, owner);

	return registry_attach(registry, &key, choice.shared, &start, ret_container);
}

static struct container *attach(const char *id, uid_t owner)
{
	struct container *container = NULL;

	cr_assert_eq(try(id, owner, &container), REGISTRY_ATTACHED, "%s", id);
	return container;
}

Test(registry, calls_a_container_by_its_id_until_it_has_another_name)
{
	struct container *container = attach("web", 1000);

	cr_expect_str_eq(container_name(container), "web");
	container_set_name(container, "samba-dc");
	cr_expect_str_eq(container_name(container), "samba-dc");
	container_set_name(container, "web");
	cr_expect_str_eq(container_name(container), "web");
}

static void expect_refused(const char *id, uid_t owner, int expected)
{
	struct container *container = NULL;

	cr_expect_eq(try(id, owner, &container), expected, "%s", id);
	cr_expect_null(container);
}

Test(registry, keeps_a_container_until_its_last_listener_is_gone)
{
	struct container_key key = key_of("web", 0);
	struct container *container = attach("web", 0);

	cr_expect_eq(attach("web", 0), container);
	cr_expect_eq(container->listeners, 2);
	cr_expect_eq(registry_pools(registry)->containers.taken, 1);
	registry_detach(registry, container);
	cr_expect_eq(registry_find(registry, &key), container);
	registry_detach(registry, container);
	cr_expect_null(registry_find(registry, &key));
	cr_expect_eq(registry_pools(registry)->containers.taken, 0);
}

Test(registry, tells_containers_apart_by_id_owner_and_runtime)
{
	struct container_key lxc = { .runtime = RUNTIME_LXC, .owner = 0, .id = "web" };
	struct container *container = attach("web", 0);

	cr_expect_neq(attach("web", 1000), container);
	cr_expect_neq(attach("web2", 0), container);
	cr_expect_null(registry_find(registry, &lxc));
	cr_expect_eq(registry_pools(registry)->containers.taken, 3);
}

Test(registry, has_its_own_copy_of_the_id)
{
	char id[] = "web";
	struct container *container = attach(id, 0);

	id[0] = 'x';
	cr_expect_str_eq(container->key.id, "web");
}

Test(registry, keeps_the_policy_of_a_container_after_its_set)
{
	struct container *container = attach("web", 0);

	shared_policy_unref(choice.shared);
	choice.shared = NULL;
	policies_free(policies);
	policies = NULL;
	cr_expect_str_eq(container->policy->policy->name, "default");
}

Test(registry, remembers_when_a_container_came)
{
	cr_expect_eq(attach("web", 0)->since, 1000);
}

Test(registry, refuses_ids_that_none_has)
{
	char id[CONTAINER_ID_MAX + 2];

	memset(id, 'a', sizeof(id));
	id[CONTAINER_ID_MAX + 1] = '\0';
	expect_refused(id, 0, -EINVAL);
	expect_refused("", 0, -EINVAL);
	id[CONTAINER_ID_MAX] = '\0';
	cr_expect_str_eq(attach(id, 0)->key.id, id);
}

/* ---- limits ---- */

Test(registry, lets_a_user_have_so_many_containers)
{
	struct container *first = attach("1", 1000);

	attach("2", 1000);
	attach("3", 1000);
	expect_refused("4", 1000, REGISTRY_USER_FULL);
	attach("1", 1000);
	attach("4", 1001);
	registry_detach(registry, first);
	expect_refused("4", 1000, REGISTRY_USER_FULL);
	registry_detach(registry, first);
	attach("4", 1000);
}

Test(registry, lets_root_have_as_many_as_there_is_room_for)
{
	char id[16];

	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "%d", i);
		attach(id, 0);
	}
	expect_refused("100", 0, REGISTRY_FULL);
	expect_refused("100", 1000, REGISTRY_FULL);
	attach("99", 0);
}

/* Who has a range of ids is as many users. */
Test(registry, leaves_a_quarter_of_the_containers_to_root)
{
	for (uid_t owner = 1; owner <= 75; owner++)
		attach("mine", owner);
	expect_refused("mine", 76, REGISTRY_USERS_FULL);
	for (uid_t owner = 1; owner <= 25; owner++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", owner);
		attach(id, 0);
	}
	expect_refused("26", 0, REGISTRY_FULL);
}

/* The last ones are for users who have none. */
Test(registry, leaves_something_to_users_who_have_less)
{
	for (uid_t owner = 1; owner <= 24; owner++) {
		attach("1", owner);
		attach("2", owner);
		attach("3", owner);
	}
	attach("1", 25);
	attach("2", 25);
	expect_refused("3", 25, REGISTRY_USER_HAS_MUCH);
	attach("1", 26);
}

Test(registry, lets_a_user_have_so_many_listeners)
{
	struct container *first = attach("1", 1000);

	for (int i = 1; i < 4; i++)
		attach("1", 1000);
	attach("2", 1000);
	attach("2", 1000);
	expect_refused("2", 1000, REGISTRY_USER_LISTENERS_FULL);
	attach("2", 1001);
	registry_detach(registry, first);
	attach("2", 1000);
}

Test(registry, refuses_nothing_that_was_let_in_once)
{
	struct container_key key = key_of("4", 1000);
	struct container *container = NULL;

	attach("1", 1000);
	attach("2", 1000);
	attach("3", 1000);
	cr_expect_eq(registry_restore(registry, &key, choice.shared, &start, &container),
		     REGISTRY_ATTACHED);
	registry_detach(registry, container);
	expect_refused("4", 1000, REGISTRY_USER_FULL);
}

Test(registry, lets_a_container_have_so_many_listeners)
{
	for (int i = 0; i < 4; i++)
		attach("web", 0);
	expect_refused("web", 0, REGISTRY_CONTAINER_FULL);
	cr_expect_eq(attach("other", 0)->listeners, 1);
}

Test(registry, has_words_for_each_refusal)
{
	cr_expect(strstr(registry_refusal(REGISTRY_FULL), "limits/containers "));
	cr_expect(strstr(registry_refusal(REGISTRY_USERS_FULL), "limits/containers "));
	cr_expect(strstr(registry_refusal(REGISTRY_USER_HAS_MUCH), "limits/containers "));
	cr_expect(strstr(registry_refusal(REGISTRY_USER_FULL), "limits/containers-per-user"));
	cr_expect(strstr(registry_refusal(REGISTRY_USER_LISTENERS_FULL),
			 "limits/listeners-per-user"));
	cr_expect(strstr(registry_refusal(REGISTRY_LISTENERS_SCARCE), "listeners"));
	cr_expect(strstr(registry_refusal(REGISTRY_CONTAINER_FULL),
			 "limits/listeners-per-container"));
}

/* ---- what is known of one ---- */

Test(registry, shows_the_id_map)
{
	static const struct id_map map = { 2, { { 0, 1000, 1 }, { 1, 100000, 65536 } } };
	struct container *container = attach("web", 0);

	cr_expect_str_empty(container->map);
	container_set_map(container, &map);
	cr_expect_str_eq(container->map, "0 1000 1; 1 100000 65536");
}

Test(registry, shows_as_much_of_a_long_map_as_there_is_room_for)
{
	static struct id_map map = { .count = ID_MAP_EXTENTS_MAX };
	struct container *container = attach("web", 0);

	for (unsigned int i = 0; i < map.count; i++)
		map.extents[i] = (struct id_extent){ i, 4000000000 + i, 1 };
	container_set_map(container, &map);
	cr_expect_lt(strlen(container->map), CONTAINER_MAP_SIZE);
	cr_expect_eq(strncmp(container->map, "0 4000000000 1; 1 4000000001 1; ", 32), 0);
	cr_expect_str_eq(strrchr(container->map, ';'), "; ...");
}

static struct registry_time later(unsigned int seconds)
{
	return (struct registry_time){ start.real + seconds, start.monotonic + seconds * SECOND };
}

static void expect_rate(const struct container *container, unsigned int seconds, double expected)
{
	struct registry_time now = later(seconds);
	double rate = container_rate(container, &now);

	cr_expect(rate > expected - 0.001 && rate < expected + 0.001, "%f, not %f", rate, expected);
}

static void sample(unsigned int seconds)
{
	struct registry_time now = later(seconds);

	registry_sample(registry, &now);
}

Test(registry, tells_the_rate_since_the_attach_at_first)
{
	struct container *container = attach("web", 0);

	expect_rate(container, 0, 0);
	container->counters.requests = 40;
	expect_rate(container, 4, 10);
}

Test(registry, tells_the_rate_of_the_last_samples)
{
	struct container *container = attach("web", 0);

	container->counters.requests = 1000;
	sample(10);
	sample(20);
	container->counters.requests += 50;
	expect_rate(container, 30, 50.0 / 20);
	sample(30);
	expect_rate(container, 30, 50.0 / 10);
	sample(40);
	expect_rate(container, 50, 0);
}

Test(registry, samples_once_a_second_at_most)
{
	struct container *container = attach("web", 0);

	container->counters.requests = 100;
	sample(0);
	sample(0);
	sample(0);
	expect_rate(container, 10, 10);
}

Test(registry, shows_each_container_once)
{
	char id[16];
	const struct container *container = NULL;
	size_t seen = 0;

	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		attach(id, 0);
	}
	while ((container = registry_next(registry, container)) != NULL) {
		cr_expect_not_null(container->key.id);
		seen++;
	}
	cr_expect_eq(seen, 50);
}

Test(registry, has_a_container_without_a_listener_if_it_is_held)
{
	const struct container_key key = key_of("web", 1000);
	struct container *container = attach("web", 1000), *held = NULL;

	cr_assert_eq(registry_hold(registry, &key, choice.shared, &start, &held),
		     REGISTRY_ATTACHED);
	cr_expect_eq(held, container);
	cr_expect_not(container_is_single(container));
	registry_detach(registry, container);
	cr_expect_eq(registry_find(registry, &key), container);
	cr_expect(container_is_single(container));
	cr_expect_eq(registry_pools(registry)->listeners.taken, 0);
	cr_expect_eq(attach("web", 1000), container);
	registry_let_go(registry, container);
	cr_expect_eq(registry_find(registry, &key), container);
	registry_detach(registry, container);
	cr_expect_null(registry_find(registry, &key));
	cr_expect_eq(registry_pools(registry)->containers.taken, 0);
}

Test(registry, has_another_container_of_the_name_of_one_that_has_ended)
{
	const struct container_key key = key_of("web", 1000);
	struct container *before = attach("web", 1000);

	registry_retire(before);
	cr_expect_null(registry_find(registry, &key));
	struct container *container = attach("web", 1000);

	cr_expect_neq(container, before);
	cr_expect_eq(registry_find(registry, &key), container);
	registry_detach(registry, before);
	cr_expect_eq(registry_find(registry, &key), container);
	registry_detach(registry, container);
	cr_expect_eq(registry_pools(registry)->containers.taken, 0);
}

/* What a random walk leaves is what a plain list of it would. */
Test(registry, is_right_after_many_attaches_and_detaches)
{
	struct container *held[200] = { 0 };
	size_t listeners = 0;
	uint32_t state = 1;
	char id[16];

	for (int step = 0; step < 20000; step++) {
		state = state * 1103515245 + 12345;
		int slot = (int)(state >> 16) % 200;

		snprintf(id, sizeof(id), "%d", slot % 60);
		if (held[slot]) {
			registry_detach(registry, held[slot]);
			held[slot] = NULL;
			listeners--;
		} else if (try(id, (uid_t)(slot % 5), &held[slot]) == REGISTRY_ATTACHED) {
			listeners++;
		}
		cr_assert_leq(registry_pools(registry)->containers.taken, listeners);
	}
	for (int slot = 0; slot < 200; slot++)
		if (held[slot])
			registry_detach(registry, held[slot]);
	cr_expect_eq(registry_pools(registry)->containers.taken, 0);
}
