# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 'nsxattr explain exec' beside the kernel's own IMA: the same keys, the same rules, the same values of security.ima on the
# same files. Both let a file be executed, or neither does, and they say why in the same words. The values are evmctl's,
# those that are spoilt, and signatures of fs-verity's digest.
#
# Another machine than that of integrity.sh, for the kernel takes its rules once.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor ima_hash=sha256

. tests/lib/case.sh
. tests/lib/scene.sh
needs keyctl evmctl openssl fsverity jq python3 setfattr
[ -w /sys/kernel/security/ima/policy ] || {
	skip "signatures" "this kernel has no IMA, or has its policy already"
	exit 0
}
scene_make

# Ids of the container, on the host: of whose files the rules want what.
any=$((INSIDE_ROOT + 1))
signed=$((INSIDE_ROOT + 2))
long=$((INSIDE_ROOT + 3))
verity=$((INSIDE_ROOT + 4))

# digits() - FILE: its bytes
digits() {
	od -An -tx1 -v "$1" | tr -d ' \n'
}

# bytes() - DIGITS
bytes() {
	python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' "$1"
}

# rules() - NUMBER: with the ids counted from there
rules() {
	printf '%s\n' "appraise func=BPRM_CHECK fowner=$(($1 + 1))" \
		"appraise func=BPRM_CHECK appraise_type=imasig fowner=$(($1 + 2))" \
		"appraise func=BPRM_CHECK appraise_algos=sha384,sha512 fowner=$(($1 + 3))" \
		"appraise func=BPRM_CHECK digest_type=verity appraise_type=sigv3 fowner=$(($1 + 4))"
}

# key() - NAME KIND…: NAME.key, NAME.der
key() {
	openssl genpkey -out "$1.key" "${@:2}" 2>/dev/null
	openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 100 -outform DER -out "$1.der" \
		-addext keyUsage=digitalSignature -addext subjectKeyIdentifier=hash
}

# keyid() - NAME: as eight digits
keyid() {
	openssl x509 -inform DER -in "$1.der" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ': \n' | tail -c 8
}

key rsa -algorithm rsa -pkeyopt rsa_keygen_bits:2048
key other -algorithm rsa -pkeyopt rsa_keygen_bits:2048
key ec -algorithm ec -pkeyopt ec_paramgen_curve:P-256
keys=(rsa)
ring=$(keyctl newring _ima @u)
keyctl link @u @s
check "the kernel has a key" keyctl padd asymmetric "" "$ring" <rsa.der
# Linux 6.1 of Debian has no ECDSA.
if keyctl padd asymmetric "" "$ring" <ec.der >/dev/null 2>&1; then
	keys+=(ec)
fi
printf '%s\n' 'version: 1' 'attributes: [{ name: security.ima, scheme: suffix, inherit: chain }]' integrity: \
	'  mode: enforce' "  keys: [$(printf '%s.der, ' "${keys[@]}" | sed 's/, $//')]" '  rules:' >policy.yaml
rules 0 | sed 's/^/  - /' >>policy.yaml
check "nsxattr has the same rules" "$NSXATTR" check policy.yaml
# What is said of many files in a short time is not left out.
sysctl -q kernel.printk_ratelimit=0 net.core.message_cost=0
rules "$INSIDE_ROOT" >/sys/kernel/security/ima/policy

# ---- what both say ----

# put() - FILE OWNER VALUE: a program, with that value of security.ima if it is not empty
put() {
	[ -e "$1" ] || cp /bin/true "$1"
	chown "$2:$2" "$1"
	[ -z "$3" ] || setfattr -n security.ima -v "$3" "$1"
}

# kernel_says() - FILE: "passes", or the cause
kernel_says() {
	if "./$1" 2>/dev/null; then
		echo passes
	else
		dmesg | grep -F "name=\"$SCENE/$1\"" | sed -n 's/.*cause="\?\([^" ]*\).*/\1/p' | tail -n 1
	fi
}

# we_say() - FILE: the same
we_say() {
	"$NSXATTR" explain --json --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" -p policy.yaml exec "$1" |
		jq -r '.uses[0] | if .["in-enforce"] == "passes" then "passes" else .cause end'
}

count=0
# both_say() - NAME EXPECTED OWNER VALUE: of a new file
both_say() {
	local file=f$((++count))
	put "$file" "$3" "$4"
	same "$1" "$2, $2" "$(kernel_says "$file"), $(we_say "$file")"
}

# differ() - NAME KERNEL'S OURS OWNER VALUE: where we are stricter
differ() {
	local file=f$((++count))
	put "$file" "$4" "$5"
	same "$1" "$2, $3" "$(kernel_says "$file"), $(we_say "$file")"
}

