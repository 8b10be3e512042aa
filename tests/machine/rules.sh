# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The language of rules is the kernel's: some thousand lines are written to its IMA, and checked by nsxattr. What nsxattr
# takes, the kernel takes; of what the kernel takes, nsxattr refuses what it says it does not judge, and nothing else.
#
# No line comes into force: a wrong one behind it has the kernel drop both when the file is closed. Then some rules do,
# and files are executed and mapped by processes with all kinds of ids: the kernel measures what rules-driver says.
#
# arguments: ima_template=ima-ng

. tests/lib/case.sh
. tests/lib/scene.sh
needs python3 blkid
[ -w /sys/kernel/security/ima/policy ] || {
	skip "the language of rules" "this kernel has no IMA, or has its policy already"
	exit 0
}
driver=$(realpath "${BUILD:-build}/tests/live/rules-driver")
scene_make

cat >rules.py <<'END'
import errno, itertools, os, re, subprocess, sys

nsxattr, folder = sys.argv[1:]
KERNEL = "/sys/kernel/security/ima/policy"

def kernel_takes(line):
    policy = os.open(KERNEL, os.O_WRONLY)
    try:
        os.write(policy, line.encode() + b"\n")
        return True
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ERANGE):
            sys.exit(f"{line}: {error}")
        return False
    finally:
        try:
            os.write(policy, b"no rule\n")
            sys.exit("the kernel takes no rule for one")
        except OSError:
            os.close(policy)

# As many at a time as nsxattr names mistakes.
def mistakes(lines):
    head = ["version: 1", "attributes: []", "integrity:", "  rules:"]
    with open("lines.yaml", "w") as file:
        file.write("\n".join(head + [f"  - '{line}'" for line in lines]) + "\n")
    said = subprocess.run([nsxattr, "check", "lines.yaml"], stdout=subprocess.PIPE, text=True).stdout
    return {int(line.split(":")[1]) - len(head) - 1: line.split(":", 3)[3].strip() for line in said.splitlines()}

actions = ["measure", "dont_measure", "appraise", "dont_appraise", "audit", "hash", "dont_hash", "Measure", "collect"]
funcs = ["BPRM_CHECK", "MMAP_CHECK", "FILE_CHECK", "PATH_CHECK", "FILE_MMAP", "MMAP_CHECK_REQPROT", "CREDS_CHECK",
         "MODULE_CHECK", "FIRMWARE_CHECK", "POLICY_CHECK", "KEXEC_KERNEL_CHECK", "KEXEC_INITRAMFS_CHECK",
         "KEXEC_CMDLINE", "KEY_CHECK", "CRITICAL_DATA", "SETXATTR_CHECK", "POST_SETATTR", "NONE", "bprm_check", ""]
numbers = ["0", "1000", "4294967294", "4294967295", "4294967296", "18446744073709551615", "18446744073709551616",
           "-1", "+1", "007", "0x10", "root", "", "1 "]
words = [f"{key}{sign}{number}" for key in ("uid", "euid", "gid", "egid", "fowner", "fgroup") for sign in "=<>"
         for number in numbers]
words += ["uid", "uid:0", "uid=>1", "uid<=1", "uid=0,1", "fgid=0", "suid=0"]
words += [f"mask={mark}{mask}" for mark in ("", "^", "^^") for mask in
          ("MAY_EXEC", "MAY_READ", "MAY_WRITE", "MAY_APPEND", "MAY_EXEC|MAY_READ", "EXEC", "")]
words += [f"fsmagic={magic}" for magic in
          ("0", "0x0", "9fa0", "0x9fa0", "0X9FA0", "0x01021994", "ffffffffffffffff", "0xffffffffffffffff",
           "10000000000000000", "00000000000000000001", "0x", "x9fa0", "+9fa0", "9fa0g", "-1", "")]
words += ["fsmagic>1", "fsname=ext4", "fsname=no-such", "fsname=", "fsname<a", "fsname=a=b"]
words += [f"fsuuid={uuid}" for uuid in
          ("8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6", "8BCBE394-4F13-4144-BE8E-5AA9EA2CE2F6",
           "00000000-0000-0000-0000-000000000000", "8bcbe394-4f13-4144-be8e-5aa9ea2ce2f", "8bcbe394",
           "8bcbe3944f134144be8e5aa9ea2ce2f6", "8bcbe394-4f13-4144-be8e-5aa9ea2ce2fg",
           "8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6x", "8bcbe394+4f13-4144-be8e-5aa9ea2ce2f6", "")]
words += [f"appraise_type={kind}" for kind in ("imasig", "modsig", "imasig|modsig", "sigv3", "sig", "imasig ,", "")]
words += [f"appraise_algos={algos}" for algos in
          ("sha1", "sha224", "sha256", "sha384", "sha512", "sha1,sha224,sha256,sha384,sha512", "md5", "SHA256",
           "sha256,", ",sha256", "sha256;sha512", "sha257", "sha256,sha256", "")]
