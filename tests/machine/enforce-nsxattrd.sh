# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# nsxattrd with mode enforce: what has no valid signature by a key of its policy is not executed in a container of crun, runc,
# LXC or podman, while the host, and containers with other keys, execute the same files. So it is after the death of a worker,
# of all processes, after an upgrade, and when a key was revoked.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/revoked.sh
. tests/lib/revoked.sh
needs crun evmctl openssl setfattr
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
runtimes_make
enforced_bpffs

# ---- the scene ----

runtime=(crun --cgroup-manager=disabled)
enforced_scene enforce-driver="$built"
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy others other.der "${JUDGED_EXECS[@]}"
enforced_policy both "own.der, other.der" "${JUDGED_EXECS[@]}"
enforced_policy mapped "own.der, other.der" "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
for program in sh sleep; do
	# The other container's own value, beside the host's.
	cp --preserve=all root/bin/$program other-$program
	evmctl ima_sign --key other.pem other-$program >/dev/null 2>&1
	setfattr -n "security.ima@uid=300000" -v "0x$(value security.ima other-$program)" root/bin/$program
done
enforced_daemon || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
enforced_or_skip
same "its gate is pinned" 1 "$(enforced_pins)"

# ---- two containers of crun, and the host ----

check "a container starts whose programs are signed" start one executed
same "what is signed by its key runs, and nothing else" "signed - - -" "$(executes within one)"
same "an unsigned program is named in the log" IMA-signature-required "$(refused_of unsigned one)"
same "a changed one" invalid-signature "$(refused_of changed one)"
same "one with another key's signature" invalid-signature "$(refused_of foreign one)"
check "it is refused to the runtime, too" eval '! within one unsigned 2>said && grep -qi "permission denied" said'
same "the host runs what it likes" 0 "$(root/bin/unsigned; echo $?)"
bundle two annotation=io.nsxattr.policy=others map=300000:65536 -- sh -c 'while :; do sleep 1000; done'
"${runtime[@]}" run --detach --bundle two two </dev/null >two/output 2>&1
check "a container with another key starts" await judged_is_known two
same "there the same files run by that key" "- - - foreign" "$(executes within two)"
same "and in the first as before" "signed - - -" "$(executes within one)"
same "status says the mode, and what became of them" "enforce IMA-signature-required invalid-signature valid" \
	"$(verdicts one | sed 's/=[0-9]*//g')"
end two

# ---- deaths, and an upgrade ----

kill -KILL "$(pgrep --parent "$daemon" --exact nsxattrd | head -n 1)"
same "a worker has died: all is as before" "signed - - -" "$(executes within one)"
pipes held
launch held mapped enforce-driver held /bin/signed /tmp/held
check "another container waits" await has_said held/output 1
check "another daemon takes over" "$NSXATTR" reload --binary
wait "$daemon"
daemon=$(daemon_status pid)
same "its gate is pinned, and no other" 1 "$(enforced_pins)"
release held
await has_said held/output 2
same "it has: what had a verdict has it" "waiting ran" "$(paste -sd' ' held/output)"
end held
same "and all is as before" "signed - - -" "$(executes within one)"
kill -KILL "$(pgrep --parent "$daemon" --exact nsxattrd | head -n 1)"
same "a worker of it has died: all is as before" "signed - - -" "$(executes within one)"

# ---- a key is revoked ----

check "a container with two keys starts" start revoked both
same "both count" "signed - - foreign" "$(executes within revoked)"
pipes twice held
launch held mapped enforce-driver held /bin/foreign /tmp/held
check "another container waits" await has_said held/output 1
within revoked enforce-driver twice /bin/foreign /tmp/twice >twice.out &
asked=$!
await has_said twice.out 1
revoke "$(judged_keyid other)"
kill -HUP "$daemon"
check "SIGHUP has the revoked keys read" await grep -q "1 revoked keys count from now on" daemon.log
release twice
wait "$asked"
same "what ran by the key is refused at the next exec" "0 13" "$(paste -sd' ' twice.out)"
release held
await has_said held/output 2
same "and so it is where only the gate is asked" "waiting EACCES" "$(paste -sd' ' held/output)"
end held
same "what is signed by the other one runs" "signed - - -" "$(executes within revoked)"
revoke
kill -HUP "$daemon"
check "and what counts again" await grep -q "0 revoked keys count from now on" daemon.log
same "runs again" "signed - - foreign" "$(executes within revoked)"
end revoked
end one
check "containers that have ended are forgotten" await judged_are_forgotten

# ---- all are killed ----

pipes shut after
launch shut mapped enforce-driver shut /bin/unsigned /tmp/shut
launch after executed enforce-driver after-all /bin/signed /tmp/after
check "two containers wait" await eval 'has_said shut/output 1 && has_said after/output 1'
# shellcheck disable=SC2046 # numbers
kill -KILL $(daemon_processes)
await eval '! pgrep -x nsxattrd'
same "when all are killed the gate is pinned still" 1 "$(enforced_pins)"
release after
await has_said after/output 3
same "nothing is executed" "waiting mapped ENOSYS" "$(paste -sd' ' after/output)"
end after
enforced_daemon
same "another nsxattrd brings a gate, and leaves the one that is needed" 2 "$(enforced_pins)"
check "and says so" grep -q "1 user namespaces stay shut" daemon.log
release shut
await has_said shut/output 2
same "which was shut all the time" "waiting EACCES" "$(paste -sd' ' shut/output)"
end shut
kill -HUP "$daemon"
check "when the containers have ended it is removed" await eval '[ "$(enforced_pins)" = 1 ]'
daemon_stop
same "a daemon that ends in order leaves none" 0 "$(enforced_pins)"
check "nor anything of a gate" await eval '! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q anon_inode:bpf'
