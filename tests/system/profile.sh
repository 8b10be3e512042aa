#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a container may call under a profile of nsxattr's, and what under its engine's own: containerd's,
# which reads OCI, and podman's, whose rules have conditions. Each system call is made by its number, in
# containers that have every capability of the host, so that what is refused the filter has refused.
# A driver takes the listeners and closes them: calls that would come to nsxattrd fail with ENOSYS.

set -u
# shellcheck disable=SC2086 # a word a number, and options that may be none
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs containerd ctr runc podman crun python3
drivers=$(realpath "${BUILD:-build}/tests/live")
scene_make
runtimes_make

socket=$SCENE/oci.sock
profile=("$NSXATTR" profile --policy=default --socket="$socket" --policies="$SCENE")

# ---- programs ----

make_calls() {
	mkdir -p root/bin root/proc root/dev root/sys root/etc root/run root/tmp
	"${CC:-cc}" -O1 -static -o root/bin/calls "$REPOSITORY/tests/system/calls.c" || exit 1
	"${CC:-cc}" -O1 -static -m32 -o root/bin/calls32 "$REPOSITORY/tests/system/calls.c" 2>/dev/null
	# A kernel without such an ABI has no such calls.
	[ ! -e root/bin/calls32 ] || python3 -c 'import os; os.execv("root/bin/calls32", ["calls"])' \
		>/dev/null 2>&1 || rm root/bin/calls32
}

# numbers() - CALL…: their numbers here, sorted
numbers() {
	local call
	for call; do
		printf '#include <sys/syscall.h>\nSYS_%s\n' "$call" | "${CC:-cc}" -E -P - | tail -n 1
	done | sort -n
}

start_driver() {
	coproc DRIVER { exec "$drivers/oci-driver" "$socket" 2>&1; }
	driver=$DRIVER_PID
	local ready
	read -r ready <&"${DRIVER[0]}"
	same "the driver is ready" ready "$ready"
}

# ---- containerd ----

# A host may have no cgroup controllers to give away: runc gets no limits to set.
make_runc() {
	cat >bin/runc-without-limits <<-'END'
		#!/usr/bin/python3
		import json, os, sys
		arguments = sys.argv[1:]
		if "create" in arguments:
		    path = os.path.join(arguments[arguments.index("--bundle") + 1], "config.json")
		    with open(path) as file:
		        config = json.load(file)
		    config["linux"].pop("resources", None)
		    with open(path, "w") as file:
		        json.dump(config, file)
		os.execvp("runc", ["runc", *arguments])
	END
	chmod 755 bin/runc-without-limits
}

start_containerd() {
	cat >containerd.toml <<-END
		version = 2
		root = "$SCENE/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "/run/containerd/containerd.sock"
	END
	containerd -c containerd.toml >containerd.log 2>&1 &
	containerd=$!
	await ctr version
}

# The host's capabilities, as ctr wants them.
capabilities=()
all_capabilities() {
	local capability
	for capability in $(capsh --decode="$(sed -n 's/^CapBnd:[\t ]*//p' /proc/self/status)" |
		sed 's/.*=//' | tr , ' '); do
		capabilities+=(--cap-add "${capability^^}")
	done
}

# own_profile() - NAME OPTION…: what containerd gives a container of its own accord, into NAME.json
own_profile() {
	local name=$1
	shift
	ctr container create --rootfs --seccomp "$@" root "own-$name" true &&
		ctr container info "own-$name" >"$name.json" && ctr container delete "own-$name"
}

# run_ctr() - ID PROGRAM [PROFILE]: what the program says in a container under a profile
run_ctr() {
	local id=$1 program=$2 seccomp=()
	[ -z "${3-}" ] || seccomp=(--seccomp --seccomp-profile "$3")
	ctr run --rm --rootfs --runc-binary "$SCENE/bin/runc-without-limits" "${capabilities[@]}" \
		"${seccomp[@]}" root "$id" "/bin/$program" 2>&1
}

