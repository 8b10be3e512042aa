/* SPDX-License-Identifier: Apache-2.0 */
/* The input is a header, and records behind it. Each record is written again as it is, but for its digits and signs. */
#include "tar_header.h"

#include "fuzz.h"

static void require_again(const struct tar_record *record, const char *name)
{
	struct tar_records records = { 0 };
	struct tar_record again;
	char name_again[256];
	size_t at = 0;

	require(tar_records_add_attribute(&records, name, record->value, record->length) == 0);
	require(tar_record_next(records.bytes, records.length, &at, &again) == 1);
	require(at == records.length && again.length == record->length);
	require(memcmp(again.value, record->value, record->length) == 0);
	require(tar_record_attribute(&again, name_again) && strcmp(name_again, name) == 0);
	free(records.bytes);
}

static void read_records(const char *records, size_t length)
{
	struct tar_record record;
	char name[256];
	size_t at = 0, before = 0;
	int r;

	while ((r = tar_record_next(records, length, &at, &record)) > 0) {
		require(at > before && at <= length);
		require(record.key >= records && record.value + record.length < records + length);
		before = at;
		if (tar_record_attribute(&record, name))
			require_again(&record, name);
	}
	require(r == -EINVAL || at == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char block[TAR_BLOCK] = { 0 }, path[TAR_PATH_SIZE], type = 0;
	size_t head = size < TAR_BLOCK ? size : TAR_BLOCK;
	uint64_t length = 0;

	if (head > 0)
		memcpy(block, data, head);
	if (tar_header_read(block, path, &type, &length) == TAR_IS_MEMBER)
		require(strlen(path) < sizeof(path) && length <= INT64_MAX - TAR_BLOCK);
	read_records((const char *)data, size);
	read_records((const char *)data + head, size - head);
	return 0;
}
