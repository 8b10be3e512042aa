# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# kernel.io_uring_disabled, which Linux 6.6 brought: with 1 only processes with CAP_SYS_ADMIN make rings, with 2 no
# process does. The supervisor then has helper processes open paths, and says so. Before 6.6 every process makes rings.

. tests/lib/case.sh
. tests/lib/scene.sh
needs setfattr getfattr python3
scene_make

setting=/proc/sys/kernel/io_uring_disabled
run=("$NSXATTR" run -v --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" --map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT")

# rings() - [PREFIX…]: how io_uring_setup ends
rings() {
	"$@" python3 -c '
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print("made" if libc.syscall(425, 1, bytes(120)) >= 0 else errno.errorcode[ctypes.get_errno()])'
}

# serves() - WHAT: attribute calls by path and by descriptor work
serves() {
	mkdir -p c
	echo x >c/file
	own c
	check "$1: a container sets" inside setfattr -n security.demo -v "$1" c/file
	same "$1: and reads" "$1" "$(text security.demo c/file inside)"
	same "$1: a value of its own" "$1" "$(text "security.demo@uid=$INSIDE_ROOT" c/file)"
}

# notes() - [PREFIX…]: does a supervisor say that rings are forbidden?
notes() {
	"$@" "${run[@]}" -- true 2>&1 | grep -c 'io_uring is forbidden (kernel.io_uring_disabled is 1 or 2)'
}

same "every process makes rings" "made made" "$(rings) $(rings "${as_user[@]}")"
serves "with rings"
same "nothing is said of them" 0 "$(notes)"
if [ ! -e $setting ]; then
	same "a kernel without the setting is older than 6.6" 6.1 "${MACHINE%-*}"
	exit
fi

echo 1 >$setting
same "1: root of the host makes rings" "made EPERM" "$(rings) $(rings "${as_user[@]}")"
serves "with 1"
same "1: nor does root's supervisor say anything" 0 "$(notes)"
chown 1000:1000 c c/file
check "1: a plain user's supervisor serves" "${as_user[@]}" "$NSXATTR" run -- setfattr -n security.demo -v users c/file
same "1: and what it has set" users "$(text security.demo c/file "${as_user[@]}" "$NSXATTR" run --)"
run=("$NSXATTR" run -v)
same "1: it says so" 1 "$(notes "${as_user[@]}")"

echo 2 >$setting
same "2: no process makes rings" "EPERM EPERM" "$(rings) $(rings "${as_user[@]}")"
run+=("--map-users=0:$INSIDE_ROOT:$INSIDE_COUNT" "--map-groups=0:$INSIDE_ROOT:$INSIDE_COUNT")
same "2: the supervisor says so" 1 "$(notes)"
serves "with 2"
fails "2: with --debug=resolver=ring nothing is started" "io_uring is not available" \
	"$NSXATTR" run --debug=resolver=ring --map-users=0:100000:1 --map-groups=0:100000:1 -- true
same "2: a container that may use rings has none" EPERM \
	"$(rings "${run[@]}" --allow-io-uring -- 2>/dev/null)"
echo 0 >$setting
