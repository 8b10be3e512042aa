# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The kernel's own measurement list: we read it, make each entry of it again byte for byte, print the same text, and have
# the registers that evmctl computes. In both templates, with signatures, violations, and paths of all sorts.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor ima_policy=tcb
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor ima_policy=tcb ima_template=ima-ng

. tests/lib/case.sh
. tests/lib/scene.sh
needs evmctl openssl python3 setfattr getfattr
ima=/sys/kernel/security/ima
DRIVER=$(realpath "${BUILD:-build}/tests/live/measurements-driver")
scene_make
# The scene may be a tmpfs, which is not measured.
disk=$(mktemp -d /var/tmp/measurements.XXXXXX)
same "the scene is on a disk" "$(stat -f -c %T /)" "$(stat -f -c %T "$disk")"

# ---- what is measured ----

openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj "/CN=signer" -addext subjectKeyIdentifier=hash \
	-keyout key.pem -outform DER -out key.der 2>/dev/null
# run() - NAME [SIGNATURE]: execute a file of this name, which is like no other, and is read for the first time
run() {
	printf '#!/bin/sh\n# %s\n' "$1" >"$disk/$1"
	chmod 755 "$disk/$1"
	[ -z "${2-}" ] || setfattr -n security.ima -v "$2" "$disk/$1"
	"$disk/$1" 2>/dev/null
}
printf '#!/bin/sh\n# %s\n' signed >"$disk/to-sign"
evmctl ima_sign --key key.pem "$disk/to-sign" >/dev/null 2>&1
signature=$(getfattr --absolute-names -n security.ima -e hex "$disk/to-sign" | sed -n 's/.*=//p')
check "evmctl signs a file" [ "${signature:0:6}" = 0x0302 ]
run plain
run signed "$signature"
run 'with spaces and \ and "'
run $'two\nlines\x1b[1m and more\x7f'
run "$(printf %0200d 1)"

# A file that is read while another process may write.
echo x >"$disk/written"
exec 9>>"$disk/written"
cat "$disk/written" >/dev/null
exec 9>&-

cat $ima/binary_runtime_measurements >list
cat $ima/ascii_runtime_measurements >text
violations=$(cat $ima/violations)
check "the kernel has seen a violation" [ "$violations" -gt 0 ]
template=$(awk '{ print $3; exit }' text)
echo "# $template: $(wc -c <list) bytes, $(grep -ac '^10 ' text) entries and $violations violations"

# ---- what we make of it ----

"$DRIVER" copy <list >copy 2>said
same "each entry can be made again" "" "$(cat said)"
check "byte for byte" cmp list copy
"$DRIVER" print <list >printed
check "it can be printed" test -s printed
# The kernel prints all bytes as they are, and has measured more since.
python3 - printed text <<'END'
import re, sys
ours = open(sys.argv[1], "rb").read()
plain = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), ours)
kernels = open(sys.argv[2], "rb").read()
open("same-text", "w").write(str(kernels.startswith(plain)))
END
same "as the kernel prints it" True "$(cat same-text)"
same "what breaks lines is printed otherwise" 1 "$(grep -ac 'two\\012lines\\033\[1m_and_more\\177' printed)"
for bank in "0 sha1" "1 sha256"; do
	"$DRIVER" pcrs "${bank% *}" <list >"pcrs-${bank#* }"
	check "evmctl has the same register of ${bank#* }" sh -c \
		"evmctl ima_measurement --ignore-violations --pcrs ${bank#* },pcrs-${bank#* } list 2>&1 |
			grep -qx 'Matched per TPM bank calculated digest(s).'"
done
if [ "$template" = ima-sig ]; then
	same "a signature is in the list" 1 "$(grep -ac "$disk/signed 0302" printed)"
	same "and evmctl verifies it there" "$disk/signed: verification is OK" \
		"$(evmctl ima_measurement -v --ignore-violations --verify-sig --key key.der list 2>&1 | grep -ao "$disk/signed: .*")"
fi
rm -rf "$disk"
