#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Does tests/run catch what it is there to catch? Each program beside this file, and each script made
# here, is a test that goes wrong in its own way.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh

PROGRAMS=$BUILD/tests/harness
scratch=$(mktemp -d) || exit 1
# shellcheck disable=SC2064 # now
trap "rm -rf '$scratch'; case_end \$?" EXIT

# gives() - NAME SUMMARY STATUS TEXT TEST [SETTING…]: what tests/run must say of a test
#
# SUMMARY is its last line, STATUS its exit status, TEXT must be somewhere in its output.
gives() {
	local name=$1 summary=$2 expected=$3 text=$4 specimen=$5 said status=0
	shift 5
	said=$(env MUST_RUN= TEST_TIMEOUT=120 TEST_GRACE=60 TEST_LOGS="$scratch/logs" "$@" \
		"${runner:-tests/run}" "$specimen" 2>&1) || status=$?
	if [ "${said##*$'\n'}" = "$summary" ] && [ "$status" -eq "$expected" ] &&
		[[ $said == *"$text"* ]]; then
		ok "$name"
	else
		not_ok "$name" "expected: $summary, exit status $expected, and: $text
found:    exit status $status, and:
$said"
	fi
}

# ends_with() - NAME TEST LINE…: what tests/run says after "failed; all that they said is in these files:"
ends_with() {
	local name=$1 specimen=$2 said
	shift 2
	said=$(TEST_LOGS=$scratch/logs tests/run "$specimen" 2>&1 | sed '1,/^failed; all that they said/d; s/\(body.c:\|descriptor \|(\)[0-9.]\+/\1N/')
	[ "$said" = "$(printf '%s\n' "$@")" ] && ok "$name" || not_ok "$name" "found:
$said"
}

# script() - NAME <TEXT: make a shell test
script() {
	{
		echo '. tests/lib/case.sh'
		cat
	} >"$scratch/$1.sh"
}

# ---- Criterion programs ----

gives "a test that passes" "1 passed, 0 failed" 0 "ok    passes" "$PROGRAMS/passes"
gives "two tests that fail" "1 passed, 2 failed" 1 "fails_and_goes_on" "$PROGRAMS/fails"
gives "tests whose process ends" "1 passed, 3 failed" 1 "aborts: CRASH" "$PROGRAMS/crashes"
gives "a test that hangs" "0 passed, 1 failed" 1 "has not ended within 1 s" "$PROGRAMS/hangs" \
	TEST_TIMEOUT=1
gives "a program that ends too early" "0 passed, 1 failed" 1 "no result" "$PROGRAMS/dies"
gives "a program without tests" "0 passed, 1 failed" 1 "tested nothing" "$PROGRAMS/tests-nothing"
gives "a test that is skipped" "1 passed, 0 failed, 1 skipped" 0 "there is a reason" "$PROGRAMS/skips"
gives "a test that must not be skipped" "1 passed, 1 failed" 1 "MUST_RUN" "$PROGRAMS/skips" MUST_RUN=1
gives "a descriptor that is left open" "0 passed, 1 failed" 1 "open: /dev/null" \
	"$PROGRAMS/leaks-descriptor"
gives "memory that is lost" "1 passed, 1 failed" 1 "detected memory leaks" "$PROGRAMS/leaks-memory"
gives "a process that is left behind" "1 passed, 1 failed" 1 "left behind" "$PROGRAMS/leaves-process" \
	TEST_GRACE=1
gives "a program that was not built" "0 passed, 1 failed" 1 "" "$PROGRAMS/no-such-program"

ends_with "the end of the output has what Criterion says" "$PROGRAMS/leaks-descriptor" \
	"  leaks-descriptor: $scratch/logs/leaks-descriptor.log" "      | [----] tests/lib/body.c:N: Assertion Failed" \
	"      | [----]   the test leaves descriptor N open: /dev/null" \
	"      | [FAIL] specimen::leaks_a_descriptor: (Ns)" "0 passed, 1 failed"
ends_with "and what tests/run adds" "$PROGRAMS/dies" "  dies: $scratch/logs/dies.log" \
	"      | not ok - it has reported no result (exit status 0)" "0 passed, 1 failed"

# ---- shell tests ----

script passes <<'END'
ok "one"
(ok "two, in a subshell")
check "three" true
END
gives "a script that passes" "3 passed, 0 failed" 0 "" "$scratch/passes.sh"

script fails <<'END'
ok "one"
not_ok "two" "this is the detail"
check "three" sh -c "echo this was said; exit 3"
END
gives "a script that fails" "1 passed, 2 failed" 1 "# this is the detail" "$scratch/fails.sh"
gives "a command that fails is shown" "1 passed, 2 failed" 1 "# this was said" "$scratch/fails.sh"

