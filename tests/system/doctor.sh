#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What fails without a word elsewhere, nsxattr doctor names, with the right exit status: to root and to an ordinary
# user. What a hook has refused is kept, and shown by doctor and by status.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs podman crun newuidmap python3 timeout unshare
# shellcheck source=tests/lib/slowfs.sh
. tests/lib/slowfs.sh
scene_make
runtimes_make
runtimes_make_user
install -m 755 "$NSXATTR" bin/nsxattr
podman_hooks

# doctor() - [PREFIX… --] OPTION…: what it says is in found.json
doctor() {
	local prefix=()
	[ "${1-}" != member ] || { prefix=("${as_member[@]}") && shift; }
	timeout 60 "${prefix[@]}" "$SCENE/bin/nsxattr" doctor -c "$SCENE/nsxattrd.yaml" --json "$@" \
		>"$SCENE/found.json"
}

# has_finding() - LEVEL CHECK TEXT: of found.json, and with a remedy unless it is ok
has_finding() {
	python3 -c '
import json, sys
level, check, text = sys.argv[1:]
found = json.load(open("found.json"))["findings"]
for finding in found:
    if (finding["level"], finding["check"]) == (level, check) and text in finding["found"]:
        sys.exit(0 if level in ("ok", "note", "unseen") or finding["remedy"] else "there is no remedy")
sys.exit(json.dumps([f for f in found if f["level"] != "ok" or f["check"] == check], indent=1))' "$@"
}

# fails_by() - NAME CHECK TEXT [member] OPTION…: doctor exits with 2, and names this
fails_by() {
	local name=$1 finding=("$2" "$3")
	shift 3
	doctor "$@"
	same "$name: the exit status" 2 $?
	check "$name" has_finding fail "${finding[@]}"
}

# shows() - NAME LEVEL CHECK TEXT [member] OPTION…: it names this, whatever else there is
shows() {
	local name=$1 finding=("$2" "$3" "$4")
	shift 4
	doctor "$@"
	check "$name" has_finding "${finding[@]}"
}

# pod_root(), pod_member() - COMMAND ARGUMENT…: podman, by root and by the user
pod_root() {
	podman --runtime=crun --cgroup-manager=cgroupfs "$@" </dev/null
}

pod_member() {
	"${as_member[@]}" STORAGE_DRIVER=vfs podman --hooks-dir "$SCENE/hooks.d" "$@" </dev/null
}

# start() - NAME OPTION…: a container of root's with ids of its own, that waits
start() {
	local name=$1
	shift
	pod_root "${hooks[@]}" run --detach --rm "--name=$name" --cgroups=disabled --network=none \
		--ulimit=nofile=1024:1024 --ulimit=nproc=1000:1000 "$@" --annotation=io.nsxattr.policy=roots \
		--uidmap=0:100000:65536 --gidmap=0:100000:65536 --rootfs "$SCENE/root" sleep infinity
}

install -d -m 700 -o "$USER_ID" -g "$USER_ID" "/run/user/$USER_ID"
mkdir store policies
mkdir -p /var/lib/containers && mount --bind store /var/lib/containers
mkdir root && runtimes_root root "${RUNTIMES_PROGRAMS[@]}" && own root
printf '%s\n' "root:100000:65536" "member:$USER_SUBID:$USER_SUBCOUNT" | tee etc/subuid >etc/subgid
printf '%s\n' "version: 1" "allow-users: [root]" 'attributes: [{ name: "security.*", scheme: suffix }]' \
	>policies/roots.yaml
hooks=(--hooks-dir "$SCENE/hooks.d")

# ---- the daemon ----

printf '%s\n' "version: 1" "policies: $SCENE/policies" >nsxattrd.yaml
fails_by "a daemon that is down" daemon.answer "nsxattrd does not run"
check "so does its socket say" has_finding fail daemon.socket "does not listen at /run/nsxattr/oci.sock"
fails_by "an ordinary user is told, too" daemon.answer "nsxattrd does not run" member
mkdir -p /run/nsxattr
start early >/dev/null 2>&1
shows "a container that was refused meanwhile" warn hook.refused "nsxattrd does not listen at"
check "status shows it without a daemon" \
	grep -q "nsxattrd does not listen at" <("$NSXATTR" status 2>/dev/null)

daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
shows "a daemon that answers" ok daemon.answer "nsxattrd "
check "its sockets" has_finding ok daemon.socket "/run/nsxattr/lxc.sock is open to this user"
shows "they are open to an ordinary user" ok daemon.socket "/run/nsxattr/oci.sock" member
kill -STOP "$daemon" $(pgrep --parent "$daemon")
fails_by "a daemon that is stuck" daemon.answer "cannot ask /run/nsxattr/control.sock"
kill -CONT "$daemon" $(pgrep --parent "$daemon")
chmod 700 /run/nsxattr
fails_by "a socket that is not for this user" daemon.socket "is not for user $USER_ID" member --runtime=podman
chmod 755 /run/nsxattr
echo "version: 1
police: x" >mistaken.yaml
fails_by "a mistake in the settings" daemon.settings "line 2" -c "$SCENE/mistaken.yaml"
echo "version: 2" >policies/mistaken.yaml
fails_by "a mistake in a policy" daemon.policies "mistaken.yaml:1:"
rm policies/mistaken.yaml

# ---- Docker ----

# dockerd() - VERSION: what asks its socket, once, gets this version; /run is our own
dockerd() {
	python3 -c '
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
if os.path.exists("/run/docker.sock"): os.unlink("/run/docker.sock")
server.bind("/run/docker.sock")
server.listen()
print("ready", flush=True)
peer = server.accept()[0]
asked = peer.recv(4096)
if asked.startswith(b"GET /version "):
    peer.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps({"Version": sys.argv[1]}).encode())' "$1" >dockerd.said &
	docker=$!
	await grep -q ready dockerd.said
}

shows "a Docker that does not run" unseen engine.docker "the version of Docker is not known" --runtime=docker
dockerd 20.10.24+dfsg1
fails_by "a Docker that drops what profiles say" engine.docker "dockerd is of version 20" --runtime=docker
wait "$docker"
dockerd 23.0.0
shows "one that does not" ok engine.docker "dockerd is of version 23" --runtime=docker
wait "$docker"

# ---- policies ----

shows "a policy that is root's" ok daemon.policy "'roots'" --policy=roots
fails_by "a policy that is not the user's" daemon.policy "'roots' is not for user $USER_ID" member --policy=roots
fails_by "a wrong policy name" daemon.policy "there is no policy 'rots'" --policy=rots

# ---- podman ----

shows "podman's hook" ok podman.hooks "$SCENE/hooks.d/nsxattr.json" --runtime=podman --hooks-dir="$SCENE/hooks.d"
fails_by "podman without a folder of hooks" podman.hooks "looks for hooks in no folder" member --runtime=podman
mkdir broken
sed "s|$SCENE/bin/nsxattr|$SCENE/none/nsxattr|" hooks.d/nsxattr.json >broken/nsxattr.json
fails_by "a hook whose program is missing" podman.hooks "'$SCENE/none/nsxattr' is not there" --hooks-dir="$SCENE/broken"
chmod 700 hooks.d
fails_by "a folder that is not for the user" podman.hooks "cannot look into" member --hooks-dir="$SCENE/hooks.d"
chmod 755 hooks.d

# podman says no more than the exit status of the hook.
pod_member run --rm --name=foreign "${podman_options[@]}" --annotation=io.nsxattr.policy=roots \
	--rootfs "$SCENE/root" true >/dev/null 2>&1
same "podman does not start what the user may not name" 126 $?
fails_by "the user is told why" hook.refused "policy 'roots' is not for user $USER_ID" member --container=foreign
check "status shows it to the user" grep -q "foreign: .*policy 'roots' is not for user $USER_ID" \
	<("${as_member[@]}" "$NSXATTR" status)
