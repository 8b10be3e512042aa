/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define TIME 1714557600 /* 2024-05-01, 10:00 */

static void expect_line(bool is_json, bool is_failure, const char *sentence, const char *expected)
{
	_cleanup_free_ char *line = runtime_log_line(is_json, is_failure, sentence, TIME);

	cr_expect_str_eq(line, expected);
}

Test(runtime_log, writes_json_as_runc_does)
{
	expect_line(true, true, "there is no policy 'x'",
		    "{\"level\":\"error\",\"msg\":\"there is no policy 'x'\","
		    "\"time\":\"2024-05-01T10:00:00Z\"}\n");
	expect_line(true, false, "a \"b\" /c\n",
		    "{\"level\":\"warning\",\"msg\":\"a \\\"b\\\" /c\\n\","
		    "\"time\":\"2024-05-01T10:00:00Z\"}\n");
}

Test(runtime_log, writes_text_as_runc_does)
{
	expect_line(false, true, "a \"b\"\\\n",
		    "time=\"2024-05-01T10:00:00Z\" level=error msg=\"a \\\"b\\\"\\\\ \"\n");
}

Test(runtime_log, appends)
{
	char path[] = "/tmp/nsxattr-log.XXXXXX", text[512] = "";
	const struct runtime_log log = { path, false };
	int fd = mkstemp(path);

	cr_assert_eq(runtime_log_write(&log, true, "one"), 0);
	cr_assert_eq(runtime_log_write(&log, false, "two"), 0);
	cr_assert_gt(read(fd, text, sizeof(text) - 1), 0);
	const char *first = strstr(text, "level=error msg=\"one\"\n");

	cr_assert_not_null(first);
	cr_expect_not_null(strstr(first, "level=warning msg=\"two\"\n"));
	close(fd);
	unlink(path);
}

Test(runtime_log, does_not_wait_for_a_reader)
{
	char folder[] = "/tmp/nsxattr-log.XXXXXX", path[64];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(runtime_log_write(&(struct runtime_log){ path, true }, true, "one"), -ENXIO);
	unlink(path);
	rmdir(folder);
}
