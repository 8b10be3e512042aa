# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of mode enforce share: keys, signed files, policies, and containers whose working directory is the folder
# "in" of the scene. Sourced behind case.sh and scene.sh.
#
# ENFORCE_ROUNDS says how often each race is run.

rounds=${ENFORCE_ROUNDS:-20000}
built=$(realpath "$BUILD/tests/live/enforce-driver")
filter=()
appraise='appraise func=BPRM_CHECK appraise_type=imasig'
container= # the policy of the one that goes on, see answers()

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
	[ "$container" != "$name" ] || container_end
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
	# shellcheck disable=SC2154 # scene.sh has the options
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

# logged() - CAUSE COMMAND…: is it in what this shows?
logged() {
	grep -q -- "$1" <("${@:2}")
}

# judged() - NAME ANSWER FOUND CAUSE COMMAND…: the driver has answered this, and CAUSE is in what the command shows, if it is no ""
judged() {
	if [ "$3" = "$2" ] && { [ -z "$4" ] || soon logged "$4" "${@:5}"; }; then
		ok "$1"
	else
		not_ok "$1" "expected: $2, $4
found:    $3
$("${@:5}" | tail -n 20)"
	fi
}

# says() - NAME ANSWER CAUSE WORD…: what the driver answers in a container of its own, and what is in the log, if it is no ""
says() {
	local found
	found=$(within "${with-executed}" "$driver" "${@:4}")
	judged "$1" "$2" "$found" "$3" cat said
}

# answers() - NAME ANSWER CAUSE WORD…: the same in a container that goes on. It does not see what the host mounts later, and
# what the log has at its end is not looked at.
answers() {
	local found='' line from
	container_of "${with-executed}"
	from=$(($(wc -c <container.said) + 1))
	echo "${*:4}" >&"$to_container"
	while read -r line <&"$from_container" && [ "$line" != . ]; do found+=$line; done
	judged "$1" "$2" "$found" "$3" tail -c "+$from" container.said
}

# container_of() - POLICY: have one that goes on, in which the driver obeys; it is begun anew where the policy is another one
container_of() {
	[ "$container" != "$1" ] || ! kill -0 "$container_pid" 2>/dev/null || return 0
	container_end
	container=$1
	mkfifo orders answers
	: >container.said
	said=container.said within "$1" "$driver" obey <orders >answers &
	container_pid=$!
	exec {to_container}>orders {from_container}<answers
	rm -f orders answers
}

# container_end() - of that one, if there is one
container_end() {
	[ -n "$container" ] || return 0
	! kill -0 "$container_pid" 2>/dev/null || echo end >&"$to_container"
	exec {to_container}>&- {from_container}<&-
	wait "$container_pid"
	container=
}

# program() - NAME ANSWER: one without libraries that ends with a number, which lies in it behind a mark
program() {
	printf '%s\n' "const volatile char answer[] = \"the-answer-is:\\$2\";" \
		'void _start(void) { __asm__ volatile("syscall" : : "a"(231), "D"((long)(unsigned char)answer[14])); __builtin_unreachable(); }' >"$1.c"
	gcc -O -static -nostdlib -fno-stack-protector -o "in/$1" "$1.c" && own "in/$1"
}

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
	# shellcheck disable=SC2016 # for that shell
	timeout $((60 * ${TEST_SLOWER:-1})) bash -c ': >"$1"' bash "in/$1.pipe"
	wait "${pids[$1]}"
}

# enforcement_begin() - keys, the driver, which is signed, and a policy "executed"; false when there is no gate, which is said
enforcement_begin() {
	mkdir in && own in
	cp "$built" driver
	driver=$SCENE/driver
	key own rsa -pkeyopt rsa_keygen_bits:2048
	key ec ec -pkeyopt ec_paramgen_curve:P-256
	sign own driver
	policy executed "own.der, ec.der" "$appraise"
	if within executed "$driver" ran | grep -qx ran; then
		ok "the command runs, which is signed"
	elif grep -q 'left out' said; then
		skip "enforce" "the gate was left out when nsxattr was built"
		return 1
	else
		not_ok "the command runs, which is signed" "$(cat said)"
		return 1
	fi
}
