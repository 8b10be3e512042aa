#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each refusal has its reason: in what nsxattr says with -v, and counted by "nsxattr status". Not brought about here:
#
#	not-its-file-system	takes a kernel that does not check who changes security.*; below, where it is one
#	security-label		takes a kernel that labels processes; machine/selinux makes such calls
#	integrity		takes a kernel that runs the gate; machine/enforce-nsxattrd makes such calls
#	lxc-own-fuse		takes a monitor of LXC's and a FUSE file system; system/lxc-fuse makes such calls
#	no-worker		is the keeper's, which neither logs nor counts calls; system/no-worker makes such calls
#	credential		takes a target with groups that its supervisor can have in no namespace, and it has its own from
#				that; unit/descent has what decides
#	gone			takes a target that ends between two looks at it
#	deadline		takes a file system that hangs for as long as nsxattr waits
#	out-of-memory		which piece of memory is the one that is missing is chance

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr setpriv unshare python3
scene_make
RUNTIME=$(realpath "$(dirname "$NSXATTR")/tests/live/runtime-driver")

# sentence() - WORD: what people are told of a reason
sentence() {
	sed -n "s/.*REASON([A-Z_]*, \"$1\", \"\(.*\)\").*/\1/p" "$REPOSITORY/include/reason.h"
}

# because() - WORD RESULT OPTION… -- COMMAND…: the last call of COMMAND ends with RESULT, for that reason
because() {
	local word=$1 result=$2 map="0:$INSIDE_ROOT:$INSIDE_COUNT" text name
	shift 2
	text=$(sentence "$word")
	name="$word: ${*: -4}"
	"$NSXATTR" run "${options[@]}" -v --map-users="$map" --map-groups="$map" "$@" >said 2>&1
	if [ -n "$text" ] && grep -qF ": $result: $text" said; then
		ok "${name:0:90}"
	else
		not_ok "${name:0:90}" "expected: $result: $text
$(cat said)"
	fi
}

# policy() - LINE…: policy.yaml, with these lines
policy() {
	printf '%s\n' 'version: 1' "$@" >policy.yaml
}

# fresh() - FILE…: new files of the namespace's
fresh() {
	rm -f "$@"
	touch "$@"
	own "$@"
}

python=(/usr/bin/python3 -c)

fresh file
because kernel ENOENT -- setfattr -n security.a -v x nowhere
mkdir readonly
mount -t tmpfs -o mode=755 tmpfs readonly
fresh readonly/file
mount -o remount,ro readonly
because kernel EROFS -- setfattr -n security.a -v x readonly/file
because argument EINVAL -- "${python[@]}" 'import os; os.setxattr("file", "security.a", b"x", 8)'
because absent ENODATA -- getfattr -n security.a file
because absent ENODATA -- setfattr -x security.a file
because absent ENODATA -- "${python[@]}" 'import os; os.setxattr("file", "security.a", b"x", os.XATTR_REPLACE)'
setfattr -n security.a -v hosts file
because exists EEXIST -- "${python[@]}" 'import os; os.setxattr("file", "security.a", b"x", os.XATTR_CREATE)'
because buffer ERANGE -- "${python[@]}" 'import ctypes; ctypes.CDLL(None).listxattr(b"file", b" ", 1)'

# ---- the policy ----

policy 'attributes: [{ name: security.hidden, scheme: hide }, { name: security.denied, scheme: deny },' \
	'{ name: security.none, scheme: unsupported }, { name: security.one, scheme: suffix, limit: one },' \
	'{ name: security.lent, scheme: host, values: [y] }, { name: "security.*", scheme: suffix },' \
	'{ name: security.capability, scheme: suffix }]' 'limits: { attributes-per-file: 1, value-size: 5 }'
fresh file
because rule-hide EPERM -p policy.yaml -- setfattr -n security.hidden -v x file
because rule-hide ENODATA -p policy.yaml -- getfattr -n security.hidden file
because rule-deny EPERM -p policy.yaml -- setfattr -n security.denied -v x file
because rule-unsupported EOPNOTSUPP -p policy.yaml -- getfattr -n security.none file
because value-not-listed EPERM -p policy.yaml -- setfattr -n security.lent -v n file
because value-size E2BIG -p policy.yaml -- setfattr -n security.a -v longer file
setfattr -n security.one -v hosts file
because limit-one EDQUOT -p policy.yaml -- setfattr -n security.one -v x file
setfattr -n "security.a@uid=$INSIDE_ROOT" -v x file
because attributes-per-file EDQUOT -p policy.yaml -- setfattr -n security.b -v x file
ln -s file link
own link
because kind-of-file EOPNOTSUPP -p user -- setfattr -h -n security.a -v x link

# ---- who asks, and of which file ----

fresh file
because no-cap-sys-admin EPERM -- "${as_user[@]}" setfattr -n security.a -v x file
because no-cap-sys-admin ENODATA -- "${as_user[@]}" getfattr -n trusted.a file
because no-cap-setfcap EPERM -p policy.yaml -- "${as_user[@]}" setfattr -n security.capability -v x file
touch foreign
because owner-not-mapped EPERM -- setfattr -n security.a -v x foreign
chown "$INSIDE_ROOT:0" foreign
because group-not-mapped EPERM -- setfattr -n security.a -v x foreign
because root-not-mapped EINVAL -- unshare -U --map-user=5 --map-group=5 --keep-caps setfattr -n security.a -v x file

