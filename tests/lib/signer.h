/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_TESTS_SIGNER_H
#define NSXATTR_TESTS_SIGNER_H

/*
 * Keys by openssl(1), signatures by evmctl(1), in a folder of the test's own, which is its working directory:
 *
 *	TestSuite(name, .init = signer_begin, .fini = signer_end);
 *	...
 *	signer_make_key("a", "rsa:2048");
 *	signer_sign("file", "a", "sha256");
 */

#include <stddef.h>
#include <stdint.h>

void signer_begin(void);
void signer_end(void);

/** signer_run() - sh(1) runs a command, which has to succeed: printf(3) */
void signer_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** signer_write() - make a file with these bytes in it */
void signer_write(const char *path, const void *bytes, size_t length);

/** signer_read() - the bytes of a file, the caller's to free(3) */
uint8_t *signer_read(const char *path, size_t *ret_length);

/**
 * signer_make_key() - make a key: NAME.key, its certificate NAME.pem and NAME.der, and the public key alone NAME.pub
 * @kind: "rsa:BITS", or a curve of openssl(1)
 */
void signer_make_key(const char *name, const char *kind);

/** signer_sign() - make PATH.sig, a value of security.ima: a signature of PATH */
void signer_sign(const char *path, const char *key, const char *algorithm);

#endif
