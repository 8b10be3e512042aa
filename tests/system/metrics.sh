#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nsxattr metrics and nsxattr top: what containers of nsxattrd do, counted. runtime-driver stands in for runtimes.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr python3 script
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

start() {
	scene_reports
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>log &
	daemon=$!
	await "$NSXATTR" status --control="$control"
}

metrics() {
	"$NSXATTR" metrics --control="$control" "$@"
}

# value() - FILE METRIC [LABEL]: of the sample that has this label
value() {
	grep "^nsxattr_$2[ {]" "$1" | grep -F -- "${3-}" | sed 's/.* //'
}

checked() {
	"$REPOSITORY/tests/lib/check-exposition" <"$1"
}

# The checker itself finds what is wrong.
checker() {
	local wrong
	printf '# HELP a_total A.\n# TYPE a_total counter\na_total{x="\\\\ \\" y"} 1\n' >right
	same "an exposition that is right passes" "" "$(checked right)"
	for wrong in 's/counter/gauge/' 's/^# TYPE.*//' 's/} 1/} one/' 's/ y"/ y/' 's/a_total{/b_total{/' \
		's/ 1$/ -1/' '3{p}' 's/x=/0x=/'; do
		sed "$wrong" right >wrong
		[ "$wrong" != '3{p}' ] || sed -n '1,3p;3p' right >wrong
		not_ok_if_right "$wrong"
	done
}

not_ok_if_right() {
	if checked wrong >/dev/null; then not_ok "one that is wrong does not pass ($1)"; else
		ok "one that is wrong does not pass ($1)"
	fi
}

exposition() {
	metrics >text
	same "without a container it is right" "" "$(checked text)"
	mkfifo hold
	loads_container plain "" sh -c 'touch f; setfattr -n security.a -v 1 f; getfattr -n security.a f
		setfattr -n security.a@no -v 1 f; getfattr -n user.x f; echo >&3; read -r _' \
		3>ready <hold >/dev/null 2>&1 &
	exec {hold}>hold
	await test -s ready
	metrics >text
	same "with one it is right, too" "" "$(checked text)"
	same "calls are counted by result" "3 1 1" "$(value text requests_total 'result="done"') \
$(value text requests_total 'result="error"') $(value text requests_total 'result="kernel"')"
	same "and by the time that they took" 5 "$(value text request_duration_seconds_count)"
	same "which has a sum" 1 "$(value text request_duration_seconds_sum | awk '{ print ($1 > 0 && $1 < 5) }')"
	same "the daemon is up, and no worker has died" "1 0 0" \
		"$(value text up) $(value text worker_deaths_total) $(value text upgrades_total)"
	same "others are told of their own containers" "1 0" "$("${as_user[@]}" "$NSXATTR" metrics \
		--control="$control" >own; value own containers) $(setpriv --reuid=1001 --regid=1001 \
		--clear-groups -- "$NSXATTR" metrics --control="$control" >own; value own containers)"
}

# Whoever reads the file while it is replaced finds a whole one.
textfile() {
	local i cut=0
	metrics --textfile=node.prom
	(for i in $(seq 50); do metrics --textfile=node.prom; done) &
	local writer=$!
	while kill -0 "$writer" 2>/dev/null; do
		cp node.prom copy && checked copy >/dev/null || cut=$((cut + 1))
	done
	wait "$writer"
	same "a text file is replaced at once, with mode" "0 644" "$cut $(stat -c %a node.prom)"
	same "and nothing is left beside it" "node.prom" "$(echo node.prom*)"
	fails "where it cannot be written, metrics says so" "cannot write nonesuch/x: No such file" \
		metrics --textfile=nonesuch/x
	fails "nothing is written over a folder" "cannot write load" metrics --textfile=load
	same "and nothing is left beside that" "" "$(ls -d load.* 2>/dev/null)"
	fails "nor is a folder a file" "cannot write load/: " metrics --textfile=load/
	same "and nothing is left in it" "" "$(find load -name '.?*')"
	mkdir folder
	metrics --textfile="$PWD/folder/node.prom"
	same "in another folder, there is only the file" "node.prom" "$(ls -A folder)"
}

