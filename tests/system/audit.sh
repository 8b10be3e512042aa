#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The audit log: a record for each change, in a file and in the journal, with all that is so; what cannot be written is counted,
# and no call waits for it. Under nsxattr run, and under nsxattrd, for which runtime-driver stands in for a runtime.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr python3 unshare
scene_make
# shellcheck source=tests/lib/loads.sh
. "$REPOSITORY/tests/lib/loads.sh"

# policy() - EXTENT: policy.yaml
policy() {
	cat <<-END
		version: 1
		audit: $1
		attributes:
		  - { name: "security.*", scheme: suffix }
		  - { name: security.fixed, scheme: deny }
		allow-users: ["1000"]
	END
}

# audited() - [OPTION…] -- COMMAND…: under nsxattr run
audited() {
	"$NSXATTR" run "${options[@]}" -p policy.yaml --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" \
		--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT" "$@"
}

# said() - FILE FIELD…: of each line of JSON
said() {
	/usr/bin/python3 - "$@" <<'END'
import json, sys
for line in open(sys.argv[1], errors="strict"):
    print(*(json.loads(line).get(field, "-") for field in sys.argv[2:]))
END
}

# has_lines() - FILE COUNT
has_lines() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# ---- nsxattr run, a file ----

# What the kernel, and sha256sum, say of the last change to FILE by the process whose number is in pid.
truth() {
	echo "$(cat pid) $(cat pid) $INSIDE_ROOT $(/usr/bin/python3 -c '
import os, sys
stat = os.stat(sys.argv[1])
print(f"{os.major(stat.st_dev)}:{os.minor(stat.st_dev)} {stat.st_ino}")' "$1")"
}

fields=(pid tid uid device inode)

changes() {
	policy changes >policy.yaml
	mkdir work && touch work/f && own work
	touch pid && chmod 666 pid
	audited --audit-log=log -- sh -c 'echo $$ >pid; exec setfattr -n security.demo -v "a value" ./work/f'
	await has_lines log 1
	same "a record has who, and which file" "$(truth work/f)" "$(said log "${fields[@]}")"
	same "and what" "set setxattr ./work/f security.demo security.demo@uid=$INSIDE_ROOT 7 done -" \
		"$(said log operation call path name stored size result reason)"
	same "and the digest of the value" "$(printf 'a value' | sha256sum | cut -d' ' -f1)" "$(said log sha256)"
	same "the file is its owner's alone" 600 "$(stat -c %a log)"
	audited --audit-log=log -- sh -c 'echo $$ >pid; exec setfattr -x security.demo work/f'
	await has_lines log 2
	same "a remove has one, too" \
		"$(truth work/f) remove removexattr work/f security.demo security.demo@uid=$INSIDE_ROOT - - done" \
		"$(said log "${fields[@]}" operation call path name stored size sha256 result | tail -n 1)"
	rm log
}

# A large value, which is read by itself; calls by a descriptor; a name and a path of any bytes.
forms() {
	audited --audit-log=log -- /usr/bin/python3 -c '
import os
os.chdir("work")
fd = os.open("f", os.O_RDONLY)
os.dup2(fd, 77)
os.setxattr(77, "security.large", bytes(range(256)) * 15)
os.setxattr("f", "security.empty", b"")
with open(b"\xff\n\"\\", "w"): pass
os.setxattr(b"\xff\n\"\\", b"security.\xfe\n", b"x")
os.symlink("nowhere", "link")
os.setxattr("link", "security.link", b"x", follow_symlinks=False)
def refused(*arguments):
    try: os.setxattr(*arguments)
    except OSError: pass
refused("f", "security.fixed", b"x")
refused("nowhere", "security.a", b"x")
refused("f", "security.a", b"x", os.XATTR_REPLACE)
os.getxattr("f", "security.empty"); os.listxattr("f"); os.setxattr("f", "user.own", b"x")
'
	await has_lines log 7
	same "each form of a call" "fsetxattr 77 - security.large 3840 done -
setxattr - f security.empty 0 done -
setxattr - \\xff\\x0a\"\\\\ security.\\xfe\\x0a 1 done -
lsetxattr - link security.link 1 done -
setxattr - f security.fixed 1 EPERM rule-deny
setxattr - nowhere security.a 1 ENOENT kernel
setxattr - f security.a 1 ENODATA absent" "$(said log call fd path name size result reason)"
	same "their values" "$(for value in 'bytes(range(256)) * 15' 'b""' 'b"x"'; do
		/usr/bin/python3 -c "import sys; sys.stdout.buffer.write($value)" | sha256sum | cut -d' ' -f1
	done)" "$(said log sha256 | sed -n 1,3p)"
	same "their numbers follow each other" "$(seq 7)" "$(said log record)"
	same "no byte of a line steers a terminal" "" "$(LC_ALL=C grep -n '[^ -~]' log)"
	rm log
}

