# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests of nsxattrd's judge share: keys, policies that log, programs that are signed, and what log, status and
# measurement list say of them. Sourced after tests/lib/runtimes.sh, case.sh and scene.sh.

# judged_key() - NAME: NAME.pem and NAME.der
judged_key() {
	openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj "/CN=$1" -addext subjectKeyIdentifier=hash \
		-keyout "$1.pem" -outform DER -out "$1.der" 2>/dev/null
}

# judged_policy() - NAME KEY RULE…: a policy of the daemon's that logs
judged_policy() {
	local name=$1 key=$2 rule
	shift 2
	mkdir -p policies
	cp "$key.der" policies/
	{
		echo "version: 1"
		echo "attributes: [{ name: security.ima, scheme: suffix, inherit: chain }]"
		echo "integrity:"
		echo "  mode: log"
		echo "  keys: [$key.der]"
		echo "  rules:"
		for rule; do echo "    - $rule"; done
	} >"policies/$name.yaml"
}

JUDGED_EXECS=("measure func=BPRM_CHECK" "appraise func=BPRM_CHECK appraise_type=imasig")
JUDGED_MAPS=("measure func=MMAP_CHECK mask=MAY_EXEC" "appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig")

# judged_programs() - ROOT KEY OTHER: programs in /bin of a root file system, each another file
judged_programs() {
	local root=$1 key=$2 other=$3 name
	for name in signed unsigned changed foreign; do
		cp /bin/true "$root/bin/$name"
		echo "# $name" >>"$root/bin/$name"
	done
	printf '#!/bin/unsigned\n' >"$root/bin/script"
	chmod 755 "$root"/bin/{signed,unsigned,changed,foreign,script}
	evmctl ima_sign --key "$key.pem" "$root/bin/signed" "$root/bin/script" >/dev/null 2>&1
	for name in signed script changed sh sleep; do
		evmctl ima_sign --key "$key.pem" "$root/bin/$name" >/dev/null 2>&1 || return
	done
	evmctl ima_sign --key "$other.pem" "$root/bin/foreign" >/dev/null 2>&1 || return
	echo "# changed afterwards" >>"$root/bin/changed"
}

# judged_scene() - PROGRAM…: two keys, own and other, and a root file system in root/ with PROGRAMs, those of
# judged_programs() and what runtimes need
judged_scene() {
	judged_key own
	judged_key other
	mkdir root
	runtimes_root root "${RUNTIMES_PROGRAMS[@]}" "$@"
	own root
	check "programs are signed" judged_programs root own other
}

# said_of() - PROGRAM CONTAINER: why it would not be executed, as the daemon's log says it; nothing: it does not
said_of() {
	sed -n "s|^nsxattr: container $2: .*/bin/$1 would not be executed: \([^,]*\).*|\1|p" daemon.log | sort -u |
		paste -sd' '
}

# verdicts() - NAME: what status says of a container: its mode, and each cause with its count
verdicts() {
	"$NSXATTR" status --json | /usr/bin/python3 -c '
import json, sys
for container in json.load(sys.stdin)["containers"]:
    if sys.argv[1] in (container["id"], container["name"]):
        integrity = container["integrity"]
        print(integrity["mode"], *(f"{cause}={count}" for cause, count in sorted(integrity["verdicts"].items())))' "$1"
}

# judged_keyid() - NAME: of a key, as evmctl says it
judged_keyid() {
	openssl x509 -inform DER -in "$1.der" -noout -ext subjectKeyIdentifier |
		tr -d ': \n' | tail -c 8 | tr 'A-F' 'a-f'
}

# judged_status() - NAME KEY…: what status says of the integrity of a container
judged_status() {
	"$NSXATTR" status --json | /usr/bin/python3 -c '
import json, sys
for container in json.load(sys.stdin)["containers"]:
    if sys.argv[1] in (container["id"], container["name"]):
        value = container["integrity"]
        for key in sys.argv[2:]:
            value = value[int(key) if key.isdigit() else key]
        print(value)' "$@"
}

# judged_is_known() - NAME: does the daemon serve the container?
judged_is_known() {
	[ -n "$(judged_status "$1")" ]
}

judged_are_forgotten() {
	[ "$(daemon_status containers)" = '[]' ]
}

# judged_bytes() - how many bytes the worker of nsxattrd has read
judged_bytes() {
	sed -n 's/^rchar: //p' "/proc/$(pgrep --parent "$daemon" --exact nsxattrd | head -n 1)/io"
}

# judged_has_read() - BYTES: more than so many?
judged_has_read() {
	[ "$(judged_bytes)" -gt "$1" ]
}

# judged_list() - NAME: has its measurement list, with files of one moment in the folder NAME.list; does evmctl accept it?
judged_list() {
	local algorithm
	rm -rf "$1.list"
	"$NSXATTR" measurements "$1" --folder="$1.list" || return
	for algorithm in sha1 sha256; do
		evmctl ima_measurement -v --pcrs "$algorithm,$1.list/pcrs-$algorithm" --verify-sig --key "${2:-own}.der" \
			"$1.list/binary_runtime_measurements" >"$1.said" 2>&1 || return
		grep -qx 'Matched per TPM bank calculated digest(s).' "$1.said" || return
	done
}

# judged_entries() - NAME: the paths in the list that judged_list() has fetched, in their order
judged_entries() {
	cut -d' ' -f5 "$1.list/ascii_runtime_measurements" | paste -sd' '
}

# ---- containers of OCI runtimes; $runtime is the one, with its options ----

# bundle() - NAME SETTING… -- COMMAND…: what the runtime needs to start the container NAME
bundle() {
	local name=$1
	shift
	rm -rf "$name"
	mkdir "$name"
	(cd "$name" && "${runtime[0]}" spec && mv config.json spec.json) &&
		/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" "$@" <"$name/spec.json" |
		"$NSXATTR" hook oci-precreate --runtime="${runtime[0]}" --policies="$SCENE/policies" \
			>"$name/config.json" 2>>hook.said
}

# launch() - NAME POLICY COMMAND…
launch() {
	local name=$1 policy=$2
	shift 2
	bundle "$name" annotation=io.nsxattr.policy="$policy" -- "$@" &&
		"${runtime[@]}" run --detach --bundle "$name" "$name" </dev/null >"$name/output" 2>&1
}

# start() - NAME POLICY: a container that waits
start() {
	launch "$1" "$2" sh -c 'while :; do sleep 1000; done' && await judged_is_known "$1"
}

within() {
	"${runtime[@]}" exec "$@" </dev/null
}

end() {
	"${runtime[@]}" kill "$1" KILL
	"${runtime[@]}" delete --force "$1"
}
