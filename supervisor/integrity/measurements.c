/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "integrity/known_entries.h"

#define LIST_MAGIC "nsxattrM"
#define LIST_FORMAT 1 /* of what is in the memory: another layout is another number */
#define LIST_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

#define STATE_WORDS (sizeof(struct measurements_state) / sizeof(uint64_t))
_Static_assert(sizeof(struct measurements_state) % sizeof(uint64_t) == 0, "it is copied by words");

/** struct list_head - the beginning of the memory */
struct list_head {
	char magic[8];
	uint64_t format;
	uint64_t entries_max;
	uint64_t size_max; /* of the entries, in bytes */
	_Atomic uint64_t changes; /* its lowest bit says which copy counts */
	_Atomic uint64_t states[2][STATE_WORDS]; /* each a struct measurements_state */
};

#define ENTRIES_OFFSET 4096
_Static_assert(sizeof(struct list_head) <= ENTRIES_OFFSET, "the entries lie behind the head");

struct measurements {
	int fd;
	struct list_head *head;
	uint8_t *entries;
	size_t reserved; /* bytes of them that are memory for sure */
	pthread_mutex_t lock; /* of who appends */
	pthread_cond_t unbarred;
	bool is_barred; /* under the lock */
	struct known_entries known; /* under the lock */
};

/* ---- what is so ---- */

/* The other copy may be overwritten while we read, when two appends come meanwhile: then the counter says so. */
static void read_state(const struct list_head *head, struct measurements_state *ret_state)
{
	uint64_t words[STATE_WORDS], changes;

	do {
		changes = atomic_load_explicit(&head->changes, memory_order_acquire);
		for (size_t i = 0; i < STATE_WORDS; i++)
			words[i] = atomic_load_explicit(&head->states[changes & 1][i],
							memory_order_acquire);
	} while (atomic_load_explicit(&head->changes, memory_order_relaxed) != changes);
	memcpy(ret_state, words, sizeof(*ret_state));
}

/* The last store is what appends; each word before it is ordered behind the store of the last change. */
static void write_state(struct list_head *head, const struct measurements_state *state)
{
	uint64_t words[STATE_WORDS];
	uint64_t changes = atomic_load_explicit(&head->changes, memory_order_relaxed) + 1;

	memcpy(words, state, sizeof(words));
	for (size_t i = 0; i < STATE_WORDS; i++)
		atomic_store_explicit(&head->states[changes & 1][i], words[i],
				      memory_order_release);
	atomic_store_explicit(&head->changes, changes, memory_order_release);
}

void measurements_look(const struct measurements *measurements, struct measurements_view *ret_view)
{
	read_state(measurements->head, &ret_view->state);
	ret_view->bytes = measurements->entries;
}

/* ---- memory ---- */

static size_t memory_size(const struct list_head *head)
{
	return ENTRIES_OFFSET + (size_t)head->size_max;
}

/* Memory that is promised, so that no write into it can fail. Return: is it there? */
static bool reserve(struct measurements *measurements, size_t size)
{
	while (measurements->reserved < size) {
		size_t left = (size_t)measurements->head->size_max - measurements->reserved;
		size_t step = left < MEASUREMENTS_STEP ? left : MEASUREMENTS_STEP;

		if (TEMP_FAILURE_RETRY(fallocate(measurements->fd, 0,
						 (off_t)(ENTRIES_OFFSET + measurements->reserved),
						 (off_t)step)) < 0)
			return false;
		measurements->reserved += step;
	}
	return true;
}

/* @fd stays the caller's. */
static int map(int fd, int protection, size_t size, struct measurements **ret_measurements)
{
	_cleanup_free_ struct measurements *measurements = calloc(1, sizeof(*measurements));

	if (!measurements)
		return -ENOMEM;
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	measurements->head = memory;
	measurements->entries = (uint8_t *)memory + ENTRIES_OFFSET;
	measurements->fd = -1;
	pthread_mutex_init(&measurements->lock, NULL);
	pthread_cond_init(&measurements->unbarred, NULL);
	*ret_measurements = TAKE_PTR(measurements);
	return 0;
}

/*
 * Only what is reserved becomes memory. No process that has the descriptor can make it smaller; and another user that is
 * given one to read by cannot open it again to write, as the kernel lets everybody at first.
 */