ends_with "the end of the output has what failed, and why" "$scratch/fails.sh" \
	"  fails.sh: $scratch/logs/fails.sh.log" \
	"      | not ok 2 - two" "      | # this is the detail" "      | not ok 3 - three" \
	"      | # command: sh -c echo\\ this\\ was\\ said\\;\\ exit\\ 3" "      | # exit status: 3" "      | # this was said" \
	"1 passed, 2 failed"

script explains_at_length <<'END'
not_ok "one" "$(seq 100)"
for ((i = 0; i < 100; i++)); do not_ok "more"; done
END
ends_with "and does not run over" "$scratch/explains_at_length.sh" \
	"  explains_at_length.sh: $scratch/logs/explains_at_length.sh.log" \
	"      | not ok 1 - one" "      | # "{1..8} "      | not ok "{2..52}" - more" \
	"      | (and 49 lines more)" "0 passed, 101 failed"

script ends_early <<'END'
ok "one"
set -e
false
ok "two"
END
gives "a script that ends early" "1 passed, 1 failed" 1 "exit status: 1" "$scratch/ends_early.sh"

script is_killed <<'END'
ok "one"
kill -KILL $$
END
gives "a script that is killed" "1 passed, 1 failed" 1 "no result" "$scratch/is_killed.sh"

script tests_nothing </dev/null
gives "a script that tests nothing" "0 passed, 1 failed" 1 "0 passed, 0 failed" \
	"$scratch/tests_nothing.sh"

script skips <<'END'
ok "one"
skip "two" "there is a reason"
END
gives "a script that skips" "1 passed, 0 failed, 1 skipped" 0 "there is a reason" "$scratch/skips.sh"
gives "a script that must not skip" "1 passed, 1 failed" 1 "there is a reason" "$scratch/skips.sh" \
	MUST_RUN=1

# Its time is up when it has said "one", however long that took: the signal is that of the clock of timeout(1). The
# child sends it, for one that bash is just starting can lose what timeout(1) then sends.
script hangs <<'END'
ok "one"
sh -c 'kill -ALRM $1; exec sleep 1000' - $PPID
END
gives "a script that hangs" "1 passed, 1 failed" 1 "has not ended within 1000 s" "$scratch/hangs.sh" \
	TEST_TIMEOUT=1000

script reports <<'END'
check "one" sh -c 'echo "==1==ERROR: AddressSanitizer: heap-use-after-free" >&2'
echo "==1==ERROR: AddressSanitizer: heap-use-after-free" >&2
END
gives "a sanitizer's report on standard error" "1 passed, 1 failed" 1 "sanitizer has reported" \
	"$scratch/reports.sh"

script is_refused_a_call <<'END'
ok "one"
echo "nsxattr: system call 59 is not one that this process may make: please report this" >&2
END
gives "a system call that is on no list" "1 passed, 1 failed" 1 "(system call 59 is not one" \
	"$scratch/is_refused_a_call.sh"

# ---- a clone that other users cannot reach ----

# unreachable() - CLONE: below our scratch, which is ours alone, and made with a umask that keeps others out, too
unreachable() (
	umask 077
	mkdir -p "$1/tests/lib" "$1/build" && cp tests/run "$1/tests/" && cp tests/lib/*.sh "$1/tests/lib/" &&
		printf '#!/bin/sh\necho built\n' >"$1/build/program" && chmod 700 "$1/build/program"
	cat >"$1/tests/reach.sh" <<-'END'
		. tests/lib/case.sh
		other=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
		check "another user reads it" "${other[@]}" cat "$PWD/tests/lib/case.sh"
		check "and executes what is built" "${other[@]}" "$PWD/$BUILD/program"
		check "root writes into the cache" sh -c 'echo kept >"$BUILD/cache/kept"'
	END
)

# Who is not root has no other user to be.
if [ "$(id -u)" = 0 ]; then
	for clone in "$scratch/clone" "$scratch/clone with blänks"; do
		unreachable "$clone"
		runner=$clone/tests/run gives "tests in ${clone##*/}" "3 passed, 0 failed" 0 "" tests/reach.sh BUILD=build
		check "the cache of ${clone##*/} is the clone's" grep -q kept "$clone/build/cache/kept"
	done
	check "no copy is left" [ -z "$(find /var/tmp -maxdepth 1 -name 'nsxattr-tests.*' -newer "$scratch/clone" \
		-exec test -e {}/clone/tests/reach.sh \; -print)" ]
fi

# shellcheck source=tests/lib/harness/layers.sh
. tests/lib/harness/layers.sh
# shellcheck source=tests/lib/harness/machines.sh
. tests/lib/harness/machines.sh
# shellcheck source=tests/lib/harness/table.sh
. tests/lib/harness/table.sh

gives "no such test" "0 passed, 1 failed" 1 "there is no test" "unit/no_such_test"
