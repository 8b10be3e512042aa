# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 'nsxattr run' with mode enforce: what has no valid signature in the container's view is not executed, whatever root of
# the container tries (enforce-driver), and the host, and other containers, are as they were.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/enforcement.sh
needs gcc evmctl openssl setfattr getfattr strace bindfs
scene_make

enforcement_begin || exit 0
key host rsa -pkeyopt rsa_keygen_bits:2048
policy mapped own.der "$appraise" 'appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig'

# ---- signatures ----

put signed own && answers "a file that is signed" ran "" path signed
put curve ec && answers "signed with an elliptic curve" ran "" path curve
put unsigned
answers "one that is not" EACCES "unsigned is not executed: IMA-signature-required" path unsigned
put changed own && answers "one that was changed" EACCES "changed is not executed: invalid-signature, keyid" after-change changed
put foreign host && answers "signed by another key" EACCES "foreign is not executed: invalid-signature, keyid" path foreign
sign_own own in/foreign && answers "by the host's key, and inside by one of the policy's" ran "" path foreign
put digest && evmctl ima_hash -a sha256 in/digest >/dev/null 2>&1
answers "with a digest only" EACCES "digest is not executed: IMA-signature-required" path digest
put command
fails "a command that is not signed does not start" "cannot run './command': Permission denied" \
	bash -c 'cd in && "$@"' bash "$NSXATTR" run -p "$SCENE/executed.yaml" --map-users="0:$INSIDE_ROOT:1000" \
	--map-groups="0:$INSIDE_ROOT:1000" -- ./command ran
same "the host runs what it likes" ran "$(in/unsigned ran)"

# ---- who writes ----

put written own
answers "open for writing" EACCES "written is not executed: open_writers" writer written
answers "and not any more" ran "" after-touch written
answers "mapped to be written to" EACCES "written is not executed: open_writers" mapping written
answers "which it was" EACCES "written is not executed: unverifiable-signature, it was mapped" path written
put written own
answers "a copy was not" ran "" path written

# ---- other places ----

mkdir in/mnt && own in/mnt
answers "in a namespace below" ran "" nested signed
answers "and there not" EACCES "unsigned is not executed" nested unsigned
answers "a copy on a tmpfs that the container mounts" EACCES "copy is not executed: IMA-signature-required" tmpfs "$SCENE/in/signed" mnt
answers "on an overlay" EACCES "copy is not executed: unverifiable-signature, it has no path, or lies on an overlay" \
	overlay "$SCENE/in/signed" mnt
answers "mounted over one that is signed" EACCES "is not executed" bind unsigned signed
answers "in memory" EACCES "is not executed" memory signed
mkdir fuse served memory
cp driver served/file && sign own served/file
bindfs served fuse
mount -t tmpfs tmpfs memory && cp driver memory/file && sign own memory/file
container_end # it does not see what is mounted later
answers "on FUSE" EACCES "file is not executed: unverifiable-signature" path "$SCENE/fuse/file"
answers "on a tmpfs of the host's" ran "" path "$SCENE/memory/file"

# ---- scripts ----

put interpreter
printf '%s\n' "#!$SCENE/in/interpreter ran" >in/script
printf '%s\n' "#!$SCENE/in/script" >in/outer
chmod 755 in/script in/outer && own in/script in/outer
answers "a script that is not signed" EACCES "script is not executed" path ./script
sign own in/script in/outer
answers "whose interpreter is not" EACCES "interpreter is not executed" path ./script
answers "behind another script" EACCES "interpreter is not executed" path ./outer
sign own in/interpreter
answers "all of them signed" ran "" path ./outer

# ---- mappings ----

libraries=$(ldd driver | grep -o '/[^ ]*' | xargs -n 1 realpath)
# shellcheck disable=SC2086 # words
sign own $libraries
with=mapped
answers "loader and libraries are signed" ran "" path signed
answers "a file that is signed, mapped" ran "" map signed
answers "one that is not" EACCES "unsigned is not mapped executable: IMA-signature-required" map unsigned
answers "memory that is of no file" ran "" anonymous
says "mprotect of what is not signed" EACCES "the gate has refused 1 times what was not judged" protect unsigned
says "with READ_IMPLIES_EXEC" EACCES "the gate has refused" implied unsigned
answers "by the loader" "" "unsigned is not mapped executable" loader /lib64/ld-linux-x86-64.so.2 "$SCENE/in/unsigned"
setfattr -x security.ima "$(realpath /lib64/ld-linux-x86-64.so.2)"
fails "the loader is not signed" "cannot run '$driver': Permission denied" \
	"$NSXATTR" run -p mapped.yaml --map-users="0:$INSIDE_ROOT:1000" --map-groups="0:$INSIDE_ROOT:1000" -- "$driver" ran
sign own "$(realpath /lib64/ld-linux-x86-64.so.2)"
unset with

# ---- what the rules leave out ----

