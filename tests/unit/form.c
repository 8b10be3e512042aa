/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/form.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"

static struct form form;

static int file_with(const void *bytes, size_t length)
{
	int fd = memfd_create("form", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
	return fd;
}

static void read_bytes(const void *bytes, size_t length)
{
	_cleanup_fd_ int fd = file_with(bytes, length);

	cr_assert_eq(form_read(fd, &form), 0);
}

static void expect(enum form_kind kind, const char *interpreter)
{
	cr_expect_eq(form.kind, kind);
	cr_expect_str_eq(form.interpreter, interpreter);
}

static void expect_script(const char *text, const char *interpreter)
{
	read_bytes(text, strlen(text));
	cr_expect_eq(form.kind, interpreter ? FORM_SCRIPT : FORM_OTHER, "%s", text);
	cr_expect_str_eq(form.interpreter, interpreter ? interpreter : "", "%s", text);
}

Test(form, of_a_script_has_its_interpreter)
{
	expect_script("#!/bin/sh\n", "/bin/sh");
	expect_script("#!/bin/sh", "/bin/sh");
	expect_script("#!\t /bin/sh \t-x\ny", "/bin/sh");
	expect_script("#!/bin/sh   \n", "/bin/sh");
	expect_script("#!relative/x y z\n", "relative/x");
	expect_script("#!/bin/sh\r\n", "/bin/sh\r");
}

Test(form, of_what_the_kernel_takes_for_no_script_has_none)
{
	expect_script("", NULL);
	expect_script("#", NULL);
	expect_script("# !/bin/sh\n", NULL);
	expect_script("#!", NULL);
	expect_script("#!\n", NULL);
	expect_script("#!  \t\n/bin/sh\n", NULL);
	expect_script("echo\n", NULL);
}

/* The kernel reads 256 bytes: an interpreter that may go on behind them is none. */
Test(form, of_a_script_that_is_cut_is_that_of_the_kernel)
{
	char text[400] = "#!/";

	memset(text + 3, 'a', sizeof(text) - 4);
	expect_script(text, NULL);
	text[FORM_HEAD_SIZE] = '\n';
	expect_script(text, NULL);
	text[FORM_HEAD_SIZE - 1] = '\n';
	read_bytes(text, sizeof(text) - 1);
	cr_expect_eq(form.kind, FORM_SCRIPT);
	cr_expect_eq(strlen(form.interpreter), FORM_HEAD_SIZE - 3);
	text[FORM_HEAD_SIZE - 1] = 'a';
	text[200] = ' ';
	read_bytes(text, sizeof(text) - 1);
	cr_expect_eq(form.kind, FORM_SCRIPT);
	cr_expect_eq(strlen(form.interpreter), 198);
}

/* ---- ELF ---- */

static struct {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	char loader[32];
} elf;

static void set_up(void)
{
	memset(&elf, 0, sizeof(elf));
	memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_type = ET_DYN;
	elf.header.e_phoff = sizeof(elf.header);
	elf.header.e_phentsize = sizeof(elf.segments[0]);
	elf.header.e_phnum = 3;
	elf.segments[0].p_type = PT_LOAD;
	elf.segments[1].p_type = PT_INTERP;
	elf.segments[1].p_offset = (uint64_t)(elf.loader - (char *)&elf);
	elf.segments[1].p_filesz = sizeof("/lib/ld.so");
	strcpy(elf.loader, "/lib/ld.so");
}

TestSuite(elf, .init = set_up);

static void read_elf(void)
{
	read_bytes(&elf, sizeof(elf));
}

Test(elf, has_its_loader)
{
	read_elf();
	expect(FORM_ELF, "/lib/ld.so");
}

Test(elf, may_have_no_loader)
{
	elf.segments[1].p_type = PT_LOAD;
	read_elf();
	expect(FORM_ELF, "");
	elf.header.e_type = ET_CORE;
	read_elf();
	expect(FORM_OTHER, "");
}

/* As load_elf_binary() of the kernel has it. */
Test(elf, with_a_loader_that_the_kernel_does_not_take_has_none)
{
	elf.segments[1].p_filesz = 1;
	read_elf();
	expect(FORM_ELF, "");
	elf.segments[1].p_filesz = sizeof("/lib/ld.so") - 1;
	read_elf();
	expect(FORM_ELF, "");
	elf.segments[1].p_filesz = PATH_MAX + 1;
	read_elf();
	expect(FORM_ELF, "");
	elf.segments[1].p_filesz = 4;
	elf.segments[1].p_offset = UINT64_MAX - 1;
	read_elf();
	expect(FORM_ELF, "");
}

Test(elf, with_headers_that_the_kernel_does_not_take_is_none)
{
	elf.header.e_phnum = 0;
	read_elf();
	expect(FORM_OTHER, "");
	elf.header.e_phnum = 65535;
	read_elf();
	expect(FORM_OTHER, "");
	elf.header.e_phnum = 3;
	elf.header.e_phentsize = 1;
	read_elf();
	expect(FORM_OTHER, "");
}

Test(elf, that_is_cut_has_no_loader)
{
	for (size_t length = 0; length < sizeof(elf) - sizeof(elf.loader) + 10; length++) {
		read_bytes(&elf, length);
		cr_expect_str_eq(form.interpreter, "", "%zu", length);
	}
}

Test(elf, of_this_test_has_a_loader_that_is_there)
{
	_cleanup_fd_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(form_read(fd, &form), 0);
	cr_expect_eq(form.kind, FORM_ELF);
	cr_expect_eq(access(form.interpreter, X_OK), 0, "%s", form.interpreter);
}

/* Whatever is in it, nothing but an answer comes out. */
Test(elf, of_random_bytes_does_no_harm)
{
	srand(1);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned char *bytes = (unsigned char *)&elf;

		set_up();
		for (unsigned int j = 0; j < 3; j++)
			bytes[4 + (unsigned int)rand() % (sizeof(elf) - 4)] = (unsigned char)rand();
		read_elf();
		cr_expect_lt(strlen(form.interpreter), PATH_MAX);
	}
}
