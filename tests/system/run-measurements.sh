#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a command under nsxattr run executes is in its measurement list, in the files of --measurements=DIR, when the
# command ends; evmctl accepts list and registers, and verifies the signatures that were made inside.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs evmctl openssl setfattr getfattr
scene_make

# ---- the scene ----

make_key() {
	openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj "/CN=own" -addext subjectKeyIdentifier=hash \
		-keyout own.pem -outform DER -out own.der 2>/dev/null
}

# policy() - ENTRIES RULE…: write policy.yaml
policy() {
	local entries=$1 rule
	shift
	{
		echo "version: 1"
		echo "attributes: [{ name: security.ima, scheme: suffix, inherit: chain }]"
		echo "integrity:"
		echo "  mode: log"
		echo "  keys: [own.der]"
		echo "  measurements: { template: ima-sig, entries: $entries }"
		echo "  rules:"
		for rule; do echo "    - $rule"; done
	} >policy.yaml
}

# measured() - DIR COMMAND…: run it inside
measured() {
	local dir=$1
	shift
	"$NSXATTR" run "${options[@]}" -p policy.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" --measurements="$dir" -- "$@"
}

# accepts() - DIR [OPTION…]: does evmctl?
accepts() {
	local dir=$1 algorithm
	shift
	for algorithm in sha1 sha256; do
		evmctl ima_measurement -v --pcrs "$algorithm,$dir/pcrs-$algorithm" --verify-sig --key own.der "$@" \
			"$dir/binary_runtime_measurements" >said 2>&1 || return
		grep -qx 'Matched per TPM bank calculated digest(s).' said || return
	done
}

# times() - DIR FILE: how often it is in the list, with the digest that it has
times() {
	grep -c " sha256:$(sha256sum "$2" | cut -d' ' -f1) $(realpath "$2") " "$1/ascii_runtime_measurements"
}

check "openssl makes a key" make_key
mkdir c
for name in signed unsigned script-of-signed; do
	cp /bin/true "c/$name"
	echo "# $name" >>"c/$name"
