# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests of revoked keys share: settings that name them, and processes of nsxattrd that die, or are followed by
# another nsxattrd, while the settings change. Sourced after tests/lib/runtimes.sh and scene.sh; the settings are
# nsxattrd.yaml of the scene.

# revoke() - KEY…: the settings say so
revoke() {
	sed -i '/^revoked-keys/d' nsxattrd.yaml
	[ $# -eq 0 ] || printf 'revoked-keys: [%s]\n' "$(printf '"%s", ' "$@")" >>nsxattrd.yaml
}

# count_becomes() - COUNT: so many keys are revoked, by what the settings said when nsxattrd looked last
count_becomes() {
	await eval '[ "$(grep -o "[0-9]* revoked keys count" daemon.log | tail -n 1)" = "'"$1"' revoked keys count" ]'
}

# ended() - PID: is it no more?
ended() {
	! kill -0 "$1" 2>/dev/null
}

worker() {
	pgrep --parent "$(daemon_status pid)" --exact nsxattrd | head -n 1
}

# kill_worker() - another one serves then
kill_worker() {
	local before
	before=$(worker)
	kill -KILL "$before"
	await eval '[ -n "$(worker)" ] && [ "$(worker)" != '"$before"' ]' && await daemon_status pid
}

# stop_at_start() - PROGRAM COPY: what is started as PROGRAM becomes its COPY, and stops when it has read the settings, and
# has asked for nothing yet: it looks where its own program is then
#
# Not by a tracer: with one the test did not go on where processors are emulated.
stop_at_start() {
	mkdir -p "${2%/*}"
	gcc -shared -fPIC -o stop.so -x c - <<-'END'
		#define _GNU_SOURCE
		#include <signal.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		ssize_t readlink(const char *path, char *target, size_t size)
		{
			static int has_stopped;
			if (!has_stopped++)
				raise(SIGSTOP);
			return syscall(SYS_readlinkat, -100, path, target, size);
		}
	END
	cp "$1" "$2"
	rm "$1"
	cat >"$1" <<-END
		#!/bin/sh
		echo \$\$ >$SCENE/successor
		LD_PRELOAD=$SCENE/stop.so exec $SCENE/$2 "\$@"
	END
	chmod 755 "$1"
}

is_stopped() {
	[[ $(cut -d' ' -f3 "/proc/$(<successor)/stat") = [tT] ]]
}

# take_over_late() - PROGRAM COPY KEY SETTING: the nsxattrd that runs as PROGRAM is followed by COPY, and has the key revoked when
# that one has read the settings; then these get SETTING, which is gone in the end
take_over_late() {
	local before client
	stop_at_start "$1" "$2"
	rm -f successor
	before=$(daemon_status pid)
	"$NSXATTR" reload --binary >upgraded 2>&1 &
	client=$!
	await is_stopped || return
	revoke "$3"
	kill -HUP "$before"
	count_becomes 1 || return
	[ -z "$4" ] || echo "$4" >>nsxattrd.yaml
	kill -CONT "$(<successor)"
	wait "$client"
	sed -i '/^nonsense/d' nsxattrd.yaml
	await ended "$before"
}
