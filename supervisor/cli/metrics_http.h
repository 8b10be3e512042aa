/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_CLI_METRICS_HTTP_H
#define NSXATTR_CLI_METRICS_HTTP_H

/*
 * One scrape by HTTP/1.0, on standard input and output, which are a connection that systemd has accepted
 * (Accept=yes of systemd.socket(5)): so systemd listens, and bounds how many there are and who may connect.
 */

#include <stddef.h>

/* The longest request, and seconds that all of a scrape may take: then the process is killed. */
#define METRICS_HTTP_REQUEST_MAX 8192
#define METRICS_HTTP_PATIENCE 20

/**
 * metrics_http_receive() - read a request, up to the blank line behind it
 *
 * From then on this process ends, by SIGALRM, before it has waited for longer than METRICS_HTTP_PATIENCE.
 *
 * Return: the number of the answer: 200 for GET of /metrics or /, 400, 404, 405; -errno: the peer has gone.
 */
int metrics_http_receive(int fd);

/**
 * metrics_http_answer() - write an answer
 * @number: 503, too
 * @text: of the answer, @length bytes
 *
 * Return: 0; -errno.
 */
int metrics_http_answer(int fd, int number, const char *text, size_t length);

#endif