words += [f"template={name}" for name in ("ima", "ima-ng", "ima-sig", "ima-ngv2", "ima-buf", "ima-ng|x", "d-ng", "")]
words += ["digest_type=verity", "digest_type=sha256", "digest_type=", "permit_directio", "pcr=10", "pcr=11",
          "appraise_flag=check_blacklist", "keyrings=.ima", "label=selinux", "fs_subtype=sshfs", "=", "func", "x=1", "#", "!"]
pairs = ["uid=1", "uid<5", "euid=1", "gid=1", "egid>1", "fowner=1", "fowner>0", "fgroup=1", "mask=MAY_EXEC",
         "mask=^MAY_EXEC", "fsmagic=1", "fsmagic=0", "fsname=a", "fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6",
         "appraise_type=imasig", "appraise_type=sigv3", "digest_type=verity", "appraise_algos=sha256", "template=ima-ng",
         "func=BPRM_CHECK", "permit_directio", "pcr=10"]

lines = [f"{action} func={func}" for action in actions for func in funcs]
lines += actions + ["", " ", "func=BPRM_CHECK", "func=BPRM_CHECK measure", "measure measure func=BPRM_CHECK",
                    "measure\tfunc=BPRM_CHECK", " \t measure  func=BPRM_CHECK \t", "measure fowner=0",
                    "dont_measure fsmagic=0x9fa0", "measure appraise func=BPRM_CHECK"]
lines += [f"{action} func={func} {word}" for action in actions[:5] for word in words
          for func in (["BPRM_CHECK"] if action != "appraise" else ["BPRM_CHECK", "MMAP_CHECK"])]
lines += [f"{action} func=MMAP_CHECK {' '.join(pair)}" for action in ("measure", "appraise", "audit", "dont_appraise")
          for pair in itertools.product(pairs, repeat=2)]
lines += [f"appraise {' '.join(words)}" for words in itertools.permutations(
    ["func=BPRM_CHECK", "digest_type=verity", "appraise_type=sigv3", "appraise_algos=sha256,sha512"])]
