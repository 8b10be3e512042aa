# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 'nsxattr run' with mode enforce: what has no valid signature in the container's view is not executed, whatever root of
# the container tries (enforce-driver), and the host, and other containers, are as they were.
#
# ENFORCE_ROUNDS says how often each race is run.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
needs gcc evmctl openssl setfattr getfattr strace bindfs
rounds=${ENFORCE_ROUNDS:-20000}
built=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make

# ---- the scene: keys, programs, policies ----

# key() - NAME ALGORITHM OPTION…: NAME.key, NAME.der
key() {
	openssl genpkey -out "$1.key" -algorithm "${@:2}" 2>/dev/null
	openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 100 -outform DER -out "$1.der" \
		-addext keyUsage=digitalSignature -addext subjectKeyIdentifier=hash
}

# sign() - KEY FILE…: the host's value
sign() {
	local key=$1 file
	shift
	for file; do evmctl ima_sign -a sha256 --key "$key.key" "$file" >/dev/null 2>&1 || return; done
}

# sign_own() - KEY FILE [ROOT]: a value that is the container's own
sign_own() {
	local value kept
	kept=$(getfattr --absolute-names --only-values -n security.ima "$2" 2>/dev/null | base64 -w0)
	sign "$1" "$2" || return
	value=$(getfattr --absolute-names --only-values -n security.ima "$2" | base64 -w0)
	setfattr -n "security.ima@uid=${3-$INSIDE_ROOT}" -v "0s$value" "$2"
	if [ -n "$kept" ]; then setfattr -n security.ima -v "0s$kept" "$2"; else setfattr -x security.ima "$2"; fi
}

# put() - NAME [KEY]: a copy of the driver that root inside owns, signed by the host or not
put() {
	rm -f "in/$1"
	cp driver "in/$1" && own "in/$1"
	[ -z "${2-}" ] || sign "$2" "in/$1"
}

# policy() - NAME KEYS RULE…: with mode enforce
policy() {
	local name=$1 keys=$2 rule
	shift 2
	{
		printf '%s\n' 'version: 1' 'attributes: [{ name: security.ima, scheme: suffix, inherit: chain }]' \
			integrity: '  mode: enforce' "  keys: [$keys]" "  measurements: { entries: ${entries-1000} }" '  rules:'
		for rule; do echo "    - $rule"; done
	} >"$name.yaml"
}

# within() - [-ROOT] POLICY COMMAND…: as root of a container, in the folder "in"; what nsxattr says is in "said"
within() {
	local root=$INSIDE_ROOT
	case $1 in -*) root=${1#-} && shift ;; esac
	local policy=$1 more=()
	shift
	[ "$root" = "$INSIDE_ROOT" ] || more=(--map-users="5000:$INSIDE_ROOT:1" --map-groups="5000:$INSIDE_ROOT:1")
	(cd in && "$NSXATTR" run -v "${options[@]}" "${filter[@]}" -p "$SCENE/$policy.yaml" --map-users="0:$root:5000" \
		--map-groups="0:$root:5000" "${more[@]}" -- "$@" 2>"../${said-said}")
}

# soon() - COMMAND…: what the supervisor says when the command has ended
soon() {
	local end=$((SECONDS + 5 * ${TEST_SLOWER:-1}))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		(read -rt 0.05 <> <(:)) || :
	done
}

filter=()

# says() - NAME ANSWER CAUSE WORD…: what the driver answers, and what is in the log, if it is no ""
says() {
	local name=$1 answer=$2 cause=$3 found
	shift 3
	found=$(within "${with-executed}" "$driver" "$@")
	if [ "$found" = "$answer" ] && { [ -z "$cause" ] || soon grep -q -- "$cause" said; }; then
		ok "$name"
	else
		not_ok "$name" "expected: $answer, $cause
found:    $found
$(tail -n 20 said)"
	fi
}

# program() - NAME ANSWER: one without libraries that ends with a number, which lies in it behind a mark
program() {
	printf '%s\n' "const volatile char answer[] = \"the-answer-is:\\$2\";" \
		'void _start(void) { __asm__ volatile("syscall" : : "a"(231), "D"((long)(unsigned char)answer[14])); __builtin_unreachable(); }' >"$1.c"
	gcc -O -static -nostdlib -fno-stack-protector -o "in/$1" "$1.c" && own "in/$1"
}

