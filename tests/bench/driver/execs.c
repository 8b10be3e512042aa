/* SPDX-License-Identifier: Apache-2.0 */
#include "execs.h"

#include <stdio.h>

#include "count_of.h"
#include "message.h"

bool execs_prepare(const struct bench *bench)
{
	const char *key = bench->settings.key;

	return !key || (scene_take_key(&bench->scene, key) && execs_sign(bench, "execs"));
}

bool execs_sign(const struct bench *bench, const char *name)
{
	static struct command command;
	char key[PATH_MAX], path[PATH_MAX];
	const char *const words[] = {
		"sh", "-c", "exec evmctl ima_sign -a sha256 --key \"$0\" \"$1\" 2>/dev/null",
		key,  path,
	};

	if (!bench->settings.key)
		return true;
	if (snprintf(key, PATH_MAX, "%s.pem", bench->settings.key) >= PATH_MAX ||
	    !path_join(path, bench->scene.directory, name))
		return false;
	command.count = 0;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (!command_add(&command, words[i]))
			return false;
	return command_run(&command);
}

bool execs_start(const struct bench *bench, enum wrapper_id id, struct runner *ret_runner)
{
	const struct wrapper *wrapper = wrapper_get(id);
	struct runner runner = RUNNER_NONE;

	*ret_runner = runner;
	if (!wrapper_is_wanted(wrapper, &bench->settings))
		return true;
	progress("start: %s", wrapper->name);
	if (!wrapper_start(wrapper, &bench->settings, &bench->scene, "execs", &runner) ||
	    !runner_ask(&runner, NULL, "in %s", bench->scene.directory))
		return wrapper_leave_out(wrapper, &runner);
	*ret_runner = runner;
	return true;
}
