#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Measurement lists as evmctl sees them: it accepts ours, verifies the signatures in them, and finds what was changed.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs evmctl openssl setfattr getfattr python3
DRIVER=$(realpath "${BUILD:-build}/tests/live/measurements-driver")
scene_make

# make_key() - NAME OPTION…: NAME.pem to sign with, NAME.der to verify with
make_key() {
	local name=$1
	shift
	openssl req -new -x509 -batch -nodes "$@" -sha256 -subj "/CN=$name" \
		-addext subjectKeyIdentifier=hash -keyout "$name.pem" -outform DER -out "$name.der" 2>/dev/null
}

# line_of() - FILE PATH: what the driver reads of a file that is measured under this path
line_of() {
	echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)" \
		"$(getfattr --absolute-names --only-values -n security.ima "$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')" "$2"
}

# evmctl_says() - DIR ALGORITHM [OPTION…]: what evmctl says of a list by its registers of one bank
#
# Of several banks it asks in turn, the last one decides.
evmctl_says() {
	local dir=$1 algorithm=$2
	shift 2
	evmctl ima_measurement -v --pcrs "$algorithm,$dir/pcrs-$algorithm" --verify-sig --key rsa.der,ec.der,stranger.der \
		"$@" "$dir/binary_runtime_measurements" 2>&1
}

# accepts() - DIR [OPTION…]: by either bank that evmctl knows, by its words and by its exit status
accepts() {
	local dir=$1 algorithm said
	shift
	for algorithm in sha1 sha256; do
		said=$(evmctl_says "$dir" $algorithm "$@") || return
		grep -qx 'Matched per TPM bank calculated digest(s).' <<<"$said" || return
	done
}
finds_fault() {
	! accepts "$@"
}

# change_byte() - FILE OFFSET: to another value
change_byte() {
	python3 - "$1" "$2" <<-'END'
		import os, sys
		os.chmod(sys.argv[1], 0o600)
		with open(sys.argv[1], "r+b") as file:
		    file.seek(int(sys.argv[2]))
		    byte = file.read(1)[0]
		    file.seek(int(sys.argv[2]))
		    file.write(bytes([byte ^ 1]))
	END
}

check "openssl makes an RSA key" make_key rsa -newkey rsa:2048
check "and one of a curve" make_key ec -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
check "and one that signs nothing here" make_key stranger -newkey rsa:2048
for file in by-rsa by-ec unsigned; do echo "$file" >$file; done
check "evmctl signs with RSA" evmctl ima_sign --key rsa.pem by-rsa
check "and with the curve" evmctl ima_sign --key ec.pem by-ec

# ---- what evmctl accepts ----

{
	line_of by-rsa /usr/bin/by-rsa
	line_of by-ec "/usr/bin/by ec"
	line_of unsigned /usr/bin/unsigned
} | sed 's/  / - /' >lines
"$DRIVER" make signed ima-sig <lines
check "evmctl accepts a list" accepts signed
same "and verifies its signatures" "/usr/bin/by-rsa: verification is OK /usr/bin/by_ec: verification is OK" \
	"$(evmctl_says signed sha256 | grep -o '/usr/bin/.*: verification is OK' | sort | paste -sd' ')"
"$DRIVER" make plain ima-ng <lines
check "it accepts a list without signatures" accepts plain
same "and finds none" "" "$(evmctl_says plain sha256 | grep -o 'verification is.*')"

{
	cat lines
	echo "violation - /usr/bin/unsigned"
	line_of unsigned "/usr/bin/later" | sed 's/  / - /'
} | "$DRIVER" make violated ima-sig
check "a list with a violation is not accepted" finds_fault violated
check "but when violations shall not count" accepts violated --ignore-violations

"$DRIVER" make full ima-sig 3 <lines
check "one that became full is not accepted, for the registers went on" finds_fault full
same "it has the first entries" 3 "$(wc -l <full/ascii_runtime_measurements)"

same "text and binary list say the same" "$(cat signed/ascii_runtime_measurements)" \
	"$("$DRIVER" print <signed/binary_runtime_measurements)"
# evmctl ends the line of an entry without a signature before the space.
same "evmctl's text is ours" "$(sed 's/ $//' signed/ascii_runtime_measurements)" \
	"$(evmctl_says signed sha256 | grep -a '^10 ' | sed 's/ $//')"

# ---- what it finds ----

# in_name() - OFFSET: is that byte one of a template's name, which no digest is about?
in_name() {
	local begin
	for begin in $template_names; do
		[ "$1" -lt "$begin" ] || [ "$1" -ge $((begin + 7)) ] || return 0
	done
	return 1
}

size=$(stat -c %s signed/binary_runtime_measurements)
template_names=$(grep -aobF ima-sig signed/binary_runtime_measurements | cut -d: -f1)
unfound=
for ((at = 0; at < size; at += 41)); do
	in_name $at && continue
	rm -rf changed
	cp -r signed changed
	change_byte changed/binary_runtime_measurements $at
	accepts changed && unfound+=" $at"
done
same "a change of any byte is found" "" "$unfound"
for algorithm in sha1 sha256; do
	rm -rf changed
	cp -r signed changed
	change_byte changed/pcrs-$algorithm "$(grep -bo 'PCR-10: ' signed/pcrs-$algorithm | cut -d: -f1 | awk '{ print $1 + 9 }')"
	check "a change of the register of $algorithm is found" finds_fault changed
done
head -c $((size - 1)) signed/binary_runtime_measurements >cut-list
cp -r signed shorter
cat cut-list >shorter/binary_runtime_measurements
check "a list that is cut is found" finds_fault shorter
sed 's/ [0-9a-f]* \/usr\/bin\/by-rsa/ 030204ffffffff0100'"$(printf %0512d 0)"' \/usr\/bin\/by-rsa/' lines |
	"$DRIVER" make forged ima-sig
same "a signature by no known key is no good" "/usr/bin/by_ec: verification is OK" \
	"$(evmctl_says forged sha256 | grep -o '/usr/bin/.*: verification is OK' | paste -sd' ')"
