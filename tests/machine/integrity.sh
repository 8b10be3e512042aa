# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A host that measures and appraises its files (IMA) and seals their attributes (EVM, with an HMAC key): what a
# container makes of attributes leaves the host's own values in force. Then the same of a file under fs-verity.
#
# Without bpf among the security modules: with it, and with no module that labels files, Linux 6.1 crashes when a file
# is made while EVM has a key.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor

. tests/lib/case.sh
. tests/lib/scene.sh
needs keyctl fsverity python3 setpriv getfattr
[ -w /sys/kernel/security/ima/policy ] || {
	skip "IMA and EVM" "this kernel has none, or has its policy already"
	exit 0
}
scene_make

as_root_inside=(setpriv "--reuid=$INSIDE_ROOT" "--regid=$INSIDE_ROOT" --clear-groups --)

# value() - NAME FILE: in hexadecimal digits
value() {
	getfattr --absolute-names --only-values -n "$1" "$2" 2>/dev/null | od -An -vtx1 | tr -d ' \n'
}

# names() - FILE: those of security.*
names() {
	getfattr --absolute-names -m '^security\.' "$1" | sed -n 's/\\075/=/;/^security/p' | sort | paste -sd' '
}

# is_read(), is_refused() - FILE: does the host let it be read?
is_read() {
	"${as_root_inside[@]}" cat "$1"
}
is_refused() {
	! is_read "$1"
}

# ---- the host: files of the container's root are appraised, and measured ----

# Not those of procfs, where a process of the container is a file of its root, too.
printf '%s\n' "dont_measure fsmagic=0x9fa0" "dont_appraise fsmagic=0x9fa0" \
	"measure func=FILE_CHECK fowner=$INSIDE_ROOT" "appraise func=FILE_CHECK fowner=$INSIDE_ROOT" \
	>/sys/kernel/security/ima/policy
keyctl add user kmk "$(printf %032d 1)" @u >/dev/null
keyctl link @u @s
keyctl add encrypted evm-key "new user:kmk 64" @u >/dev/null
check "EVM has an HMAC key" sh -c 'echo 1 >/sys/kernel/security/evm'

mkdir c
own c
"${as_root_inside[@]}" sh -c 'echo x >c/f'
ima=$(value security.ima c/f)
evm=$(value security.evm c/f)
check "the host has sealed a new file" [ "${evm:0:2}" = 02 ]
check "and lets it be read" is_read c/f

# ---- inside ----

check "a container sets security.ima" inside setfattr -n security.ima -v 0x0405 c/f
check "and security.evm" inside setfattr -n security.evm -v 0x0203 c/f
check "and any other" inside setfattr -n security.demo -v mine c/f
same "it reads its own values" "0405 0203" \
	"$(inside sh -c 'for n in ima evm; do getfattr -n security.$n -e hex c/f | sed -n s/.*=0x//p; done' | paste -sd' ')"
same "security.ima of the host is as it was" "$ima" "$(value security.ima c/f)"
same "security.evm of the host is as it was" "$evm" "$(value security.evm c/f)"
same "there are so many values now" \
	"security.demo@uid=$INSIDE_ROOT security.evm security.evm@uid=$INSIDE_ROOT security.ima security.ima@uid=$INSIDE_ROOT" \
	"$(names c/f)"
check "the host's appraisal passes" is_read c/f
check "inside, too" inside cat c/f
check "a container changes what the file says" inside sh -c 'echo more >>c/f'
check "the host seals it again" [ "$(value security.ima c/f)" != "$ima" ]
check "and its appraisal passes" is_read c/f
check "the mode of a file is changed inside" inside chmod 600 c/f
check "security.evm is that of the new mode" [ "$(value security.evm c/f)" != "$evm" ]
check "and appraisal passes" is_read c/f
check "a container removes its values" inside setfattr -x security.ima c/f
check "and appraisal passes" is_read c/f

# ---- a value of the host's that is wrong ----

right=0x$(value security.ima c/f)
setfattr -n security.ima -v "0x0404$(printf %064d 7)" c/f
check "a wrong security.ima of the host keeps the file from being read" is_refused c/f
inside setfattr -n security.ima -v 0x0405 c/f
inside setfattr -n security.evm -v 0x0203 c/f
check "values of a container change nothing about that" is_refused c/f
inside setfattr -n security.ima -v "$right" c/f
check "nor does a right hash of the container's own" is_refused c/f
check "nor inside" sh -c "! '$NSXATTR' run --map-users=0:$INSIDE_ROOT:1 --map-groups=0:$INSIDE_ROOT:1 -- cat c/f"
check "the host labels the file again" setfattr -n security.ima -v "$right" c/f
check "which is in force" is_read c/f
check "the container has its own value still" [ -n "$(value "security.ima@uid=$INSIDE_ROOT" c/f)" ]
check "the host sees no violation" [ "$(cat /sys/kernel/security/ima/violations)" = 0 ]

# ---- without a valid security.evm ----

echo x >n
own n
same "nothing of the host's is on a file that was there before" "" "$(names n)"
check "a name that EVM does not know is set there" inside setfattr -n security.demo -v mine n
same "and nothing else" "security.demo@uid=$INSIDE_ROOT" "$(names n)"

# ---- what it costs ----

# A thousand sets of values that the kernel takes for hashes: FILE NAME, prints microseconds a set.
cat >sets.py <<'END'
import os, sys, time
values = [b"\x04\x04" + bytes([i]) * 32 for i in (1, 2)]
began = time.monotonic()
for i in range(1000):
    os.setxattr(sys.argv[1], sys.argv[2], values[i % 2])
print(int((time.monotonic() - began) * 1000))
END
"${as_root_inside[@]}" sh -c 'echo x >c/g; echo x >c/h'
echo x >c/plain
own c/plain
echo "# a set in us, by the host: of security.demo@uid=1 where nothing is sealed $(python3 sets.py c/plain security.demo@uid=1)," \
	"on a sealed file $(python3 sets.py c/g security.demo@uid=1), of security.ima there $(python3 sets.py c/g security.ima);" \
	"inside: of security.ima where nothing is sealed $(inside python3 sets.py c/plain security.ima)," \
	"on a sealed file $(inside python3 sets.py c/h security.ima)"

# ---- fs-verity ----

mkdir verity
truncate -s 16M verity.img
mkfs.ext4 -q -b 4096 -O verity verity.img && mount -o loop verity.img verity
mkdir verity/c && echo sealed >verity/c/f
check "a file is put under fs-verity" fsverity enable verity/c/f
digest=$(fsverity measure verity/c/f | cut -d' ' -f1)
# Of a user whose files are not appraised.
chown -R $((INSIDE_ROOT + 1)):$((INSIDE_ROOT + 1)) verity/c
check "its content cannot be changed" sh -c '! echo more >>verity/c/f'
check "a container sets attributes on it" inside setfattr -n security.ima -v 0x06 verity/c/f
check "and trusted.*" inside setfattr -n trusted.demo -v mine verity/c/f
same "they are there" "0x06 0x6d696e65" \
	"$(inside getfattr -d -m 'ima|demo' -e hex verity/c/f | sed -n 's/.*=//p' | paste -sd' ')"
same "the digest is as it was" "$digest" "$(fsverity measure verity/c/f | cut -d' ' -f1)"
umount verity