# Where calls wait on a ring all is kept that the first walk has read.
executors() {
	local executor
	for executor in ring threads inline; do
		audited --audit-log=log --debug=executor="$executor" -- /usr/bin/python3 -c '
import os
for i in range(20):
    os.setxattr("./work/f", "security.a", b"%d" % i)
    os.getxattr("./work/f", "security.a")
os.removexattr("./work/f", "security.a")'
		await has_lines log 21
		same "with executor=$executor each change has its path and its value" \
			"$(for i in $(seq 0 19); do
				echo "./work/f $(printf %d "$i" | sha256sum | cut -d' ' -f1)"
			done)" "$(said log path sha256 | sed -n 1,20p)"
		rm log
	done
}

refusals() {
	policy refusals >policy.yaml
	audited --audit-log=log -- sh -c '
		setfattr -n security.a -v 1 work/f; setfattr -x security.a work/f
		setfattr -x security.a work/f; setfattr -n security.fixed -v 1 work/f
		setfattr -n security.a -v 1 pid; :' 2>/dev/null
	await has_lines log 2
	same "refusals alone" "security.fixed EPERM rule-deny
security.a EPERM owner-not-mapped" "$(said log name result reason)"
	rm log
	policy off >policy.yaml
	fails "a file needs a policy with audit" "--audit-log needs a policy with 'audit'" \
		audited --audit-log=log -- true
	policy changes >policy.yaml
}

mistakes() {
	mkfifo pipe
	ln -s log link
	local path
	for path in /dev/full . pipe link; do
		fails "no regular file: $path" "$path: it is no regular file" audited --audit-log=$path -- true
	done
	fails "no such folder" "nowhere/log: No such file" audited --audit-log=nowhere/log -- true
	fails "a plain user's, where only root writes" "/var/log/audit-of-nobody: Permission denied" \
		"${as_user[@]}" "$NSXATTR" run -p user.yaml --audit-log=/var/log/audit-of-nobody -- true
}

plain_user() {
	sed 's/^audit:/store: user\naudit:/' policy.yaml >user.yaml
	mkdir own && touch own/f && chown -R 1000:1000 own
	(cd own && "${as_user[@]}" "$NSXATTR" run "${options[@]}" -p ../user.yaml --audit-log=log -- \
		setfattr -n security.a -v 1 f)
	await has_lines own/log 1
	same "without root, too" "1000 security.a user.nsxattr.1000.security.a done 1000" \
		"$(said own/log uid name stored result) $(stat -c %u own/log)"
}

# copytruncate of logrotate(8)
emptied() {
	mkfifo go
	audited --audit-log=log -- sh -c 'setfattr -n security.a -v 1 work/f; cat go; setfattr -n security.b -v 1 work/f' &
	local run=$!
	await has_lines log 1
	cp log log.1 && : >log
	echo >go
	wait "$run"
	await has_lines log 1
	same "a file that was emptied begins anew" "security.a security.b" \
		"$(said log.1 name) $(said log name)"
	rm log log.1
}

