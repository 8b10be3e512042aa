#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# File systems that the namespace has mounted itself: FUSE, which refuses the supervisor, and what the kernel
# itself lets root of a namespace do on a tmpfs of its own. Everything works there that works without
# nsxattr.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
needs bindfs mergerfs gocryptfs fuse-overlayfs setfattr getfattr setcap rsync tar
if [ -z "${OWN_MOUNTS_ALONE-}" ]; then
	OWN_MOUNTS_ALONE=1 exec unshare --mount --propagation private bash "$0"
fi
scene_make

# Everybody may open it, as on a machine with udev.
mknod -m 666 fuse c 10 229
mount --bind fuse /dev/fuse
cat >strict.yaml <<-POLICY
	version: 1
	mode: strict
	attributes:
	  - { name: "security.*", scheme: suffix }
	  - { name: "trusted.*", scheme: suffix }
POLICY
cat >limited.yaml <<-POLICY
	version: 1
	store: user
	attributes:
	  - { name: security.hidden, scheme: hide }
	  - { name: security.denied, scheme: deny }
	  - { name: "security.*", scheme: suffix, inherit: none }
	limits: { attributes-per-file: 2 }
POLICY

# In a mount namespace of the namespace's root: mount by "$1" (a command that finds $lower, $layer and $mnt), use
# it as "$2" says, unmount.
# shellcheck disable=SC2016 # for the shell that gets it
mounted='
	umask 022
	mount_it=$1 use_it=$2
	base=$(mktemp -d ./mounts.XXXXXX) && cd "$base" || exit 1
	lower=$PWD/lower layer=$PWD/layer mnt=$PWD/mnt
	mkdir "$lower" "$layer" "$mnt" "$layer/upper" "$layer/work"
	eval "$mount_it" >mount.log 2>&1 || { cat mount.log; exit 1; }
	(cd "$mnt" && eval "$use_it"); status=$?
	umount "$mnt" || exit 1
	exit $status'

# What people do. Each line that fails ends it.
# shellcheck disable=SC2016
usual='set -e
	echo x >file; ln -s file link; mkdir directory; cp "$(command -v cat)" program
	[ -z "$(ls -lR 2>&1 >/dev/null)" ]
	setfattr -n user.note -v mine file
	setfattr -n security.demo -v own file
	[ "$(getfattr --only-values -n security.demo file)" = own ]
	[ "$(getfattr -m - file | grep "^[su]" | sort | paste -sd" ")" = "security.demo user.note" ]
	cp -a file copy
	[ "$(getfattr --only-values -n user.note copy)" = mine ]
	[ "$(getfattr --only-values -n security.demo copy)" = own ]
	case $mount_it in
	gocryptfs*) ;; # it gives back no capabilities
	*) setcap cap_net_raw=ep program; getcap program | grep -q cap_net_raw ;;
	esac
	setfattr -n security.demo -v other file
	setfattr -x security.demo file
	! getfattr -n security.demo file 2>/dev/null
	setfattr -n user.note -v there directory
	cd directory
	[ "$(getfattr --only-values -n user.note ../directory)" = there ]
	[ "$(getfattr --only-values -n user.note ../link)" = mine ]
	cd ..
	mkdir restored synced
	tar --xattrs --xattrs-include="*" -cf archive.tar file copy directory
	tar --xattrs --xattrs-include="*" -xf archive.tar -C restored
	[ "$(getfattr --only-values -n user.note restored/file)" = mine ]
	[ "$(getfattr --only-values -n security.demo restored/copy)" = own ]
	rsync -aX file copy directory synced/
	[ "$(getfattr --only-values -n user.note synced/file)" = mine ]
	[ "$(getfattr --only-values -n security.demo synced/copy)" = own ]'

# mounts() - FUNCTION: call it with NAME and COMMAND for each file system
mounts() {
	# shellcheck disable=SC2016
	{
		"$1" bindfs 'bindfs "$lower" "$mnt"'
		"$1" "bindfs for all" 'bindfs -o allow_other "$lower" "$mnt"'
		"$1" mergerfs 'mergerfs -o xattr=passthrough,minfreespace=0 "$lower:$layer" "$mnt"'
		"$1" gocryptfs 'gocryptfs -q -init -extpass "echo secret" "$lower" &&
			gocryptfs -q -extpass "echo secret" "$lower" "$mnt"'
		"$1" fuse-overlayfs 'fuse-overlayfs -o lowerdir="$lower",upperdir="$layer/upper",workdir="$layer/work" "$mnt"'
	}
}