# section_of() - FILE: linux.seccomp of a spec that ctr has printed
section_of() {
	python3 -c 'import json, sys
print(json.dumps(json.load(open(sys.argv[1]))["Spec"]["linux"]["seccomp"]))' "$1"
}

# differs() - FILE FILE: what ended in another way, as "NUMBER ARGUMENTS RESULT RESULT"
differs() {
	join -j 1 <(sed 's/ /:/' "$1" | sort) <(sed 's/ /:/' "$2" | sort) | awk '$2 != $3' |
		sed 's/:/ /' | sort -n
}

# is_narrowed() - NAME OWN OURS NUMBER…: the same but for these calls, which fail with ENOSYS
is_narrowed() {
	local name=$1 own=$2 ours=$3
	shift 3
	same "$name: no call but ours ends in another way" "$(printf '%s\n' "$@")" \
		"$(differs "$own" "$ours" | awk '{ print $1 }' | uniq)"
	same "$name: these come to the listener, or are refused as without io_uring" 38 \
		"$(differs "$own" "$ours" | awk '{ print $4 }' | sort -u)"
}

with_containerd() {
	local words name option
	for words in "plain" "admin --cap-add=CAP_SYS_ADMIN" "ptrace --cap-add=CAP_SYS_PTRACE"; do
		read -r name option <<<"$words"
		own_profile "$name" $option >/dev/null
		section_of "$name.json" >"$name.section"
		"${profile[@]}" --for=containerd ${option:+--cap="${option#*CAP_}"} >"$name.profile"
		run_ctr "own-$name" calls "$name.section" >"$name.own"
		run_ctr "ours-$name" calls "$name.profile" >"$name.ours"
		is_narrowed "containerd, $name" "$name.own" "$name.ours" $narrowed
	done
	"${profile[@]}" --for=containerd --base=plain.json >based.profile
	run_ctr based calls based.profile >based.ours
	is_narrowed "containerd, with its own profile as the base" plain.own based.ours $narrowed
}

# Of these containerd's own profile refuses all, and the old recipe let them through.
the_calls_that_were_open() {
	local number open=
	run_ctr none calls >none.txt
	for number in $(numbers bpf perf_event_open setns mount open_by_handle_at kcmp quotactl settimeofday); do
		# Without a filter they end in a way of their own: so the filter is what is seen.
		grep -qE "^$number (-1|0) (ok|[0-9]+)$" <(grep -vE ' (1|38)$' none.txt) ||
			open="$open $number(unknown)"
		same "call $number is refused as containerd refuses it" "$number -1 1;$number 0 1" \
			"$(grep "^$number " plain.ours | paste -sd';')"
	done
	same "and each is a call that succeeds, or fails otherwise, without a filter" "" "$open"
}

other_abi() {
	if [ ! -e root/bin/calls32 ]; then
		skip "calls of 32 bits" "the compiler or the kernel has none"
		return
	fi
	run_ctr own-32 calls32 plain.section >32.own
	run_ctr ours-32 calls32 plain.profile >32.ours
	# setxattr to fremovexattr, and io_uring's, which have the same number on each ABI.
	# shellcheck disable=SC2046 # a word a number
	is_narrowed "calls of 32 bits" 32.own 32.ours $(seq 226 237) 425 426 427
}

# ---- podman ----

# run_podman() - OPTION…: what calls says in a container
run_podman() {
	podman --runtime=crun --cgroup-manager=cgroupfs run --rm --cgroups=disabled --network=none \
		--ulimit=nofile=1024:1024 --ulimit=nproc=1000:1000 "$@" --rootfs "$SCENE/root" \
		/bin/calls 2>&1 </dev/null
}

