#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""manager.py SOCKET PROGRAM [ARGUMENT]...: a service manager of one service, with a store.

It speaks what sd_notify(3) and sd_listen_fds(3) document, as systemd does: FDSTORE=1 with FDNAME=,
FDSTOREREMOVE=1, and what is hung up leaves the store by itself, but with FDPOLL=0. A service that ends by a signal is started
again with what is in the store, when the rest of its processes has been killed.

Each line on standard input is a word, or two, answered by a line on standard output:

    start       start it; "ready"
    kill        kill its main process, and start it again; "ready"
    foreign     the same, with a journal in the store that is of another format
    lose NAME   the same, without what is in the store as a memfd of this name
    restart     have it end in order, and start it again; "ready"
    stop        have it end in order; its exit status
    stored      how many descriptors are in the store
    pid         of its main process
"""

import array
import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import sys
import time

PATIENCE = 60
FORMAT_AT = 8  # struct journal_head


class Manager:
    def __init__(self, path, command):
        self.command = command
        self.path = path
        self.store = []  # (name, descriptor)
        self.unwatched = set()  # descriptors
        self.main = 0
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(path)
        self.is_ready = False

    def remove(self, name):
        for stored, fd in self.store:
            if stored == name:
                self.unwatched.discard(fd)
                os.close(fd)
        self.store = [entry for entry in self.store if entry[0] != name]

    def hear(self, timeout):
        if not select.select([self.told], [], [], timeout)[0]:
            return False
        text, ancillary, _, _ = self.told.recvmsg(65536, socket.CMSG_SPACE(253 * 4))
        fds = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(data)
        fields = dict(line.split("=", 1) for line in text.decode().split("\n") if "=" in line)
        name = fields.get("FDNAME", "stored")
        if fields.get("FDSTORE") == "1":
            self.store += [(name, fd) for fd in fds]
            self.unwatched.update(fds if fields.get("FDPOLL") == "0" else [])
        elif fds:
            raise RuntimeError("descriptors that are not to be stored")
        if fields.get("FDSTOREREMOVE") == "1":
            self.remove(name)
        self.is_ready = self.is_ready or fields.get("READY") == "1"
        return True

    def hear_all(self):
        while self.hear(0):
            pass
        for name, fd in list(self.store):
            if fd in self.unwatched:
                continue
            poll = select.poll()
            try:
                poll.register(fd, 0)
                if poll.poll(0):
                    self.remove(name)
            except PermissionError:
                pass  # a file

    def start(self):
        self.hear_all()
        self.is_ready = False
        self.main = os.fork()
        if self.main == 0:
            self.become()
        end = time.monotonic() + PATIENCE
        while not self.is_ready:
            if time.monotonic() > end or os.waitpid(self.main, os.WNOHANG)[0]:
                return "not ready"
            self.hear(0.1)
        return "ready"

    def become(self):
        os.setsid()
        count = len(self.store)
        base = 3 + count + 64
        moved = []
        for _, fd in self.store:
            new = os.dup(fd)
            while new < base:
                new = os.dup(new)
            moved.append(new)
        for i, fd in enumerate(moved):
            os.dup2(fd, 3 + i)
        os.closerange(3 + count, 65536)
        os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()),
                          LISTEN_FDNAMES=":".join(name for name, _ in self.store),
                          NOTIFY_SOCKET=self.path)
        null = os.open("/dev/null", os.O_RDWR)
        if null > 2:
            os.dup2(null, 0)
            os.dup2(null, 1)
            os.close(null)
        os.execv(self.command[0], self.command)

    def rest(self):
        """What is left in the session, which stands in for the control group."""
        left = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.getsid(int(entry)) == self.main:
                    left.append(int(entry))
            except ProcessLookupError:
                pass
        return left

    @staticmethod
    def end_one(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def kill_rest(self):
        for pid in self.rest():
            self.end_one(pid)
        # Each becomes our child when its parent has ended, and can be waited for when its last thread has ended.
        while self.rest():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.001)

    def kill(self):
        self.hear_all()
        os.kill(self.main, signal.SIGKILL)
        os.waitpid(self.main, 0)
        self.kill_rest()
        self.hear_all()

    def end(self):
        os.kill(self.main, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        status = (0, 0)
        while status[0] == 0 and time.monotonic() < end:
            self.hear(0.01)
            status = os.waitpid(self.main, os.WNOHANG)
        self.hear_all()
        return os.waitstatus_to_exitcode(status[1])

    def make_foreign(self):
        name, fd = max((entry for entry in self.store if entry[0].startswith("journal-")),
                       key=lambda entry: int(entry[0].split("-")[1]))
        found = struct.unpack("=I", os.pread(fd, 4, FORMAT_AT))[0]
        os.pwrite(fd, struct.pack("=I", found + 1000), FORMAT_AT)
        return name

    def lose(self, memory):
        for name, fd in list(self.store):
            if os.readlink(f"/proc/self/fd/{fd}") == f"/memfd:{memory} (deleted)":
                self.remove(name)

    def obey(self, word, argument):
        if word == "start":
            return self.start()
        if word in ("kill", "foreign", "lose"):
            self.kill()
            if word == "foreign":
                self.make_foreign()
            if word == "lose":
                self.lose(argument)
            return self.start()
        if word == "restart":
            self.end()
            return self.start()
        if word == "stop":
            return self.end()
        self.hear_all()
        if word == "stored":
            return len(self.store)
        return self.main


def main():
    # So that workers whose keeper is dead are ours, and do not stay as zombies.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    manager = Manager(sys.argv[1], sys.argv[2:])
    while True:
        while not select.select([sys.stdin], [], [], 0.05)[0]:
            if manager.main:
                manager.hear_all()
        words = sys.stdin.readline().split()
        if not words:
            return
        print(manager.obey(words[0], words[1] if len(words) > 1 else None), flush=True)


main()
