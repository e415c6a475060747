/* Libraries that hinge-train starts without: opened when first used, each function looked up by its name. */
#include "trainer/backend/cuda_library.h"

#include <stdio.h>
#include <string.h>

#ifdef CUDA_EMULATED
int cuda_library_open(struct cuda_library *l, const char *name, const struct cuda_symbol *symbols, int count,
                      struct error *err)
{
    (void)name, (void)err;
    for (int i = 0; i < count; i++)
        l->calls[i] = symbols[i].linked;
    return 0;
}

void cuda_library_close(struct cuda_library *l)
{
    *l = (struct cuda_library){0};
}
#else
#include <dlfcn.h>

static void *find_library(const char *name)
{
    void *at = dlopen(name, RTLD_NOW | RTLD_LOCAL);
#ifdef CUDA_LIBRARIES /* the folder that configure found */
    if (!at) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", CUDA_LIBRARIES, name);
        at = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
#endif
    return at;
}

int cuda_library_open(struct cuda_library *l, const char *name, const struct cuda_symbol *symbols, int count,
                      struct error *err)
{
    l->handle = find_library(name);
    if (!l->handle)
        return error_set(err, ERR_ABSENT, "%s is not found (LD_LIBRARY_PATH may name its folder)", name);
    for (int i = 0; i < count; i++) {
        void *at = dlsym(l->handle, symbols[i].name);
        if (!at)
            return error_set(err, ERR_ABSENT, "%s has no %s: it is older than hinge-train needs", name, symbols[i].name);
        memcpy(&l->calls[i], &at, sizeof at);
    }
    return 0;
}

void cuda_library_close(struct cuda_library *l)
{
    if (l->handle)
        dlclose(l->handle);
    *l = (struct cuda_library){0};
}
#endif
