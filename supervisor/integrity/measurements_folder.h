/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_INTEGRITY_MEASUREMENTS_FOLDER_H
#define NSXATTR_INTEGRITY_MEASUREMENTS_FOLDER_H

/*
 * A measurement list as files of a folder, which grow with it:
 *
 *	binary_runtime_measurements	as that of the kernel, for evmctl(1)
 *	ascii_runtime_measurements	the same as text, see integrity/measurements_text.h
 *	pcrs-sha1, pcrs-sha256, ...	the registers of each bank, for evmctl(1)
 *
 * They are there from the beginning, each written as another file first and then renamed. From then on the folder needs
 * no path and no privilege: bytes are appended to the lists, and then the line of register 10 is overwritten. The
 * order is such that at each moment the registers are those of the list, or of a list that is shorter by the last
 * entries, which evmctl accepts, too.
 *
 * What the files have is also what a process knows of the list, so that a worker that follows another one writes the same
 * bytes to the same places again, if they were written or not.
 */

#include <stddef.h>

#include "integrity/measurements.h"

#define MEASUREMENTS_FILE_COUNT (2 + PCR_BANK_COUNT)

struct measurements_folder;

/**
 * measurements_folder_new() - make the files of a list; those of the same names are replaced
 * @path: of the folder, which is made if it is not there
 * @measurements: the list
 * @ret_folder: free it with measurements_folder_free()
 *
 * Return: 0; -errno: it has been logged.
 */
int measurements_folder_new(const char *path, const struct measurements *measurements,
			    struct measurements_folder **ret_folder);

/** measurements_folder_free() - NULL is accepted; the files stay. */
void measurements_folder_free(struct measurements_folder *folder);

/** measurements_folder_fds() - the descriptors of its files, which are the folder's; they stay the same. */
void measurements_folder_fds(const struct measurements_folder *folder,
			     int ret_fds[MEASUREMENTS_FILE_COUNT]);

/**
 * measurements_folder_update() - write what was appended since. Any thread may.
 * @measurements: the list that it was made with
 *
 * When it returns, the files have all that was in the list before the call. If something fails, it is logged once, and
 * the next call tries again.
 */
void measurements_folder_update(struct measurements_folder *folder,
				const struct measurements *measurements);

/** measurements_folder_finish() - update, and wait until all is on the disk. What fails is logged. */
void measurements_folder_finish(struct measurements_folder *folder,
				const struct measurements *measurements);

#endif
