/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The format is that of the OCI runtime specification (config-linux.md, "Seccomp"). json-c finds out
 * what linux.seccomp says and writes the new one; json_text.c finds where the old one stands, so that
 * the numbers, escapes and blanks of all the rest are not json-c's but the author's.
 *
 * Rules are kept in their order. Our calls are taken out of all of them, also of those that look at
 * arguments, for libseccomp does not take a call with two actions; then they come as one more rule.
 * What libseccomp 2.5 cannot name, the four *xattrat calls, gets the default action: with the default
 * profiles of podman and containerd that is ENOSYS, upon which programs take the calls that we see.
 * Where there were no rules it would be ALLOW: then crun is given a filter that is ready, in an
 * annotation, with its numbers.
 *
 * No system call, no logging.
 */
#include "hook/oci_precreate.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/oci_message.h"
#include "base/fd.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define DEPTH_MAX 64

static const char *const xattr_calls[] = {
	"setxattr",   "lsetxattr",  "fsetxattr",   "getxattr",	    "lgetxattr",    "fgetxattr",
	"listxattr",  "llistxattr", "flistxattr",  "removexattr",   "lremovexattr", "fremovexattr",
	"setxattrat", "getxattrat", "listxattrat", "removexattrat",
};

static const char *const io_uring_calls[] = { "io_uring_setup", "io_uring_enter",
					      "io_uring_register" };

/* The ABIs that a kernel of this machine runs, for a section that we make. */
static const char *const architectures[] = {
#if defined(__x86_64__)
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X86",
	"SCMP_ARCH_X32",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_ARM",
#endif
};

static void cleanup_object(struct json_object **object)
{
	json_object_put(*object);
}

static void cleanup_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

#define _cleanup_object_ __attribute__((cleanup(cleanup_object)))
#define _cleanup_tokener_ __attribute__((cleanup(cleanup_tokener)))

static int refuse(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return OCI_CONFIG_REFUSED;
}

int oci_config_read(const struct json_text *text, struct oci_config *ret_config,
		    const char **ret_reason)
{
	_cleanup_tokener_ struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	_cleanup_object_ struct json_object *root = NULL;

	if (text->length > OCI_CONFIG_MAX)
		return refuse(ret_reason, "is longer than 16 MiB");
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text->bytes, (int)text->length);
	if (!json_object_is_type(root, json_type_object))
		return refuse(ret_reason, "is no JSON object");
	*ret_config = (struct oci_config){ *text, TAKE_PTR(root) };
	return OCI_CONFIG_DONE;
}

void oci_config_done(struct oci_config *config)
{
	json_object_put(config->root);
	config->root = NULL;
}

/* Return: the member if it is of this type, borrowed; else NULL. */
static struct json_object *member_of(const struct json_object *object, const char *key,
				     enum json_type type)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &member) || !json_object_is_type(member, type))
		return NULL;
	return member;
}

static const char *text_of(const struct json_object *object, const char *key)
{
	struct json_object *member = member_of(object, key, json_type_string);

	return member ? json_object_get_string(member) : NULL;
}

static const char *annotation_of(const struct oci_config *config, const char *key)
{
	return text_of(member_of(config->root, "annotations", json_type_object), key);
}

const char *oci_config_policy(const struct oci_config *config)
{
	return annotation_of(config, OCI_POLICY_ANNOTATION);
}

static struct json_object *seccomp_of(const struct oci_config *config)
{
	return member_of(member_of(config->root, "linux", json_type_object), "seccomp",
			 json_type_object);
}

bool oci_config_has_seccomp(const struct oci_config *config)
{
	return seccomp_of(config) != NULL;
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* Without memory nothing is added to an object of json-c, which lets go of the new one then. */
static int add(struct json_object *object, const char *key, struct json_object *member)
{
	if (member && json_object_object_add(object, key, member) == 0)
		return 0;
	json_object_put(member);
	return -ENOMEM;
}

static int append(struct json_object *list, struct json_object *element)
{
	if (element && json_object_array_add(list, element) == 0)
		return 0;
	json_object_put(element);
	return -ENOMEM;
}

static int append_texts(struct json_object *list, const char *const *texts, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = append(list, json_object_new_string(texts[i]));
	return r;
}

/** list_member() - a member that has to be a list, made if it is not there. Return: NULL: no memory. */
static struct json_object *list_member(struct json_object *object, const char *key)
{
	struct json_object *list = member_of(object, key, json_type_array);

	if (list)
		return list;
	list = json_object_new_array();
	return add(object, key, list) < 0 ? NULL : list;
}

/** remove_names() - take calls out of one rule. Return: how many names are left. */
static size_t remove_names(struct json_object *names, const char *const *calls, size_t count)
{
	for (size_t i = json_object_array_length(names); i > 0; i--) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i - 1));

		if (name && is_among(name, calls, count))
			json_object_array_del_idx(names, i - 1, 1);
	}
	return json_object_array_length(names);
}

