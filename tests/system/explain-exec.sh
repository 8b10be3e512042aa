#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 'nsxattr explain exec': what the rules, the view and the keys of a policy make of a file, with values that evmctl
# makes, for the host and inside.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs evmctl openssl setfattr jq
scene_make

own_name=security.ima@uid=$INSIDE_ROOT

# key() - NAME KIND…: NAME.key and its certificate, NAME.der
key() {
	openssl genpkey -out "$1.key" "${@:2}" 2>/dev/null
	openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 10 -outform DER -out "$1.der"
}

# sign() - KEY [ALGORITHM]: print a signature of program, as setfattr takes it
sign() {
	evmctl ima_sign --sigfile -a "${2-sha256}" --key "$1.key" program >/dev/null 2>&1
	echo "0x$(od -An -tx1 -v program.sig | tr -d ' \n')"
}

# set_own(), set_hosts() - VALUE
set_own() {
	setfattr -n "$own_name" -v "$1" program
}
set_hosts() {
	setfattr -n security.ima -v "$1" program
}

# fresh() - a program of the container's without any value
fresh() {
	rm -f program
	cp /bin/true program
	own program
}

# policy() - LINE…: policy.yaml, whose integrity has these lines
policy() {
	printf '%s\n' 'version: 1' 'attributes: [{ name: security.*, scheme: suffix, inherit: chain }]' \
		'integrity:' "${@/#/  }" >policy.yaml
}

