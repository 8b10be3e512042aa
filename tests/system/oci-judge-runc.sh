#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# oci-judge.sh once more, with the other runtime.
OCI_RUNTIME=runc exec bash tests/system/oci-judge.sh
