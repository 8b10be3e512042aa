# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Machines: QEMU with a Debian root file system, one of Debian's kernels, and a copy of the clone, in which a command is
# run. Sourced by tests/run, machine-boot and machine-run, in the root of the clone; BUILD is set.
#
# The root file system has all kernels of an architecture. It is made once and kept in $BUILD/cache, with the kernels
# beside it. No machine writes to it.

# The kernels, all of one release, for what is built here runs there: their name, which a version begins with, the
# architecture, and Debian's package. What is not of amd64 has its architecture in its name, as 6.1-arm64.
MACHINE_CODENAME=bookworm
MACHINE_KERNELS='
6.1	amd64	linux-image-amd64
6.12	amd64	linux-image-6.12-amd64
6.1-arm64	arm64	linux-image-arm64
6.12-arm64	arm64	linux-image-6.12-arm64
'

# shellcheck source=tests/lib/unpacked.sh
. tests/lib/unpacked.sh

# What is in its root file system besides: what the programs are linked with, and what tests call.
MACHINE_PACKAGES=initramfs-tools,kmod,udev,zstd,systemd,procps,iproute2,util-linux,passwd,e2fsprogs
MACHINE_PACKAGES+=,libcriterion3,libyaml-0-2,libjson-c5,libseccomp2,libcap2-bin,libbpf1,liburing2,libfuse3-3,fuse3
MACHINE_PACKAGES+=,attr,acl,tar,rsync,uidmap,openssl,keyutils,python3,python3-yaml,jq,binutils,make,gcc,libc6-dev
MACHINE_PACKAGES+=,strace,gdb,fakeroot,bubblewrap,bindfs,fuse-overlayfs,mergerfs,gocryptfs,xfsprogs,btrfs-progs
MACHINE_PACKAGES+=,crun,runc,lxc,python3-jsonschema,perl-base,squashfs-tools,libarchive-tools,ima-evm-utils,fsverity
MACHINE_PACKAGES+=,apparmor,apparmor-utils
MACHINE_PACKAGES+=,selinux-policy-default,selinux-utils,policycoreutils,lxc-templates

# What the system tests call besides: where the packages' scripts have run (machine_configured).
MACHINE_CLIENTS=podman,buildah,containerd,rpm,dnf,glusterfs-server,tomoyo-tools
MACHINE_CLIENTS+=$([ "$(uname -m)" != x86_64 ] || echo ,gcc-multilib)

# machine_kernel() - NAME: its architecture and its package; false when there is no such kernel
machine_kernel() {
	awk -v name="$1" '$1 == name { print $2, $3; found = 1 } END { exit !found }' <<<"$MACHINE_KERNELS"
}

# machine_architecture() - of this machine, in Debian's words
machine_architecture() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

# machine_names() - those of this machine's own architecture
machine_names() {
	awk -v arch="$(machine_architecture)" '$2 == arch { print $1 }' <<<"$MACHINE_KERNELS"
}

# machine_all() - all of them
machine_all() {
	awk '{ print $1 }' <<<"$MACHINE_KERNELS" | paste -sd' '
}

# machine_packages() - ARCHITECTURE: everything that the root file system is made of, with commas
machine_packages() {
	local all=$MACHINE_PACKAGES
	[ "$1" != "$(machine_architecture)" ] || all+=,$MACHINE_CLIENTS
	awk -v arch="$1" -v all="$all" '$2 == arch { all = all "," $3 } END { print all }' <<<"$MACHINE_KERNELS"
}

# ---- what a machine starts from ----

# machine_is_of_release() - is this the release that the kernels are of?
machine_is_of_release() {
	[ "$(machine_codename)" = "$MACHINE_CODENAME" ]
}

# machine_codename() - the release of Debian that this is, and the root file system will be
machine_codename() {
	# shellcheck source=/dev/null
	. /etc/os-release && echo "${VERSION_CODENAME-}"
}

