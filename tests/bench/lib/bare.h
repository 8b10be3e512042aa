/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_BARE_H
#define NSXATTR_BENCH_BARE_H

/*
 * A supervisor that makes the system calls of a request and nothing else: no policy, no namespace, no permission, no
 * second look. What it does in a second nsxattr can do at most, with as many threads as it has.
 */

/**
 * bare_serve() - answer getxattr(2) and setxattr(2) by path, as they were asked; all else with 0
 * @listener: of seccomp_unotify(2)
 * @threads: that block in RECV, side by side
 *
 * It ends with its process. What fails at the start is said, and ends it.
 */
_Noreturn void bare_serve(int listener, unsigned int threads);

#endif
