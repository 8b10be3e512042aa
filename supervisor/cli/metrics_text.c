/* SPDX-License-Identifier: Apache-2.0 */
/*
 * https://prometheus.io/docs/instrumenting/exposition_formats/ says how names, labels and histograms are written. All samples of
 * a metric stand together, so that each metric goes over all containers. What users have chosen stands in labels only.
 */
#include "cli/metrics_text.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/latency.h"
#include "count_of.h"

static struct json_object *get(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static void show_head(const char *name, const char *type, const char *help, FILE *to)
{
	fprintf(to, "# HELP nsxattr_%s %s\n# TYPE nsxattr_%s %s\n", name, help, name, type);
}

/* ---- labels ---- */

static void show_value(const char *text, FILE *to)
{
	for (; text && *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < ' ' || byte > '~')
			fprintf(to, "\\\\x%02x", byte);
		else if (byte == '\\' || byte == '"')
			fprintf(to, "\\%c", byte);
		else
			fputc(byte, to);
	}
}

static void show_label(const char *key, const char *value, const char *gap, FILE *to)
{
	fprintf(to, "%s%s=\"", gap, key);
	show_value(value, to);
	fputc('"', to);
}

/* Begins the sample of a container; the caller ends it: more labels, a brace, a value. */
static void begin_sample(const char *name, const char *suffix, struct json_object *container,
			 FILE *to)
{
	static const struct {
		const char *label, *key;
	} labels[] = {
		{ "runtime", "runtime" }, { "id", "id" },	  { "name", "name" },
		{ "owner", "owner" },	  { "policy", "policy" },
	};

	fprintf(to, "nsxattr_%s%s", name, suffix);
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		show_label(labels[i].label, json_object_get_string(get(container, labels[i].key)),
			   i == 0 ? "{" : ",", to);
}

static void end_sample(uint64_t value, FILE *to)
{
	fprintf(to, "} %" PRIu64 "\n", value);
}

/* ---- of the daemon ---- */

static void show_number(const char *name, const char *type, const char *help, uint64_t value,
			FILE *to)
{
	show_head(name, type, help, to);
	fprintf(to, "nsxattr_%s %" PRIu64 "\n", name, value);
}

static void show_daemon(struct json_object *status, size_t served, FILE *to)
{
	show_head("build_info", "gauge", "The version of nsxattrd.", to);
	show_label("version", json_object_get_string(get(status, "version")), "nsxattr_build_info{",
		   to);
	fputs("} 1\n", to);
	show_number("start_time_seconds", "gauge", "When nsxattrd was started.",
		    json_number_of(status, "since"), to);
	show_number("worker_deaths_total", "counter", "Workers of nsxattrd that have died.",
		    json_number_of(status, "worker-deaths"), to);
	show_number("upgrades_total", "counter",
		    "How often another nsxattrd went on with the containers of the one before.",
		    json_number_of(status, "upgrades"), to);
	show_number("policies", "gauge", "Policies that were read.",
		    json_number_of(status, "policies"), to);
	show_number("warnings", "gauge", "Faults of the host that nsxattr status tells.",
		    json_length_of(get(status, "warnings")), to);
	show_number("containers", "gauge", "Containers that are served.", served, to);
}

/* Only root is told these. */
static void show_pools(struct json_object *pools, FILE *to)
{
	static const struct {
		const char *name, *help, *key;
	} rows[] = {
		{ "pool_size", "What all containers share of a kind.", "size" },
		{ "pool_taken", "How much of it is taken.", "taken" },
		{ "pool_taken_by_users", "How much of that containers of plain users have.",
		  "of-users" },
	};

	if (!pools)
		return;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		show_head(rows[i].name, "gauge", rows[i].help, to);
		json_object_object_foreach(pools, pool, numbers)
		{
			fprintf(to, "nsxattr_%s", rows[i].name);
			show_label("pool", pool, "{", to);
			end_sample(json_number_of(numbers, rows[i].key), to);
		}
	}
}

/* Likewise. */
static void show_audit(struct json_object *audit, FILE *to)
{
	if (!audit)
		return;
	show_number("audit_records_total", "counter", "Records of changes that were written.",
		    json_number_of(audit, "written"), to);
	show_number("audit_lost_total", "counter",
		    "Records of changes that are lost: the audit log did not take them.",
		    json_number_of(audit, "lost"), to);
}

/* ---- of containers ---- */

typedef void show_samples(const char *name, struct json_object *container, FILE *to);

