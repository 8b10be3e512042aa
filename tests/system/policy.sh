#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Policy files as people use them: 'nsxattr check' and 'nsxattr explain' as programs, 'nsxattr run -p
# FILE', and that the three and the JSON Schema mean the same by a file.

set -u
# shellcheck source=tests/lib/case.sh
. tests/lib/case.sh
# shellcheck source=tests/lib/scene.sh
. tests/lib/scene.sh
scene_make

examples=$REPOSITORY/examples/policies

# ends() - NAME STATUS STDOUT STDERR COMMAND…: all three are as expected
ends() {
	local name=$1 status=$2 out=$3 err=$4 found
	shift 4
	timeout 120 "$@" >out 2>err </dev/null
	found=$?
	same "$name" "status $status
$out
--
$err" "status $found
$(cat out)
--
$(cat err)"
}

# policy() - FILE LINE…: a policy that is right but for the lines
policy() {
	local file=$1
	shift
	printf '%s\n' 'version: 1' "$@" >"$file"
}

run=("$NSXATTR" run "${options[@]}" --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT"
	--map-groups="0:$INSIDE_ROOT:$INSIDE_COUNT")

run_with() {
	local file=$1
	shift
	"${run[@]}" -p "$file" -- "$@"
}

# ---- nsxattr check ----

