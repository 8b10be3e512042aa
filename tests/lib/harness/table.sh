# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Does tests/lib/machine-table write what machines have said, and keep what others have said earlier? Sourced by harness.sh.

# machine_said() - FOLDER RELEASE LINE…: the folder of a machine in which tests/run has said this
machine_said() {
	local folder=$scratch/$1
	mkdir -p "$folder/results/logs"
	printf 'machine: runs %s\r\n' "$2" >"$folder/console"
	echo 'append=' >"$folder/results/parameters"
	printf '%s\n' "${@:3}" >"$folder/results/output"
}

# table_has() - NAME FOLDERS LINE…: the document has these rows of tests, and no others, when it has been told of FOLDERS
table_has() {
	local name=$1 folders=$2 found said
	shift 2
	# shellcheck disable=SC2086 # words
	said=$(cd "$scratch" && folders=$(realpath $folders | paste -sd' ') && cd "$OLDPWD" &&
		tests/lib/machine-table "$scratch/document" $folders 2>&1)
	found=$(sed -n 's/^| \([0-9][^|]*\) | `tests\/\([a-z]*\)` | \([0-9]*\) of [0-9]* | \(.*\) |$/\1 \2 \3 \4/p' "$scratch/document")
	[ "$found" = "$(printf '%s\n' "$@")" ] && [ -z "$said" ] && ok "$name" || not_ok "$name" "$said
found:
$(cat "$scratch/document")"
}

# document_has() - NAME LINE
document_has() {
	check "$1" grep -qxF "$2" "$scratch/document"
}

printf '%s\n' before '<!-- from here: tests/lib/machine-table -->' '<!-- to here -->' after >"$scratch/document"
machine_said whole 6.1.0-56-amd64 "ok    unit/view     2 passed     1.0 s" "FAIL  live/view     3 passed, 1 failed, 2 skipped  1.0 s" \
	"ok    unit/name     5 passed     1.0 s"
printf '# feature: a probe\tyes\n' >"$scratch/whole/results/logs/machine-features.log"
printf '# cost: get by path\t2.00\t3.00\n' >"$scratch/whole/results/logs/machine-probe.log"
machine_said other 6.12.117+deb12-amd64 "ok    live/view     9 passed     1.0 s"
printf '# feature: a probe\tno\n' >"$scratch/other/results/logs/machine-features.log"
machine_said newer 6.1.0-57-amd64 "ok    live/view     4 passed     1.0 s"
machine_said arm 6.1.0-57-arm64 "ok    live/view     7 passed     1.0 s"

table_has "a table of what a machine has said" whole \
	"6.1.0-56-amd64 live 1 3 | 1 | 2" "6.1.0-56-amd64 unit 2 7 | 0 | 0"
table_has "what another has said comes to it" other \
	"6.1.0-56-amd64 live 1 3 | 1 | 2" "6.1.0-56-amd64 unit 2 7 | 0 | 0" "6.12.117+deb12-amd64 live 1 9 | 0 | 0"
document_has "with a column of its own" "| a probe | yes | no |"
document_has "and what was measured stays" "| 6.1.0-56-amd64 | get by path | 2.00 | 3.00 |"
table_has "a newer release takes the place of an older one, group by group" "newer arm" \
	"6.1.0-56-amd64 unit 2 7 | 0 | 0" "6.1.0-57-amd64 live 1 4 | 0 | 0" "6.1.0-57-arm64 live 1 7 | 0 | 0" \
	"6.12.117+deb12-amd64 live 1 9 | 0 | 0"
printf '# feature: a probe\tperhaps\n' >"$scratch/newer/results/logs/machine-features.log"
printf '# cost: get by path\t4.00\t5.00\n' >"$scratch/newer/results/logs/machine-probe.log"
table_has "of several that are told at once, too" "newer arm whole" \
	"6.1.0-56-amd64 unit 2 7 | 0 | 0" "6.1.0-57-amd64 live 1 4 | 0 | 0" "6.1.0-57-arm64 live 1 7 | 0 | 0" \
	"6.12.117+deb12-amd64 live 1 9 | 0 | 0"
document_has "so does its column" "| a probe | perhaps | no |"
document_has "and what it measured" "| 6.1.0-57-amd64 | get by path | 4.00 | 5.00 |"
check "and not the older one" sh -c '! grep -q "56-amd64 | get by path" "$1"' sh "$scratch/document"
check "what else the document says stays" [ "$(sed -n '1p;$p' "$scratch/document" | paste -sd' ')" = "before after" ]
