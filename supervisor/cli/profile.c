/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A profile begins with a base: a file, or our own (hook/seccomp_base.c). What the engine does not
 * know in it is resolved (hook/seccomp_profile.c), and then it is edited as a container's config.json is
 * (hook/seccomp_section.c).
 *
 * Engines differ in the conditions that they know. containerd and whatever else reads OCI know none. Docker
 * knows all. podman and CRI-O share a library, which passes over minKernel. A condition that is given on the
 * command line is resolved for all of them.
 */
#include "cli/commands.h"

#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/oci_message.h"
#include "base/fd.h"
#include "base/kernel_version.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/policy_arg.h"
#include "count_of.h"
#include "daemon/config.h"
#include "daemon/policy_folders.h"
#include "hook/capability_set.h"
#include "hook/json_value.h"
#include "hook/seccomp_base.h"
#include "hook/seccomp_profile.h"
#include "hook/seccomp_section.h"

#define PODMAN_BASE "/usr/share/containers/seccomp.json"

/* The longest profile, in bytes. */
#define PROFILE_MAX (16U << 20)

#define BIT(capability) (UINT64_C(1) << (capability))
/* What each of the engines gives a container. */
#define COMMON_CAPABILITIES                                                              \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |    \
	 BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | \
	 BIT(CAP_SETPCAP))
#define PODMAN_CAPABILITIES (COMMON_CAPABILITIES | BIT(CAP_SETFCAP) | BIT(CAP_SYS_CHROOT))
#define DOCKER_CAPABILITIES \
	(PODMAN_CAPABILITIES | BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) | BIT(CAP_AUDIT_WRITE))

/** struct container_engine - what reads the profile */
struct container_engine {
	bool knows_capabilities; /* as conditions; and so below */
	bool knows_architectures;
	bool knows_kernels;
	uint64_t capabilities; /* what it gives a container that asks for none */
	const char *base; /* where its own profile is; NULL: within its program */
};

enum engine_id { ENGINE_CONTAINERD, ENGINE_CRIO, ENGINE_DOCKER, ENGINE_PODMAN };

static const struct container_engine engines[] = {
	[ENGINE_CONTAINERD] = { false, false, false, DOCKER_CAPABILITIES, NULL },
	[ENGINE_CRIO] = { true, true, false, COMMON_CAPABILITIES, NULL },
	[ENGINE_DOCKER] = { true, true, true, DOCKER_CAPABILITIES, NULL },
	[ENGINE_PODMAN] = { true, true, false, PODMAN_CAPABILITIES, PODMAN_BASE },
};

static const struct schema_word engine_words[] = {
	{ "containerd", ENGINE_CONTAINERD },
	{ "crio", ENGINE_CRIO },
	{ "docker", ENGINE_DOCKER },
	{ "podman", ENGINE_PODMAN },
};

static const struct schema_word runtimes[] = { { "crun", true }, { "runc", false } };

enum architecture { ARCHITECTURE_NATIVE, ARCHITECTURE_AMD64, ARCHITECTURE_ARM64 };

#if defined(__aarch64__)
#define NATIVE_ARCHITECTURE "arm64"
#else
#define NATIVE_ARCHITECTURE "amd64"
#endif

static const char *const architecture_names[] = {
	[ARCHITECTURE_NATIVE] = NATIVE_ARCHITECTURE,
	[ARCHITECTURE_AMD64] = "amd64",
	[ARCHITECTURE_ARM64] = "arm64",
};

static const struct schema_word architectures[] = {
	{ "amd64", ARCHITECTURE_AMD64 },
	{ "arm64", ARCHITECTURE_ARM64 },
};

struct profile_request {
	enum engine_id engine;
	const char *policy;
	const char *capabilities; /* NULL: those of the engine */
	enum architecture architecture;
	const char *kernel; /* NULL: of this machine */
	const char *base;
	const char *socket;
	const char *policies;
	bool is_for_crun;
	bool is_configmap;
	bool allow_io_uring;
};

/** name_of() - what the daemon calls a policy. Return: whether it can be a policy's name. */
static bool name_of(const char *policy, char ret_name[OCI_METADATA_MAX + 1])
{
	const char *file = path_last(policy);
	size_t length = strlen(file);

	if (policy_arg_is_path(policy) && strrchr(file, '.'))
		length = (size_t)(strrchr(file, '.') - file);
	if (length == 0 || length > OCI_METADATA_MAX || file[0] == '.')
		return false;
	/* What a key of a ConfigMap may be, and a file's name can be without quotes. */
	for (size_t i = 0; i < length; i++)
		if (!isascii(file[i]) || (!isalnum(file[i]) && !strchr("-_.", file[i])))
			return false;
	snprintf(ret_name, OCI_METADATA_MAX + 1, "%.*s", (int)length, file);
	return true;
}

static const char *check_policy(const char *argument)
{
	char name[OCI_METADATA_MAX + 1];

	return name_of(argument, name) ?
		       NULL :
		       "is no name of a policy: letters, digits, '-', '_' and '.'";
}

