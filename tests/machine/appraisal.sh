# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Hosts whose IMA has its policy from the kernel's command line: one that measures (tcb), one that labels all files of
# root, and seals the labels (appraise_tcb, fix), and the same one afterwards, where no file of root's is used without the
# right label. nsxattr works there, a container has values of its own, and none of them is in force.
#
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor ima_policy=tcb
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor ima_policy=appraise_tcb ima_appraise=fix evm=fix, then lsm=landlock,lockdown,yama,integrity,apparmor ima_policy=appraise_tcb ima_appraise=enforce

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/host_ima.sh
needs keyctl setfattr getfattr evmctl
ima=/sys/kernel/security/ima

# measured() - how many files IMA has measured, and how many violations it has seen
measured() {
	cat $ima/{runtime_measurements_count,violations}
}

# seal() - have EVM seal what IMA labels, with a new key
seal() {
	keyctl add user kmk "$(printf %032d 1)" @u >/dev/null
	keyctl link @u @s
	keyctl add encrypted evm-key "new user:kmk 64" @u >/dev/null
	check "EVM has a key" sh -c 'echo 1 >/sys/kernel/security/evm'
}

# own_values() - FILE: a container gives its file values of its own, which the host's do not notice
own_values() {
	local host
	host=$(text security.ima "$1" | od -An -tx1)
	check "a container sets security.ima" inside setfattr -n security.ima -v 0x0405 "$1"
	check "and security.evm" inside setfattr -n security.evm -v 0x0203 "$1"
	same "it reads them" "0405 0203" "$(value security.ima "$1" inside) $(value security.evm "$1" inside)"
	same "the host's security.ima is as it was" "$host" "$(text security.ima "$1" | od -An -tx1)"
}

measures() {
	local count
	own_values c/f
	check "IMA has measured nsxattr" grep -q "/nsxattr *$" $ima/ascii_runtime_measurements
	count=$(measured)
	inside setfattr -n security.ima -v 0x0406 c/f
	inside setfattr -x security.ima c/f
	same "calls that are served measure nothing" "$count" "$(measured)"
}

labels() {
	seal
	host_labels
	same "nsxattr has a label, and is sealed" "security.evm security.ima" "$(names "$NSXATTR")"
	own_values c/f
	chown root:root c/f
	cat c/f >/dev/null
	same "a file that becomes root's is labelled, and keeps the container's values" \
		"security.evm security.evm@uid=$INSIDE_ROOT security.ima security.ima@uid=$INSIDE_ROOT" "$(names c/f)"
}

enforces() {
	local right
	own_values c/f
	same "a container's file is not appraised" "security.evm@uid=$INSIDE_ROOT security.ima@uid=$INSIDE_ROOT" "$(names c/f)"
	chown root:root c/f
	fails "once it is root's, it is, and has no label of the host's" "Permission denied" cat c/f
	own c/f
	(cp c/f /var/tmp/copy && evmctl ima_hash --hashalgo sha256 /var/tmp/copy) >/dev/null 2>&1
	right=0x$(value security.ima /var/tmp/copy)
	rm -f /var/tmp/copy
	check "a right hash is set inside" inside setfattr -n security.ima -v "$right" c/f
	chown root:root c/f
	fails "which is not the host's either" "Permission denied" cat c/f
	check "the host labels it" setfattr -n security.ima -v "$right" c/f
	check "and may read it" cat c/f
	check "a program of root's works inside" inside setfattr -n security.demo -v mine c
	cp "$NSXATTR" wrong
	check "a copy of nsxattr is executed" ./wrong --version
	setfattr -n security.ima -v "0x0404$(printf %064d 7)" wrong
	fails "and with a wrong label it is not" "Permission denied" ./wrong --version
}

scene_make
mkdir c
own c
setpriv "--reuid=$INSIDE_ROOT" "--regid=$INSIDE_ROOT" --clear-groups sh -c 'echo x >c/f'
if is_told ima_policy=tcb; then
	measures
elif is_told ima_appraise=fix; then
	labels
else
	enforces
fi
