/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_HOOK_SECCOMP_BASE_H
#define NSXATTR_HOOK_SECCOMP_BASE_H

/*
 * A seccomp profile to begin with, for engines that keep their own inside their program. It allows no call
 * that containerd 1.6 or Docker 20.10 and later refuse to a container with the same capabilities.
 */

struct json_object;

/**
 * seccomp_base_new() - make it, with conditions as in Docker's format
 * @architecture: amd64 or arm64
 *
 * Return: the caller's to json_object_put(); NULL without memory.
 */
struct json_object *seccomp_base_new(const char *architecture);

#endif
