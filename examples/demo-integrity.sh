#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo-integrity.sh: a container's own signatures mean something. 'make demo-integrity' builds nsxattr and runs this; it
# needs root, and removes what it has made.

# shellcheck source=examples/demo-scene.sh
. "$(dirname "${BASH_SOURCE[0]}")/demo-scene.sh"

# judged() - the program, as root of the container, and what nsxattr says of it
judged() {
	"$nsxattr" run -p policy.yaml --map-users="$map" --map-groups="$map" --measurements=list -- ./program hello 2>&1
}

# explained() - what nsxattr explain says of its execution
explained() {
	"$nsxattr" explain -p policy.yaml --map-users="$map" exec program | sed -n '/^map/q; /^execute/,$s/^/    /p'
}

# listed() - the list, with what is long cut
listed() {
	awk '{ printf "    %s %.8s... %s %.19s... %s", $1, $2, $3, $4, $5; if ($6) printf " %.16s...", $6; print "" }' \
		list/ascii_runtime_measurements
}

cat >policy.yaml <<'END'
version: 1
attributes:
  - { name: security.ima, scheme: suffix, inherit: chain }
integrity:
  mode: log
  rules:
    - measure  func=BPRM_CHECK
    - appraise func=BPRM_CHECK appraise_type=imasig
  keys: [own.der]
END
# The key in own.pem is the container's. What counts is own.der, which only root of the host can change.
openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj /CN=demo -addext subjectKeyIdentifier=hash \
	-keyout own.pem -outform DER -out own.der 2>/dev/null
{
	cat /bin/echo
	echo "version 1"
} >program
chmod 755 program
chown "$first_id:$first_id" program own.pem

echo "The policy of the container wants a signature, by its own key, of each program that it executes:"
echo
sed -n '/^integrity/,$s/^/    /p' policy.yaml

in_container evmctl ima_sign --key own.pem program >/dev/null 2>&1 || fail "evmctl cannot sign inside"
views program "Root of the container has signed the program (evmctl ima_sign). The host has no such signature:"
expect "hello" judged
printf '\nSo it runs, and nsxattr has nothing to say about it. What nsxattr explain says of it:\n\n'
explained

printf 2 | dd of=program bs=1 seek=$(($(stat -c %s program) - 2)) conv=notrunc status=none
printf '\nOne byte of it has been changed:\n\n'
judged >said
sed 's/^/    /' said
grep -q 'program would not be executed: invalid-signature' said || fail "nsxattr has not noticed"
printf '\nWith mode log it runs all the same. What mode enforce would do:\n\n'
explained

evmctl ima_measurement -v --pcrs sha256,list/pcrs-sha256 --verify-sig --key own.der list/binary_runtime_measurements \
	>verified 2>&1 || fail "evmctl does not accept the measurement list: $(cat verified)"
grep -q '^Matched per TPM bank' verified || fail "evmctl finds other registers: $(cat verified)"
cat <<END

The measurement list of this container begins with its policy and key, and has what was executed, with the signature
that it had. evmctl accepts the list and its registers:

$(listed)

What to try next:

    build/nsxattr explain --rules -p examples/policies/ima-appraise.yaml
        rules for the loader and libraries, too
    man -l docs/nsxattr-policy.5
    docs/integrity.md says what is promised against whom, and what is not
END
