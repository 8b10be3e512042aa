#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A plain user with an ordinary login: a home of its own, mode 0700, and more groups than its own. What
# works in the user's namespace without nsxattr works with it, one and two namespaces deeper, too.
# The same commands are run natively, by unshare(1), and what they say is compared.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/builder.sh
. tests/lib/builder.sh
needs python3 setfattr getfattr setpriv newuidmap newgidmap unshare bwrap
scene_make
builder_make

# The namespaces that a user makes, by the same options of unshare(1) and nsxattr run.
ways=("" "-r" "-r --map-auto")

# What the command makes of them: nothing more, or namespaces below them.
deeper=("" "unshare -r" "unshare -r unshare -r" "unshare -r --map-users=1,1,1000 --map-groups=1,1,1000"
	"unshare -U"
	"bwrap --dev-bind / / --unshare-user" "bwrap --dev-bind / / --unshare-user unshare -r")

# make_home() - the user's home, and a directory that is shared with a group
#
# An ancestor of the scene is everybody's to search.
make_home() {
	mkdir -m 700 home
	mkdir home/directory
	echo content >home/f
	chown -R 1000:1000 home
	mkdir shared
	echo shared >shared/file
	chown -R 1001:2000 shared
	chmod 2770 shared
	chmod 660 shared/file
}

# natively(), supervised() - WAY COMMAND…: as the user, in the home, in a namespace of the way
natively() {
	local way=$1
	shift
	# shellcheck disable=SC2086 # words
	(cd home && as_builder unshare -m ${way:--r} -- "$@")
}

supervised() {
	local way=$1
	shift
	# shellcheck disable=SC2086
	(cd home && as_builder "$SCENE/bin/nsxattr" run "${extra[@]}" $way -- "$@")
}

# compare() - NAME WAY COMMAND…: is what it says the same without us?
compare() {
	local name=$1 way=$2
	shift 2
	same "$name" "$(natively "$way" "$@" 2>&1; echo "status $?")" \
		"$(supervised "$way" "$@" 2>&1; echo "status $?")"
}

# What natively works as well as with us, by the tools that everybody has.
# shellcheck disable=SC2016
works='${LS-ls -ld --time-style=+} f . directory "$SHARED" "$SHARED/file"; cat f "$SHARED/file"
	setfattr -n user.a -v x f; getfattr -n user.a f; getfattr -d -m - f; setfattr -x user.a f
	getfattr -n user.a f; getfattr -n user.a ./directory/../f; getfattr -n user.a "$SHARED/file"
	setfattr -n user.a -v x "$SHARED/file"; getfattr -d "$SHARED/file"; setfattr -x user.a "$SHARED/file"
	setfattr -n user.a -v x /etc/passwd; ${LS-ls -l} /etc/passwd; getfattr -n user.a /root/nothing
	cp -a f directory/; ${LS-ls -l --time-style=+} directory; rm directory/f'

# What the README promises.
labels='ls -l f >/dev/null && setfattr -n security.ima -v 0x03 f && getfattr -e hex -n security.ima f &&
	getfattr -m - f && setfattr -x security.ima f && ! getfattr -n security.ima f'

has_labels='# file: f
security.ima=0x03

# file: f
security.ima

f: security.ima: No such attribute'

# everywhere() - WHAT: each way and each depth, with the options in $extra
everywhere() {
	local what=$1 way below list
	for way in "${ways[@]}"; do
		for below in "${deeper[@]}"; do
			# As the kernel has it: no such map where only one id is.
			[[ $below == *--map-users* && $way != *--map-auto ]] && continue
			# Where uid 0 is not mapped, a get of security.* is EINVAL, of which ls complains.
			list=()
			[[ $below != *-U ]] || list=("LS=stat -c %A%n")
			# shellcheck disable=SC2086
			compare "$what: run $way${below:+: $below}" "$way" \
				env SHARED="$SCENE/shared" "${list[@]}" $below sh -c "$works"
			# Who is not root of a namespace labels nothing.
			[[ $below == *"-U" || $below == *user ]] && continue
			# shellcheck disable=SC2086
			same "$what: labels: run $way${below:+: $below}" "$has_labels" \
				"$(supervised "$way" $below sh -c "$labels" 2>&1)"
		done
	done
}

# Whatever makes the calls, and whatever the policy leaves to the kernel.
strict() {
	cat >strict.yaml <<-EOF
		version: 1
		mode: strict
		store: user
		attributes:
		  - { name: security.capability, scheme: kernel }
		  - { name: "security.*", scheme: suffix, inherit: chain }
		  - { name: "trusted.*", scheme: suffix }
		default: kernel
	EOF
	chmod 644 strict.yaml
	extra=(--debug=resolver=process --debug=identity=status -p "$SCENE/strict.yaml")
	everywhere "strict, by processes"
	extra=(--debug=resolver=ring -p "$SCENE/strict.yaml")
	everywhere "strict, by the ring"
}

