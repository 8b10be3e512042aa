# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The gate (supervisor/integrity/gate.bpf.c), by itself: gate-driver is its judge, and tries on several file systems to
# execute without a verdict; gate-race-driver does so while files change. Debian's kernels have bpf among their modules.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
needs gcc setpriv setfattr mkfs.ext4 mkfs.xfs
drivers=$(realpath "$BUILD/tests/live")
scene_make
export GATE_PROGRAMS=$SCENE/programs

# program() - NAME ANSWER: one that ends with a number, which lies in it behind a mark
program() {
	printf 'const volatile char answer[] = "the-answer-is:\\%o"; int main(void) { return answer[14]; }\n' "$2" >"$1.c"
	gcc -O -static -o "programs/$1" "$1.c"
}

# on() - FOLDER DRIVER WORD: what the driver says about a folder in there, as results
on() {
	local line began=$SECONDS
	mkdir -p "$1/$3"
	while read -r line; do
		case $line in
		'ok '*) ok "$1: ${line#ok }" ;;
		'not_ok '*) not_ok "$1: ${line#not_ok }" ;;
		*) echo "# $1: $line" ;;
		esac
	done < <("$drivers/$2" "$3" "$1/$3" 2>"$1/$3.said" || echo "not_ok $2 $3 ends: $? $(tail -n 3 "$1/$3.said")")
	echo "# $1: $3: $((SECONDS - began)) s"
}

# together() - DRIVER WORD FOLDER…: the same about each folder, side by side: each has a gate of its own
together() {
	local folder
	for folder in "${@:3}"; do on "$folder" "$1" "$2" >"said-${folder%/*}" & done
	wait
	for folder in "${@:3}"; do cat "said-${folder%/*}"; done
}

if "$drivers/gate-driver" hold true 2>&1 | grep -q 'left out'; then
	skip "the gate" "it was left out when nsxattr was built; \"make deps\" installs what it takes"
	exit 0
fi
mkdir programs
program good 0 && program bad 77 || exit 1
mkdir -p ext4 tmpfs xfs overlay/{lower,upper,work,merged}
mount -t tmpfs tmpfs tmpfs
truncate -s 400M ext4.img && mkfs.ext4 -q ext4.img && mount -o loop ext4.img ext4
truncate -s 400M xfs.img && mkfs.xfs -q xfs.img && mount -o loop xfs.img xfs
mount -t overlay -o lowerdir=overlay/lower,upperdir=overlay/upper,workdir=overlay/work overlay overlay/merged

together gate-driver "try" ext4 tmpfs xfs overlay/merged
# It has the kernel forget inodes, of whichever file system, and so what is noted of them.
on ext4 gate-driver overlay
on tmpfs gate-driver overlay
on ext4 gate-driver numbers
on ext4 gate-race-driver race
on tmpfs gate-race-driver race
on overlay/merged gate-race-driver race

# ---- who may change security.* ----

touch file && chown 1000:1000 file
kernel_checks || echo "# without a gate, this kernel does not check who changes security.*"
mkfifo begun over
"$drivers/gate-driver" hold sh -c ': >begun; : <over' &
: <begun
fails "with a gate, a plain user sets no security.*" "Operation not permitted" \
	"${as_user[@]}" setfattr -n security.demo -v x file
check "but user.*" "${as_user[@]}" setfattr -n user.demo -v x file
check "root of the host sets it" setfattr -n security.demo -v x file
fails "a plain user does not remove it" "Operation not permitted" \
	"${as_user[@]}" setfattr -x security.demo file
check "root of the host removes it" setfattr -x security.demo file
check "root of a namespace sets it on a tmpfs of its own" "${as_user[@]}" unshare -rm sh -c \
	'mount -t tmpfs tmpfs /mnt && touch /mnt/file && setfattr -n security.demo -v x /mnt/file'
fails "but not on a file of the host" "Operation not permitted" \
	"${as_user[@]}" unshare -rm setfattr -n security.demo -v x file
: >over
wait $!

# ---- what it costs, on a machine that may be emulated ----

on ext4 gate-race-driver cost
