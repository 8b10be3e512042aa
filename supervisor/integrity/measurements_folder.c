/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/measurements_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "integrity/measurements_text.h"

/* As the kernel's. */
#define FILE_MODE 0440
#define FOLDER_MODE 0755

enum file_index { FILE_BINARY, FILE_ASCII, FILE_PCRS };

static const char *const names[MEASUREMENTS_FILE_COUNT] = {
	"binary_runtime_measurements",
	"ascii_runtime_measurements",
	"pcrs-sha1",
	"pcrs-sha256",
	"pcrs-sha384",
	"pcrs-sha512",
};

struct measurements_folder {
	char *path; /* for messages */
	int files[MEASUREMENTS_FILE_COUNT];
	pthread_mutex_t lock;
	/* What was written, under the lock. */
	struct measurements_state state;
	size_t text_size;
	bool has_failed; /* which was said */
};

/* ---- what is written ---- */

static int write_at(int fd, const void *bytes, size_t size, size_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = TEMP_FAILURE_RETRY(pwrite(fd, (const char *)bytes + done, size - done,
						      (off_t)(offset + done)));

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int write_binary(const struct measurements_folder *folder,
			const struct measurements_view *view)
{
	size_t from = (size_t)folder->state.size;

	return write_at(folder->files[FILE_BINARY], view->bytes + from,
			(size_t)view->state.size - from, from);
}

/* @ret_length: of the text that is new */
static int write_ascii(const struct measurements_folder *folder,
		       const struct measurements_view *view, size_t *ret_length)
{
	_cleanup_free_ char *text = NULL;
	size_t from = (size_t)folder->state.size;
	FILE *file = open_memstream(&text, ret_length);

	if (!file)
		return -errno;
	(void)measurements_print(view->bytes + from, (size_t)view->state.size - from, file);
	if (fclose(file) != 0)
		return -ENOMEM;
	return write_at(folder->files[FILE_ASCII], text, *ret_length, folder->text_size);
}

/* All lines but one are as they were. */
static int write_pcrs(const struct measurements_folder *folder,
		      const struct measurements_view *view, size_t bank)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	if (!file)
		return -errno;
	pcrs_print(&view->state.pcrs, bank, file);
	if (fclose(file) != 0)
		return -ENOMEM;
	return write_at(folder->files[FILE_PCRS + bank], text, length, 0);
}

/* The list first, and then the registers. Return: 0; -errno: it is @ret_file that cannot be written. */
static int write_all(struct measurements_folder *folder, const struct measurements_view *view,
		     const char **ret_file)
{
	size_t length = 0;

	*ret_file = names[FILE_BINARY];
	int r = write_binary(folder, view);

	if (r < 0)
		return r;
	*ret_file = names[FILE_ASCII];
	r = write_ascii(folder, view, &length);
	for (size_t bank = 0; bank < PCR_BANK_COUNT && r == 0; bank++) {
		*ret_file = names[FILE_PCRS + bank];
		r = write_pcrs(folder, view, bank);
	}
	if (r < 0)
		return r;
	folder->state = view->state;
	folder->text_size += length;
	return 0;
}

static void complain(struct measurements_folder *folder, const char *file, int error)
{
	if (!folder->has_failed)
		log_error("cannot write %s/%s: %s; what is measured from now on is not there",
			  folder->path, file, strerror(-error));
	folder->has_failed = true;
}

static void update(struct measurements_folder *folder, const struct measurements *measurements)
{
	struct measurements_view view;
	const char *file;

	measurements_look(measurements, &view);
	if (memcmp(&view.state, &folder->state, sizeof(view.state)) == 0)
		return;
	int r = write_all(folder, &view, &file);

	if (r < 0)
		complain(folder, file, r);
	else if (folder->has_failed)
		log_notice("%s has all measurements again", folder->path);
	folder->has_failed = r < 0;
}

void measurements_folder_update(struct measurements_folder *folder,
				const struct measurements *measurements)
{
	pthread_mutex_lock(&folder->lock);
	update(folder, measurements);
	pthread_mutex_unlock(&folder->lock);
}

void measurements_folder_finish(struct measurements_folder *folder,
				const struct measurements *measurements)
{
	measurements_folder_update(folder, measurements);
	for (size_t i = 0; i < MEASUREMENTS_FILE_COUNT; i++)
		if (fsync(folder->files[i]) < 0 && errno != EINVAL)
			log_error("cannot write %s/%s to the disk: %s", folder->path, names[i],
				  strerror(errno));
}

/* ---- making it ---- */

/* Return: a descriptor; -errno. */
static int open_folder(const char *path)
{
	if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The name that a file has until it is whole. */
#define NEW_NAME_SIZE 64
static void new_name(size_t index, char ret_name[NEW_NAME_SIZE])
{
	snprintf(ret_name, NEW_NAME_SIZE, ".%s.new", names[index]);
}

static int open_file(int directory, size_t index)
{
	char name[NEW_NAME_SIZE];

	new_name(index, name);
	/* One that a start before this one has left. */
	(void)unlinkat(directory, name, 0);
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	return fd < 0 ? -errno : fd;
}

static int rename_file(int directory, size_t index)
{
	char name[NEW_NAME_SIZE];

	new_name(index, name);
	return renameat(directory, name, directory, names[index]) < 0 ? -errno : 0;
}

static int refuse(const char *path, const char *file, int error)
{
	log_error("cannot write measurements to %s%s%s: %s", path, file ? "/" : "",
		  file ? file : "", strerror(-error));
	return error;
}

/* Return: 0; -errno: it has been logged. */
static int make_files(struct measurements_folder *folder, int directory,
		      const struct measurements *measurements)
{
	struct measurements_view view;
	const char *file;
	int r;

	for (size_t i = 0; i < MEASUREMENTS_FILE_COUNT; i++) {
		folder->files[i] = open_file(directory, i);
		if (folder->files[i] < 0)
			return refuse(folder->path, names[i], folder->files[i]);
	}
	measurements_look(measurements, &view);
	r = write_all(folder, &view, &file);
	if (r < 0)
		return refuse(folder->path, file, r);
	for (size_t i = 0; i < MEASUREMENTS_FILE_COUNT; i++) {
		r = fsync(folder->files[i]) < 0 ? -errno : rename_file(directory, i);
		if (r < 0)
			return refuse(folder->path, names[i], r);
	}
	return 0;
}

int measurements_folder_new(const char *path, const struct measurements *measurements,
			    struct measurements_folder **ret_folder)
{
	struct measurements_folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return refuse(path, NULL, -ENOMEM);
	pthread_mutex_init(&folder->lock, NULL);
	for (size_t i = 0; i < MEASUREMENTS_FILE_COUNT; i++)
		folder->files[i] = -1;
	folder->path = strdup(path);
	_cleanup_fd_ int directory = folder->path ? open_folder(path) : -ENOMEM;
	int r = directory < 0 ? refuse(path, NULL, directory) :
				make_files(folder, directory, measurements);

	if (r < 0)
		measurements_folder_free(folder);
	else
		*ret_folder = folder;
	return r;
}

void measurements_folder_free(struct measurements_folder *folder)
{
	if (!folder)
		return;
	for (size_t i = 0; i < MEASUREMENTS_FILE_COUNT; i++)
		fd_close(&folder->files[i]);
	pthread_mutex_destroy(&folder->lock);
	free(folder->path);
	free(folder);
}

void measurements_folder_fds(const struct measurements_folder *folder,
			     int ret_fds[MEASUREMENTS_FILE_COUNT])
{
	memcpy(ret_fds, folder->files, sizeof(folder->files));
}
