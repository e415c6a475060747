#include "ui/views/record_list.h"

#include "base/array.h"
#include "base/mem.h"

static void drop_rows(struct record_list *l)
{
    queue_rows_free(&l->before);
    queue_rows_free(&l->after);
    l->before = l->after = (struct queue_rows){0};
    l->count = 0;
}

void record_list_free(struct record_list *l)
{
    drop_rows(l);
    mem_free(l->rows);
    *l = (struct record_list){0};
}

static void add(struct record_list *l, struct queue_row *row)
{
    l->rows = array_reserve(l->rows, &l->cap, l->count + 1, sizeof *l->rows);
    l->rows[l->count++] = row;
}

/* The rows before a record come nearest first and are put in order here. */
static void join(struct record_list *l)
{
    l->count = 0;
    for (size_t i = l->before.count; i > 0; i--)
        add(l, &l->before.items[i - 1]);
    for (size_t i = 0; i < l->after.count; i++)
        add(l, &l->after.items[i]);
}

/* Fetches the rows on both sides of the border before `anchor` (the record itself, where it is still let
 * through, is the first after the border). anchor 0: the top. The cursor comes to the first row after the
 * border, or to the last row where there is none. */
static int fetch(struct record_list *l, int64_t anchor, struct error *err)
{
    drop_rows(l);
    if (anchor && queue_store_window(l->store, l->query, anchor, true, LIST_REACH, &l->before, err) != 0)
        return -1;
    int64_t border = l->before.count ? l->before.items[0].id : 0;
    if (queue_store_window(l->store, l->query, border, false, LIST_REACH + 1, &l->after, err) != 0)
        return -1;
    join(l);
    l->at_top = l->before.count < LIST_REACH;
    l->at_bottom = l->after.count < LIST_REACH + 1;
    l->cursor = l->after.count ? l->before.count : l->count - (l->count > 0);
    return 0;
}

static int count_all(struct record_list *l, struct error *err)
{
    return queue_store_count(l->store, l->query, &l->total, err);
}

/* Finds the place of the first row: known at either end, asked from the store elsewhere. */
static int find_place(struct record_list *l, struct error *err)
{
    l->first_place = 0;
    if (l->at_top || l->count == 0)
        return 0;
    if (l->at_bottom) {
        l->first_place = l->total - (int64_t)l->count;
        return 0;
    }
    return queue_store_rank(l->store, l->query, l->rows[0]->id, &l->first_place, err);
}

int record_list_open(struct record_list *l, struct store *store, const struct queue_query *query,
                     struct error *err)
{
    l->store = store;
    l->query = query;
    return record_list_first(l, err);
}

/* Counting what a filter lets through of very many records takes long: not after every decision. */
static bool is_long(const struct record_list *l)
{
    return l->query->n_terms > 0 && l->total > LIST_LONG;
}

static bool find_near(const struct record_list *l, int64_t record, size_t *at)
{
    for (*at = 0; *at < l->count; (*at)++)
        if (l->rows[*at]->id == record)
            return true;
    return false;
}

/* Fetches around a row of the buffer: its place is known, and the total changes by what is seen to change. */
static int fetch_near(struct record_list *l, size_t at, struct error *err)
{
    int64_t place = l->first_place + (int64_t)at, record = l->rows[at]->id;
    if (fetch(l, record, err) != 0)
        return -1;
    bool gone = !record_list_here(l) || record_list_here(l)->id != record;
    l->total -= gone && l->total > 0;
    l->first_place = l->at_top ? 0 : place - (int64_t)l->cursor;
    return 0;
}

int record_list_go(struct record_list *l, int64_t record, struct error *err)
{
    size_t at;
    if (is_long(l) && find_near(l, record, &at))
        return fetch_near(l, at, err);
    if (count_all(l, err) != 0 || fetch(l, record, err) != 0)
        return -1;
    return find_place(l, err);
}

int record_list_refresh(struct record_list *l, struct error *err)
{
    const struct queue_row *here = record_list_here(l);
    return record_list_go(l, here ? here->id : 0, err);
}

int record_list_first(struct record_list *l, struct error *err)
{
    return record_list_go(l, 0, err);
}

int record_list_last(struct record_list *l, struct error *err)
{
    drop_rows(l);
    if (count_all(l, err) != 0 ||
        queue_store_window(l->store, l->query, 0, true, LIST_REACH, &l->before, err) != 0)
        return -1;
    join(l);
    l->at_top = l->before.count < LIST_REACH;
    l->at_bottom = true;
    l->cursor = l->count - (l->count > 0);
    return find_place(l, err);
}

/* Fetches around the cursor again; its place is known, so no rank is asked for. */
static int recentre(struct record_list *l, struct error *err)
{
    int64_t place = record_list_place(l);
    if (fetch(l, l->rows[l->cursor]->id, err) != 0)
        return -1;
    l->first_place = place - (int64_t)l->cursor;
    return 0;
}

int record_list_move(struct record_list *l, long steps, struct error *err)
{
    while (steps != 0 && l->count > 0) {
        bool down = steps > 0;
        size_t room = down ? l->count - 1 - l->cursor : l->cursor;
        size_t want = (size_t)(down ? steps : -steps), go = want < room ? want : room;
        l->cursor = down ? l->cursor + go : l->cursor - go;
        steps = down ? steps - (long)go : steps + (long)go;
        size_t margin = down ? l->count - 1 - l->cursor : l->cursor;
        bool more = down ? !l->at_bottom : !l->at_top;
        if (margin < LIST_REACH / 2 && more) {
            if (recentre(l, err) != 0)
                return -1;
        } else if (go < want) {
            return 0;
        }
    }
    return 0;
}

struct queue_row *record_list_here(const struct record_list *l)
{
    return l->count ? l->rows[l->cursor] : NULL;
}

int64_t record_list_place(const struct record_list *l)
{
    return l->first_place + (int64_t)l->cursor;
}
