/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_AREA_H
#define NSXATTR_TESTS_AREA_H

/*
 * Memory in which an argument of a system call can lie in an awkward place: pages that may be used,
 * followed by one without any access.
 */

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct area {
	unsigned char *start;
	unsigned char *end; /* of what may be used, and where the guard begins */
	size_t page;
};

enum place {
	PLACE_PLAIN,
	PLACE_EDGE, /* its last byte is the last that may be used */
	PLACE_ACROSS, /* a page ends in its middle */
	PLACE_CUT, /* it runs into the guard: a string's end, half of a buffer */
	PLACE_NULL,
	PLACE_GUARD,
	PLACE_KERNEL, /* an address that no process has */
	PLACE_READONLY, /* of buffers; the caller has an area for that */
};

#define PLACE_NAMES                                                                     \
	{                                                                               \
		[PLACE_PLAIN] = "", [PLACE_EDGE] = "edge:", [PLACE_ACROSS] = "across:", \
		[PLACE_CUT] = "cut:", [PLACE_NULL] = "null:", [PLACE_GUARD] = "guard:", \
		[PLACE_KERNEL] = "kernel:", [PLACE_READONLY] = "readonly:"              \
	}

static inline struct area area_new(size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *start = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + pages * page, page, PROT_NONE) < 0)
		err(EXIT_FAILURE, "memory");
	return (struct area){ start, start + pages * page, page };
}

static inline size_t area_size(const struct area *area)
{
	return (size_t)(area->end - area->start);
}

/** area_has() - do @size bytes from @at on lie in what may be used? */
static inline bool area_has(const struct area *area, const unsigned char *at, size_t size)
{
	return at >= area->start && at <= area->end && size <= (size_t)(area->end - at);
}

/**
 * area_at() - the address for @size bytes in a place
 *
 * What is too large for the area begins where a small thing would; the kernel does not get far then.
 */
static inline unsigned char *area_at(const struct area *area, enum place place, size_t size)
{
	size_t offset = 0;

	switch (place) {
	case PLACE_EDGE:
		return size <= area_size(area) ? area->end - size : area->start;
	case PLACE_ACROSS:
		offset = area->page > size / 2 ? area->page - size / 2 : 0;
		return area->start + offset;
	case PLACE_CUT:
		return area->end - (size + 1) / 2 > area->start && size <= area_size(area) ?
			       area->end - (size + 1) / 2 :
			       area->end - 1;
	case PLACE_NULL:
		return NULL;
	case PLACE_GUARD:
		return area->end;
	case PLACE_KERNEL:
		return (unsigned char *)-(uintptr_t)area->page;
	case PLACE_PLAIN:
	case PLACE_READONLY:
	default:
		return area->start;
	}
}

/**
 * area_string() - put a string of @length bytes into a place
 *
 * PLACE_CUT: all of it but its NUL.
 */
static inline const char *area_string(const struct area *area, enum place place, const char *text,
				      size_t length)
{
	unsigned char *at;

	if (place == PLACE_CUT) {
		at = area->end - length;
		memcpy(at, text, length);
		return (const char *)at;
	}
	at = area_at(area, place, length + 1);
	if (area_has(area, at, length + 1))
		memcpy(at, text, length + 1);
	return (const char *)at;
}

#endif
