# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The kernel can be probed, and what that saves: calls where the probe says who the target is, and where /proc does. The
# figures are those of 'make bench', in times of the same call without nsxattr; none of them can fail the test.

. tests/lib/case.sh
run=("$BUILD/nsxattr" run --map-users=0:100000:65536 --map-groups=0:100000:65536)

check "the kernel can be probed" "${run[@]}" --debug=identity=probe -- true

# times() - HOW: the table of ratios to the calls of no supervisor
times() {
	"$BUILD/bench/bench" --nsxattr="$BUILD/nsxattr" --only=calls --variants=native,alone --rounds=15 --batches=11 \
		"--run-option=--debug=identity=$1" | sed -n '/^times native/,/^$/s/^\(.\{25\}\).* \([0-9.]\{1,\}\) ±.*/\1\t\2/p'
}

for how in probe status; do
	times $how >"/var/tmp/probe.$how"
	check "--debug=identity=$how: each kind of call is measured" [ "$(wc -l <"/var/tmp/probe.$how")" -ge 8 ]
done
paste /var/tmp/probe.{probe,status} | awk -F '\t' '{ printf "# cost: %s\t%s\t%s\n", $1, $2, $4 }' | sed 's/ *\t/\t/g'
rm -f /var/tmp/probe.{probe,status}
