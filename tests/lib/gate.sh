# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of the gate share: programs, file systems, and what a driver says about a folder, as results. Sourced behind
# case.sh and scene.sh.

drivers=$(realpath "$BUILD/tests/live")

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

# gate_begin() - FILE-SYSTEM…: programs, and a folder of each file system: ext4, tmpfs, xfs, overlay/merged
#
# Return: 1: there is no gate to try, which is a result.
gate_begin() {
	local kind
	if "$drivers/gate-driver" hold true 2>&1 | grep -q 'left out'; then
		skip "the gate" "it was left out when nsxattr was built; \"make deps\" installs what it takes"
		return 1
	fi
	export GATE_PROGRAMS=$SCENE/programs
	mkdir programs
	program good 0 && program bad 77 || exit 1
	for kind; do
		case $kind in
		tmpfs) mkdir tmpfs && mount -t tmpfs tmpfs tmpfs ;;
		overlay/merged)
			mkdir -p overlay/{lower,upper,work,merged}
			mount -t overlay -o lowerdir=overlay/lower,upperdir=overlay/upper,workdir=overlay/work overlay overlay/merged
			;;
		*) mkdir "$kind" && truncate -s 400M "$kind.img" && "mkfs.$kind" -q "$kind.img" && mount -o loop "$kind.img" "$kind" ;;
		esac || exit 1
	done
}
