#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr-runtime in the place of crun and runc: containers that ask are made with nsxattr, what they do and say is as
# without it, and one that is refused is refused where engines look for the reason, before the runtime is executed.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs crun runc getfattr jq timeout
WRAPPER=$(realpath "${BUILD:-build}/nsxattr-runtime")
scene_make
runtimes_make
install -m 755 "$WRAPPER" bin/nsxattr-runtime
ln -s nsxattr-runtime bin/nsxattr-crun
ln -s nsxattr-runtime bin/nsxattr-runc

# bundle() - NAME SETTING… -- COMMAND…: a bundle that no hook has edited; SETTINGs are those of tests/lib/bundle.py
bundle() {
	local name=$1
	shift
	rm -rf "$name"
	mkdir "$name"
	(cd "$name" && "$runtime" spec && mv config.json spec.json) &&
		/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" mount="$SCENE/shared:/mnt" \
			"$@" <"$name/spec.json" >"$name/config.json" && cp "$name/config.json" "$name.before"
}

# asking() - POLICY: the setting for a container that asks for a policy by name
asking() {
	echo "annotation=io.nsxattr.policy=$1"
}

# by_wrapper() - WORD…: as an engine says them, to the wrapper that stands for $runtime
by_wrapper() {
	timeout $((60 * ${TEST_SLOWER:-1})) "bin/nsxattr-$runtime" "${global[@]}" "$@" </dev/null
}

# logged() - NAME: the last error that the file --log=NAME.log has, as containerd reads it
logged() {
	jq -rs 'map(select(.level == "error" and (.time | fromdateiso8601 > 0))) | last | .msg' "$1.log"
}

is_edited() {
	[ "$(jq -r '.linux.seccomp.listenerMetadata' "$1/config.json")" = "$2" ]
}

# shellcheck disable=SC2016 # for the shell inside
script='
	setfattr -n security.demo -v own /mnt/file
	getfattr --absolute-names --only-values -n security.demo /mnt/file
	setfattr -x security.demo /mnt/file
	exit 7'

# ---- what starts ----

runs() {
	bundle once "$(asking default)" -- sh -c "$script"
	same "$runtime: a container that asks has values of its own" "own 7" \
		"$(by_wrapper run --bundle once once 2>&1) $?"
	check "$runtime: its config.json names the policy" is_edited once default
	same "$runtime: the rest of it is untouched" "" "$(diff <(jq -S 'del(.linux.seccomp,
		.annotations["run.oci.seccomp_bpf_data"])' once.before) <(jq -S 'del(.linux.seccomp,
		.annotations["run.oci.seccomp_bpf_data"])' once/config.json))"
	same "$runtime: and the bundle has no other file" "config.json spec.json" "$(ls once | paste -sd' ')"
	cp once/config.json edited
	same "$runtime: it can be started again" "own 7" "$(by_wrapper run --bundle once once 2>&1) $?"
	check "$runtime: which edits nothing more" cmp edited once/config.json
	bundle plain -- sh -c "exit 5"
	by_wrapper run --bundle plain plain
	same "$runtime: a container that does not ask ends as it ends" 5 $?
	check "$runtime: and its config.json is as it was" cmp plain.before plain/config.json
}

# What an engine does: create, look, start, exec, kill, delete.
lives() {
	bundle life "$(asking default)" -- sleep 1000
	by_wrapper --log "$SCENE/life.log" --log-format json create --pid-file "$SCENE/life.pid" \
		--bundle "$SCENE/life" life >life.out 2>&1 # the container has that open, too
	same "$runtime: create" "0, saying: " "$?, saying: $(but_kernel <life.out)"
	same "$runtime: it is created" created "$(by_wrapper state life | jq -r .status)"
	check "$runtime: the pid is that of the container" test "$(cat life.pid)" = "$(by_wrapper state life | jq .pid)"
	check "$runtime: start" by_wrapper start life
	check "$runtime: exec sets a value" by_wrapper exec life setfattr -n security.demo -v own /mnt/file
	same "$runtime: exec gets it" own "$(text security.demo /mnt/file by_wrapper exec life)"
	same "$runtime: it lies beside the host's" "security.demo security.demo@uid=100000" "$(names shared/file)"
	by_wrapper exec life sh -c 'exit 3'
	same "$runtime: exec's exit status is the command's" 3 $?
	setfattr -x security.demo@uid=100000 shared/file
	check "$runtime: kill" by_wrapper kill life KILL
	check "$runtime: delete" await by_wrapper delete --force life
}

