# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What root of a container tries against 'mode: enforce' on a file system: one attack after the other, and races. Sourced by
# tests that are for one file system each, behind case.sh; that is mounted in "in" before attacks_run.
#
# ENFORCE_ROUNDS says how often each race is run; if that is often, a tenth where the one who executes is kept waiting.

. tests/lib/scene.sh
. tests/lib/enforcement.sh
needs gcc evmctl openssl setfattr
rounds=${ENFORCE_ROUNDS:-100000}

# ---- one attack after the other ----

# tries() - POLICY WORD… <EXPECTED: what the driver says, a line for each attack, "HOW: " and a regular expression
tries() {
	local how expected found
	within "$1" "$SCENE/attacker" "${@:2}" >found
	while IFS= read -r expected; do
		how=${expected%%:*}
		found=$(grep "^$how: " found)
		if grep -qxE "$expected" <<<"$found"; then
			ok "$2: $how"
		else
			not_ok "$2: $how" "expected: $expected
found:    ${found:-$(cat found)}
$(tail -n 5 said)"
		fi
	done
}

# use_attacks() - a file without a signature is executed, and mapped; one with a signature is executed
use_attacks() {
	local ways=(path descriptor path-descriptor number nested entered traced)
	put unsigned && put signed own
	printf '%s: EACCES\n' "${ways[@]}" | tries executed use ./unsigned "${ways[@]}"
	printf '%s: ran\n' "${ways[@]}" | tries executed use ./signed "${ways[@]}"
	# Where the kernel does not know the question, nsxattr answers it.
	tries executed use ./unsigned asked <<<'asked: EACCES'
	tries mapped use ./unsigned map-again <<<'map-again: ENOSYS'
}

# entry_attacks() - the interpreter of an entry of binfmt_misc: not signed; signed, but not judged
entry_attacks() {
	put interpreter
	printf 'attack-me\n' >in/matched && chmod 755 in/matched && own in/matched && sign own in/matched
	if ! is_linux 6.7; then
		mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null
		echo ":attack:M::attack-me::$SCENE/in/interpreter:" >/proc/sys/fs/binfmt_misc/register
	fi
	tries executed use ./matched entry <<<'entry: EACCES'
	sign own in/interpreter
	tries executed use ./matched entry <<<'entry: EACCES'
	is_linux 6.7 || echo -1 >/proc/sys/fs/binfmt_misc/attack
}

# change_attacks() - a program that has been executed is changed
change_attacks() {
	local writes=(write cut copy-range splice direct ring) others=(clone-over-reader deduplicate private-memory shared-memory)
	policy rings own.der "$appraise" && echo 'io-uring-in-container: allow' >>rings.yaml
	{
		printf '%s: 0 bad 13\n' "${writes[@]}"
		printf '%s: 0 good 0\n' "${others[@]}"
		echo 'clone: 0 (bad 13|good 0)'
		echo 'ring-when-judged: (13 bad 13|no overlay)'
	} | tries rings change "${writes[@]}" "${others[@]}" clone ring-when-judged
}

# ---- races ----

# race_stalls() - a cgroup whose time is soon used up, which the container may enter
race_stalls() {
	local cgroup=/sys/fs/cgroup/attacks
	echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $cgroup && echo +cpu >$cgroup/cgroup.subtree_control
	mkdir -p $cgroup/free $cgroup/stalled && echo '1000 4000' >$cgroup/stalled/cpu.max
	chown "$INSIDE_ROOT" $cgroup{,/free,/stalled}/cgroup.procs
	export RACE_CGROUP=$cgroup/stalled
}

# race() - POLICY STALL HOW…
race() {
	local count=$rounds how line bad good refused swaps
	[ "$2" = none ] || [ "$rounds" -lt 1000 ] || count=$((rounds / 10))
	(echo $BASHPID >/sys/fs/cgroup/attacks/free/cgroup.procs &&
		within "$1" "$SCENE/racer" "$2" "$count" "${@:3}") >found
	for how in "${@:3}"; do
		rm -rf "in/$how"
		line=$(grep "^$how: " found)
		echo "# $2: $line"
		read -r _ _ bad _ good _ refused _ _ _ swaps <<<"${line//,/}"
		check "race, $how ($2): nothing runs that is not signed" [ "${bad:-1}" -eq 0 ]
		check "race, $how ($2): it was one" [ "${good:-0}" -gt 0 -a "${refused:-0}" -gt 0 -a "${swaps:-0}" -gt 0 ]
	done
}

races() {
	race executed none exchange link write cut replace mapping mount stop memory descriptor
	race executed idle exchange write replace
	race executed quota exchange write replace
	race mapped none map
	race mapped idle protect
}

# preempts() - WHERE: tasks of the kernel's can be interrupted; "full" is everywhere
preempts() {
	[ ! -w /sys/kernel/debug/sched/preempt ] || echo "$1" >/sys/kernel/debug/sched/preempt
}

# libraries() - COMMAND…: do so for each of the drivers'
libraries() {
	ldd attacker racer | grep -o '/[^ ]*' | grep -v ':$' | sort -u | xargs -n 1 realpath | xargs -n 1 "$@"
}

# attacks_run() - all of them
attacks_run() {
	local programs=${NSXATTR%/*}/tests/live
	cp "$programs/enforce-attack-driver" attacker && cp "$programs/enforce-race-driver" racer && sign own attacker racer
	cp attacker driver
	libraries evmctl ima_sign -a sha256 --key own.key >/dev/null 2>&1
	policy mapped own.der "$appraise" 'appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig'
	program good 0 && program bad 115 && sign own in/good
	mkdir in/mnt && own in
	use_attacks
	entry_attacks
	change_attacks
	race_stalls
	preempts full
	races
	preempts voluntary
	libraries setfattr -x security.ima
	# The last supervisor is about to end.
	await rmdir /sys/fs/cgroup/attacks/free
	rmdir /sys/fs/cgroup/attacks/stalled /sys/fs/cgroup/attacks
}
