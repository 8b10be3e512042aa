# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# rpm in a container with mode enforce: its plugin for IMA puts the signatures of the package on what it installs, which then
# runs there. What it installs without any does not.
#
# kernels: 6.1 6.12
# arguments: emulated=in-turns

. tests/lib/case.sh
. tests/lib/scene.sh
. tests/lib/enforcement.sh
. tests/lib/package.sh
needs rpm rpmbuild evmctl openssl getfattr
scene_make
enforcement_begin || exit 0
package_make || {
	not_ok "there is a package with signatures"
	exit
}

# installs() - NAME PACKAGE: in the folder NAME
installs() {
	mkdir "in/$1" && own "in/$1" &&
		within packages rpm --define "__plugindir $(echo /usr/lib/*/rpm-plugins)" --root "$SCENE/in/$1" -U --force-debian "../$2"
}

# runs() - NAME: what is said when its program is executed
runs() {
	within packages sh -c "./$1/usr/bin/tool 2>/dev/null || echo not executed"
}

check "rpm and the shell are signed by the host" sign own "$(realpath /usr/bin/rpm)" "$(realpath /bin/sh)"
policy packages "own.der, package.der" "$appraise"
cp top/RPMS/noarch/signed-1-1.noarch.rpm unsigned.rpm
chmod 644 unsigned.rpm

check "rpm installs the package" installs one signed.rpm
same "the signature is the container's own" "security.ima@uid=$INSIDE_ROOT" "$(names in/one/usr/bin/tool)"
same "what it has installed runs" tool "$(runs one)"
policy executed own.der "$appraise"
same "but not where the key of the package is none" "not executed" "$(within executed sh -c './one/usr/bin/tool 2>/dev/null || echo not executed')"
echo "# more" >>in/one/usr/bin/tool
same "nor when it was changed" "not executed" "$(runs one)"
check "rpm installs the same without signatures" installs two unsigned.rpm
same "that does not run" "not executed" "$(runs two)"
setfattr -x security.ima "$(realpath /usr/bin/rpm)"
setfattr -x security.ima "$(realpath /bin/sh)"