static int make(size_t entries, struct measurements **ret_measurements)
{
	size_t size_max = entries * MEASUREMENTS_ENTRY_SIZE;
	_cleanup_fd_ int fd = memfd_create("nsxattr-measurements", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    ftruncate(fd, (off_t)(ENTRIES_OFFSET + size_max)) < 0 ||
	    fallocate(fd, 0, 0, ENTRIES_OFFSET) < 0 || fcntl(fd, F_ADD_SEALS, LIST_SEALS) < 0)
		return -errno;
	int r = map(fd, PROT_READ | PROT_WRITE, ENTRIES_OFFSET + size_max, ret_measurements);

	if (r < 0)
		return r;
	(*ret_measurements)->fd = TAKE_FD(fd);
	struct list_head *head = (*ret_measurements)->head;

	head->format = LIST_FORMAT;
	head->entries_max = entries;
	head->size_max = size_max;
	memcpy(head->magic, LIST_MAGIC, sizeof(head->magic));
	return 0;
}

int measurements_new(struct crypto *crypto, enum integrity_template template, size_t entries,
		     const uint8_t aggregate[], struct measurements **ret_measurements)
{
	const struct measurement first = {
		.template = template,
		.algorithm = DIGEST_SHA256,
		.digest = aggregate,
		.path = "boot_aggregate",
	};
	_cleanup_measurements_ struct measurements *measurements = NULL;

	if (entries == 0 || entries > INTEGRITY_ENTRIES_MAX)
		return -EINVAL;
	int r = make(entries, &measurements);

	if (r < 0)
		return r;
	assert(measurements);
	r = measurements_append(measurements, crypto, &first);
	if (r != MEASUREMENT_ADDED)
		return r < 0 ? r : -ENOMEM;
	*ret_measurements = TAKE_PTR(measurements);
	return 0;
}

static bool is_list(const struct list_head *head, size_t size)
{
	return memcmp(head->magic, LIST_MAGIC, sizeof(head->magic)) == 0 &&
	       head->format == LIST_FORMAT && head->entries_max <= INTEGRITY_ENTRIES_MAX &&
	       head->size_max == head->entries_max * MEASUREMENTS_ENTRY_SIZE &&
	       memory_size(head) == size;
}

static int open_list(int fd, int protection, struct measurements **ret_measurements)
{
	_cleanup_measurements_ struct measurements *measurements = NULL;
	struct measurements_state state;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & LIST_SEALS) != LIST_SEALS || status.st_size < ENTRIES_OFFSET)
		return -EINVAL;
	int r = map(fd, protection, (size_t)status.st_size, &measurements);

	if (r < 0)
		return r;
	if (!is_list(measurements->head, (size_t)status.st_size)) {
		munmap(measurements->head, (size_t)status.st_size);
		measurements->head = NULL;
		return -EINVAL;
	}
	read_state(measurements->head, &state);
	if (state.size > measurements->head->size_max)
		return -EINVAL;
	measurements->fd = fd;
	*ret_measurements = TAKE_PTR(measurements);
	return 0;
}

/* Versions before have left the mode as the kernel makes it. Who has opened it to write by then keeps that. */
int measurements_open(int fd, struct measurements **ret_measurements)
{
	struct measurements *measurements = NULL;
	int r = open_list(fd, PROT_READ | PROT_WRITE, &measurements);

	if (r < 0)
		return r;
	if (fchmod(fd, 0600) < 0) {
		r = -errno;
		measurements_leave(measurements);
		return r;
	}
	*ret_measurements = measurements;
	return 0;
}

int measurements_open_to_read(int fd, struct measurements **ret_measurements)
{
	return open_list(fd, PROT_READ, ret_measurements);
}

void measurements_free(struct measurements *measurements)
{
	if (!measurements)
		return;
	known_entries_done(&measurements->known);
	pthread_cond_destroy(&measurements->unbarred);
	pthread_mutex_destroy(&measurements->lock);
	if (measurements->head)
		munmap(measurements->head, memory_size(measurements->head));
	fd_close(&measurements->fd);
	free(measurements);
}

void measurements_leave(struct measurements *measurements)
{
	if (measurements)
		measurements->fd = -1;
	measurements_free(measurements);
}