static void show_requests(const char *name, struct json_object *container, FILE *to)
{
	uint64_t requests = json_number_of(container, "requests"),
		 kernels = json_number_of(container, "left-to-kernel"),
		 errors = json_number_of(container, "errors");
	const struct {
		const char *result;
		uint64_t count;
	} rows[] = {
		/* They are counted one after the other. */
		{ "done", requests > kernels + errors ? requests - kernels - errors : 0 },
		{ "kernel", kernels },
		{ "error", errors },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		begin_sample(name, "", container, to);
		show_label("result", rows[i].result, ",", to);
		end_sample(rows[i].count, to);
	}
}

static void show_reasons(const char *name, struct json_object *container, FILE *to)
{
	struct json_object *reasons = get(container, "reasons");

	if (!json_object_is_type(reasons, json_type_object))
		return;
	json_object_object_foreach(reasons, reason, count)
	{
		begin_sample(name, "", container, to);
		show_label("reason", reason, ",", to);
		end_sample(json_object_get_uint64(count), to);
	}
}

/* A bound a power of two: the classes between are for percentiles of our own. */
static uint64_t show_buckets(const char *name, struct json_object *container, FILE *to)
{
	struct json_object *classes = get(get(container, "latency"), "classes");
	uint64_t sum = 0;
	char bound[32];

	for (size_t i = 0; i < LATENCY_CLASSES; i++) {
		sum += json_object_get_uint64(json_object_array_get_idx(classes, i));
		if (i % 2 != 0 && i + 1 < LATENCY_CLASSES)
			continue;
		snprintf(bound, sizeof(bound), "%.6f", (double)latency_bound(i) / 1e6);
		begin_sample(name, "_bucket", container, to);
		show_label("le", i + 1 < LATENCY_CLASSES ? bound : "+Inf", ",", to);
		end_sample(sum, to);
	}
	return sum;
}

static void show_latency(const char *name, struct json_object *container, FILE *to)
{
	struct json_object *latency = get(container, "latency");

	if (!json_object_is_type(get(latency, "classes"), json_type_array))
		return;
	uint64_t count = show_buckets(name, container, to);

	begin_sample(name, "_sum", container, to);
	fprintf(to, "} %.6f\n", (double)json_number_of(latency, "microseconds") / 1e6);
	begin_sample(name, "_count", container, to);
	end_sample(count, to);
}

static const struct metric {
	const char *name, *type, *help;
	const char *key; /* of a number of the container's; NULL: show() does it */
	show_samples *show;
} metrics[] = {
	{ "container_start_time_seconds", "gauge", "When the container came.", "since", NULL },
	{ "listeners", "gauge", "Listeners of the container.", "listeners", NULL },
	{ "requests_total", "counter",
	  "Calls that were answered: done, with an error, or by the kernel itself.", NULL,
	  show_requests },
	{ "refusals_total", "counter", "Calls by the reason of their answer.", NULL, show_reasons },
	{ "requests_in_flight", "gauge", "Calls in hand.", "in-flight", NULL },
	{ "requests_in_flight_limit", "gauge", "How many can be in hand at most.", "in-flight-most",
	  NULL },
	{ "requests_stuck_total", "counter",
	  "Calls that took so long that a thread was put beside them.", "stuck", NULL },
	{ "requests_late_total", "counter", "Calls that took longer than their source waits.",
	  "late", NULL },
	{ "request_duration_seconds", "histogram", "From the receipt of a call to its answer.",
	  NULL, show_latency },
};

static void show_metric(const struct metric *metric, struct json_object *containers, FILE *to)
{
	show_head(metric->name, metric->type, metric->help, to);
	for (size_t i = 0; i < json_length_of(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (metric->show) {
			metric->show(metric->name, container, to);
			continue;
		}
		begin_sample(metric->name, "", container, to);
		end_sample(json_number_of(container, metric->key), to);
	}
}

/*
 * One that has ended can be there for a while beside another one of its runtime, id and owner, and no series may be there twice.
 *
 * Return: the others, the caller's.
 */
static struct json_object *served_new(struct json_object *containers)
{
	struct json_object *served = json_object_new_array();

	for (size_t i = 0; i < json_length_of(containers); i++) {
		struct json_object *container = json_object_array_get_idx(containers, i);

		if (!json_object_get_boolean(get(container, "ended")))
			json_object_array_add(served, json_object_get(container));
	}
	return served;
}

void metrics_show(struct json_object *status, FILE *to)
{
	show_number("up", "gauge", "Does nsxattrd answer?", status != NULL, to);
	if (!status)
		return;
	struct json_object *served = served_new(get(status, "containers"));

	show_daemon(status, json_length_of(served), to);
	show_audit(get(status, "audit"), to);
	show_pools(get(status, "pools"), to);
	for (size_t i = 0; i < COUNT_OF(metrics); i++)
		show_metric(&metrics[i], served, to);
	json_object_put(served);
}
