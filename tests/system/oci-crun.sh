#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers that crun starts, and hands over to nsxattrd: what they see, what the host sees, and what
# becomes of them when they, or the daemon, come to an end. oci-runc.sh is the same with runc.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh

runtime=("${OCI_RUNTIME:-crun}")
needs "${runtime[0]}" getfattr
[ "${runtime[0]}" != crun ] || runtime+=(--cgroup-manager=disabled)
scene_make
runtimes_make

# bundle() - NAME SETTING… -- COMMAND…: what the runtime needs to start the container NAME
#
# SETTINGs are those of tests/lib/bundle.py.
bundle() {
	local name=$1 status
	shift
	rm -rf "$name"
	mkdir "$name"
	(cd "$name" && "${runtime[0]}" spec && mv config.json spec.json) &&
		/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" mount="$SCENE/shared:/mnt" \
			"$@" <"$name/spec.json" |
		"$NSXATTR" hook oci-precreate --runtime="${runtime[0]}" \
			--policies="$SCENE/policies" 2>hook.said >"$name/config.json"
	status=$?
	but_kernel <hook.said >&2
	return "$status"
}

# asking() - POLICY: the setting for a container that asks for a policy by name
asking() {
	echo "annotation=io.nsxattr.policy=$1"
}

# forget_policy() - NAME: have a container's config.json hand it over without naming a policy
forget_policy() {
	/usr/bin/python3 - "$1/config.json" <<-'END'
		import json, sys
		config = json.load(open(sys.argv[1]))
		del config["annotations"]["io.nsxattr.policy"]
		del config["linux"]["seccomp"]["listenerMetadata"]
		json.dump(config, open(sys.argv[1], "w"))
	END
}

# once() - NAME [SETTING…] -- COMMAND…: run a container that only does this
once() {
	bundle "$@" && "${runtime[@]}" run --bundle "$1" "$1" </dev/null
}

# start() - NAME [SETTING…]: start a container that does what ask() tells its first process
#
# A runtime does not wait until its message is read: the daemon may hear of the container later.
start() {
	local name=$1
	mkfifo --mode=666 "shared/$name.in" "shared/$name.out"
	bundle "$@" -- sh -c "while :; do sh </mnt/$name.in >/mnt/$name.out 2>&1; done" &&
		"${runtime[@]}" run --detach --bundle "$name" "$name" </dev/null >"$name/output" 2>&1 &&
		await is_known "$name"
}

# is_known() - NAME: does the daemon serve the container?
is_known() {
	daemon_status containers | /usr/bin/python3 -c '
import json, sys
sys.exit(sys.argv[1] not in [container["id"] for container in json.load(sys.stdin)])' "$1"
}

# ask() - NAME COMMAND: what the command says, run by the first process of a container
ask() {
	# shellcheck disable=SC2016 # for the shell that gets it
	timeout 120 sh -c 'echo "$2" >"$1.in" && cat "$1.out"' ask "shared/$1" "$2"
}

# within() - NAME COMMAND…: run a command in it
within() {
	"${runtime[@]}" exec "$@" </dev/null
}

# end() - NAME: it is gone with its next breath
end() {
	"${runtime[@]}" kill "$1" KILL
	"${runtime[@]}" delete --force "$1"
	rm -f "shared/$1".{in,out}
}


# container_count(), has_containers() - how many the daemon knows; are there so many?
container_count() {
	daemon_status containers | /usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
}

has_containers() {
	[ "$(container_count)" = "$1" ]
}

# A second namespace has ids of the first one's, but another root. Its root file system is a copy.
OTHER_ROOT=100001

make_roots() {
	mkdir root shared policies
	runtimes_root root "${RUNTIMES_PROGRAMS[@]}"
	cp -a root other_root
	own root shared
	chown -hR $OTHER_ROOT:$OTHER_ROOT other_root
	echo content >shared/file
	setfattr -n security.demo -v hosts shared/file
	setfattr -n trusted.note -v hosts shared/file
	chown 100500:100500 shared/file
}

