#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What containers of an OCI runtime execute is judged by nsxattrd, by the keys of each container's policy, and what is
# refused runs all the same, for the policies only log. oci-judge-runc.sh is the same with the other runtime.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh

runtime=("${OCI_RUNTIME:-crun}")
needs "${runtime[0]}" getfattr evmctl openssl
[ "${runtime[0]}" != crun ] || runtime+=(--cgroup-manager=disabled)
scene_make
runtimes_make

# ---- the scene ----

judged_scene
judged_policy executed own "${JUDGED_EXECS[@]}"
judged_policy others other "${JUDGED_EXECS[@]}"
judged_policy mapped own "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}

# ---- two containers with other keys, one file ----

check "a container starts" start one executed
check "and one with another key" start two others
for program in signed unsigned changed foreign script; do
	check "$program runs" within one $program
	check "$program runs in the other one" within two $program
done
# Signals that runc sends to itself begin an exec anew, which is judged again then.
if [ "${runtime[0]}" = runc ]; then
	same "status says what became of them" "log IMA-signature-required invalid-signature valid" \
		"$(verdicts one | sed 's/=[0-9]*//g')"
else
	same "status says what became of them" "log IMA-signature-required=2 invalid-signature=2 valid=4" \
		"$(verdicts one)"
	same "of the same files by the other key" "log IMA-signature-required=2 invalid-signature=5 valid=1" \
		"$(verdicts two)"
fi
same "an unsigned program is named in the log" IMA-signature-required "$(said_of unsigned one)"
same "a changed one" invalid-signature "$(said_of changed one)"
same "one with another key's signature" invalid-signature "$(said_of foreign one)"
same "a signed one is not" "" "$(said_of signed one)"
same "in the other container it is" invalid-signature "$(said_of signed two)"
same "where the other key's is not" "" "$(said_of foreign two)"
same "status has the keyid" "$(judged_keyid own)" "$(judged_status one keyids 0)"
same "of each container" "$(judged_keyid other)" "$(judged_status two keyids 0)"

# ---- errors are the kernel's ----

# In one stream: the runtime passes on two in any order.
# shellcheck disable=SC2016 # for the shell inside
errors='
	exec 2>&1
	/bin/absent; echo $?
	/etc/passwd; echo $?
	/tmp; echo $?
	/bin/true/x; echo $?
	: >/tmp/empty && chmod 755 /tmp/empty && /tmp/empty; echo $?
	printf "#!/bin/absent\n" >/tmp/lost && chmod 755 /tmp/lost && /tmp/lost; echo $?
	ln -s loop /tmp/loop; /tmp/loop; echo $?'
bundle plain annotation=io.nsxattr.policy=default -- sh -c 'while :; do sleep 1000; done'
"${runtime[@]}" run --detach --bundle plain plain </dev/null >plain/output 2>&1
# While its first program is being executed, the runtime may fail to enter it.
await within plain true 2>/dev/null
same "what cannot be executed fails as where nothing is judged" \
	"$(within plain sh -c "$errors" 2>&1)" "$(within one sh -c "$errors" 2>&1)"
end plain

# ---- their measurement lists ----

check "evmctl accepts the list of one" judged_list one own
same "it has what was executed, once" "boot_aggregate /bin/sh /bin/sleep /bin/signed /bin/unsigned /bin/changed /bin/foreign /bin/script" \
	"$(judged_entries one | cut -d' ' -f1-8)"
check "evmctl accepts the list of the other" judged_list two other
"$NSXATTR" measurements one >one.text
check "the list as text" cmp one.text one.list/ascii_runtime_measurements
"$NSXATTR" measurements one --binary >one.binary
check "in the kernel's form" cmp one.binary one.list/binary_runtime_measurements
"$NSXATTR" measurements one --pcrs --bank=sha1 >one.pcrs
check "its registers" cmp one.pcrs one.list/pcrs-sha1
same "boot_aggregate is of policy and key" \
	"$(for file in policies/executed.yaml own.der; do openssl dgst -sha256 -binary $file; done | sha256sum | cut -d' ' -f1)" \
	"$(sed -n 's/.* sha256:\([0-9a-f]*\) boot_aggregate.*/\1/p' one.text)"