done
printf '#!%s\n' "$PWD/c/signed" >c/script-of-signed
chmod 755 c/*
own c own.pem
check "root inside signs a program" inside evmctl ima_sign --key own.pem c/signed
policy 65536 "measure func=BPRM_CHECK" "measure func=MMAP_CHECK mask=MAY_EXEC"

# ---- a command ----

# In the very moment when the command ends.
measured first sh -c 'c/signed; c/signed; c/unsigned; c/script-of-signed; c/unsigned' && ls first >files
same "the files are there" \
	"ascii_runtime_measurements binary_runtime_measurements pcrs-sha1 pcrs-sha256 pcrs-sha384 pcrs-sha512" "$(paste -sd' ' files)"
check "evmctl accepts them" accepts first
same "and verifies what was signed inside" "$PWD/c/signed: verification is OK" "$(grep -o '^.* *: verification is.*' said | grep -o '/.*')"
for name in signed unsigned script-of-signed; do
	same "$name is in the list once" 1 "$(times first c/$name)"
done
same "so is the shell" 1 "$(times first "$(realpath /bin/sh)")"
check "and the libraries" grep -q '/libc\.so' first/ascii_runtime_measurements
same "it begins with the policy and the key" \
	"10 sha256:$(for file in policy.yaml own.der; do openssl dgst -sha256 -binary $file; done | sha256sum | cut -c1-64) boot_aggregate" \
	"$(head -n 1 first/ascii_runtime_measurements | cut -d' ' -f1,4,5)"

echo more >>c/unsigned
measured first sh -c 'c/unsigned'
check "another command has a list of its own there" accepts first
same "without what the one before has executed" 0 "$(times first c/signed)"
same "and with what has another content now" 1 "$(times first c/unsigned)"

# ---- rules, and an end ----

policy 3 "measure func=BPRM_CHECK"
measured full sh -c 'c/signed; c/unsigned; c/script-of-signed' 2>full.said
same "a list that is full has its entries" 3 "$(wc -l <full/ascii_runtime_measurements)"
check "and the log says what is missing" grep -q "$PWD/c/unsigned is missing in the measurement list: the list is full" full.said
check "it does not look as if it were all" sh -c "! evmctl ima_measurement --pcrs sha256,full/pcrs-sha256 full/binary_runtime_measurements"
policy 65536 "measure func=BPRM_CHECK fowner=1"
measured none sh -c c/signed
same "what no rule measures is not there" 1 "$(wc -l <none/ascii_runtime_measurements)"

# ---- the UUID of a file system ----

# fs_uuid() - FILE: of its file system, as the kernel tells it from Linux 6.9 on (FS_IOC_GETFSUUID)
fs_uuid() {
	/usr/bin/python3 - "$1" <<'END'
import array, fcntl, sys, uuid
answer = array.array("B", bytes(17))
with open(sys.argv[1], "rb") as file:
    fcntl.ioctl(file, 0x80111500, answer)
print(uuid.UUID(bytes=bytes(answer[1:])))
END
}

mkdir tmp
mount -t tmpfs none tmp
cp c/signed tmp/on-tmpfs
echo "# another" >>tmp/on-tmpfs
if uuid=$(fs_uuid tmp/on-tmpfs 2>/dev/null); then
	policy 65536 "dont_measure func=BPRM_CHECK fsuuid=$uuid" "measure func=BPRM_CHECK"
	measured uuid sh -c 'c/signed; tmp/on-tmpfs'
	same "a file system is known by its UUID" "1 0" "$(times uuid c/signed) $(times uuid tmp/on-tmpfs)"
	policy 65536 "measure func=BPRM_CHECK fsuuid=$uuid"
	measured uuid sh -c 'c/signed; tmp/on-tmpfs'
	same "and no other by it" "0 1" "$(times uuid c/signed) $(times uuid tmp/on-tmpfs)"
else
	policy 65536 "dont_measure func=BPRM_CHECK fsuuid=12345678-1234-1234-1234-123456789abc" "measure func=BPRM_CHECK"
	measured uuid sh -c 'c/signed; tmp/on-tmpfs'
	same "what cannot be told excuses nothing" "1 1" "$(times uuid c/signed) $(times uuid tmp/on-tmpfs)"
fi
mkdir -p layer/{upper,work} layered
mount -t overlay none -o lowerdir=c,upperdir=layer/upper,workdir=layer/work layered
policy 65536 "measure func=BPRM_CHECK fsuuid=12345678-1234-1234-1234-123456789abc"
measured uuid sh -c 'c/signed; layered/unsigned'
same "that of an overlay is not told, so it could be any" 1 "$(times uuid layered/unsigned)"

# ---- binfmt_misc ----

cp /bin/echo c/interpreter
echo "a program" >c/program.own
chmod 755 c/program.own
policy 65536 "measure func=BPRM_CHECK"
# From Linux 6.7 on a user namespace can have entries of its own.
binfmt() {
	measured binfmt unshare --mount sh -c '
		mount -t binfmt_misc none c/many-entries && echo ":own:E::own::$PWD/c/interpreter:" >c/many-entries/register &&
		c/program.own said'
}
mkdir c/many-entries
if said=$(binfmt 2>/dev/null); then
	same "an interpreter of binfmt_misc runs" "c/program.own said" "$said"
	same "the file that it is for is in the list, and it is not" "1 0" "$(times binfmt c/program.own) $(times binfmt c/interpreter)"
else
	check "the kernel has no binfmt_misc, or none for user namespaces" sh -c \
		'! grep -qw binfmt_misc /proc/filesystems || uname -r | grep -qE "^([1-5]|6\.[0-6])\."'
fi

# ---- what cannot be ----

fails "a folder that cannot be is said" "cannot write measurements to /dev/null: Not a directory" measured /dev/null true
fails "and a policy that measures nothing" "--measurements needs a policy with 'integrity'" \
	"$NSXATTR" run --map-users="0:$INSIDE_ROOT:1" --map-groups="0:$INSIDE_ROOT:1" --measurements=no -- true
check "then there is no folder" [ ! -e no ]

# ---- who can change what decides ----

chmod o+w own.der
fails "a key that others can change is not used" \
	"cannot use the keys of the policy: own.der: every user can change $PWD/own.der, and only root may" measured no true
chmod o-w own.der
chown "$INSIDE_ROOT" policy.yaml
fails "nor a policy" "the policy policy.yaml says what may be executed, and user $INSIDE_ROOT can change $PWD/policy.yaml" \
	measured no true
chown 0 policy.yaml
mv own.der own.real
mkfifo own.der
fails "a pipe is not waited for" "own.der: it is no regular file" measured no true
rm own.der
mv own.real own.der

# ---- workers that die ----

policy 65536 "measure func=BPRM_CHECK"
# A program after another, each of its own; between them the worker dies.
mkdir c/many
for ((i = 0; i < 400; i++)); do
	printf '#!/bin/sh\n# %d\n' "$i" >"c/many/$i"
done
chmod 755 c/many/*
own c/many
# keeper_of() - DIR: of the supervisor that writes there
keeper_of() {
	local keeper
	for keeper in $(pgrep --exact nsxattr-keeper); do
		tr '\0' ' ' 2>/dev/null <"/proc/$keeper/cmdline" | grep -qF -- " --measurements=$1 " && echo "$keeper"
	done | grep .
}

measured deaths sh -c 'until [ -e go ]; do :; done; for i in c/many/*; do $i || exit 1; done' &
command=$!
await keeper_of deaths
keeper=$(keeper_of deaths)
killed=0
touch go
while kill -0 $command 2>/dev/null; do
	worker=$(pgrep --parent "$keeper" --exact nsxattr) && kill -KILL "$worker" 2>/dev/null && killed=$((killed + 1))
	read -rt 0.02 <> <(:) || :
done
wait $command
same "the command does not notice that workers die" 0 $?
check "they do, $killed of them" [ $killed -gt 3 ]
check "evmctl accepts the list" accepts deaths
same "each program is in it once" 400 "$(grep -c " $PWD/c/many/[0-9]* " deaths/ascii_runtime_measurements)"