# The wrapper becomes the runtime: a signal to it is one to the runtime, which hands it on.
signals() {
	local pid status
	bundle waits "$(asking default)" -- sh -c 'trap "exit 9" TERM; echo there >/mnt/there; while :; do sleep 1; done'
	rm -f shared/there
	"bin/nsxattr-$runtime" "${global[@]}" run --bundle waits waits </dev/null >/dev/null 2>&1 &
	pid=$!
	await test -s shared/there
	same "$runtime: its process is the runtime" "$runtime" "$(cat "/proc/$pid/comm" 2>/dev/null)"
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	same "$runtime: a signal gets to the container" 9 $status
}

always() {
	bundle every -- sh -c "$script"
	same "$runtime: --policy is for every container" "own 7" \
		"$(timeout 60 "bin/nsxattr-$runtime" --policy=default "${global[@]}" run --bundle every every 2>&1) $?"
	check "$runtime: which its config.json says" is_edited every default
}

# timeless() - what a runtime says, without the time; with its status. The caller has pipefail on.
timeless() {
	sed -E 's/(time=")?20[^ ]+//'
}

passes_through() {
	local -
	set -o pipefail

	same "$runtime: --version is the runtime's" "$("$runtime" --version)" "$("bin/nsxattr-$runtime" --version)"
	same "$runtime: so is what it says of a mistake, and its status" "$("$runtime" --root . state none 2>&1 | timeless) $?" \
		"$("bin/nsxattr-$runtime" --root . state none 2>&1 | timeless) $?"
	same "$runtime: --help is ours" 1 "$("bin/nsxattr-$runtime" --help | grep -c "^Usage: nsxattr-runtime")"
}

# ---- what is refused ----

# refused() - WHAT TEXT [PREFIX…]: the bundle no is not made into a container: the log, standard error and status say so
refused() {
	local what=$1 text=$2 said status
	shift 2
	rm -f no.log
	install -m 666 /dev/null no.log
	said=$(timeout 120 "$@" "$SCENE/bin/nsxattr-$runtime" "${global[@]}" --log "$SCENE/no.log" --log-format json \
		create --bundle "$SCENE/no" no </dev/null 2>&1)
	status=$?
	same "$runtime: $what: the status" 1 $status
	same "$runtime: $what: the log" "$text" "$(logged no | grep -oF "$text")"
	same "$runtime: $what: standard error" "$text" "$(grep -oF "$text" <<<"$said")"
	check "$runtime: $what: the bundle is as it was" cmp no.before no/config.json
	same "$runtime: $what: with no other file" "config.json spec.json" "$(ls no | paste -sd' ')"
	check "$runtime: $what: the runtime never heard of it" test ! -e "$SCENE/state-$runtime/no"
}

refusals() {
	bundle no "$(asking nowhere)" -- true
	refused "an unknown policy" "there is no policy 'nowhere'"
	bundle no "$(asking ../etc)" -- true
	refused "no name of a policy" "the annotation io.nsxattr.policy is no name of a policy"
	bundle no "$(asking roots)" -- true
	refused "a policy that is not theirs" "policy 'roots' is not for user 1000" "${as_user[@]}"
	bundle no "$(asking default)" -- true
	jq 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' \
		no.before >no/config.json && cp no/config.json no.before
	refused "no user namespace" "the container has no user namespace of its own"
	bundle no "$(asking default)" -- true
	jq '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/other" }' no.before \
		>no/config.json && cp no/config.json no.before
	refused "another listener" "config.json has a listenerPath already"
	echo '{' | tee no/config.json >no.before
	refused "no JSON" "config.json is no JSON object"
}

