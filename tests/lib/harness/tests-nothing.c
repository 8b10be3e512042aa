/* SPDX-License-Identifier: Apache-2.0 */
/* tests/run must not accept a program without tests. */
#include <criterion/criterion.h>

int main(int argc, char **argv)
{
	struct criterion_test_set *set = criterion_initialize();

	criterion_handle_args(argc, argv, true);
	int result = criterion_run_all_tests(set) ? 0 : 1;

	criterion_finalize(set);
	return result;
}