mkdir in && own in
cp "$built" driver
driver=$SCENE/driver
key own rsa -pkeyopt rsa_keygen_bits:2048
key ec ec -pkeyopt ec_paramgen_curve:P-256
key host rsa -pkeyopt rsa_keygen_bits:2048
sign own driver
appraise='appraise func=BPRM_CHECK appraise_type=imasig'
policy executed "own.der, ec.der" "$appraise"
policy mapped own.der "$appraise" 'appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig'

if within executed "$driver" ran | grep -qx ran; then
	ok "the command runs, which is signed"
elif grep -q 'left out' said; then
	skip "enforce" "the gate was left out when nsxattr was built"
	exit 0
else
	not_ok "the command runs, which is signed" "$(cat said)"
	exit 1
fi

# ---- signatures ----

put signed own && says "a file that is signed" ran "" path signed
put curve ec && says "signed with an elliptic curve" ran "" path curve
put unsigned
says "one that is not" EACCES "unsigned is not executed: IMA-signature-required" path unsigned
put changed own && says "one that was changed" EACCES "changed is not executed: invalid-signature, keyid" after-change changed
put foreign host && says "signed by another key" EACCES "foreign is not executed: invalid-signature, keyid" path foreign
sign_own own in/foreign && says "by the host's key, and inside by one of the policy's" ran "" path foreign
put digest && evmctl ima_hash -a sha256 in/digest >/dev/null 2>&1
says "with a digest only" EACCES "digest is not executed: IMA-signature-required" path digest
put command
fails "a command that is not signed does not start" "cannot run './command': Permission denied" \
	bash -c 'cd in && "$@"' bash "$NSXATTR" run -p "$SCENE/executed.yaml" --map-users="0:$INSIDE_ROOT:1000" \
	--map-groups="0:$INSIDE_ROOT:1000" -- ./command ran
same "the host runs what it likes" ran "$(in/unsigned ran)"

# ---- who writes ----

put written own
says "open for writing" EACCES "written is not executed: open_writers" writer written
says "and not any more" ran "" after-touch written
says "mapped to be written to" EACCES "written is not executed: open_writers" mapping written
says "which it was" EACCES "written is not executed: unverifiable-signature, it was mapped" path written
put written own
says "a copy was not" ran "" path written

# ---- other places ----

mkdir in/mnt && own in/mnt
says "in a namespace below" ran "" nested signed
says "and there not" EACCES "unsigned is not executed" nested unsigned
says "a copy on a tmpfs that the container mounts" EACCES "copy is not executed: IMA-signature-required" tmpfs "$SCENE/in/signed" mnt
says "on an overlay" EACCES "copy is not executed: unverifiable-signature, it has no path, or lies on an overlay" \
	overlay "$SCENE/in/signed" mnt
says "mounted over one that is signed" EACCES "is not executed" bind unsigned signed
says "in memory" EACCES "is not executed" memory signed
mkdir fuse layers layers/{lower,upper,work,merged} memory
cp driver layers/lower/file && sign own layers/lower/file
mount -t overlay -o lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work overlay layers/merged
says "on an overlay of the host's" EACCES "file is not executed: unverifiable-signature, what its file system shows" \
	path "$SCENE/layers/merged/file"
bindfs layers/lower fuse
says "on FUSE" EACCES "file is not executed: unverifiable-signature" path "$SCENE/fuse/file"
mount -t tmpfs tmpfs memory && cp driver memory/file && sign own memory/file
says "on a tmpfs of the host's" ran "" path "$SCENE/memory/file"

# ---- scripts ----

put interpreter
printf '%s\n' "#!$SCENE/in/interpreter ran" >in/script
printf '%s\n' "#!$SCENE/in/script" >in/outer
chmod 755 in/script in/outer && own in/script in/outer
says "a script that is not signed" EACCES "script is not executed" path ./script
sign own in/script in/outer
says "whose interpreter is not" EACCES "interpreter is not executed" path ./script
says "behind another script" EACCES "interpreter is not executed" path ./outer
sign own in/interpreter
says "all of them signed" ran "" path ./outer

