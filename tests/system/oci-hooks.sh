#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the hooks make of a config.json, with the runtimes that read it: crun and runc take it, hand
# their listener over, and each of the container's calls comes to it. Who takes the listener here is a
# driver that closes it, so that such a call fails with ENOSYS, where it would otherwise be ENODATA.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs crun runc python3 timeout
drivers=$(realpath "${BUILD:-build}/tests/live")
scene_make

socket=$SCENE/oci.sock
hook=("$NSXATTR" hook oci-precreate --socket="$socket" --policies="$SCENE/policies")

# ---- a container ----

# A root file system with one program: it makes the calls that it is told on its standard input.
make_rootfs() {
	local library
	mkdir -p bundle/rootfs/{bin,proc,dev,sys}
	cp "$drivers/actor-driver" bundle/rootfs/bin/
	ldd "$drivers/actor-driver" | grep -o '/[^ ]*' | while read -r library; do
		install -D "$library" "bundle/rootfs$library"
	done
}

# config() - SECCOMP [ANNOTATION]: a config.json; SECCOMP is none, or a program that prints it
#
# In the host's user namespace, which the hook is told to allow: it is the runtimes that are of interest here.
config() {
	python3 - "$@" <<'PYTHON'
import json, sys

seccomp, annotation = sys.argv[1], sys.argv[2:]
namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
config = {
    "ociVersion": "1.0.0",
    "process": {
        "user": {"uid": 0, "gid": 0}, "args": ["/bin/actor-driver"], "cwd": "/",
        "env": ["PATH=/bin"], "noNewPrivileges": False,
        "capabilities": {s: ["CAP_SYS_ADMIN"] for s in ("bounding", "effective", "permitted")},
    },
    "root": {"path": "rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"namespaces": namespaces},
}
if annotation:
    config["annotations"] = {"io.nsxattr.policy": annotation[0],
                             "io.nsxattr.host-namespace": "allow"}
if seccomp == "podman":
    with open("/usr/share/containers/seccomp.json") as file:
        profile = json.load(file)
    rules = [r for r in profile["syscalls"] if not r.get("excludes")
             and r.get("includes", {}) in ({}, {"arches": r.get("includes", {}).get("arches")})
             and "amd64" in r.get("includes", {}).get("arches", ["amd64"])]
    config["linux"]["seccomp"] = {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{k: r[k] for k in ("names", "action", "args", "errnoRet") if r.get(k)}
                     for r in rules],
    }
print(json.dumps(config, indent=1))
PYTHON
}

# runs() - RUNTIME ID CALLS: run the container of bundle/config.json
#
# In a mount namespace with one plain cgroup2, which is what both runtimes know to use.
runs() {
	local runtime=$1 id=$2 flags=()
	[ "$runtime" != crun ] || flags=(--cgroup-manager=disabled)
	# shellcheck disable=SC2016 # for the shell that it starts
	timeout 120 unshare --mount sh -c '
		umount -R /sys/fs/cgroup 2>/dev/null
		mount -t cgroup2 none /sys/fs/cgroup || exit 125
		cd "$1" && shift && exec "$@"' runs bundle \
		"$runtime" --root "$SCENE/state-$runtime" "${flags[@]}" run "$id" <<<"$3" 2>&1
}

# ---- who takes listeners ----

start_driver() {
	coproc DRIVER { exec "$drivers/oci-driver" "$socket" 2>&1; }
	driver=$DRIVER_PID
	local ready
	read -r ready <&"${DRIVER[0]}"
	same "the driver is ready" ready "$ready"
}

# arrival() - the line about what has come
arrival() {
	local line=
	read -r -t 120 line <&"${DRIVER[0]}"
	echo "$line"
}

calls=$(printf '%s\n' 'getxattr /bin user.x' 'listxattr /bin' 'setxattr /bin security.x y' \
	'getxattrat /bin user.x' 'removexattrat /bin user.x')

# whole() - RUNTIME SECCOMP XATTRAT: from the config to the calls; XATTRAT: how the *xattrat ones end
whole() {
	local runtime=$1 seccomp=$2 xattrat=$3 id="$1-$2"
	config "$seccomp" default >config.json
	check "$id: the hook edits the config" \
		sh -c '"$@" <config.json >bundle/config.json' sh "${hook[@]}" --runtime="$runtime"
	same "$id: the calls come to the listener" "ENOSYS ENOSYS ENOSYS $xattrat" \
		"$(runs "$runtime" "$id" "$calls" | paste -sd' ')"
	same "$id: the listener comes with the policy" "$runtime $id creating default" "$(arrival)"
}

make_rootfs
mkdir policies
start_driver

whole crun none "ENOSYS ENOSYS"
whole crun podman "ENOSYS ENOSYS"
whole runc podman "ENOSYS ENOSYS"
# runc cannot be told about calls that libseccomp has no name for: where all is allowed, they are.
if is_linux 6.13; then
	whole runc none "ENODATA ENODATA"
else
	whole runc none "ENOSYS ENOSYS"
fi

# ---- what is not asked for ----

config podman >config.json
check "who does not ask gets back what it came with" \
	sh -c '"$@" <config.json | cmp - config.json' sh "${hook[@]}"
cp config.json bundle/config.json
same "and runs as without us" "ENODATA" "$(runs crun plain 'getxattr /bin user.x')"

config podman nowhere >config.json
fails "a policy that is not there is missed" "there is no policy 'nowhere'; there are: default, user, trusted, kernel" \
	sh -c '"$@" <config.json' sh "${hook[@]}"
config podman ../etc >config.json
fails "a policy is no path" "is no name of a policy" sh -c '"$@" <config.json' sh "${hook[@]}"

config podman "" >config.json
"${hook[@]}" <config.json >edited.json
same "an empty name leaves the policy to the daemon" "1 0" \
	"$(grep -c '"listenerPath"' edited.json) $(grep -c '"listenerMetadata"' edited.json)"

printf 'version: 1\nattributes: []\ndefault: kernel\nio-uring-in-container: allow\n' >policies/rings.yaml
config none rings >config.json
"${hook[@]}" <config.json >edited.json
same "a policy can let io_uring pass" 0 "$(grep -c 'io_uring' edited.json)"

# ---- daemon absent ----

rm -f "$socket"
config podman default >config.json
fails "without a daemon the container does not start" \
	"nsxattrd does not listen at $socket: start it" sh -c '"$@" <config.json' sh "${hook[@]}"
same "and podman gets no config" "" "$("${hook[@]}" <config.json 2>/dev/null)"
check "unless the check is off" sh -c '"$@" <config.json' sh "${hook[@]}" --unchecked
fails "the hook of a runtime says the same" "nsxattrd does not listen at $socket: start it" \
	sh -c 'echo "{\"id\":\"x\"}" | "$@"' sh "$NSXATTR" hook oci --socket="$socket"
fails "what was started and does not listen is told apart" "/bin/true was started, and does not listen" \
	sh -c '"$@" <config.json' sh "${hook[@]}" --start=/bin/true

input=${DRIVER[1]}
exec {input}>&-
wait "$driver"
same "the driver ends" 0 $?
