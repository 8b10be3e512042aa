#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What 'make install' installs for systemd, started by a systemd: sockets that are there before the
# daemon, its readiness, its policies read anew, its end, and what it can do in the cage that the unit
# builds for it.

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/systemd.sh
. tests/lib/systemd.sh
needs systemctl systemd-analyze systemd-tmpfiles crun getfattr
scene_make
runtimes_make

service=nsxattrd.service
sockets=(nsxattrd-oci.socket nsxattrd-lxc.socket nsxattrd-control.socket)

# states() - whether each unit is active: the service, then its sockets
states() {
	in_systemd systemctl is-active "$service" "${sockets[@]}" | paste -sd' '
}

has_states() {
	[ "$(states)" = "$1" ]
}

property() {
	in_systemd systemctl show --property "$1" --value "$service"
}

# status() - OPTION…: what nsxattr status says, to an ordinary user
status() {
	in_systemd "${as_user[@]}" /usr/local/bin/nsxattr status "$@"
}

policy_count() {
	status --json | grep -q "\"policies\": $1"
}

make_container() {
	mkdir root shared bundle
	runtimes_root root sh cat sleep getfattr setfattr
	echo content >shared/file
	setfattr -n security.demo -v hosts shared/file
	own root shared
	(cd bundle && crun spec && mv config.json spec.json)
	/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" \
		mount="$SCENE/shared:/mnt" annotation=io.nsxattr.policy="$1" -- sh -c '
			getfattr --absolute-names --only-values -n security.demo /mnt/file; echo
			setfattr -n security.demo -v own /mnt/file
			getfattr --absolute-names --only-values -n security.demo /mnt/file' \
		<bundle/spec.json >bundle/plain.json
}

# container() - OPTION of the hook…: start one with crun, and have it say what it sees
container() {
	setfattr -x security.demo@uid=100000 shared/file 2>/dev/null
	in_systemd sh -c 'cd bundle &&
		/usr/local/bin/nsxattr hook oci-precreate --runtime=crun "$@" <plain.json >config.json &&
		exec crun --cgroup-manager=disabled run once' sh "$@" </dev/null
}

# Read by the daemon when it starts.
settings() {
	mkdir -p /etc/nsxattr/policies /etc/systemd/system/$service.d
	printf 'version: 1\nlog: verbose\n' >/etc/nsxattr/nsxattrd.yaml
	printf '[Service]\nStandardError=append:%s\n' "$SCENE/daemon.log" \
		>/etc/systemd/system/$service.d/log.conf
}

policy() {
	printf '%s\n' "version: 1" "attributes:" "  - { name: \"security.*\", scheme: suffix }" "${@:2}" \
		>"/etc/nsxattr/policies/$1.yaml"
}

# ---- a unit's life ----

installed() {
	local said verify=(systemd-analyze verify)
	# Without man(1) there is no way to look whether the pages are there.
	type man >/dev/null 2>&1 || verify+=(--man=no)
	said=$(in_systemd "${verify[@]}" "$service" "${sockets[@]}" 2>&1 | grep nsxattr)
	same "systemd finds no fault with the units" "" "$said"
	# 30 stands for 3.0 of 10, which is the worst.
	check "systemd finds the service well confined" in_systemd systemd-analyze security --offline=yes \
		--threshold=30 /usr/local/lib/systemd/system/nsxattrd.service
	check "the folder of the sockets is made" in_systemd systemd-tmpfiles --create nsxattr.conf
	same "for all to reach" "755 root:root" "$(in_systemd stat -c '%a %U:%G' /run/nsxattr)"
	in_systemd rmdir /run/nsxattr
}

enabled() {
	check "systemctl enable --now" in_systemd systemctl --quiet enable --now "$service"
	same "has the service ready, and its sockets" "active active active active" "$(states)"
	same "which are for all" "666 666 666" \
		"$(in_systemd stat -c %a /run/nsxattr/{oci,lxc,control}.sock | paste -sd' ')"
	same "in a folder for all" 755 "$(in_systemd stat -c %a /run/nsxattr)"
	same "an ordinary user gets an answer" "$(property MainPID)" \
		"$(status --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')"
	same "the kernel can be probed from its cage" 0 "$(grep -c 'cannot be probed' daemon.log)"
}

# The daemon takes the sockets that systemd hands it, and makes none, which would leave locks.
adopted() {
	same "its sockets are systemd's" "control.sock lxc.sock oci.sock" \
		"$(in_systemd ls -A /run/nsxattr | paste -sd' ')"
}

reloaded() {
	local policies
	policy mine
	policies=$(($(status --json | sed -n 's/.*"policies": \([0-9]*\).*/\1/p') + 1))
	check "systemctl reload" in_systemd systemctl reload "$service"
	check "has a new policy read" await policy_count "$policies"
	same "and the service is as before" active "$(property ActiveState)"
}