absent() {
	bundle no "$(asking default)" -- true
	refused "no daemon" "nsxattrd does not listen at /run/nsxattr/oci.sock"
	bundle plain -- sh -c "exit 5"
	by_wrapper run --bundle plain plain
	same "$runtime: no daemon: who does not ask is not concerned" 5 $?
	rm -f text.log
	by_wrapper --log "$SCENE/text.log" create --bundle no no 2>/dev/null
	same "$runtime: a log that is text" 1 "$(grep -c '^time="[^"]*" level=error msg="nsxattrd does not listen' text.log)"
}

# ---- which runtime ----

# A runtime of which only its command line is known: it says it.
fake_runtime() {
	cat >bin/fake <<-'END'
		#!/bin/sh
		if [ "$1" = features ]; then
			: >"$(dirname "$0")/asked"
			cat "$(dirname "$0")/features.json"
			exit
		fi
		printf '<%s>' "$@"
		exit 42
	END
	chmod 755 bin/fake
	echo '{"linux":{"seccomp":{"supportedFlags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]}}}' >bin/features.json
}

flags() {
	bundle fake "$(asking default)" -- true
	same "every word is handed on" "<--new><a b><create><--bundle=$SCENE/fake><--><x*> 42" \
		"$(bin/nsxattr-runtime --runtime="$SCENE/bin/fake" --new "a b" create --bundle="$SCENE/fake" -- 'x*') $?"
	same "a runtime that says that it takes the flag gets it" true \
		"$(jq '.linux.seccomp.flags | contains(["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])' fake/config.json)"
	echo '{"linux":{"seccomp":{"supportedFlags":[]}}}' >bin/features.json
	bundle fake "$(asking default)" -- true
	(cd fake && ../bin/nsxattr-runtime --runtime="$SCENE/bin/fake" run x >/dev/null)
	same "one that does not does not" "default null" \
		"$(jq -r '.linux.seccomp | "\(.listenerMetadata) \(.flags)"' fake/config.json)"
}

# A checkpoint has no listener. The runtime is the fake one: a restored container would say its words.
restored() {
	local fake=(bin/nsxattr-runtime --runtime="$SCENE/bin/fake")
	bundle again "$(asking default)" -- true
	rm -f no.log
	same "a container that asks is not restored" " 1" \
		"$("${fake[@]}" --log no.log --log-format json restore --bundle again x 2>/dev/null) $?"
	same "which the log says" 1 "$(logged no | grep -c "restored from a checkpoint")"
	same "nor does crun, by its letter" " 1" "$("${fake[@]}" restore -b again x 2>/dev/null) $?"
	bundle again -- true
	same "one that does not ask is" "<restore><--bundle><again><x> 42" "$("${fake[@]}" restore --bundle again x) $?"
	same "but not with --policy" " 1" \
		"$(bin/nsxattr-runtime --policy=default --runtime="$SCENE/bin/fake" restore --bundle again x 2>/dev/null) $?"
}

# A line that another runtime may understand, and we do not.
unclear() {
	local fake=(bin/nsxattr-runtime --runtime="$SCENE/bin/fake")
	fails "a line that may make a container is refused with --policy" "does not understand the command line" \
		"${fake[@]}" --policy=default --new a b create --bundle again x
	same "and only with it" "<--new><a><b><create><x> 42" "$("${fake[@]}" --new a b create x) $?"
	bundle again -- true
	fails "no id: that is still a container" "there is no policy 'nowhere'" \
		"${fake[@]}" --policy=nowhere create --bundle again
	same "--help is none" "<create><--help> 42" "$("${fake[@]}" --policy=nowhere create --help) $?"
}

# ---- what an annotation may not do where --policy decides ----

forced() {
	local fake=(bin/nsxattr-runtime --runtime="$SCENE/bin/fake")
	bundle chosen "$(asking user)" -- true
	"${fake[@]}" --policy= create --bundle chosen x >/dev/null
	check "an empty --policy: the config names what the daemon has chosen" is_edited chosen default
	bundle chosen annotation=io.nsxattr.host-namespace=allow -- true
	jq 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' \
		chosen.before >chosen/config.json
	fails "with --policy, no annotation allows the host's namespace" "has no user namespace of its own" \
		"${fake[@]}" --policy=default create --bundle chosen x
}

