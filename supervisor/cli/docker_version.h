/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_DOCKER_VERSION_H
#define NSXATTR_CLI_DOCKER_VERSION_H

/* Which Docker this host has: dockerd is asked, as docker(1) asks it. */

#include <stddef.h>

#define DOCKER_SOCKET "/run/docker.sock"
#define DOCKER_VERSION_SIZE 64

/**
 * docker_version_ask() - have dockerd tell its version
 * @path: of its socket
 * @ret_version: such as "24.0.7"
 *
 * It has some seconds for its answer.
 *
 * Return: 0; -ENOENT or -ECONNREFUSED: it does not run; -EPROTO: that is no answer of dockerd's; -ETIMEDOUT; -errno.
 */
int docker_version_ask(const char *path, char ret_version[DOCKER_VERSION_SIZE]);

/** docker_version_of() - the version of an answer of HTTP, of @length bytes. Return: 0; -EPROTO. */
int docker_version_of(const char *answer, size_t length, char ret_version[DOCKER_VERSION_SIZE]);

#endif
