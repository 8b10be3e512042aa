#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Containers of Docker, with userns-remap, that nsxattr-runtime brings to nsxattrd: what they see, what the host sees,
# and what 'docker run' says when a container is refused. With dockerd in folders of its own.
#
# not in a machine: docker's packages are not among those of its root file system

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs dockerd docker containerd runc getfattr jq timeout
WRAPPER=$(realpath "${BUILD:-build}/nsxattr-runtime")
scene_make
runtimes_make
# dockerd writes a key into /etc/docker, and containerd makes folders in /opt.
mkdir etc-above etc-work
mount -t overlay -o "lowerdir=/etc,upperdir=$SCENE/etc-above,workdir=$SCENE/etc-work" none /etc &&
	mount -t tmpfs none /opt || exit 1
runtimes_make_user
install -m 755 "$WRAPPER" bin/nsxattr-runtime

# docker_start() - dockerd, whose daemon.json is examples/docker/daemon.json; the user member's ids are its containers'
docker_start() {
	mkdir -p docker
	sed "s|/usr/local/bin/|$SCENE/bin/|" "$REPOSITORY/examples/docker/daemon.json" |
		jq '.["userns-remap"] = "member"' >docker/daemon.json
	dockerd --config-file "$SCENE/docker/daemon.json" --data-root "$SCENE/docker/data" --exec-root "$SCENE/docker/exec" \
		--pidfile "$SCENE/docker/pid" --host "unix://$SCENE/docker.sock" --group 0 --bridge=none --iptables=false \
		--ip6tables=false >docker.log 2>&1 </dev/null &
	docker_daemon=$!
	await docker_ask version
}

docker_ask() {
	timeout $((120 * ${TEST_SLOWER:-1})) docker --host "unix://$SCENE/docker.sock" "$@" </dev/null
}

docker_stop() {
	docker_ask ps -aq | xargs -r docker --host "unix://$SCENE/docker.sock" rm -f >/dev/null
	kill -TERM "$docker_daemon"
	wait "$docker_daemon"
}

# running() - OPTION… IMAGE COMMAND…
running() {
	docker_ask run --rm --network=none --volume "$SCENE/shared:/mnt" "$@"
}

# shellcheck disable=SC2016 # for the shell inside
script='
	setfattr -n security.demo -v own /mnt/file
	getfattr --absolute-names --only-values -n security.demo /mnt/file
	exit 7'

mkdir root shared policies
runtimes_root root "${RUNTIMES_PROGRAMS[@]}"
echo content >shared/file
setfattr -n security.demo -v hosts shared/file
chown -R "$USER_SUBID:$USER_SUBID" shared
daemon_start || {
	not_ok "nsxattrd starts" "$(cat daemon.log)"
	exit
}
docker_start || {
	not_ok "dockerd starts" "$(tail -n 20 docker.log)"
	exit
}
check "an image" sh -c 'tar -C root -c . | docker --host "unix://$0/docker.sock" import - base' "$SCENE"

same "a container has values of its own" "own 7" \
	"$(running --runtime=nsxattr --cap-add=SYS_ADMIN base sh -c "$script" 2>&1) $?"
same "they lie beside the host's" "security.demo security.demo@uid=$USER_SUBID" "$(names shared/file)"
same "with runc it has the host's" hosts "$(running base getfattr --absolute-names --only-values -n security.demo /mnt/file 2>&1)"
check "a container that stays" docker_ask run --detach --name stays --network=none --runtime=nsxattr \
	--cap-add=SYS_ADMIN --volume "$SCENE/shared:/mnt" base sleep 1000
same "docker exec sees them" own "$(text security.demo /mnt/file docker_ask exec stays)"
check "docker restart" docker_ask restart --time=0 stays
same "and then, too" own "$(text security.demo /mnt/file docker_ask exec stays)"
check "docker rm" docker_ask rm -f stays

# says() - NAME TEXT OPTION…: 'docker run' fails, and says TEXT
says() {
	local name=$1 text=$2
	shift 2
	fails "$name" "$text" running "$@" base true
}

says "an unknown policy" "there is no policy 'samba-dc'" --runtime=nsxattr-samba-dc
says "no user namespace" "the container has no user namespace of its own" --runtime=nsxattr --userns=host
daemon_stop
says "no daemon" "nsxattrd does not listen at /run/nsxattr/oci.sock" --runtime=nsxattr
same "without nsxattr the container starts" 0 "$(running base true >/dev/null 2>&1; echo $?)"
docker_stop
