/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_BOX_H
#define NSXATTR_TESTS_BOX_H

/*
 * For the drivers that try the gate: a box is a user namespace with a mount namespace, in which children act as root. What
 * they cannot do without ends the driver; what they try is reported.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "integrity/gate.h"
#include "integrity/gate_ask.h"
#include "integrity/gate_container.h"

/* What the program "bad" ends with; "good" ends with 0. */
#define BAD 77

#define BOTH (GATE_EXECUTE | GATE_MAP)

/* The host's number for root of every box. */
#define ROOT_INSIDE 100000

/* A user of the host's whom no box maps. */
#define STRANGER_ID 1000

struct box {
	pid_t holder;
	int userns, mounts;
	struct gate_container *container; /* NULL: it is not gated */
};

/** box_act - what a child does with a file. Return: 0, or an errno; it may become another program, too */
typedef int box_act(const char *path);

/** expect() - print "ok NAME", or "not_ok NAME: DETAIL" if the numbers differ */
void expect(long expected, long found, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** must() - end the driver, with errno and what has failed, unless it is done */
void must(bool is_done, const char *what);

/** seconds() - the time */
double seconds(void);

/** copy_file() - its content, mode 0755 */
void copy_file(const char *from, const char *to);

/** make_program() - a new copy of a program of the folder $GATE_PROGRAMS, which root of the boxes owns. Return: its name */
const char *make_program(const char *program, const char *name);

/** box_make() - a box that is not gated */
struct box box_make(void);

/** box_make_gated() - one whose processes need verdicts for these kinds of use */
struct box box_make_gated(const struct gate *gate, unsigned int kinds);

/** box_make_asking() - the same, whose verdicts can be bound to this: enum gate_asked */
struct box box_make_asking(const struct gate *gate, unsigned int asked);

/** box_remove() - end it */
void box_remove(struct box *box);

/** box_enter() - this process becomes root of the box, in the same folder */
void box_enter(const struct box *box);

/** box_wait() - for a child. Return: its exit status, or 128 and the number of the signal that ended it */
int box_wait(pid_t pid);

/** box_run() - have a child act in the box; without one (NULL), as root of the host. Return: as box_wait() */
int box_run(const struct box *box, box_act *act, const char *path);

/** run_as_stranger() - have a child act as a plain user of the host. Return: as box_wait() */
int run_as_stranger(box_act *act, const char *path);

/** become_stranger() - this process becomes that user, without any capability */
void become_stranger(void);

/** judge_ask_fd() - Return: as gate_ask() */
int judge_ask_fd(const struct gate *gate, int fd, struct gate_version *ret_version);

/** judge_ask() - the same, of a path */
int judge_ask(const struct gate *gate, const char *path, struct gate_version *ret_version);

/** judge_state() - the same without the version */
int judge_state(const struct gate *gate, const char *path);

/** judge_allow() - give a verdict on a file, if it can be judged. Return: 0; the state that it is in; -errno */
int judge_allow(const struct gate *gate, const struct box *box, const char *path,
		unsigned int kinds);

/** judge_allow_case() - the same, bound to what of @about it says; its version is filled in */
int judge_allow_case(const struct gate *gate, const struct box *box, const char *path,
		     struct gate_case *about, unsigned int kinds);

/** judge_make_gate() - or end the driver */
struct gate *judge_make_gate(void);

#endif
