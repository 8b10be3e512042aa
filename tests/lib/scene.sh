# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A scene for tests with real clients: a directory that root of a namespace reaches and owns, ways to
# run a command in a namespace, and comparisons that say what was expected and what was found.
#
# Sourced after tests/lib/case.sh. The working directory becomes the scene, because the clone may
# lie where root of a namespace has no business (/root).
#
# The host's root is 0; root of the usual namespace is the host's 100000, with 65536 ids. So a value
# that "inside" calls NAME lies on the inode as NAME@uid=100000.

export LC_ALL=C

NSXATTR=$(realpath "${BUILD:-build}/nsxattr")
REPOSITORY=$PWD

# The maps of inside(); inside_map() takes others.
INSIDE_ROOT=100000
INSIDE_COUNT=65536

# RESOLVER says how nsxattr is to resolve paths: auto, ring or process.
options=(--debug=resolver="${RESOLVER-auto}")

# await() - COMMAND…: until it succeeds, silently; false after two minutes, or as many as TEST_SLOWER makes of these
await() {
	local end=$((SECONDS + 120 * ${TEST_SLOWER:-1}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		(read -rt 0.05 <> <(:)) || : # in a subshell: $! stays what the caller has started
	done
}

# needs() - PROGRAM…: skip the rest of the script when one is missing
needs() {
	local program
	for program; do
		command -v "$program" >/dev/null && continue
		skip "${0##*/} with $program" "it is not installed; \"make deps\" does that"
		exit 0
	done
}

# scene_reports() - what sanitizers, and processes that made a call on no list, have written into logs of the scene,
# for tests/run to see
scene_reports() {
	grep -ashE -A 40 '==[0-9]+==ERROR: |WARNING: ThreadSanitizer|: runtime error: ' \
		"$SCENE"/*log /dev/null | sed 's/^/# /'
	grep -ashE --devices=skip 'system call [0-9]+ is not one that this process may make' \
		"$SCENE"/{*log,said*,err*} /dev/null | sort -u | sed 's/^/# /'
}

# scene_remove() - undo scene_make(); keeps the exit status that it is given
#
# What was mounted last goes first.
scene_remove() {
	local mounted
	scene_reports
	cd /
	awk -v scene="$SCENE/" 'index($2, scene) == 1 { print $2 }' /proc/self/mounts | tac |
		while read -r mounted; do umount "$mounted" || umount -l "$mounted"; done
	rm -rf --one-file-system "$SCENE"
	return "$1"
}

# scene_make() - make the scene and go there
#
# What was to be done at exit (the summary of case.sh) is done after the scene is gone. At the
# usual signals, too: bash minds its exit trap then, and a trap for each could be lost.
scene_make() {
	SCENE=$(mktemp -d /var/tmp/nsxattr.XXXXXX) || exit 1
	chmod 755 "$SCENE"
	local handler
	eval "handler=($(trap -p EXIT))"
	# shellcheck disable=SC2064 # now: the handler of this moment
	trap "scene_remove \$?; ${handler[2]-}" EXIT
	cd "$SCENE" || exit 1
	mkdir "$SCENE/bin"
	install -m 755 "$REPOSITORY/tests/lib/enter-userns.sh" "$SCENE/bin/enter-userns"
}

# scene_cgroups() - in a mount namespace of our own: have one hierarchy of cgroups, where runtimes look for it
#
# Whatever is mounted there, or nothing.
scene_cgroups() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || return 0
	while umount -R /sys/fs/cgroup 2>/dev/null; do :; done
	mount -t cgroup2 none /sys/fs/cgroup
}

# inside_map() - run a command as root of a namespace: IN:OUT:COUNT COMMAND…
inside_map() {
	local map=$1
	shift
	"$NSXATTR" run "${options[@]}" --map-users="$map" --map-groups="$map" -- "$@"
}

# inside() - run a command as root of the usual namespace
inside() {
	inside_map "0:$INSIDE_ROOT:$INSIDE_COUNT" "$@"
}

# The words to put before a command so that it runs as an ordinary user, with the groups of a login:
# its own, "users", and one more.
# shellcheck disable=SC2034 # used by those who source this
as_user=(setpriv --reuid=1000 --regid=1000 "--groups=1000,100,2000" --)

# own() - give files, links and directories to root of the usual namespace
own() {
	chown -hR "$INSIDE_ROOT:$INSIDE_ROOT" "$@"
}

# same() - NAME EXPECTED FOUND
same() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	elif [[ $2$3 == *$'\n'* ]]; then
		not_ok "$1" "expected (-) and found (+), the first 20 lines:
$(diff -U0 <(echo "$2") <(echo "$3") | sed 1,2d | sed 20q | cut -c1-200)"
	else
		not_ok "$1" "expected: \"$2\"
found:    \"$3\""
	fi
}

# fails() - NAME TEXT COMMAND…: the command must fail, and say TEXT on its standard error
fails() {
	local name=$1 text=$2 said
	shift 2
	if said=$("$@" 2>&1 >/dev/null); then
		not_ok "$name" "expected: a failure with \"$text\"
found:    success${said:+, saying: $said}"
	elif [[ $said != *"$text"* ]]; then
		not_ok "$name" "expected: a failure with \"$text\"
found:    $said"
	else
		ok "$name"
	fi
}

# but_orphans() - without what nsxattr says of values of other ids, which is on the same standard error
but_orphans() {
	sed '/^nsxattr: thread .* neither sees nor removes it/d'
}

# is_linux() - VERSION: is the kernel of that version, or younger?
is_linux() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

# kernel_checks() - does a change of security.* need CAP_SYS_ADMIN? Before Linux 6.10 it does not, with bpf among the modules.
kernel_checks() {
	local file
	file=$(mktemp -p "$SCENE") && chown 1000:1000 "$file" && "${as_user[@]}" setfattr -n user.demo "$file" &&
		! "${as_user[@]}" setfattr -n security.demo "$file" 2>/dev/null
}

# but_kernel() - without what nsxattr says of a kernel that does not check who changes security.*
but_kernel() {
	sed -E '/this kernel lets (every user|its calls) set and remove security\.\* attributes/d'
}

# getfattr writes the '=' of a name as \075, and so tells it from that before the value.
unescape() {
	sed 's/\\075/=/g'
}

# names() - FILE [PREFIX…]: the names that getfattr lists, sorted, on one line
#
# Here and below, PREFIX is what to put before the command: inside, inside "${as_user[@]}", …
names() {
	local file=$1
	shift
	"$@" getfattr -h --absolute-names -m - -- "$file" 2>&1 | but_orphans |
		sed -e '/^# file: /d' -e '/^$/d' | unescape | sort | paste -sd' '
}

# value() - NAME FILE [PREFIX…]: the value in hexadecimal digits, or why there is none
value() {
	local name=$1 file=$2
	shift 2
	"$@" getfattr -h --absolute-names -e hex -n "$name" -- "$file" 2>&1 |
		sed -n -e 's/^[^=]*=0x//p' -e 's/^getfattr: //p' -e '/^[^=#]\+$/s/.*//p'
}

# text() - NAME FILE [PREFIX…]: the value as it is, or why there is none
text() {
	local name=$1 file=$2
	shift 2
	"$@" getfattr -h --absolute-names --only-values -n "$name" -- "$file" 2>&1 | but_orphans
}

# by_file() - from what getfattr -d says, a line "PATH NAME=VALUE" for each attribute, sorted
#
# Without access control lists, which are not ours.
by_file() {
	awk '/^# file: / { file = substr($0, 9); next }
	     NF && !/^system\./ { print file, $0 }' | unescape | sort
}

# tree() - DIRECTORY [PREFIX…]: the same of everything below a directory
tree() {
	local directory=$1
	shift
	(cd "$directory" && "$@" getfattr -Rhd -m - -e hex .) 2>&1 | by_file
}

# plain() - DIRECTORY: the same, seen by the host, of the names without an owner
plain() {
	tree "$1" | grep -vE '@uid=|\.nsxattr\.' | grep -E '^[^ ]+ (security|trusted)\.'
}

# variants() - DIRECTORY [ROOT]: the same, of the variants of one root, without their suffix
variants() {
	tree "$1" | sed -n "s/@uid=${2-$INSIDE_ROOT}=/=/p" | sort
}
