# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# TOMOYO with a rule: programs of Python open no file of the container's that is named secret, nor any below closed. It
# says nothing about attribute calls, and so nsxattr gets a confined process nothing that the kernel does not.
#
# arguments: lsm=landlock,yama,tomoyo TOMOYO_trigger=/init

. tests/lib/case.sh
. tests/lib/scene.sh
# shellcheck source=tests/lib/confined.sh
. tests/lib/confined.sh
needs tomoyo-loadpolicy python3
scene_make
confined_says_nothing
confined_make

# Profile 4 of TOMOYO: what is opened is looked at, and nothing else. A domain has the name that was executed, a link too.
python=$(type -P python3)
check "a profile that enforces" tomoyo-loadpolicy -p <<'END'
4-COMMENT=open
4-PREFERENCE={ max_audit_log=0 max_learning_entry=0 }
4-CONFIG={ mode=disabled grant_log=no reject_log=no }
4-CONFIG::file::open={ mode=enforcing grant_log=no reject_log=no }
END
check "a domain of programs of Python" tomoyo-loadpolicy -e <<<"initialize_domain $python from any"
check "with a rule" tomoyo-loadpolicy -d <<END
<kernel> $python
use_profile 4
file read /\*
file read /\{\*\}/
file read /\{\*\-closed\}/\*\-secret
file read proc:/\*
file read proc:/\{\*\}/\*
file read proc:/\{\*\}/
END

same "the rule is in force" PermissionError "$(python3 -c 'open("c/secret")' 2>&1 | grep -o '^PermissionError')"
check "and lets other files be opened" python3 -c 'open("c/open")'
REFUSAL=EPERM
compare TOMOYO python3 ../calls.py
