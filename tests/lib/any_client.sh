# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Clients that no preloaded library can reach, made by any compiler for any ABI. Sourced after scene.sh. They set security.demo:
# of security.ima a kernel with IMA takes what it understands, natively.

# another_client() - NAME FLAG…: build one, compare its log inside with host root's own
another_client() {
	local name=$1 build name_class type directory
	shift
	if ! build=$("${CC:-cc}" "$@" -o bin/client "$REPOSITORY/tests/system/client.c" 2>&1); then
		skip "a client that is $name" "the compiler cannot make one: $build"
		return
	fi
	# No package mends a kernel without IA-32 emulation, which gives ENOEXEC.
	if python3 -c 'import os; os.execv("bin/client", ["client"])' 2>&1 | grep -q 'Exec format error'; then
		ok "a client that is $name is executed by no process of this kernel"
		return
	fi
	directory=clients_${name// /_}
	mkdir "$directory" "$directory/"{host_side,namespace_side}
	for type in host_side namespace_side; do
		mkdir "$directory/$type/directory"
		echo >"$directory/$type/file"
		ln -s file "$directory/$type/link"
	done
	own "$directory/namespace_side"
	for name_class in security.demo trusted.gfid user.note; do
		for type in file directory; do
			another_client_agrees "$name" "$directory" "$type" "$name_class"
		done
	done
	inside bin/client set "$directory/namespace_side/file" security.demo own
	same "its set lies on the host under the namespace's name ($name)" \
		"file security.demo@uid=100000=0x6f776e" "$(tree "$directory/namespace_side")"
}

# another_client_agrees() - NAME DIRECTORY TYPE ATTRIBUTE
another_client_agrees() {
	same "a client that is $1: $4 on a $3" \
		"$(bin/client log "$2/host_side/$3" "$2/host_side/link" "$4" 2>&1)" \
		"$(inside bin/client log "$2/namespace_side/$3" "$2/namespace_side/link" "$4" 2>&1)"
	same "and leaves nothing behind" "" "$(tree "$2/namespace_side")"
}
