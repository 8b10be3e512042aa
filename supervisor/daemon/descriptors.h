/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_DAEMON_DESCRIPTORS_H
#define NSXATTR_DAEMON_DESCRIPTORS_H

/* How many descriptors nsxattrd can have open at a time. */

struct config_limits;

/** descriptors_compare() - log a warning if this process may have fewer than what the settings let in can take */
void descriptors_compare(const struct config_limits *limits);

#endif