with_podman() {
	local own=/usr/share/containers/seccomp.json all=()
	mapfile -t all < <(printf '%s\n' "${capabilities[@]}" | sed -n 's/^CAP_/--cap-add=/p')
	"${profile[@]}" --for=podman --runtime=crun >podman.profile
	"${profile[@]}" --for=containerd --base=$own --cap=-mknod,-net_raw,-audit_write >podman.oci
	"${profile[@]}" --for=containerd --base=$own --cap=all >all.oci
	run_podman >podman.own
	run_podman --security-opt=seccomp=podman.profile >podman.ours
	is_narrowed "podman" podman.own podman.ours $attributes
	run_podman --security-opt=seccomp=podman.oci >podman.resolved
	is_narrowed "podman, its conditions resolved" podman.own podman.resolved $attributes
	run_podman "${all[@]}" >all.own
	run_podman "${all[@]}" --security-opt=seccomp=podman.profile >all.ours
	is_narrowed "podman, with all capabilities" all.own all.ours $attributes
	run_podman "${all[@]}" --security-opt=seccomp=all.oci >all.resolved
	is_narrowed "podman, with all capabilities, its conditions resolved" all.own all.resolved $attributes
}

# ---- what is printed ----

prints() {
	local base=base.json
	printf 'version: 1\nattributes: []\nio-uring-in-container: allow\n' >rings.yaml
	"${profile[@]}" --for=containerd --configmap >map.yaml
	same "a ConfigMap has the same profile" "nsxattr-profiles nsxattr default.json True" "$(python3 -c '
import json, subprocess, sys, yaml
found = yaml.safe_load(open("map.yaml"))
profile = json.loads(subprocess.check_output(sys.argv[1:]))
print(found["metadata"]["name"], found["metadata"]["namespace"], *found["data"],
      json.loads(found["data"]["default.json"]) == profile)' "${profile[@]}" --for=containerd)"
	same "a policy can let io_uring pass, by its name and by its file" "0 0 3" \
		"$(for policy in rings ./rings.yaml default; do
			"${profile[@]}" --for=podman --policy="$policy" | grep -c '"io_uring_'
		done | paste -sd' ')"
	same "a file's policy is called as the file" '"rings"' \
		"$("${profile[@]}" --for=docker --policy=./rings.yaml | grep -o '"rings"')"
	same "Docker keeps its conditions" 1 \
		"$("${profile[@]}" --for=docker | tr -d '\n\t ' | grep -c '"includes":{"caps":\["CAP_BPF"')"
	same "capabilities that are told are resolved" 0 \
		"$("${profile[@]}" --for=docker --cap=bpf | grep -c '"includes"')"
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >open.json
	same "calls that a kernel lacks are nsxattrd's, too: the next one has them" 1 \
		"$("${profile[@]}" --for=docker --kernel=6.1 --base=open.json | grep -c '"setxattrat"')"
	fails "a policy that is not there is missed" "there is no policy 'nowhere'" \
		"${profile[@]}" --for=docker --policy=nowhere
	fails "an engine has to be told" "--for=containerd|crio|docker|podman" "${profile[@]}"
	fails "a base that is not there is missed" "cannot read the profile none.json: No such file" \
		"${profile[@]}" --for=docker --base=none.json
	echo '{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/other"}' >$base
	fails "the listener of another supervisor stays theirs" \
		"$base has a listenerPath already: its calls go to another program" \
		"${profile[@]}" --for=docker --base=$base
	echo '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ALLOW",' \
		'"includes":{"moon":"full"}}]}' >$base
	fails "a condition that cannot be resolved is refused, with its place" \
		"$base has in rule 1 of syscalls (bpf) the key 'moon'" "${profile[@]}" --for=containerd --base=$base
	"${profile[@]}" --for=containerd >once.json
	"${profile[@]}" --for=containerd --base=once.json >twice.json
	check "made of one that was made so it is the same" cmp once.json twice.json
}

make_calls
make_runc
prints
all_capabilities
# podman's own profile does not let io_uring pass.
attributes=$(numbers setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr \
	flistxattr removexattr lremovexattr fremovexattr)
narrowed="$attributes $(numbers io_uring_setup io_uring_enter io_uring_register)"
start_driver
start_containerd || {
	not_ok "containerd starts" "$(cat containerd.log)"
	exit
}
with_containerd
the_calls_that_were_open
other_abi
mkdir store
mkdir -p /var/lib/containers && mount --bind store /var/lib/containers
with_podman
kill "$containerd"
wait "$containerd"
input=${DRIVER[1]}
exec {input}>&-
wait "$driver"