int measurements_fd(const struct measurements *measurements)
{
	return measurements->fd;
}

void measurements_keep_from_children(struct measurements *measurements)
{
	(void)madvise(measurements->head, memory_size(measurements->head), MADV_DONTFORK);
}

/* ---- appending ---- */

int measurements_aggregate(struct crypto *crypto, const struct measurements_part *parts,
			   size_t count, uint8_t ret_digest[])
{
	_cleanup_digest_ struct digest *all = NULL;
	int r = digest_new(crypto, DIGEST_SHA256, &all);

	for (size_t i = 0; i < count && r == 0; i++) {
		uint8_t digest[DIGEST_SIZE_MAX];

		r = crypto_digest(crypto, DIGEST_SHA256, parts[i].bytes, parts[i].size, digest);
		if (r == 0)
			r = digest_add(all, digest, digest_size(DIGEST_SHA256));
	}
	return r < 0 ? r : digest_finish(all, ret_digest);
}

static bool has_room(struct measurements *measurements, const struct measurements_state *state,
		     size_t size)
{
	return state->count < measurements->head->entries_max &&
	       size <= measurements->head->size_max - state->size &&
	       reserve(measurements, (size_t)state->size + size);
}

/* Return: as measurements_append(). */
static int append_new(struct measurements *measurements, struct crypto *crypto,
		      const struct measured *entry, const uint8_t *bytes,
		      const struct pcrs *digests)
{
	struct measurements_state state;

	read_state(measurements->head, &state);
	int r = pcrs_extend(crypto, &state.pcrs, digests);

	if (r < 0)
		return r;
	bool is_added = has_room(measurements, &state, entry->size);

	state.violations += measured_is_violation(entry);
	if (is_added) {
		memcpy(measurements->entries + state.size, bytes, entry->size);
		state.count++;
		state.size += entry->size;
	} else {
		state.missed++;
	}
	write_state(measurements->head, &state);
	return is_added ? MEASUREMENT_ADDED : MEASUREMENT_MISSED;
}

/* Under the lock. */
static int append(struct measurements *measurements, struct crypto *crypto,
		  const struct measured *entry, const uint8_t *bytes, const struct pcrs *digests)
{
	struct measurements_view view;

	measurements_look(measurements, &view);
	int r = known_entries_learn(&measurements->known, crypto, view.bytes,
				    (size_t)view.state.size);

	if (r == 0)
		r = known_entries_find(&measurements->known, crypto, view.bytes, entry);
	if (r != 0)
		return r < 0 ? r : MEASUREMENT_KNOWN;
	return append_new(measurements, crypto, entry, bytes, digests);
}

/* The digests of an entry; that of the template becomes part of it. */
static int digest_entry(struct crypto *crypto, const struct measured *entry, uint8_t *bytes,
			bool is_violation, struct pcrs *ret_digests)
{
	if (is_violation) {
		pcrs_of_violation(ret_digests);
		return 0;
	}
	int r = pcrs_of_data(crypto, entry->data, entry->data_size, ret_digests);

	if (r == 0)
		memcpy(measurement_digest(bytes), ret_digests->values[0],
		       MEASUREMENT_TEMPLATE_DIGEST_SIZE);
	return r;
}

int measurements_append(struct measurements *measurements, struct crypto *crypto,
			const struct measurement *measurement)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	struct measured entry;
	struct pcrs digests;
	int r = measurement_encode(measurement, &bytes, &entry);

	if (r == 0)
		r = digest_entry(crypto, &entry, bytes, measurement->is_violation, &digests);
	if (r < 0)
		return r;
	pthread_mutex_lock(&measurements->lock);
	while (measurements->is_barred)
		pthread_cond_wait(&measurements->unbarred, &measurements->lock);
	r = append(measurements, crypto, &entry, bytes, &digests);
	pthread_mutex_unlock(&measurements->lock);
	return r;
}

void measurements_bar(struct measurements *measurements, bool is_barred)
{
	pthread_mutex_lock(&measurements->lock);
	measurements->is_barred = is_barred;
	if (!is_barred)
		pthread_cond_broadcast(&measurements->unbarred);
	pthread_mutex_unlock(&measurements->lock);
}
