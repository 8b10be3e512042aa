# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# 'nsxattr run' with mode enforce on an overlay that the host has mounted, as those of container runtimes: what lies below
# counts, too, by whichever path it is changed. The container reaches the layers by their own paths. gate.sh has the same of
# the gate alone.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/enforcement.sh
needs gcc evmctl openssl setfattr getfattr
scene_make
enforcement_begin || exit 0
policy mapped own.der "$appraise" 'appraise func=MMAP_CHECK mask=MAY_EXEC appraise_type=imasig'
top=$SCENE/in/top

# lay() - NAME…: signed programs of the lower layer
lay() {
	local name
	for name; do cp driver "lower/$name" && own "lower/$name" && sign own "lower/$name" || return; done
}

# overlay() - WHERE UPPER
overlay() {
	mkdir -p "$1" "$2" "$2.work" && chown "$INSIDE_ROOT:$INSIDE_ROOT" "$1" "$2"
	mount -t overlay -o "lowerdir=${3-lower},upperdir=$2,workdir=$2.work" overlay "$1"
}

mkdir lower && own lower
lay signed changed touched cut twice lower upper mapped mapping writer below mode
cp driver lower/unsigned && own lower/unsigned
overlay in/top upper
overlay in/second upper-2

# ---- signatures ----

says "a file of the lower layer" ran "" path top/signed
same "which it stays" "" "$(ls upper)"
says "one that is not signed" EACCES "unsigned is not executed: IMA-signature-required" path top/unsigned
put top/own && says "one of the upper layer, not signed" EACCES "own is not executed: IMA-signature-required" path top/own
sign own in/top/own && says "and signed" ran "" path top/own
says "changed, and so copied up" EACCES "changed is not executed: invalid-signature" after-change top/changed
same "in the upper layer" changed "$(cd upper && echo changed*)"
says "copied up, and not changed" ran "" after-touch top/touched
same "is in the upper layer" touched "$(cd upper && echo touched*)"
says "changed in one overlay, it runs in another" ran "" path second/changed
same "the host runs what it likes" "ran ran" "$(in/top/unsigned ran) $(in/top/changed ran)"

# ---- who writes ----

says "open for writing" EACCES "writer is not executed: open_writers" writer top/writer
says "mapped to be written to" EACCES "mapping is not executed: unverifiable-signature, it was mapped" mapping top/mapping
says "which it was" EACCES "mapping is not executed: unverifiable-signature, it was mapped" path top/mapping
touch in/top/{upper,mapped,cut,below}
says "the upper file is open for writing" EACCES "upper is not executed: open_writers" writer-of ../upper/upper top/upper
says "mapped to be written to, by its own path" EACCES "mapped is not executed: open_writers" mapping-of ../upper/mapped top/mapped
says "the lower file is open for writing" EACCES "lower is not executed: open_writers" writer-of ../lower/lower top/lower
says "not any more" ran "" path top/lower
says "what ran is not written to by its own path" "0 ETXTBSY ETXTBSY 0" "" below top/below ../upper/below
says "nor is the lower one" "0 ETXTBSY ETXTBSY 0" "" below top/signed ../lower/signed
printf x >>upper/cut && says "the host has changed the upper file" EACCES "cut is not executed: invalid-signature" path top/cut

# later() - NAME ANSWERS COMMAND…: what the host does between two times
later() {
	begin one executed "$driver" twice "top/twice" one.pipe
	await answered one 1
	"${@:3}"
	release one
	same "$1" "$2" "$(paste -sd' ' one.out)"
}

later "the host changes the lower file" "0 13" sh -c 'printf x >>lower/twice'
cp driver lower/twice && sign own lower/twice && touch in/top/twice
later "the lower file, which is copied up" "0 0" sh -c 'printf x >>lower/twice'
later "the upper file" "0 13" sh -c 'printf x >>upper/twice'
rm upper/twice && umount in/top && overlay in/top upper
cp driver lower/twice && sign own lower/twice
later "the lower file's signature" "0 13" setfattr -x security.ima lower/twice

# ---- other overlays ----

mkdir in/mnt && own in/mnt
overlay in/third upper-3 in/second
says "an overlay over another" EACCES "signed is not executed: unverifiable-signature" path third/signed
mkdir -p in/meta upper-4 upper-4.work
mount -t overlay -o lowerdir=lower,upperdir=upper-4,workdir=upper-4.work,metacopy=on overlay in/meta
says "with metacopy, not copied up" ran "" path meta/mode
chmod 700 in/meta/mode
says "only its attributes copied up" EACCES "mode is not executed: unverifiable-signature" path meta/mode
says "an overlay that the container mounts" EACCES "copy is not executed: unverifiable-signature" \
	overlay "$top/signed" mnt

# ---- mappings ----

# shellcheck disable=SC2046 # words
sign own $(ldd driver | grep -o '/[^ ]*' | xargs -n 1 realpath)
with=mapped
says "a program, with what it maps" ran "" path top/signed
says "a file that is mapped" ran "" map top/signed
says "one that is not signed" EACCES "unsigned is not mapped executable: IMA-signature-required" map top/unsigned
says "mprotect of a mapping" EACCES "the gate has refused 1 times what was not judged" protect top/signed
unset with

# ---- races ----

# climbs() - NAME WHERE: programs of the lower layer are copied up, and changed there, while they are executed
climbs() {
	local found
	umount in/top && rm -rf upper upper.work && overlay in/top upper
	found=$(within executed "$driver" climb "$count" top "$2")
	echo "# $1: $found"
	check "$1: nothing runs that is not signed" grep -q '^bad 0, ' <<<"$found"
	check "$1: each was executed, and nothing else was wrong" grep -q " good [1-9][0-9]*, .* wrong 0$" <<<"$found"
}

count=$((rounds > 1000 ? 200 : rounds / 5))
program good 0
for ((i = 0; i < count; i++)); do cp in/good "lower/$i" && own "lower/$i" && sign own "lower/$i"; done
climbs "by the overlay" top
climbs "by the path of the upper layer" ../upper

for library in $(ldd driver | grep -o '/[^ ]*' | xargs -n 1 realpath); do setfattr -x security.ima "$library" 2>/dev/null; done
check "the host executes and writes as before" sh -c 'echo >>upper/own; echo >>in/top/signed; in/top/signed ran'
