#include "app/drafts.h"

#include <string.h>

#include "app/session_parts.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/draft_store.h"

static struct draft_entry *find(struct draft_notes *notes, int64_t record, const char *field)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->items[i].record == record && strcmp(notes->items[i].field, field) == 0)
            return &notes->items[i];
    return NULL;
}

/* A new entry holds what the store holds, so that noting the same again is no change. */
static struct draft_entry *make(struct session *s, int64_t record, const char *field)
{
    struct draft_notes *notes = &s->drafts;
    notes->items = array_reserve(notes->items, &notes->cap, notes->count + 1, sizeof *notes->items);
    struct draft_entry *e = &notes->items[notes->count++];
    *e = (struct draft_entry){.record = record, .field = mem_strdup(field)};
    draft_store_load(s->store, s->reviewer_id, record, field, &e->content, NULL, NULL);
    return e;
}

void draft_note(struct session *s, int64_t record, const char *field, struct slice content)
{
    struct draft_entry *e = find(&s->drafts, record, field);
    if (!e)
        e = make(s, record, field);
    if (slice_eq(str_slice(&e->content), content))
        return;
    str_clear(&e->content);
    str_add_slice(&e->content, content);
    e->pending = true;
    s->drafts.last_ms = clock_mono_ms();
    if (s->drafts.first_ms == 0)
        s->drafts.first_ms = s->drafts.last_ms;
}

bool draft_pending(const struct session *s)
{
    return s->drafts.first_ms != 0 && !store_is_read_only(s->store);
}

bool draft_typed_pending(const struct session *s)
{
    for (size_t i = 0; i < s->drafts.count; i++)
        if (s->drafts.items[i].pending && s->drafts.items[i].content.len &&
            strcmp(s->drafts.items[i].field, "place") != 0)
            return draft_pending(s);
    return false;
}

int draft_wait_ms(const struct session *s)
{
    if (!draft_pending(s))
        return -1;
    int64_t left = s->drafts.first_ms + DRAFT_IDLE_MS - clock_mono_ms();
    return left > 0 ? (int)left : 0;
}

static int store_entry(struct session *s, const struct draft_entry *e, struct error *err)
{
    struct slice text = e->content.len ? str_slice(&e->content) : (struct slice){0};
    return draft_store_save(s->store, s->reviewer_id, e->record, e->field, text, err);
}

/* Stored entries are forgotten: the store has them, and a day's work must not pile up. */
static void forget_stored(struct draft_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        mem_free(notes->items[i].field);
        str_free(&notes->items[i].content);
    }
    notes->count = 0;
    notes->first_ms = notes->last_ms = 0;
}

int draft_store(struct session *s, struct error *err)
{
    if (!draft_pending(s))
        return 0;
    if (store_begin(s->store, err) != 0)
        return -1;
    for (size_t i = 0; i < s->drafts.count; i++) {
        if (s->drafts.items[i].pending && store_entry(s, &s->drafts.items[i], err) != 0) {
            store_rollback(s->store);
            return -1;
        }
    }
    if (store_commit(s->store, err) != 0)
        return -1;
    forget_stored(&s->drafts);
    return 0;
}

bool draft_recall(struct session *s, int64_t record, const char *field, struct str *out)
{
    const struct draft_entry *e = find(&s->drafts, record, field);
    if (e) {
        str_add_slice(out, str_slice(&e->content));
        return e->content.len > 0;
    }
    return draft_store_load(s->store, s->reviewer_id, record, field, out, NULL, NULL) == 1;
}