# machine_sources() - CODENAME: the package sources of this machine, with those of the security suite
#
# Newer kernels are only there. Nothing when apt has none: mmdebstrap then knows where to look.
machine_sources() {
	local suite all
	# shellcheck source=tests/lib/rootfs.sh
	all=$(. tests/lib/rootfs.sh && for suite in "$1" "$1-updates" "$1-security"; do rootfs_sources "$suite"; done)
	! grep -q -e "$1-security" <<<"$all" || sort -u <<<"$all"
}

# machine_hook() - what mmdebstrap does in the root file system before the kernels are installed
#
# The initial RAM disk has only what finds the disks, and is quick to unpack. Process 1 is what the clone brings.
# shellcheck disable=SC2016 # for the shell that mmdebstrap starts
machine_hook='
mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/clone" "$1/results" &&
	printf "%s\n" MODULES=list COMPRESS=zstd COMPRESSLEVEL=1 >"$1/etc/initramfs-tools/conf.d/machine" &&
	printf "%s\n" virtio_pci virtio_blk ext4 >"$1/etc/initramfs-tools/modules" &&
	printf "%s\n" "#!/bin/sh" "mount -n /dev/vdb /clone && exec /clone/tests/lib/machine-init" >"$1/init" &&
	chmod 755 "$1/init"'

# machine_image() - ROOT IMAGE: a disk that has in it what is below ROOT
machine_image() {
	local size
	size=$(($(du -sm "$1" | cut -f1) * 5 / 4 + 2048))
	truncate -s "${size}M" "$2" && mkfs.ext4 -q -F -d "$1" "$2"
}

# machine_configured() - ARCHITECTURE CODENAME ROOT SOURCES…: a root file system as Debian installs it
machine_configured() {
	mmdebstrap --quiet --mode=root --variant=minbase --architectures="$1" --format=directory \
		--include="$(machine_packages "$1")" --essential-hook="$machine_hook" \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$2" "$3" "${@:4}"
}

# machine_unpacked() - the same of an architecture whose programs this machine does not execute
machine_unpacked() {
	unpacked_make "$1" "$2" "$3" "$(machine_packages "$1")" "${@:4}" && sh -c "$machine_hook" sh "$3"
}

# machine_make() - ARCHITECTURE CODENAME FOLDER: make the root file system and the kernels
machine_make() {
	local folder=$3 sources=$3/sources.list how=machine_configured given=()
	rm -rf "$folder" && mkdir -p "$folder" && machine_sources "$2" >"$sources" || return 1
	[ ! -s "$sources" ] || given=("$sources")
	[ "$1" = "$(dpkg --print-architecture)" ] || how=machine_unpacked
	"$how" "$1" "$2" "$folder/root" "${given[@]}" || return 1
	mv "$folder"/root/boot/{vmlinuz,initrd.img}-* "$folder" &&
		machine_image "$folder/root" "$folder/root.img" &&
		rm -rf --one-file-system "$folder/root"
}

# machine_files() - ARCHITECTURE: print the folder with the root file system and the kernels, made if need be
#
# Only a complete one has this name, and it is another for another list of packages. What mmdebstrap says goes to
# standard error.
machine_files() {
	local cache=$BUILD/cache codename key folder lock
	codename=$(machine_codename)
	key=$(echo "$codename $(machine_packages "$1") $machine_hook" | sha256sum | cut -c1-16)
	mkdir -p "$cache" && folder=$(realpath "$cache")/machine-$1-$key || return 1
	exec {lock}>"$cache/machine.lock" && flock "$lock" || return 1
	if [ ! -e "$folder" ]; then
		echo "a root file system is made, with Debian's kernels; that takes some minutes, and it stays in $folder" >&2
		machine_make "$1" "$codename" "$folder.part" >&2 && mv "$folder.part" "$folder" || return 1
	fi
	exec {lock}>&-
	echo "$folder"
}

# machine_lacks() - KERNEL: print why no machine with this kernel can be started here; false when it can
machine_lacks() {
	local architecture program
	read -r architecture _ < <(machine_kernel "$1")
	machine_program "$architecture"
	if [ "$(id -u)" != 0 ]; then
		echo "this needs root"
	elif ! command -v "${program[0]}" >/dev/null; then
		echo "${program[0]} is not installed; \"make deps\" does that"
	elif ! command -v mmdebstrap >/dev/null; then
		echo "mmdebstrap is not installed; \"make deps\" does that"
	elif ! machine_is_of_release; then
		echo "the kernels are those of Debian's $MACHINE_CODENAME, which this is not"
	else
		return 1
	fi
}