fails "a container that is not there has none" "there is no container 'nine'" "$NSXATTR" measurements nine
as_plain=(setpriv --reuid=1000 --regid=1000 --clear-groups --)
fails "another user is told of none" "there is no container 'one'" "${as_plain[@]}" "$NSXATTR" measurements one
end one
end two
check "containers that are judged are forgotten" await judged_are_forgotten

# ---- a key is revoked ----

# revoke() - KEY…: the settings say so
revoke() {
	sed -i '/^revoked-keys/d' nsxattrd.yaml
	printf 'revoked-keys: [%s]\n' "$(printf '"%s", ' "$@")" >>nsxattrd.yaml
}

judged_policy both own "${JUDGED_EXECS[@]}"
cp other.der policies/
sed -i 's/keys: .*/keys: [own.der, other.der]/' policies/both.yaml
"$NSXATTR" reload
check "a container with two keys starts" start revoked both
for program in signed foreign signed; do within revoked $program; done
same "both count" "" "$(said_of signed revoked)$(said_of foreign revoked)"
valid=$(judged_status revoked verdicts valid)
revoke "$(judged_keyid own)"
kill -HUP "$daemon"
check "SIGHUP has the revoked keys read" await grep -q "1 revoked keys count from now on" daemon.log
for program in signed foreign; do within revoked $program; done
same "what was valid by the key is so no more" invalid-signature "$(said_of signed revoked)"
same "what is by another is" "" "$(said_of foreign revoked)"
same "status names it" "$(judged_keyid own)" "$(judged_status revoked revoked-keyids 0)"
worker=$(pgrep --parent "$daemon" --exact nsxattrd | head -n 1)
kill -KILL "$worker"
within revoked signed
same "another worker knows it, too" "$(judged_keyid own)" "$(judged_status revoked revoked-keyids 0)"
revoke "$SCENE/none.der"
same "a file that is not there is a mistake" "1 nsxattr: $SCENE/nsxattrd.yaml: revoked-keys: $SCENE/none.der: No such file or directory" \
	"$("$NSXATTR" reload >said 2>&1; echo "$? $(grep none.der said)")"
same "and what was revoked stays so" "$(judged_keyid own)" "$(judged_status revoked revoked-keyids 0)"
revoke "$SCENE/other.der"
check "a file of keys revokes them" "$NSXATTR" reload
for program in signed foreign; do within revoked $program; done
same "the keys in it" invalid-signature "$(said_of foreign revoked)"
same "and no others" "$(judged_keyid other)" "$(judged_status revoked revoked-keyids | tr -d "[]'")"
end revoked
check "the container is forgotten" await judged_are_forgotten

# ---- what is mapped ----

check "a container whose maps are judged starts" start mapped mapped
check "a signed program runs in it" within mapped signed
check "the loader and libraries are named in the log" grep -q "container mapped: .*/libc.so.6 would not be mapped executable: IMA-signature-required" \
	daemon.log
end mapped

# ---- what cannot be judged ----

bundle unedited annotation=io.nsxattr.policy=executed -- true
/usr/bin/python3 - unedited/config.json <<'END'
import json, sys
config = json.load(open(sys.argv[1]))
seccomp = config["linux"]["seccomp"]
seccomp["syscalls"] = [rule for rule in seccomp["syscalls"] if "execve" not in rule["names"]]
config["annotations"].pop("run.oci.seccomp_bpf_data", None)
json.dump(config, open(sys.argv[1], "w"))
END
same "nsxattr hook oci refuses a container whose profile hands nothing over" 1 \
	"$(echo '{"id":"unedited","bundle":"'"$SCENE"'/unedited"}' | "$NSXATTR" hook oci 2>said; echo $?)"
check "and says so" grep -q "lets execve pass, which nsxattrd would not see" said
daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
