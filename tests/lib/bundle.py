#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The config.json of a container for tests: edits what 'crun spec' or 'runc spec' has written.

    bundle.py SETTING... -- COMMAND... <config.json

A SETTING, of which a later one goes before an earlier one of its kind, is

    root=DIRECTORY                its root file system
    map=OUTSIDE:COUNT             its ids, from 0 on (100000:65536)
    mount=SOURCE:DESTINATION      a bind mount; any number of them
    annotation=KEY=VALUE          any number of them

Root of the container has the capabilities that its attributes need. There are no cgroups.
"""

import json
import sys

CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_RAW SETFCAP SETGID SETPCAP SETUID"
    " SYS_ADMIN SYS_CHROOT").split()]


def bind_mount(argument):
    source, destination = argument.split(":")
    return {"destination": destination, "type": "bind", "source": source,
            "options": ["rbind", "rw"]}


def id_mappings(argument):
    outside, count = (int(number) for number in argument.split(":"))
    return [{"containerID": 0, "hostID": outside, "size": count}]


def apply(config, setting):
    linux = config["linux"]
    kind, _, value = setting.partition("=")
    if kind == "root":
        config["root"] = {"path": value, "readonly": False}
    elif kind == "map":
        linux["uidMappings"] = linux["gidMappings"] = id_mappings(value)
    elif kind == "mount":
        config["mounts"].append(bind_mount(value))
    elif kind == "annotation":
        key, _, text = value.partition("=")
        config.setdefault("annotations", {})[key] = text
    else:
        sys.exit(f"bundle.py: what is {setting}?")


def edit(config, command):
    process, linux = config["process"], config["linux"]
    process.update(args=command, terminal=False)
    process["capabilities"] = {kind: CAPABILITIES
                               for kind in ("bounding", "effective", "permitted")}
    del process["rlimits"]
    del linux["resources"]
    linux["namespaces"].append({"type": "user"})
    config["mounts"] = [mount for mount in config["mounts"] if mount["type"] != "cgroup"]


def main():
    end = sys.argv.index("--")
    config = json.load(sys.stdin)
    edit(config, sys.argv[end + 1:])
    for setting in ["map=100000:65536", *sys.argv[1:end]]:
        apply(config, setting)
    json.dump(config, sys.stdout, indent="\t")


main()
