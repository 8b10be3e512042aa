/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BENCH_MESSAGE_H
#define NSXATTR_BENCH_MESSAGE_H

/** complain() - a line on standard error */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** progress() - what is being measured, for who watches on a terminal; NULL: nothing any more */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
