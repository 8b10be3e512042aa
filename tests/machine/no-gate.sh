# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Where bpf is not among the kernel's security modules, neither a command nor a container of nsxattrd's with mode enforce
# starts, and its user is told what to start the kernel with. What only logs runs.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor

# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
needs crun
scene_make
runtimes_make

# run_with() - MODE COMMAND…
run_with() {
	printf '%s\n' 'version: 1' 'attributes: []' "integrity: { mode: $1, rule-set: tcb }" >policy.yaml
	shift
	"$NSXATTR" run -p policy.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -- "$@"
}

check "mode log" run_with log true
fails "mode enforce" "lsm=" run_with enforce touch started
check "the command has not started" [ ! -e started ]

# ---- nsxattrd ----

# refused() - NAME TEXT: the hook of a container with the policy "executed" says why it does not start
refused() {
	: >hook.said
	if ! bundle one annotation=io.nsxattr.policy=executed -- true && grep -qF -- "$2" hook.said; then
		ok "$1"
	else
		not_ok "$1" "$(cat hook.said daemon.log)"
	fi
}

# shellcheck disable=SC2034 # enforced.sh uses it
runtime=(crun --cgroup-manager=disabled)
judged_key own
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_daemon
check "nsxattrd starts, and says what it cannot" grep -q "what is executed cannot be refused ('mode: enforce'): .*lsm=" daemon.log
refused "a container with mode enforce does not" "what is executed cannot be refused ('mode: enforce' of policy 'executed'): the gate"
daemon_stop
rm policies/executed.yaml
: >daemon.log
enforced_daemon
check "where no policy wants a gate, nothing is said of it" eval '! grep -q gate daemon.log'
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
check "a policy can come later" "$NSXATTR" reload
refused "and needs another start" "no policy wanted one when it was started: start it anew"
daemon_stop
