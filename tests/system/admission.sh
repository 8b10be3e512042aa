#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The hooks ask nsxattrd whether it would serve a container, and refuse one that it would not: before it is there,
# with a sentence, and with nothing on standard output. podman.sh and lxc.sh have the same with containers.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs python3 timeout
NSXATTRD=$(realpath "${BUILD:-build}/nsxattrd")
RUNTIME=$(realpath "${BUILD:-build}/tests/live/runtime-driver")
scene_make
install -m 755 "$NSXATTR" bin/nsxattr

control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock
lxc=$SCENE/run/lxc.sock

# settings() - LINE…: nsxattrd.yaml, with sockets and policies in the scene
settings() {
	printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: $lxc }" \
		"policies: $SCENE/policies" "$@" >nsxattrd.yaml
}

# policy() - NAME LINE…: one of the folder
policy() {
	local name=$1
	shift
	printf '%s\n' "version: 1" "attributes: [{ name: \"security.*\", scheme: suffix }]" "$@" \
		>"policies/$name.yaml"
}

start() {
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>>log &
	daemon=$!
	await "$NSXATTR" status --control="$control"
}

stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

# config() - [KEY=VALUE…]: a config.json on standard output
#
# userns=new, userns=none, or the path of a namespace; caps= (CAP_SYS_ADMIN); any other key is an annotation.
config() {
	python3 - "$@" <<'PYTHON'
import json, sys

settings = dict(word.split("=", 1) for word in sys.argv[1:])
userns, caps = settings.pop("userns", "new"), settings.pop("caps", "CAP_SYS_ADMIN")
root = int(settings.pop("root", "100000"))
namespaces = [{"type": kind} for kind in ("pid", "mount")]
linux = {"namespaces": namespaces}
if userns == "new":
    namespaces.append({"type": "user"})
    linux["uidMappings"] = linux["gidMappings"] = [
        {"containerID": 0, "hostID": root, "size": 65536}]
elif userns != "none":
    namespaces.append({"type": "user", "path": userns})
json.dump({
    "ociVersion": "1.0.0",
    "process": {"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0},
                "capabilities": {kind: caps.split() for kind in ("bounding", "effective")}},
    "root": {"path": "rootfs"}, "annotations": settings, "linux": linux,
}, sys.stdout)
PYTHON
}

hook=("$SCENE/bin/nsxattr" hook oci-precreate --runtime=crun --socket="$oci" --control="$control"
	--policies="$SCENE/policies")

