# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Containers of crun, LXC and podman, and nsxattrd, on a host whose security modules are at work: with the profiles of
# AppArmor that LXC and podman bring, and where Debian's SELinux policy is enforced. Each has values of its own, beside
# the host's; what its module keeps from it, nsxattrd does, too.
#
# arguments: lsm=landlock,yama,apparmor
# arguments: security=selinux enforcing=0

# shellcheck source=tests/lib/lxc.sh
. tests/lib/lxc.sh
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
. tests/lib/case.sh
. tests/lib/scene.sh
needs crun podman lxc-execute apparmor_parser load_policy runcon jq
scene_make
runtimes_make
LXC_IDS=65536
LXC_SOCKET=/run/nsxattr/lxc.sock

make_roots() {
	mkdir root shared policies
	runtimes_root root "${RUNTIMES_PROGRAMS[@]}" stat
	ldd /usr/sbin/init.lxc | grep -o '[[:space:]]/[^ ]*' | sort -u | xargs cp --parents -t root -L
	for file in shared/file shared/closed; do
		echo content >"$file"
		setfattr -n security.demo -v hosts "$file"
	done
	own root shared
}

# What a container says of itself, and of files of its own. If there is a file "wait", it says so in a file "said", once there
# is one "go".
# shellcheck disable=SC2016,SC2089 # for the shell inside
script='
	[ ! -e /mnt/wait ] || { exec >/mnt/said 2>&1; echo >/mnt/ready; until [ -e /mnt/go ]; do sleep 0.1; done; }
	read -r label </proc/self/attr/current
	echo "$label"
	setfattr -n security.demo -v own /mnt/file
	getfattr --absolute-names --only-values -n security.demo /mnt/file; echo
	getfattr --absolute-names --only-values -n security.demo /mnt/closed && echo
	cat /mnt/closed'

# in_crun() - [FILTER-OF-JQ] : run the script in a container of crun's
in_crun() {
	rm -rf bundle
	mkdir bundle
	(cd bundle && crun spec && mv config.json spec.json)
	/usr/bin/python3 "$REPOSITORY/tests/lib/bundle.py" root="$SCENE/root" mount="$SCENE/shared:/mnt" \
		annotation=io.nsxattr.policy=default -- sh -c "$script" <bundle/spec.json |
		"$NSXATTR" hook oci-precreate --runtime=crun --policies="$SCENE/policies" | jq "${1-.}" >bundle/config.json
	# By a pipe of its own: crun gives it to the container's root.
	crun --cgroup-manager=disabled run --bundle bundle mine </dev/null 2>&1 | cat
}

# in_lxc() - [LINE-OF-ITS-CONFIGURATION…]
in_lxc() {
	lxc_configure mine "$SCENE/root" "lxc.mount.entry = $SCENE/shared mnt none bind 0 0" "$@"
	lxc_run mine sh -c "$script" 2>&1
}

# shellcheck disable=SC2120 # says() gives it options
# in_podman() - [OPTION…]
in_podman() {
	podman --runtime=crun --cgroup-manager=cgroupfs --hooks-dir "$SCENE/hooks.d" run --rm "${podman_options[@]}" \
		--annotation=io.nsxattr.policy=default --uidmap=0:100000:65536 --volume="$SCENE/shared:/mnt" "$@" \
		--rootfs "$SCENE/root" sh -c "$script" </dev/null 2>&1
}

# says() - WHO LABEL CLOSED COMMAND…: a container of this label has its own value, and CLOSED of the other file; HOSTS is
# what it finds of the host's
HOSTS=hosts
says() {
	local who=$1 label=$2 closed=$3
	shift 3
	same "$who: a container with the label $label" "$label
own
$HOSTS
$closed" "$("$@")"
	same "$who: its value is beside the host's" "own hosts" \
		"$(text "security.demo@uid=$INSIDE_ROOT" shared/file) $(text security.demo shared/file)"
	setfattr -x "security.demo@uid=$INSIDE_ROOT" shared/file
}

