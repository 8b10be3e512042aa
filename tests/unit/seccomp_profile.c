/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/seccomp_profile.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static struct seccomp_conditions conditions;
static char sentence[SECCOMP_PROFILE_SENTENCE_SIZE];

static void begin(void)
{
	conditions = (struct seccomp_conditions){
		.resolves_capabilities = true,
		.resolves_architecture = true,
		.resolves_kernel = true,
		.capabilities = BIT(CAP_SYS_ADMIN) | BIT(CAP_CHOWN),
		.architecture = "amd64",
		.kernel = { 6, 1 },
	};
}

#define Case(name) Test(seccomp_profile, name, .init = begin)

/* Return: an enum seccomp_profile_result; what came of it in @buffer. */
static int resolve(const char *text, char *buffer, size_t size)
{
	struct json_object *profile = NULL;
	struct json_text whole = { text, strlen(text) };
	int r = seccomp_profile_read(&whole, &profile, sentence);

	if (r == SECCOMP_PROFILE_DONE)
		r = seccomp_profile_resolve(profile, &conditions, sentence);
	if (r == SECCOMP_PROFILE_DONE)
		snprintf(buffer, size, "%s",
			 json_object_to_json_string_ext(profile, JSON_C_TO_STRING_PLAIN));
	json_object_put(profile);
	return r;
}

static void becomes(const char *text, const char *expected)
{
	char found[1024] = "";

	cr_assert_eq(resolve(text, found, sizeof(found)), SECCOMP_PROFILE_DONE, "%s: %s", text,
		     sentence);
	cr_expect_str_eq(found, expected);
}

static void refuses(const char *text, const char *expected)
{
	char found[1024] = "";

	cr_assert_eq(resolve(text, found, sizeof(found)), SECCOMP_PROFILE_REFUSED, "%s: %s", text,
		     found);
	cr_expect_str_eq(sentence, expected);
}

#define PROFILE(rules) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" rules "]}"
#define RULE(rest) "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\"" rest "}"

static void holds(const char *condition)
{
	char text[512];

	snprintf(text, sizeof(text), PROFILE(RULE(",%s")), condition);
	becomes(text, PROFILE(RULE("")));
}

static void does_not_hold(const char *condition)
{
	char text[512];

	snprintf(text, sizeof(text), PROFILE(RULE(",%s")), condition);
	becomes(text, PROFILE(""));
}

static void is_refused(const char *rest, const char *expected)
{
	char text[512], whole[512];

	snprintf(text, sizeof(text), PROFILE(RULE("%s")), rest);
	snprintf(whole, sizeof(whole), "has in rule 1 of syscalls (bpf) %s", expected);
	refuses(text, whole);
}

Case(includes_wants_all_capabilities)
{
	holds("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}");
	holds("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}");
	does_not_hold("\"includes\":{\"caps\":[\"CAP_BPF\"]}");
	does_not_hold("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}");
}

Case(excludes_wants_none)
{
	does_not_hold("\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}");
	does_not_hold("\"excludes\":{\"caps\":[\"CAP_BPF\",\"CAP_SYS_ADMIN\"]}");
	holds("\"excludes\":{\"caps\":[\"CAP_BPF\"]}");
}

Case(architectures_are_those_of_the_machine)
{
	holds("\"includes\":{\"arches\":[\"arm64\",\"amd64\"]}");
	does_not_hold("\"includes\":{\"arches\":[\"s390\",\"x32\",\"x86\"]}");
	does_not_hold("\"excludes\":{\"arches\":[\"amd64\"]}");
	holds("\"excludes\":{\"arches\":[\"s390x\"]}");
}

Case(kernels_are_compared_as_versions)
{
	holds("\"includes\":{\"minKernel\":\"4.8\"}");
	holds("\"includes\":{\"minKernel\":\"6.1\"}");
	does_not_hold("\"includes\":{\"minKernel\":\"6.10\"}");
	does_not_hold("\"includes\":{\"minKernel\":\"10.0\"}");
	does_not_hold("\"excludes\":{\"minKernel\":\"4.8\"}");
	holds("\"excludes\":{\"minKernel\":\"6.2\"}");
}