make_policies() {
	cat >policies/hidden.yaml <<-'END'
		version: 1
		attributes:
		  - { name: "security.*", scheme: hide }
	END
	cat >policies/matching.yaml <<-'END'
		version: 1
		match:
		  - name: "matched-*"
		attributes:
		  - { name: "security.*", scheme: deny }
	END
}

# ---- what a container sees, and the host ----

# The script of a container's first process, or of one that joins it.
# shellcheck disable=SC2016 # for the shell inside
script='
	get() { getfattr --absolute-names --only-values -n "$1" /mnt/file 2>&1; echo; }
	get security.demo
	setfattr -n security.demo -v own /mnt/file && get security.demo
	get trusted.note
	setfattr -n trusted.note -v own /mnt/file && get trusted.note
	getfattr --absolute-names -m - /mnt/file
	setfattr -x security.demo /mnt/file && get security.demo'
seen="hosts
own
/mnt/file: trusted.note: No such attribute

own
# file: /mnt/file
security.demo
trusted.note

hosts"

# attributes() - WHO COMMAND…: what the script sees, run by the command
attributes() {
	local who=$1
	shift
	same "$who sets, gets, lists and removes" "$seen" "$("$@" sh -c "$script" 2>&1)"
	same "$who leaves its value beside the host's" \
		"security.demo trusted.note trusted.note@uid=100000" "$(names shared/file)"
	setfattr -x trusted.note@uid=100000 shared/file
}

# ask_shell() - NAME sh -c SCRIPT: the same as ask()
ask_shell() {
	ask "$1" "$4"
}

first_processes() {
	attributes "a container's first process" once first "$(asking default)" --
	check "it is forgotten when it has ended" await has_containers 0
}

joining_processes() {
	check "a container starts" start joined "$(asking default)"
	same "the daemon knows it by its id, runtime and map" "joined ${runtime[0]} 0 100000 65536" \
		"$(daemon_status containers 0 id) $(daemon_status containers 0 runtime) $(
			daemon_status containers 0 map)"
	attributes "a process that joins it" within joined
	attributes "its first process, beside that," ask_shell joined
	same "it is one container, still" 1 "$(container_count)"
	end joined
	check "and forgotten when it has ended" await has_containers 0
}

capabilities() {
	cp -a root/bin/cat shared/cat
	check "setcap" once capable "$(asking default)" -- setcap cap_net_raw=ep /mnt/cat
	same "is the kernel's own" "shared/cat cap_net_raw=ep [rootid=100000]" "$(getcap -n shared/cat)"
}

# ---- two that share a directory ----

two_containers() {
	start one "$(asking default)"
	start two "$(asking default)" root="$SCENE/other_root" map=$OTHER_ROOT:65535
	check "one sets" within one setfattr -n security.demo -v ones /mnt/file
	same "two sees the host's" hosts "$(text security.demo /mnt/file within two)"
	same "and no name of one's" "security.demo" "$(names /mnt/file within two)"
	check "two sets" within two setfattr -n security.demo -v twos /mnt/file
	same "one sees its own" ones "$(text security.demo /mnt/file within one)"
	same "two sees its own" twos "$(text security.demo /mnt/file within two)"
	same "the host sees all" "security.demo security.demo@uid=100000 security.demo@uid=100001 trusted.note" \
		"$(names shared/file)"
	check "two removes" within two setfattr -x security.demo /mnt/file
	same "one's is still there" ones "$(text security.demo /mnt/file within one)"
	same "two sees the host's again" hosts "$(text security.demo /mnt/file within two)"
	within one setfattr -x security.demo /mnt/file
	end one
	same "two is served on when one has ended" hosts "$(text security.demo /mnt/file within two)"
	end two
	check "both are forgotten" await has_containers 0
}

# ---- which policy ----

