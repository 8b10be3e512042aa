# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For scripts that serve a container beside build/bench/slowfs, a file system that is slow or does not answer. To be
# sourced after scene.sh and before scene_make(), from the root of the repository.

SLOWFS=$(realpath "${BUILD:-build}/bench/slowfs")
needs "$SLOWFS"

# slowfs_start() - MICROSECONDS: what is in backing shows in slow, after so long
slowfs_start() {
	coproc slowfs { exec "$SLOWFS" backing slow "$1"; }
	read -r -t 120 _ <&"${slowfs[0]}"
}

# slowfs_ask() - WORD: what the file system answers
slowfs_ask() {
	local answer
	echo "$1" >&"${slowfs[1]}"
	read -r -t 120 answer <&"${slowfs[0]}" && echo "$answer"
}

# hangs() - NUMBER: do so many requests hang?
hangs() {
	[ "$(slowfs_ask hung)" = "$1" ]
}

# slowfs_end() - it is unmounted, and ends
slowfs_end() {
	local input=${slowfs[1]}
	exec {input}>&-
}
