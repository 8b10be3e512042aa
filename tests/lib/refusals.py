#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""refusals.py STORE FILES OBSERVED... -- COMMAND...

Makes calls inside a namespace that have to be refused, and looks after each at what the host sees: not
one byte of an attribute, of stat(2) but for the times of reading, or of a directory's entries may differ.

STORE     of the policy: security, user, trusted
FILES     a directory as the namespace sees it, with what "refusals.py --prepare STORE DIRECTORY" makes
OBSERVED  what to look at, as deep as it goes; some of it may be a lower or an upper layer of FILES
COMMAND   runs this script in the namespace, whose root is 100000 on the host: COMMAND... --act

Prints a line for each call, "ok" or "not ok", as tests/lib/case.sh does, without numbers.
"""

import ctypes
import errno
import json
import os
import stat
import subprocess
import sys

ROOT = 100000
CREATE, REPLACE = os.XATTR_CREATE, os.XATTR_REPLACE
BOTH = CREATE | REPLACE
LIMIT = 3  # attributes-per-file
VALUE_SIZE = 100  # value-size


def stored(store, owner, base):
    if store == "security":
        return f"{base}@uid={owner}"
    return f"{store}.nsxattr.{owner}.{base}"


def keeps_users(file):
    """Has the file system user.*? A tmpfs has from Linux 6.6 on."""
    try:
        os.setxattr(file, "user.hidden", b"host")
    except OSError as error:
        assert error.errno == errno.EOPNOTSUPP
        return False
    return True


def prepare(store, directory):
    """Files of the container's with values of the host's, its own, and of another owner's."""
    for name in ("file", "full", "variants", "single"):
        path = os.path.join(directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write("content\n")
        os.chmod(path, 0o666)
        os.chown(path, ROOT, ROOT)
    # The kernel has plenty of names for the host's own privilege.
    file = os.path.join(directory, "file")
    for name in ("security.inherited", "security.hidden", "security.denied", "trusted.hidden",
                 "security.none", "trusted.none", "user.hidden", "user.denied", "user.none",
                 "trusted.denied"):
        if not name.startswith("user.") or keeps_users(file):
            os.setxattr(file, name, b"host")
    for name in ("security.there", "trusted.there"):
        os.setxattr(file, stored(store, ROOT, name), b"own")
    os.setxattr(file, stored(store, 7, "security.foreign"), b"foreign")
    for number in range(LIMIT):
        os.setxattr(os.path.join(directory, "full"), stored(store, ROOT, f"security.{number}"),
                    b"own")
        os.setxattr(os.path.join(directory, "variants"),
                    stored(store, ROOT + number, "security.a"), b"own")
    os.setxattr(os.path.join(directory, "single"), "security.one", b"host")


def refusals(store):
    """Yields: who, the call, a file, a name, a value's length, flags, the errno that it has to give."""
    for who in ("root", "user"):
        privileged = who == "root"
        for name in ("security.a@", "security.a@foo", "security.a@uid=", "security.a@uid=007",
                     "security.a@uid=-1", "security.there@uid=x", "security.", "trusted.a@foo",
                     "trusted."):
            error = errno.EINVAL if privileged else errno.EPERM
            yield who, "set", "file", name, 1, 0, error
            yield who, "set", "file", name, 1, BOTH, error
            yield who, "remove", "file", name, 0, 0, error
        for base in ("security.there", "trusted.there"):
            unmapped = errno.EINVAL if privileged else errno.EPERM
            yield who, "set", "file", base + "@uid=70000", 1, 0, unmapped
            yield who, "remove", "file", base + "@uid=70000", 0, 0, \
                errno.ENODATA if privileged else errno.EPERM
        for kind in ("security", "trusted", "user"):
            may = privileged or kind == "user"
            yield who, "set", "file", kind + ".hidden", 1, 0, errno.EPERM
            yield who, "set", "file", kind + ".hidden", 1, BOTH, errno.EPERM
            yield who, "remove", "file", kind + ".hidden", 0, 0, \
                errno.ENODATA if may else errno.EPERM
            yield who, "set", "file", kind + ".denied", 1, 0, errno.EPERM
            yield who, "set", "file", kind + ".denied", 1, REPLACE, errno.EPERM
            yield who, "remove", "file", kind + ".denied", 0, 0, errno.EPERM
            yield who, "set", "file", kind + ".none", 1, 0, \
                errno.EOPNOTSUPP if may else errno.EPERM
            yield who, "remove", "file", kind + ".none", 0, 0, \
                errno.EOPNOTSUPP if may else errno.EPERM
            yield who, "get", "file", kind + ".none", 0, 0, \
                errno.ENODATA if kind == "trusted" and not privileged else errno.EOPNOTSUPP
        for name in ("trusted.nsxattr.5.security.a", "trusted.nsxattr.100000.security.there"):
            yield who, "set", "file", name, 1, 0, errno.EPERM
            yield who, "get", "file", name, 0, 0, errno.ENODATA
            yield who, "remove", "file", name, 0, 0, \
                errno.ENODATA if privileged else errno.EPERM
        if store == "user":
            name = "user.nsxattr.100000.security.there"
            yield who, "set", "file", name, 1, 0, errno.EPERM
            yield who, "get", "file", name, 0, 0, errno.ENODATA
            yield who, "remove", "file", name, 0, 0, errno.ENODATA
        yield who, "set", "file", "security.new", 1, 8, errno.EINVAL
    for base in ("security.there", "security.inherited", "trusted.there"):
        yield "root", "set", "file", base, 1, CREATE, errno.EEXIST
        yield "root", "set", "file", base, 1, BOTH, errno.EEXIST
        yield "user", "set", "file", base, 1, 0, errno.EPERM
        yield "user", "set", "file", base, 1, CREATE, errno.EPERM
        yield "user", "set", "file", base, 1, BOTH, errno.EPERM
        yield "user", "remove", "file", base, 0, 0, errno.EPERM
    for base in ("security.missing", "trusted.missing", "security.foreign",
                 "security.there@uid=5"):
        yield "root", "set", "file", base, 1, REPLACE, errno.ENODATA
        yield "root", "set", "file", base, 1, BOTH, errno.ENODATA
        yield "root", "remove", "file", base, 0, 0, errno.ENODATA
    yield "root", "remove", "file", "security.inherited", 0, 0, errno.ENODATA
    yield "root", "set", "file", "security." + "n" * 246, 1, 0, errno.ERANGE
    yield "root", "remove", "file", "security." + "n" * 246, 0, 0, errno.ERANGE
    yield "root", "set", "file", "security.there", VALUE_SIZE + 1, 0, errno.E2BIG
    yield "root", "set", "file", "trusted.new", VALUE_SIZE + 1, 0, errno.E2BIG
    for name in ("security.new", "trusted.new", "security.0@uid=5", "security.new@uid=65535"):
        yield "root", "set", "full", name, 1, 0, errno.EDQUOT
        yield "root", "set", "full", name, 1, CREATE, errno.EDQUOT
        yield "root", "set", "full", name, 1, REPLACE, errno.ENODATA
        yield "root", "set", "full", name, 1, BOTH, errno.ENODATA
    for name in ("security.new", "security.a@uid=15"):
        yield "root", "set", "variants", name, 1, 0, errno.EDQUOT
    for name in ("security.new", "security.a", "trusted.new"):
        yield "nested", "set", "variants", name, 1, 0, errno.EDQUOT
    yield "root", "set", "single", "security.one", 1, 0, errno.EDQUOT
    yield "root", "set", "single", "security.one@uid=5", 1, 0, errno.EDQUOT
    yield "nested", "set", "single", "security.one", 1, 0, errno.EDQUOT
    yield "root", "set", "single", "security.one", 1, CREATE, errno.EEXIST
    yield "root", "set", "single", "security.one", 1, BOTH, errno.EEXIST


def successes():
    """What the limits do not forbid, made last."""
    for number in range(LIMIT):
        yield "root", "set", "full", f"security.{number}", 2, 0, 0
        yield "root", "set", "full", f"security.{number}", 3, REPLACE, 0
    yield "root", "set", "variants", "security.a@uid=1", VALUE_SIZE, 0, 0
    yield "root", "remove", "variants", "security.a@uid=1", 0, 0, 0
    yield "root", "set", "variants", "security.a@uid=9", 1, CREATE, 0
    yield "root", "set", "variants", "security.a@uid=10", 1, 0, errno.EDQUOT
    yield "root", "set", "file", "security.inherited", 1, REPLACE, 0
    yield "root", "set", "file", "security.inherited", 1, REPLACE, 0
    yield "root", "remove", "file", "security.inherited", 0, 0, 0


# ---- inside ----

def call(request):
    _, kind, path, name, length, flags = request
    try:
        if kind == "set":
            os.setxattr(path, name, b"v" * length, flags)
        elif kind == "get":
            os.getxattr(path, name)
        else:
            os.removexattr(path, name)
    except OSError as error:
        return error.errno
    return 0


def call_nested(request):
    """The same as root of a namespace in the container, which owns the file there."""
    libc = ctypes.CDLL(None, use_errno=True)
    ready, mapped = os.pipe(), os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:
        os.read(ready[0], 1)
        for file in ("uid_map", "gid_map"):
            with open(f"/proc/{parent}/{file}", "w", encoding="ascii") as map_file:
                map_file.write("0 3000 1\n1 0 1\n" if file == "uid_map" else "0 0 1\n")
        os.write(mapped[1], b"x")
        os._exit(0)
    if libc.unshare(0x10000000) != 0:
        return 99
    os.write(ready[1], b"x")
    os.read(mapped[0], 1)
    os.waitpid(helper, 0)
    return call(request)


def act():
    """Reads calls, a line each, and writes what they gave."""
    for line in sys.stdin:
        request = json.loads(line)
        if request[0] == "root":
            print(call(request), flush=True)
            continue
        child = os.fork()
        if child == 0:
            os.setgroups([])
            if request[0] == "user":
                os.setresgid(1000, 1000, 1000)
                os.setresuid(1000, 1000, 1000)
            os._exit(call(request) if request[0] == "user" else call_nested(request))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


# ---- on the host ----

def look(path, seen):
    status = os.lstat(path)
    seen[path] = (status.st_ino, status.st_mode, status.st_nlink, status.st_uid, status.st_gid,
                  status.st_size, status.st_blocks, status.st_mtime_ns, status.st_ctime_ns,
                  sorted((name, os.getxattr(path, name, follow_symlinks=False))
                         for name in os.listxattr(path, follow_symlinks=False)))
    if stat.S_ISDIR(status.st_mode):
        for entry in sorted(os.listdir(path)):
            look(os.path.join(path, entry), seen)


def look_at_all(paths):
    seen = {}
    for path in paths:
        look(path, seen)
    return seen


def differences(before, after):
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield f"{path}: {before.get(path)}"
            yield f"{path}: {after.get(path)}"


def name_of(number):
    return errno.errorcode.get(number, str(number))


def report(title, complaints):
    print(("not ok" if complaints else "ok") + " - " + title)
    for complaint in complaints:
        print("# " + complaint)


def title_of(request):
    who, kind, file, name, length, flags = request
    flag_words = {0: "", CREATE: " CREATE", REPLACE: " REPLACE", BOTH: " CREATE|REPLACE"}
    short = name if len(name) < 60 else name[:20] + "…"
    return f"{who}: {kind} {short} of {file}, {length} bytes{flag_words.get(flags, ' bad flags')}"


def main(store, files, observed, command):
    before = look_at_all(observed)
    with subprocess.Popen(command + [os.path.realpath(__file__), "--act"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as inside:

        def ask(who, kind, file, *rest):
            inside.stdin.write(json.dumps([who, kind, os.path.join(files, file), *rest]) + "\n")
            inside.stdin.flush()
            return int(inside.stdout.readline())

        for *request, expected in refusals(store):
            found = ask(*request)
            after = look_at_all(observed)
            complaints = list(differences(before, after))
            if found != expected:
                complaints.insert(0, f"{name_of(found)}, not {name_of(expected)}")
            report(title_of(request), complaints)
            before = after
        for *request, expected in successes():
            found = ask(*request)
            report(title_of(request), [] if found == expected else
                   [f"{name_of(found)}, not {name_of(expected)}"])
        inside.stdin.close()


if sys.argv[1] == "--act":
    act()
elif sys.argv[1] == "--prepare":
    prepare(sys.argv[2], sys.argv[3])
else:
    split = sys.argv.index("--")
    main(sys.argv[1], sys.argv[2], sys.argv[3:split], sys.argv[split + 1:])
