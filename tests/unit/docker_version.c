/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/docker_version.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static char version[DOCKER_VERSION_SIZE];

static int read_version(const char *answer)
{
	return docker_version_of(answer, strlen(answer), version);
}

Test(docker_version, is_in_the_body)
{
	cr_assert_eq(read_version(
			     "HTTP/1.0 200 OK\r\nServer: Docker/24.0.7 (linux)\r\n\r\n"
			     "{\"Platform\":{\"Name\":\"\"},\"Version\":\"20.10.24+dfsg1\"}\n"),
		     0);
	cr_expect_str_eq(version, "20.10.24+dfsg1");
}

Test(docker_version, is_in_no_other_answer)
{
	cr_expect_eq(read_version(""), -EPROTO);
	cr_expect_eq(read_version("{\"Version\":\"24\"}"), -EPROTO);
	cr_expect_eq(read_version("HTTP/1.0 200 OK\r\n\r\n"), -EPROTO);
	cr_expect_eq(read_version("HTTP/1.0 200 OK\r\n\r\n{\"Version\":24}"), -EPROTO);
	cr_expect_eq(read_version("HTTP/1.0 200 OK\r\n\r\n{\"Version\":\"24\""), -EPROTO);
}

Test(docker_version, has_to_have_room)
{
	char answer[256] = "HTTP/1.0 200 OK\r\n\r\n{\"Version\":\"";
	size_t length = strlen(answer);

	memset(answer + length, '2', DOCKER_VERSION_SIZE);
	strcpy(answer + length + DOCKER_VERSION_SIZE, "\"}");
	cr_expect_eq(read_version(answer), -EPROTO);
}

Test(docker_version, is_not_known_where_there_is_no_docker)
{
	cr_expect_eq(docker_version_ask("/nonexistent/docker.sock", version), -ENOENT);
}
