#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# blocks.py list DOCUMENT…	the code blocks of documents, a line each: DOCUMENT#HEADING#N, the N-th below that heading
# blocks.py show BLOCK		what a block says
#
# A document is Markdown (fenced and indented blocks), a manual page (.EX to .EE), or a file whose head says how to use
# it: from "Use:" to the next empty line of the comment, and what is indented by a tab there.

import re
import sys


def markdown(lines):
    heading, block, fence, content, blank = "", None, None, 0, True
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if fence is not None:
            if line.strip() == "```":
                yield heading, block
                block = fence = None
            else:
                block.append(line[fence:])
        elif line.lstrip().startswith("```"):
            block, fence = [], indent
        elif block is not None and (not line.strip() or indent >= content + 4):
            block.append(line[content + 4:])
        else:
            if block is not None:
                yield heading, block
                block = None
            item = re.match(r" *([-*]|\d+\.) +", line)
            if item:
                content = item.end()
            elif line.strip() and indent < content:
                content = 0
            if line.startswith("#"):
                heading = line.lstrip("#").strip()
            elif blank and line.strip() and indent >= content + 4 and not item:
                block = [line[content + 4:]]
        blank = not line.strip()
    if block is not None:
        yield heading, block


def manual(lines):
    heading, block = "", None
    for line in lines:
        if line.startswith((".SH ", ".SS ")):
            heading = line[4:].strip('"')
        elif line == ".EX":
            block = []
        elif line == ".EE":
            yield heading, block
            block = None
        elif block is not None:
            block.append(re.sub(r"\\f[A-Z]|\\&", "", line).replace(r"\-", "-").replace(r"\e", "\\"))


def head(lines):
    block, inside = [], False
    for line in lines:
        if not line.startswith("#"):
            break
        if line.startswith("# Use: "):
            block, inside = [line[7:]], True
        elif line == "#":
            inside = False
        elif inside or line.startswith("#\t"):
            block.append(re.sub("^#(\t|      )", "", line))
    if block:
        yield "Use", block


def blocks_of(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if path.endswith(".md"):
        return markdown(lines)
    if re.search(r"\.[1-8]$", path):
        return manual(lines)
    return head(lines)


def keys_of(path):
    count = {}
    for heading, block in blocks_of(path):
        count[heading] = count.get(heading, 0) + 1
        yield f"{path}#{heading}#{count[heading]}", "\n".join(block).rstrip("\n")


def main():
    command, *arguments = sys.argv[1:]
    if command == "list":
        for path in arguments:
            for key, _ in keys_of(path):
                print(key)
        return 0
    wanted = arguments[0]
    for key, text in keys_of(wanted.split("#", 1)[0]):
        if key == wanted:
            print(text)
            return 0
    print(f"there is no block {wanted}", file=sys.stderr)
    return 1


sys.exit(main())
