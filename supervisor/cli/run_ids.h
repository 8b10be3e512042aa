/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_RUN_IDS_H
#define NSXATTR_CLI_RUN_IDS_H

/*
 * Which ids the user namespace of nsxattr run has.
 *
 *	started			without an option	--map-auto
 *	by root on a host	--map-auto		the ranges of /etc/subuid and /etc/subgid
 *	by root of a namespace	each id of ours		each id of ours
 *	by any other user	our own id as 0		the ranges of /etc/subuid and /etc/subgid
 */

#include <stdbool.h>

struct outer;
struct run_options;
struct run_request;

/**
 * run_ids_resolve() - find the maps
 * @request: what was asked for
 * @outer: what is around our own user namespace
 * @options: is_plain is known; gets users, groups, deny_setgroups and writes_maps
 *
 * Return: false if there are none: it has been logged.
 */
bool run_ids_resolve(const struct run_request *request, const struct outer *outer,
		     struct run_options *options);

#endif