/** remove_calls() - take calls out of all rules; rules that are for nothing else go */
static int remove_calls(struct json_object *rules, const char *const *calls, size_t count,
			const char **ret_reason)
{
	for (size_t i = json_object_array_length(rules); i > 0; i--) {
		struct json_object *names = member_of(json_object_array_get_idx(rules, i - 1),
						      "names", json_type_array);

		if (!names)
			return refuse(ret_reason, "has a rule without names in linux.seccomp");
		if (json_object_array_length(names) > 0 && remove_names(names, calls, count) == 0)
			json_object_array_del_idx(rules, i - 1, 1);
	}
	return OCI_CONFIG_DONE;
}

/** append_rule() - one rule more. @error: what the calls fail with; 0: no errnoRet */
static int append_rule(struct json_object *rules, const char *const *calls, size_t count,
		       const char *action, int error)
{
	_cleanup_object_ struct json_object *rule = json_object_new_object();
	struct json_object *names = rule ? list_member(rule, "names") : NULL;
	int r = names ? append_texts(names, calls, count) : -ENOMEM;

	if (r == 0)
		r = add(rule, "action", json_object_new_string(action));
	if (r == 0 && error)
		r = add(rule, "errnoRet", json_object_new_int(error));
	return r < 0 ? r : append(rules, TAKE_PTR(rule));
}

static int replace_rules(struct json_object *seccomp, const struct oci_edit *edit,
			 const char **ret_reason)
{
	struct json_object *rules = list_member(seccomp, "syscalls");
	int r;

	if (!rules)
		return -ENOMEM;
	r = remove_calls(rules, xattr_calls, COUNT_OF(xattr_calls), ret_reason);
	if (r == OCI_CONFIG_DONE && !edit->allow_io_uring)
		r = remove_calls(rules, io_uring_calls, COUNT_OF(io_uring_calls), ret_reason);
	if (r != OCI_CONFIG_DONE)
		return r;
	r = append_rule(rules, xattr_calls, COUNT_OF(xattr_calls), "SCMP_ACT_NOTIFY", 0);
	if (r == 0 && !edit->allow_io_uring)
		r = append_rule(rules, io_uring_calls, COUNT_OF(io_uring_calls), "SCMP_ACT_ERRNO",
				ENOSYS);
	return r < 0 ? r : OCI_CONFIG_DONE;
}

static bool has_text(const struct json_object *list, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *element = json_object_get_string(json_object_array_get_idx(list, i));

		if (element && strcmp(element, text) == 0)
			return true;
	}
	return false;
}

/*
 * Without flags crun sets SPEC_ALLOW, and with any it sets what they say: so that goes along where
 * there were none.
 */