shows "without the container's name it is a warning" warn hook.refused "foreign of user member was not started" member
shows "root is told, too" note hook.refused "foreign of user member was not started"
shows "for root it is no fault" note hook.refused "foreign of user member was not started" --container=foreign

# ---- containers ----

hooks=()
start bare >/dev/null || not_ok "a container starts without the hook"
fails_by "a container without the hook" process.listener "nsxattrd serves no container" --container=bare
check "its namespace is right" has_finding ok process.namespace "root is 100000"
check "its owners are" has_finding ok process.filter "seccomp filter"
check "no process there may set anything" has_finding fail process.capability "can have CAP_SYS_ADMIN"
podman_kill pod_root bare

hooks=(--hooks-dir "$SCENE/hooks.d")
mkdir shared && echo text | tee shared/own >shared/foreign && own shared/own
start served --cap-add=sys_admin --volume="$SCENE/shared:/mnt" >/dev/null || not_ok "a container starts"
shows "a container that is served" ok process.listener "nsxattrd serves it" --container=served --file=/mnt/own
check "its policy" has_finding ok process.policy "'roots'"
id=$(pod_root inspect --format '{{.Id}}' served)
shows "the same by the beginning of its id" ok process.listener "nsxattrd serves it" --container="${id:0:5}"
doctor --container=served --file=/mnt/own
check "its capability" has_finding ok process.capability "may set"
check "a file of its own" has_finding ok process.owner "/mnt/own"
fails_by "an owner that is not mapped" process.owner "the owner 0 of /mnt/foreign" --container=served \
	--file=/mnt/foreign
shows "a mount whose owner is not" warn process.owner "the owner 0 of /mnt" --container=served
fails_by "a file that is not there" process.owner "cannot look at /mnt/none" --container=served --file=/mnt/none
pid=$(pod_root inspect --format '{{.State.Pid}}' served)
shows "the same by the number of a process" ok process.listener "nsxattrd serves it" --pid="$pid"
# Who makes a control group names it.
group=/sys/fs/cgroup/nsxattr-doctor.$$/$(pod_root inspect --format '{{.Id}}' served)
mkdir -p "$group"
(echo "$BASHPID" >"$group/cgroup.procs" && exec unshare --user sleep infinity) &
stranger=$!
await grep -qx sleep "/proc/$stranger/comm"
check "a stranger is in a control group of the container's name" grep -q "${group##*/}" "/proc/$stranger/cgroup"
doctor --pid="$stranger"
check "and so not in the container" eval '! grep -q "nsxattrd serves it" found.json'
kill "$stranger"
await rmdir "$group"
rmdir "${group%/*}"
podman_kill pod_root served
shows "a container that is not there" warn process.there "no container 'served'" --container=served

fails_by "the host's user namespace" process.namespace "is in the host's user namespace" --pid=$$
"$NSXATTR" run --map-users=0:100000:65536 --map-groups=0:100000:65536 -- sleep infinity &
command=$!
await grep -qx sleep "/proc/$command/comm"
shows "a command of nsxattr run" ok process.listener "'nsxattr run' serves it" --pid="$command"
kill "$command"

# ---- a file system that does not answer ----

# ends() - COMMAND…: it does, whatever it leaves behind; what it says is in said
ends() {
	"$@" >said 2>&1 &
	await eval "! kill -0 $!"
}

# hang_some() - does what asks for the root directory of the process begin to hang? The kernel has an answer for a second.
hang_some() {
	(exec stat -L "/proc/$stuck/root" >/dev/null 2>&1 &)
	[ "$(slowfs_ask hung)" -ge 1 ]
}

mkdir -p slow backing/deaf/unseen
slowfs_start 0 || not_ok "a file system that does not answer is mounted"
unshare --user --map-root-user python3 -c 'import os, signal
os.chroot("slow/deaf/unseen")
signal.pause()' &
stuck=$!
check "a process has its root directory there" \
	await eval 'slowfs_ask release; [[ $(readlink "/proc/$stuck/root") == */unseen ]]'
