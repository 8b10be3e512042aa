/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_BASE_VERSION_H
#define NSXATTR_BASE_VERSION_H

#define NSXATTR_VERSION "0.1.0"

#endif
