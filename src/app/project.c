#include "app/project.h"

int project_make(const char *path, struct error *err)
{
    struct store *s = store_open(path, STORE_CREATE, err);
    store_close(s);
    return s ? 0 : -1;
}

struct store *project_open(const char *path, enum store_mode mode, struct error *err)
{
    return store_open(path, mode, err);
}