for arguments in (["--rules=tcb"], ["--rules=appraise"], ["--rules", "-p", f"{folder}/ima-appraise.yaml"]):
    said = subprocess.run([nsxattr, "explain", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
    own = [line for line in said.splitlines() if not line.startswith("#")]
    if mistakes(own):
        print("nsxattr refuses its own rules:", arguments, mistakes(own))
    lines += own

# What nsxattr says it does not judge, and what it is stricter about: an action behind other words, a condition twice, a
# number with a sign, more digits than a number has, and what follows a UUID.
FOREIGN = re.compile(r"""
    ^(hash|dont_hash|collect)\b | ^func= | func=(?!BPRM_CHECK|MMAP_CHECK\b) | func=MMAP_CHECK_REQPROT | ^\S+(?!.*\bfunc=)
    | \b(permit_directio|pcr=|keyrings=|label=|appraise_flag=|obj_|subj_|fs_subtype=|modsig) | \#
    | mask=\^?MAY_(READ|WRITE|APPEND) | template=(?!ima-ng\b|ima-sig\b) | template=ima-ngv2 | ^measure.*digest_type=
    | ^dont_measure.*digest_type= | ^audit.*digest_type= | ^dont_appraise.*digest_type=
    | appraise_algos=\S*md5 | [=<>]\+ | fsuuid=\S{37} | fsmagic=(0x)?[0-9a-f]{17}
    | \b(?P<twice>appraise_type|digest_type|fsname|fsmagic|fsuuid)=.*\b(?P=twice)=""", re.X)

lines = list(dict.fromkeys(lines))
refused = {}
for start in range(0, len(lines), 90):
    refused.update({start + at: why for at, why in mistakes(lines[start:start + 90]).items()})
both, neither, only_kernel = 0, 0, 0
for at, line in enumerate(lines):
    takes = bool(line.strip()) and kernel_takes(line)
    if at not in refused and not takes:
        print(f"nsxattr takes, and the kernel refuses: {line!r}")
    elif at not in refused:
        both += 1
    elif not takes:
        neither += 1
    else:
        only_kernel += 1
        if not FOREIGN.search(line):
            print(f"the kernel takes, and nsxattr refuses: {line!r}: {refused[at]}")
print(f"# {len(lines)} lines: {both} taken by both, {neither} by neither, {only_kernel} by the kernel alone", file=sys.stderr)
if min(both, neither, only_kernel) < 50:
    print("there is nothing to compare")

# The one word that is younger than these kernels is as its opposite, and on a kernel that knows it as everywhere.
young = kernel_takes("dont_audit func=BPRM_CHECK")
for word in ("", " uid=0", " template=ima-ng", " appraise_type=imasig", " fowner>5 fsname=ext4"):
    line = f"audit func=BPRM_CHECK{word}"
    if kernel_takes("dont_" + line if young else line) != (0 not in mistakes(["dont_" + line])):
        print(f"dont_{line!r} is not as the kernel has it")
END
said=$(python3 rules.py "$NSXATTR" "$REPOSITORY/examples/policies" 2>counts) || said+="exit status $?"
cat counts
same "rules are rules of the kernel" "" "$said"
check "the kernel has no rule of these" [ -w /sys/kernel/security/ima/policy ]

# ---- what rules decide ----

uuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6
truncate -s 64M disk.img && mkfs.ext4 -q -U $uuid disk.img && mkdir disk tmpfs &&
	mount -o loop disk.img disk && mount -t tmpfs tmpfs tmpfs
cat >decide.py <<'END'
import ctypes, mmap, os, shutil, subprocess, sys

driver, uuid = sys.argv[1:]
KERNEL = "/sys/kernel/security/ima"
PR_SET_SECUREBITS, NO_SETUID_FIXUP = 28, 4
prctl = ctypes.CDLL(None).prctl

# Each is about the files of groups of its own, so that rules do not get into each other's way.
conditions = ["", "mask=MAY_EXEC", "mask=^MAY_EXEC", "uid=0", "uid=1001", "uid>1001", "uid<1002", "euid=1002", "euid>1002",
              "euid<1002", "euid=1001", "euid=1003", "gid=2001", "gid>0", "gid<2001", "egid=2002", "egid=2001", "egid=2003",
              "egid>2002", "uid=1001 egid=2002", "uid=1001 egid=1", "uid=1001 gid=2001 fowner=5001", "fowner=5001",
              "fowner>5000", "fowner<5001", "fowner=5002", "fowner>5002", "fsname=ext4", "fsname=tmpfs",
              "fsname=ext", "fsmagic=0xef53", "fsmagic=1021994", "fsmagic=0xef54", f"fsuuid={uuid}",
              f"fsuuid={uuid.upper()}", "fsuuid=00000000-0000-0000-0000-000000000001", "fsname=ext4 uid=0"]
# uid, euid, suid, gid, egid, sgid; and whether with all capabilities
subjects = [((0, 0, 0, 0, 0, 0), True), ((1001, 1002, 1003, 2001, 2002, 2003), False),
            ((1001, 1002, 1003, 2001, 2002, 2003), True), ((1002, 1001, 1001, 0, 2001, 2002), False)]
folders = {"disk": f"ef53 ext4 {uuid.replace('-', '')}", "tmpfs": f"1021994 tmpfs {32 * 'f'}"}

rules, files = [], []

def add(path, call, subject, group):
    shutil.copyfile("/bin/true", path)
    os.chmod(path, 0o755)
    os.chown(path, 5001, group)
    ids, able = subjects[subject]
    files.append((os.path.abspath(path), call, subject,
                  f"{call} {'able' if able else 'unable'} {' '.join(map(str, ids))} 5001 {group} "
                  + folders[path.split("/")[0]]))

for number, condition in enumerate(conditions):
    for place, call in enumerate(("exec", "map")):
        func, group = ("BPRM_CHECK", "MMAP_CHECK")[place], 10000 + 10 * number + 4 * place
        rules += [f"measure func={func} fgroup={group} {condition}".strip(),
                  f"dont_measure func={func} fgroup={group + 1} {condition}".strip(),
                  f"measure func={func} fgroup={group + 1}",
                  f"dont_measure func={func} fgroup={group + 1}"]
        for folder in ("disk", "tmpfs") if "fs" in condition else ("disk",):
            for subject in range(len(subjects)):
                add(f"{folder}/{call}-{number}-{subject}", call, subject, group)
            add(f"{folder}/{call}-{number}-not", call, 1, group + 1)

with open("rules", "w") as file:
    file.write("\n".join(rules) + "\n")
policy = os.open(f"{KERNEL}/policy", os.O_WRONLY)
for rule in rules:
    try:
        os.write(policy, rule.encode() + b"\n")
    except OSError as error:
        sys.exit(f"{rule}: {error}")
os.close(policy)

def become(subject):
    (uid, euid, suid, gid, egid, sgid), able = subjects[subject]
    if able and prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0) != 0:
        os._exit(1)
    os.setgroups([])
    os.setresgid(gid, egid, sgid)
    os.setresuid(uid, euid, suid)

def use(path, call):
    if call == "exec":
        os.execv(path, [path])
    with open(path, "rb") as file:
        mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
    os._exit(0)

for path, call, subject, facts in files:
    child = os.fork()
    if child == 0:
        try:
            become(subject)
            use(path, call)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        print(f"{path}: it was not used")

with open(f"{KERNEL}/ascii_runtime_measurements") as file:
    measured = {line.split(" ", 4)[4].rstrip("\n") for line in file if line.count(" ") >= 4}
said = subprocess.run([driver, "rules"], input="\n".join(facts for _, _, _, facts in files) + "\n",
                      stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
counts = [0, 0]
for (path, call, subject, facts), rule in zip(files, said, strict=True):
    counts[path in measured] += 1
    if (path in measured) != rule.startswith("measure"):
        print(f"measured: {path in measured}, nsxattr: {rule}: {facts}")
print(f"# {counts[1]} of {len(files)} measured", file=sys.stderr)
if min(counts) < 50:
    print("there is nothing to compare")
END
said=$(python3 decide.py "$driver" $uuid 2>counts) || said+="exit status $?"
cat counts
same "the kernel measures what the rules decide" "" "$said"
umount disk tmpfs