static int add_flags(struct json_object *seccomp)
{
	static const char *const flags[] = { "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
	bool had_flags = member_of(seccomp, "flags", json_type_array) != NULL;
	struct json_object *list = list_member(seccomp, "flags");

	if (!list)
		return -ENOMEM;
	if (has_text(list, flags[1]))
		return 0;
	return append_texts(list, flags + had_flags, COUNT_OF(flags) - had_flags);
}

static int point_to_daemon(struct json_object *seccomp, const struct oci_edit *edit)
{
	int r = edit->wait_killable ? add_flags(seccomp) : 0;

	if (r == 0)
		r = add(seccomp, "listenerPath", json_object_new_string(edit->socket));
	if (edit->policy[0] == '\0')
		json_object_object_del(seccomp, "listenerMetadata");
	else if (r == 0)
		r = add(seccomp, "listenerMetadata", json_object_new_string(edit->policy));
	return r;
}

/** new_seccomp() - a section that lets everything pass. Return: NULL without memory. */
static struct json_object *new_seccomp(void)
{
	_cleanup_object_ struct json_object *seccomp = json_object_new_object();

	if (!seccomp || add(seccomp, "defaultAction", json_object_new_string("SCMP_ACT_ALLOW")) < 0)
		return NULL;
	struct json_object *list = list_member(seccomp, "architectures");

	if (!list || append_texts(list, architectures, COUNT_OF(architectures)) < 0)
		return NULL;
	return TAKE_PTR(seccomp);
}

/** is_ours() - has this section been edited already? */
static bool is_ours(const struct json_object *seccomp, const struct oci_edit *edit)
{
	const char *path = text_of(seccomp, "listenerPath");

	return path && strcmp(path, edit->socket) == 0;
}

/** check() - is there anything that we would override, or that would override us? */
static const char *check(const struct oci_config *config, const struct oci_edit *edit)
{
	const struct json_object *linux_section =
		member_of(config->root, "linux", json_type_object);
	const struct json_object *seccomp = seccomp_of(config);

	if (!linux_section)
		return "has no section linux";
	if (!seccomp && json_object_object_get(linux_section, "seccomp"))
		return "has a linux.seccomp that is no object";
	if (text_of(seccomp, "listenerPath") && !is_ours(seccomp, edit))
		return "has a listenerPath already: its calls go to somebody else";
	if (annotation_of(config, OCI_FILTER_ANNOTATION) && !is_ours(seccomp, edit))
		return "has a seccomp filter of its own in the annotation " OCI_FILTER_ANNOTATION;
	return NULL;
}

/** struct edited - a text that grows by one edit after the other */
struct edited {
	struct json_text text;
	char *owned; /* where @text lies; NULL: somewhere else */
};

/** find() - the span of a member of the outermost object, or of a member of that */
static enum json_text_result find(const struct json_text *text, const char *key, const char *subkey,
				  struct json_span *ret_span)
{
	struct json_span whole, member;
	enum json_text_result result = json_text_whole(text, &whole);

	if (result == JSON_TEXT_FOUND)
		result = json_text_member(text, &whole, key, &member);
	if (result == JSON_TEXT_FOUND && subkey)
		return json_text_member(text, &member, subkey, ret_span);
	if (result == JSON_TEXT_FOUND)
		*ret_span = member;
	return result;
}

static int splice(struct edited *edited, const struct json_span *span, const char *const *pieces)
{
	size_t length = 0;
	char *text = json_text_splice(&edited->text, span, pieces, &length);

	if (!text)
		return -ENOMEM;
	free(edited->owned);
	edited->owned = text;
	edited->text = (struct json_text){ text, length };
	return OCI_CONFIG_DONE;
}

/** insert() - a member at the beginning of an object */
static int insert(struct edited *edited, const struct json_span *object, const char *key,
		  const char *value)
{
	const struct json_span place = { object->begin + 1, object->begin + 1 };
	const char *const pieces[] = {
		"\"", key, "\":", value, json_text_is_empty(&edited->text, object) ? "" : ",", NULL
	};

	return splice(edited, &place, pieces);
}

/** write_seccomp() - the section; @is_there: json-c has seen one, so it must be found as text too */
static int write_seccomp(struct edited *edited, const char *value, bool is_there,
			 const char **ret_reason)
{
	const char *const pieces[] = { value, NULL };
	struct json_span span;

	switch (find(&edited->text, "linux", "seccomp", &span)) {
	case JSON_TEXT_FOUND:
		return splice(edited, &span, pieces);
	case JSON_TEXT_ABSENT:
		if (!is_there && find(&edited->text, "linux", NULL, &span) == JSON_TEXT_FOUND)
			return insert(edited, &span, "seccomp", value);
		return refuse(ret_reason, "has no section linux that can be edited");
	case JSON_TEXT_AMBIGUOUS:
		return refuse(ret_reason, "has a section twice");
	case JSON_TEXT_MALFORMED:
	default:
		return refuse(ret_reason, "cannot be edited");
	}
}

/** write_filter() - the annotation; @filter is base64, and needs no escapes */
static int write_filter(struct edited *edited, const char *filter, const char **ret_reason)
{
	_cleanup_free_ char *quoted = NULL, *object = NULL;
	struct json_span span;

	if (asprintf(&quoted, "\"%s\"", filter) < 0 ||
	    asprintf(&object, "{\"%s\":%s}", OCI_FILTER_ANNOTATION, quoted) < 0)
		return -ENOMEM;
	switch (find(&edited->text, "annotations", NULL, &span)) {
	case JSON_TEXT_FOUND:
		if (edited->text.bytes[span.begin] == '{')
			return insert(edited, &span, OCI_FILTER_ANNOTATION, quoted);
		return splice(edited, &span, (const char *const[]){ object, NULL });
	case JSON_TEXT_ABSENT:
		if (json_text_whole(&edited->text, &span) == JSON_TEXT_FOUND)
			return insert(edited, &span, "annotations", object);
		return refuse(ret_reason, "cannot be edited");
	case JSON_TEXT_AMBIGUOUS:
	case JSON_TEXT_MALFORMED:
	default:
		return refuse(ret_reason, "has no annotations that can be edited");
	}
}

static int write_text(const struct oci_config *config, const struct json_object *seccomp,
		      const char *filter, struct edited *edited, const char **ret_reason)
{
	const char *value = json_object_to_json_string_ext((struct json_object *)(uintptr_t)seccomp,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE);

	edited->text = config->text;
	if (!value)
		return -ENOMEM;
	int r = write_seccomp(edited, value, oci_config_has_seccomp(config), ret_reason);

	return r == OCI_CONFIG_DONE && filter ? write_filter(edited, filter, ret_reason) : r;
}

int oci_config_edit(struct oci_config *config, const struct oci_edit *edit, char **ret_text,
		    size_t *ret_length, const char **ret_reason)
{
	bool had_seccomp = oci_config_has_seccomp(config);
	const char *reason = check(config, edit);

	if (reason)
		return refuse(ret_reason, reason);
	_cleanup_object_ struct json_object *seccomp =
		had_seccomp ? json_object_get(seccomp_of(config)) : new_seccomp();

	if (!seccomp)
		return -ENOMEM;
	int r = replace_rules(seccomp, edit, ret_reason);

	if (r != OCI_CONFIG_DONE)
		return r;
	if (point_to_daemon(seccomp, edit) < 0)
		return -ENOMEM;
	struct edited edited = { 0 };

	r = write_text(config, seccomp, had_seccomp ? NULL : edit->filter, &edited, ret_reason);
	if (r != OCI_CONFIG_DONE) {
		free(edited.owned);
		return r;
	}
	*ret_text = edited.owned;
	*ret_length = edited.text.length;
	return OCI_CONFIG_DONE;
}
