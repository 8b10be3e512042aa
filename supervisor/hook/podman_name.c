/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * podman keeps its containers in a storage (containers-storage.conf(5)). Each has a folder there, and one where
 * what is gone after a boot lies:
 *
 *	GRAPHROOT/DRIVER-containers/ID/userdata/
 *	RUNROOT/DRIVER-containers/ID/userdata/
 *
 * from where podman mounts files of its own into the container: their sources in config.json have the ID. The
 * records are GRAPHROOT/DRIVER-containers/containers.json and, of containers that are removed when they end,
 * volatile-containers.json beside it or below RUNROOT: lists of objects with an "id" and "names". GRAPHROOT is
 * known by such a source, or by the root file system, GRAPHROOT/DRIVER/LAYER/merged.
 *
 * Who starts the container could write these files as well as name it: what is read here is worth as much as an
 * annotation of theirs.
 */
#include "hook/podman_name.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/text_file.h"
#include "count_of.h"
#include "hook/json_value.h"

#define ID_LENGTH 64
/* A record is some hundred bytes, and root may have thousands. */
#define RECORDS_MAX ((size_t)64 << 20)
#define FOLDERS_MAX 8

/** struct storage - what a config.json tells of podman's storage */
struct storage {
	char id[ID_LENGTH + 1]; /* of the container; "": not found */
	char folders[FOLDERS_MAX][PATH_MAX]; /* where records may be */
	size_t folder_count;
};

static void add_folder(struct storage *storage, const char *path, size_t length)
{
	if (length >= PATH_MAX || storage->folder_count == FOLDERS_MAX)
		return;
	char *folder = storage->folders[storage->folder_count];

	memcpy(folder, path, length);
	folder[length] = '\0';
	for (size_t i = 0; i < storage->folder_count; i++)
		if (strcmp(storage->folders[i], folder) == 0)
			return;
	storage->folder_count++;
}

/* ".../DRIVER-containers/ID/userdata/..." */
static void look_at_source(struct storage *storage, const char *source)
{
	static const char ending[] = "-containers/", below[] = "/userdata/";
	const char *found = strstr(source, ending);

	if (!found || *source != '/')
		return;
	const char *id = found + strlen(ending);

	if (strspn(id, "0123456789abcdef") != ID_LENGTH ||
	    strncmp(id + ID_LENGTH, below, strlen(below)) != 0)
		return;
	memcpy(storage->id, id, ID_LENGTH);
	add_folder(storage, source, (size_t)(id - source));
}

/* What podman itself mounts, from its folders; a user's volumes are elsewhere. */
static void look_at_mount(struct storage *storage, const struct json_object *mount)
{
	static const char *const podmans[] = { "/run/.containerenv", "/dev/shm", "/etc/hostname",
					       "/etc/hosts", "/etc/resolv.conf" };
	const char *destination = json_text_of(mount, "destination");

	for (size_t i = 0; i < COUNT_OF(podmans); i++)
		if (strcmp(destination, podmans[i]) == 0)
			look_at_source(storage, json_text_of(mount, "source"));
}

static void look_at_root(struct storage *storage, const char *path)
{
	static const char *const drivers[] = { "overlay", "vfs", "btrfs", "zfs" };
	char part[16], folder[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(drivers); i++) {
		snprintf(part, sizeof(part), "/%s/", drivers[i]);
		const char *found = strstr(path, part);

		if (!found)
			continue;
		int length = snprintf(folder, sizeof(folder), "%.*s/%s-containers/",
				      (int)(found - path), path, drivers[i]);

		if (length > 0)
			add_folder(storage, folder, (size_t)length);
	}
}

static void look_at_config(struct storage *storage, const struct json_object *config)
{
	struct json_object *mounts = json_value_member(config, "mounts", json_type_array);

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++)
		look_at_mount(storage, json_object_array_get_idx(mounts, i));
	look_at_root(storage,
		     json_text_of(json_value_member(config, "root", json_type_object), "path"));
}

/* As podman has it (its NameRegex), so that it can stand in JSON as it is. */
static bool is_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length = strlen(name);

	return length > 0 && length <= PODMAN_NAME_MAX && strspn(name, allowed) == length;
}

static bool find_in_records(const struct json_object *records, const char *id,
			    char ret_name[PODMAN_NAME_MAX + 1])
{
	size_t count = json_length_of(records);

	for (size_t i = 0; i < count; i++) {
		const struct json_object *record = json_object_array_get_idx(records, i);

		if (strcmp(json_text_of(record, "id"), id) != 0)
			continue;
		struct json_object *names = json_value_member(record, "names", json_type_array);
		struct json_object *first = names ? json_object_array_get_idx(names, 0) : NULL;
		const char *name = json_object_is_type(first, json_type_string) ?
					   json_object_get_string(first) :
					   "";

		if (is_name(name))
			snprintf(ret_name, PODMAN_NAME_MAX + 1, "%s", name);
		return is_name(name);
	}
	return false;
}

static bool find_in_file(const char *folder, const char *file, const char *id,
			 char ret_name[PODMAN_NAME_MAX + 1])
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t length = 0;

	if (asprintf(&path, "%s%s", folder, file) < 0)
		path = NULL;
	if (!path || text_file_read(path, RECORDS_MAX, &text, &length) != TEXT_FILE_READ)
		return false;
	_cleanup_json_value_ struct json_object *records = NULL;

	return json_value_read(&(struct json_text){ text, length }, &records) == 0 &&
	       find_in_records(records, id, ret_name);
}

enum podman_name_result podman_name_find(const struct json_object *config,
					 char ret_name[PODMAN_NAME_MAX + 1])
{
	static const char *const files[] = { "containers.json", "volatile-containers.json" };
	_cleanup_free_ struct storage *storage = calloc(1, sizeof(*storage));

	if (!storage)
		return PODMAN_NAME_UNKNOWN;
	look_at_config(storage, config);
	if (!storage->id[0])
		return PODMAN_NAME_UNKNOWN;
	for (size_t i = 0; i < storage->folder_count; i++)
		for (size_t k = 0; k < COUNT_OF(files); k++)
			if (find_in_file(storage->folders[i], files[k], storage->id, ret_name))
				return PODMAN_NAME_FOUND;
	return PODMAN_NAME_UNKNOWN;
}
