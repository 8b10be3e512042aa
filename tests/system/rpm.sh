#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rpm and dnf install a package into a directory, by a plain user with an ordinary login: rpm's plugin for IMA puts
# the signatures that the package has into security.ima of each file. Without nsxattr that fails.
#
# Debian's rpm looks for its plugins in a folder that Debian does not have, so the user says where they are.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/builder.sh
. tests/lib/builder.sh
# shellcheck source=tests/lib/package.sh
. tests/lib/package.sh
needs rpm rpmbuild dnf evmctl openssl getfattr setpriv newuidmap
scene_make
builder_make
mkdir home
chown 1000:1000 home

# user() - COMMAND…: by the user, at home
user() {
	as_builder env --chdir=home HOME="$SCENE/home" "$@"
}

# installed() - WHAT [OPTION…]: are the signatures there, with these options of nsxattr run, and for this user only?
installed() {
	local what=$1
	shift
	same "$what: inside, the program has its signature" "$(od -An -v -tx1 tool.sig | tr -d ' \n')" \
		"$(value security.ima root/usr/bin/tool user ../bin/nsxattr run "${options[@]}" "$@")"
	same "$what: the configuration has none, as rpm wants it" "" \
		"$(names root/etc/config user ../bin/nsxattr run "${options[@]}" "$@")"
	check "$what: evmctl verifies it" user ../bin/nsxattr run "${options[@]}" "$@" \
		evmctl ima_verify --key ../package.der root/usr/bin/tool
	same "$what: on the host it is the user's, under the name of the user store" \
		"user.nsxattr.1000.security.ima" "$(names home/root/usr/bin/tool)"
	user ../bin/nsxattr run "$@" rm -rf root
}

# both() - OPTION…: rpm and dnf, with these options of nsxattr run
both() {
	check "rpm --root, run $*" user ../bin/nsxattr run "${options[@]}" "$@" \
		rpm --root "$SCENE/home/root" -U --force-debian ../signed.rpm
	installed "rpm, run $*" "$@"
	check "dnf --installroot, run $*" user ../bin/nsxattr run "${options[@]}" "$@" dnf --quiet -y \
		--installroot="$SCENE/home/root" --releasever=1 --disablerepo='*' --nogpgcheck install ../signed.rpm
	installed "dnf, run $*" "$@"
}

package_make || {
	not_ok "there is a package with signatures"
	exit
}
check "the package is whole" rpm -K signed.rpm
user sh -c 'echo "%__plugindir $(echo /usr/lib/*/rpm-plugins)" >.rpmmacros'
fails "without nsxattr rpm cannot install it" "could not apply signature" \
	user unshare -r rpm --root "$SCENE/home/root" -U --force-debian ../signed.rpm
user rm -rf root
both -r
both -r --map-auto

# ---- a container that is judged ----

# judged() - COMMAND…: by root of a container whose programs are to be signed with the package's key
judged() {
	"$NSXATTR" run "${options[@]}" -p judged.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" --measurements=list -- "$@"
}

# said_of() - what is said of the program when it is executed
said_of() {
	judged judged/usr/bin/tool 2>&1 | sed -nE '/^tool$/p; s/.*usr.bin.tool would not be executed: //p' | paste -sd' '
}

cat >judged.yaml <<'END'
version: 1
attributes:
  - { name: security.ima, scheme: suffix, inherit: none }
integrity:
  mode: log
  rules:
    - measure  func=BPRM_CHECK
    - appraise func=BPRM_CHECK appraise_type=imasig
  keys: [package.der]
END
mkdir judged
own judged
check "rpm --root in a container that is judged" judged rpm --define "__plugindir $(echo /usr/lib/*/rpm-plugins)" \
	--root "$SCENE/judged" -U --force-debian signed.rpm
same "the program has its signature under the container's name" "security.ima@uid=$INSIDE_ROOT" "$(names judged/usr/bin/tool)"
same "what rpm has installed is valid" tool "$(said_of)"
check "its signature is in the list" grep -qF "$SCENE/judged/usr/bin/tool $(od -An -v -tx1 tool.sig | tr -d ' \n')" \
	list/ascii_runtime_measurements
check "and is verified by evmctl" grep -q "/usr/bin/tool.*verification is OK" <(evmctl ima_measurement -v \
	--pcrs sha256,list/pcrs-sha256 --verify-sig --key package.der list/binary_runtime_measurements 2>&1)
echo "# more" >>judged/usr/bin/tool
same "and is not when it was changed" "invalid-signature, keyid $(od -An -v -tx1 -j3 -N4 tool.sig | tr -d ' \n') tool" "$(said_of)"
