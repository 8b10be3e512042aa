#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What containers of LXC execute is judged by nsxattrd, from their init on; log, status and measurement list say what
# became of it.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/judged.sh
. tests/lib/judged.sh
# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
needs lxc-execute lxc-start getfattr evmctl openssl
scene_make
runtimes_make

LXC_IDS=65536
LXC_SOCKET=/run/nsxattr/lxc.sock

judged_scene bash mktemp perl
judged_policy executed own "${JUDGED_EXECS[@]}"
judged_policy mapped own "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
lxc_prepare
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}

# serve() - NAME: it starts, or LXC's log is shown
serve() {
	lxc_make_init "$1" && lxc_judged_starts "$1" && return
	tail -n 60 "lxc/$1/log" >&2
	return 1
}

# ---- what a container executes ----

lxc_judged one executed
check "a container starts" serve one
check "it is known before it makes any other call" await judged_is_known one
same "its init is judged" "log IMA-signature-required=1" "$(verdicts one)"
for program in signed unsigned changed foreign; do
	check "$program runs" lxc_in one $program
done
same "status says what became of them" "log IMA-signature-required=2 invalid-signature=2 valid=1" "$(verdicts one)"
same "an unsigned program is named in the log" IMA-signature-required "$(said_of unsigned one)"
same "a changed one" invalid-signature "$(said_of changed one)"
same "a signed one is not" "" "$(said_of signed one)"
check "evmctl accepts the list" judged_list one
same "it has what was executed" "boot_aggregate /bin/bash /bin/signed /bin/unsigned /bin/changed /bin/foreign" \
	"$(judged_entries one)"
kill -KILL "$(pgrep --parent "$daemon" nsxattrd)"
check "a worker has died: a program runs" lxc_in one sleep 0
check "evmctl accepts the list" judged_list one
same "it is what it was, and the program" \
	"boot_aggregate /bin/bash /bin/signed /bin/unsigned /bin/changed /bin/foreign /bin/sleep" "$(judged_entries one)"
lxc_end one
check "a container that has ended is forgotten" await judged_are_forgotten
check "and the process beside it has ended" await eval '! pgrep -x nsxattr-lxc'

# nsxattrd may look at the hook's connection when the hook has ended.
cat >halt <<-HALT
	#!/bin/sh
	kill -STOP \$(pgrep --parent $daemon nsxattrd)
HALT
chmod 755 halt
lxc_judged late executed "lxc.hook.start-host = $SCENE/halt"
serve late &
started=$!
check "LXC executes an init while nsxattrd does not run" await grep -q "Exec'ing" lxc/late/log
kill -CONT "$(pgrep --parent "$daemon" nsxattrd)"
wait "$started"
same "it is judged when nsxattrd does" 0 $?
check "and known" await judged_is_known late
lxc_end late
check "a container that has ended is forgotten" await judged_are_forgotten

# ---- what it maps ----

lxc_judged two mapped
check "a container whose maps are judged starts" serve two
check "a signed program runs in it" lxc_in two signed
check "its library is named in the log" \
	grep -q "container two: .*/libc.so.6 would not be mapped executable: IMA-signature-required" daemon.log
check "evmctl accepts the list" judged_list two
lxc_end two

# ---- how long it is known ----

# Of a call that is given up the connection ends, and its monitor makes another one for the next call.
lxc_judged three executed
check "a container starts" serve three
check "a program runs" lxc_in three sleep 0
daemon_stop
daemon_start
check "nsxattrd was started anew: a program runs" lxc_in three sleep 0
check "evmctl accepts the list" judged_list three
same "it begins" "boot_aggregate /bin/sleep" "$(judged_entries three)"
truncate -s 64G root/bin/endless
chmod 755 root/bin/endless
read=$(judged_bytes)
lxc_in three endless >/dev/null 2>&1 &
called=$!
# An emulated processor reads little more in the 20 seconds that the judge has.
check "a file that takes long to read is looked at" await judged_has_read $((read + (1 << 24)))
kill -KILL "$(lxc_in_exec three)"
wait "$called"
same "who executes it is killed" 137 $?
check "a program runs" lxc_in three signed
check "evmctl accepts the list" judged_list three
same "it is what it was, and the program" "boot_aggregate /bin/sleep /bin/signed" "$(judged_entries three)"

# LXC's monitor stays when its container is begun anew, with the connection that it had.
is_begun() {
	judged_list three && [ "$(judged_entries three)" = "boot_aggregate /bin/bash" ] &&
		[ -e "/proc/$(pgrep -f serve.three/init)/fd/3" ]
}
lxc_in three perl -e "syscall($(if [ "$(uname -m)" = x86_64 ]; then echo 169; else echo 142; fi), 0xfee1dead, 0x28121969, 0x1234567)" \
	>/dev/null 2>&1 &
asked=$!
check "one that is begun anew has a list of its own" await is_begun
check "a program runs" lxc_in three signed
check "evmctl accepts the list" judged_list three
same "it has that program" "boot_aggregate /bin/bash /bin/signed" "$(judged_entries three)"
same "there is one container" 1 "$(daemon_status containers | grep -o '"id"' | wc -l)"
kill "$asked" 2>/dev/null
wait "$asked" 2>/dev/null
lxc_end three
check "a container that has ended is forgotten" await judged_are_forgotten
rm root/bin/endless

# ---- what LXC cannot do ----

# refused() - NAME TEXT: a container does not start, and its hook says why
refused() {
	! lxc_judged_starts "$1" >said 2>&1 && lxc_said "$1" | grep -qF "$2"
}

lxc_judged_alone without executed
check "without the hook a container does not start" refused without "LXC would wait for ever for the container's init"
lxc_judged early executed "lxc.hook.start = /bin/true"
check "nor does one that executes a hook before" refused early "lxc.hook.start would be executed before"
lxc_judged other executed "lxc.seccomp.profile = $REPOSITORY/examples/lxc/nsxattr.seccomp"
check "nor one whose profile hands nothing over" refused other "does not hand 'execve' to nsxattrd"
sed '/^remap_file_pages/d' "$REPOSITORY/examples/lxc/nsxattr-integrity.seccomp" >lax.seccomp
lxc_judged lax mapped "lxc.seccomp.profile = $SCENE/lax.seccomp"
check "nor one whose profile lets it map files anew, where maps are judged" refused lax "does not refuse 'remap_file_pages'"
lxc_done
daemon_stop
same "SIGTERM ends the daemon in order" 0 $?
