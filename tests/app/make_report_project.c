/* make_report_project FILE.db [RUN-FOLDER]: the project of report_project.h, for tests that are scripts. */
#include <stdio.h>

#include "tests/app/report_project.h"

int main(int argc, char **argv)
{
    struct error err = {0};
    if (argc < 2)
        return 2;
    struct store *s = store_open(argv[1], STORE_CREATE, &err);
    if (!s) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    report_project_fill(s, 0.08, argc > 2 ? argv[2] : NULL);
    store_close(s);
    return 0;
}