policies() {
	same "a policy that is named" "/mnt/file: security.demo: No such attribute" \
		"$(text security.demo /mnt/file once named "$(asking hidden)" --)"
	bundle matched-1 "$(asking default)" -- setfattr -n security.demo -v own /mnt/file
	forget_policy matched-1
	same "a policy that matches the name" "setfattr: /mnt/file: Operation not permitted" \
		"$("${runtime[@]}" run --bundle matched-1 matched-1 2>&1 </dev/null)"
	same "a policy that is named goes before one that matches" own \
		"$(once matched-2 "$(asking default)" -- sh -c '
			setfattr -n security.demo -v own /mnt/file &&
				getfattr --absolute-names --only-values -n security.demo /mnt/file &&
				setfattr -x security.demo /mnt/file' 2>&1)"
	local unasked="setfattr: /mnt/file: Operation not permitted"
	kernel_checks || unasked=
	same "a container that is not asked for is none of ours" "$unasked" \
		"$(once unasked -- setfattr -n security.demo -v own /mnt/file 2>&1)"
	setfattr -n security.demo -v hosts shared/file
}

# ---- how they end ----

# Its eight processes are in calls all the time.
kill_in_mid_call() {
	start killed "$(asking default)"
	within killed sh -c '
		for i in 1 2 3 4 5 6 7 8; do
			echo >/mnt/busy.$i
			(while :; do setfattr -n security.busy -v $i /mnt/busy.$i; done) >/dev/null 2>&1 &
		done' &
	await all_busy
	end killed
	wait $!
}

# all_busy() - has each of the eight made a call?
all_busy() {
	[ "$(getfattr -d -m security.busy shared/busy.* 2>/dev/null | grep -c ^security.busy)" = 8 ]
}

deaths() {
	local round descriptors=
	for round in 1 2 3; do
		kill_in_mid_call
		check "a container that is killed in the middle of calls is forgotten ($round)" \
			await has_containers 0
		check "with its listeners ($round)" await holds_no_listener
		rm -f shared/busy.*
		: "${descriptors:=$(daemon_descriptors)}"
	done
	check "the daemon holds no more for the third than for the first" \
		await holds_descriptors "$descriptors"
	same "and serves on" hosts "$(text security.demo /mnt/file once alive "$(asking default)" --)"
}

# More of them than the daemon may hold descriptors more: one that is left of each is seen.
many() {
	local round descriptors
	descriptors=$(daemon_descriptors)
	for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
		once "many-$round" "$(asking default)" -- getfattr -n security.demo /mnt/file >/dev/null 2>&1
	done
	check "twelve containers are forgotten" await has_containers 0
	check "and nothing is left of them" await holds_descriptors "$descriptors"
}

holds_no_listener() {
	[ "$(daemon_files | grep -c 'seccomp notify')" = 0 ]
}

restart() {
	start early "$(asking default)"
	daemon_stop
	same "SIGTERM ends the daemon in order" 0 $?
	fails "without the daemon a container is not started" "/run/nsxattr/oci.sock" \
		once absent "$(asking default)" -- true
	fails "no process joins a running one" "/run/nsxattr/oci.sock" within early true
	same "its own calls fail" "/mnt/file: security.demo: Function not implemented" \
		"$(ask early 'getfattr -n security.demo /mnt/file')"
	daemon_start
	same "the daemon starts again" 0 $?
	same "new containers are served" hosts \
		"$(text security.demo /mnt/file once late "$(asking default)" --)"
	same "and processes that join the old one" hosts "$(text security.demo /mnt/file within early)"
	same "the others of which have lost their listener" \
		"/mnt/file: security.demo: Function not implemented" \
		"$(ask early 'getfattr -n security.demo /mnt/file')"
	end early
	check "until it ends" await has_containers 0
}

make_roots
make_policies
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
first_processes
joining_processes
capabilities
two_containers
policies
deaths
many
restart
daemon_stop
same "SIGTERM ends the daemon in order, again" 0 $?