# ---- mappings ----

libraries=$(ldd driver | grep -o '/[^ ]*' | xargs -n 1 realpath)
# shellcheck disable=SC2086 # words
sign own $libraries
with=mapped
says "loader and libraries are signed" ran "" path signed
says "a file that is signed, mapped" ran "" map signed
says "one that is not" EACCES "unsigned is not mapped executable: IMA-signature-required" map unsigned
says "memory that is of no file" ran "" anonymous
says "mprotect of what is not signed" EACCES "the gate has refused 1 times what was not judged" protect unsigned
says "with READ_IMPLIES_EXEC" EACCES "the gate has refused" implied unsigned
says "by the loader" "" "unsigned is not mapped executable" loader /lib64/ld-linux-x86-64.so.2 "$SCENE/in/unsigned"
setfattr -x security.ima "$(realpath /lib64/ld-linux-x86-64.so.2)"
fails "the loader is not signed" "cannot run '$driver': Permission denied" \
	"$NSXATTR" run -p mapped.yaml --map-users="0:$INSIDE_ROOT:1000" --map-groups="0:$INSIDE_ROOT:1000" -- "$driver" ran
sign own "$(realpath /lib64/ld-linux-x86-64.so.2)"
unset with

# ---- what the rules leave out ----

policy left-out own.der 'dont_appraise func=BPRM_CHECK fowner=7' "$appraise"
with=left-out
put left && chown "$((INSIDE_ROOT + 7))" in/left
says "a file that the rules leave out" ran "" path left
says "also open for writing" ETXTBSY "" writer left
chown "$INSIDE_ROOT" in/left
says "and not with another owner" EACCES "left is not executed" path left
policy left-out own.der "dont_appraise func=BPRM_CHECK fsmagic=0x65735546" "$appraise"
says "what has no version is not executed in any case" EACCES "unverifiable" path "$SCENE/fuse/file"
unset with

# ---- two containers at a time, and the host ----

declare -A pids
# begin() - NAME [-ROOT] POLICY WORD…: in the background; what it answers is in NAME.out, what nsxattr says in NAME.said
begin() {
	local name=$1
	shift
	rm -f "in/$name.pipe" "$name.out"
	mkfifo "in/$name.pipe"
	chmod 666 "in/$name.pipe"
	said=$name.said within "$@" >"$name.out" &
	pids[$name]=$!
}

# answered() - NAME LINES: so many
answered() {
	[ "$(wc -l <"$1.out")" -ge "$2" ]
}

# release() - NAME: and wait for its end
release() {
	timeout $((60 * ${TEST_SLOWER:-1})) bash -c ': >"$1"' bash "in/$1.pipe"
	wait "${pids[$1]}"
}

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

# race() - HOW NAME
race() {
	local found good
	rm -f in/name in/good in/bad
	program good 0 && program bad 115 && sign own in/good
	case $1 in
	link) ln -s good in/name ;;
	*) cp --preserve=all in/good in/name ;;
	esac
	own in/name
	found=$(within "${with-executed}" "$driver" race "$1" "$rounds" good bad name)
	read -r _ _ _ good _ <<<"${found//,/}"
	echo "# $2: $found"
	check "$2: nothing runs that is not signed" grep -q '^bad 0, ' <<<"$found"
	check "$2: what is signed does, and not always" [ "${good:-0}" -gt 0 -a "${good:-0}" -lt "$rounds" ]
}

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
says "what the list has no room for" EACCES "signed is not executed: it is missing in the measurement list" path signed
unset with

# ---- and at the end ----

await eval '! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q anon_inode:bpf'
check "no gate is left" eval '! ls -l /proc/[0-9]*/fd 2>/dev/null | grep anon_inode:bpf'
for library in $libraries /lib64/ld-linux-x86-64.so.2; do setfattr -x security.ima "$(realpath "$library")" 2>/dev/null; done
check "the host executes and writes as before" sh -c 'cp driver at-last && echo >>at-last && ./at-last ran'
