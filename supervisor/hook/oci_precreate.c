/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * json-c finds out what linux.seccomp says, seccomp_section.c edits that, json-c writes the new one;
 * json_text.c finds where the old one stands, so that the numbers, escapes and blanks of all the rest
 * are not json-c's but the author's.
 *
 * Where there were no rules the *xattrat calls, which libseccomp 2.5 cannot name, would be allowed: then
 * crun is given a filter that is ready, in an annotation, with its numbers.
 *
 * A rule with conditions of Docker's is refused. Runtimes do not know them, and would have the rule hold for
 * every container.
 *
 * No system call, no logging.
 */
#include "hook/oci_precreate.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/oci_message.h"
#include "base/fd.h"
#include "hook/json_value.h"

static int refuse(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return OCI_CONFIG_REFUSED;
}

int oci_config_read(const struct json_text *text, struct oci_config *ret_config,
		    const char **ret_reason)
{
	_cleanup_json_value_ struct json_object *root = NULL;

	if (text->length > OCI_CONFIG_MAX)
		return refuse(ret_reason, "is longer than 16 MiB");
	int r = json_value_read(text, &root);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || !json_object_is_type(root, json_type_object))
		return refuse(ret_reason, "is no JSON object");
	*ret_config = (struct oci_config){ *text, TAKE_PTR(root) };
	return OCI_CONFIG_DONE;
}

void oci_config_done(struct oci_config *config)
{
	json_object_put(config->root);
	config->root = NULL;
}

static const char *annotation_of(const struct oci_config *config, const char *key)
{
	return json_value_text(json_value_member(config->root, "annotations", json_type_object),
			       key);
}

const char *oci_config_policy(const struct oci_config *config)
{
	return annotation_of(config, OCI_POLICY_ANNOTATION);
}

void oci_config_name(const struct oci_config *config, char ret_name[OCI_NAME_MAX + 1])
{
	oci_name_of(json_value_member(config->root, "annotations", json_type_object), ret_name);
}

bool oci_config_is_podmans(const struct oci_config *config)
{
	const char *manager = annotation_of(config, "io.container.manager");

	return manager && strcmp(manager, "libpod") == 0;
}

static struct json_object *seccomp_of(const struct oci_config *config)
{
	return json_value_member(json_value_member(config->root, "linux", json_type_object),
				 "seccomp", json_type_object);
}

const char *oci_config_wanted(const struct oci_config *config)
{
	const struct json_object *section = seccomp_of(config);
	const char *metadata = json_value_text(section, "listenerMetadata");
	const char *policy = oci_config_policy(config);

	if (!json_value_text(section, "listenerPath"))
		return policy;
	return metadata ? metadata : (policy ? policy : "");
}

bool oci_config_has_seccomp(const struct oci_config *config)
{
	return seccomp_of(config) != NULL;
}

const char *oci_config_lacking(const struct oci_config *config, const struct exec_edit *edit)
{
	return exec_rules_lacking(seccomp_of(config), edit);
}

/** has_conditions() - is there a rule that Docker would apply to some containers only? */
static bool has_conditions(const struct json_object *section)
{
	const struct json_object *rules = json_value_member(section, "syscalls", json_type_array);

	for (size_t i = 0; rules && i < json_object_array_length(rules); i++) {
		const struct json_object *rule = json_object_array_get_idx(rules, i);

		if (json_object_object_get(rule, "includes") ||
		    json_object_object_get(rule, "excludes"))
			return true;
	}
	return false;
}

/** check() - is there anything that we would override, or that would override us? */
static const char *check(const struct oci_config *config, const struct oci_edit *edit)
{
	const struct json_object *linux_section =
		json_value_member(config->root, "linux", json_type_object);
	const struct json_object *section = seccomp_of(config);

	if (!linux_section)
		return "has no section linux";
	if (!section && json_object_object_get(linux_section, "seccomp"))
		return "has a linux.seccomp that is no object";
	if (has_conditions(section))
		return "has seccomp rules with conditions (includes, excludes), which no runtime knows: "
		       "'nsxattr profile' resolves them";
	if (annotation_of(config, OCI_FILTER_ANNOTATION) &&
	    !seccomp_section_is_ours(section, &edit->seccomp))
		return "has a seccomp filter of its own in the annotation " OCI_FILTER_ANNOTATION;
	return seccomp_section_check(section, &edit->seccomp);
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

/** write_annotation() - one that is not there yet; @value needs no escapes */
static int write_annotation(struct edited *edited, const char *key, const char *value,
			    const char **ret_reason)
{
	_cleanup_free_ char *quoted = NULL, *object = NULL;
	struct json_span span;

	if (asprintf(&quoted, "\"%s\"", value) < 0 ||
	    asprintf(&object, "{\"%s\":%s}", key, quoted) < 0)
		return -ENOMEM;
	switch (find(&edited->text, "annotations", NULL, &span)) {
	case JSON_TEXT_FOUND:
		if (edited->text.bytes[span.begin] == '{')
			return insert(edited, &span, key, quoted);
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
		      const struct oci_edit *edit, struct edited *edited, const char **ret_reason)
{
	const char *value = json_object_to_json_string_ext((struct json_object *)(uintptr_t)seccomp,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE);

	edited->text = config->text;
	if (!value)
		return -ENOMEM;
	int r = write_seccomp(edited, value, oci_config_has_seccomp(config), ret_reason);

	if (r == OCI_CONFIG_DONE && edit->filter && !oci_config_has_seccomp(config))
		r = write_annotation(edited, OCI_FILTER_ANNOTATION, edit->filter, ret_reason);
	if (r == OCI_CONFIG_DONE && edit->name && !annotation_of(config, OCI_NAME_ANNOTATION))
		r = write_annotation(edited, OCI_NAME_ANNOTATION, edit->name, ret_reason);
	return r;
}

int oci_config_edit(struct oci_config *config, const struct oci_edit *edit, char **ret_text,
		    size_t *ret_length, const char **ret_reason)
{
	bool had_seccomp = oci_config_has_seccomp(config);
	const char *reason = check(config, edit);

	if (reason)
		return refuse(ret_reason, reason);
	_cleanup_json_value_ struct json_object *section =
		had_seccomp ? json_object_get(seccomp_of(config)) : seccomp_section_new();

	if (!section || seccomp_section_edit(section, &edit->seccomp) < 0)
		return -ENOMEM;
	struct edited edited = { 0 };
	int r = write_text(config, section, edit, &edited, ret_reason);
	if (r != OCI_CONFIG_DONE) {
		free(edited.owned);
		return r;
	}
	*ret_text = edited.owned;
	*ret_length = edited.text.length;
	return OCI_CONFIG_DONE;
}
