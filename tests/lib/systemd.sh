# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A systemd of its own, as process 1 of a pid namespace, that starts what 'make install' has installed.
# Sourced after runtimes.sh and scene.sh.
#
# The host's own units must not be started: they would make this machine anew, and empty its /tmp. So
# systemd is told where units are, and of the host's that is the targets below; their folder is covered
# besides. /usr/local and /tmp are empty but for us, and what is written to /etc is gone in the end.

# Where units are, for this systemd.
SYSTEMD_UNITS=(/etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system)

# The units without which nothing starts or stops.
SYSTEMD_TARGETS=(basic local-fs local-fs-pre multi-user paths shutdown slices sockets swap sysinit timers umount)

# systemd_install() - after runtimes_make(): what there is to be started, and for whom
#
# A machine of machine.sh has what is built, and nothing to build with.
systemd_install() {
	local units=/usr/lib/systemd/system target built=()
	[ -z "${MACHINE-}" ] || built=(-o all PKG_CONFIG=true)
	mkdir -p etc.upper etc.work targets
	for target in "${SYSTEMD_TARGETS[@]}"; do
		cp "$units/$target.target" targets/ || return 1
	done
	ln -s multi-user.target targets/default.target
	mount -t overlay -o "lowerdir=/etc,upperdir=$SCENE/etc.upper,workdir=$SCENE/etc.work" none /etc &&
		mount -t tmpfs -o mode=755 none /etc/systemd && mkdir -p /etc/systemd/system &&
		mount -t tmpfs -o mode=755 none /usr/local &&
		mount --bind targets "$units" &&
		mount -t tmpfs -o mode=755 none "${units%/system}/system-generators" &&
		(cd "$REPOSITORY" && "${MAKE:-make}" --silent "${built[@]}" install PREFIX=/usr/local)
}

# systemd_services() - how many services it could start, ours aside
systemd_services() {
	find "${SYSTEMD_UNITS[@]}" -name '*.service' ! -name 'nsxattrd.service' ! -name 'nsxattrd-metrics@.service' | wc -l
}

# systemd_start() - start it; $systemd is its process, as we see it
#
# In a cgroup of its own, which it takes for the root of all.
systemd_start() {
	[ "$(systemd_services)" = 0 ] || return 1
	systemd_cgroup=$(mktemp -d /sys/fs/cgroup/nsxattr-systemd.XXXXXX) || return 1
	# shellcheck disable=SC2016 # for the shells inside
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$systemd_cgroup" \
		unshare --mount --cgroup --pid --fork --kill-child --mount-proc sh -c '
			umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
				mount -t tmpfs -o mode=1777 none /tmp &&
				exec env -i container=nsxattr-test PATH="$PATH" LC_ALL=C SYSTEMD_UNIT_PATH="$0" \
					${NSXATTR_TEST:+NSXATTR_TEST="$NSXATTR_TEST"} \
					/usr/lib/systemd/systemd --system --log-target=console' \
		"$(IFS=: && echo "${SYSTEMD_UNITS[*]}")" </dev/null >systemd.log 2>&1 &
	systemd_parent=$!
	await systemd_find && await in_systemd systemctl is-system-running >/dev/null 2>&1
}

systemd_find() {
	systemd=$(pgrep --parent "$systemd_parent")
}

# systemd_end() - end it, and all that it has started
systemd_end() {
	kill -KILL "$systemd"
	wait "$systemd_parent" 2>/dev/null
	await eval '! grep -q "populated 1" "$systemd_cgroup/cgroup.events"'
	find "$systemd_cgroup" -depth -type d -exec rmdir {} +
}

# in_systemd() - COMMAND…: run one where this systemd is process 1
in_systemd() {
	nsenter --target "$systemd" --mount --pid --cgroup --wdns="$SCENE" -- "$@"
}