# ---- the journal ----

# Stands in for journald, in a mount namespace of its own; writes FILE: a line of JSON for each entry.
journald() {
	exec /usr/bin/python3 - "$1" <<'END'
import json, os, socket, struct, sys
os.makedirs("/run/systemd/journal", exist_ok=True)
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
def fields(entry):
    while entry:
        line, _, entry = entry.partition(b"\n")
        key, equals, value = line.partition(b"=")
        if not equals:
            size, = struct.unpack("<Q", entry[:8])
            value, entry = entry[8:8 + size], entry[9 + size:]
        yield key.decode(), value.decode("latin-1")
out = open(sys.argv[1], "w", buffering=1)
print("{}", file=out)
while True:
    pairs = list(fields(journal.recv(1 << 17)))
    assert len(pairs) == len(dict(pairs))
    print(json.dumps(dict(pairs)), file=out)
END
}

journal() {
	unshare -m --propagation private bash -s <<-END
		$(declare -f journald audited await has_lines)
		$(declare -p options NSXATTR INSIDE_ROOT INSIDE_COUNT)
		mount -t tmpfs none /run || exit
		journald entries &
		await has_lines entries 1
		audited -- sh -c 'echo \$\$ >pid; exec setfattr -n security.demo -v "a value" ./work/f'
		audited --audit-log=journal -- /usr/bin/python3 -c '
		import os
		os.chdir("work")
		path = b"x\nNSXATTR_UID=0\nPRIORITY=0"
		with open(path, "w"): pass
		os.setxattr(path, b"security.a\nNSXATTR_RESULT=none\n", b"x")
		try: os.setxattr("f", "security.fixed", b"x")
		except OSError: pass'
		await has_lines entries 4
		kill %1
	END
	sed -i 1d entries
	same "an entry of the journal has who, and which file" "$(truth work/f)" \
		"$(said entries NSXATTR_PID NSXATTR_TID NSXATTR_UID NSXATTR_DEVICE NSXATTR_INODE | sed -n 1p)"
	same "and what" "./work/f security.demo security.demo@uid=$INSIDE_ROOT 7 $(printf 'a value' | sha256sum | cut -d' ' -f1) done" \
		"$(said entries NSXATTR_PATH NSXATTR_NAME NSXATTR_STORED NSXATTR_SIZE NSXATTR_SHA256 NSXATTR_RESULT | sed -n 1p)"
	same "and what people read" \
		"process $(cat pid) of uid $INSIDE_ROOT: set security.demo: done 6 nsxattr b3a6f1c9d2e84c5c9a0d7f4e61825b90" \
		"$(said entries MESSAGE PRIORITY SYSLOG_IDENTIFIER MESSAGE_ID | sed -n 1p)"
	same "no text becomes a field" "$INSIDE_ROOT 6 x
NSXATTR_UID=0
PRIORITY=0 security.a
NSXATTR_RESULT=none
 done" "$(sed -n 2p entries >second; said second NSXATTR_UID PRIORITY NSXATTR_PATH NSXATTR_NAME NSXATTR_RESULT)"
	same "a refusal is a notice" "5 EPERM rule-deny" \
		"$(said entries PRIORITY NSXATTR_RESULT NSXATTR_REASON | tail -n 1)"
}

no_journal() {
	unshare -m --propagation private bash -s <<-END >/dev/null 2>err
		$(declare -f audited)
		$(declare -p options NSXATTR INSIDE_ROOT INSIDE_COUNT)
		mount -t tmpfs none /run && audited -- true
	END
	same "without a journal nothing is started" "1" "$(grep -c 'there is no journal of systemd here: --audit-log=FILE' err)"
}

# ---- nsxattrd ----

daemon=

# start() - LINE…: of the settings
start() {
	loads_configure "$@"
	"$NSXATTRD" -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
	daemon=$!
	await "$NSXATTR" status --control="$control"
}

