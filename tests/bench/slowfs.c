/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slow file system: what lies in BACKING shows at MOUNTPOINT, and each request is answered after a
 * delay, as if a network were in between. Requests for attributes of what is in its folder "hung" are
 * answered only when it is told to, or when the kernel says that no process waits any more. Those in "deaf" are
 * answered only when it is told to, whatever the kernel says, and are carried out then; so are lookups of
 * a name there that begins with "unseen", and the FLUSH of one that begins with "unflushed"; of one that
 * begins with "unset" only that an attribute is set. A set of one of "timed-out" is answered by ETIMEDOUT.
 *
 *	slowfs BACKING MOUNTPOINT MICROSECONDS
 *
 * It says "0" when it is mounted, and reads lines from standard input: "release" lets go what hangs
 * (EIO, or as above) and is answered by "0"; "peak" is answered by how many requests for attributes were in
 * hand at most at a time, since it was last asked; "hung" by how many hang; "sets" by how many attributes were
 * set. The end of the input unmounts and ends it. It has a thread for each request that waits, so that only the
 * delay counts.
 */
#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 512
#define HUNG_FOLDER "/hung/"
#define DEAF_FOLDER "/deaf/"
#define LATE_FILE "/timed-out"
/* How often what hangs is looked at, in nanoseconds. */
#define MOMENT 250000000

/** struct slow - the file system; its threads find it by fuse_get_context() */
struct slow {
	const char *backing;
	struct timespec delay;
	pthread_t main;
	pthread_mutex_t lock;
	pthread_cond_t release;
	/* Under the lock. */
	unsigned int releases;
	unsigned int in_hand; /* requests for attributes */
	unsigned int peak; /* of them */
	unsigned int hung; /* of them */
	unsigned int sets;
};

static struct slow *slow_now(void)
{
	return fuse_get_context()->private_data;
}

/** reach() - wait as long as a request takes. Return: 0, and the path of what it is about; -errno. */
static int reach(const char *path, char backing[PATH_MAX])
{
	const struct slow *slow = slow_now();
	int length = snprintf(backing, PATH_MAX, "%s%s", slow->backing, path);

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &slow->delay, NULL);
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* A thread that waits here is cancelled when the file system ends. */
static void unlock(void *lock)
{
	pthread_mutex_unlock(lock);
}

static void wait_a_moment(struct slow *slow)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += MOMENT;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_clockwait(&slow->release, &slow->lock, CLOCK_MONOTONIC, &until);
}

/** hang() - Return: what the request is answered with in the end; 0: it is to be carried out. */
static int hang(struct slow *slow, bool is_deaf)
{
	pthread_mutex_lock(&slow->lock);
	pthread_cleanup_push(unlock, &slow->lock);
	unsigned int before = slow->releases;

	slow->hung++;
	while (slow->releases == before && (is_deaf || !fuse_interrupted()))
		wait_a_moment(slow);
	slow->hung--;
	pthread_cleanup_pop(1);
	if (is_deaf)
		return 0;
	return fuse_interrupted() ? -EINTR : -EIO;
}