checks() {
	local usage="nsxattr: Try 'nsxattr check --help' for more information"
	policy right.yaml 'attributes: []'
	policy wrong.yaml 'attributes: [{ name: securty.ima, scheme: hide }]' 'mode: fsat'
	ends "check of a right file says nothing" 0 "" "" "$NSXATTR" check right.yaml
	ends "check -v names it" 0 "right.yaml: ok" "" "$NSXATTR" check -v right.yaml
	ends "check says all mistakes of all files" 1 \
		"wrong.yaml:2:22: name cannot be 'securty.ima': 'securty' is no class; allowed: security,\
 trusted, user, system (did you mean 'security'?)
wrong.yaml:3:7: mode cannot be 'fsat'; allowed: fast, strict (did you mean 'fast'?)
right.yaml: ok
wrong.yaml:2:22: name cannot be 'securty.ima': 'securty' is no class; allowed: security,\
 trusted, user, system (did you mean 'security'?)
wrong.yaml:3:7: mode cannot be 'fsat'; allowed: fast, strict (did you mean 'fast'?)" "" \
		"$NSXATTR" check -v wrong.yaml right.yaml wrong.yaml
	ends "check of what is not there goes on" 2 "right.yaml: ok" \
		"nsxattr: cannot read nonesuch: No such file or directory" \
		"$NSXATTR" check -v nonesuch right.yaml
	ends "check of a directory" 2 "" "nsxattr: cannot read .: it is no regular file" \
		"$NSXATTR" check .
	mkfifo pipe
	ends "check of a pipe does not wait" 2 "" "nsxattr: cannot read pipe: it is no regular file" \
		"$NSXATTR" check pipe
	ends "check without a file" 2 "" "nsxattr: missing FILE or NAME: what to check
$usage" "$NSXATTR" check
	ends "check --schema with a file" 2 "" "nsxattr: unexpected argument 'right.yaml' beside --schema
$usage" "$NSXATTR" check --schema right.yaml
	fails "check that cannot say what it found" "cannot write to standard output: No space left" \
		bash -c '"$0" check wrong.yaml >/dev/full' "$NSXATTR"
	same "the status is 2 then" 2 "$("$NSXATTR" check -v right.yaml 2>&1 >/dev/full |
		cat >/dev/null; echo "${PIPESTATUS[0]}")"
	check "check of all examples" "$NSXATTR" check "$examples"/*.yaml
	same "check --schema is what is documented" "$(cat "$REPOSITORY"/docs/nsxattr-policy.schema.json)" \
		"$("$NSXATTR" check --schema)"
	same "check --config --schema is what is documented" "$(cat "$REPOSITORY"/docs/nsxattrd.schema.json)" \
		"$("$NSXATTR" check --config --schema)"
}

# What one editor or another makes of the schema: the same as the check, wherever it can tell.
schema_agrees() {
	local name="the JSON Schema takes the examples, and refuses what the check refuses"
	if ! python3 -c 'import jsonschema, yaml' 2>/dev/null; then
		skip "$name" "python3-jsonschema and python3-yaml are not installed"
		return
	fi
	same "$name" "" "$(python3 - "$NSXATTR" "$REPOSITORY"/docs/nsxattr-policy.schema.json "$examples"/*.yaml \
		2>&1 <<-'END'
		import json, subprocess, sys, yaml
		from jsonschema import Draft7Validator

		nsxattr, schema_path, *examples = sys.argv[1:]
		schema = json.load(open(schema_path))
		Draft7Validator.check_schema(schema)
		validator = Draft7Validator(schema)

		def compare(path):
		    checked = subprocess.run([nsxattr, "check", path], stdout=subprocess.DEVNULL)
		    valid = validator.is_valid(yaml.safe_load(open(path)))
		    if valid != (checked.returncode == 0):
		        print(open(path).read(), "schema:", valid, "check:", checked.returncode)

		def rule(text):
		    return "version: 1\nattributes: [{ " + text + " }]\n"

		texts = [
		    "version: 1", "attributes: []", "version: 2\nattributes: []", "[]",
		    rule("name: security.a, scheme: suffix"),
		    rule("name: security.a, scheme: suffix, inherit: none, limit: one"),
		    rule("name: security.a, scheme: kernel, inherit: none"),
		    rule("name: security.a, scheme: kernel, limit: many"),
		    rule("name: security.a, scheme: host"),
		    rule("name: security.a, scheme: host, values: [a]"),
		    rule("name: security.a, scheme: host, values: []"),
		    rule("name: security.a, scheme: host, values: [a, a]"),
		    rule("name: security.a, scheme: hide, values: [a]"),
		    rule("name: security.a"), rule("scheme: hide"), rule("name: '*', scheme: hide"),
		    rule("name: security, scheme: hide"), rule("name: security.a@b, scheme: hide"),
		    rule("name: [security.a], scheme: hide"),
		    rule("name: security." + 247 * "a" + ", scheme: hide"),
		    rule("name: security." + 246 * "a" + ", scheme: hide"),
		]
		texts += ["version: 1\nattributes: []\n" + line for line in (
		    "mode: strict", "mode: slow", "store: user", "store: [user]", "default: deny",
		    "default: suffix", "limits: {}", "limits: { value-size: 65537 }",
		    "limits: { value-size: 65536 }", "limits: { in-flight: 0 }",
		    "limits: { in-flight: '1' }", "limits: { x: 1 }", "match: []", "match: [{}]",
		    "match: [{ name: a }]", "match: [{ name: a/b }]", "match: [{ runtime: [crun] }]",
		    "match: [{ runtime: crun }]", "match: [{ runtime: [] }]",
		    "match: [{ runtime: [crun, crun] }]", "match: [{ runtime: [docker] }]",
		    "allow-users: []", "allow-users: [root]", "allow-users: [root, root]",
		    "allow-users: [a b]", "io-uring-in-container: allow", "xyzzy: 1",
		    "description: ''", "description: " + 1025 * "a", "description: a")]
		for example in examples:
		    compare(example)
		for text in texts:
		    open("text.yaml", "w").write(text)
		    compare("text.yaml")
	END
	)"
}

# ---- nsxattr explain ----

explanations() {
	local usage="nsxattr: Try 'nsxattr explain --help' for more information"
	local assumed="nsxattr: --map-users is missing, so 0:100000:65536 is assumed" line
	line=$(grep -n 'name: "trusted\.\*"' "$examples/gluster-brick.yaml" | cut -d: -f1)
	ends "explain" 0 "asked       get trusted.gfid
namespace   users 0:100000:65536, its parent is the host
policy      $examples/gluster-brick.yaml, mode fast, store security
rule        $examples/gluster-brick.yaml:$line: trusted.*, scheme suffix, inherit none, limit many
decision    the value of trusted.gfid@uid=100000; else ENODATA
needs       CAP_SYS_ADMIN in the namespace, else ENODATA" "$assumed" \
		"$NSXATTR" explain -p "$examples/gluster-brick.yaml" get trusted.gfid
	ends "explain of a built-in policy, for other ids" 0 "asked       list user.a
namespace   users 0:7:1 1:300000:5, its parent is the host
policy      kernel, mode fast, store security
rule        built in: default, scheme kernel
decision    the name is listed where the inode has user.a" "" \
		"$NSXATTR" explain -p kernel --map-users=0:7:1 --map-users=1:300000:5 list user.a
	ends "explain of an operation that there is not" 2 "" \
		"nsxattr: unknown operation 'gte'; did you mean 'get'?
$usage" "$NSXATTR" explain gte security.ima
	ends "explain of nothing" 2 "" \
		"nsxattr: missing NAME: the attribute
$usage" "$NSXATTR" explain get
	ends "explain of an empty name" 2 "" "nsxattr: an attribute's name has from 1 to 255 bytes
$usage" "$NSXATTR" explain get ''
	ends "explain of a policy with a mistake" 2 "" \
		"nsxattr: wrong.yaml:2:22: name cannot be 'securty.ima': 'securty' is no class; allowed:\
 security, trusted, user, system (did you mean 'security'?)
nsxattr: wrong.yaml:3:7: mode cannot be 'fsat'; allowed: fast, strict (did you mean 'fast'?)" \
		"$NSXATTR" explain -p wrong.yaml get security.ima
	policy judged.yaml 'attributes: []' 'integrity:' '  mode: log' '  rules:' \
		'  - dont_measure func=BPRM_CHECK fsname=proc' '  - measure   func=BPRM_CHECK' '  keys: [own.pem, /vendor.der]'
	ends "explain --rules" 0 "# mode log, template ima-sig, 65536 entries
# key own.pem
# key /vendor.der
dont_measure func=BPRM_CHECK fsname=proc
measure   func=BPRM_CHECK" "" "$NSXATTR" explain --rules -p judged.yaml
	same "explain --rules --json" '[[6,"dont_measure func=BPRM_CHECK fsname=proc"],[7,"measure   func=BPRM_CHECK"]]' \
		"$("$NSXATTR" explain --rules --json -p judged.yaml | jq -c '[.rules[] | [.line, .rule]]')"
	ends "explain --rules of a policy without" 0 "# there are no rules" "" "$NSXATTR" explain --rules
	same "explain --rules of a set" "# rule-set tcb 24 2" "$("$NSXATTR" explain --rules=tcb | head -n 1) $(
		"$NSXATTR" explain --rules=tcb | grep -c ^dont_measure) $("$NSXATTR" explain --rules=tcb | grep -c ^measure)"
	ends "explain --rules of a set that there is not" 2 "" "nsxattr: --rules=tbc is not one of tcb|appraise
$usage" "$NSXATTR" explain --rules=tbc
	ends "explain --rules of an attribute" 2 "" "nsxattr: unexpected argument 'get' beside --rules
$usage" "$NSXATTR" explain --rules get security.ima
}

# json_text() - KEY: a text of the JSON on standard input
json_text() {
	sed -n 's/^ *"'"$1"'": "\(.*\)",\?$/\1/p'
}

# explained() - POLICY NAME: what explain says the stored name is
explained() {
	"$NSXATTR" explain --json --map-users="0:$INSIDE_ROOT:$INSIDE_COUNT" -p "$1" set "$2" |
		json_text stored-name
}

# ---- nsxattr run -p FILE ----

mistakes_start_nothing() {
	policy wrong.yaml 'attributes: [{ name: securty.ima, scheme: hide }]' 'mode: fsat'
	ends "run with a mistaken policy" 2 "" \
		"nsxattr: wrong.yaml:2:22: name cannot be 'securty.ima': 'securty' is no class; allowed:\
 security, trusted, user, system (did you mean 'security'?)
nsxattr: wrong.yaml:3:7: mode cannot be 'fsat'; allowed: fast, strict (did you mean 'fast'?)" \
		"${run[@]}" -p wrong.yaml -- touch started
	ends "run with a policy that is not there" 2 "" \
		"nsxattr: cannot read ./nonesuch: No such file or directory" \
		"${run[@]}" -p ./nonesuch -- touch started
	policy judged.yaml 'attributes: []' 'integrity: { mode: enforce, rule-set: tcb }'
	for how in --no-userns "--map-users=0:0:1 --map-groups=0:0:1"; do
		# shellcheck disable=SC2086 # words
		ends "run with a policy that a command could escape: $how" 2 "" \
			"nsxattr: the policy judged.yaml wants what is executed to be refused ('mode: enforce' in its 'integrity'),\
 which a process with the supervisor's own id could end: leave out --no-userns and map no id to root of the host\
 (--map-users=0:FIRST:COUNT)" \
			"$NSXATTR" run $how -p judged.yaml -- touch started
	done
	if ! grep -qs bpf /sys/kernel/security/lsm; then
		"${run[@]}" -p judged.yaml -- touch started 2>said && not_ok "run without a gate" || same "run without a gate" 125 $?
		check "and says why" grep -q "^nsxattr: what is executed cannot be refused ('mode: enforce'): " said
	fi
	check "none has started the command" test ! -e started
}

# attempt() - POLICY COMMAND…: what a command inside says, or how it fails
attempt() {
	local said
	said=$(run_with "$@" 2>&1) || said="${said##*: }"
	echo "${said:-success}"
}

# The stored name is the one that explain tells, for each policy that stores it otherwise.
stored_as_explained() {
	local policy name=security.nsxattr
	policy security.yaml 'attributes: [{ name: security.*, scheme: suffix }]'
	policy user.yaml 'store: user' 'attributes: [{ name: security.*, scheme: suffix }]'
	for policy in security.yaml user.yaml; do
		rm -f file && touch file && own file
		attempt "$policy" setfattr -n "$name" -v inside file >/dev/null
		same "$policy stores where explain says" inside "$(text "$(explained "$policy" "$name")" file)"
		same "$policy reads it back" inside "$(run_with "$policy" getfattr --only-values -n "$name" file)"
	done
}

schemes_of_a_file() {
	policy schemes.yaml 'attributes:' \
		'- { name: security.hidden, scheme: hide }' \
		'- { name: security.denied, scheme: deny }' \
		'- { name: security.single, scheme: suffix, limit: one }' \
		'- { name: "security.*", scheme: suffix, inherit: none }' \
		'- { name: trusted.overlay.opaque, scheme: host, values: ["y"] }'
	rm -rf file && touch file && own file
	for name in hidden denied single other; do
		setfattr -n "security.$name" -v host file
	done
	same "hide: get" "No such attribute" "$(attempt schemes.yaml getfattr -n security.hidden file)"
	same "hide: set" "Operation not permitted" \
		"$(attempt schemes.yaml setfattr -n security.hidden -v inside file)"
	same "deny: get" host \
		"$(attempt schemes.yaml getfattr --only-values -n security.denied file)"
	same "deny: set" "Operation not permitted" \
		"$(attempt schemes.yaml setfattr -n security.denied -v inside file)"
	same "limit one: set beside the host's" "Disk quota exceeded" \
		"$(attempt schemes.yaml setfattr -n security.single -v inside file)"
	same "inherit none: get" "No such attribute" \
		"$(attempt schemes.yaml getfattr -n security.other file)"
	same "host: a value that is listed" success \
		"$(attempt schemes.yaml setfattr -n trusted.overlay.opaque -v y file)"
	same "host: is the host's" y "$(text trusted.overlay.opaque file)"
	same "host: a value that is not listed" "Operation not permitted" \
		"$(attempt schemes.yaml setfattr -n trusted.overlay.opaque -v x file)"
	same "all that is listed" "security.denied security.single trusted.overlay.opaque" \
		"$(names file run_with schemes.yaml)"
}

rings() {
	local setup='$p = "\0" x 120; $r = syscall(425, 4, $p); print $r < 0 ? 0 + $! : "ring"'
	policy rings.yaml 'attributes: []' 'io-uring-in-container: allow'
	policy no-rings.yaml 'attributes: []'
	same "io-uring-in-container: allow" "$(perl -e "$setup")" "$(run_with rings.yaml perl -e "$setup")"
	same "io-uring-in-container: deny" 38 "$(run_with no-rings.yaml perl -e "$setup")"
}

needs getfattr perl jq
checks
schema_agrees
explanations
mistakes_start_nothing
stored_as_explained
schemes_of_a_file
rings