# Users of the namespace's own, with groups of its own, and with those of the login where these stay.
# shellcheck disable=SC2016
searches='cat "$SHARED/file" grouped/file open/file; for file in "$SHARED/file" grouped/file open/file; do
		getfattr -n user.u $file; setfattr -n user.v -v x $file && setfattr -x user.v $file
		getfattr -d -m - $file; [ "$SHARED" = none ] || getfattr -n security.a $file; done'

others_inside() {
	local who below resolver
	# shellcheck disable=SC2016
	as_builder unshare -rm --map-auto sh -c 'cd home && mkdir grouped open && for directory in grouped open; do
		echo $directory >$directory/file; setfattr -n user.u -v own $directory/file
		chown -R 3:7 $directory; done; chmod 750 grouped; chmod 640 grouped/file; chmod 711 .'
	chmod 711 home
	same "a group of the namespace's own opens a file" "user.u" "$(names grouped/file \
		supervised "-r --map-auto" setpriv --reuid=5 --regid=5 --groups=5,7 --)"
	fails "and another one does not" "Permission denied" supervised "-r --map-auto" \
		setpriv --reuid=5 --regid=5 --groups=5,8 -- getfattr -d grouped/file
	for resolver in ring process; do
		extra=("--debug=resolver=$resolver")
		for who in "--reuid=5 --regid=5 --groups=5,7" "--reuid=5 --regid=5 --groups=5,8" \
			"--reuid=5 --regid=7 --clear-groups" "--reuid=5 --regid=5 --keep-groups" \
			"--reuid=3 --regid=3 --clear-groups" "--regid=5 --clear-groups" "--groups=5,9"; do
			for below in "" "unshare -r" "unshare -U"; do
				# shellcheck disable=SC2086
				compare "$resolver: another one inside: $who${below:+: $below}" "-r --map-auto" \
					env SHARED="$SCENE/shared" setpriv $who -- $below sh -c "${searches/security.a/user.a}"
			done
		done
	done
	chmod 700 home
}

# Who a command is, to itself, and what its groups open to it.
# shellcheck disable=SC2016
facts='id -u; id -g; id -G; grep Groups /proc/self/status | xargs; head -qn 1 /proc/self/?id_map | xargs; cat /proc/self/setgroups; cat "$SHARED/file"; echo >"$SHARED/new" && rm "$SHARED/new"'

# The options for ids are those of unshare(1), and so is what they do.
identities() {
	local way
	for way in "${ways[@]}" "-r --map-users=auto"; do
		compare "who the command is: run $way" "$way" env SHARED="$SCENE/shared" sh -c "$facts"
	done
	# There the command becomes another one than the user.
	same "who the command is: run --map-users --map-groups" \
		"$(natively "--map-users=300000,0,65536 --map-groups=300000,0,65536 -S 0 -G 0" \
			env SHARED="$SCENE/shared" sh -c "$facts" 2>&1)" \
		"$(supervised "--map-users=0:300000:65536 --map-groups=0:300000:65536" \
			env SHARED="$SCENE/shared" sh -c "$facts" 2>&1)"
}

# Inodes that are the host's and have no attributes say so: then tools skip them, where EPERM makes them fail.
bare='
import errno, os, select, socket
def answer(call, *arguments):
    try: return repr(call(*arguments))
    except OSError as e: return errno.errorcode[e.errno]
epoll = select.epoll()
objects = { "eventfd": os.eventfd(0), "epoll": epoll.fileno(), "pidfd": os.pidfd_open(os.getpid()),
    "/proc/self": "/proc/self", "/sys/kernel": "/sys/kernel" }
for name, at in objects.items():
    print(name, answer(os.setxattr, at, "security.ima", b"x"), answer(os.getxattr, at, "security.ima"),
        answer(os.removexattr, at, "security.ima"), answer(os.listxattr, at))'

bare() {
	local way below
	for way in "${ways[@]}"; do
		for below in "" "unshare -r"; do
			# shellcheck disable=SC2086
			compare "what has no attributes: run $way${below:+: $below}" "$way" \
				$below /usr/bin/python3 -c "$bare"
		done
	done
}

make_home
extra=(--debug=resolver="${RESOLVER-auto}")
identities
bare
everywhere "as it is"
strict
others_inside
