#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Policies that go by a name: in the folder of nsxattrd's settings, and in the one that is installed with the
# programs. 'nsxattr run', 'nsxattr explain', the hooks and nsxattrd find the same, and 'nsxattr policies' lists them.

set -u
if [ -z "${POLICIES_ALONE-}" ]; then
	POLICIES_ALONE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
unset POLICIES_ALONE
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs python3 getfattr setfattr
NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")
RUNTIME=$(realpath "${BUILD:-build}/tests/live/runtime-driver")
scene_make

# The programs as they are installed, in a folder of the scene; /etc is a copy of the host's.
install -D -m 755 -t prefix/bin "$NSXATTR" "$NSXATTRD"
mkdir -p prefix/share/nsxattr/policies
cp -a /etc etc
rm -rf etc/nsxattr
mkdir -p etc/nsxattr/policies
chmod 755 etc/nsxattr etc/nsxattr/policies
mount --bind etc /etc || exit 1
nsxattr=$SCENE/prefix/bin/nsxattr
share=$SCENE/prefix/share/nsxattr/policies
folder=/etc/nsxattr/policies
printf '%s\n' "version: 1" "oci-socket: { path: $SCENE/run/oci.sock }" "lxc-socket: { path: none }" \
	"control-socket: { path: $SCENE/run/control.sock }" >/etc/nsxattr/nsxattrd.yaml

# policy() - FOLDER/NAME DESCRIPTION LINE…: a file
policy() {
	local file=$1.yaml description=$2
	shift 2
	printf '%s\n' "version: 1" "description: $description" "attributes: []" "$@" >"$file"
}

# rule_of() - NAME [PREFIX…]: the file whose rule explain names
rule_of() {
	local name=$1
	shift
	"$@" "$nsxattr" explain -p "$name" --map-users=0:100000:65536 get security.x 2>&1 |
		sed -n -e 's/^policy *\([^,]*\),.*/\1/p' -e 's/^nsxattr: //p'
}

names_and_uses() {
	"$@" "$nsxattr" policies | awk 'NR > 1 { print $1 "=" $2 }' | xargs
}

by_name() {
	same "explain finds what is installed" "$share/installed.yaml" "$(rule_of installed)"
	same "and what is in the folder" "$folder/own.yaml" "$(rule_of own)"
	same "which goes before what is installed" "$folder/both.yaml" "$(rule_of both)"
	same "what is built in is what it is" kernel "$(rule_of kernel)"
	same "a plain user finds the same" "$folder/both.yaml" "$(rule_of both "${as_user[@]}")"
	check "nsxattr run takes the names" "$nsxattr" run -p installed --map-users=0:100000:65536 \
		--map-groups=0:100000:65536 -- true
	check "of a plain user too" "${as_user[@]}" "$nsxattr" run -p plain -r -- true
	fails "a name that is not there: what it may have been" \
		"there is no policy 'instaled' (did you mean 'installed'?); there are: default, user, trusted, kernel" \
		"$nsxattr" run -p instaled -- true
	fails "in explain likewise" "there is no policy 'onw' (did you mean 'own'?)" \
		"$nsxattr" explain -p onw get security.x
	fails "what can be no name" "cannot be a policy's name" "$nsxattr" run -p ../own -p "a b" -- true
	policy "$folder/wrong" "x" "mode: fsat"
	fails "a mistake is said with its place" "$folder/wrong.yaml:4:7: mode cannot be 'fsat'" \
		"$nsxattr" run -p wrong -- true
	checked
	rm "$folder/wrong.yaml"
}

# What 'nsxattr run -p' takes, 'nsxattr check' does.
checked() {
	same "nsxattr check takes the names" "$share/installed.yaml: ok
$folder/both.yaml: ok
default: ok" "$("$nsxattr" check -v installed both default 2>&1)"
	same "and says the mistakes of one" "$folder/wrong.yaml:4:7 1" \
		"$("$nsxattr" check wrong | grep -o '^[^ ]*:4:7' | xargs echo -n; echo " ${PIPESTATUS[0]}")"
	fails "another name is one of a file" "cannot read instaled: No such file" "$nsxattr" check instaled
	echo "version: 2" >both
	fails "a file of that name goes before it" "both:1:" sh -c '"$@" >&2' sh "$nsxattr" check both
	rm both
	fails "settings have no names" "cannot read installed: No such file" "$nsxattr" check -c installed
}