Case(a_rule_holds_if_all_its_conditions_say_so)
{
	holds("\"includes\":{\"caps\":[\"CAP_CHOWN\"],\"arches\":[\"amd64\"]},"
	      "\"excludes\":{\"caps\":[\"CAP_BPF\"],\"minKernel\":\"7.0\"}");
	does_not_hold("\"includes\":{\"caps\":[\"CAP_CHOWN\"],\"arches\":[\"arm64\"]}");
	does_not_hold(
		"\"includes\":{\"caps\":[\"CAP_CHOWN\"]},\"excludes\":{\"minKernel\":\"4.8\"}");
}

Case(what_says_nothing_is_no_condition)
{
	holds("\"includes\":{},\"excludes\":{},\"comment\":\"why\"");
	holds("\"includes\":null,\"excludes\":null,\"args\":null,\"errnoRet\":null");
	holds("\"includes\":{\"caps\":[],\"arches\":[],\"minKernel\":null}");
}

Case(conditions_that_the_engine_knows_stay)
{
	conditions.resolves_capabilities = false;
	conditions.resolves_architecture = false;
	becomes(PROFILE(RULE(",\"includes\":{\"caps\":[\"CAP_BPF\"],\"minKernel\":\"4.8\"},"
			     "\"comment\":\"why\"")),
		PROFILE(RULE(",\"includes\":{\"caps\":[\"CAP_BPF\"]},\"comment\":\"why\"")));
	becomes(PROFILE(RULE(",\"excludes\":{\"arches\":[\"amd64\"],\"minKernel\":\"4.8\"}")),
		PROFILE(""));
}

Case(refuses_conditions_that_it_does_not_know)
{
	is_refused(",\"includes\":{\"selinux\":true}",
		   "the key 'selinux' among its conditions, of which nsxattr does not know what it "
		   "restricts");
	is_refused(",\"excludes\":{\"Caps\":[\"CAP_BPF\"]}",
		   "the key 'Caps' among its conditions, of which nsxattr does not know what it "
		   "restricts");
	is_refused(",\"only\":{}",
		   "the key 'only', of which nsxattr does not know what it restricts");
	is_refused(",\"includes\":{\"caps\":[\"CAP_NONE\"]}",
		   "the capability 'CAP_NONE', which nsxattr does not know");
	is_refused(",\"includes\":{\"caps\":[\"SYS_ADMIN\"]}",
		   "the capability 'SYS_ADMIN', which nsxattr does not know");
	is_refused(",\"includes\":{\"caps\":[\"CAP_sys_admin\"]}",
		   "the capability 'CAP_sys_admin', which nsxattr does not know");
	is_refused(",\"includes\":{\"caps\":[7]}",
		   "the capability '7', which nsxattr does not know");
	is_refused(",\"includes\":{\"caps\":\"CAP_BPF\"}", "'caps' that is no list");
	is_refused(",\"includes\":{\"arches\":[\"x86_64\"]}",
		   "\"x86_64\" in 'arches', which nsxattr does not know");
	is_refused(",\"includes\":{\"minKernel\":\"4\"}",
		   "the minKernel \"4\", which is no version such as \"4.8\"");
	is_refused(",\"includes\":{\"minKernel\":\"4.8.1\"}",
		   "the minKernel \"4.8.1\", which is no version such as \"4.8\"");
	is_refused(",\"includes\":[\"CAP_BPF\"]", "'includes' that is no object");
}

