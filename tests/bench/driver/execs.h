/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_EXECS_H
#define NSXATTR_BENCH_EXECS_H

/*
 * The program execs (execs.c beside bench.c) in the scene, and signatures for mode enforce, which the settings have a key
 * for; without a key nothing is signed, and columns of that mode are left out.
 */

#include "part.h"
#include "runner.h"
#include "wrapper.h"

/** execs_prepare() - have the certificate where policies name it, and execs signed. Return: false: said. */
bool execs_prepare(const struct bench *bench);

/** execs_sign() - have evmctl(1) sign another file of the scene. Return: false: said. */
bool execs_sign(const struct bench *bench, const char *name);

/**
 * execs_start() - run execs under a wrapper, in the scene
 * @ret_runner: RUNNER_NONE if the settings do not want it
 *
 * Return: false when one that may not be missing does not work: said.
 */
bool execs_start(const struct bench *bench, enum wrapper_id id, struct runner *ret_runner);

#endif
