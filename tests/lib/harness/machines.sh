# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Does tests/run see what happens to a machine? Sourced by harness.sh. The emulator is a script here, which does what
# its specimen says; the disks have nothing in them.

# machine_clone_make() - CLONE: what of the clone starts machines, with a kernel and a root file system in its cache
machine_clone_make() {
	mkdir -p "$1/tests/lib" "$1/build" "$1/programs" && cp tests/run "$1/tests/" &&
		cp tests/lib/*.sh tests/lib/machine-* "$1/tests/lib/" || return 1
	cat >"$1/programs/mmdebstrap" <<-'END'
		#!/bin/sh
		for argument; do case $argument in */root) mkdir -p "$argument/boot" && cd "$argument/boot"; esac; done
		for version in 6.1.0-1 6.12.9; do touch vmlinuz-$version-amd64 initrd.img-$version-amd64; done
	END
	cat >"$1/programs/qemu-system-x86_64" <<-'END'
		#!/bin/bash
		# The machine of this specimen: says() on its console, tells() what tests/run there would.
		[ "$1" != --version ] || { echo "QEMU emulator version ${QEMU_IS-9.2.0} (Debian)" && exit; }
		for argument; do
			case $argument in
			file:*) console=${argument#file:} ;;
			local,path=*) results=${argument#local,path=} results=${results%%,mount_tag=*} ;;
			esac
		done
		says() { printf '%s\n' "$@" >>"$console"; }
		tells() { printf '%s\n' "$@" >>"$results/output"; }
		says "[    0.1] WARNING: CPU: 0 PID: 1 at the firmware, before there is a test" "machine: runs 6.1"
		. "$SPECIMEN"
	END
	chmod 755 "$1"/programs/*
}

# machine() - NAME SUMMARY STATUS TEXT [SETTING…] <SPECIMEN: what tests/run must say of tests in this machine, or of those
# that $label names
machine() {
	local name=$1 summary=$2 status=$3 text=$4
	shift 4
	# shellcheck disable=SC2154 # of harness.sh
	cat >"$scratch/specimen"
	runner=$machine_clone/tests/run gives "$name" "$summary" "$status" "$text" "${label:-live/view}" BUILD=build KERNEL=6.1 \
		MACHINE_ACCELERATOR=tcg SPECIMEN="$scratch/specimen" PATH="$machine_clone/programs:$PATH" "$@"
}

# These need root, for a root file system has files of many owners.
[ "$(id -u)" = 0 ] || return 0

machine_clone=$scratch/machines
machine_clone_make "$machine_clone"

machine "a machine whose tests pass" "5 passed, 0 failed" 0 "ok    live/view" <<'END'
tells "ok    live/view                    2 passed                  1.0 s" \
	"ok    live/paths                   3 passed                  1.0 s" "5 passed, 0 failed"
says "machine: ends with 0"
END

machine "tests that fail in it, and are skipped" "2 passed, 4 failed, 5 skipped" 1 "| said" <<'END'
tells "FAIL  live/view                    2 passed, 4 failed, 5 skipped       1.0 s" "      | said 9 passed 1.0 s" \
	"2 passed, 4 failed, 5 skipped"
says "machine: ends with 1"
END

machine "a kernel that panics" "2 passed, 1 failed" 1 "Kernel panic - not syncing: it has" <<'END'
tells "ok    live/view                    2 passed                  1.0 s"
says "[    1.0] Kernel panic - not syncing: it has its reasons"
END

machine "an emulator that errs" "5 passed, 0 failed" 0 "once more" QEMU_IS=7.2.22 <<'END'
if [ ! -e "$SPECIMEN.began" ]; then
	touch "$SPECIMEN.began"
	tells "FAIL  live/view                    2 passed, 1 failed        1.0 s" "and more"
	says "[    1.0] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI" "[    1.0] Kernel panic - not syncing: Fatal exception in interrupt"
	exit
fi
tells "ok    live/view                    5 passed                  1.0 s" "5 passed, 0 failed"
says "machine: ends with 0"
END

for version in 7.2.22 8.1.0; do
	machine "a breakpoint that is always there, by QEMU $version" "2 passed, 1 failed" 1 "int3: 0000" QEMU_IS=$version <<'END'
tells "ok    live/view                    2 passed                  1.0 s"
says "[    1.0] int3: 0000 [#1] PREEMPT SMP NOPTI"
END
done

machine "a machine that switches off while tests run" "2 passed, 1 failed" 1 "ended before its tests" <<'END'
tells "ok    live/view                    2 passed                  1.0 s"
END

machine "an emulator that fails" "0 passed, 1 failed" 1 "exit status 3" <<'END'
exit 3
END

machine "a machine that hangs" "2 passed, 1 failed" 1 "has not ended within 1 s" MACHINE_TIMEOUT=1 <<'END'
tells "ok    live/view                    2 passed                  1.0 s"
exec sleep 1000
END

machine "a kernel that warns" "5 passed, 1 failed" 1 "PID: 7 at fs/xattr.c" <<'END'
tells "ok    live/view                    5 passed                  1.0 s" "5 passed, 0 failed"
says "[    1.0] WARNING: CPU: 1 PID: 7 at fs/xattr.c:1 vfs_setxattr" "machine: ends with 0"
END

machine "a machine whose numbers got lost" "2 passed, 1 failed" 1 "is not what the last one says" <<'END'
tells "ok    live/view                    2 passed                  1.0 s" "5 passed, 0 failed"
says "machine: ends with 0"
END

mkdir "$machine_clone/tests/machine" && echo "# arguments: first, then second" >"$machine_clone/tests/machine/two.sh"
label=machine/two machine "two machines, one after the other" "7 passed, 2 failed" 1 "arguments: second" <<'END'
if [[ $* == *" first"* ]]; then
	tells "FAIL  machine/two                  5 passed, 2 failed        1.0 s" "5 passed, 2 failed"
else
	tells "ok    machine/two                  2 passed                  1.0 s" "2 passed, 0 failed"
fi
says "machine: ends with 0"
END

echo "# arguments: emulated=in-turns" >"$machine_clone/tests/machine/turns.sh"
label=machine/turns machine "emulated processors that take turns" "2 passed, 0 failed" 0 "ok    machine/turns" MACHINE_ACCELERATOR=tcg,thread=multi <<'END'
[[ $* == *"-accel tcg,thread=single "* ]] || exit 1
tells "ok    machine/turns                2 passed                  1.0 s" "2 passed, 0 failed"
says "machine: ends with 0"
END

machine "two kernels, side by side" "5 passed, 2 failed" 1 "6.12.log" KERNEL="6.1 6.12" <<'END'
name=6.1
[[ $* != *vmlinuz-6.12* ]] || name=6.12
: >"$SPECIMEN.$name"
# They wait for each other, unless there is one processor.
for ((i = 0; i < 300 && $(nproc) > 1; i++)); do
	[ ! -e "$SPECIMEN.6.1" ] || [ ! -e "$SPECIMEN.6.12" ] || break
	sleep 0.1
done
[ $i -lt 300 ] || exit 1
case $name in
6.1) tells "ok    live/view                    3 passed                  1.0 s" "3 passed, 0 failed" ;;
6.12) tells "FAIL  live/view                    2 passed, 2 failed        1.0 s" "2 passed, 2 failed" ;;
esac
says "machine: ends with 0"
END

machine "a machine that tests nothing" "0 passed, 1 failed" 1 "add up to '0 passed, 0 failed'" <<'END'
says "machine: ends with 0"
END

machine "a kernel that there is not" "0 passed, 1 failed" 1 "no kernel '2.4'" KERNEL=2.4 </dev/null

# Everything but the emulator.
mkdir "$scratch/few" && ln -s /usr/bin/* "$scratch/few/" && rm -f "$scratch"/few/qemu-system-*
machine "no emulator" "0 passed, 0 failed, 1 skipped" 0 "is not installed" PATH="$scratch/few" </dev/null
machine "no emulator, where there must be one" "0 passed, 1 failed" 1 "is not installed" PATH="$scratch/few" \
	MUST_RUN=1 </dev/null

# ---- any command ----

# runs() - NAME STATUS TEXT [SETTING…] <SPECIMEN: how tests/lib/machine-run ends with this machine, and what it says, among other things
runs() {
	local name=$1 expected=$2 text=$3 said status=0
	shift 3
	cat >"$scratch/specimen"
	said=$(cd "$machine_clone" && env BUILD=build MACHINE_ACCELERATOR=tcg SPECIMEN="$scratch/specimen" \
		PATH="$machine_clone/programs:$PATH" "$@" \
		tests/lib/machine-run 6.1 "$scratch/run with blänks" demo "two words" 2>&1) || status=$?
	[ "$status" -eq "$expected" ] && [[ $said == *"$text"* ]] && ok "$name" || not_ok "$name" "exit status $status
$said"
}

runs "a command in a machine, and its exit status" 3 "it has said this" <<'END'
. "$results/parameters"
[ "${command[*]@Q}" = "'demo' 'two words'" ] || exit 1
tells "it has said this"
says "machine: ends with 3"
END
check "its folder stays, without the disk" [ "$(ls "$scratch/run with blänks" | paste -sd' ')" = "console results" ]

runs "a machine that ends before the command" 125 "it has ended early" <<'END'
tells "it has said this"
END

runs "a command, and no emulator" 125 "is not installed" PATH="$scratch/few" </dev/null