# ---- the name ----

because reserved-name EPERM -- setfattr -n trusted.nsxattr.1.a -v x file
because name EINVAL -- setfattr -n security.a@b -v x file
because name-length ERANGE -- setfattr -n "security.$(printf '%0240d' 0)" -v x file
because id-not-mapped EINVAL -- setfattr -n security.a@uid=99999 -v x file

policy 'owner: 4294967294' 'attributes: [{ name: "security.*", scheme: suffix }]'
fresh file
because no-number EINVAL -p policy.yaml -- setfattr -n security.a@uid=5 -v x file
because no-number ENODATA -p policy.yaml -- getfattr -n security.a@uid=5 file

# Where the kernel does not check who changes security.*, nsxattr does.
if "$NSXATTR" run "${options[@]}" -v -- true 2>&1 | grep -q "lets every user set and remove security"; then
	fresh file
	because not-its-file-system EPERM -p kernel -- setfattr -n security.a -v x file
fi

# ---- nsxattr itself ----

# More groups than it takes.
because failure EPERM -- "${python[@]}" 'import os; os.setgroups(range(1025)); os.setxattr("file", "security.a", b"x")'

# ---- what a reader finds ----

words() {
	sed -n 's/.*REASON([A-Z_]*, "\([a-z-]*\)", .*/\1/p' "$REPOSITORY/include/reason.h" | grep -vx none
}

undocumented() {
	comm -23 <(words | sort) <(sed -n 's/^\.B //p' "$REPOSITORY/docs/nsxattr.1" | sed 's/\\-/-/g' | sort)
}

same "nsxattr(1) has each reason" "" "$(undocumented)"

# Nothing is refused by us, and what the kernel does is its own business: but it is told why nsxattr does nothing.
"$NSXATTR" run "${options[@]}" -v -N -- setfattr -n security.a -v x file >said 2>&1
if grep -qF ": left to the kernel: $(sentence host-namespace)" said; then
	ok "host-namespace"
else
	not_ok "host-namespace" "$(cat said)"
fi
"$NSXATTR" run "${options[@]}" -v --map-users=0:100000:65536 --map-groups=0:100000:65536 -- \
	sh -c 'setfattr -n security.a -v x file; setfattr -n user.a -v x file' >said 2>&1
same "what is done has no reason" "done|left to the kernel" \
	"$(sed -n 's/.*setxattr [^:]*: \(.*\)/\1/p' said | paste -sd'|')"

# ---- with a name, and counted ----

control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock
mkdir policies
printf '%s\n' 'version: 1' 'mode: strict' 'attributes: []' >policies/strict.yaml
printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
	"control-socket: { path: $control }" "policies: $SCENE/policies" >nsxattrd.yaml

# told() - of the only container: what status --json has of the reasons
told() {
	"$NSXATTR" status --control="$control" --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["containers"][0]["reasons"])'
}

# limit() - COUNT: of descriptors, for the worker
limit() {
	prlimit --pid "$(pgrep --parent "$daemon" --exact nsxattrd)" --nofile="$1:"
}

"$(dirname "$NSXATTR")/nsxattrd" -v -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
daemon=$!
await "$NSXATTR" status --control="$control"
mkfifo go && install -m 666 /dev/null asked
fresh file
"$RUNTIME" --map="$INSIDE_ROOT:$INSIDE_COUNT" "$oci" shop "" sh -c 'getfattr -n security.a file
	setfattr -n security.a -v x foreign; getfattr -n security.a file
	setfattr -n security.a -v x file; echo 1 >asked; read -r _ <go' >/dev/null 2>runtime.log &
runtime=$!
await test -s asked || cat runtime.log
same "reasons are counted" "{'absent': 2, 'group-not-mapped': 1}" "$(told)"
same "and shown" "shop: reasons: 2 absent, 1 group-not-mapped" \
	"$("$NSXATTR" status --control="$control" | grep reasons)"
same "a line of the log names the container" 1 \
	"$(grep -cE "container shop: \[[0-9]+\] setxattr .*: EPERM: $(sentence group-not-mapped)" daemon.log)"
echo >go
wait "$runtime"

: >asked
"$RUNTIME" --map="$INSIDE_ROOT:$INSIDE_COUNT" "$oci" short "" sh -c 'echo 1 >asked; read -r _ <go
	setfattr -n security.a -v x file; echo 2 >asked; read -r _ <go' >/dev/null 2>said &
runtime=$!
await grep -q 1 asked
had=$(prlimit --pid "$(pgrep --parent "$daemon" --exact nsxattrd)" --nofile --noheadings --output=SOFT)
limit 3
echo >go
await grep -q 2 asked
limit "$had"
same "without a descriptor for it a call fails" "setfattr: file: Operation not permitted" "$(cat said)"
same "and that is counted" "{'out-of-descriptors': 1}" "$(told)"
echo >go
wait "$runtime"

: >asked
"$RUNTIME" --map="$INSIDE_ROOT:$INSIDE_COUNT" --foreign "$oci" foreign strict /usr/bin/python3 -c '
import os
print(os.getppid(), file=open("asked", "w"))
open("go").read()' 2>said &
runtime=$!
await grep -q . asked
same "a call that nsxattr does not know fails, where the kernel is to answer none" -38 "$(cat asked)"
same "and that is counted, too" "{'unknown-call': 1}" "$(told)"
echo >go
wait "$runtime"
kill -TERM "$daemon"
wait "$daemon"