static bool begins(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

static void count_in_hand(struct slow *slow, int more)
{
	pthread_mutex_lock(&slow->lock);
	slow->in_hand += (unsigned int)more;
	if (slow->in_hand > slow->peak)
		slow->peak = slow->in_hand;
	pthread_mutex_unlock(&slow->lock);
}

static void count_set(struct slow *slow)
{
	pthread_mutex_lock(&slow->lock);
	slow->sets++;
	pthread_mutex_unlock(&slow->lock);
}

/** reach_attributes() - the same for a request that may never be answered */
static int reach_attributes(const char *path, char backing[PATH_MAX])
{
	bool is_deaf = begins(path, DEAF_FOLDER) && !strstr(path, "/unset");
	int failure = 0;

	count_in_hand(slow_now(), 1);
	if (is_deaf || begins(path, HUNG_FOLDER))
		failure = hang(slow_now(), is_deaf);
	if (failure == 0)
		failure = reach(path, backing);
	count_in_hand(slow_now(), -1);
	return failure;
}

static int outcome_of(long result)
{
	return result < 0 ? -errno : (int)result;
}

static int slow_getattr(const char *path, struct stat *status, struct fuse_file_info *file)
{
	char backing[PATH_MAX];
	int failure = reach(path, backing);

	(void)file;
	if (begins(path, DEAF_FOLDER) && strstr(path, "/unseen"))
		(void)hang(slow_now(), true);
	return failure ? failure : outcome_of(lstat(backing, status));
}

static int slow_open(const char *path, struct fuse_file_info *file)
{
	char backing[PATH_MAX];

	(void)file;
	return reach(path, backing);
}

static int slow_flush(const char *path, struct fuse_file_info *file)
{
	(void)file;
	bool is_deaf = begins(path, DEAF_FOLDER) && strstr(path, "/unflushed");

	return is_deaf ? hang(slow_now(), true) : 0;
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	char backing[PATH_MAX];
	int failure = reach(path, backing);
	DIR *directory = failure ? NULL : opendir(backing);
	const struct dirent *entry;

	(void)offset;
	(void)file;
	(void)flags;
	if (!directory)
		return failure ? failure : -errno;
	while ((entry = readdir(directory)))
		if (fill(buffer, entry->d_name, NULL, 0, 0))
			break;
	closedir(directory);
	return 0;
}

static int slow_getxattr(const char *path, const char *name, char *value, size_t size)
{
	char backing[PATH_MAX];
	int failure = reach_attributes(path, backing);

	return failure ? failure : outcome_of(lgetxattr(backing, name, value, size));
}

static int slow_setxattr(const char *path, const char *name, const char *value, size_t size,
			 int flags)
{
	char backing[PATH_MAX];
	int failure = reach_attributes(path, backing);

	if (failure)
		return failure;
	if (begins(path, LATE_FILE))
		return -ETIMEDOUT;
	if (begins(path, DEAF_FOLDER "unset"))
		(void)hang(slow_now(), true);
	count_set(slow_now());
	return outcome_of(lsetxattr(backing, name, value, size, flags));
}

static int slow_listxattr(const char *path, char *list, size_t size)
{
	char backing[PATH_MAX];
	int failure = reach_attributes(path, backing);

	return failure ? failure : outcome_of(llistxattr(backing, list, size));
}

static int slow_removexattr(const char *path, const char *name)
{
	char backing[PATH_MAX];
	int failure = reach_attributes(path, backing);

	return failure ? failure : outcome_of(lremovexattr(backing, name));
}

static void be_interrupted(int number)
{
	(void)number;
}

/* The kernel's interruptions are looked at; libfuse sends the signal, but does not catch it. */
static void *begin(struct fuse_conn_info *connection, struct fuse_config *config)
{
	(void)connection;
	config->intr = 1;
	(void)sigaction(config->intr_signal,
			&(const struct sigaction){ .sa_handler = be_interrupted }, NULL);
	return slow_now();
}

static const struct fuse_operations operations = {
	.init = begin,
	.getattr = slow_getattr,
	.open = slow_open,
	.flush = slow_flush,
	.opendir = slow_open,
	.readdir = slow_readdir,
	.getxattr = slow_getxattr,
	.setxattr = slow_setxattr,
	.listxattr = slow_listxattr,
	.removexattr = slow_removexattr,
};

static void release(struct slow *slow)
{
	pthread_mutex_lock(&slow->lock);
	slow->releases++;
	pthread_cond_broadcast(&slow->release);
	pthread_mutex_unlock(&slow->lock);
}

static void answer(unsigned int number)
{
	printf("%u\n", number);
	fflush(stdout);
}

static unsigned int take_peak(struct slow *slow)
{
	pthread_mutex_lock(&slow->lock);
	unsigned int peak = slow->peak;

	slow->peak = slow->in_hand;
	pthread_mutex_unlock(&slow->lock);
	return peak;
}

static unsigned int count_hung(struct slow *slow)
{
	pthread_mutex_lock(&slow->lock);
	unsigned int hung = slow->hung;

	pthread_mutex_unlock(&slow->lock);
	return hung;
}

static unsigned int count_sets(struct slow *slow)
{
	pthread_mutex_lock(&slow->lock);
	unsigned int sets = slow->sets;

	pthread_mutex_unlock(&slow->lock);
	return sets;
}

static void heed(struct slow *slow, const char *line)
{
	if (strcmp(line, "peak\n") == 0) {
		answer(take_peak(slow));
	} else if (strcmp(line, "hung\n") == 0) {
		answer(count_hung(slow));
	} else if (strcmp(line, "sets\n") == 0) {
		answer(count_sets(slow));
	} else {
		release(slow);
		answer(0);
	}
}

/** listen() - the thread that reads the lines; its signal makes fuse_loop_mt() return */
static void *listen_to_input(void *place)
{
	struct slow *slow = place;
	char line[64];

	while (fgets(line, sizeof(line), stdin))
		heed(slow, line);
	release(slow);
	pthread_kill(slow->main, SIGHUP);
	return NULL;
}

static int serve(struct fuse *fuse, struct slow *slow)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	pthread_t listener;

	fuse_loop_cfg_set_max_threads(config, THREADS_MAX);
	fuse_loop_cfg_set_idle_threads(config, THREADS_MAX);
	answer(0);
	if (fuse_set_signal_handlers(fuse_get_session(fuse)) != 0 ||
	    pthread_create(&listener, NULL, listen_to_input, slow) != 0)
		return EXIT_FAILURE;
	int result = fuse_loop_mt(fuse, config);

	fuse_loop_cfg_destroy(config);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int mount_and_serve(struct slow *slow, char *program, const char *mountpoint)
{
	char option[] = "-o", options[] = "allow_other,default_permissions,fsname=slowfs";
	char *arguments[] = { program, option, options, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
	struct fuse *fuse = fuse_new(&args, &operations, sizeof(operations), slow);

	if (!fuse || fuse_mount(fuse, mountpoint) != 0) {
		fprintf(stderr, "slowfs: cannot mount at %s\n", mountpoint);
		return EXIT_FAILURE;
	}
	int status = serve(fuse, slow);

	fuse_unmount(fuse);
	fuse_destroy(fuse);
	return status;
}

int main(int argc, char **argv)
{
	static struct slow slow = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.release = PTHREAD_COND_INITIALIZER,
	};

	if (argc != 4) {
		fprintf(stderr, "usage: slowfs BACKING MOUNTPOINT MICROSECONDS\n");
		return 2;
	}
	long microseconds = strtol(argv[3], NULL, 10);

	slow.backing = argv[1];
	slow.delay.tv_sec = microseconds / 1000000;
	slow.delay.tv_nsec = microseconds % 1000000 * 1000;
	slow.main = pthread_self();
	return mount_and_serve(&slow, argv[0], argv[2]);
}
