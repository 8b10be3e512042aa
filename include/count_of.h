/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_COUNT_OF_H
#define NSXATTR_COUNT_OF_H

/** COUNT_OF() - how many elements an array has */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
