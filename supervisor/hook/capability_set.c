/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers are those of linux/capability.h. No system call, no logging. */
#include "hook/capability_set.h"

#include <linux/capability.h>
#include <string.h>
#include <strings.h>

/* Each with a blank behind it. */
static const char names[] =
	"chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable "
	"net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio "
	"sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time "
	"sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog "
	"wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore ";

#define ALL ((UINT64_C(2) << CAP_CHECKPOINT_RESTORE) - 1)

static bool is_word(const char *word, size_t length, const char *other)
{
	return strlen(other) == length && strncasecmp(word, other, length) == 0;
}

int capability_number(const char *name, size_t length)
{
	static const char prefix[] = "cap_";
	size_t skipped = strlen(prefix);

	if (length > skipped && strncasecmp(name, prefix, skipped) == 0) {
		name += skipped;
		length -= skipped;
	}
	const char *known = names;

	for (int number = 0; *known; number++, known = strchr(known, ' ') + 1)
		if (strcspn(known, " ") == length && strncasecmp(name, known, length) == 0)
			return number;
	return -1;
}

/** bits_of() - Return: the bits that one word of a list means; 0: it means none. */
static uint64_t bits_of(const char *word, size_t length)
{
	int number = capability_number(word, length);

	if (is_word(word, length, "all"))
		return ALL;
	return number < 0 ? 0 : UINT64_C(1) << number;
}

bool capability_set_change(uint64_t *set, const char *list)
{
	uint64_t changed = *set;

	for (;;) {
		bool is_less = *list == '-';

		list += is_less;
		size_t length = strcspn(list, ",");
		uint64_t bits = bits_of(list, length);

		if (!bits)
			return false;
		changed = is_less ? changed & ~bits : changed | bits;
		list += length;
		if (*list++ == '\0')
			break;
	}
	*set = changed;
	return true;
}
