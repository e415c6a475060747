/*
 * Allocation that does not return NULL. A workbench that cannot get a few bytes cannot do anything
 * sensible with the NULL either; what it must do is save drafts and give the terminal back, which
 * is what the exhausted handler is for. Sizes that come from input are bounded by their readers
 * before they get here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Called once when memory has run out; the process aborts after it returns. */
typedef void mem_exhausted_fn(void);
void mem_on_exhausted(mem_exhausted_fn *fn);

void *mem_alloc(size_t size);                /* uninitialised; size 0 gives a unique pointer */
void *mem_zalloc(size_t count, size_t size); /* zeroed; the product is checked */
void *mem_resize(void *old, size_t size);    /* realloc */
void *mem_copy(const void *from, size_t size);
char *mem_strdup(const char *text);               /* NULL gives NULL */
char *mem_strndup(const char *text, size_t len);  /* copies len bytes and adds a NUL */
void mem_free(void *ptr);                         /* free(); NULL is fine */

#endif