of_root() {
	local policy
	for policy in default user ./strict.yaml; do
		check "$1, policy $policy" "$NSXATTR" run -p "$policy" --map-users=0:100000:65536 \
			--map-groups=0:100000:65536 -- unshare --mount sh -c "$mounted" sh "$2" "$usual"
	done
}

of_login() {
	local run=("${as_user[@]}" "$NSXATTR" run -p user -r -- unshare --mount sh -c "$mounted" sh "$2" "$usual")
	if kernel_checks || [ "$1" = gocryptfs ]; then
		check "$1, of an ordinary login" "${run[@]}"
	else
		fails "$1, of an ordinary login, on a kernel that checks no change: no security.*" \
			"setfattr: file: Operation not permitted" "${run[@]}"
	fi
}

mkdir place
chmod 1777 place
cd place || exit 1
cp ../*.yaml .
mounts of_root
mounts of_login

# Without nsxattr this succeeds, too: the file system is the namespace's own.
# shellcheck disable=SC2016
kinds='set -e
	ln -s nowhere link; mkfifo fifo; mknod node p
	for name in link fifo node; do
		setfattr -h -n security.label -v "of $name" $name
		[ "$(getfattr -h --only-values -n security.label $name)" = "of $name" ]
		getfattr -h -m - $name | grep -q security.label
		setfattr -h -x security.label $name
		! getfattr -h -n security.label $name 2>/dev/null
	done'
# shellcheck disable=SC2016
tmpfs='mount -t tmpfs none "$mnt"'
check "security.* of symbolic links and pipes, natively" \
	"$SCENE/bin/enter-userns" "0 100000 65536" unshare --mount sh -c "$mounted" sh "$tmpfs" "$kinds"
for policy in default user ./strict.yaml; do
	check "security.* of symbolic links and pipes, policy $policy" \
		"$NSXATTR" run -p "$policy" --map-users=0:100000:65536 --map-groups=0:100000:65536 -- \
		unshare --mount sh -c "$mounted" sh "$tmpfs" "$kinds"
done
as_login=("${as_user[@]}" "$NSXATTR" run -p user -r -- unshare --mount sh -c "$mounted" sh "$tmpfs" "$kinds")
if kernel_checks; then
	check "the same of an ordinary login" "${as_login[@]}"
	same "and no remedy is given for what works" "" "$("${as_login[@]}" 2>&1 | grep '^nsxattr: ')"
else
	fails "of an ordinary login none, on a kernel that checks no change" "setfattr: link: Operation not supported" \
		"${as_login[@]}"
fi

# What the policy refuses stays refused.
# shellcheck disable=SC2016
refused='set -e
	echo x >file; ln -s file link
	! setfattr -n security.hidden -v x file
	! setfattr -n security.denied -v x file
	! setfattr -h -n security.hidden -v x link
	! setfattr -h -n security.denied -v x link
	! setfattr -n user.nsxattr.1000.security.demo -v x file
	[ -z "$(getfattr -h -m - file link)" ]'
# shellcheck disable=SC2016
for way in 'bindfs "$lower" "$mnt"' "$tmpfs"; do
	check "the policy's refusals on ${way%% *}" "$NSXATTR" run -p ./limited.yaml \
		--map-users=0:100000:65536 --map-groups=0:100000:65536 -- \
		unshare --mount sh -c "$mounted" sh "$way" "$refused"
done

# A mount of another namespace is not one's own.
# shellcheck disable=SC2016
fails "on the host's file system nothing changes: no security.* of a symbolic link" "not supported" \
	"$NSXATTR" run -p user --map-users=0:100000:65536 --map-groups=0:100000:65536 -- \
	sh -ec 'ln -s nowhere foreign; setfattr -h -n security.label -v x foreign'