quiet() {
	local fake=(bin/nsxattr-runtime --runtime="$SCENE/bin/fake") said
	bundle warns "$(asking default)" -- true
	jq '.process.capabilities = {}' warns.before >warns/config.json
	rm -f warns.log
	said=$("${fake[@]}" --log warns.log create --bundle warns x 2>&1 >/dev/null)
	same "a warning is neither in the log nor on standard error" "" "$said$(cat warns.log 2>/dev/null)"
	rm -f bin/asked
	bundle no "$(asking nowhere)" -- true
	"${fake[@]}" create --bundle no x >/dev/null 2>&1
	check "the runtime is not asked for a container that is refused" test ! -e bin/asked
	mkfifo warns/fifo
	same "a config that is no file is the runtime's" "<create><--config><warns/fifo><x> 42" \
		"$("${fake[@]}" --like=crun create --config warns/fifo x) $?"
	fails "but not with --policy" "cannot read config.json" "${fake[@]}" --like=crun --policy=default \
		create --config warns/fifo x
}

loops() {
	mkdir -p loop
	printf '#!/bin/sh\nexec "%s/bin/nsxattr-runtime" "$@"\n' "$SCENE" >loop/runc
	chmod 755 loop/runc
	fails "a script that executes nsxattr-runtime is no runtime" "executes nsxattr-runtime again" \
		env PATH="$SCENE/loop:$PATH" timeout 20 bin/nsxattr-runtime state x
}

which() {
	fails "a runtime that is not there" "the runtime nowhere is not installed" bin/nsxattr-runtime --runtime nowhere start x
	bin/nsxattr-runtime --runtime nowhere start x 2>/dev/null
	same "which has the shell's status" 127 $?
	rm -f which.log
	bin/nsxattr-runtime --runtime "$SCENE/root" --log which.log start x 2>/dev/null
	same "what cannot be executed has the shell's status, too" "126 1" "$? $(grep -c "cannot be executed" which.log)"
	rm -f which.log
	bin/nsxattr-runtime --like=none --log which.log start x 2>/dev/null
	same "a mistake in an option of ours is in the log" "2 1" "$? $(grep -c "mistake in its own options" which.log)"
	same "--help has no letters" 0 "$(bin/nsxattr-runtime --help | grep -cE '^ +-[a-zA-Z],|--version')"
	fails "nor is it ourselves" "is nsxattr-runtime itself" \
		env PATH="$SCENE/bin" "$SCENE/bin/nsxattr-runtime" --runtime "$SCENE/bin/nsxattr-crun" start x
	ln -s nsxattr-runtime bin/runc
	same "called by a runtime's name, it finds the next one of that name" "$(runc --version)" \
		"$(PATH="$SCENE/bin:$PATH" bin/runc --version)"
	rm bin/runc
	same "words behind -- are the runtime's" "<--policy=x><--help> 42" \
		"$(bin/nsxattr-runtime --runtime "$SCENE/bin/fake" -- --policy=x --help) $?"
}

mkdir root shared policies
runtimes_root root "${RUNTIMES_PROGRAMS[@]}"
own root shared
echo content >shared/file
setfattr -n security.demo -v hosts shared/file
own shared/file
cat >policies/roots.yaml <<'END'
version: 1
allow-users: ["root"]
attributes: [{ name: "security.*", scheme: suffix }]
END
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
for runtime in crun runc; do
	global=(--root "$SCENE/state-$runtime")
	[ "$runtime" != crun ] || global+=(--cgroup-manager=disabled)
	runs
	lives
	signals
	always
	passes_through
	refusals
done
fake_runtime
flags
restored
unclear
forced
quiet
loops
which
daemon_stop
for runtime in crun runc; do
	global=(--root "$SCENE/state-$runtime")
	[ "$runtime" != crun ] || global+=(--cgroup-manager=disabled)
	absent
done
