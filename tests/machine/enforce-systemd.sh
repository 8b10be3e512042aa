# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Mode enforce where systemd starts nsxattrd, by the unit that is installed: its cage leaves what the gate needs, and its store
# keeps the gate shut while all of nsxattrd is killed, and while it is restarted.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

set -u
# shellcheck source=tests/lib/enforced.sh
. tests/lib/enforced.sh
# shellcheck source=tests/lib/systemd.sh
. tests/lib/systemd.sh
needs crun evmctl openssl setfattr systemctl systemd-tmpfiles
driver=$(realpath "$BUILD/tests/live/enforce-driver")
scene_make
runtimes_make
enforced_bpffs
scene_cgroups
# shellcheck disable=SC2034 # enforced.sh uses it
runtime=(crun --cgroup-manager=disabled)
NSXATTR=nsxattr_there
service=nsxattrd.service

# Where systemd is process 1: there nsxattrd sees the containers.
crun() {
	in_systemd env --chdir="$PWD" crun "$@"
}

nsxattr_there() {
	in_systemd /usr/local/bin/nsxattr "$@"
}

# property() - NAME: of the service
property() {
	in_systemd systemctl show --property "$1" --value "$service"
}

# is_another() - PROCESS: is the service active, by another process?
is_another() {
	[ "$(property ActiveState)" = active ] && [ "$(property MainPID)" != "$1" ]
}

# settings() - where systemd's nsxattrd looks for them
settings() {
	mkdir -p /etc/nsxattr/policies "/etc/systemd/system/$service.d"
	cp policies/* /etc/nsxattr/policies/
	printf 'version: 1\n' >/etc/nsxattr/nsxattrd.yaml
	printf '[Service]\nStandardError=append:%s\n' "$SCENE/daemon.log" >"/etc/systemd/system/$service.d/log.conf"
}

enforced_scene enforce-driver="$driver"
enforced_policy executed own.der "${JUDGED_EXECS[@]}"
enforced_policy mapped own.der "${JUDGED_EXECS[@]}" "${JUDGED_MAPS[@]}"
check "it is installed" systemd_install
settings
if ! systemd_start; then
	not_ok "systemd starts" "$(tail -n 3 systemd.log)"
	exit
fi
check "there is a folder for gates" in_systemd systemd-tmpfiles --create nsxattr.conf
check "nsxattrd starts" in_systemd systemctl --quiet enable --now "$service"
if grep -q 'left out' daemon.log; then
	skip "enforce below systemd" "the gate was left out when nsxattr was built"
	systemd_end
	exit 0
fi
check "a container starts" start one executed
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "the gate is pinned" 1 "$(in_systemd find /sys/fs/bpf/nsxattr -mindepth 1 -maxdepth 1 | wc -l)"
pipes killed restarted last
check "another one starts" launch two mapped enforce-driver shut /bin/unsigned /tmp/killed /tmp/restarted /tmp/last
check "and waits, with a file mapped that is not signed" await has_said two/output 1

before=$(property MainPID)
in_systemd systemctl kill --kill-who=all --signal=KILL "$service"
check "all of nsxattrd is killed: systemd starts another one" await is_another "$before"
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "what is mapped does not become executable" EACCES "$(answered two/output killed)"
before=$(property MainPID)
check "it is restarted" in_systemd systemctl restart "$service"
check "and is another process" is_another "$before"
same "what is signed runs, and nothing else" "signed - - -" "$(executes within one)"
same "what is mapped does not become executable" EACCES "$(answered two/output restarted)"
check "a container that comes starts, too" start three executed
same "and is judged" "signed - - -" "$(executes within three)"
for name in one two three; do end "$name"; done
check "containers that have ended are forgotten" await judged_are_forgotten
check "it stops" in_systemd systemctl --quiet stop "$service"
same "in order" success "$(property Result)"
same "no pin is left" 0 "$(in_systemd find /sys/fs/bpf/nsxattr -mindepth 1 -maxdepth 1 | wc -l)"
systemd_end