# passes() - NAME [PREFIX… --] KEY=VALUE…: the hook edits the config, and says nothing
passes() {
	local name=$1 prefix=() said
	shift
	take_prefix "$@" && shift $((${#prefix[@]} + 1))
	said=$(config "$@" | "${prefix[@]}" "${hook[@]}" 2>&1 >edited.json)
	same "$name" "status 0, saying: " "status $?, saying: $(but_kernel <<<"$said")"
	same "$name: the config is edited" 1 "$(grep -c listenerPath edited.json)"
}

# refuses() - NAME TEXT [PREFIX… --] KEY=VALUE…: it does not, and says TEXT
refuses() {
	local name=$1 text=$2 prefix=() said status
	shift 2
	take_prefix "$@" && shift $((${#prefix[@]} + 1))
	said=$(config "$@" | "${prefix[@]}" "${hook[@]}" 2>&1 >edited.json)
	status=$?
	if [ $status = 1 ] && [[ $said == *"$text"* ]]; then
		ok "$name"
	else
		not_ok "$name" "status $status, saying: $said"
	fi
	same "$name: there is no config" "" "$(cat edited.json)"
}

# take_prefix() - WORD… -- …: what comes before the --, in the caller's $prefix. Return: whether there is a --.
take_prefix() {
	local word
	for word; do
		[ "$word" != -- ] || return 0
		prefix+=("$word")
	done
	prefix=()
	return 1
}

user=("${as_user[@]:0:${#as_user[@]}-1}")
P=io.nsxattr.policy

# ---- which policy ----

whose() {
	passes "a policy that is the user's" "${user[@]}" -- $P=mine
	refuses "a policy that is not" "policy 'roots' is not for user 1000: they are not in its allow-users" \
		"${user[@]}" -- $P=roots
	passes "root may name any" $P=roots
	refuses "a name that no policy has" "there is no policy 'mien' (did you mean 'mine'?)" $P=mien
	passes "the daemon's choice" "${user[@]}" -- $P=
	refuses "the question is the user's, whatever namespace the hook is in" \
		"policy 'roots' is not for user 1000" "${user[@]}" unshare -Ur -- $P=roots userns=none
}

chosen() {
	config $P= tier=rings | "${hook[@]}" >edited.json
	same "a policy that matches an annotation says what becomes of io_uring" 0 \
		"$(grep -c io_uring edited.json)"
	config $P= io.nsxattr.name=ring-dc | "${hook[@]}" >edited.json
	same "so does one that matches the name" 0 "$(grep -c io_uring edited.json)"
	config $P= tier=other | "${hook[@]}" >edited.json
	same "the default refuses it" 1 "$(grep -c io_uring_setup edited.json)"
	config $P= tier=rings | "${user[@]}" "${hook[@]}" >edited.json
	same "an annotation gives a user nothing" 1 "$(grep -c io_uring_setup edited.json)"
}

# ---- what the container will be in ----

surroundings() {
	refuses "no user namespace of its own" "has no user namespace of its own" $P=roots userns=none
	refuses "that of the host, by a path" "has no user namespace of its own" \
		$P=roots userns=/proc/$$/ns/user
	passes "unless an annotation says that it is meant" $P=roots userns=none \
		io.nsxattr.host-namespace=allow
	refuses "any other value does not" "has no user namespace of its own" $P=roots userns=none \
		io.nsxattr.host-namespace=yes
	passes "a policy that leaves all to the kernel needs none" $P=kernel userns=none
	passes "a rootless runtime's namespace is one" "${user[@]}" unshare -Ur -- $P=mine userns=none
	warns "no CAP_SYS_ADMIN inside is a warning" "no process in the container can have CAP_SYS_ADMIN" \
		caps=CAP_CHOWN
	warns "so is a root that is the host's" "root of the container is root of the host" root=0
	warns "and nothing else is" "" caps=CAP_SYS_ADMIN
}

# warns() - NAME TEXT KEY=VALUE…: the config is edited, and TEXT said
warns() {
	local name=$1 text=$2 said
	shift 2
	said=$(config "$@" $P=roots | "${hook[@]}" 2>&1 >edited.json | but_kernel)
	if [ "$(grep -c listenerPath edited.json)" = 1 ] && [[ $said == *"$text"* ]] &&
		[[ -n $text || -z $said ]]; then
		ok "$name"
	else
		not_ok "$name" "saying: $said"
	fi
}

# ---- the runtime's own hook ----

created() {
	local state="{\"id\":\"x\",\"bundle\":\"$SCENE/bundle\"}"
	mkdir bundle
	config $P=mine | "${hook[@]}" >bundle/config.json
	check "the hook of a runtime lets it pass" \
		sh -c 'echo "$1" | { shift; "$@"; }' sh "$state" "${oci_hook[@]}"
	config $P=roots | "${hook[@]}" >bundle/config.json
	fails "or refuses it" "policy 'roots' is not for user 1000" \
		sh -c 'echo "$1" | { shift; "$@"; }' sh "$state" "${user[@]}" "${oci_hook[@]}"
	config userns=none >bundle/config.json
	check "a container that does not come to the daemon is left alone" \
		sh -c 'echo "$1" | { shift; "$@"; }' sh "$state" "${oci_hook[@]}"
	config $P=roots userns=none >bundle/config.json
	fails "one that does needs a namespace of its own" "has no user namespace of its own" \
		sh -c 'echo "$1" | { shift; "$@"; }' sh "$state" "${oci_hook[@]}"
	rm bundle/config.json
	fails "what cannot be told refuses" "cannot read $SCENE/bundle/config.json" \
		sh -c 'echo "$1" | { shift; "$@"; }' sh "$state" "${oci_hook[@]}"
}
oci_hook=("$SCENE/bin/nsxattr" hook oci --socket="$oci" --control="$control")

# ---- the daemon ----

# More hooks of one user at a time than it takes connections of a user.
crowd() {
	local i failed=0 pids=()
	config $P=mine >config.json
	for i in $(seq 32); do
		"${user[@]}" "${hook[@]}" <config.json >/dev/null 2>"crowd.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || failed=$((failed + 1)); done
	same "32 hooks of a user at once" "0 failed, saying: " "$failed failed, saying: $(cat crowd.* | but_kernel)"
}

full() {
	mkfifo fifo
	exec 9<>fifo
	"${user[@]}" unshare -Ur "$RUNTIME" "$oci" first mine cat <fifo 9>&- >/dev/null 2>&1 &
	await eval '"$NSXATTR" status --control="$control" --json | grep -q "\"first\""'
	refuses "a user who has as many containers as they may" "its user has as many containers" \
		"${user[@]}" -- $P=mine
	exec 9>&-
	await eval '! "$NSXATTR" status --control="$control" --json | grep -q "\"first\""'
}

# A worker that is stopped listens, and answers nothing.
stuck() {
	local worker begin=$SECONDS
	worker=$(pgrep -P "$daemon" --exact nsxattrd)
	kill -STOP "$worker"
	refuses "a daemon that does not answer" "nsxattrd does not answer at $control" $P=mine
	[ $((SECONDS - begin)) -le 20 ]
	same "is not waited for without end" 0 $?
	kill -CONT "$worker"
	await "$NSXATTR" status --control="$control"
}

absent() {
	refuses "no control socket" "nsxattrd does not answer at $SCENE/none: nsxattrd does not run" \
		"$SCENE/bin/other-control" -- $P=mine
	stop
	refuses "no daemon" "nsxattrd does not listen at $oci" $P=mine
}

# Where the control socket is root's, a user's hook goes by the files that it can read.
unasked() {
	settings "control-socket: { path: $control, mode: \"0600\" }"
	start
	passes "who may not ask leaves it to the daemon" "${user[@]}" -- $P=roots
	refuses "but sees a policy that is not there" "there is no policy 'mien' (did you mean 'mine'?)" "${user[@]}" -- $P=mien
	refuses "and a namespace that is the host's" "has no user namespace of its own" \
		"${user[@]}" -- $P=mine userns=none
	stop
}

mkdir policies
policy mine "allow-users: [\"1000\"]"
policy roots
policy rings "io-uring-in-container: allow" "match: [{ annotation: { key: tier, value: rings } },
 { runtime: [crun], name: \"ring*\" }]"
settings "control-socket: { path: $control }" "limits: { containers-per-user: 1 }"
cat >bin/other-control <<'END'
#!/bin/sh
for word; do
	shift
	case $word in --control=*) word=--control=$(dirname "$0")/../none ;; esac
	set -- "$@" "$word"
done
exec "$@"
END
sed -i "s|\$(dirname \"\$0\")/../none|$SCENE/none|" bin/other-control
chmod 755 bin/other-control
start || {
	not_ok "nsxattrd starts" "$(cat log)"
	exit
}
whose
chosen
surroundings
created
crowd
full
stuck
absent
unasked