static const char *check_capabilities(const char *argument)
{
	uint64_t set = 0;

	return capability_set_change(&set, argument) ?
		       NULL :
		       "is no list of capabilities such as SYS_ADMIN,NET_ADMIN or -ALL,CHOWN";
}

static const char *check_kernel(const char *argument)
{
	unsigned version[2];

	return kernel_version_read(argument, version, COUNT_OF(version)) ?
		       NULL :
		       "is no version such as 6.1";
}

static const struct option_row rows[] = {
	{ "for", 0, NULL, "what starts the containers", .is_required = true,
	  INTO_WORD(struct profile_request, engine, engine_words) },
	{ "policy", 'p', "POLICY", "the policy of the containers: its name, or its file",
	  .is_required = true, INTO_TEXT(struct profile_request, policy), .check = check_policy },
	{ "cap", 0, "LIST", "capabilities beside those that the engine gives; -NAME: without it",
	  INTO_TEXT(struct profile_request, capabilities), .check = check_capabilities },
	{ "arch", 0, NULL, "of the machines that run them: " NATIVE_ARCHITECTURE,
	  INTO_WORD(struct profile_request, architecture, architectures) },
	{ "kernel", 0, "VERSION", "of these machines: this one's",
	  INTO_TEXT(struct profile_request, kernel), .check = check_kernel },
	{ "base", 0, "FILE", "the profile to begin with, of Docker's format or OCI's",
	  INTO_TEXT(struct profile_request, base) },
	{ "runtime", 0, NULL, "crun gets flags that runc refuses: runc",
	  INTO_WORD(struct profile_request, is_for_crun, runtimes) },
	{ "configmap", 0, NULL, "print a ConfigMap of Kubernetes that has the profile",
	  INTO_FLAG(struct profile_request, is_configmap) },
	{ "socket", 0, "PATH", "where nsxattrd listens: " CONFIG_OCI_SOCKET,
	  INTO_SOCKET(struct profile_request, socket) },
	{ "policies", 0, "FOLDER", "where policies are: " CONFIG_POLICIES,
	  INTO_TEXT(struct profile_request, policies) },
	{ "allow-io-uring", 0, NULL, "let io_uring_setup pass: its calls are not seen",
	  INTO_FLAG(struct profile_request, allow_io_uring) },
};

static const struct option_table table = {
	.command = "nsxattr profile",
	.operands = "--for=ENGINE --policy=POLICY",
	.about =
		"Print a seccomp profile that has a container's attribute calls come to nsxattrd.\n"
		"Whatever else it allows the base allows, to containers of these capabilities.\n"
		"Conditions that the engine does not know are resolved.",
	OPTION_ROWS(rows),
};

/* ---- the policy ---- */

static void heed(const struct policy *policy, struct seccomp_edit *edit)
{
	edit->allow_io_uring |= policy->allow_io_uring;
	exec_edit_of(&policy->integrity, &edit->exec);
}

/** look_at_file() - what does the policy of a file want of a profile? Return: whether it is a policy. */
static bool look_at_file(const char *path, struct seccomp_edit *edit)
{
	_cleanup_policy_file_ struct policy_file *file = NULL;
	const struct policy *policy = NULL;

	if (!policy_arg_load(path, &policy, &file))
		return false;
	heed(policy, edit);
	return true;
}

/*
 * look_at_name() - the same of a policy that is told by its name
 *
 * Profiles are made on machines without the daemon too, where there is no folder of its policies: io_uring is
 * refused then, which takes nothing from the policy but that. A container whose policy judges what it executes does
 * not start with such a profile, if it has 'nsxattr hook oci'.
 */
static bool look_at_name(const char *name, const char *folder, struct seccomp_edit *edit)
{
	_cleanup_free_ char *path = NULL;
	struct policy_folders folders;

	policy_folders_init(&folders, folder);
	if (policy_folders_find(&folders, name, &path) == POLICY_FOLDERS_FOUND)
		return look_at_file(path, edit);
	if (access(folder, X_OK) == 0)
		return policy_arg_find(folder, name, &path) == 0; /* which says why not */
	log_notice(
		"cannot look for the policy %s in %s: %s; the profile refuses io_uring, and hands "
		"nothing of what is executed to nsxattrd",
		name, folder, strerror(errno));
	return true;
}

/** look_at_policy() - the same of a policy that is built in, or told by its name or its file */
static bool look_at_policy(const struct profile_request *request, struct seccomp_edit *edit)
{
	const struct policy *policy = policy_builtin(request->policy);

	if (policy_arg_is_path(request->policy))
		return look_at_file(request->policy, edit);
	if (!policy)
		return look_at_name(request->policy, request->policies, edit);
	heed(policy, edit);
	return true;
}

/* ---- the profile ---- */

static const char *base_of(const struct profile_request *request)
{
	return request->base ? request->base : engines[request->engine].base;
}

