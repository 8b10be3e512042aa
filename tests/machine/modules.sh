# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# AppArmor and Landlock say nothing about attribute calls, and so nsxattr gives no process more: what a confined process
# gets from the kernel it gets from nsxattr. And Yama, at whose strictest setting nsxattr can serve no process.
#
# The last test cannot be undone: these arguments are for this file alone.
#
# arguments: lsm=landlock,lockdown,yama,apparmor,integrity

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/confined.sh
. tests/lib/confined.sh
needs apparmor_parser aa-exec python3
scene_make

# ---- what they have to say ----

confined_says_nothing

# ---- AppArmor ----

# The profiles of LXC and podman have the rules that matter here; the first one is stricter than any of them.
cat >profiles <<'END'
#include <tunables/global>
profile strict flags=(attach_disconnected) {
	/ r,
	/** rix,
	/dev/null rw,
	capability, network,
	deny /**/secret rwklx,
	deny /**/closed/ rwklx,
	deny /**/closed/** rwklx,
}
profile container flags=(attach_disconnected,mediate_deleted) {
	network, capability, file, umount,
	signal (receive) peer=unconfined,
	signal (send,receive) peer=container,
	deny @{PROC}/* w,
	deny @{PROC}/sys/[^k]** w,
	deny @{PROC}/kcore rwklx,
	deny mount,
	deny /sys/kernel/security/** rwklx,
	ptrace (trace,read) peer=container,
}
END
check "the profiles are loaded" apparmor_parser -r profiles

confined_make

# Nothing is refused there that these calls ask for.
same "a profile as containers have it: the kernel's answers" \
	"$(cd c && "${run[@]}" -p kernel -- aa-exec -p container -- python3 ../calls.py 2>&1)" \
	"$(cd c && "${run[@]}" -- aa-exec -p container -- python3 ../calls.py 2>&1)"
compare "a profile that closes files" aa-exec -p strict -- python3 ../calls.py
check "own values below it" inside aa-exec -p strict -- python3 -c "import os; os.setxattr('c/secret', 'security.demo', b'own')"
same "lie beside the host's" "own the host's" \
	"$(for n in "security.demo@uid=$INSIDE_ROOT" security.demo; do getfattr --only-values -n "$n" c/secret; echo; done | paste -sd' ')"
setfattr -x "security.demo@uid=$INSIDE_ROOT" c/secret
fails_to_start=$(aa-exec -p container -- "${run[@]}" -- true 2>&1)
same "nsxattr below a profile that forbids mounts says so" \
	"nsxattr: cannot make the mounts private: Permission denied; a security module may forbid it (AppArmor, Landlock)" \
	"$fails_to_start"

# ---- Landlock ----

compare "Landlock" python3 ../calls.py closed

# ---- a kernel that is locked down ----

echo confidentiality >/sys/kernel/security/lockdown
check "it serves where the kernel is locked down" inside setfattr -n security.demo -v locked c/open
same "what it has set" locked "$(inside getfattr --only-values -n security.demo c/open)"
said=$("${run[@]}" --debug=identity=probe -- true 2>&1)
echo "# with a probe: ${said:-there is one}"

# ---- Yama ----

for scope in 1 2; do
	sysctl -qw kernel.yama.ptrace_scope=$scope
	check "it serves with ptrace_scope=$scope" inside getfattr -n security.demo c/open
done
sysctl -qw kernel.yama.ptrace_scope=3
check "nothing is started with ptrace_scope=3" sh -c "! '$NSXATTR' run -- true"
check "and it is said why" grep -q "ptrace_scope is 3" <<<"$("${run[@]}" -- true 2>&1)"
