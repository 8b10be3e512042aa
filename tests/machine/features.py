# SPDX-License-Identifier: Apache-2.0
"""features.py [NAME]: what the running kernel has of that which nsxattr uses, or answers for; "yes", "no" or a list.

Each feature is tried. Without NAME: a line "NAME<tab>ANSWER" for each.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"


def call(number, *arguments):
    """A system call: its result, or the name of its error."""
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]


def works(result):
    return not isinstance(result, str)


def exits(child):
    """Does a child of ours that does this exit with 0?"""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if child() else 1)
    return os.waitpid(pid, 0)[1] == 0


def has_option(number):
    """An option of sockets that can be read."""
    with socket.socketpair()[0] as end:
        try:
            end.getsockopt(socket.SOL_SOCKET, number, 4)
            return True
        except OSError as error:
            assert error.errno == errno.ENOPROTOOPT
            return False


def seals_modes():
    file = os.memfd_create("features", 2)  # MFD_ALLOW_SEALING
    return call(72 if X86 else 25, file, 1033, 0x20) == 0  # fcntl, F_ADD_SEALS, F_SEAL_EXEC


def tells_of_processes():
    """PIDFD_GET_INFO, of ourselves."""
    info = ctypes.create_string_buffer(struct.pack("Q", 1).ljust(64, b"\0"), 64)
    return works(call(16 if X86 else 29, os.pidfd_open(os.getpid()), 0xc040ff0b, info))


def wakes_in_step():
    """SECCOMP_IOCTL_NOTIF_SET_FLAGS, in a child that lets itself do everything."""
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(allow))

    def child():
        listener = call(317 if X86 else 277, 1, 8, program)
        return call(16 if X86 else 29, listener, 0x40082104, 1) == 0

    return exits(child)


def checks_security():
    """Is a change of security.* refused without CAP_SYS_ADMIN?"""
    def child():
        file = os.memfd_create("features")
        os.fchown(file, 1000, 1000)
        os.setresgid(1000, 1000, 1000)
        os.setresuid(1000, 1000, 1000)
        try:
            os.setxattr(file, "security.features", b"")
        except PermissionError:
            return True
        return False

    return exits(child)


def succeeds(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def is_executed(program):
    try:
        subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return True
    except OSError as error:
        assert error.errno == errno.ENOEXEC
        return False


def symbols():
    with open("/proc/kallsyms", encoding="ascii") as file:
        return {line.split()[2] for line in file}


def modules():
    with open("/sys/kernel/security/lsm", encoding="ascii") as file:
        return file.read().strip().replace(",", ", ")


build = os.environ.get("BUILD", "build")
features = {
    "personalities of io_uring": lambda: works(call(425, 1, bytes(120))),
    "`PR_SET_MDWE`": lambda: libc.prctl(66, 0, 0, 0, 0) >= 0,
    "`F_SEAL_EXEC`": seals_modes,
    "`SO_PEERPIDFD`, `SO_PASSPIDFD`": lambda: has_option(76),
    "`kernel.io_uring_disabled`": lambda: os.path.exists("/proc/sys/kernel/io_uring_disabled"),
    "`SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`": wakes_in_step,
    "`PIDFD_THREAD`": lambda: works(call(434, os.getpid(), os.O_EXCL)),
    "a check of `security.*`, with `bpf` active": checks_security,
    "`PIDFD_GET_INFO`": tells_of_processes,
    "`setxattrat` and its sisters": lambda: call(463, -1, b"", 0, b"", None, 0) != "ENOSYS",
    "a probe": lambda: succeeds(build + "/nsxattr", "run", "--debug=identity=probe", "--map-users=0:100000:65536",
                                "--map-groups=0:100000:65536", "--", "true"),
    "programs of 32 bits": lambda: is_executed(build + "/tests/live/differential-driver-32"),
    "programs of x32": lambda: X86 and call(0x40000000 | 39) == os.getpid(),
    "fs-verity": lambda: os.path.exists("/proc/sys/fs/verity") or os.path.exists("/sys/fs/ext4/features/verity"),
    "Smack": lambda: "smack_inode_setxattr" in symbols(),
    "TOMOYO": lambda: "tomoyo_init" in symbols(),
    "security modules": modules,
}

for name, ask in features.items():
    if name in sys.argv[1:] or not sys.argv[1:]:
        said = ask()
        print(f"{name}\t{said if isinstance(said, str) else 'yes' if said else 'no'}")
