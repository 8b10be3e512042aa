/* SPDX-License-Identifier: Apache-2.0 */
#include "integrity/appraise.h"

#include <errno.h>
#include <string.h>

#include "integrity.h"
#include "integrity/content.h"
#include "integrity/crypto.h"
#include "integrity/keyring.h"

static const struct {
	const char *word;
	const char *text;
} causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = { "valid", "it is valid" },
	[CAUSE_NO_VALUE] = { "missing-hash", "it has no security.ima" },
	[CAUSE_SIGNATURE_REQUIRED] = { "IMA-signature-required",
				       "the rule wants a signature of its content, and it has none" },
	[CAUSE_VERITY_SIGNATURE_REQUIRED] = { "verity-signature-required",
					      "the rule wants a signature of its fs-verity digest, "
					      "and it has none" },
	[CAUSE_UNKNOWN_VALUE] = { "unknown-ima-data",
				  "its security.ima is neither a digest nor a signature" },
	[CAUSE_HASH] = { "invalid-hash", "its content is not that of the digest" },
	[CAUSE_SIGNATURE_VERSION] = { "invalid-signature-version",
				      "its signature is of a version that is not known" },
	[CAUSE_SIGNATURE] = { "invalid-signature", "its signature is not one of this content" },
	[CAUSE_NO_KEY] = { "invalid-signature",
			   "its signature is by a key that the policy does not have" },
	[CAUSE_REVOKED_KEY] = { "invalid-signature", "its signature is by a key that is revoked" },
	[CAUSE_VERITY_SIGNATURE] = { "invalid-verity-signature",
				     "its signature is not one of its fs-verity digest by a key of the policy" },
	[CAUSE_NO_VERITY] = { "no-verity-digest",
			      "its signature is of an fs-verity digest, which it does not have" },
	[CAUSE_ALGORITHM] = { "denied-hash-algorithm",
			      "its security.ima is of an algorithm that the rule does not allow" },
	[CAUSE_WRITERS] = { "open_writers", "it is open, or mapped, for writing" },
	[CAUSE_UNVERIFIABLE] = { "unverifiable-signature",
				 "it cannot be told whether its content stays as it is" },
	[CAUSE_FAILURE] = { "failed", "it could not be looked at" },
};

const char *cause_word(enum appraisal_cause cause)
{
	return causes[cause].word;
}

const char *cause_text(enum appraisal_cause cause)
{
	return causes[cause].text;
}

enum digest_algorithm appraisal_algorithm(const uint8_t *value, size_t length)
{
	struct ima_value decoded;

	return value && ima_value_decode(value, length, &decoded) == IMA_VALUE_IS_SOUND ?
		       decoded.algorithm :
		       DIGEST_SHA256;
}

/* ---- what the value alone tells ---- */

static enum appraisal_cause judge_mistake(enum ima_value_mistake mistake,
					  const struct ima_value *value)
{
	if (mistake == IMA_VALUE_IS_SOUND)
		return CAUSE_NONE;
	if (mistake == IMA_VALUE_TYPE)
		return CAUSE_UNKNOWN_VALUE;
	if (mistake == IMA_VALUE_VERSION)
		return CAUSE_SIGNATURE_VERSION;
	if (value->type == IMA_VALUE_VERITY_SIGNATURE)
		return CAUSE_VERITY_SIGNATURE;
	return value->type == IMA_VALUE_SIGNATURE ? CAUSE_SIGNATURE : CAUSE_HASH;
}

static enum appraisal_cause required(const struct integrity_actions *actions)
{
	return actions->needs_verity ? CAUSE_VERITY_SIGNATURE_REQUIRED : CAUSE_SIGNATURE_REQUIRED;
}

static uint8_t required_type(const struct integrity_actions *actions)
{
	return actions->needs_verity ? IMA_VALUE_VERITY_SIGNATURE : IMA_VALUE_SIGNATURE;
}

/* Is it what the rule wants? That comes before what is wrong with it. */
static enum appraisal_cause judge_type(const struct integrity_actions *actions,
				       const struct appraisal *appraisal)
{
	if (!actions->needs_signature || appraisal->mistake == IMA_VALUE_TYPE ||
	    appraisal->value.type == required_type(actions))
		return CAUSE_NONE;
	return required(actions);
}