# machine_clone() - IMAGE: a disk with a copy of the clone, without what only the linker reads
machine_clone() {
	local copy=$1.files
	clone_copy "$copy" build --exclude='*.o' --exclude='*.a' --exclude='*.d' --exclude=build/fuzz --exclude='*.img*' &&
		chmod 755 "$copy" && machine_image "$copy" "$1" && rm -rf "$copy"
}

# ---- a machine that runs ----

# machine_program() - ARCHITECTURE: the emulator, and what makes it a machine that this kernel knows
#
# The console of the kernel is CONSOLE, its clock CLOCK: some kernels would not trust that of emulated processors, and ask
# a device for the time. The processors are without what takes long to emulate.
machine_program() {
	case $1 in
	amd64) program=(qemu-system-x86_64 -cpu "max,la57=off,erms=off") CONSOLE=ttyS0 CLOCK=tsc=reliable ;;
	arm64) program=(qemu-system-aarch64 -machine virt -cpu "max,pauth-impdef=on") CONSOLE=ttyAMA0 CLOCK= ;;
	esac
}

# machine_start() - FILES KERNEL SECONDS FOLDER ACCELERATOR [APPEND]: have one run, until it ends or its time is up
#
# FOLDER has the disk clone.img; the machine writes into FOLDER/results. What the kernel says is in FOLDER/console. If
# FOLDER has a copy root.img of the root file system, it is for machines that find what those before wrote to the disks.
# With MACHINE_IN_TURNS in APPEND, a word that means nothing to the kernel, emulated processors run one at a time.
machine_start() {
	local files=$1 version=${2%-*} arch folder=$4 accelerator=$5 program kernel
	[[ " ${6-} " != *" $MACHINE_IN_TURNS "* ]] || accelerator=${5/thread=multi/thread=single}
	arch=$(machine_kernel "$2") && arch=${arch%% *}
	machine_program "$arch"
	kernel=$(cd "$files" && ls -d "vmlinuz-$version".*-"$arch") || return 1
	local root=$files/root.img disk=if=virtio,format=raw
	[ -e "$folder/root.img" ] && root=$folder/root.img || disk+=,snapshot=on
	timeout --foreground --kill-after=10 "$3" "${program[@]}" -accel "$accelerator" -smp 2 -m 2G \
		-display none -monitor none -no-reboot -nodefaults -no-user-config -serial "file:$folder/console" \
		-kernel "$files/$kernel" -initrd "$files/${kernel/vmlinuz/initrd.img}" \
		-append "root=/dev/vda rw console=$CONSOLE init=/init panic=-1 oops=panic loglevel=5 $CLOCK $MACHINE_ARGUMENTS ${6-}" \
		-drive "file=$root,$disk" -drive "file=$folder/clone.img,$disk" \
		-virtfs "local,path=$folder/results,mount_tag=results,security_model=none" </dev/null
}

# The kernel changes its own code, as where programs of BPF are attached, behind a breakpoint. QEMU before 8.1, with a thread for
# each processor, can translate code while another processor changes it, and runs the translation later: the kernel meets
# a breakpoint that is gone, and panics. In one of some thirty gates that come and go, that happens.
MACHINE_IN_TURNS=emulated=in-turns

# What tests are told where a machine is emulated: that everything takes longer, and to try less often what is random.
# shellcheck disable=SC2034 # machine-boot uses it
MACHINE_EMULATED=(TEST_SLOWER=10 OPERATIONS=200 ATTACK_ROUNDS=5000 NSXATTR_DEATHS=6 NSXATTR_UPGRADES=6 NSXATTR_RESTARTS=6 FAULTS_EACH=4 ENFORCE_ROUNDS=50)

# A machine that is emulated, or whose processors are not given time, is not to be taken for one that is stuck.
MACHINE_ARGUMENTS='mitigations=off watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120'

