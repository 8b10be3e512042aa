#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What documents show is run as it stands: each code block of README.md, HACKING.md, docs and the heads of examples, in
# the order in which a reader meets them, by who is meant. A block that is not in this file fails the test.
#
# The place is a host of its own as far as that goes: what is written to /etc, /usr and /home is gone in the end, and
# systemd is one that starts nothing but nsxattrd. It has an ordinary login, ann. A word in capitals (NAME, IMAGE) is
# what the reader puts something in for.
#
# not in a machine: it makes a Debian root file system from package sources, and installs packages: there is no network

set -u
# shellcheck source=tests/lib/runtimes.sh
. tests/lib/runtimes.sh
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/rootfs.sh
. tests/lib/rootfs.sh
# shellcheck source=tests/lib/systemd.sh
. tests/lib/systemd.sh
needs systemctl podman crun containerd ctr lxc-start useradd getfattr setfiles evmctl openssl glusterd jq
scene_make

# ---- blocks ----

documents() {
	(cd "$REPOSITORY" && printf '%s\n' ./*.md docs/*.md docs/*/*.md docs/*.[1-8] examples/policies/*.yaml \
		examples/lxc/*.conf | sed 's,^\./,,')
}

blocks() {
	(cd "$REPOSITORY" && /usr/bin/python3 tests/lib/blocks.py "$@")
}

# take() - BLOCK [WORD=TEXT…]: write what it says to the file "block", with TEXT for WORD; false if there is none
take() {
	local key=$1 word
	shift
	echo "$key" >>taken
	if ! blocks show "$key" >block; then
		not_ok "$key" "there is no such block"
		return 1
	fi
	for word; do
		sed -i "s|\\b${word%%=*}\\b|${word#*=}|g" block
	done
}

# shell() - WHO DIRECTORY: run "block" there, by root or by ann, who logs in for it; what it says is in "said"
shell() {
	if [ "$1" = root ]; then
		in_systemd env --chdir="$2" HOME="$SCENE/root" "PATH=/usr/local/sbin:/usr/local/bin:$PATH" \
			bash "${errexit--e}" "$SCENE/block" </dev/null >said 2>&1
	else
		in_systemd su - "$1" -c "cd $2 && exec bash ${errexit--e} $SCENE/block" </dev/null >said 2>&1
	fi
}

# run() - WHO DIRECTORY BLOCK [WORD=TEXT…]: each of its commands has to succeed
run() {
	local who=$1 directory=$2 status=0
	shift 2
	take "$@" || return
	shell "$who" "$directory" || status=$?
	if [ $status -eq 0 ]; then
		ok "$1"
	else
		not_ok "$1" "exit status $status, by $who; block and what it said:
$(cat block said | tail -n 40)"
	fi
}

# says() - WHAT PATTERN: what the last block has said
says() {
	if grep -qE -- "$2" said; then
		ok "$1"
	else
		not_ok "$1" "expected: $2
found:    $(tail -n 20 said)"
	fi
}

# console() - WHO DIRECTORY BLOCK [WORD=TEXT…]: of lines "$ COMMAND", and what the commands say
console() {
	local who=$1 directory=$2 errexit=+e expected
	shift 2
	take "$@" || return
	expected=$(awk '/^\$ / || more { more = /\\$/; next } { print }' block)
	awk '/^\$ / || more { more = /\\$/; sub(/^\$ /, ""); print }' block >block.commands
	mv block.commands block
	shell "$who" "$directory"
	same "$1" "$expected" "$(sed '/^$/d' said)"
}

# file() - PATH BLOCK [WORD=TEXT…]: it is what this file says, or says at its end
file() {
	local path=$1
	shift
	take "$@" && cat block >>"$path"
}

# only_read() - REASON BLOCK…: what cannot be run here; a shell must be able to read it
only_read() {
	local reason=$1 key
	shift
	for key; do
		take "$key" && check "$key is only read: $reason" bash -n block
	done
}

# shown() - REASON PATTERN: blocks that are no commands
shown() {
	local key
	blocks list "${2%%#*}" | while read -r key; do
		# shellcheck disable=SC2254 # it is a pattern
		case $key in
		$2)
			echo "$key" >>taken
			ok "$key is shown: $1"
			;;
		esac
	done
}

# contains() - FILE PART: are these the lines of FILE somewhere?
contains() {
	[[ $(<"$1") == *"$(<"$2")"* ]]
}

# targets() - BLOCK: lines of make, which must know what they ask for
targets() {
	take "$1" || return
	sed -E 's/#.*//; s/^(sudo )?make/make -n/' block >block.commands
	mv block.commands block
	check "$1: make knows what is asked for" in_systemd env --chdir="$REPOSITORY" bash -e "$SCENE/block"
}

# folders() - BLOCK: a table whose first column is what lies in the repository
folders() {
	local path
	take "$1" || return
	while read -r path _; do
		check "$1: there is $path" compgen -G "$REPOSITORY/$path"
	done <block
}

# none_is_left() - what is in no function below
none_is_left() {
	local key
	# shellcheck disable=SC2046 # paths without spaces
	blocks list $(documents) >all
	while read -r key; do
		grep -qFx -- "$key" taken || not_ok "$key" "no test knows this block: add it to $case_script"
	done <all
	check "blocks were found" [ "$(wc -l <all)" -gt 30 ]
}

# ---- the place ----

# The clone may lie where something else is from here on: in /tmp, in /home.
place_make() {
	local folder
	mkdir clone
	mount --bind "$REPOSITORY" clone || return 1
	NSXATTR=${NSXATTR/#"$REPOSITORY"/"$SCENE/clone"}
	REPOSITORY=$SCENE/clone
	runtimes_make
	mkdir usr.upper usr.work root
	mount -t overlay -o "lowerdir=/usr,upperdir=$SCENE/usr.upper,workdir=$SCENE/usr.work" none /usr || return 1
	for folder in /home /srv /var/lib/lxc /var/lib/containers; do
		mkdir -p "place$folder" "$folder"
		mount --bind "place$folder" "$folder" || return 1
	done
	systemd_install || return 1
	# Who may use sudo: root, in what follows.
	printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo
	chmod 755 /usr/local/bin/sudo
	: >/etc/subuid
	: >/etc/subgid
	useradd --create-home --groups users,audio --shell /bin/bash ann || return 1
	chmod 700 /home/ann
	podman_make
}

# What podman wants on a host without networks, and without cgroups of the kind that it wants.
podman_make() {
	mkdir -p /etc/containers
	printf '%s\n' '[containers]' 'cgroups="disabled"' 'netns="none"' \
		'default_ulimits=["nofile=1024:1024","nproc=1000:1000"]' \
		'[engine]' 'runtime="crun"' 'cgroup_manager="cgroupfs"' >/etc/containers/containers.conf
	printf '%s\n' '[storage]' 'driver="overlay"' 'runroot="/run/containers/storage"' \
		'graphroot="/var/lib/containers/storage"' >/etc/containers/storage.conf
}

# A clone, as far as the blocks of a user use it.
clone_make() {
	(cd "$REPOSITORY" && cp -r README.md docs examples /home/ann/)
	cp "$REPOSITORY"/examples/policies/*.yaml /home/ann/
	chown -R ann:ann /home/ann
}

# ids_of_root() - COUNT: what /etc/subuid and /etc/subgid set aside for root is this, from $first on
ids_of_root() {
	first=1000000
	sed -i '/^root:/d' /etc/subuid /etc/subgid
	echo "root:$first:$1" | tee -a /etc/subuid >>/etc/subgid
}

# ---- README.md, HACKING.md ----

readme() {
	local remedy
	run root "$REPOSITORY" "README.md#Try it#1"
	sed -E 's/@uid=[0-9]+/@uid=N/' said >demo
	take "README.md#nsxattr#1"
	sed -E 's/@uid=[0-9]+/@uid=N/' block >picture
	check "README.md: the picture is what make demo shows" contains demo picture
	next_steps
	run root "$REPOSITORY" "README.md#Try it#2"
	says "what enforce would do" 'mode enforce: EACCES, invalid-signature'
	says "what it does" 'program: Permission denied'
	only_read "it is what runs this" "README.md#Try it#3"
	run root "$REPOSITORY" "README.md#Use it#1"
	take "README.md#Use it#2"
	check "README.md: the synopsis is that of --help" \
		grep -qF -- "$(sed 's/^sudo //' block)" <(in_systemd nsxattr run --help)
	console root / "docs/nsxattr.1#FILES#1"
	console root / "README.md#Use it#3"
	remedy=$(sed -n "s/.*'\(usermod .*\)'.*/\1/p" said)
	check "what nsxattr suggests can be done" in_systemd sh -c "${remedy:-false}"
	run root / "README.md#Use it#4"
	says "with an attribute, inside and outside" '^security.ima@uid..75196608='
	run ann /home/ann "README.md#Use it#5"
	says "with an attribute" '^security.ima='
	run ann /home/ann "README.md#Use it#6"
	daemon_of_the_readme
	console root / "docs/nsxattr.1#EXAMPLES#1"
}

# What the demonstration says to try next. A shell as root of the container is one that ends at once.
next_steps() {
	sed -nE 's/^    ((sudo )?)build\//\1/p' demo | sed -e "s,\\bnsxattr\\b,$NSXATTR," -e 's/\bFILE\b/README.md/' >block
	check "make demo says what to try next" [ "$(wc -l <block)" = 3 ]
	check "which works" shell root "$REPOSITORY"
}

# What shows what the daemon does. Figures are those of a moment.
watched() {
	rm block # a shell still reads it
	take "docs/nsxattr.1#POLICIES#1" && sed -i 's,^.* root ,mkdir -p /var/lib/node_exporter; ,' block
	check "docs/nsxattr.1#POLICIES#1" shell root /
	check "which writes that the daemon answers" in_systemd grep -qx 'nsxattr_up 1' /var/lib/node_exporter/nsxattr.prom
	take "docs/nsxattr.1#EXAMPLES#2"
	grep ^CONTAINER block >heading
	in_systemd nsxattr top -n 1 >said
	check "docs/nsxattr.1#EXAMPLES#2: the heading is that of nsxattr top" contains said heading
}

daemon_of_the_readme() {
	take "README.md#Use it#7" || return
	shell root / &
	check "README.md#Use it#7" await in_systemd nsxattr status
	watched
	in_systemd sh -c 'kill -TERM $(nsxattr status --json | jq .pid)'
	wait $!
	same "README.md#Use it#7 ends with status" 0 $?
}

hacking() {
	targets "HACKING.md#Build#1"
	targets "HACKING.md#Test#1"
	take "HACKING.md#Test#2"
	sed -i -e '/system.clients/d' -e "s,\\bbuild/,${BUILD:-build}/," block
	check "HACKING.md#Test#2, but for the test that is one by itself" shell root "$REPOSITORY"
	targets "HACKING.md#Other kernels#1"
	folders "HACKING.md#Where things are#1"
	folders "docs/design.md#Layout#1"
}

# ---- policies ----

policies() {
	local key
	printf '#!/bin/sh\ntouch mine && setfattr -n security.mine -v own mine && getfattr -d -m - mine\n' \
		>/srv/untrusted
	printf '#!/bin/sh\nmkdir -p layer && setfattr -n trusted.overlay.opaque -v y layer\n' >/srv/unpack-layers
	chmod 755 /srv/untrusted /srv/unpack-layers
	cp "$REPOSITORY"/examples/policies/*.yaml /srv/
	ids_of_root 5000000
	chown $first:$first /srv
	run root /srv "docs/policy.md#Policies#1"
	for key in "docs/policy.md#A whole file#1" "docs/nsxattr-policy.5#EXAMPLES#1"; do
		rm -f a.yaml
		file a.yaml "$key"
		check "$key" "$NSXATTR" check a.yaml
	done
	printf '%s\n' 'version: 1' 'attributes: []' >match.yaml
	file match.yaml "docs/policy.md#Whom it is for#1"
	check "docs/policy.md#Whom it is for#1" "$NSXATTR" check match.yaml
	file judged.yaml "docs/policy.md#Integrity#1"
	check "docs/policy.md#Integrity#1" "$NSXATTR" check judged.yaml
	measurements
	file /home/ann/samba.yaml "docs/policy.md#What is no policy#1"
	console ann /home/ann "docs/policy.md#What is no policy#2"
	file a.yaml "docs/policy.md#In an editor#1"
	check "docs/policy.md: the schema is where it says" test -e "$(sed -n 's/.*schema=//p' block)"
	console ann /home/ann "docs/policy.md#What a policy does#1"
	settings
}

measurements() {
	local folder=/etc/nsxattr/judged
	mkdir -p $folder
	sed 's/mode: enforce/mode: log/' judged.yaml >$folder/measured.yaml
	for key in vendor own; do
		openssl req -new -x509 -batch -nodes -newkey rsa:2048 -subj "/CN=$key" -keyout /dev/null -out $folder/$key.pem 2>/dev/null
	done
	openssl x509 -in $folder/vendor.pem -outform DER -out $folder/vendor.der
	run root $folder "docs/integrity.md#The measurement list#1" POLICY=measured.yaml DIR=measured COMMAND=true
	run root $folder "docs/integrity.md#The measurement list#2" DIR=measured KEY=vendor
	says "the list fits its registers" '^Matched per TPM bank calculated digest'
	run root $folder "docs/integrity.md#What is in it#1" POLICY=measured.yaml "KEY.der=vendor.der own.pem"
	check "the list begins with that" grep -q " sha256:$(cut -c1-64 said) boot_aggregate" $folder/measured/ascii_runtime_measurements
}

settings() {
	file nsxattrd.yaml "docs/nsxattrd.yaml.5#EXAMPLES#1"
	mkdir -p /etc/nsxattr/policies
	cp "$REPOSITORY/examples/policies/strict-untrusted.yaml" /etc/nsxattr/policies/
	groupadd --force podman
	check "docs/nsxattrd.yaml.5#EXAMPLES#1" in_systemd nsxattrd --check -c "$SCENE/nsxattrd.yaml"
}

# ---- how to use the examples ----

# container_make() - a root file system in /srv/container of the programs of this host
container_make() {
	local root=/srv/container
	mkdir -p $root/{usr,etc/keys,proc,dev,run,tmp,var/{lib/glusterd,log/glusterfs}}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 $root/
	ln -s ../run $root/var/run
	cp -r /etc/glusterfs /etc/ssl $root/etc/
	echo root:x:0:0::/:/bin/sh >$root/etc/passwd
	openssl genrsa -out $root/etc/keys/own.pem 2048 2>/dev/null
	chown -R $first:$first $root
	mount --rbind /usr $root/usr && mount --rbind /proc $root/proc && mount --rbind /dev $root/dev
	echo tool >/usr/bin/tool
	chown $first:$first /usr/bin/tool
}

examples() {
	cp "$REPOSITORY"/examples/policies/*.yaml /srv/
	in_systemd bash -c "$(declare -f container_make); first=$first container_make"
	run root /srv "examples/policies/ima-resign.yaml#Use#1"
	same "ima-resign: the signature is its own" "security.ima@uid=$first" "$(names /usr/bin/tool)"
	run ann /home/ann "examples/policies/ima-appraise.yaml#Use#1"
	says "ima-appraise: with its rules" '^appraise func=MMAP_CHECK '
	run root /srv "examples/policies/nested-overlay.yaml#Use#1"
	same "nested-overlay: the mark is the host's" y "$(text trusted.overlay.opaque /srv/layer)"
	run root /srv "examples/policies/strict-untrusted.yaml#Use#1"
	says "strict-untrusted: with a value of its own" '^security.mine="own"'
	restore
	brick
	image
	samba
}

# rsync has a backup, and a tree with a value of the host's to make like it.
restore() {
	mkdir /srv/backup /srv/restored
	echo content | tee /srv/backup/file >/srv/restored/file
	setfattr -n security.ima -v hosts /srv/restored/file
	chown -R $first:$first /srv/backup /srv/restored
	run root /srv "examples/policies/restore.yaml#Use#1"
	run root /srv "docs/policy.md#inherit#1"
}

brick() {
	local key="examples/policies/gluster-brick.yaml#Use#1" server
	take "$key" || return
	shell root /srv &
	server=$!
	if await test -S /srv/container/run/glusterd.socket; then
		ok "$key"
	else
		not_ok "$key" "$(tail -n 20 said /srv/container/var/log/glusterfs/glusterd.log)"
	fi
	in_systemd sh -c 'kill -TERM $(pgrep -x glusterd)'
	wait $server
}

image() {
	mkdir base
	echo content >base/file
	ln -s file base/link
	tar -cf /home/ann/base.tar -C base .
	printf '%s\t%s\t%s\n' '/.*' '' system_u:object_r:root_t:s0 '/file' '' system_u:object_r:bin_t:s0 \
		>/home/ann/file_contexts
	chown ann:ann /home/ann/base.tar /home/ann/file_contexts
	run ann /home/ann "examples/policies/image-build.yaml#Use#1"
	same "image-build: the archive has the label" system_u:object_r:bin_t:s0 \
		"$(tar --selinux -tvvf /home/ann/root.tar | awk '$1 == "s:" && file == "./file" { print $2 }
			/^[-dl]/ { file = $6 }')"
}

samba() {
	local tarball
	if ! tarball=$(rootfs_tarball); then
		skip "Samba in a Debian root file system" "mmdebstrap cannot make one: see above"
		return
	fi
	mkdir /srv/samba
	chown $first:$first /srv/samba
	check "a root file system of root's ids" rootfs_extract /srv/samba in_systemd nsxattr run -- <"$tarball"
	in_systemd sh -c 'mount --rbind /proc /srv/samba/proc && mount --rbind /dev /srv/samba/dev'
	rm -f /srv/samba/etc/samba/smb.conf
	run root /srv "examples/policies/samba-dc.yaml#Use#1"
	says "samba-dc: there is a domain" 'DOMAIN SID: '
}

# The files of examples that are no commands and no policies.
files() {
	local path
	cd "$REPOSITORY" || return
	check "examples/nsxattrd.yaml has no mistake" "$NSXATTR" check examples/nsxattrd.yaml
	for path in examples/*/*.json; do
		check "$path is JSON" jq -e . "$path"
	done
	for path in examples/kubernetes/*.yaml; do
		check "$path is YAML" /usr/bin/python3 -c '
import sys, yaml
objects = list(yaml.safe_load_all(open(sys.argv[1])))
sys.exit(not objects or not all(o["apiVersion"] and o["kind"] and o["metadata"]["name"] for o in objects))' "$path"
	done
	check "systemd finds no fault with examples/systemd" in_systemd systemd-analyze verify nsxattrd.service \
		nsxattrd-{oci,lxc,control}.socket
	cd "$SCENE" || return
}

# ---- runtimes ----

containers() {
	run root "$REPOSITORY" "docs/containers.md#The daemon#1"
	cp "$REPOSITORY/examples/policies/samba-dc.yaml" /etc/nsxattr/policies/
	in_systemd nsxattr reload
	runtimes_root image sh touch getfattr setfattr
	podman_blocks
	mkdir -p bundle
	(cd bundle && crun spec --rootless)
	run root "$SCENE/bundle" "docs/containers.md#crun and runc by themselves#1"
	check "which hands calls to nsxattrd" grep -q SCMP_ACT_NOTIFY bundle/config.json
	take "docs/containers.md#Docker#1" &&
		same "which is examples/docker/daemon.json" "" "$(diff block "$REPOSITORY/examples/docker/daemon.json")"
	only_read "system/docker runs the like" "docs/containers.md#Docker#2"
	only_read "Docker writes the like, and system/docker runs that" "docs/containers.md#containerd#1"
	run root "$SCENE" "docs/containers.md#docker, containerd, Kubernetes#1"
	check "which is a profile for the daemon" jq -e '.listenerMetadata == "samba-dc"' samba-dc.json
	only_read "there is no dockerd" "docs/containers.md#docker, containerd, Kubernetes#2"
	run root "$SCENE" "docs/containers.md#docker, containerd, Kubernetes#3"
	check "which is one without conditions" jq -e \
		'.listenerMetadata == "samba-dc" and all(.syscalls[]; has("includes") or has("excludes") | not)' \
		samba-dc-containerd.json
	containerd_blocks
	only_read "there is no cluster" "docs/containers.md#docker, containerd, Kubernetes#5"
}

containerd_blocks() {
	local containerd
	printf '%s\n' 'version = 2' 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' \
		"root = \"$SCENE/containerd\"" >containerd.toml
	in_systemd containerd -c containerd.toml >containerd.log 2>&1 &
	containerd=$!
	check "there is a containerd" await in_systemd ctr version
	run root "$SCENE" "docs/containers.md#docker, containerd, Kubernetes#4"
	check "which too is without conditions" jq -e \
		'.listenerMetadata == "samba-dc" and all(.syscalls[]; has("includes") or has("excludes") | not)' \
		samba-dc-containerd.json
	in_systemd pkill -TERM -x containerd
	wait $containerd
}

podman_blocks() {
	local import="podman import --quiet --change CMD=/bin/program $SCENE/image.tar localhost/image"
	printf '#!/bin/sh\ntouch /file && setfattr -n security.NTACL -v own /file && getfattr -d -m - /file\n' \
		>image/bin/program
	chmod 755 image/bin/program
	tar -C image -cf image.tar .
	echo "$import" >block
	check "an image of root's" shell root /
	run root / "docs/containers.md#podman#1" IMAGE=localhost/image
	says "a container of root's has a value of its own" '^security.NTACL="own"'
	echo "$import" >block
	check "an image of a user's" shell ann /home/ann
	run ann /home/ann "docs/containers.md#podman#2" IMAGE=localhost/image
	says "a container of a user's has a value of its own" '^security.NTACL="own"'
	run root / "docs/integrity.md#Images#1" ROOT="$SCENE/image" IMAGE=localhost/signed
}

# lxc_base() - NAME: what a container has before it comes to us
lxc_base() {
	mkdir -p "/var/lib/lxc/$1"
	printf '%s\n' "lxc.uts.name = $1" "lxc.rootfs.path = dir:/var/lib/lxc/$1/rootfs" \
		"lxc.net.0.type = empty" "lxc.apparmor.profile = unconfined" "lxc.mount.auto = proc:mixed sys:mixed" \
		"lxc.init.cmd = /bin/sleep infinity" >"/var/lib/lxc/$1/config"
	runtimes_root "/var/lib/lxc/$1/rootfs" sh sleep touch getfattr setfattr
}

lxc() {
	local first
	sed -i '/^root:/d' /etc/subuid /etc/subgid
	run root / "docs/lxc.md#In five steps#1"
	run root / "docs/lxc.md#In five steps#2"
	run root / "docs/lxc.md#In five steps#3"
	first=$(sed -n 's/^lxc.idmap = u 0 \([0-9]*\) 5000000$/\1/p' said)
	lxc_base c1
	file /var/lib/lxc/c1/config "docs/lxc.md#In five steps#4" FIRST="$first"
	chown -hR "$first:$first" /var/lib/lxc/c1/rootfs
	run root / "docs/lxc.md#In five steps#5" NAME=c1
	says "inside" '^security.NTACL="mine"'
	says "and outside" "^security.NTACL@uid..75$first="
	in_systemd lxc-stop -n c1 -k
	run root / "docs/lxc.md#When its ids change#1" NAME=c1
	says "and sums up" '^moved [0-9]+ values? on [0-9]+ files?$'
	lxc_base c2
	file /var/lib/lxc/c2/config "examples/lxc/nsxattr.conf#Use#1"
	run root / "docs/lxc.md#When it does not start#1" NAME=c2
	says "a container without ids is told which it can have" "add 'lxc.idmap = u 0 $first 5000000'"
}

if ! place_make; then
	not_ok "there is a place for it"
	exit
fi
clone_make
if ! systemd_start; then
	skip "what documents show" "no systemd can be started here: $(tail -n 3 systemd.log)"
	exit
fi
readme
hacking
policies
examples
files
containers
lxc
shown "a line of the audit log" "docs/policy.md#Audit#1"
shown "figures of one machine" "docs/benchmarks/README.md#*"
none_is_left
systemd_end
