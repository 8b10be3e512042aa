#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Keys that nsxattrd's settings revoke do not count for 'nsxattr run' and 'nsxattr explain', either, and 'nsxattr check' says
# what is wrong with them. What nsxattrd itself does is in oci-judge.sh.

set -u
if [ -z "${REVOKED_ALONE-}" ]; then
	REVOKED_ALONE=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
unset REVOKED_ALONE
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh
needs evmctl openssl
scene_make
# /etc is a copy of the host's, of this test alone.
cp -a /etc etc
rm -rf etc/nsxattr
mkdir etc/nsxattr
chmod 755 etc/nsxattr
mount --bind etc /etc || exit 1

# revoke() - ENTRY…: the settings of this machine say so
revoke() {
	printf 'version: 1\nrevoked-keys: [%s]\n' "$(printf '"%s", ' "$@")" >/etc/nsxattr/nsxattrd.yaml
}

# explained() - why the program would be refused
explained() {
	"$NSXATTR" explain -p policies/signed.yaml --json exec program | grep -o '"because":.*' | head -n 1
}

run() {
	"$NSXATTR" run "${options[@]}" -p policies/signed.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" -- "$PWD/program"
}

judged_key own
judged_policy signed own "appraise func=BPRM_CHECK appraise_type=imasig"
cp /bin/true program
check "a program is signed" evmctl ima_sign --key own.pem program
same "without settings its key counts" '"because": "it is valid",' "$(explained)"
same "a command that has it runs without a word" "" "$(run 2>&1)"
revoke "$(judged_keyid own)"
check "settings with a revoked keyid are sound" "$NSXATTR" check /etc/nsxattr/nsxattrd.yaml
same "the key does not count any more" '"because": "its signature is by a key that is revoked",' "$(explained)"
check "neither for a command" grep -q "program would not be executed: invalid-signature" <(run 2>&1)
revoke "$PWD/own.der"
same "so it is by its file" '"because": "its signature is by a key that is revoked",' "$(explained)"
revoke 01234567
same "another keyid means another key" '"because": "it is valid",' "$(explained)"

revoke "$PWD/program"
same "check reads the files" "/etc/nsxattr/nsxattrd.yaml:2:1: revoked-keys: $PWD/program: it has no certificate and no public key that can be read" \
	"$("$NSXATTR" check /etc/nsxattr/nsxattrd.yaml)"
same "with such settings no command starts" "125 nsxattr: cannot read the revoked-keys of /etc/nsxattr/nsxattrd.yaml: $PWD/program: it has no certificate and no public key that can be read" \
	"$(run >said 2>&1; echo "$? $(cat said)")"
revoke own.der
check "a relative path is a mistake" grep -q "^/etc/nsxattr/nsxattrd.yaml:2:16: an entry of revoked-keys cannot be 'own.der'" \
	<("$NSXATTR" check /etc/nsxattr/nsxattrd.yaml)
