/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSXATTR_YAML_TREE_H
#define NSXATTR_YAML_TREE_H

/* A YAML document as a tree of plain values, each of which knows its place in the text. */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct diagnostics;

/* Longer and deeper than any file of ours, and more nodes than the longest one has. */
#define TREE_SIZE_MAX (1 << 20)
#define TREE_DEPTH_MAX 16
#define TREE_NODES_MAX 65536

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAPPING };

/** struct tree_node - a scalar, a list or a mapping */
struct tree_node {
	enum tree_kind kind;
	unsigned int line; /* from 1 */
	unsigned int column; /* from 1, in characters */
	const char *text; /* of a scalar, with a NUL behind its @length bytes; else NULL */
	size_t length;
	bool is_plain; /* a scalar without quotes, and no block */
	unsigned int text_column; /* of @text's first character; 0: the file has it in another form */
	struct tree_node *first; /* of a list: its entries; of a mapping: key, value, key, value, … */
	struct tree_node *next; /* in the list or mapping that this node is in */
};

/**
 * tree_read() - make a tree of a text
 * @name: how messages call the file: "a policy"
 * @text: the file, @length bytes, without need of a NUL; not used after the return
 * @arena: what the tree lies in
 * @ret_root: the root, if there is no diagnostic
 * @diagnostics: empty; gets each place that is not YAML, or has an anchor, an alias, a tag, a second
 *               document, too much depth or too many nodes; after some of these there is no going on
 *
 * Return: 0; -ENOMEM.
 */
int tree_read(const char *name, const char *text, size_t length, struct arena *arena,
	      const struct tree_node **ret_root, struct diagnostics *diagnostics);

/** tree_find() - Return: the value of a key in a mapping; NULL: there is none, or no mapping. */
const struct tree_node *tree_find(const struct tree_node *mapping, const char *key);

/** tree_is_word() - is the node a scalar of this very text? NULL is not. */
bool tree_is_word(const struct tree_node *node, const char *word);

/** tree_is_nothing() - is the node a scalar of which nothing is written, not even quotes? */
bool tree_is_nothing(const struct tree_node *node);

/**
 * tree_column_of() - the column of a byte of a scalar's text
 * @node: the scalar
 * @offset: of the byte, at most @node's length
 *
 * Return: its column; that of the scalar where the file has the text in another form: on several lines, or with escapes.
 */
unsigned int tree_column_of(const struct tree_node *node, size_t offset);

/** tree_count() - Return: the entries of a list. */
size_t tree_count(const struct tree_node *list);

#endif
