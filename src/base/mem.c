#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mem_exhausted_fn *exhausted;

void mem_on_exhausted(mem_exhausted_fn *fn)
{
    exhausted = fn;
}

static _Noreturn void give_up(void)
{
    mem_exhausted_fn *fn = exhausted;
    exhausted = NULL; /* the handler itself may run out */
    if (fn)
        fn();
    fputs("hinge: out of memory\n", stderr);
    abort();
}

void *mem_alloc(size_t size)
{
    void *ptr = malloc(size ? size : 1);
    if (!ptr)
        give_up();
    return ptr;
}

void *mem_zalloc(size_t count, size_t size)
{
    void *ptr = calloc(count ? count : 1, size ? size : 1);
    if (!ptr)
        give_up();
    return ptr;
}

void *mem_resize(void *old, size_t size)
{
    void *ptr = realloc(old, size ? size : 1);
    if (!ptr)
        give_up();
    return ptr;
}

void *mem_copy(const void *from, size_t size)
{
    void *ptr = mem_alloc(size);
    if (size)
        memcpy(ptr, from, size);
    return ptr;
}

char *mem_strndup(const char *text, size_t len)
{
    if (len == SIZE_MAX)
        give_up();
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

void mem_free(void *ptr)
{
    free(ptr);
}