listed() {
	same "nsxattr policies lists them, and what root may name" \
		"both=yes default=yes installed=yes kernel=yes own=yes plain=yes trusted=yes user=yes" \
		"$(names_and_uses)"
	same "and what a user may" \
		"both=yes default=yes installed=no kernel=yes own=no plain=no trusted=no user=yes" \
		"$(names_and_uses "${as_user[@]}")"
	same "with where they are from, and what for" "$folder in the folder" \
		"$("$nsxattr" policies | awk '$1 == "both" { print $3, $4, $5, $6 }')"
	same "for programs too" "False they are not in its allow-users $share/installed.yaml installed one" \
		"$("${as_user[@]}" "$nsxattr" policies --json | python3 -c '
import json, sys
p = {p["name"]: p for p in json.load(sys.stdin)["policies"]}["installed"]
print(p["may-use"], p["reason"], p["from"], p["description"])')"
	policy "$folder/wrong" "x" "mode: fsat"
	same "a mistake takes nothing from the others" 8 "$("$nsxattr" policies 2>/dev/null | tail -n +2 | wc -l)"
	fails "and is said" "$folder/wrong.yaml:4:7: mode cannot be 'fsat'" \
		sh -c '"$@"; exit 1' sh "$nsxattr" policies
	rm "$folder/wrong.yaml"
	chmod 700 "$folder"
	same "who may not look into the folder sees the others" \
		"both=no default=yes installed=no kernel=yes plain=no trusted=no user=yes" \
		"$(names_and_uses "${as_user[@]}" 2>/dev/null)"
	chmod 755 "$folder"
}

# ---- the daemon and the hooks ----

start() {
	"$SCENE/prefix/bin/nsxattrd" </dev/null >/dev/null 2>>log &
	daemon=$!
	await "$nsxattr" status --control="$SCENE/run/control.sock" || not_ok "nsxattrd starts" "$(cat log)"
}

policy_of() {
	"$nsxattr" status --control="$SCENE/run/control.sock" --json | python3 -c '
import json, sys
print(*(c["policy"] for c in json.load(sys.stdin)["containers"]))'
}

# serves() - ID POLICY: which policy a container gets
serves() {
	local found
	mkfifo fifo
	"$RUNTIME" "$SCENE/run/oci.sock" "$1" "$2" cat <fifo >/dev/null 2>&1 &
	exec 9>fifo
	await eval '[ -n "$(policy_of)" ]'
	found=$(policy_of)
	exec 9>&-
	await eval '[ -z "$(policy_of)" ]'
	rm fifo
	echo "$found"
}

served() {
	policy "$share/newer" "of a version to come" "key-to-come: 1"
	start
	check "what is wrong with an installed one is a warning" grep -q "$share/newer.yaml:4:1: a key cannot be" log
	same "nsxattrd serves by an installed policy that is named" installed "$(serves a installed)"
	same "the folder's goes before it" both "$(serves a both)"
	same "an installed one's 'match' is for no container" default "$(serves matched "")"
	same "the folder's is" own "$(serves own-container "")"
	hooks
	kill -TERM "$daemon"
	wait "$daemon"
	rm "$share/newer.yaml"
}

hooks() {
	local config='{"linux":{"namespaces":[{"type":"user"}]},"annotations":{"io.nsxattr.policy":"%s"}}'
	check "the hook finds the daemon's" \
		sh -c "printf '$config' installed | '$nsxattr' hook oci-precreate"
	fails "and no other" "there is no policy 'instaled' (did you mean 'installed'?)" \
		sh -c "printf '$config' instaled | '$nsxattr' hook oci-precreate"
	check "by itself it finds the same" \
		sh -c "printf '$config' installed | '$nsxattr' hook oci-precreate --control=none"
	fails "and no other either" "there is no policy 'instaled' (did you mean 'installed'?)" \
		sh -c "printf '$config' instaled | '$nsxattr' hook oci-precreate --control=none"
}

policy "$share/installed" "installed one" 'match: [{ name: "matched*" }]'
policy "$share/both" "installed two"
policy "$share/plain" "for the run of any user" "store: user"
policy "$folder/both" "in the folder" 'allow-users: ["1000"]'
policy "$folder/own" "in the folder too" 'match: [{ name: "own-*" }]'
by_name
listed
served