# sign() - KEY [ALGORITHM]: a signature of /bin/true
sign() {
	[ -e true ] || cp /bin/true true
	evmctl ima_sign --sigfile -a "${2-sha256}" --key "$1.key" true >/dev/null 2>&1
	echo "0x$(digits true.sig)"
}

# hash() - ALGORITHM: its digest
hash() {
	[ -e true ] || cp /bin/true true
	echo "0x$(evmctl ima_hash -n -a "$1" true 2>/dev/null | tail -n 1)"
}

both_say "a digest" passes "$any" "$(hash sha256)"
both_say "a SHA-1" passes "$any" "$(hash sha1)"
both_say "a SHA-512" passes "$any" "$(hash sha512)"
both_say "another digest" invalid-hash "$any" "0x0404$(printf %064d 7)"
both_say "a digest that is too short" invalid-hash "$any" "0x0404$(printf %062d 7)"
both_say "no value" missing-hash "$any" ""
both_say "no value where a signature is wanted" IMA-signature-required "$signed" ""
both_say "a digest where a signature is wanted" IMA-signature-required "$signed" "$(hash sha256)"
for key in "${keys[@]}"; do
	for algorithm in sha1 sha256 sha384 sha512; do
		both_say "a signature by $key, $algorithm" passes "$signed" "$(sign "$key" "$algorithm")"
	done
done
both_say "a signature where any value will do" passes "$any" "$(sign rsa)"
both_say "a signature by another key" invalid-signature "$signed" "$(sign other)"
value=$(sign rsa)
both_say "a signature that is too short" invalid-signature "$signed" "${value%??}"
both_say "a signature that is too long" invalid-signature "$signed" "${value}00"
both_say "a changed signature" invalid-signature "$signed" "${value%??}$(printf %02x $((0x${value: -2} ^ 1)))"
both_say "another algorithm than it was made with" invalid-signature "$signed" "0x030205${value#0x030204}"
both_say "another version of a signature" invalid-signature-version "$signed" "0x0303${value#0x0302}"
both_say "a value of a type that is none of IMA's" unknown-ima-data "$any" 0x0204
both_say "an algorithm that is allowed" passes "$long" "$(hash sha512)"
both_say "an algorithm that is not" denied-hash-algorithm "$long" "$(hash sha256)"
differ "a digest with more behind it" passes invalid-hash "$any" "$(hash sha256)00"

# ---- fs-verity ----

mkdir v
truncate -s 32M v.img
mkfs.ext4 -q -b 4096 -O verity v.img && mount -o loop v.img v

# sealed() - FILE ALGORITHM: a program under fs-verity
sealed() {
	cp /bin/true "$1"
	fsverity enable --hash-alg="$2" "$1"
}

# sign_verity() - FILE KEY ALGORITHM NUMBER: of its digest, by way of the kernel's struct ima_file_id
sign_verity() {
	local digest
	digest=$(fsverity measure "$1" | sed 's/^[^:]*:\([0-9a-f]*\) .*/\1/')
	bytes "06$4$digest" | openssl dgst "-$3" -binary >id
	openssl pkeyutl -sign -inkey "$2.key" -pkeyopt "digest:$3" -in id -out signature
	printf '0x0603%s%s%04x%s\n' "$4" "$(keyid "$2")" "$(stat -c %s signature)" "$(digits signature)"
}

# of_sealed() - NAME EXPECTED OWNER ALGORITHM KEY NUMBER
of_sealed() {
	local file=v/$((++count))
	sealed "$file" "$4"
	put "$file" "$3" "$(sign_verity "$file" "$5" "$4" "$6")"
	same "$1" "$2, $2" "$(kernel_says "$file"), $(we_say "$file")"
}

of_sealed "a signature of the fs-verity digest" passes "$verity" sha256 rsa 04
of_sealed "of a SHA-512" passes "$verity" sha512 rsa 06
of_sealed "by another key" invalid-verity-signature "$verity" sha256 other 04
of_sealed "where one of the content is wanted" IMA-signature-required "$signed" sha256 rsa 04
sealed v/plain sha256
put v/plain "$verity" "$(sign rsa)"
same "a signature of the content where one of that digest is wanted" \
	"verity-signature-required, verity-signature-required" "$(kernel_says v/plain), $(we_say v/plain)"
put v/not-sealed "$verity" "$(sign_verity v/plain rsa sha256 04)"
same "a file that is not under fs-verity" "passes: no, no-verity-digest" \
	"passes: $([ "$(kernel_says v/not-sealed)" != passes ] && echo no), $(we_say v/not-sealed)"
