/* Pages of a cache of keys and values: which are free, and how many sequences hold each. Host numbers alone; what
 * stands in the pages is the decoder's (decode.h). */
#ifndef TRAINER_MODEL_PAGES_H
#define TRAINER_MODEL_PAGES_H

enum { PAGE_ROWS = 64 }; /* tokens in one; a power of two */

struct pages;

/* The pages of a sequence, in the order of its tokens. Zero-initialise before use. */
struct page_table {
    int *items;
    int count, cap;
};

struct pages *pages_new(int count);
void pages_free(struct pages *p); /* NULL is fine */
int pages_left(const struct pages *p);
int pages_holders(const struct pages *p, int page);

static inline int pages_for(int tokens)
{
    return (tokens + PAGE_ROWS - 1) / PAGE_ROWS;
}

/* An empty table begins with the full pages of another's first tokens: both hold them, and nobody writes there any
 * more. What is left over of tokens stands in a page that the other may go on writing: the caller copies it. */
void table_share(struct pages *p, struct page_table *to, const struct page_table *from, int tokens);
/* Room for tokens; -1, and nothing has changed, when too few pages are left. */
int table_grow(struct pages *p, struct page_table *t, int tokens);
/* Gives back what nobody else holds, and the table's own memory. */
void table_release(struct pages *p, struct page_table *t);

/* The row of the cache where a token stands. */
static inline int table_row(const struct page_table *t, int token)
{
    return t->items[token / PAGE_ROWS] * PAGE_ROWS + token % PAGE_ROWS;
}

#endif
