/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules decide, for a test that compares it with what the kernel does: rules-driver RULES <FACTS
 *
 * RULES is a file with a rule a line. Each line of standard input is "exec" or "map", "able" or "unable" (to take other
 * ids), the ids uid, euid, suid, gid, egid, sgid, fowner and fgroup, the number of the file system in hexadecimal
 * digits, its name, and its UUID in as many digits as it has. For each the answer is the rule about measuring that
 * decides, or "none".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "integrity.h"
#include "integrity_rule.h"

#define RULES_MAX 512
#define LINE_SIZE 512

static struct integrity_rule rules[RULES_MAX];
static struct integrity integrity = { .rules = rules, .template = TEMPLATE_IMA_NG };

static void read_rules(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE];
	struct rule_fault fault;

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (integrity.rule_count == RULES_MAX ||
		    !integrity_rule_parse(strdup(line), &rules[integrity.rule_count++], &fault)) {
			fprintf(stderr, "%s: %s\n", line, fault.text);
			exit(2);
		}
	}
	if (!file || fclose(file) != 0)
		exit(2);
}

static bool read_facts(const char *line, struct integrity_facts *facts, char name[32],
		       uint8_t uuid[FS_UUID_SIZE])
{
	char call[8], ability[8], digits[2 * FS_UUID_SIZE + 1];
	unsigned long magic;

	if (sscanf(line, "%7s %7s %u %u %u %u %u %u %u %u %lx %31s %32s", call, ability,
		   &facts->uid, &facts->euid, &facts->suid, &facts->gid, &facts->egid, &facts->sgid,
		   &facts->fowner, &facts->fgroup, &magic, name, digits) != 13 ||
	    strlen(digits) != 2 * FS_UUID_SIZE)
		return false;
	for (size_t i = 0; i < FS_UUID_SIZE; i++)
		if (sscanf(digits + 2 * i, "%2hhx", &uuid[i]) != 1)
			return false;
	facts->func = strcmp(call, "map") == 0 ? FUNC_MMAP_CHECK : FUNC_BPRM_CHECK;
	facts->has_setuid = facts->has_setgid = strcmp(ability, "able") == 0;
	facts->fs_magic = magic;
	facts->fs_name = name;
	facts->fs_uuid = uuid;
	return true;
}

int main(int argc, char **argv)
{
	char line[LINE_SIZE], name[32];
	uint8_t uuid[FS_UUID_SIZE];
	struct integrity_actions actions;

	if (argc != 2)
		return 2;
	read_rules(argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		struct integrity_facts facts = { 0 };

		if (!read_facts(line, &facts, name, uuid))
			return 2;
		integrity_match(&integrity, &facts, &actions);
		const struct integrity_rule *rule = actions.decisions[KIND_MEASURE].rule;

		puts(rule ? rule->text : "none");
	}
	return 0;
}
