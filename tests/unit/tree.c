/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/tree.h"

#include <criterion/criterion.h>
#include <string.h>

#include "yaml/arena.h"
#include "yaml/diagnostic.h"

static struct arena arena;
static struct diagnostics diagnostics;

static void release(void)
{
	arena_done(&arena);
}

TestSuite(tree, .fini = release);

static const struct tree_node *read_tree(const char *text)
{
	const struct tree_node *root = NULL;

	memset(&diagnostics, 0, sizeof(diagnostics));
	cr_assert_eq(tree_read("a tree", text, strlen(text), &arena, &root, &diagnostics), 0);
	cr_assert_eq(root == NULL, diagnostics.count > 0);
	return root;
}

static void expect_node(const struct tree_node *node, enum tree_kind kind, unsigned int line,
			unsigned int column)
{
	cr_assert_not_null(node);
	cr_expect_eq(node->kind, kind);
	cr_expect_eq(node->line, line, "%u", node->line);
	cr_expect_eq(node->column, column, "%u", node->column);
	cr_expect_eq(node->text != NULL, kind == TREE_SCALAR);
}

Test(tree, knows_the_place_of_each_node)
{
	const struct tree_node *root = read_tree("a: [b,\n  {c: d}]\n\xc3\xa4: e\n");

	expect_node(root, TREE_MAPPING, 1, 1);
	const struct tree_node *list = tree_find(root, "a");

	expect_node(list, TREE_LIST, 1, 4);
	expect_node(list->first, TREE_SCALAR, 1, 5);
	expect_node(list->first->next, TREE_MAPPING, 2, 3);
	expect_node(tree_find(list->first->next, "c"), TREE_SCALAR, 2, 7);
	expect_node(tree_find(root, "\xc3\xa4"), TREE_SCALAR, 3, 4);
	cr_expect_null(list->first->next->next);
}

Test(tree, keeps_entries_and_pairs_in_their_order)
{
	const struct tree_node *root = read_tree("[x, y, z]");

	cr_expect_eq(tree_count(root), 3);
	cr_expect_str_eq(root->first->text, "x");
	cr_expect_str_eq(root->first->next->text, "y");
	cr_expect_str_eq(root->first->next->next->text, "z");
	root = read_tree("{x: 1, y: []}");
	cr_expect_str_eq(root->first->text, "x");
	cr_expect_str_eq(root->first->next->text, "1");
	cr_expect_str_eq(root->first->next->next->text, "y");
	cr_expect_eq(tree_count(tree_find(root, "y")), 0);
}

Test(tree, finds_the_first_of_two_like_keys)
{
	cr_expect_str_eq(tree_find(read_tree("{x: 1, x: 2}"), "x")->text, "1");
	cr_expect_str_eq(tree_find(read_tree("{a: x, x: b}"), "x")->text, "b");
	cr_expect_null(tree_find(read_tree("{x: 1}"), "1"));
	cr_expect_null(tree_find(read_tree("[x, 1]"), "x"));
	cr_expect_null(tree_find(read_tree("x"), "x"));
}

Test(tree, tells_nothing_from_an_empty_text)
{
	cr_expect(tree_is_nothing(tree_find(read_tree("a:\n"), "a")));
	cr_expect_not(tree_is_nothing(tree_find(read_tree("a: ''\n"), "a")));
	cr_expect_not(tree_is_nothing(tree_find(read_tree("a: ~\n"), "a")));
	cr_expect_not(tree_is_nothing(tree_find(read_tree("a: []\n"), "a")));
}

Test(tree, knows_words_by_all_their_bytes)
{
	const struct tree_node *node = read_tree("\"a\\0\"");

	cr_expect_eq(node->length, 2);
	cr_expect_not(tree_is_word(node, "a"));
	cr_expect(tree_is_word(read_tree("'a'"), "a"));
	cr_expect_not(tree_is_word(read_tree("[a]"), "a"));
	cr_expect_not(tree_is_word(NULL, "a"));
}

Test(tree, says_which_scalars_are_plain)
{
	cr_expect(read_tree("1")->is_plain);
	cr_expect_not(read_tree("'1'")->is_plain);
	cr_expect_not(read_tree("\"1\"")->is_plain);
	cr_expect_not(read_tree("|\n  1\n")->is_plain);
}

/* The byte of @text's first scalar that says 'x'. */
static void expect_column(const char *text, unsigned int column)
{
	const struct tree_node *node = read_tree(text);

	if (node->kind == TREE_LIST)
		node = node->first;
	cr_expect_eq(tree_column_of(node, strcspn(node->text, "x")), column, "%s: %u", text,
		     tree_column_of(node, strcspn(node->text, "x")));
}

Test(tree, knows_the_column_of_each_byte_of_a_text)
{
	expect_column("a x", 3);
	expect_column("- a x  # comment", 5);
	expect_column("'a x'", 4);
	expect_column("[ \"a x\" ]", 6);
	expect_column("[\xc3\xa4\xc3\xb6 x]", 5);
}

Test(tree, has_the_column_of_the_scalar_where_the_text_is_another)
{
	expect_column("- 'a '' x'", 3);
	expect_column("- \"\\x61 x\"", 3);
	expect_column("- a\n  x", 3);
	expect_column("- |\n  a x\n", 3);
	expect_column("- 'a\n\n  x'", 3);
}

static void expect_nested(size_t depth, bool is_right)
{
	char text[64] = "";

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	cr_expect_eq(read_tree(text) != NULL, is_right, "%zu deep", depth);
}

Test(tree, is_as_deep_as_it_can_be)
{
	expect_nested(TREE_DEPTH_MAX, true);
	expect_nested(TREE_DEPTH_MAX + 1, false);
}

Test(tree, is_none_if_anything_is_wrong)
{
	static const char *const wrong[] = { "",	"a: &b c",	"a: *b", "a: !c d",
					     "a: [b\n", "a: b\n---\nc", "\xff",	 "\xff\xfe" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_null(read_tree(wrong[i]), "%s", wrong[i]);
}
