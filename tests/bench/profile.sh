#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# profile.sh [RUN-OPTION…]: where the supervisor's time goes, from the root of the repository.
#
# First a table: how many system calls of which kind it makes for one request, counted with
# strace(1) on the supervisor alone while a warmed-up target makes CALLS requests. Then, where
# perf(1) works, what the supervisor and the kernel below it spend their time on during a get by path.
# RUN-OPTIONs go to nsxattr run (say --debug=resolver=process). Needs root, and strace.
set -eu

build=$(realpath "${BUILD:-build}")
calls=${CALLS:-500}
perf_calls=${PERF_CALLS:-40000}
map=(--map-users=0:100000:65536 --map-groups=0:100000:65536)

# Operations of tests/bench/loop.c: what it is called in the table, its name there.
operations=(
	'get path' get
	'get fd' fget
	'get kernel' get-kernel
	'list' list
	'set path' set
	'set fd' fset
	'get none' get-absent
)

fail() {
	echo "profile.sh: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || fail 'this needs root'
[ -x "$build/nsxattr" ] || fail "there is no $build/nsxattr: make it first"
command -v strace >/dev/null || fail 'strace is not installed'

scene=$(mktemp -d -p /var/tmp nsxattr-profile.XXXXXX)
trap 'rm -rf "$scene"' EXIT
chmod 755 "$scene"
cp "$build/bench/loop" "$scene/loop"
touch "$scene/file"
chown 100000:100000 "$scene/file"

# supervisors() - the processes of the program that carry our mark, deputies included
supervisors() {
	local process
	for process in /proc/[0-9]*; do
		[ "$(readlink "$process/exe")" = "$build/nsxattr" ] || continue
		grep -qz "^NSXATTR_PROFILE=$scene\$" "$process/environ" 2>/dev/null || continue
		echo "${process#/proc/}"
	done
}

# ask() - OPERATION CALLS: have the target make them
ask() {
	echo "$1 $scene/file $2 1" >&"${LOOP[1]}"
	read -r _ <&"${LOOP[0]}" || fail "$1: the target does not answer"
}

# start_loop() - a target under a new supervisor; the values that are read are there afterwards
start_loop() {
	coproc LOOP { NSXATTR_PROFILE=$scene exec "$build/nsxattr" run "${map[@]}" "$@" -- "$scene/loop"; }
	loop_process=$LOOP_PID
	ask set 1
	ask set-kernel 1
}

stop_loop() {
	local input=${LOOP[1]}
	exec {input}>&-
	wait "$loop_process"
}

# attach() - TRACE: strace on the supervisor; returns when it listens
attach() {
	local arguments=() process line
	for process in $(supervisors); do
		arguments+=(-p "$process")
	done
	[ ${#arguments[@]} -gt 0 ] || fail 'there is no supervisor to be seen'
	exec {notices}< <(exec strace -f -o "$1" "${arguments[@]}" 2>&1)
	tracer=$!
	read -r line <&"$notices" || fail 'strace cannot attach'
	case $line in
	*attached*) ;;
	*) fail "strace: $line" ;;
	esac
}

detach() {
	kill -INT "$tracer"
	cat <&"$notices" >/dev/null
	exec {notices}<&-
}

# count() - KEY: name each call of the trace on standard input, ioctl by its request
#
# What is printed: KEY, kind of call, number a request.
count() {
	awk -v key="$1" -v calls="$calls" '
		BEGIN { # calls that strace may not know yet
			younger["syscall_0x1cf"] = "setxattrat"
			younger["syscall_0x1d0"] = "getxattrat"
			younger["syscall_0x1d1"] = "listxattrat"
			younger["syscall_0x1d2"] = "removexattrat"
		}
		{ sub(/^[0-9]+ +/, "") }
		/^(<\.\.\.|---|\+\+\+)/ { next }
		match($0, /^[a-z_0-9]+\(/) {
			kind = substr($0, 1, RLENGTH - 1)
			if (kind == "ioctl") {
				split($0, words, ", ")
				kind = words[2]
				sub(/\).*/, "", kind)
				sub(/^SECCOMP_IOCTL_/, "", kind)
			}
			if (kind in younger)
				kind = younger[kind]
			counts[kind]++
		}
		END { for (kind in counts) printf "%s\t%s\t%.2f\n", key, kind, counts[kind] / calls }'
}

# tabulate() - rows are kinds, columns the operations; what is rarer than once in 20 requests is noise
tabulate() {
	awk -F '\t' '
		!($1 in seen) { seen[$1] = 1; columns[++width] = $1 }
		$3 >= 0.05 { cells[$2, $1] = $3; sums[$1] += $3; kinds[$2] += $3 }
		END {
			printf "%-26s", "calls a request"
			for (i = 1; i <= width; i++)
				printf "%11s", columns[i]
			print ""
			sort = "sort -k2nr -k1 | cut -f1,3-"
			for (kind in kinds) {
				line = sprintf("%-26s\t%s\t", kind, kinds[kind])
				for (i = 1; i <= width; i++)
					line = line sprintf("%11s", (kind, columns[i]) in cells ? \
						sprintf("%.1f", cells[kind, columns[i]]) : "")
				print line | sort
			}
			close(sort)
			printf "%-26s", "sum"
			for (i = 1; i <= width; i++)
				printf "%11.1f", sums[columns[i]]
			print ""
		}' | tr -d '\t'
}

profile_calls() {
	local i
	for ((i = 0; i < ${#operations[@]}; i += 2)); do
		ask "${operations[i + 1]}" 20
		attach "$scene/trace"
		ask "${operations[i + 1]}" "$calls"
		detach
		count "${operations[i]}" <"$scene/trace"
	done
}

# report() - OPTION…: lines of perf's report, as "percent symbol"
report() {
	perf report --stdio -q -g none --percent-limit 1 -i "$scene/perf" -F "$1" "${@:2}" 2>/dev/null |
		grep -v -e '^$' -e unknown
}

# profile_time() - perf on the supervisor while its target gets by path
profile_time() {
	local processes recorder
	command -v perf >/dev/null || return 0
	processes=$(supervisors | paste -sd,)
	perf record -q -g -F 4999 -o "$scene/perf" -p "$processes" >/dev/null 2>&1 &
	recorder=$!
	ask get "$perf_calls"
	kill -INT "$recorder" 2>/dev/null || true
	wait "$recorder" || true
	[ -s "$scene/perf" ] || return 0
	printf '\nget by path, share of the time of the supervisor: system calls\n'
	report overhead_children,symbol --children | grep -E '__(x64|arm64)_sys_|__do_sys_'
	printf '\nget by path, share of the time of the supervisor: functions themselves\n'
	report overhead,symbol --no-children | head -20
}

start_loop "$@"
profile_calls >"$scene/counts"
tabulate <"$scene/counts"
profile_time
stop_loop
