# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Does check-layers see each arrow up, and each ring? Sourced by harness.sh. The files here include, and do nothing else.

layers_checker=$PWD/tests/lib/check-layers

# layers() - NAME SUMMARY TEXT FILE:INCLUDED…: what it must say of these files
layers() {
	local name=$1 summary=$2 text=$3 tree=${scratch:?}/layers said files=() file
	shift 3
	rm -rf "$tree"
	for file; do
		mkdir -p "$tree/$(dirname "${file%%:*}")"
		printf '#include "%s"\n' ${file#*:} | sed 's/.*""$/\/* nothing *\//' >"$tree/${file%%:*}"
		files+=("${file%%:*}")
	done
	said=$(cd "$tree" && "$layers_checker" "${files[@]}")
	[[ ${said##*$'\n'} == "# $summary, 0 skipped" && $said == *"$text"* ]] && ok "$name" || not_ok "$name" "$said"
}

layers "arrows that point down" "4 passed, 0 failed" "" \
	supervisor/keep/a.c:"keep/a.h base/b.h" supervisor/keep/a.h:c.h include/c.h: supervisor/base/b.h:c.h
layers "an arrow up" "1 passed, 1 failed" "supervisor/base is below supervisor/keep" \
	supervisor/base/a.c:keep/b.h supervisor/keep/b.h:
layers "an arrow from include/ up" "1 passed, 1 failed" "include is below policy/yaml" \
	include/a.h:yaml/b.h policy/yaml/b.h:
layers "two headers that include one another" "1 passed, 1 failed" "a ring: supervisor/keep/a.h:1 includes" \
	supervisor/keep/a.h:keep/b.h supervisor/keep/b.h:keep/a.h
layers "a ring by way of sources" "5 passed, 1 failed" "supervisor/base/c.c:1 includes supervisor/base/a" \
	supervisor/base/a.h: supervisor/base/a.c:base/b.h supervisor/base/b.h:base/c.h supervisor/base/c.h: \
	supervisor/base/c.c:base/a.h supervisor/base/d.c:"base/a.h base/c.h"
layers "two rings are two failures" "2 passed, 2 failed" "supervisor/base/c.h:1" \
	supervisor/base/a.h:base/b.h supervisor/base/b.h:base/a.h supervisor/base/c.h:base/d.h supervisor/base/d.h:base/c.h