/** read_base() - a file's profile. Return: whether there is one; else that has been said. */
static bool read_base(const struct profile_request *request, struct json_object **ret_profile)
{
	char sentence[SECCOMP_PROFILE_SENTENCE_SIZE] = "";
	_cleanup_free_ char *bytes = NULL;
	const char *path = base_of(request);
	struct json_text text;
	int r = text_file_read(path, PROFILE_MAX, &bytes, &text.length);

	if (r != TEXT_FILE_READ) {
		log_error("cannot read the profile %s: %s%s", path,
			  r < 0 ? strerror(-r) : "it is no regular file",
			  request->base ? "" : "; --base=FILE names another");
		return false;
	}
	text.bytes = bytes;
	r = seccomp_profile_read(&text, ret_profile, sentence);
	if (r != SECCOMP_PROFILE_DONE)
		log_error("%s %s", path, r < 0 ? strerror(-r) : sentence);
	return r == SECCOMP_PROFILE_DONE;
}

/** find_base() - what the profile begins with. Return: whether there is something. */
static bool find_base(const struct profile_request *request,
		      const struct seccomp_conditions *conditions, struct json_object **ret_profile)
{
	if (base_of(request))
		return read_base(request, ret_profile);
	*ret_profile = seccomp_base_new(conditions->architecture);
	if (!*ret_profile)
		log_error("%s", strerror(ENOMEM));
	return *ret_profile;
}

/** find_conditions() - what is resolved, and for what */
static struct seccomp_conditions find_conditions(const struct profile_request *request)
{
	const struct container_engine *engine = &engines[request->engine];
	struct seccomp_conditions conditions = {
		.resolves_capabilities = !engine->knows_capabilities || request->capabilities,
		.resolves_architecture = !engine->knows_architectures || request->architecture,
		.resolves_kernel = !engine->knows_kernels || request->kernel,
		.capabilities = engine->capabilities,
		.architecture = architecture_names[request->architecture],
	};

	if (request->capabilities)
		(void)capability_set_change(&conditions.capabilities, request->capabilities);
	if (request->kernel)
		(void)kernel_version_read(request->kernel, conditions.kernel, 2);
	else
		kernel_version_get(conditions.kernel);
	return conditions;
}

/** make_profile() - Return: whether *ret_profile is one; else why not has been said. */
static bool make_profile(const struct profile_request *request, const struct seccomp_edit *edit,
			 struct json_object **ret_profile)
{
	const struct seccomp_conditions conditions = find_conditions(request);
	char sentence[SECCOMP_PROFILE_SENTENCE_SIZE] = "";
	_cleanup_json_value_ struct json_object *profile = NULL;
	const char *path = base_of(request) ? base_of(request) : "the profile of nsxattr's own";

	if (!find_base(request, &conditions, &profile))
		return false;
	int r = seccomp_profile_resolve(profile, &conditions, sentence);
	const char *reason = r == SECCOMP_PROFILE_DONE ? seccomp_section_check(profile, edit) :
							 sentence;

	if (r < 0 || (!reason && seccomp_section_edit(profile, edit) < 0))
		reason = "does not fit into memory";
	if (reason) {
		log_error("%s %s", path, reason);
		return false;
	}
	*ret_profile = TAKE_PTR(profile);
	return true;
}

/* ---- what is printed ---- */

static void print_indented(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("    %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* In a block, text is what it is: JSON has no character that YAML does not take there. */
static void print_configmap(const char *name, const char *text)
{
	printf("apiVersion: v1\n"
	       "kind: ConfigMap\n"
	       "metadata:\n"
	       "  name: nsxattr-profiles\n"
	       "  namespace: nsxattr\n"
	       "data:\n"
	       "  %s.json: |\n",
	       name);
	print_indented(text);
}

static int print_profile(const struct profile_request *request, const char *name,
			 struct json_object *profile)
{
	const char *text = json_object_to_json_string_ext(
		profile, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
				 JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text) {
		log_error("%s", strerror(ENOMEM));
		return STATUS_REFUSED;
	}
	if (request->is_configmap)
		print_configmap(name, text);
	else
		puts(text);
	return output_end(0, STATUS_REFUSED);
}

/** run() - do what the request wants. Return: the exit status. */
static int run(const struct profile_request *request)
{
	_cleanup_json_value_ struct json_object *profile = NULL;
	char name[OCI_METADATA_MAX + 1] = "";

	(void)name_of(request->policy, name);
	struct seccomp_edit edit = {
		.policy = name,
		.socket = request->socket,
		.wait_killable = request->is_for_crun,
		.allow_io_uring = request->allow_io_uring,
		/* A profile outlives the kernel. What that one lacks, nsxattrd answers with ENOSYS. */
		.lacks_xattrat = false,
	};

	if (!look_at_policy(request, &edit) || !make_profile(request, &edit, &profile))
		return STATUS_REFUSED;
	return print_profile(request, name, profile);
}

int cli_profile(int argc, char **argv)
{
	struct profile_request request = { .socket = CONFIG_OCI_SOCKET,
					   .policies = CONFIG_POLICIES };
	char **operands;
	int status;

	if (!options_parse(&table, argc, argv, &request, &operands, &status))
		return status;
	return run(&request);
}