# machine_accelerator_is() - FILE BOOT ACCELERATOR: for machines that start at the same time, too
machine_accelerator_is() {
	printf '%s\n' "$2" "$3" >"$1.$BASHPID" && mv "$1.$BASHPID" "$1"
}

# machine_accelerator() - ARCHITECTURE FILES: the accelerator that works here
#
# There are machines with a /dev/kvm in which no kernel comes up. So one is tried, with a program that ends at once for
# process 1, which is no news to the kernel but a panic. That is done once between two starts of this machine.
machine_accelerator() {
	local known=$2/accelerator boot folder kernel
	boot=$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$known" ] || [ "$(head -n 1 "$known")" != "$boot" ]; then
		machine_accelerator_is "$known" "$boot" tcg,thread=multi,tb-size=512
		kernel=$(awk -v arch="$1" '$2 == arch { print $1; exit }' <<<"$MACHINE_KERNELS")
		folder=$(mktemp -d) && mkdir "$folder/results" && truncate -s 1M "$folder/clone.img" || return 1
		[ ! -w /dev/kvm ] || [ "$1" != "$(machine_architecture)" ] ||
			machine_start "$2" "$kernel" 30 "$folder" kvm init=/bin/true >/dev/null 2>&1
		! grep -aqs 'Attempted to kill init' "$folder/console" || machine_accelerator_is "$known" "$boot" kvm
		rm -rf "$folder"
	fi
	tail -n 1 "$known"
}

# machine_was_misled() - ARCHITECTURE CONSOLE: has the emulator executed what the kernel had replaced? See MACHINE_IN_TURNS.
machine_was_misled() {
	local program version
	machine_program "$1"
	version=$("${program[0]}" --version | sed -n '1s/.*version \([0-9]*\.[0-9]*\).*/\1/p')
	[ "$(printf '%s\n' "$version" 8.1 | sort -V | head -n 1)" != 8.1 ] && grep -aqE '\] (Oops: )?int3: 0000' "$2"
}

# machine_oddities() - CONSOLE: what the kernel says after the tests have begun when it finds itself in the wrong
machine_oddities() {
	sed '1,/machine: runs/d' "$1" | grep -aE -A 30 "$MACHINE_ODD"
}
MACHINE_ODD='Kernel panic|Oops|BUG: |WARNING: CPU|WARNING: possible|general protection|KASAN:|UBSAN:|rcu: INFO: .* detected stall'

# ---- what is run in which ----

# shellcheck disable=SC2034 # tests/run uses them
# What 'make check-kernels' runs on each kernel.
MACHINE_CORE=(unit/{decode,filter,memory} kernel live/{view,identity,paths,differential} machine/{gate,no-gate})

# shellcheck disable=SC2034
# What 'make check-kernels-all' runs on each kernel.
MACHINE_WHOLE=(unit kernel live system machine)

# machine_leaves_out() - GROUP/NAME: why no machine runs this test as one of its group
#
# Its head says so: "# not in a machine: REASON".
machine_leaves_out() {
	sed -n 's/^# not in a machine: //p' "tests/$1.sh" | grep .
}

# machine_wants() - machine/NAME KERNEL: the arguments, a line for each machine, that a test wants of a kernel
#
# Its head says so: "# kernels: NAME…", all of this machine's own architecture without it, and "# arguments: …". With
# ", then " in it, machines with what is before and after it run one after the other, on the same disks.
machine_wants() {
	local file=tests/$1.sh kernels
	kernels=$(sed -n 's/^# kernels: //p' "$file")
	[[ " ${kernels:-$(machine_names | paste -sd' ')} " == *" $2 "* ]] || return 0
	sed -n 's/^# arguments: //p' "$file" | grep . || echo
}

# machine_plan() - KERNEL LABEL…: a line "ARGUMENTS<tab>LABEL" for each machine that a test is to be run in
machine_plan() {
	local kernel=$1 label
	shift
	for label; do
		case $label in
		machine/*) machine_wants "$label" "$kernel" | sed "s|\$|\t$label|" ;;
		*) printf '\t%s\n' "$label" ;;
		esac
	done
}