policy left-out own.der 'dont_appraise func=BPRM_CHECK fowner=7' "$appraise"
with=left-out
put left && chown "$((INSIDE_ROOT + 7))" in/left
answers "a file that the rules leave out" ran "" path left
answers "also open for writing" ETXTBSY "" writer left
chown "$INSIDE_ROOT" in/left
answers "and not with another owner" EACCES "left is not executed" path left
policy left-out own.der "dont_appraise func=BPRM_CHECK fsmagic=0x65735546" "$appraise"
answers "what has no version is not executed in any case" EACCES "unverifiable" path "$SCENE/fuse/file"
unset with

# ---- two containers at a time, and the host ----

policy other ec.der "$appraise"
second=300000
put shared
sign_own own in/shared && sign_own ec in/shared $second
cp driver driver-ec && sign ec driver-ec
begin one executed "$driver" twice shared one.pipe
begin two -$second other "$SCENE/driver-ec" twice shared two.pipe
check "two containers run" await eval 'answered one 1 && answered two 1'
same "each by its own key" "0 0" "$(cat one.out two.out | paste -sd' ')"
same "and the host without one" ran "$(in/shared ran)"
setfattr -x "security.ima@uid=$second" in/shared
release one && release two
same "one that has lost its signature is refused, the other is not" "0 0, 0 13" "$(paste -sd' ' one.out), $(paste -sd' ' two.out)"
put shared own && cp driver driver-ec && sign own driver-ec
policy other own.der "$appraise"
begin one executed "$driver" twice shared one.pipe
begin two -$second other "$SCENE/driver-ec" twice shared two.pipe
await eval 'answered one 1 && answered two 1'
setfattr -x security.ima in/shared
release one && release two
same "what the host takes back, both notice" "0 13, 0 13" "$(paste -sd' ' one.out), $(paste -sd' ' two.out)"

# ---- races ----

race exchange "files change their names"
race link "a link leads elsewhere"
race write "a file is written to"
race memory "a path is written to"
race descriptor "a descriptor is another file"
with=mapped
race map "a descriptor that is mapped is another file"
unset with

# ---- deaths ----

# worker() - NAME: of a container in the background
worker() {
	sed -n 's/^nsxattr: the supervisor is process //p' "$1.said" | tail -n 1
}

# is_followed() - NAME WORKER: by another
is_followed() {
	local now
	now=$(worker "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

kills_workers() {
	local last
	for _ in 1 2 3 4 5; do
		last=$(worker one)
		kill -KILL "$last" && await is_followed one "$last" || return
	done
}

begin one executed "$driver" often 300 signed
await is_followed one ""
check "workers are killed" kills_workers
wait "${pids[one]}"
same "each exec is judged, and what is signed runs" 300 "$(cat one.out)"
begin one executed "$driver" often 300 unsigned
await is_followed one ""
check "workers are killed again" kills_workers
wait "${pids[one]}"
same "and what is not signed does not" 0 "$(cat one.out)"

begin one mapped "$driver" after-all signed one.pipe
await is_followed one ""
last=$(worker one)
await answered one 1
keeper=$(ps -o ppid= "$last")
# shellcheck disable=SC2086 # numbers, with spaces
kill -KILL $keeper
kill -KILL "$last"
release one
same "when all have died nothing is executed or mapped" "waiting ENOSYS ENOSYS" "$(paste -sd' ' one.out)"

# ---- what fails ----

# injects() - NAME CALL INJECTION CAUSE: into the worker, while it judges a file that has changed
injects() {
	local tracer
	put trouble own
	begin one executed "$driver" twice trouble one.pipe
	await answered one 1
	strace -f -qq -o /dev/null -p "$(worker one)" -e "trace=$2" -e "inject=$2:$3" 2>tracer.said &
	tracer=$!
	await grep -q '^TracerPid:.*[1-9]' "/proc/$(worker one)/status"
	: >>in/trouble
	release one
	kill "$tracer"
	wait "$tracer"
	same "$1" "0 13" "$(paste -sd' ' one.out)"
	[ ! -s tracer.said ] || sed 's/^/# strace: /' tracer.said
	check "$1: the log says so" grep -q -- "$4" one.said
}

# What strace makes of a call that is to fail is on no list.
filter=(--system-call-filter=none)
injects "a file that cannot be read" pread64 error=EIO "trouble is not executed: failed, Input/output error"
injects "a gate that does not answer" flock error=EIO "trouble is not executed: failed, Input/output error"
injects "no memory for an answer" bpf error=ENOMEM "Cannot allocate memory"
injects "a file that is read too slowly" pread64 delay_enter=25000000 "trouble is not executed: failed, Connection timed out"

filter=()
entries=2 policy short own.der "$appraise" 'measure func=BPRM_CHECK'
with=short
answers "what the list has no room for" EACCES "signed is not executed: it is missing in the measurement list" path signed
unset with

# ---- and at the end ----

container_end
await eval '! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q anon_inode:bpf'
check "no gate is left" eval '! ls -l /proc/[0-9]*/fd 2>/dev/null | grep anon_inode:bpf'
for library in $libraries /lib64/ld-linux-x86-64.so.2; do setfattr -x security.ima "$(realpath "$library")" 2>/dev/null; done
check "the host executes and writes as before" sh -c 'cp driver at-last && echo >>at-last && ./at-last ran'
