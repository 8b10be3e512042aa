#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# "nsxattr explain" about processes that run: what it says is what happens, with the reason, and what it cannot see it
# says as well.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs /usr/bin/python3 setfattr setpriv
scene_make
RUNTIME=$(realpath "$(dirname "$NSXATTR")/tests/live/runtime-driver")
control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock

# What a target does on request: a line "OPERATION NAME FILE" is answered by the errno's name, or "done".
actor='
import errno, os, sys
calls = {"set": lambda n, f: os.setxattr(f, n, b"x"), "get": lambda n, f: os.getxattr(f, n),
         "remove": lambda n, f: os.removexattr(f, n)}
print(os.getpid(), flush=True)
for line in sys.stdin:
    operation, name, file = line.split()
    try:
        calls[operation](name, file)
        print("done", flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno].replace("ENOTSUP", "EOPNOTSUPP"), flush=True)'

# answer() - KEY OPTION… OPERATION NAME: of what explain says for programs: result, error, reason, remedy, …
answer() {
	local key=$1
	shift
	"$NSXATTR" explain --control="$control" --json "$@" 2>said | /usr/bin/python3 -c '
import json, sys
print(json.load(sys.stdin)["answer"].get(sys.argv[1]))' "$key" 2>&1
}

# predicted() - OPTION… OPERATION NAME: the errno, or "done"; "?": it is the kernel's to say
predicted() {
	"$NSXATTR" explain --control="$control" --json "$@" 2>said | /usr/bin/python3 -c '
import json, sys
answer = json.load(sys.stdin)["answer"]
print({"done": "done", "kernel": "?"}.get(answer["result"], answer.get("error")))' 2>&1
}

# actual() - OPERATION NAME FILE: what the target finds
actual() {
	echo "$*" >&"${target[1]}"
	local said
	read -rt 60 said <&"${target[0]}" && echo "$said"
}

# start() - COMMAND…: "target" is the actor, under COMMAND, and $pid is its process
start() {
	coproc target { "$@" /usr/bin/python3 -c "$actor" 2>>targets.log; }
	target_pid=$!
	read -rt 60 pid <&"${target[0]}"
}

stop() {
	local input=${target[1]}
	exec {input}>&-
	wait "$target_pid"
}

# says_why() - WORD OPTION… OPERATION NAME: explain gives this reason
says_why() {
	local word=$1
	shift
	same "$word: $*" "$word" "$(answer reason "$@")"
}

run() {
	"$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" "$@"
}

# ---- what it says is what happens ----

touch own foreign group
install -m 666 /dev/null alone
own own
chown "$INSIDE_ROOT:0" group
mkdir -m 711 passable
mkdir -m 700 closed closed/open roots
mkdir -m 755 closed/open/wide
chown "$INSIDE_ROOT:$INSIDE_ROOT" passable closed closed/open closed/open/wide
ln -s closed/open/wide through
for file in passable/in closed/in closed/open/wide/in roots/in; do
	touch $file
	own $file
done
for file in own foreign group passable/in closed/in closed/open/wide/in roots/in; do
	setfattr -n security.hosts -v x $file
	setfattr -n security.hidden -v x $file
	setfattr -n "security.set@uid=$INSIDE_ROOT" -v x $file
done
mkdir policies
printf '%s\n' 'version: 1' 'limits: { attributes-per-file: 2 }' \
	'attributes: [{ name: security.hidden, scheme: hide }, { name: security.denied, scheme: deny },' \
	'{ name: security.none, scheme: unsupported }, { name: security.*, scheme: suffix },' \
	'{ name: security.hosts, scheme: suffix, inherit: chain, limit: one },' \
	'{ name: trusted.*, scheme: suffix }]' >policies/shop.yaml

# agrees() - WHO OPTION…: of every operation on every name and file
agrees() {
	local who=$1 operation name file wrong="" count=0
	shift
	for operation in get set remove; do
		for name in security.{a,hosts,hidden,denied,none,set,a@uid=1,a@uid=99999,a@b} trusted.{a,nsxattr.1.a}; do
			for file in own foreign group passable/in closed/in through/in roots/in; do
				local foretold found
				foretold=$(predicted "$@" --file="$SCENE/$file" $operation $name)
				found=$(actual $operation $name $SCENE/$file)
				count=$((count + 1))
				[ "$foretold" = "$found" ] || [ "$foretold" = "?" ] ||
					wrong+="$operation $name $file: $foretold, but it is $found"$'\n'
			done
		done
	done
	same "$who: $count answers are those that the calls get" "" "$wrong"
}

