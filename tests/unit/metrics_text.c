/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, in the text format of Prometheus; tests/system/metrics.sh checks the whole. */
#include "cli/metrics_text.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/* Return: what is shown of a status, the caller's. */
static char *shown(const char *json)
{
	struct json_object *status = json ? json_tokener_parse(json) : NULL;
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);

	metrics_show(status, to);
	fclose(to);
	json_object_put(status);
	return text;
}

static void expect_line(const char *text, const char *line)
{
	_cleanup_free_ char *wanted = NULL;

	cr_assert_geq(asprintf(&wanted, "\n%s\n", line), 0);
	cr_expect_not_null(strstr(text, wanted), "%s is not in %s", line, text);
}

Test(metrics_text, says_that_there_is_no_daemon)
{
	_cleanup_free_ char *text = shown(NULL);

	cr_expect_str_eq(text, "# HELP nsxattr_up Does nsxattrd answer?\n"
			       "# TYPE nsxattr_up gauge\nnsxattr_up 0\n");
}

Test(metrics_text, has_what_the_daemon_counts)
{
	_cleanup_free_ char *text = shown(
		"{\"version\":\"1.2\",\"since\":7,\"worker-deaths\":3,\"upgrades\":2,\"policies\":4,"
		"\"warnings\":[\"x\"],\"pools\":{\"places\":{\"size\":9,\"taken\":8,\"of-users\":5}},"
		"\"containers\":[]}");

	expect_line(text, "nsxattr_up 1");
	expect_line(text, "nsxattr_build_info{version=\"1.2\"} 1");
	expect_line(text, "nsxattr_worker_deaths_total 3");
	expect_line(text, "nsxattr_upgrades_total 2");
	expect_line(text, "nsxattr_warnings 1");
	expect_line(text, "nsxattr_containers 0");
	expect_line(text, "nsxattr_pool_taken_by_users{pool=\"places\"} 5");
}

#define LABELS "{runtime=\"lxc\",id=\"a\",name=\"b\",owner=\"0\",policy=\"p\""

static const char container[] =
	"{\"containers\":[{\"runtime\":\"lxc\",\"id\":\"a\",\"name\":\"b\",\"owner\":0,\"policy\":\"p\","
	"\"requests\":10,\"left-to-kernel\":3,\"errors\":2,\"reasons\":{\"rule-deny\":2},\"in-flight\":1,"
	"\"in-flight-most\":128,\"stuck\":6,\"late\":5,"
	"\"latency\":{\"microseconds\":1500,\"classes\":[1,2,3]}}]}";

Test(metrics_text, has_what_a_container_does)
{
	_cleanup_free_ char *text = shown(container);

	expect_line(text, "nsxattr_requests_total" LABELS ",result=\"done\"} 5");
	expect_line(text, "nsxattr_requests_total" LABELS ",result=\"kernel\"} 3");
	expect_line(text, "nsxattr_requests_total" LABELS ",result=\"error\"} 2");
	expect_line(text, "nsxattr_refusals_total" LABELS ",reason=\"rule-deny\"} 2");
	expect_line(text, "nsxattr_requests_in_flight" LABELS "} 1");
	expect_line(text, "nsxattr_requests_in_flight_limit" LABELS "} 128");
	expect_line(text, "nsxattr_requests_stuck_total" LABELS "} 6");
	expect_line(text, "nsxattr_requests_late_total" LABELS "} 5");
}

Test(metrics_text, has_a_histogram)
{
	_cleanup_free_ char *text = shown(container);

	expect_line(text, "nsxattr_request_duration_seconds_bucket" LABELS ",le=\"0.000004\"} 1");
	expect_line(text, "nsxattr_request_duration_seconds_bucket" LABELS ",le=\"0.000008\"} 6");
	expect_line(text, "nsxattr_request_duration_seconds_bucket" LABELS ",le=\"8.388608\"} 6");
	expect_line(text, "nsxattr_request_duration_seconds_bucket" LABELS ",le=\"+Inf\"} 6");
	expect_line(text, "nsxattr_request_duration_seconds_sum" LABELS "} 0.001500");
	expect_line(text, "nsxattr_request_duration_seconds_count" LABELS "} 6");
}

/* Ids and names are a user's. */
Test(metrics_text, escapes_what_users_have_chosen)
{
	_cleanup_free_ char *text = shown(
		"{\"containers\":[{\"id\":\"a\\\"} 1\\n\",\"name\":\"\\\\\\u001b\\u00e4\"}]}");

	expect_line(
		text,
		"nsxattr_listeners{runtime=\"\",id=\"a\\\"} 1\\\\x0a\",name=\"\\\\\\\\x1b\\\\xc3\\\\xa4\","
		"owner=\"\",policy=\"\"} 0");
}

static unsigned int times(const char *text, const char *part)
{
	unsigned int count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* A series that is there twice makes a collector refuse the whole. */
Test(metrics_text, leaves_out_a_container_that_has_ended)
{
	_cleanup_free_ char *text =
		shown("{\"containers\":[{\"id\":\"a\",\"requests\":7,\"ended\":true},"
		      "{\"id\":\"a\",\"requests\":3}]}");

	expect_line(text, "nsxattr_containers 1");
	cr_expect_eq(times(text, "\nnsxattr_listeners{"), 1);
	cr_expect_eq(times(text, "result=\"done\"} 7"), 0);
	cr_expect_eq(times(text, "result=\"done\"} 3"), 1);
}

/* Counters are read one after the other while they grow. */
Test(metrics_text, has_no_number_below_zero)
{
	_cleanup_free_ char *text = shown("{\"containers\":[{\"requests\":1,\"errors\":2}]}");

	cr_expect_null(strstr(text, " -"));
	cr_expect_null(strstr(text, "18446744073709551615"));
}
