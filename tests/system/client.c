/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A client that any compiler makes in any flavour (static, 32 bits): it calls all twelve extended
 * attribute calls on a file, a directory or a symbolic link, and prints what each answered. The log
 * of host root without nsxattr and that of a namespace's root with it must be the same.
 *
 * client log FILE LINK NAME    does it; FILE is a file or a directory, LINK a symbolic link
 * client set FILE NAME VALUE   sets one value
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What one ext4 inode holds of values is less than this. */
#define VALUE_SIZE 4096

static void print_result(const char *call, long result)
{
	int error = errno;

	if (result < 0)
		printf("%s: %s\n", call, strerror(error));
	else
		printf("%s: %ld\n", call, result);
}

/** print_read() - a result that comes with bytes: those too, in hexadecimal digits */
static void print_read(const char *call, long result, const char *bytes)
{
	print_result(call, result);
	for (long i = 0; i < result; i++)
		printf("%02x", (unsigned char)bytes[i]);
	if (result > 0)
		printf("\n");
}

/** log_path() - the eight calls that take a path; get and list also for the size alone */
static void log_path(const char *path, const char *name)
{
	char value[VALUE_SIZE];

	print_result("setxattr create", setxattr(path, name, "first", 5, XATTR_CREATE));
	print_result("setxattr create again", setxattr(path, name, "other", 5, XATTR_CREATE));
	print_result("setxattr replace", setxattr(path, name, "a\0b", 3, XATTR_REPLACE));
	print_result("getxattr size", getxattr(path, name, NULL, 0));
	print_read("getxattr", getxattr(path, name, value, sizeof(value)), value);
	print_result("getxattr short", getxattr(path, name, value, 1));
	print_result("listxattr size", listxattr(path, NULL, 0));
	print_read("listxattr", listxattr(path, value, sizeof(value)), value);
	print_result("listxattr short", listxattr(path, value, 1));
	print_result("removexattr", removexattr(path, name));
	print_result("removexattr again", removexattr(path, name));
	print_result("getxattr of none", getxattr(path, name, value, sizeof(value)));
	print_result("setxattr replace of none", setxattr(path, name, "x", 1, XATTR_REPLACE));
	print_result("setxattr empty value", setxattr(path, name, NULL, 0, 0));
	print_read("getxattr empty value", getxattr(path, name, value, sizeof(value)), value);
	print_result("setxattr bad flags", setxattr(path, name, "x", 1, 4));
	print_result("setxattr bad pointer", setxattr(path, name, (void *)8, 8, 0));
	print_result("removexattr", removexattr(path, name));
}

static void log_link(const char *link, const char *name)
{
	char value[VALUE_SIZE];

	print_result("lsetxattr", lsetxattr(link, name, "on the link", 11, 0));
	print_read("lgetxattr", lgetxattr(link, name, value, sizeof(value)), value);
	print_read("getxattr through the link", getxattr(link, name, value, sizeof(value)), value);
	print_read("llistxattr", llistxattr(link, value, sizeof(value)), value);
	print_read("listxattr through the link", listxattr(link, value, sizeof(value)), value);
	print_result("lremovexattr", lremovexattr(link, name));
	print_result("lremovexattr again", lremovexattr(link, name));
}

static void log_descriptor(const char *path, const char *name)
{
	char value[VALUE_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	print_result("open", fd < 0 ? fd : 0);
	print_result("fsetxattr", fsetxattr(fd, name, "by descriptor", 13, 0));
	print_read("fgetxattr", fgetxattr(fd, name, value, sizeof(value)), value);
	print_read("flistxattr", flistxattr(fd, value, sizeof(value)), value);
	print_result("fremovexattr", fremovexattr(fd, name));
	print_result("fremovexattr again", fremovexattr(fd, name));
	close(fd);
	print_result("fgetxattr of a closed one", fgetxattr(fd, name, value, sizeof(value)));
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "log")) {
		log_path(argv[2], argv[4]);
		log_link(argv[3], argv[4]);
		log_descriptor(argv[2], argv[4]);
		return EXIT_SUCCESS;
	}
	if (argc == 5 && !strcmp(argv[1], "set")) {
		if (!setxattr(argv[2], argv[3], argv[4], strlen(argv[4]), 0))
			return EXIT_SUCCESS;
		perror(argv[2]);
		return EXIT_FAILURE;
	}
	fprintf(stderr, "usage: client log FILE LINK NAME | client set FILE NAME VALUE\n");
	return 2;
}
