#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The log of nsxattrd: how important a line is, of which container, how a worker has died, which file cannot have which
# attribute and what helps.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs setfattr pgrep
scene_make
RUNTIME=$(realpath "$(dirname "$NSXATTR")/tests/live/runtime-driver")
control=$SCENE/run/control.sock
oci=$SCENE/run/oci.sock

printf '%s\n' "version: 1" "oci-socket: { path: $oci }" "lxc-socket: { path: none }" \
	"control-socket: { path: $control }" "policies: $SCENE/policies" >nsxattrd.yaml
mkdir policies
printf '%s\n' 'version: 1' 'store: user' 'attributes: [{ name: security.*, scheme: suffix }]' >policies/shop.yaml

# said() - TEXT: how many lines of the log are so
said() {
	grep -cxE "$1" daemon.log
}

: >daemon.log
JOURNAL_STREAM=$(stat -c %d:%i daemon.log) "$(dirname "$NSXATTR")/nsxattrd" -c nsxattrd.yaml </dev/null >/dev/null 2>>daemon.log &
daemon=$!
await "$NSXATTR" status --control="$control"
same "it says that it is ready" 1 "$(said '<5>nsxattr: nsxattrd [^ ]+ is ready: 1 policies of files, 0 containers')"

worker=$(pgrep --parent "$daemon" --exact nsxattrd)
kill -KILL "$worker"
await grep -q 'has died' daemon.log
same "how a worker has died" 1 \
	"$(said "<4>nsxattr: worker 1 has died \(process $worker: signal 9, SIGKILL\); another one takes over")"
await "$NSXATTR" status --control="$control"

ln -s nowhere link
ln -s nowhere other
own link other
"$RUNTIME" --map="$INSIDE_ROOT:$INSIDE_COUNT" "$oci" corner shop sh -c 'setfattr -h -n security.a -v x link
	setfattr -h -n security.b -v x other; true' >/dev/null 2>runtime.log
same "what cannot be set, on which file of which container, and what helps" 1 \
	"$(said "<4>nsxattr: container corner: $SCENE/link: security.a cannot be set: values kept in user\.\* need a regular file or a directory; for others 'store: security' does, or 'store: trusted'")"
same "once a file system" 1 "$(grep -c 'cannot be set' daemon.log)"

kill -TERM "$daemon"
wait "$daemon"
same "it says that it stops" 1 "$(said '<5>nsxattr: nsxattrd stops; [0-9]+ containers are still there')"
same "each line has its priority" "" "$(grep -vE '^<[3-7]>nsxattr: ' daemon.log)"