start run -p policies/shop.yaml --
agrees "root inside" -p policies/shop.yaml --pid="$pid"
says_why owner-not-mapped -p default --pid="$pid" --file="$SCENE/foreign" set security.a
says_why group-not-mapped -p default --pid="$pid" --file="$SCENE/group" set security.a
says_why rule-hide -p policies/shop.yaml --pid="$pid" get security.hidden
says_why limit-one -p policies/shop.yaml --pid="$pid" --file="$SCENE/own" set security.hosts
same "what helps is said" "give the file to a user of the container (chown), or map its owner" \
	"$(answer remedy --pid="$pid" --file="$SCENE/foreign" set security.a)"
same "of a path that it may not search, too" "let the process search each directory on the way" \
	"$(answer remedy --pid="$pid" --file="$SCENE/roots/in" set security.a | cut -d: -f1)"
"$NSXATTR" explain --control="$control" --pid="$pid" --file="$SCENE/own" set security.a >said 2>&1
same "where it lies" "decision    the supervisor writes security.a@uid=$INSIDE_ROOT" "$(grep ^decision said)"
same "and that it is done" "answer      it is done" "$(grep ^answer said)"
check "without a daemon it says that it could not ask it" grep -q "^not seen    the containers of nsxattrd: " said
stop

start run -- "${as_user[@]}"
agrees "a user inside" -p default --pid="$pid"
says_why no-cap-sys-admin --pid="$pid" --file="$SCENE/own" set security.a
stop

# ---- who has no view ----

start "$NSXATTR" run "${options[@]}" -N --
says_why host-namespace --pid="$pid" set security.a
stop
start env
same "a process without a filter" "not-supervised" "$(answer result --pid="$pid" set security.a)"
stop

# ---- a container of nsxattrd's ----

printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
	"control-socket: { path: $control }" "policies: $SCENE/policies" >nsxattrd.yaml
"$(dirname "$NSXATTR")/nsxattrd" -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
daemon=$!
await "$NSXATTR" status --control="$control"
start "$RUNTIME" --map="$INSIDE_ROOT:$INSIDE_COUNT" "$oci" corner-shop shop
printf '%s\n' 'version: 1' 'attributes: []' >policies/shop.yaml
check "its policies are read anew" "$NSXATTR" reload --control="$control"
says_why rule-hide --pid="$pid" set security.hidden
says_why rule-hide --container=corner-shop set security.hidden
says_why rule-hide --container=corner set security.hidden
says_why owner-not-mapped --container=corner-shop --file="$SCENE/foreign" set security.a
"$NSXATTR" explain --control="$control" --pid="$pid" set security.hidden >said 2>&1
same "which container it is" "container   corner-shop (crun, corner-shop), policy shop, listeners 1: no other container has the id map of its user namespace" \
	"$(grep ^container said)"
mkfifo go
run -- sh -c 'echo $$ >alone; read -r _ <go' 2>>targets.log &
another=$!
await test -s alone
same "one with the same map is not in it" "" \
	"$("$NSXATTR" explain --control="$control" --pid="$(cat alone)" set security.hidden 2>&1 | grep ^container)"
echo >go
wait "$another"
fails "a container that there is not" "there is no container 'none'" \
	"$NSXATTR" explain --control="$control" --container=none set security.a
fails "whose it is not, is not told" "only root may look at it" \
	"${as_user[@]}" "$NSXATTR" explain --control="$control" --pid="$pid" set security.a
stop

# More ranges than nsxattrd keeps of a map.
maps=()
for i in {0..19}; do maps+=(--map=$((INSIDE_ROOT + 2 * i)):1); done
start "$RUNTIME" "${maps[@]}" "$oci" long shop
"$NSXATTR" explain --control="$control" --pid="$pid" set security.hidden >said 2>&1
same "one with a long map is found by it" "container   long (crun, long), policy shop, listeners 1: no other container has the id map of its user namespace" \
	"$(grep ^container said)"
same "of which the status has the beginning" "; ..." "$("$NSXATTR" status --control="$control" --json | /usr/bin/python3 -c '
import json, sys
print(json.load(sys.stdin)["containers"][0]["map"][-5:])')"
stop
kill -TERM "$daemon"
wait "$daemon"

# ---- names ----

"$NSXATTR" explain set securty.ima >said 2>&1
same "an unknown class" "note        the kernel knows no class 'securty'; did you mean 'security.ima'?" "$(grep ^note said)"
same "and for programs" security.ima \
	"$("$NSXATTR" explain --json set securty.ima 2>/dev/null | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["did-you-mean"])')"
"$NSXATTR" explain set btrfs.compression >said 2>&1
same "a class that some file systems have" 0 "$(grep -c ^note said)"
fails "a process that there is not" "there is no such process" "$NSXATTR" explain --pid=4194303 set security.a
fails "a file without a process" "--file needs --pid or --container" "$NSXATTR" explain --file=/x set security.a
