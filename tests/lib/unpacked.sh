# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A Debian root file system of an architecture whose programs this machine does not execute: the packages are unpacked,
# and what their scripts would have done is done here, as far as the tests look at it. Sourced by machine.sh.

# shellcheck disable=SC2100
# Besides the packages of machine.sh: what every Debian has (minbase), and what the initial RAM disk is made of.
UNPACKED_PACKAGES=base-files,base-passwd,bash,dash,coreutils,diffutils,findutils,grep,gzip,sed,mawk,hostname,login,mount
UNPACKED_PACKAGES+=,libc-bin,perl-base,busybox-static

# unpacked_users() - ROOT: the users and groups of a new Debian
unpacked_users() {
	local file
	for file in passwd group; do
		cp "$1/usr/share/base-passwd/$file.master" "$1/etc/$file" || return 1
	done
	sed 's/:.*/:*:19000:0:99999:7:::/' "$1/etc/passwd" >"$1/etc/shadow" && chmod 640 "$1/etc/shadow" &&
		: >"$1/etc/subuid" && : >"$1/etc/subgid"
}

# unpacked_fill_in() - ROOT: the rest, without which hardly a script runs
unpacked_fill_in() {
	local root=$1 folder version
	for folder in proc sys dev run tmp mnt root var/tmp clone results; do
		mkdir -p "$root/$folder" || return 1
	done
	chmod 1777 "$root/tmp" "$root/var/tmp" && unpacked_users "$root" && ln -sf mawk "$root/usr/bin/awk" || return 1
	for version in "$root"/lib/modules/*; do
		PATH=$PATH:/usr/sbin:/sbin depmod -b "$root" "${version##*/}" || return 1
	done
}

# unpacked_modules() - ROOT VERSION: the files of the modules that find the disks, in the order of loading
unpacked_modules() {
	local module
	for module in virtio_pci virtio_blk ext4 crc32c_generic; do
		PATH=$PATH:/usr/sbin:/sbin modprobe --dirname "$1" --set-version "$2" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# unpacked_ramdisk() - ROOT VERSION IMAGE: an initial RAM disk, which does no more than to find the root file system
unpacked_ramdisk() {
	local folder module base list=
	folder=$(mktemp -d) && mkdir "$folder"/{dev,proc,sys,root} && cp "$1/bin/busybox" "$folder/busybox" || return 1
	while read -r module; do
		base=${module##*/}
		case $base in
		*.xz) xz -dc "$module" >"$folder/${base%.xz}" || return 1 ;;
		*) cp "$module" "$folder/$base" || return 1 ;;
		esac
		list+=" /${base%.xz}"
	done < <(unpacked_modules "$1" "$2")
	printf '%s\n' '#!/busybox sh' '/busybox mount -t devtmpfs dev /dev' \
		'/busybox mount -t proc proc /proc' '/busybox mount -t sysfs sys /sys' \
		"for module in$list; do /busybox insmod \$module; done" \
		'until /busybox mount -t ext4 /dev/vda /root 2>/dev/null; do /busybox usleep 50000; done' \
		'for each in dev proc sys; do /busybox mount -o move /$each /root/$each; done' \
		'exec /busybox switch_root /root /init' >"$folder/init" && chmod 755 "$folder/init" || return 1
	(cd "$folder" && bsdtar --format=newc -cf - . | gzip -1) >"$3"
	local status=$?
	rm -rf "$folder"
	return "$status"
}

# unpacked_make() - ARCHITECTURE CODENAME ROOT PACKAGES SOURCES…: a root file system; its kernels and their initial RAM
# disks are in ROOT/boot
unpacked_make() {
	local architecture=$1 codename=$2 root=$3 packages=$4 kernel
	shift 4
	mmdebstrap --quiet --mode=root --variant=extract --architectures="$architecture" --format=directory \
		--include="$packages,$UNPACKED_PACKAGES" --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$codename" "$root" "$@" && unpacked_fill_in "$root" || return 1
	for kernel in "$root"/boot/vmlinuz-*; do
		kernel=${kernel#*/boot/vmlinuz-}
		unpacked_ramdisk "$root" "$kernel" "$root/boot/initrd.img-$kernel" || return 1
	done
}
