/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_GATE_PINS_H
#define NSXATTR_DAEMON_GATE_PINS_H

/*
 * The files of bpffs by which a daemon's gate (integrity/gate.h) is there when all of the daemon's processes are dead:
 * each gate has a folder of its own in GATE_PINS_PATH.
 *
 * Each daemon brings its own gate, for it may be another version than the one before. So at its start there can be
 * gates of daemons that have died, or that hand over to it. They stay until the containers pass the new one
 * (daemon/unserved.h), and are removed then. A daemon that ends in order removes its own: what a service manager has
 * stored holds the gate without it.
 */

#include <stddef.h>
#include <stdint.h>

struct gate;

#define GATE_PINS_PATH "/sys/fs/bpf/nsxattr"
/* Of gates that were pinned before. */
#define GATE_PINS_MAX 16
#define GATE_PINS_NAME_MAX 63

/** struct pinned_gate - of a daemon before */
struct pinned_gate {
	char name[GATE_PINS_NAME_MAX + 1]; /* of its folder */
	int namespaces; /* its map of these; -1: it cannot be opened */
};

/** struct gate_pins - begins with gate_pins_open() */
struct gate_pins {
	int folder; /* GATE_PINS_PATH; -1: there is none */
	char own[GATE_PINS_NAME_MAX +
		 1]; /* the folder of the daemon's own gate; "": it is not pinned */
	struct pinned_gate before[GATE_PINS_MAX];
	size_t before_count;
};

/** gate_pins_open() - find what is pinned, while paths lead to it; there may be nothing */
void gate_pins_open(struct gate_pins *pins);

/**
 * gate_pins_make() - pin a gate of our own
 *
 * Return: 0; -ENOENT: there is no bpffs where it belongs; -errno. Then it is not pinned.
 */
int gate_pins_make(struct gate_pins *pins, const struct gate *gate);

/** gate_pins_let_go() - a user namespace passes our gate, and so need not pass those before any more */
void gate_pins_let_go(const struct gate_pins *pins, uint32_t number);

/** gate_pins_remove() - @name: of a folder; "": there is none */
void gate_pins_remove(const struct gate_pins *pins, const char *name);

/** gate_pins_remove_known() - our own, and those that were there before: we end in order */
void gate_pins_remove_known(const struct gate_pins *pins);

/** gate_pins_remove_unknown() - all but these: a successor that was killed may have left one */
void gate_pins_remove_unknown(const struct gate_pins *pins);

#endif
