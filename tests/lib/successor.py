#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""successor.py CONTROL HOW: a program that asks for all that a daemon hands over, and does not take over.

It speaks what supervisor/daemon/handover.h says. HOW is what becomes of it when it has got all:

    dies      it ends
    silent    it says nothing any more
    hostile   it sends a word of no protocol; then it overwrites the journal, accepts connections and receives
              the calls of containers, as long as it lives

What it has done is on standard output, a line each.
"""

import array
import fcntl
import os
import select
import signal
import socket
import sys
import time

NOTIF_RECV = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
NOTIF_SIZE = 80
DESCRIPTORS_MAX = 253


def receive(connection):
    """A piece of text, and the descriptors that came with it."""
    text, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(DESCRIPTORS_MAX * 4))
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data)
    return text.decode(), list(fds)


def take(connection):
    """All that is handed over, by name."""
    connection.sendall(b"upgrade\n")
    sockets = receive(connection)[1]
    connection.sendall(b"take\n")
    taken = {}
    while True:
        text, fds = receive(connection)
        if not text or text == "STOPPING=1\n":
            return sockets, taken
        taken[text.split("FDNAME=")[1].strip()] = fds[0]


def overwrite(journal):
    size = os.fstat(journal).st_size
    try:
        for offset in range(0, size, 1 << 20):
            os.pwrite(journal, b"\xa5" * min(1 << 20, size - offset), offset)
    except OSError as error:
        return os.strerror(error.errno)
    return "done"


def steal(sockets, listeners):
    """What comes to others, for a few seconds."""
    poller = select.poll()
    for fd in sockets + listeners:
        poller.register(fd, select.POLLIN)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        for fd, _ in poller.poll(100):
            try:
                if fd in listeners:
                    fcntl.ioctl(fd, NOTIF_RECV, bytearray(NOTIF_SIZE))
                    print("received", flush=True)
                else:
                    socket.socket(fileno=os.dup(fd)).accept()
                    print("accepted", flush=True)
            except OSError:
                pass


def main():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    sockets, taken = take(connection)
    print(f"taken {sum(name.startswith('kept-') for name in taken) > 0}", flush=True)
    if sys.argv[2] == "silent":
        signal.pause()
    if sys.argv[2] == "dies":
        os._exit(0)
    connection.sendall(b"no\n")
    # The daemon goes on when it likes; it has closed the connection by then, or we are no more.
    while receive(connection)[0]:
        pass
    journal = next(fd for name, fd in taken.items() if name.startswith("journal-"))
    print(f"overwritten: {overwrite(journal)}", flush=True)
    steal(sockets, [fd for name, fd in taken.items() if name.startswith("kept-")])


main()