check "it does not answer any more" await hang_some
# What it has left behind would keep the pipe open.
check "doctor ends, and so does its output" ends sh -c 'said=$("$0" doctor -c "$1" --pid="$2"); echo "$said"' \
	"$SCENE/bin/nsxattr" "$SCENE/nsxattrd.yaml" "$stuck"
check "and says that it does not answer" grep -q "a file system of the container does not answer" said
mount --bind slow/deaf/unseen "/run/user/$USER_ID" &
check "a user's folder lies there" \
	await eval 'slowfs_ask release; grep -q " /run/user/$USER_ID .* - fuse" /proc/self/mountinfo'
check "status of root's ends" ends "$NSXATTR" status
slowfs_ask release >/dev/null
kill "$stuck"
slowfs_end
await umount -l "/run/user/$USER_ID"

# ---- ids ----

shows "ranges that do not overlap" ok ids.overlap "/etc/subuid: 2 ranges"
echo "containers:150000:100" >>etc/subuid
fails_by "ranges that overlap" ids.overlap "150000 to 150099 to 'root' and to 'containers'"
echo "root:100000:65536" >etc/subuid
fails_by "a user without ids" ids.own "/etc/subuid sets no ids aside for 'member'" member --runtime=podman
echo "member:$USER_SUBID:1000" >>etc/subuid
shows "a user with few" warn ids.own "has only 1000 ids" member

# ---- LXC ----

# lxc_config() - NAME LINE…
lxc_config() {
	local name=$1
	shift
	mkdir -p "lxc/$name"
	printf '%s\n' "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536" \
		"lxc.seccomp.profile = $REPOSITORY/examples/lxc/nsxattr.seccomp" "$@" >"lxc/$name/config"
}

lxc_config right "lxc.seccomp.notify.proxy = unix:/run/nsxattr/lxc.sock"
lxc_config wrong "lxc.seccomp.notify.proxy = unix:/run/nsxattr/lxc.sock" "lxc.seccomp.notify.cookie = rots"
lxc_config weak "lxc.seccomp.notify.proxy = unix:/run/nsxattr/lxc.sock" "lxc.cap.drop = sys_admin"
lxc_config foreign
shows "an LXC container that may start" ok lxc.hook "right may start" -P "$SCENE/lxc"
check "one that may not" has_finding fail lxc.hook \
	"wrong: nsxattrd would not serve the container: there is no policy 'rots'"
check "one in which nothing can be set" has_finding warn lxc.hook "weak: no process in the container can have"
check "one that is not nsxattr's is left alone" eval '! grep -q "container foreign" found.json'
fails_by "unless it is named" lxc.hook "does not say who answers its calls" --runtime=lxc -P "$SCENE/lxc" \
	--container=foreign
fails_by "one that is not there" lxc.hook "there is no $SCENE/lxc/none/config" --runtime=lxc -P "$SCENE/lxc" \
	--container=none

# ---- profiles ----

"$NSXATTR" profile --for=containerd --policies="$SCENE/policies" --policy=roots --cap=SYS_ADMIN >profile.json
shows "a profile of nsxattr's" ok engine.profile "hands over all calls" --profile=profile.json
sed 's/"lsetxattr"/"none"/' profile.json >old.json
fails_by "one that lacks a call" engine.profile "does not hand 'lsetxattr'" --profile=old.json
sed 's|/run/nsxattr/oci.sock|/run/other.sock|' profile.json >other.json
fails_by "one with another socket" engine.profile "names the socket /run/other.sock" --profile=other.json
sed 's/"roots"/"rots"/' profile.json >unknown.json
fails_by "one with an unknown policy" engine.profile "names the policy 'rots'" --profile=unknown.json

# ---- how it is said ----

"$NSXATTR" doctor -c "$SCENE/nsxattrd.yaml" --policy=rots >text
same "failures are 2 for people, too" 2 $?
check "with a remedy" grep -q "^     -> 'nsxattr policies' lists all" text
check "plain where there is no terminal" eval "! grep -q $'\\033' text"
doctor --runtime=nothing 2>/dev/null
same "a runtime that is not known" 2 $?

daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
podman_end 2>/dev/null || :