serves() {
	same "a container is served" "hosts
own" "$(container 2>&1 | but_kernel)"
	same "and what it has set lies under its own name" own \
		"$(text security.demo@uid=100000 shared/file)"
}

# Metrics are scraped where that socket is started, which comes with nothing else.
scraped() {
	mkdir -p /etc/systemd/system/nsxattrd-metrics.socket.d
	printf '[Socket]\nListenStream=\nListenStream=/run/nsxattr/metrics.sock\n' \
		>/etc/systemd/system/nsxattrd-metrics.socket.d/here.conf
	in_systemd systemctl daemon-reload
	same "no metrics are served" inactive "$(in_systemd systemctl is-active nsxattrd-metrics.socket)"
	check "but where that is wanted" in_systemd systemctl start nsxattrd-metrics.socket
	same "they are, by HTTP" "HTTP/1.0 200 OK nsxattr_up 1" "$(in_systemd /usr/bin/python3 -c '
import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect("/run/nsxattr/metrics.sock")
peer.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
lines = b"".join(iter(lambda: peer.recv(65536), b"")).decode().splitlines()
print(lines[0], next(line for line in lines if line.startswith("nsxattr_up")))')"
	check "systemd finds that service well confined" in_systemd systemd-analyze security --offline=yes \
		--threshold=15 /usr/local/lib/systemd/system/nsxattrd-metrics@.service
	in_systemd systemctl --quiet stop nsxattrd-metrics.socket
}

stopped() {
	in_systemd systemctl --quiet stop "$service"
	same "systemctl stop" "inactive active active active" "$(states)"
	same "is an end in order" success "$(property Result)"
	same "a container that comes has it started" "hosts
own" "$(container 2>&1 | but_kernel)"
	same "by its socket" "active active active active" "$(states)"
	in_systemd systemctl --quiet stop "$service"
	check "so has nsxattr status" status
	same "by its own" "active active active active" "$(states)"
}

# Who connects while there is no daemon waits for the next one.
restarted() {
	local before
	before=$(property MainPID)
	check "systemctl restart" in_systemd systemctl restart "$service"
	check "is another process" [ "$(property MainPID)" != "$before" ]
	check "on the same sockets" status
	in_systemd kill -KILL "$(property MainPID)"
	check "one that is killed is followed by another" await has_states "active active active active"
	check "on the same sockets, again" status
}

masked() {
	in_systemd systemctl --quiet stop "$service" "${sockets[@]}"
	same "all of it can be stopped" "inactive inactive inactive inactive" "$(states)"
	in_systemd systemctl --quiet mask nsxattrd-lxc.socket
	check "a socket that is masked" in_systemd systemctl start "$service"
	check "is made by the daemon" in_systemd test -S /run/nsxattr/lxc.sock
	in_systemd systemctl --quiet stop "$service" "${sockets[@]}"
	check "and removed by it" in_systemd test ! -e /run/nsxattr/lxc.sock
	in_systemd systemctl --quiet unmask nsxattrd-lxc.socket
}

# Some cages are too narrow. Better no daemon than one that fails in all that it is asked.
caged() {
	printf '[Service]\nRestrictSUIDSGID=yes\nRestart=no\n' >/etc/systemd/system/$service.d/cage.conf
	in_systemd systemctl daemon-reload
	fails "without openat2 it does not start" "failed" in_systemd systemctl start "$service"
	same "and says what is wrong" 1 "$(grep -c 'openat2(2) is refused: Function not impl' daemon.log)"
	rm /etc/systemd/system/$service.d/cage.conf
	in_systemd systemctl daemon-reload
	in_systemd systemctl --quiet stop "$service" "${sockets[@]}"
}

hooks_start_it() {
	fails "a hook that has not been told to start it does not" "does not listen" container
	same "a hook that has been told to does" "hosts
own" "$(container --start=nsxattrd.service 2>&1 | but_kernel)"
	same "all of it" "active active active active" "$(states)"
	in_systemd systemctl --quiet stop "$service" "${sockets[@]}"
	check "a hook of the runtime too" in_systemd \
		/usr/local/bin/nsxattr hook oci --start=nsxattrd.service
	same "starts all of it" "active active active active" "$(states)"
	in_systemd systemctl --quiet stop "$service" "${sockets[@]}"
	printf '%s\n' "lxc.include = /usr/local/share/nsxattr/lxc/nsxattr.conf" \
		"lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536" >lxc.config
	check "and that of LXC" in_systemd env LXC_CONFIG_FILE="$SCENE/lxc.config" \
		/usr/local/bin/nsxattr hook lxc --start=nsxattrd.service
	same "does the same" "active active active active" "$(states)"
}

if ! systemd_install; then
	not_ok "nsxattr is installed"
	exit
fi
settings
make_container mine
if ! systemd_start; then
	skip "the units of systemd" "no systemd can be started here: $(tail -n 3 systemd.log)"
	exit
fi
installed
enabled
adopted
reloaded
serves
scraped
stopped
restarted
masked
caged
hooks_start_it
systemd_end
