/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "json.h"

/** find_line() - the rest of the first line of a file that begins with @key and a colon */
static void find_line(const char *path, const char *key, char *value, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	snprintf(value, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
		break;
	}
	if (file)
		fclose(file);
}

/** find_file_system() - the type of the file system that @path is on, by its device number */
static void find_file_system(const char *path, char *value, size_t size)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192];
	struct stat status;

	snprintf(value, size, "unknown");
	while (file && stat(path, &status) == 0 && fgets(line, sizeof(line), file)) {
		unsigned int major_number, minor_number;
		const char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*u %*u %u:%u", &major_number, &minor_number) != 2 ||
		    status.st_dev != makedev(major_number, minor_number))
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(dash + 3, " "), dash + 3);
		break;
	}
	if (file)
		fclose(file);
}

struct machine machine_describe(const char *directory)
{
	struct machine machine = { .cpus = sysconf(_SC_NPROCESSORS_ONLN) };

	uname(&machine.system);
	find_line("/proc/cpuinfo", "model name", machine.processor, sizeof(machine.processor));
	find_file_system(directory, machine.file_system, sizeof(machine.file_system));
	if (getloadavg(&machine.load, 1) != 1)
		machine.load = -1;
	return machine;
}

void machine_print(const struct machine *machine)
{
	printf("Linux %s %s, %s, %ld CPUs online, files on %s, load %.2f before\n",
	       machine->system.release, machine->system.machine, machine->processor, machine->cpus,
	       machine->file_system, machine->load);
	if (machine->load > (double)machine->cpus / 2)
		puts("the machine is busy with something else; see docs/benchmarks/README.md");
}

void machine_write(const struct machine *machine, FILE *file)
{
	fputc('{', file);
	json_member(file, "kernel", machine->system.release, ", ");
	json_member(file, "architecture", machine->system.machine, ", ");
	json_member(file, "processor", machine->processor, ", ");
	fprintf(file, "\"cpus\": %ld, ", machine->cpus);
	json_member(file, "file_system", machine->file_system, ", ");
	fprintf(file, "\"load\": %.2f}", machine->load);
}
