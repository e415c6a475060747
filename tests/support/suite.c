#include "tests/support/suite.h"

#include <CUnit/Basic.h>
#include <string.h>

int suite_run(const char *suite, const struct test *tests, int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (; s && tests->name; tests++)
        if (argc < 2 || strstr(tests->name, argv[1]))
            CU_add_test(s, tests->name, tests->run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
    unsigned ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return failed || !ran;
}