explain=("$NSXATTR" explain --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" -p policy.yaml)

# told() - FILTER: of what explain says of program for programs
told() {
	"${explain[@]}" --json exec program | jq -r "$1"
}

# becomes() - NAME WORD: what becomes of program when it is executed
becomes() {
	same "$1" "$2" "$(told '.uses[0] | .cause + " " + .["in-enforce"]')"
}

key vendor -algorithm rsa -pkeyopt rsa_keygen_bits:2048
key own -algorithm ec -pkeyopt ec_paramgen_curve:P-256
key other -algorithm rsa -pkeyopt rsa_keygen_bits:2048
policy 'mode: enforce' 'keys: [vendor.der, own.der]' 'rules:' '- measure func=BPRM_CHECK' \
	'- appraise func=BPRM_CHECK appraise_type=imasig' '- dont_appraise func=MMAP_CHECK fowner=0' \
	'- appraise func=MMAP_CHECK appraise_algos=sha384,sha512'

# ---- which value, which key ----

values() {
	fresh
	becomes "a program without a value" "IMA-signature-required EACCES"
	set_hosts "$(sign vendor)"
	becomes "with a signature that is inherited from the host" "valid passes"
	same "which is said" "security.ima true vendor.der" \
		"$(told '"\(.value["stored-name"]) \(.value.inherited) \(.uses[0].key.file)"')"
	set_own "$(sign other)"
	becomes "with one of its own beside it, by a key that the policy does not have" "invalid-signature EACCES"
	same "which is said, too" "$own_name false $(told .value.keyid) null" \
		"$(told '"\(.value["stored-name"]) \(.value.inherited) \(.value.keyid) \(.uses[0].key)"')"
	set_own "$(sign own)"
	becomes "with one by a key of the policy" "valid passes"
	same "by that" own.der "$(told .uses[0].key.file)"
	echo >>program
	becomes "changed afterwards" "invalid-signature EACCES"
	set_own "0x$(evmctl ima_hash -n -a sha256 program 2>/dev/null | tail -n 1)"
	becomes "with a digest where a signature is wanted" "IMA-signature-required EACCES"
	set_own 0x05
	becomes "with what is no value of IMA's" "unknown-ima-data EACCES"
}

# ---- which rule ----

rules() {
	fresh
	same "the rules, by their lines" '[7,true,8,true,null,false] [null,false,9,false,null,false]' "$(told '
		[.uses[] | [.measure, .appraise, .audit | .line, .wanted]] | .[] | tojson' | paste -sd' ')"
	chown $((INSIDE_ROOT + 1)) program
	same "of an owner that is not root inside" '10 true missing-hash' \
		"$(told '.uses[1] | "\(.appraise.line) \(.appraise.wanted) \(.cause)"')"
	set_own "$(sign own)"
	same "and of an algorithm" denied-hash-algorithm "$(told .uses[1].cause)"
	set_own "$(sign own sha512)"
	same "and of another" valid "$(told .uses[1].cause)"
	chown 0 program
	same "an owner of the host's has no number inside" null "$(told .file.owner)"
}

# ---- in words ----

words() {
	local keys
	fresh
	set_hosts "$(sign vendor)"
	keys=$("${explain[@]}" --json exec program | jq -r '.keys[] | "key         \(.keyids[0]): \(.kind), \(.file)"')
	same "it is said in words" "asked       exec program, by the container's root
namespace   users 0:$INSIDE_ROOT:$INSIDE_COUNT, its parent is the host
policy      policy.yaml, integrity enforce
file        owner 0, group 0, on $(findmnt -no FSTYPE -T .)
value       security.ima, inherited, $(stat -c %s program.sig) bytes: a signature of its sha256 by the key $(told .value.keyid)
$keys
execute     measured, by policy.yaml:7: measure func=BPRM_CHECK
            appraised, by policy.yaml:8: appraise func=BPRM_CHECK appraise_type=imasig
            it passes: its signature is valid, by the key in vendor.der
map         not appraised, by policy.yaml:9: dont_appraise func=MMAP_CHECK fowner=0
            it passes: no rule wants it appraised
then        the rules are asked about its loader, $(told .file.loader) of the container, too" "$("${explain[@]}" exec program)"
	printf '#!/bin/sh -e\n' >program
	same "a script has an interpreter" /bin/sh "$(told .file.interpreter)"
	fresh
	same "with a remedy" "            mode enforce: EACCES, IMA-signature-required: the rule wants a signature of its content, and it has none
            mode log: it passes, and the log says so
remedy      evmctl ima_sign with a key of the policy" \
		"$("${explain[@]}" exec program | grep -e '^ *mode' -e remedy)"
	same "a policy that judges nothing" "            it passes: the mode is off" \
		"$("$NSXATTR" explain --map-users="0:$INSIDE_ROOT:1" exec program | grep passes | tail -n 1 | sed 's/^map /    /')"
}

# ---- what cannot be told ----

# fails() - NAME STATUS TEXT COMMAND…
fails() {
	local found
	found=$("${@:4}" 2>&1)
	same "$1" "$2 $3" "$? $(sed 's/^nsxattr: //;q' <<<"$found")"
}

failures() {
	local usage=("$NSXATTR" explain)
	fails "a file that there is not" 2 "cannot open none: No such file or directory" "${explain[@]}" exec none
	fails "a directory" 2 ". is no regular file, and only such are executed" "${explain[@]}" exec .
	mkfifo pipe
	fails "a pipe" 2 "pipe is no regular file, and only such are executed" "${explain[@]}" exec pipe
	fails "no file at all" 2 "missing PATH: the file" "${usage[@]}" exec
	fails "two files" 2 "unexpected argument 'b'" "${usage[@]}" exec a b
	fails "what is nearly the word" 2 "unknown operation 'exce'; did you mean 'exec'?" "${usage[@]}" exce a
	echo 'no key' >no-key
	policy 'mode: log' 'keys: [no-key]' 'rules: [measure func=BPRM_CHECK]'
	fails "a key that is none" 2 "no-key: it has no certificate and no public key that can be read" \
		"${explain[@]}" exec program
	policy 'mode: log' 'keys: [gone.der]' 'rules: [measure func=BPRM_CHECK]'
	fails "a key that is not there" 2 "gone.der: No such file or directory" "${explain[@]}" exec program
}

values
rules
words
failures
