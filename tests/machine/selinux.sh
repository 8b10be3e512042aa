# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A host with Debian's SELinux policy, enforcing. A container has labels of its own beside the host's, which stay and
# are in force. What the label of a process forbids, nsxattr does not get for it.
#
# arguments: security=selinux

. tests/lib/case.sh
. tests/lib/scene.sh
needs load_policy setenforce runcon chcon setfiles cc
[ "$(tr -d "\0" 2>/dev/null </proc/self/attr/current)" = kernel ] || {
	skip "SELinux" "this kernel has none, or a policy is in force"
	exit 0
}
scene_make
contexts=/etc/selinux/default/contexts/files/file_contexts

# label() - FILE: as the kernel has it, and (stored) as it lies on the disk
label() {
	getfattr --absolute-names --only-values -n security.selinux "$1" 2>/dev/null | tr -d '\0'
}
own_label() {
	getfattr --absolute-names --only-values -n "security.selinux@uid=$INSIDE_ROOT" "$1" 2>/dev/null | tr -d '\0'
}

cc -static -o labelled "$REPOSITORY/tests/machine/labelled.c"
mkdir c
echo x >c/f
own c
check "the policy is loaded" load_policy -i
chcon system_u:object_r:root_t:s0 /
chcon system_u:object_r:var_t:s0 /var
chcon system_u:object_r:tmp_t:s0 /var/tmp
chcon -R system_u:object_r:usr_t:s0 .
check "it is enforced" setenforce 1
same "the tests are a domain that may do all" kernel_t "$(cut -d: -f3 /proc/self/attr/current)"

# ---- labels of its own ----

host=$(label c/f)
same "a container sees the host's label" "$host" "$(inside stat -c %C c/f)"
check "chcon gives the file another one" inside chcon system_u:object_r:etc_t:s0 c/f
same "which stat shows" system_u:object_r:etc_t:s0 "$(inside stat -c %C c/f)"
same "and ls -Z" "system_u:object_r:etc_t:s0 c/f" "$(inside ls -Z c/f)"
same "and which lies beside the host's" "system_u:object_r:etc_t:s0 $host" "$(own_label c/f) $(label c/f)"
check "a label that the host's policy does not know" \
	inside setfattr -n security.selinux -v some_u:object_r:other_t:s0 c/f
same "is stored" "some_u:object_r:other_t:s0 $host" "$(own_label c/f) $(label c/f)"
same "and shown" some_u:object_r:other_t:s0 "$(inside getfattr --only-values -n security.selinux c/f)"
# cp asks the kernel for the label of a file that it makes, through /proc/self/attr/fscreate: no attribute call.
inside setfattr -n security.selinux -v system_u:object_r:etc_t:s0 c/f
inside cp -a c/f c/copy
same "cp -a makes files whose label is the host's, if the host's policy lets it" "etc_t etc_t" \
	"$(label c/copy | cut -d: -f3) $(inside stat -c %C c/copy | cut -d: -f3)"
same "and sets no attribute" "" "$(own_label c/copy)"
inside cp -r --preserve=xattr c/f c/other
same "cp --preserve=xattr copies the container's own" "system_u:object_r:etc_t:s0" "$(own_label c/other)"
same "and nothing of the host's" usr_t "$(label c/other | cut -d: -f3)"
check "setfiles labels a tree" inside setfiles -F -r "$SCENE/c" "$contexts" "$SCENE/c"
same "by the paths inside" default_t "$(inside stat -c %C c/f | cut -d: -f3)"
same "the host's labels stay" "$host" "$(label c/f)"
check "a container removes its label" inside setfattr -x security.selinux c/f
same "and sees the host's again" "$host" "$(inside stat -c %C c/f)"

# ---- unknown names of security.*, for root of the host ----

check "names beside the label are no label to the kernel" \
	setfattr -n "security.selinux@uid=5" -v "nonsense" c/f
check "the label is" sh -c '! setfattr -n security.selinux -v nonsense c/f'
same "nothing has changed about it" "$host" "$(label c/f)"

# ---- targets of another label than nsxattr has ----

mkdir c/home c/shadow
for file in c/home/mine c/home/other c/secret c/shadow/mine; do echo x >"$file"; done
ln -s ../home/mine c/shadow/link
ln -s home/mine c/link
own c
chcon -R user_u:object_r:user_home_t:s0 c
chcon -h user_u:object_r:shadow_t:s0 c/secret c/shadow c/home/other
setfattr -n security.demo -v "the host's" c/home/mine c/home/other c/secret c/shadow/mine
chcon system_u:object_r:bin_t:s0 labelled

