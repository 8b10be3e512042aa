# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A Debian root file system, made once and kept in the build folder. Sourced after scene.sh.

# Samba is what fails without us; the rest is for looking at what it did.
ROOTFS_PACKAGES=samba,samba-dsdb-modules,samba-vfs-modules,samba-ad-provision,python3,attr,acl

# rootfs_sources() - CODENAME: the package sources of this machine for its own release
#
# Taken from the indexes that apt has, so that only the distribution's own come along. Nothing when
# apt has none: mmdebstrap then knows where to look.
rootfs_sources() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' "Codename: $1" 2>/dev/null | sort -u
}

# rootfs_build() - CODENAME TARBALL
rootfs_build() {
	local codename=$1 tarball=$2 sources
	sources=$(mktemp -p "$SCENE" sources.XXXXXX.list)
	rootfs_sources "$codename" >"$sources"
	# The name of the half-made one ends in .tar: mmdebstrap goes by that.
	mmdebstrap --quiet --mode=root --variant=minbase --include="$ROOTFS_PACKAGES" \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$codename" "$tarball.part.tar" ${sources:+$([ -s "$sources" ] && echo "$sources")} &&
		mv "$tarball.part.tar" "$tarball"
}

# rootfs_tarball() - print the path of the tarball, which is made if need be
#
# Only a complete one has this name, and it is another for another list of packages. What mmdebstrap
# says goes to standard error.
#
# Return: false when it could not be made.
rootfs_tarball() {
	local codename key tarball cache=${BUILD:-build}/cache
	cd "$REPOSITORY" && mkdir -p "$cache" && cache=$(realpath "$cache") && cd "$SCENE" || return 1
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	key=$(printf '%s %s %s' "$codename" "$(uname -m)" "$ROOTFS_PACKAGES" | sha256sum | cut -c1-16)
	tarball=$cache/rootfs-$key.tar
	exec {rootfs_lock}>"$cache/rootfs.lock"
	flock "$rootfs_lock" || return 1
	[ -e "$tarball" ] || rootfs_build "$codename" "$tarball" >&2 || return 1
	exec {rootfs_lock}>&-
	echo "$tarball"
}

# rootfs_extract() - DIRECTORY [PREFIX…] <TARBALL: unpack it; devices are left to the host
rootfs_extract() {
	local directory=$1
	shift
	"$@" tar --directory="$directory" --extract --preserve-permissions --numeric-owner \
		--xattrs --xattrs-include='*' --anchored --exclude='./dev/*'
}

# rootfs_run: run a command in a root file system: DIRECTORY COMMAND…; put behind inside_map or env
#
# In a mount namespace of its own, with the host's devices and processes.
# shellcheck disable=SC2016,SC2034 # for the shell that it starts; used by those who source this
rootfs_run=(unshare --mount sh -c '
	root=$1
	shift
	mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" || exit 125
	exec chroot "$root" "$@"' rootfs_run)
