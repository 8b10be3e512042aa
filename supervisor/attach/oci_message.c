/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * The format is the ContainerProcessState of the OCI runtime specification (config-linux.md, "The
 * Container Process State"), as crun 1.8, runc 1.1 and youki 0.1 to 0.7 write it; unknown keys are
 * passed over, the order means nothing.
 *
 * oci_frame.c has bounded depth and number of values before json-c makes anything of them. Keys that
 * come twice: the last one counts, and a runtime that writes such a message deceives only itself.
 *
 * No text of the peer leaves this file unless it is printable ASCII, and none is in a reason.
 *
 * No system call, no logging.
 */
#include "attach/oci_message.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attach/oci_frame.h"
#include "base/json.h"
#include "count_of.h"
#include "policy.h"
#include "policy_selector.h"

static void cleanup_object(struct json_object **object)
{
	json_object_put(*object);
}

#define _cleanup_object_ __attribute__((cleanup(cleanup_object)))

static const char *check_bounds(const char *bytes, size_t length)
{
	struct oci_frame frame = { 0 };
	const char *reason = NULL;

	if (length == 0)
		return "is empty";
	if (length > OCI_MESSAGE_MAX)
		return "is longer than 1 MiB";
	if (oci_frame_feed(&frame, bytes, length, &reason) == OCI_FRAME_OPEN)
		return "is cut off";
	return reason;
}

/** parse() - make an object of it. Return: NULL; the reason why there is none; *ret_r: -ENOMEM. */
static const char *parse(const char *bytes, size_t length, struct json_object **ret_object,
			 int *ret_r)
{
	int r = json_parse(bytes, length, OCI_FRAME_DEPTH_MAX + 1, JSON_TOKENER_VALIDATE_UTF8,
			   ret_object);

	*ret_r = r == -ENOMEM ? r : 0;
	if (r == -EILSEQ)
		return "is not UTF-8";
	return r == -EINVAL ? "is not JSON" : NULL;
}

/* What of a text may be shown and compared: neither bytes that steer a terminal, nor look-alikes. */
static bool is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

enum text_result { TEXT_READ, TEXT_ABSENT, TEXT_UNUSABLE };

/** read_text() - copy a member to @place, of @size bytes, if it can be */
static enum text_result read_text(const struct json_object *object, const char *key, char *place,
				  size_t size)
{
	struct json_object *member = NULL;

	if (!json_object_object_get_ex(object, key, &member) || !member)
		return TEXT_ABSENT;
	if (!json_object_is_type(member, json_type_string))
		return TEXT_UNUSABLE;
	size_t length = (size_t)json_object_get_string_len(member);

	if (length >= size || !is_plain(json_object_get_string(member), length))
		return TEXT_UNUSABLE;
	memcpy(place, json_object_get_string(member), length);
	place[length] = '\0';
	return TEXT_READ;
}

/** read_pid() - a number that can be a pid. Return: false if the member is anything else. */
static bool read_pid(const struct json_object *object, const char *key, pid_t *ret_pid)
{
	struct json_object *member = NULL;

	if (!json_object_object_get_ex(object, key, &member) ||
	    !json_object_is_type(member, json_type_int))
		return false;
	int64_t pid = json_object_get_int64(member);

	if (pid < 0 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	return true;
}

static bool is_listener_name(struct json_object *name)
{
	return json_object_is_type(name, json_type_string) &&
	       strcmp(json_object_get_string(name), "seccompFd") == 0 &&
	       json_object_get_string_len(name) == strlen("seccompFd");
}

/** find_listener() - which of the descriptors is it? Return: NULL; a reason. */
static const char *find_listener(const struct json_object *names, size_t descriptors,
				 size_t *ret_index)
{
	size_t found = descriptors;
	size_t count = json_object_array_length(names);

	if (count != descriptors)
		return "names more or fewer descriptors than came with it";
	for (size_t i = 0; i < count; i++) {
		if (!is_listener_name(json_object_array_get_idx(names, i)))
			continue;
		if (found < count)
			return "names two descriptors seccompFd";
		found = i;
	}
	if (found == count)
		return "names no descriptor seccompFd";
	*ret_index = found;
	return NULL;
}

static const char *read_fds(const struct json_object *object, size_t descriptors,
			    struct oci_message *message)
{
	struct json_object *names = NULL;

	if (descriptors == 0)
		return "came without a descriptor";
	if (json_object_object_get_ex(object, "fds", &names) && names) {
		if (!json_object_is_type(names, json_type_array))
			return "has fds that are no list";
		return find_listener(names, descriptors, &message->listener);
	}
	message->listener = 0;
	return descriptors == 1 ? NULL : "came with several descriptors without names";
}

void oci_name_of(const struct json_object *annotations, char ret_name[OCI_NAME_MAX + 1])
{
	/* CRI-O's own is that of a pod's sandbox; its other containers have the kubelet's. */
	static const char *const keys[] = {
		OCI_NAME_ANNOTATION,
		"io.kubernetes.cri.container-name",
		"io.kubernetes.container.name",
		"io.kubernetes.cri-o.ContainerName",
		"nerdctl/name",
	};

	ret_name[0] = '\0';
	for (size_t i = 0; annotations && i < COUNT_OF(keys) && !ret_name[0]; i++)
		(void)read_text(annotations, keys[i], ret_name, OCI_NAME_MAX + 1);
}

/* Can a member be compared? The work of that is bounded by the lengths. */
static bool is_comparable(const char *key, struct json_object *member)
{
	if (!json_object_is_type(member, json_type_string))
		return false;
	size_t length = (size_t)json_object_get_string_len(member);

	return length <= OCI_ANNOTATION_MAX && strlen(key) <= OCI_ANNOTATION_MAX &&
	       strlen(json_object_get_string(member)) == length;
}

/* Return: bytes for all texts of the object, each with its NUL; how many in *ret_count. */
static size_t measure(struct json_object *object, size_t *ret_count)
{
	size_t size = 0, count = 0;

	json_object_object_foreach(object, key, member)
	{
		if (!is_comparable(key, member))
			continue;
		size += strlen(key) + strlen(json_object_get_string(member)) + 2;
		count++;
	}
	*ret_count = count;
	return size;
}

static const char *put(char **place, const char *text)
{
	char *begin = *place;

	*place = stpcpy(begin, text) + 1;
	return begin;
}

int oci_annotations_copy(struct json_object *object, struct annotation **ret_annotations,
			 size_t *ret_count)
{
	size_t count = 0, size = object ? measure(object, &count) : 0;

	*ret_annotations = NULL;
	*ret_count = 0;
	if (count == 0)
		return 0;
	struct annotation *annotations = malloc(count * sizeof(*annotations) + size);

	if (!annotations)
		return -ENOMEM;
	char *text = (char *)(annotations + count);
	struct annotation *next = annotations;

	json_object_object_foreach(object, key, member)
	{
		if (!is_comparable(key, member))
			continue;
		next->key = put(&text, key);
		next->value = put(&text, json_object_get_string(member));
		next++;
	}
	*ret_annotations = annotations;
	*ret_count = count;
	return 0;
}

static bool is_podmans(const struct json_object *annotations)
{
	char manager[sizeof("libpod")];

	return read_text(annotations, "io.container.manager", manager, sizeof(manager)) ==
		       TEXT_READ &&
	       strcmp(manager, "libpod") == 0;
}

/* *ret_r: -ENOMEM. */
static const char *read_annotations(const struct json_object *state, struct oci_message *message,
				    int *ret_r)
{
	struct json_object *annotations = NULL;

	if (!json_object_object_get_ex(state, "annotations", &annotations) || !annotations)
		return NULL;
	if (!json_object_is_type(annotations, json_type_object))
		return "has annotations that are no object";
	if (read_text(annotations, OCI_POLICY_ANNOTATION, message->policy,
		      sizeof(message->policy)) == TEXT_UNUSABLE)
		return "has an annotation io.nsxattr.policy that cannot be the name of a policy";
	oci_name_of(annotations, message->name);
	*ret_r = oci_annotations_copy(annotations, &message->annotations,
				      &message->annotation_count);
	if (is_podmans(annotations))
		message->runtimes |= RUNTIME_PODMAN;
	return NULL;
}

static const char *read_state(const struct json_object *object, struct oci_message *message,
			      int *ret_r)
{
	struct json_object *state = NULL;

	if (!json_object_object_get_ex(object, "state", &state) ||
	    !json_object_is_type(state, json_type_object))
		return "has no state";
	if (read_text(state, "id", message->id, sizeof(message->id)) != TEXT_READ ||
	    message->id[0] == '\0' || strchr(message->id, '/'))
		return "has no id of a container that can be used";
	if (read_text(state, "status", message->status, sizeof(message->status)) == TEXT_UNUSABLE)
		return "has a status that cannot be one";
	/* youki leaves it out, or null, while it creates a container. */
	if (json_object_object_get(state, "pid") && !read_pid(state, "pid", &message->state_pid))
		return "has a pid of the container that cannot be one";
	return read_annotations(state, message, ret_r);
}

static bool is_empty_text(const struct json_object *object, const char *key)
{
	char text[1];

	return read_text(object, key, text, sizeof(text)) == TEXT_READ;
}

/**
 * guess_runtime() - who wrote it? Return: a bit of enum policy_runtime; 0: policies have no name for it
 *
 * crun has a version of its own, which no specification ever had. youki writes its whole state
 * (up to 0.5), or a metadata although there is none; runc leaves out what is empty.
 */
static unsigned int guess_runtime(const struct json_object *object)
{
	struct json_object *state = json_object_object_get(object, "state");
	char version[sizeof("0.2.0")];

	if (json_object_object_get_ex(state, "useSystemd", NULL) ||
	    is_empty_text(object, "metadata"))
		return 0;
	switch (read_text(object, "ociVersion", version, sizeof(version))) {
	case TEXT_READ:
		return strcmp(version, "0.2.0") == 0 ? RUNTIME_CRUN : RUNTIME_RUNC;
	case TEXT_UNUSABLE: /* a longer one, such as 1.0.2-dev */
		return RUNTIME_RUNC;
	case TEXT_ABSENT:
	default:
		return 0;
	}
}

static const char *read_object(const struct json_object *object, size_t descriptors,
			       struct oci_message *message, int *ret_r)
{
	const char *reason = read_fds(object, descriptors, message);

	if (reason)
		return reason;
	if (!read_pid(object, "pid", &message->pid))
		return "has no pid, or one that cannot be";
	if (read_text(object, "metadata", message->metadata, sizeof(message->metadata)) ==
	    TEXT_UNUSABLE)
		return "has metadata that cannot be the name of a policy";
	reason = read_state(object, message, ret_r);
	if (reason)
		return reason;
	message->runtimes |= guess_runtime(object);
	return NULL;
}

int oci_message_read(const char *bytes, size_t length, size_t descriptors,
		     struct oci_message *ret_message, const char **ret_reason)
{
	_cleanup_object_ struct json_object *object = NULL;
	struct oci_message message = { 0 };
	int r = 0;
	const char *reason = check_bounds(bytes, length);

	if (!reason)
		reason = parse(bytes, length, &object, &r);
	if (r == 0 && !reason)
		reason = read_object(object, descriptors, &message, &r);
	if (r == 0 && !reason) {
		*ret_message = message;
		return OCI_MESSAGE_READ;
	}
	oci_message_done(&message);
	if (r < 0)
		return r;
	*ret_reason = reason;
	return OCI_MESSAGE_REFUSED;
}

void oci_message_done(struct oci_message *message)
{
	free(message->annotations);
	message->annotations = NULL;
	message->annotation_count = 0;
}

const char *oci_message_wanted(const struct oci_message *message)
{
	return message->metadata[0] ? message->metadata : message->policy;
}
