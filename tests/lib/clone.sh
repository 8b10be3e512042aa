# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What a copy of the clone has to have in it. Sourced in the root of the clone; BUILD is set.

# clone_sources() - what there is in the clone, but for $BUILD
clone_sources() {
	find . -mindepth 1 -maxdepth 1 ! -name .git ! -name "${BUILD%%/*}"
}

# clone_built() - what there is in $BUILD, but for other builds, logs, and root file systems
clone_built() {
	local entry
	for entry in "$BUILD"/*; do
		[ -e "$entry/flags" ] || [[ $entry == */@(\*|cache|test-logs) ]] || echo "$entry"
	done
}

# clone_files() - FOLDER TO [OPTION-OF-TAR…] <NAMES: copy, readable by all, with the files' times, so that make
# finds nothing to do
clone_files() {
	local from=$1 to=$2
	shift 2
	mkdir -p "$to" && tar -C "$from" --mode=go+rX "$@" -c -T - | tar -C "$to" --no-same-owner -x
}

# clone_copy() - TO BUILD [OPTION-OF-TAR…]: a copy in TO, where what is built lies in BUILD
clone_copy() {
	local to=$1 build=$2
	shift 2
	clone_sources | clone_files . "$to" "$@" && clone_built | sed 's|.*/||' | clone_files "$BUILD" "$to/$build" "$@"
}
