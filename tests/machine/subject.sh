# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Rules about who executes, with mode enforce: what one user of a container may have is not for another (subject-driver).
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/enforcement.sh
needs gcc evmctl openssl setfattr getfattr
built=$(realpath "$BUILD/tests/live/subject-driver")
scene_make
enforcement_begin || exit 0

# ---- of what is executed ----

put unsigned
policy subject own.der 'dont_appraise func=BPRM_CHECK uid=7' "$appraise"
with=subject
says "a user whom the rules leave out" ran "" as 7,7,7 "" unsigned
says "not root" EACCES "unsigned is not executed: IMA-signature-required" as 0,0,0 "" unsigned
says "nor root who acts for that user" EACCES "unsigned is not executed" as 0,7,7 "" unsigned
says "but that user who acts for root" ran "" as 7,0,0 "" unsigned
says "both at a time: the one always, the other never" "50 0" "" both 50 unsigned
policy subject own.der 'dont_appraise func=BPRM_CHECK euid=7' "$appraise"
says "who acts for that user" ran "" as 0,7,0 "" unsigned
says "who can become that user" ran "" as 0,0,7 "" unsigned
says "who can do so in a namespace below only" EACCES "unsigned is not executed" below-as 0,0,7 "" unsigned
says "who cannot" EACCES "unsigned is not executed" as 8,8,7 "" unsigned
policy subject own.der 'dont_appraise func=BPRM_CHECK gid=7 fowner=7' 'dont_appraise func=BPRM_CHECK egid>7' "$appraise"
says "a group and an owner: the group alone" EACCES "unsigned is not executed" as 0,0,0 7,7,7 unsigned
chown "$((INSIDE_ROOT + 7))" in/unsigned
says "both" ran "" as 0,0,0 7,7,7 unsigned
says "the owner alone" EACCES "unsigned is not executed" as 0,0,0 6,6,6 unsigned
says "another group that acts" ran "" as 8,8,8 6,8,6 unsigned
own in/unsigned

# ---- of what is mapped ----

program set-id 7
chmod 4755 in/set-id
policy subject own.der 'dont_appraise func=MMAP_CHECK euid=7' "${appraise/BPRM/MMAP}"
libraries=$(ldd driver | grep -o '/[^ ]*' | xargs -n 1 realpath)
# shellcheck disable=SC2086 # words
sign own $libraries
says "mapped by a user whom the rules leave out" ran "" map-as 7,7,7 "" unsigned
says "not by root" EACCES "unsigned is not mapped executable" map-as 0,0,0 "" unsigned
says "made executable by that user" ran "" protect-as 7,7,7 7,7,7 unsigned
says "by root, what that user has mapped" EACCES "the gate has refused 1 times" protect-as 7,7,7 0,0,0 unsigned
policy subject own.der 'dont_appraise func=MMAP_CHECK euid=0' "${appraise/BPRM/MMAP}"
within subject "$driver" as 7,7,7 "" set-id
same "a set-id program is mapped by its owner" 7 $?
chmod 0755 in/set-id && own in/set-id
says "and without set-id it is not" EACCES "set-id is not mapped executable" as 7,7,7 "" set-id

# ---- races ----

program good 0 && program bad 115 && sign own in/good
ln in/bad in/name
policy subject own.der 'dont_appraise func=BPRM_CHECK uid=7' "$appraise"
found=$(within subject "$driver" race-of-names "$rounds" name good bad)
echo "# a name is now signed, now what another user may have: $found"
check "a name is now signed, now what another user may have: only the first" grep -q '^bad 0, good [1-9]' <<<"$found"
found=$(within subject "$driver" race-of-users "$((rounds / 20 + 20))" unsigned)
echo "# a process changes its user: $found"
check "a process changes its user: it executes only as the one" grep -q '^bad 0, good [1-9]' <<<"$found"
for library in $libraries; do setfattr -x security.ima "$library"; done