static enum appraisal_cause judge_value(const struct appraisal_request *request,
					struct appraisal *appraisal)
{
	const struct integrity_actions *actions = request->actions;

	if (!request->value)
		return actions->needs_signature ? required(actions) : CAUSE_NO_VALUE;
	appraisal->mistake = ima_value_decode(request->value, request->length, &appraisal->value);
	enum appraisal_cause cause = judge_type(actions, appraisal);

	if (!cause)
		cause = judge_mistake(appraisal->mistake, &appraisal->value);
	if (!cause && actions->algorithms &&
	    !(actions->algorithms & DIGEST_BIT(appraisal->value.algorithm)))
		cause = CAUSE_ALGORITHM;
	return cause;
}

/* ---- what the content tells ---- */

static enum appraisal_cause cause_of(int result)
{
	if (result == KEYRING_VERIFIED)
		return CAUSE_NONE;
	if (result == KEYRING_NO_KEY)
		return CAUSE_NO_KEY;
	return result == KEYRING_REVOKED ? CAUSE_REVOKED_KEY : CAUSE_SIGNATURE;
}

/* Return: 0; -ENOMEM. */
static int judge_signature(const struct appraisal_request *request, const uint8_t *digest,
			   struct appraisal *appraisal)
{
	const struct ima_value *value = &appraisal->value;
	struct signature signature = { value->keyid, value->algorithm, digest, value->bytes,
				       value->length };
	int result =
		keyring_verify(request->keyring, request->revocation, &signature, &appraisal->key);

	if (result < 0)
		return result;
	appraisal->cause = cause_of(result);
	/* The kernel has one word for all that is wrong with these. */
	if (appraisal->cause && value->type == IMA_VALUE_VERITY_SIGNATURE)
		appraisal->cause = CAUSE_VERITY_SIGNATURE;
	return 0;
}

static int judge_content(const struct appraisal_request *request, struct appraisal *appraisal)
{
	const struct ima_value *value = &appraisal->value;
	const uint8_t *digest;
	int error = content_digest(request->content, value->algorithm, &digest);

	if (error)
		return error;
	if (value->type == IMA_VALUE_SIGNATURE)
		return judge_signature(request, digest, appraisal);
	if (memcmp(digest, value->bytes, value->length) != 0)
		appraisal->cause = CAUSE_HASH;
	return 0;
}

/* What is signed: the kernel's struct ima_file_id, as far as the digest reaches. */
static int digest_file_id(struct crypto *crypto, enum digest_algorithm algorithm,
			  const uint8_t *verity_digest, uint8_t *ret_digest)
{
	uint8_t id[2 + DIGEST_SIZE_MAX] = { IMA_VALUE_VERITY_SIGNATURE, (uint8_t)algorithm };

	memcpy(id + 2, verity_digest, digest_size(algorithm));
	return crypto_digest(crypto, algorithm, id, 2 + digest_size(algorithm), ret_digest);
}

static int judge_verity(const struct appraisal_request *request, struct appraisal *appraisal)
{
	uint8_t verity_digest[DIGEST_SIZE_MAX], digest[DIGEST_SIZE_MAX];
	enum digest_algorithm algorithm;
	int error = content_verity_digest(request->content, &algorithm, verity_digest);

	if (error == -ENODATA || error == -EOPNOTSUPP ||
	    (!error && algorithm != appraisal->value.algorithm)) {
		appraisal->cause = CAUSE_NO_VERITY;
		return 0;
	}
	if (!error)
		error = digest_file_id(request->content->crypto, algorithm, verity_digest, digest);
	return error ? error : judge_signature(request, digest, appraisal);
}

int appraise(const struct appraisal_request *request, struct appraisal *ret_appraisal)
{
	struct appraisal appraisal = { 0 };
	int error = 0;

	appraisal.cause = judge_value(request, &appraisal);
	if (!appraisal.cause)
		error = appraisal.value.type == IMA_VALUE_VERITY_SIGNATURE ?
				judge_verity(request, &appraisal) :
				judge_content(request, &appraisal);
	if (!error)
		*ret_appraisal = appraisal;
	return error;
}
