# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A package of rpm's whose files are signed. Debian's rpmsign cannot sign files: rpm_signatures.py puts signatures of
# evmctl's into the package. Sourced behind scene.sh, which makes the scene.

# package_make() - signed.rpm, and package.der with which its signatures can be verified
package_make() {
	local file
	cat >signed.spec <<-'END'
		Name: signed
		Version: 1
		Release: 1
		Summary: a program with a signature
		License: none
		BuildArch: noarch
		%description
		A program with a signature.
		%install
		mkdir -p %{buildroot}/etc %{buildroot}/usr/bin
		echo config >%{buildroot}/etc/config
		printf '#!/bin/sh\necho tool\n' >%{buildroot}/usr/bin/tool
		%files
		%config %attr(644, root, root) /etc/config
		%attr(755, root, root) /usr/bin/tool
	END
	rpmbuild --quiet --define "_topdir $SCENE/top" -bb signed.spec >/dev/null 2>&1 || return 1
	openssl req -new -x509 -batch -nodes -newkey rsa:2048 -sha256 -subj /CN=package \
		-keyout package.pem -outform DER -out package.der 2>/dev/null
	echo config >config
	printf '#!/bin/sh\necho tool\n' >tool
	for file in config tool; do
		evmctl -a sha256 ima_sign --sigfile --key package.pem $file >/dev/null 2>&1 || return 1
	done
	python3 "$REPOSITORY/tests/lib/rpm_signatures.py" top/RPMS/noarch/signed-1-1.noarch.rpm signed.rpm \
		config.sig tool.sig
	chmod 644 signed.rpm package.der
}
