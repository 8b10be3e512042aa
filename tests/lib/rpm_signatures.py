#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# rpm_signatures.py PACKAGE SIGNED SIGNATURE…: what 'rpmsign --signfiles' does where it is built in, which it is
# not in Debian: a package with a signature for each of its files, in their order. SIGNATURE is a file of evmctl's.
#
# A package begins with a lead of 96 bytes and a header of signatures: 8 bytes of magic, the number of entries, the
# bytes of data, the entries {tag, type, offset, count}, and the data, which ends at a multiple of 8.

import struct
import sys

LEAD, MAGIC, COUNTS, ENTRY = 96, 8, 8, 16
STRINGS, NUMBER = 8, 4
FILE_SIGNATURES, FILE_SIGNATURE_LENGTH = 274, 275


def padded(data, size):
    return data + bytes(-len(data) % size)


source, target, *paths = sys.argv[1:]
with open(source, "rb") as file:
    package = file.read()
count, size = struct.unpack_from(">II", package, LEAD + MAGIC)
begin = LEAD + MAGIC + COUNTS
entries = package[begin:begin + ENTRY * count]
data = package[begin + ENTRY * count:begin + ENTRY * count + size]
rest = package[begin + ENTRY * count + size + -size % 8:]

signatures = [open(path, "rb").read().hex().encode() for path in paths]
data = padded(data, 4)
entries += struct.pack(">IIII", FILE_SIGNATURES, STRINGS, len(data), len(signatures))
data = padded(data + b"".join(signature + b"\0" for signature in signatures), 4)
entries += struct.pack(">IIII", FILE_SIGNATURE_LENGTH, NUMBER, len(data), 1)
data += struct.pack(">I", len(signatures[0]) // 2)

with open(target, "wb") as file:
    file.write(package[:LEAD + MAGIC] + struct.pack(">II", count + 2, len(data)) + entries + padded(data, 8) + rest)
