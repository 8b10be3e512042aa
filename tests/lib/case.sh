# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What a shell test sources first. It then calls, as often as it likes, also from subshells:
#
#	ok NAME
#	not_ok NAME [DETAIL]		DETAIL may have several lines
#	skip NAME REASON		with MUST_RUN=1 this is a failure
#	check NAME COMMAND…		ok if COMMAND succeeds; what it said is shown if it does not
#
# Each call prints a line as the Test Anything Protocol has it. At the end of the script comes
#
#	# N passed, N failed, N skipped
#
# which is what tests/run reads. The exit status is 1 if anything failed, if nothing was tested, or
# if the script ended early with an error.

# A file rather than variables, so that subshells count.
case_results=$(mktemp) || exit 1
case_script=${0##*/}

# case_report() - LINE [DETAIL]
case_report() {
	echo "$1" >>"$case_results"
	echo "$1"
	[ -z "${2-}" ] || sed 's/^/# /' <<<"$2"
}

case_next() {
	echo $(($(wc -l <"$case_results") + 1))
}

ok() {
	case_report "ok $(case_next) - $1"
}

not_ok() {
	case_report "not ok $(case_next) - $1" "${2-}"
}

skip() {
	if [ "${MUST_RUN-}" = 1 ]; then
		not_ok "$1" "must not be skipped, but: $2"
	else
		case_report "ok $(case_next) - $1 # SKIP ${2%%$'\n'*}"
	fi
}

check() {
	local name=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	if [ "$status" -eq 0 ]; then
		ok "$name"
	else
		not_ok "$name" "$(printf 'command:%s\n' "$(printf ' %q' "$@")")
exit status: $status
$said"
	fi
}

# case_count() - EXPRESSION: how many lines match
case_count() {
	grep -cE "$1" "$case_results"
}

# case_end() - STATUS: sum up, and turn what happened into an exit status
case_end() {
	local status=$1 failed skipped passed
	set +e
	[ "$status" -eq 0 ] || not_ok "$case_script ends without an error" "exit status: $status"
	failed=$(case_count '^not ok ')
	skipped=$(case_count '^ok .* # SKIP ')
	passed=$(($(case_count '^ok ') - skipped))
	rm -f "$case_results"
	echo "# $passed passed, $failed failed, $skipped skipped"
	[ $((passed + skipped)) -gt 0 ] && [ "$failed" -eq 0 ]
	exit $?
}

trap 'case_end $?' EXIT
