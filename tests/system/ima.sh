#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# IMA and EVM signatures by evmctl: the host signs a file, a container signs it again with a key of
# its own, and each verifies its own.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr getfattr evmctl openssl
scene_make

# make_key() - NAME: NAME.pem to sign with, NAME.der to verify with
make_key() {
	openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj "/CN=$1" \
		-addext basicConstraints=critical,CA:FALSE -addext keyUsage=digitalSignature \
		-addext subjectKeyIdentifier=hash \
		-keyout "keys/$1.pem" -outform DER -out "keys/$1.der" 2>/dev/null
}

make_keys_and_file() {
	mkdir keys signed
	check "openssl makes the host's key" make_key host
	check "openssl makes the container's key" make_key container
	own keys/container.pem
	chmod 644 keys/*.der
	echo "signed by both" >signed/file
	own signed
}

# verifies() - NAME KEY FILE [PREFIX…]; evmctl says so, and not only by its exit status
verifies() {
	local name=$1 key=$2 file=$3 said
	shift 3
	said=$("$@" evmctl ima_verify --key "keys/$key.der" "$file" 2>&1)
	same "$name" "$file: verification is OK" "$(tail -n 1 <<<"$said")"
}

host_signs() {
	check "the host signs" evmctl ima_sign --key keys/host.pem signed/file
	hosts_signature=$(value security.ima signed/file)
	verifies "the host verifies" host signed/file
	verifies "the container verifies the host's" host signed/file inside
	fails "but not with its own key" "unknown keyid" \
		inside evmctl ima_verify --key keys/container.der signed/file
	fails "it cannot sign with the host's key" "" \
		inside evmctl ima_sign --key keys/host.pem signed/file
	same "so the file is as it was" security.ima "$(names signed/file)"
}

container_signs_again() {
	check "the container signs with its own" \
		inside evmctl ima_sign --key keys/container.pem signed/file
	verifies "the container verifies its own" container signed/file inside
	fails "the host's key does not fit there any more" "unknown keyid" \
		inside evmctl ima_verify --key keys/host.der signed/file
	verifies "the host still verifies its own" host signed/file
	fails "the container's key does not fit there" "unknown keyid" \
		evmctl ima_verify --key keys/container.der signed/file
	same "the host's signature is byte for byte the same" "$hosts_signature" \
		"$(value security.ima signed/file)"
	same "the container's lies beside it" "$(value security.ima signed/file inside)" \
		"$(value security.ima@uid=100000 signed/file)"
	same "under these names" "security.ima security.ima@uid=100000" "$(names signed/file)"
}

another_container_inherits() {
	verifies "a container with another root sees the host's" host signed/file \
		inside_map 0:200000:65536
}

container_clears_its_own() {
	check "evmctl ima_clear" inside evmctl ima_clear signed/file
	verifies "falls back to the host's" host signed/file inside
	same "which alone is on the inode" security.ima "$(names signed/file)"
	verifies "and still verifies on the host" host signed/file
}

container_hashes_a_tree() {
	mkdir signed/tree signed/tree/deeper
	echo one >signed/tree/one
	echo two >signed/tree/deeper/two
	own signed/tree
	check "evmctl ima_hash -r in the container" inside evmctl ima_hash -r signed/tree
	same "a hash is 04 04 and the SHA-256" "0404$(sha256sum signed/tree/one | cut -c1-64)" \
		"$(value security.ima signed/tree/one inside)"
	same "on the host under the container's name" "deeper/two one" \
		"$(variants signed/tree | awk '/security.ima=/ { print $1 }' | paste -sd' ')"
	same "and no plain one" "" "$(plain signed/tree)"
}

# ---- security.evm: a signature over the attributes and the inode as the caller sees them ----

# Given, because evmctl would read it from the disk.
uuid=-u4b3a3d8e-5a5e-4e1b-9c1a-0a6d2f6f7b10

# evm_verifies() - NAME KEY FILE [PREFIX…]
evm_verifies() {
	local name=$1 key=$2 file=$3 said
	shift 3
	said=$("$@" evmctl verify $uuid --key "keys/$key.der" "$file" 2>&1)
	same "$name" "$file: verification is OK" "$(tail -n 1 <<<"$said")"
}

evm_is_each_ones_own() {
	echo "protected" >signed/protected
	own signed/protected
	check "the host signs metadata" \
		evmctl sign $uuid --imasig --key keys/host.pem signed/protected
	evm_verifies "the host verifies metadata" host signed/protected
	fails "the container is another owner, in its numbers: the host's does not fit" \
		"bad signature" inside evmctl verify $uuid --key keys/host.der signed/protected

	check "the container signs metadata" \
		inside evmctl sign $uuid --imasig --key keys/container.pem signed/protected
	evm_verifies "the container verifies metadata" container signed/protected inside
	evm_verifies "the host still verifies its own metadata" host signed/protected
	same "all four lie on the inode" \
		"security.evm security.evm@uid=100000 security.ima security.ima@uid=100000" \
		"$(names signed/protected)"

	inside setfattr -n security.ima -v 0x0404ff signed/protected
	fails "a change of the container's security.ima breaks the container's" "bad signature" \
		inside evmctl verify $uuid --key keys/container.der signed/protected
	evm_verifies "but not the host's" host signed/protected
	inside setfattr -x security.evm signed/protected
	inside setfattr -x security.ima signed/protected
	same "without them the host's are left" "security.evm security.ima" \
		"$(names signed/protected)"

	check "the container signs portably" \
		inside evmctl sign --portable --imahash --key keys/container.pem signed/protected
	check "and verifies that" \
		inside evmctl verify --key keys/container.der signed/protected
	same "it is of the portable kind" 05 \
		"$(value security.evm@uid=100000 signed/protected | cut -c1-2)"
	evm_verifies "the host's own is as it was" host signed/protected
}

make_keys_and_file
host_signs
container_signs_again
another_container_inherits
container_clears_its_own
container_hashes_a_tree
evm_is_each_ones_own
