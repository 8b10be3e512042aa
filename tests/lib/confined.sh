# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests share that confine a container by a security module which has no say in attribute calls: what a confined
# process gets from the kernel it gets from nsxattr. Sourced after scene.sh.

# confined_says_nothing() - none of these modules has a hook in attribute calls
confined_says_nothing() {
	same "of these modules none has a say in attribute calls" "" \
		"$(grep -E ' (apparmor|tomoyo|hook|landlock|yama)_[a-z_]*xattr' /proc/kallsyms | cut -d' ' -f3)"
}

# confined_make() - in the scene: files in c that the module is to close (secret, and what is below closed) and others;
# calls.py; a policy that leaves nothing to the kernel
confined_make() {
	mkdir -p c/closed
	for file in c/open c/secret c/closed/in; do
		echo x >"$file"
		setfattr -n security.demo -v "the host's" "$file"
	done
	ln -s secret c/link
	own c
	confined_calls
	printf '%s\n' 'version: 1' 'mode: strict' 'attributes: [{ name: "security.*", scheme: suffix }]' 'default: kernel' >strict.yaml
}

# confined_calls() - make calls.py [FOLDER], which makes calls and says how each ended; FOLDER: nothing but what is below
# it may be opened (Landlock)
confined_calls() {
	cat >calls.py <<'END'
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)

def restrict(folder):
    rules = libc.syscall(444, ctypes.byref(ctypes.c_uint64(0x1fff)), 8, 0)
    beneath = ((0x1fff).to_bytes(8, "little") +
               os.open(folder, os.O_PATH).to_bytes(4, "little"))
    assert rules >= 0 and libc.syscall(445, rules, 1, beneath, 0) == 0
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.syscall(446, rules, 0) == 0

def by_descriptor(path):
    return os.getxattr(os.open(path, os.O_RDONLY), "security.demo")

if len(sys.argv) > 1:
    restrict(sys.argv[1])
for path in "open", "secret", "link", "closed/in", "closed":
    for what, call in (
            ("get", lambda: os.getxattr(path, "security.demo")), ("list", lambda: os.listxattr(path)),
            ("open and get", lambda: by_descriptor(path)),
            ("set user", lambda: os.setxattr(path, "user.demo", b"x")),
            ("remove user", lambda: os.removexattr(path, "user.demo"))):
        try:
            print(path, what, call())
        except OSError as error:
            print(path, what, errno.errorcode[error.errno])
END
}

# compare() - WHAT COMMAND…: a command below the policy that leaves all to the kernel, and below the usual one
#
# REFUSAL is the module's error.
REFUSAL=EACCES
run=("$NSXATTR" run --map-users="0:$INSIDE_ROOT:65536" --map-groups="0:$INSIDE_ROOT:65536")
compare() {
	local what=$1 natively
	shift
	natively=$(cd c && "${run[@]}" -p kernel -- "$@" 2>&1)
	check "$what: something is refused" grep -q "open and get $REFUSAL" <<<"$natively"
	same "$what: the kernel's answers" "$natively" "$(cd c && "${run[@]}" -- "$@" 2>&1)"
	same "$what: by processes, and strictly" "$natively" \
		"$(cd c && "${run[@]}" --debug=resolver=process -p ../strict.yaml -- "$@" 2>&1)"
}
