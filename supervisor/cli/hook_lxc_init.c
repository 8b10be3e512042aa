/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/hook.h"
#include "hook/complaint.h"
#include "hook/lxc_config.h"
#include "hook/lxc_init.h"

static const struct option_table table = {
	.command = "nsxattr hook lxc-init",
	.operands = "[NAME SECTION TYPE]",
	.about =
		"For lxc.hook.start-host, where the container's policy judges what is executed: has\n"
		"nsxattrd judge the container's init, for which LXC's monitor would wait for ever.\n"
		"A process stays until the init is executed.",
	.takes_operands = true,
};

/* LXC waits until all that its hook has open for output is closed. */
static void leave(void)
{
	_cleanup_fd_ int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	prctl(PR_SET_NAME, "nsxattr-lxc");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)dup2(nothing, fd);
}

static int fail(const char *what, int error)
{
	complain_of_container(getenv("LXC_NAME"), "cannot have its init judged: %s: %s", what,
			      strerror(-error));
	return STATUS_REFUSED;
}

/* What is opened is this process's own: of a connection nsxattrd looks at who has made it, for as long as it is there. */
_Noreturn static void stay(struct lxc_init *init, int hook)
{
	int r = lxc_init_open(init);
	unsigned char status = 0;

	if (r < 0)
		status = (unsigned char)fail(init->connection < 0 ? init->socket : "its listener",
					     r);
	if (write(hook, &status, sizeof(status)) != sizeof(status) || r != LXC_INIT_OPENED)
		_exit(EXIT_FAILURE);
	close(hook);
	leave();
	lxc_init_serve(init);
	_exit(EXIT_SUCCESS);
}

/* Return: the exit status of the hook. */
static int begin(struct lxc_init *init)
{
	unsigned char status;
	int channel[2];

	if (pipe2(channel, O_CLOEXEC) < 0)
		return fail("pipe", -errno);
	pid_t child = fork();

	if (child < 0)
		return fail("fork", -errno);
	if (child == 0)
		stay(init, channel[1]);
	close(channel[1]);
	return read(channel[0], &status, sizeof(status)) == sizeof(status) ? status :
									     STATUS_REFUSED;
}

int cli_hook_lxc_init(int argc, char **argv)
{
	static struct lxc_config config;
	const char *path = getenv("LXC_CONFIG_FILE"), *pid = getenv("LXC_PID");
	char **operands;
	int status, nothing;

	if (!options_parse(&table, argc, argv, &nothing, &operands, &status))
		return status;
	if (!path || !pid)
		return options_refuse(&table,
				      "LXC_CONFIG_FILE or LXC_PID is not set: this is a hook "
				      "of LXC's, lxc.hook.start-host");
	int r = lxc_config_read(path, &config);

	if (r < 0)
		return fail(path, r);
	if (strncmp(config.proxy, "unix:", 5) != 0)
		return 0;
	struct lxc_init init = { .pid = (pid_t)strtol(pid, NULL, 10),
				 .socket = config.proxy + 5,
				 .cookie = config.cookie,
				 .connection = 0 };

	return begin(&init);
}
