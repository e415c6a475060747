#include "tests/pipeline/project.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/support/tmp.h"

struct project project_make(void)
{
    struct error err = {0};
    struct project p = {.dir = tmp_make()};
    p.store = store_open(tmp_join(p.dir, "p.db"), STORE_CREATE, &err);
    if (!p.store)
        printf("\n%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p.store);
    return p;
}

void project_remove(struct project *p)
{
    store_close(p->store);
    tmp_remove(p->dir);
}

const char *project_path(const struct project *p, const char *name)
{
    return tmp_join(p->dir, name);
}

void project_write(const struct project *p, const char *name, const char *text)
{
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(file_write_atomic(project_path(p, name), 0600, slice_of(text), &err), 0);
}

void project_read(const struct project *p, const char *name, struct str *out)
{
    struct error err = {0};
    int result = file_read(project_path(p, name), 1 << 28, out, &err);
    if (result != 0)
        printf("\n%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(result, 0);
}

int project_import(struct project *p, const char *name, struct import_summary *sum,
                   struct error *err)
{
    struct import_options o = {0};
    *sum = (struct import_summary){0};
    return import_file(p->store, strchr(name, '/') ? name : project_path(p, name), &o, sum, err);
}

void project_export(struct project *p, const char *method, const char *name)
{
    struct error err = {0};
    struct export_result result = {0};
    struct export_options o = {.method = export_method_find(method),
                               .path = project_path(p, name)};
    int code = export_run(p->store, &o, &result, &err);
    if (code != 0)
        printf("\n%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, 0);
    export_result_free(&result);
}

const char *source_path(const char *name)
{
    const char *srcdir = getenv("srcdir");
    return tmp_join(srcdir ? srcdir : ".", name);
}
