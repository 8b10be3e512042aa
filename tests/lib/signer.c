/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

void signer_begin(void)
{
	snprintf(folder, sizeof(folder), "/var/tmp/nsxattr-signer.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

void signer_end(void)
{
	if (chdir("/") == 0)
		signer_run("rm -rf %s", folder);
}

void signer_run(const char *format, ...)
{
	char command[1024], whole[1200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	snprintf(whole, sizeof(whole), "{ %s; } >log 2>&1 || { cat log >&2; exit 1; }", command);
	cr_assert_eq(system(whole), 0, "%s", command);
}

void signer_write(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
}

uint8_t *signer_read(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "re");
	const size_t size = 1 << 20;
	uint8_t *bytes = malloc(size);

	cr_assert(file && bytes, "%s", path);
	*ret_length = fread(bytes, 1, size, file);
	fclose(file);
	return bytes;
}

void signer_make_key(const char *name, const char *kind)
{
	if (strncmp(kind, "rsa:", 4) == 0)
		signer_run("openssl genrsa -out %s.key %s", name, kind + 4);
	else
		signer_run("openssl ecparam -genkey -noout -name %s -out %s.key", kind, name);
	signer_run("openssl req -x509 -new -key %s.key -subj /CN=%s -days 10 -out %s.pem && "
		   "openssl x509 -in %s.pem -outform DER -out %s.der && "
		   "openssl pkey -in %s.key -pubout -out %s.pub",
		   name, name, name, name, name, name, name);
}

void signer_sign(const char *path, const char *key, const char *algorithm)
{
	signer_run("evmctl ima_sign --sigfile -a %s --key %s.key %s", algorithm, key, path);
}
