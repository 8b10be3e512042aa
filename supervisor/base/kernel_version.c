/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kernel_version.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

const char *kernel_version_read(const char *text, unsigned int *ret_numbers, size_t count)
{
	memset(ret_numbers, 0, count * sizeof(*ret_numbers));
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && *text++ != '.')
			return NULL;
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 4)
			return NULL;
		ret_numbers[i] = (unsigned int)strtoul(text, NULL, 10);
		text += digits;
	}
	return text;
}

void kernel_version_parse(const char *release, const char *version, unsigned int ret_version[3])
{
	static const char debian[] = "Debian ";
	const char *package = strstr(version, debian);
	unsigned int of_package[3];

	(void)kernel_version_read(release, ret_version, 3);
	if (package && kernel_version_read(package + strlen(debian), of_package, 3) &&
	    of_package[0] == ret_version[0] && of_package[1] == ret_version[1])
		ret_version[2] = of_package[2];
}

void kernel_version_get(unsigned int ret_version[3])
{
	struct utsname name = { 0 };

	(void)uname(&name);
	kernel_version_parse(name.release, name.version, ret_version);
}