deaths() {
	kill -KILL "$(pgrep -P "$daemon" --exact nsxattrd)"
	check "a worker that dies is counted" await eval \
		'metrics >text; [ "$(value text worker_deaths_total)" = 1 ]'
	same "and what follows is right" "" "$(checked text)"
}

# ---- top ----

top() {
	"$NSXATTR" top --control="$control" "$@"
}

# ---- HTTP ----

# scrape() - REQUEST [OPTION…]: the answer, without carriage returns
scrape() {
	# shellcheck disable=SC2059 # it has escapes
	printf "$1" | metrics --http "${@:2}" 2>said | tr -d '\r'
}

http() {
	scrape 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' >answer
	same "a scrape is answered" "HTTP/1.0 200 OK" "$(head -n 1 answer)"
	sed '1,/^$/d' answer >text
	same "with a text that is right" "" "$(checked text)"
	same "and has the length that it says" "$(sed -n 's/^Content-Length: //p' answer)" "$(wc -c <text)"
	same "the daemon is up" 1 "$(value text up)"
	same "so is it behind other parameters" "HTTP/1.0 200 OK" "$(scrape 'GET /metrics?a=b HTTP/1.0\n\n' | head -n 1)"
	same "other paths are not there" "HTTP/1.0 404 Not Found" "$(scrape 'GET /x HTTP/1.0\r\n\r\n' | head -n 1)"
	same "there is nothing to post" "HTTP/1.0 405 Method Not Allowed" "$(scrape 'POST / HTTP/1.0\r\n\r\n' | head -n 1)"
	same "what is no request is refused" "HTTP/1.0 400 Bad Request" "$(scrape 'x\r\n\r\n' | head -n 1)"
	same "so is one without an end" "HTTP/1.0 400 Bad Request" \
		"$(head -c 100000 /dev/zero | tr '\0' a | metrics --http 2>said | head -n 1 | tr -d '\r')"
	same "a peer that goes gets nothing" "" "$(scrape 'GET / HT')"
	same "which is a failure" 1 "$(grep -c 'there is no request' said)"
	same "without a daemon it says so" 0 \
		"$(printf 'GET /metrics HTTP/1.0\r\n\r\n' | "$NSXATTR" metrics --http --control=none 2>/dev/null >answer
			value answer up)"
	fails "a file and an answer are too much" "one of --http and --textfile" metrics --http --textfile=x
}

busy() {
	loads_start
	top -i 1 -n 2 >lines
	loads_end
	same "top has titles, and a line a container each time" "1 6" \
		"$(grep -c ^TIME lines) $(grep -cv ^TIME lines)"
	# Three containers a time.
	same "the busier ones come first, each time" "" \
		"$(sed 1d lines | awk 'NR % 3 != 1 && $3 > before { print } { before = $3 }')"
	same "with calls, and percentiles in their order" "1" \
		"$(awk '$2 == "history" { good = $3 > 100 && $6 > 0 && $7 >= $6 } END { print good }' lines)"
	same "no line has a byte that steers a terminal" "" "$(LC_ALL=C grep -n '[^ -~]' lines)"
}

# script(1) gives it a terminal.
terminal() {
	script -qec "stty rows 10 cols 120; $(printf '%q ' "$NSXATTR" top --control="$control" -i 1 -n 1)" \
		screen </dev/null >/dev/null 2>&1
	check "on a terminal it begins at the top of the screen" grep -q "$(printf '\033\\[H\033\\[J')nsxattrd " \
		screen
	check "and has a line for all containers" grep -q "1 container, .* calls/s" screen
}

no_daemon() {
	kill -TERM "$daemon"
	wait "$daemon"
	metrics --textfile=node.prom 2>said
	same "without a daemon the exit status is 2, and the file says that it is not up" "2 0" \
		"$? $(value node.prom up)"
	same "which is right" "" "$(checked node.prom)"
	fails "top says so, too" "nsxattrd does not run" top
}

daemon=
loads_configure
checker
start
exposition
textfile
http
deaths
busy
terminal
exec {hold}>&-
no_daemon
