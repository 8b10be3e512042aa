#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# enter-userns.sh MAP COMMAND…: make a user namespace below ours and become COMMAND as its root.
#
# MAP is extents "INSIDE OUTSIDE COUNT", separated by commas, in our numbers; it serves for users and
# groups. Unlike unshare(1), this takes several extents and needs no entry in /etc/subuid; and the
# command has entered the namespace by setns(2), as the tools that join a container do.
set -eu

extents=${1//,/$'\n'}
shift

# The holder keeps the namespace until we have it open; it ends with its standard input.
coproc HOLDER { exec unshare --user sh -c 'echo made; read -r _'; }
read -r made <&"${HOLDER[0]}"
[ "$made" = made ]
exec {userns}<"/proc/$HOLDER_PID/ns/user"
# By cat: a map must be written at once, and bash writes line by line.
cat <<<"$extents" >"/proc/$HOLDER_PID/uid_map"
cat <<<"$extents" >"/proc/$HOLDER_PID/gid_map"
exec nsenter --user="/proc/self/fd/$userns" -- "$@"
