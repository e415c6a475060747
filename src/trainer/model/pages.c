#include "trainer/model/pages.h"

#include <assert.h>
#include <stddef.h>

#include "base/array.h"
#include "base/mem.h"

struct pages {
    int left;
    int *holders;
    int *unused; /* the first left of them are free */
};

struct pages *pages_new(int count)
{
    struct pages *p = mem_zalloc(1, sizeof *p);
    p->left = count;
    p->holders = mem_zalloc((size_t)count + 1, sizeof *p->holders);
    p->unused = mem_zalloc((size_t)count + 1, sizeof *p->unused);
    for (int i = 0; i < count; i++)
        p->unused[i] = count - 1 - i;
    return p;
}

void pages_free(struct pages *p)
{
    if (!p)
        return;
    mem_free(p->holders);
    mem_free(p->unused);
    mem_free(p);
}

int pages_left(const struct pages *p)
{
    return p->left;
}

int pages_holders(const struct pages *p, int page)
{
    return p->holders[page];
}

static void append(struct page_table *t, int page)
{
    size_t cap = (size_t)t->cap;
    t->items = array_reserve(t->items, &cap, (size_t)t->count + 1, sizeof *t->items);
    t->cap = (int)cap;
    t->items[t->count++] = page;
}

void table_share(struct pages *p, struct page_table *to, const struct page_table *from, int tokens)
{
    assert(to->count == 0 && tokens / PAGE_ROWS <= from->count);
    for (int i = 0; i < tokens / PAGE_ROWS; i++) {
        append(to, from->items[i]);
        p->holders[from->items[i]]++;
    }
}

int table_grow(struct pages *p, struct page_table *t, int tokens)
{
    int needed = pages_for(tokens) - t->count;
    if (needed > p->left)
        return -1;
    for (; needed > 0; needed--) {
        int page = p->unused[--p->left];
        p->holders[page] = 1;
        append(t, page);
    }
    return 0;
}

void table_release(struct pages *p, struct page_table *t)
{
    for (int i = t->count - 1; i >= 0; i--) {
        if (--p->holders[t->items[i]] == 0)
            p->unused[p->left++] = t->items[i];
    }
    mem_free(t->items);
    *t = (struct page_table){0};
}