Case(refuses_rules_that_it_does_not_know)
{
	is_refused(",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_LIKE\"}]",
		   "the operator 'SCMP_CMP_LIKE', which nsxattr does not know");
	is_refused(
		",\"args\":[{\"index\":0,\"mask\":1,\"op\":\"SCMP_CMP_EQ\"}]",
		"the key 'mask' in an argument, of which nsxattr does not know what it restricts");
	is_refused(",\"args\":7", "'args' that is no list");
	is_refused(",\"errno\":\"ENOTHING\"", "the error 'ENOTHING', which nsxattr does not know");
	is_refused(",\"name\":\"read\"", "both 'name' and 'names'");
	refuses(PROFILE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
			"{\"names\":[\"write\"],\"action\":\"SCMP_ACT_PERMIT\"}"),
		"has in rule 2 of syscalls (write) the action 'SCMP_ACT_PERMIT', which nsxattr does not "
		"know");
	refuses(PROFILE("{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}"),
		"has in rule 1 of syscalls () no names");
	refuses(PROFILE("{\"names\":[7],\"action\":\"SCMP_ACT_ALLOW\"}"),
		"has in rule 1 of syscalls () a name that is no text");
	refuses(PROFILE("7"), "has in rule 1 of syscalls () no object");
}

Case(refuses_profiles_that_it_does_not_know)
{
	refuses("{\"defaultAction\":\"SCMP_ACT_PERMIT\"}",
		"has the action 'SCMP_ACT_PERMIT', which nsxattr does not know");
	refuses("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"unless\":7}",
		"has the key 'unless', of which nsxattr does not know what it restricts");
	refuses("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":{}}",
		"has 'syscalls' that is no list");
	refuses("{}", "is no seccomp profile: it has neither defaultAction nor linux.seccomp");
	refuses("[]", "is no seccomp profile: it has neither defaultAction nor linux.seccomp");
	refuses("{", "is no JSON");
}

Case(podmans_names_of_errors_become_numbers)
{
	becomes("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"defaultErrno\":\"ENOSYS\",\"syscalls\":[]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[]}");
	becomes(PROFILE(RULE(",\"errno\":\"EPERM\"")), PROFILE(RULE(",\"errnoRet\":1")));
	becomes(PROFILE(RULE(",\"errno\":\"\",\"errnoRet\":22")),
		PROFILE(RULE(",\"errnoRet\":22")));
}

Case(a_single_name_becomes_a_list)
{
	becomes(PROFILE("{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}"),
		PROFILE("{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"]}"));
	becomes(PROFILE("{\"name\":\"\",\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
		PROFILE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}"));
}

#define MAP                                                                             \
	"\"archMap\":[{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"" \
	"SCMP_ARCH_ARM\"]},{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\"" \
	":[\"SCMP_ARCH_X86\"]},{\"architecture\":\"SCMP_ARCH_S390X\",\"subArchitectures\":null}]"

Case(the_map_of_architectures_becomes_a_list)
{
	becomes("{\"defaultAction\":\"SCMP_ACT_ERRNO\"," MAP "}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		"\"SCMP_ARCH_X86\"]}");
	conditions.architecture = "arm64";
	becomes("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[]," MAP "}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_AARCH64\","
		"\"SCMP_ARCH_ARM\"]}");
	refuses("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"]," MAP
		"}",
		"has both 'architectures' and 'archMap'");
	refuses("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"x86\"]}",
		"has \"x86\" in 'architectures', which nsxattr does not know");
}

Case(the_map_stays_for_an_engine_that_knows_it)
{
	conditions.resolves_architecture = false;
	becomes("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{\"architecture\":"
		"\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"archMap\":[{\"architecture\":"
		"\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}]}");
}

/* Of a container that runs: its config.json, or what ctr prints. */
Case(finds_the_profile_of_a_container)
{
	becomes("{\"ociVersion\":\"1.0.0\",\"linux\":{\"seccomp\":" PROFILE("") "}}", PROFILE(""));
	becomes("{\"ID\":\"x\",\"Spec\":{\"linux\":{\"seccomp\":" PROFILE("") "}}}", PROFILE(""));
	refuses("{\"linux\":{}}",
		"is no seccomp profile: it has neither defaultAction nor linux.seccomp");
}