calls=()
for file in home/mine home/other secret shadow/mine shadow/link link; do
	calls+=(get "$file" security.demo get "$file" security.selinux list "$file" - fget "$file" security.demo)
done
calls+=(get home security.demo set home/other security.demo set secret security.demo set shadow/mine security.demo)
calls+=(remove secret security.demo set secret user.demo get secret user.demo set home/mine user.demo)
calls+=(get home/mine user.demo set home/mine security.demo get /proc/self/cwd/home/mine security.demo)
calls+=(get "$SCENE/c/secret" security.demo get "$SCENE/c/home/mine" security.demo)

# confined() - OUT COMMAND…: make the calls in c as user_t, once SELinux is enforcing, by way of COMMAND
confined() {
	local out=$SCENE/$1 child
	shift
	touch "$out"
	chmod 666 "$out"
	chcon user_u:object_r:user_tmp_t:s0 "$out"
	setenforce 0
	(cd c && "$@" runcon user_u:user_r:user_t:s0 "$SCENE/labelled" "$out" "${calls[@]}") &
	child=$! # which is another one after await()
	await grep -q ready "$out" || kill "$child"
	setenforce 1
	wait "$child"
}

# What a process of that domain may do without us: the policy "kernel" leaves all to the kernel.
run=("$NSXATTR" run --map-users="0:$INSIDE_ROOT:65536" --map-groups="0:$INSIDE_ROOT:65536")
confined natively "${run[@]}" -p kernel --
confined under "${run[@]}" --
confined by-process "${run[@]}" --debug=resolver=process --debug=identity=status --
confined strict "${run[@]}" -p "$REPOSITORY/examples/policies/strict-untrusted.yaml" --

check "the domain is refused something natively" grep -q EACCES natively
check "and not everything" grep -q 'get home/mine security.demo: done' natively
for how in under by-process strict; do
	# What the kernel refuses by label, and ours did not refuse.
	gained=$(join -t: <(sort natively) <(sort "$how") | grep ': EACCES: ' | grep -v ': EACCES: EACCES')
	same "nothing that the label forbids is done ($how)" "" "$gained"
done
same "what it allows is done" "set home/mine security.demo: done" "$(grep 'set home/mine security' under)"
same "get and list are as the kernel has them" \
	"$(grep -vE '^(set|remove)' natively)" "$(grep -vE '^(set|remove)' under)"
same "a set that the label forbids is EACCES" "set secret security.demo: EACCES" "$(grep 'set secret security' under)"
same "files that the label keeps from it are as they were" "the host's" \
	"$(getfattr --only-values -n security.demo c/secret)"
check "and have no value of the container's" sh -c "! getfattr -d -m - c/secret | grep -q @uid="

# Whether a file may have another label SELinux decides by the label of the process, too: not by that of a stand-in.
cat >relabel.yaml <<'EOF'
version: 1
mode: strict
attributes:
  - { name: security.selinux, scheme: kernel }
EOF
calls=(relabel home/mine user_u:object_r:user_tmp_t:s0 relabel home/mine system_u:object_r:etc_t:s0)
confined relabelled "${run[@]}" -p "$SCENE/relabel.yaml" --
same "no stand-in gives a file another label" "EACCES EACCES" "$(sed -n 's/^relabel .*: //p' relabelled | xargs)"
same "and it has the one that it had" user_home_t "$(label c/home/mine | cut -d: -f3)"

# ---- another domain than that of the tests ----

# as_domain() - CONTEXT COMMAND…
as_domain() {
	setenforce 0
	runcon "$1" bash -c 'setenforce 1; "$@"' "$@"
	setenforce 1
}
for domain in unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 system_u:system_r:initrc_t:s0; do
	chcon user_u:object_r:bin_t:s0 /usr/bin/bash "$NSXATTR"
	as_domain "$domain" "${run[@]}" -- setfattr -n security.selinux -v "by:${domain%%_*}:x:s0" c/home/mine
	same "nsxattr works as $(cut -d: -f3 <<<"$domain")" "by:${domain%%_*}:x:s0" "$(own_label c/home/mine)"
done
setenforce 0
