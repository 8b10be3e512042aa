#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo-integrity.sh: a container's own signatures mean something. 'make demo-integrity' builds nsxattr and runs this, in a
# virtual machine if the kernel has no bpf among its security modules, which mode enforce takes; without it, the
# demonstration ends with mode log. It needs root, and removes what it has made.

# shellcheck source=examples/demo-scene.sh
. "$(dirname "${BASH_SOURCE[0]}")/demo-scene.sh"

# judged() - COMMAND…: as root of the container, under policy.yaml; and what nsxattr says of it
judged() {
	"$nsxattr" run -p policy.yaml --map-users="$map" --map-groups="$map" --measurements=list -- "$@" 2>&1
}

# signed() - FILE: root of the container signs it with its own key
signed() {
	in_container evmctl ima_sign --key own.pem "$1" >/dev/null 2>&1 || fail "evmctl cannot sign inside"
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
cp /bin/sh shell
chown "$first_id:$first_id" program shell own.pem

echo "The policy of the container wants a signature, by its own key, of each program that it executes:"
echo
sed -n '/^integrity/,$s/^/    /p' policy.yaml

signed program
views program "Root of the container has signed the program (evmctl ima_sign). The host has no such signature:"
expect "hello" judged ./program hello
printf '\nSo it runs, and nsxattr has nothing to say about it. What nsxattr explain says of it:\n\n'
explained

printf 2 | dd of=program bs=1 seek=$(($(stat -c %s program) - 2)) conv=notrunc status=none
printf '\nOne byte of it has been changed:\n\n'
judged ./program hello >said
sed 's/^/    /' said
grep -q 'program would not be executed: invalid-signature' said || fail "nsxattr has not noticed"
printf '\nWith mode log it runs all the same. What mode enforce would do:\n\n'
explained

# enforced() - the same with mode enforce
enforced() {
	local does='./program hello; echo >>program; ./program hello'

	sed -i 's/mode: log/mode: enforce/' policy.yaml
	signed program
	signed shell
	judged ./shell -c "$does" >said && fail "the shell does not notice"
	cat <<-END

	The same with mode: enforce. Root of the container has signed the program again, and a shell, in which it does this:

	    $does

	$(sed 's/^/    /' said)

	The kernel answers EACCES, as soon as there is a byte more than was signed. nsxattr has told it which programs may be
	executed inside. The host executes what it likes:

	    $(./program hello)
	END
	grep -qx hello said && grep -q 'program is not executed: invalid-signature' said &&
		grep -q 'program: Permission denied' said || fail "mode enforce does not work"
}

why_not_enforced() {
	cat <<-END

	Mode enforce is not shown: it takes a kernel with bpf among its security modules, and this one has
	$(sed 's/^/    /' /sys/kernel/security/lsm 2>/dev/null)
	"make demo-integrity" shows it in a virtual machine, if there are QEMU and mmdebstrap to make one. Or start the kernel
	with lsm= and these modules, and bpf behind them.
	END
}

if grep -sqw bpf /sys/kernel/security/lsm; then
	enforced
else
	why_not_enforced
fi

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
