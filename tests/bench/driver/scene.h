/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_SCENE_H
#define NSXATTR_BENCH_SCENE_H

/* A directory for everything that is measured, and the programs that root of a namespace can run. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Root of the namespace on the host, and the options that say so. */
#define INSIDE_ROOT 100000
#define MAP_USERS "--map-users=0:100000:65536"
#define MAP_GROUPS "--map-groups=0:100000:65536"

struct scene {
	char programs[PATH_MAX]; /* where the bench's programs were built */
	char directory[PATH_MAX]; /* "": not made */
};

/** scene_new() - a new directory below @parent. Return: false: said. */
bool scene_new(struct scene *scene, const char *parent);

/** scene_remove() - with all that is in it; one that was not made is accepted */
void scene_remove(const struct scene *scene);

/* The certificate of mode enforce, in the scene. */
#define SCENE_KEY "key.der"

/** scene_take_key() - have @name.der there, where policies name it. Return: false: said. */
bool scene_take_key(const struct scene *scene, const char *name);

/** path_join() - @directory/@name. Return: whether it fits; else it is said. */
bool path_join(char path[PATH_MAX], const char *directory, const char *name);

/** make_directory() - one that root of the namespace owns. Return: false: said. */
bool make_directory(const char *path);

/** make_file() - the same, an empty file */
bool make_file(const char *path);

/** make_files() - @count of them in @directory, named 0, 1, and so on */
bool make_files(const char *directory, size_t count);

/** remove_tree() - Return: false: said. */
bool remove_tree(const char *path);

#endif