stop() {
	kill -TERM "$daemon"
	wait "$daemon"
}

# container() - ID COMMAND…
container() {
	local id=$1
	shift
	(loads_container "$id" audited "$@") 2>>load.log
}

# audit() - KEY: of the status
audit() {
	"$NSXATTR" status --control="$control" --json |
		/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["audit"][sys.argv[1]])' "$1"
}

# audit_sum() - how many records there were
audit_sum() {
	"$NSXATTR" status --control="$control" --json | /usr/bin/python3 -c '
import json, sys
audit = json.load(sys.stdin)["audit"]
print(audit["written"] + audit["lost"] + audit["waiting"])'
}

is_audit() {
	[ "$(audit "$1")" = "$2" ]
}

# One that lives on, and sets what it is told; its answers are in answers.
open_container() {
	mkfifo orders
	container long /usr/bin/python3 -c '
import os, sys
open("f", "w")
print("ready", flush=True)
for order in sys.stdin:
    os.setxattr("f", "security.a", order.strip().encode())
    print(order.strip(), flush=True)' <orders >answers &
	long=$!
	exec {orders}>orders
	await grep -q ready answers
}

# order() - WORD: and await that it is done
order() {
	echo "$1" >&"$orders"
	await grep -qx "$1" answers
}

daemon_file() {
	start "audit-log: $SCENE/audit.log"
	container one sh -c 'touch f; setfattr -n security.a -v 1 f'
	await is_audit written 1
	same "nsxattrd has a record of a container's change" "one one 1000 1000 security.a f done" \
		"$(said audit.log container id owner uid name path result)"
	same "and tells how many" "1
1
audit: $SCENE/audit.log has 1 records, 0 are lost, 0 wait
nsxattr_audit_records_total 1
nsxattr_audit_lost_total 0" "$(audit written; grep -c '' audit.log; "$NSXATTR" status --control="$control" | grep ^audit
		"$NSXATTR" metrics --control="$control" | grep ^nsxattr_audit)"
	same "a plain user is not told of the log" "" \
		"$("${as_user[@]}" "$NSXATTR" status --control="$control" --json | grep '"audit": *{')"
}

# The policies are read anew, while a container runs.
switches() {
	policy off >policies/audited.yaml
	"$NSXATTR" reload --control="$control" >/dev/null
	open_container
	order one
	policy changes >policies/audited.yaml
	"$NSXATTR" reload --control="$control" >/dev/null
	order two
	await is_audit written 2
	policy off >policies/audited.yaml
	kill -HUP "$daemon"
	await eval "\"$NSXATTR\" status --control='$control' --json | grep -q '\"audit\": *\"off\"'"
	order three
	policy changes >policies/audited.yaml
	"$NSXATTR" reload --control="$control" >/dev/null
	order four
	await is_audit written 3
	same "a policy's audit counts for a container that runs" \
		"$(for value in two four; do printf %s $value | sha256sum | cut -d' ' -f1; done)" \
		"$(said audit.log sha256 | tail -n 2)"
}

rotates() {
	mv audit.log audit.log.1
	order five
	await is_audit written 4
	kill -HUP "$daemon"
	await test -e audit.log
	order six
	await is_audit written 5
	same "SIGHUP has the file made anew" "4 1 600" \
		"$(grep -c '' audit.log.1) $(grep -c '' audit.log) $(stat -c %a audit.log)"
}

# Numbers and counts go on with the next worker; another daemon begins with its own.
dies() {
	local before
	before=$(worker)
	kill -KILL "$before"
	await eval "[ \"\$(worker)\" != $before ]"
	order seven
	await is_audit written 6
	same "the next worker goes on with the log" "6" "$(said audit.log record | tail -n 1)"
	mv audit.log audit.log.2
	"$NSXATTR" reload --control="$control" >/dev/null
	await test -e audit.log
	kill -KILL "$(worker)"
	order eight
	await is_audit written 7
	same "also after its file was made anew" "7" "$(said audit.log record)"
	"$NSXATTR" reload --control="$control" --binary >/dev/null
	order nine
	await is_audit written 1
	same "another daemon goes on with the file" "1" "$(said audit.log record | tail -n 1)"
	daemon=$(daemon_says pid)
}

