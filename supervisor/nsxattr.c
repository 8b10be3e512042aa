/* SPDX-License-Identifier: Apache-2.0 */
/* The program nsxattr: tables of subcommands. */

#include "base/log.h"
#include "base/standard_streams.h"
#include "cli/commands.h"
#include "cli/subcommand.h"
#include "count_of.h"

static int run_hook(int argc, char **argv)
{
	static const struct subcommand kinds[] = {
		{ "oci-precreate", "podman: have config.json hand its calls to nsxattrd",
		  cli_hook_oci_precreate },
		{ "oci", "OCI runtimes: is nsxattrd there?", cli_hook_oci },
		{ "lxc", "LXC: is nsxattrd there, and the configuration right?", cli_hook_lxc },
		{ "lxc-init", "LXC: have nsxattrd judge a container's init", cli_hook_lxc_init },
	};
	static const struct subcommand_table hooks = {
		.command = "nsxattr hook",
		.noun = "KIND",
		.intro =
			"What a container's runtime starts, to bring the container to nsxattrd.\n\n"
			"Kinds ('nsxattr hook KIND --help' explains each):",
		.entries = kinds,
		.count = COUNT_OF(kinds),
	};

	return subcommand_run(&hooks, argc, argv);
}

static int run_tree(int argc, char **argv)
{
	static const struct subcommand kinds[] = {
		{ "ls", "say whose values lie on trees", cli_tree_ls },
		{ "rekey", "give the values of one range of ids to another", cli_tree_rekey },
		{ "strip", "remove the values of a range of ids, or of all", cli_tree_strip },
		{ "export", "write a container's values, or a tree with them", cli_tree_export },
		{ "import", "set a container's values from a dump or an archive", cli_tree_import },
		{ "adopt", "give the host's values to a container", cli_tree_adopt },
	};
	static const struct subcommand_table trees = {
		.command = "nsxattr tree",
		.noun = "KIND",
		.intro = "Work on the values that containers have left on directory trees.\n\n"
			 "Kinds ('nsxattr tree KIND --help' explains each):",
		.entries = kinds,
		.count = COUNT_OF(kinds),
	};

	return subcommand_run(&trees, argc, argv);
}

static const struct subcommand subcommands[] = {
	{ "run", "run a command with security attributes of its own", cli_run },
	{ "policies", "list the policies that go by a name", cli_policies },
	{ "check", "say what is wrong with policy files", cli_check },
	{ "explain", "say what would be done about an attribute, and why", cli_explain },
	{ "hook", "what container runtimes start, to bring a container to nsxattrd", run_hook },
	{ "profile", "print a seccomp profile for containerd, CRI-O, docker or podman",
	  cli_profile },
	{ "measurements", "show what a container that the daemon serves has executed",
	  cli_measurements },
	{ "status", "show the containers that the daemon serves", cli_status },
	{ "doctor", "say what is wrong with this host, or a container, and the remedy",
	  cli_doctor },
	{ "top", "show what containers do, the busiest first", cli_top },
	{ "metrics", "print what the daemon counts, for Prometheus", cli_metrics },
	{ "trace", "show the calls of containers as they are answered", cli_trace },
	{ "tree", "work on the values that containers have left on trees", run_tree },
	{ "reload", "have the daemon read its policies anew", cli_reload },
};

static const struct subcommand_table table = {
	.command = "nsxattr",
	.noun = "COMMAND",
	.intro = "Gives containers their own security.* and trusted.* extended attributes.\n\n"
		 "Commands ('nsxattr COMMAND --help' explains each):",
	.entries = subcommands,
	.count = COUNT_OF(subcommands),
};

int main(int argc, char **argv)
{
	standard_streams_reserve();
	log_find_journal();
	return subcommand_run(&table, argc, argv);
}
