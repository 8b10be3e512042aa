#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clients.sh once more, with the resolver of hosts that have no io_uring.
RESOLVER=process exec bash tests/system/clients.sh