apparmor() {
	local denied="cat: /mnt/closed: Permission denied"
	check "LXC's profiles are loaded" apparmor_parser -r /etc/apparmor.d/lxc-containers
	printf '%s\n' '#include <tunables/global>' 'profile closing flags=(attach_disconnected,mediate_deleted) {' \
		'network, capability, file, mount, umount, signal, ptrace,' 'deny /mnt/closed rwklx, }' >closing
	check "and one that closes a file" apparmor_parser -r closing
	says "LXC, unconfined" unconfined content in_lxc
	says LXC "lxc-container-default-cgns (enforce)" content \
		in_lxc "lxc.apparmor.profile = lxc-container-default-cgns"
	says "LXC, by a profile that closes a file" "closing (enforce)" "$denied" in_lxc "lxc.apparmor.profile = closing"
	# It warns of networks, once, and loads its profile.
	in_podman >/dev/null
	says "podman, unconfined" unconfined content in_podman --security-opt=apparmor=unconfined
	profile=$(sed -n 's/^\(containers-default[^ ]*\) .*/\1/p' /sys/kernel/security/apparmor/profiles)
	says podman "$profile (enforce)" content in_podman
	says "podman, by a profile that closes a file" "closing (enforce)" "$denied" in_podman --security-opt=apparmor=closing
	says crun unconfined content in_crun
	says "crun, by podman's profile" "$profile (enforce)" content in_crun ".process.apparmorProfile = \"$profile\""
	says "crun, by a profile that closes a file" "closing (enforce)" "$denied" in_crun '.process.apparmorProfile = "closing"'
}

# shellcheck disable=SC2090
# as_domain() - CONTEXT COMMAND…: with the label CONTEXT, which SELinux does not let the tests take on while it enforces
as_domain() {
	local context=$1
	shift
	setenforce 0
	runcon "$context" bash -c "$(declare -f)
		$(declare -p SCENE REPOSITORY NSXATTR INSIDE_ROOT LXC_IDS LXC_SOCKET script podman_options)
		setenforce 1; \"\$@\"" bash "$@"
	setenforce 1
}

# A daemon with the label of a service.
selinux_daemon() {
	printf '#!/bin/sh\nexec runcon system_u:system_r:initrc_t:s0 %s "$@"\n' "$NSXATTRD" >bin/nsxattrd
	chmod 755 bin/nsxattrd
	NSXATTRD=$SCENE/bin/nsxattrd
	daemon_start && ok "nsxattrd serves"
	check "the policy is enforced" setenforce 1
	same "nsxattrd has the label of a service" initrc_t "$(cut -d: -f3 "/proc/$daemon/attr/current")"
}

# begun_earlier() - COMMAND…: a container that begins while SELinux does not enforce, for whose label it lets none begin
begun_earlier() {
	local child
	touch shared/wait
	setenforce 0
	"$@" >/dev/null &
	child=$! # which is another one after await()
	await [ -e shared/ready ]
	setenforce 1
	touch shared/go
	wait "$child"
	cat shared/said
	rm -f shared/{wait,ready,go,said}
}

selinux() {
	local tests=system_u:system_r:kernel_t:s0 ann=user_u:user_r:user_t:s0 domain
	local denied="cat: /mnt/closed: Permission denied"
	check "the policy is loaded" load_policy -i
	chcon system_u:object_r:root_t:s0 /
	chcon system_u:object_r:var_t:s0 /var
	chcon system_u:object_r:tmp_t:s0 /var/tmp
	chcon -R system_u:object_r:usr_t:s0 .
	chcon -R system_u:object_r:bin_t:s0 root/bin
	chcon -R system_u:object_r:lib_t:s0 root/lib root/lib64
	chcon -R user_u:object_r:user_home_t:s0 shared
	chcon user_u:object_r:shadow_t:s0 shared/closed
	selinux_daemon
	says crun $tests content in_crun
	says LXC $tests content in_lxc
	fails "podman labels files as Debian's policy does not allow it, with or without nsxattr" "setxattr" \
		podman --runtime=crun --cgroup-manager=cgroupfs run --rm "${podman_options[@]}" --uidmap=0:100000:65536 \
		--ipc=host --security-opt=label=disable --rootfs "$SCENE/root" true
	for domain in unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 system_u:system_r:initrc_t:s0; do
		says crun $domain content as_domain $domain in_crun
		says LXC $domain content as_domain $domain in_lxc
	done
	HOSTS="getfattr: /mnt/closed: Permission denied"
	says "crun, by a user's label" $ann "$denied" begun_earlier in_crun ".process.selinuxLabel = \"$ann\""
	says "LXC, by a user's label" $ann "$denied" begun_earlier in_lxc "lxc.selinux.context = $ann"
	setenforce 0
}

make_roots
podman_hooks
lxc_prepare
install -m 755 "$NSXATTR" bin/nsxattr
if grep -q apparmor /sys/kernel/security/lsm; then
	daemon_start && ok "nsxattrd serves"
	apparmor
else
	selinux
fi
daemon_stop