# Each change has one record, whenever the worker dies. Only the last record that it has written can be there twice.
deaths() {
	mv audit.log audit.log.3
	"$NSXATTR" reload --control="$control" >/dev/null
	await test -e audit.log
	local before i
	before=$(audit_sum)
	(container busy /usr/bin/python3 -c '
import os
open("h", "w")
for i in range(3000): os.setxattr("h", "security.a", b"%d" % i)') &
	local busy=$!
	for i in 1 2 3 4 5; do
		await eval "[ \$(audit_sum) -gt $((before + i * 300)) ]"
		kill -KILL "$(worker)"
	done
	wait "$busy"
	await is_audit waiting 0
	same "each of 3000 changes has one record, while five workers die" "3000 3000 0" \
		"$(/usr/bin/python3 -c '
import json
records = [json.loads(line) for line in open("audit.log")]
done = {(record["request"], record["record"]) for record in records if record["result"] == "done"}
print(len({request for request, _ in done}), len(done))') $(audit lost)"
	echo "# $(($(grep -c '' audit.log) - 3000)) of them were written twice, $(grep -c replayed audit.log) were replayed"
}

close_container() {
	exec {orders}>&-
	wait "$long"
	kill -TERM "$daemon"
	await eval "! kill -0 $daemon"
}

# many() - COUNT: changes, and how many milliseconds the longest took
many() {
	container many /usr/bin/python3 -c '
import os, sys, time
open("g", "w")
longest = 0
for i in range(int(sys.argv[1])):
    begin = time.monotonic()
    os.setxattr("g", "security.a", b"%d" % i)
    longest = max(longest, time.monotonic() - begin)
print(int(longest * 1000))' "$1"
}

# A file system that is full; then it is not.
full() {
	mkdir small && mount -t tmpfs -o size=4096 none small
	start "audit-log: $SCENE/small/log"
	many 50 >/dev/null
	await is_audit waiting 0
	same "what a full file system does not take is lost, and counted" "50" "$(audit_sum)"
	check "some of it" [ "$(audit lost)" -gt 10 ]
	check "the log says so" grep -q "audit records for $SCENE/small/log are lost: No space left on device" daemon.log
	mount -o remount,size=1M small
	many 1 >/dev/null
	await is_audit waiting 0
	same "and goes on when there is room, with a line of its own" "51 done" \
		"$(tail -n 1 small/log >last; said last record result)"
	stop
}

# Nobody reads what comes to the journal. Calls do not wait for it.
deaf_journal() {
	local took
	unshare -m --propagation private bash -s <<-END
		$(declare -f start loads_configure many container loads_container await audit audit_sum stop)
		$(declare -p as_user control oci SCENE NSXATTR NSXATTRD loads)
		mount -t tmpfs none /run || exit
		mkdir -p /run/systemd/journal
		/usr/bin/python3 -c '
		import signal, socket
		journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		journal.bind("/run/systemd/journal/socket")
		signal.pause()' &
		deaf=\$!
		await test -e /run/systemd/journal/socket
		start
		many 4000 >took
		await eval '[ "\$(audit lost)" -gt 1000 ]'
		audit_sum >counted
		stop
		kill "\$deaf"
	END
	took=$(cat took)
	same "each record is counted that a journal which nobody reads does not take" "4000" "$(cat counted)"
	check "the longest call took $took ms" [ "$took" -lt 5000 ]
}

policy changes >policy.yaml
changes
forms
executors
refusals
plain_user
mistakes
emptied
journal
no_journal

mkdir policies && cp policy.yaml policies/audited.yaml
daemon_file
switches
rotates
dies
deaths
close_container
full
deaf_journal
