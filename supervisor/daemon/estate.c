/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/estate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/service.h"
#include "daemon/policies.h"
#include "keep/succession.h"
#include "policy_file.h"

/** struct will - a policy that is left to whoever comes after us */
struct will {
	struct kept_policy *policy; /* counted */
	uint64_t serial;
	int fd; /* of the memfd */
	unsigned int users;
	struct will *next;
};

/* ---- the store ---- */

static int store(const struct estate *estate, uint64_t serial, int fd)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, serial);
	return service_store(estate->service, name, &fd, 1);
}

static uint64_t store_kept(const struct estate *estate, const struct entry *kept)
{
	if (!kept)
		return 0;
	int r = store(estate, kept->serial, kept->fd);

	if (r < 0)
		log_warning("the service manager does not store a descriptor: %s", strerror(-r));
	return kept->serial;
}

uint64_t estate_keep(struct estate *estate, int fd, enum entry_kind kind, const void *record,
		     size_t size)
{
	return store_kept(estate, journal_keep(estate->journal, fd, kind, record, size));
}

uint64_t estate_settle_guest(struct estate *estate, int fd, const void *record, size_t size)
{
	const struct entry *kept = journal_settle_guest(estate->journal, fd, record, size);

	return kept ? kept->serial : estate_keep(estate, fd, ENTRY_SOURCE, record, size);
}

void estate_forget(struct estate *estate, int fd)
{
	const struct entry *kept = journal_find(estate->journal, fd);
	uint64_t serial = kept ? kept->serial : 0;

	if (!kept)
		return;
	journal_forget(estate->journal, fd);
	estate_remove(estate, serial);
}

void estate_remove(const struct estate *estate, uint64_t serial)
{
	char name[SUCCESSION_NAME_SIZE];

	succession_name_entry(name, serial);
	if (serial)
		(void)service_forget(estate->service, name);
}

int estate_store(const struct estate *estate)
{
	char name[SUCCESSION_NAME_SIZE];
	int fd = journal_fd(estate->journal);
	uint64_t generation = journal_head(estate->journal)->generation;

	succession_name_journal(name, generation);
	int r = service_store(estate->service, name, &fd, 1);

	/* Ours has all that was in the one before, and is the one that is found from now on. */
	if (r < 0 || generation == 0)
		return r;
	succession_name_journal(name, generation - 1);
	return service_forget(estate->service, name);
}

/* ---- policies ---- */

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, text, length);

		if (count < 0)
			return -errno;
		text += count;
		length -= (size_t)count;
	}
	return 0;
}

static int make_memory(const struct kept_policy *policy)
{
	_cleanup_fd_ int fd = memfd_create("nsxattr-policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : write_all(fd, policy->text, policy->length);

	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

/* Return: it, in the list, without a user; NULL without memory. */
static struct will *add_will(struct estate *estate, struct kept_policy *policy, uint64_t serial,
			     int fd)
{
	struct will *will = malloc(sizeof(*will));

	if (!will)
		return NULL;
	*will = (struct will){ kept_policy_ref(policy), serial, fd, 0, estate->policies };
	estate->policies = will;
	return will;
}

static void remove_will(struct estate *estate, struct will *will)
{
	struct will **place = &estate->policies;

	while (*place != will)
		place = &(*place)->next;
	*place = will->next;
	estate_forget(estate, will->fd);
	close(will->fd);
	kept_policy_unref(will->policy);
	free(will);
}

static struct will *find_will(const struct estate *estate, uint64_t serial)
{
	struct will *will = estate->policies;

	while (will && will->serial != serial)
		will = will->next;
	return will;
}

static int make_will(struct estate *estate, struct kept_policy *policy, struct will **ret_will)
{
	const char *name = policy->policy->name;
	_cleanup_fd_ int fd = make_memory(policy);

	if (fd < 0)
		return fd;
	uint64_t serial = estate_keep(estate, fd, ENTRY_POLICY, name, strlen(name) + 1);

	if (!serial)
		return -ENOSPC;
	*ret_will = add_will(estate, policy, serial, fd);
	if (!*ret_will) {
		estate_forget(estate, fd);
		return -ENOMEM;
	}
	(void)TAKE_FD(fd);
	return 0;
}

int estate_keep_policy(struct estate *estate, struct kept_policy *policy, uint64_t *ret_serial)
{
	struct will *will = estate->policies;
	int r = 0;

	*ret_serial = 0;
	if (!policy->text)
		return 0;
	while (will && will->policy != policy)
		will = will->next;
	if (!will)
		r = make_will(estate, policy, &will);
	if (r < 0)
		return r;
	will->users++;
	*ret_serial = will->serial;
	return 0;
}

void estate_release_policy(struct estate *estate, uint64_t serial)
{
	struct will *will = serial ? find_will(estate, serial) : NULL;

	if (will && --will->users == 0)
		remove_will(estate, will);
}

struct kept_policy *estate_find_policy(struct estate *estate, uint64_t serial, const char *name)
{
	const struct will *will = serial ? find_will(estate, serial) : NULL;
	struct kept_policy *builtin = NULL;

	if (will)
		return kept_policy_ref(will->policy);
	if (!serial && kept_policy_load(name, NULL, 0, &builtin) == POLICIES_LOADED)
		return builtin;
	log_error("the policy '%s' of a container that is there cannot be used any more", name);
	return NULL;
}

/* ---- what was left to us ---- */

/* A successor that has not taken over may have the descriptor, too, and with it the place in the file. */
static int read_will(int fd, char **ret_text, size_t *ret_length)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)POLICY_FILE_SIZE_MAX)
		return -EBADMSG;
	size_t length = (size_t)status.st_size;
	_cleanup_free_ char *text = malloc(length + 1);

	if (!text)
		return -ENOMEM;
	if (pread(fd, text, length, 0) != (ssize_t)length)
		return -EIO;
	text[length] = '\0';
	*ret_text = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}

/* Return: whether it is in the list. */
static bool restore_policy(struct estate *estate, const struct entry *kept)
{
	struct kept_policy *policy = NULL;
	_cleanup_free_ char *text = NULL;
	char name[POLICY_NAME_MAX + 1] = "";
	size_t length = 0;

	memcpy(name, kept->record, strnlen(kept->record, POLICY_NAME_MAX));
	if (read_will(kept->fd, &text, &length) < 0 ||
	    kept_policy_load(name, text, length, &policy) != POLICIES_LOADED)
		return false;
	bool is_there = add_will(estate, policy, kept->serial, kept->fd);

	kept_policy_unref(policy);
	return is_there;
}

void estate_restore(struct estate *estate)
{
	struct entry *kept = NULL;

	while ((kept = journal_next_entry(estate->journal, kept)) != NULL) {
		int fd = kept->fd;

		if (atomic_load(&kept->kind) != ENTRY_POLICY || restore_policy(estate, kept))
			continue;
		estate_forget(estate, fd);
		close(fd);
	}
}

void estate_settle(struct estate *estate)
{
	struct will *next;

	for (struct will *will = estate->policies; will; will = next) {
		next = will->next;
		if (will->users == 0)
			remove_will(estate, will);
	}
}

void estate_done(struct estate *estate)
{
	while (estate->policies) {
		struct will *will = estate->policies;

		estate->policies = will->next;
		kept_policy_unref(will->policy);
		free(will);
	}
}
