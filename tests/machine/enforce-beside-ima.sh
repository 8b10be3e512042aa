# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Mode enforce on hosts whose own IMA is at work: one that measures (tcb), one that labels all files of root (appraise_tcb,
# fix), and the same one afterwards, where no file of root's is used without the right label. Each minds its own: what the
# container may execute, by the container's values; what the host may, by the host's; a file that is the business of both, by both.
#
# kernels: 6.1 6.12
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor,bpf ima_policy=tcb emulated=in-turns
# arguments: lsm=landlock,lockdown,yama,integrity,apparmor,bpf ima_policy=appraise_tcb ima_appraise=fix emulated=in-turns, then lsm=landlock,lockdown,yama,integrity,apparmor,bpf ima_policy=appraise_tcb ima_appraise=enforce emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/enforcement.sh
. tests/lib/host_ima.sh
needs evmctl openssl setfattr getfattr
hosts=/sys/kernel/security/ima/ascii_runtime_measurements

# host_runs() - FILE: what comes of it
host_runs() {
	"$1" ran 2>&1 | sed 's/.*: //'
}

# measures() - two lists, one of the host's and one of the container's
measures() {
	local list
	check "a command has a list" "$NSXATTR" run -p executed.yaml --map-users="0:$INSIDE_ROOT:1000" \
		--map-groups="0:$INSIDE_ROOT:1000" --measurements=list -- "$driver" path "$SCENE/in/signed"
	list=$(cut -d' ' -f5 list/ascii_runtime_measurements | paste -sd' ')
	same "the container's list has what it has executed, and nothing of the host's" "boot_aggregate $driver $SCENE/in/signed" "$list"
	check "evmctl accepts it" evmctl ima_measurement --pcrs sha256,list/pcrs-sha256 --verify-sig --key own.der \
		list/binary_runtime_measurements
	check "the host's list has what the container has executed" grep -q "$SCENE/in/signed *$" $hosts
	put late
	host_runs in/late >/dev/null
	check "and what the host has" grep -q "/in/late *$" $hosts
}

labels() {
	host_labels
	same "nsxattr has a label" security.ima "$(names "$NSXATTR")"
}

# appraises() - files of root's: where the host wants a label, and the container a signature
appraises() {
	local label
	cp driver in/roots
	same "a file of root's has a label of the host's" security.ima "$(names in/roots)"
	label=$(text security.ima in/roots | base64 -w0)
	says "it has no signature for the container" EACCES "roots is not executed: IMA-signature-required" path roots
	same "the host executes it" ran "$(host_runs in/roots)"
	sign_own own in/roots
	same "it has a value of each" "security.ima security.ima@uid=$INSIDE_ROOT" "$(names in/roots)"
	says "the container executes it by its own" ran "" path roots
	same "the host by the host's" ran "$(host_runs in/roots)"
	setfattr -n security.ima -v "0x0404$(printf %064d 7)" in/roots
	says "where the host's is wrong, the kernel executes it in no container" EACCES "" path roots
	same "nor on the host" "Permission denied" "$(host_runs in/roots)"
	own in/roots
	says "a file of the container's is none that the host appraises" ran "" path roots
	setfattr -n security.ima -v "0s$label" in/roots
	setfattr -n "security.ima@uid=$INSIDE_ROOT" -v "0s$label" in/roots
	says "a digest that the host takes is no signature for the container" EACCES "IMA-signature-required" path roots
	same "the host executes it" ran "$(host_runs in/roots)"
}

scene_make
mkdir in && touch said
# No file of root's, for a process may still write to it when it is read.
own in said
cp "$built" driver && own driver
driver=$SCENE/driver
key own rsa -pkeyopt rsa_keygen_bits:2048
! is_told ima_appraise=fix || labels
check "the driver is signed for the container" sign_own own driver
policy executed own.der 'measure func=BPRM_CHECK' "$appraise"
if ! within executed "$driver" ran | grep -qx ran && grep -q 'left out' said; then
	skip "enforce" "the gate was left out when nsxattr was built"
	exit 0
fi
put signed && sign_own own in/signed
says "what is signed for the container runs there" ran "" path signed
put unsigned
says "what is not, does not" EACCES "unsigned is not executed: IMA-signature-required" path unsigned
same "the host runs it" ran "$(host_runs in/unsigned)"
if is_told ima_policy=tcb; then
	measures
elif is_told ima_appraise=enforce; then
	appraises
fi
