#include <ctype.h>
#include <string.h>

#include "base/json_raw.h"
#include "base/json_text.h"
#include "domain/record_fields.h"

/* The parts of a record's extra, each at its offset (see record_read.c for what they are). */
struct writing {
    struct str *out;
    const struct record *r;
    struct slice extra;
    size_t unknown_at;                 /* where the next unknown member starts in extra */
    struct slice exact[RECORD_FIELDS]; /* at NULL: none */
    bool done[RECORD_FIELDS];
    bool any; /* something was written */
};

static int known(struct slice quoted)
{
    return quoted.len < 2 ? -1 : record_field_find(slice_sub(quoted, 1, quoted.len - 1));
}

static void find_exact(struct writing *w)
{
    size_t at = 0;
    struct slice key, value;
    while (json_raw_next(w->extra, &at, &key, &value)) {
        int field = known(key);
        if (field >= 0)
            w->exact[field] = value;
    }
}

static void separate(struct writing *w)
{
    if (w->any)
        str_addc(w->out, ',');
    w->any = true;
}

/* The next unknown member; false when there is none left. */
static bool write_unknown(struct writing *w)
{
    struct slice key, value;
    while (json_raw_next(w->extra, &w->unknown_at, &key, &value)) {
        if (known(key) >= 0)
            continue;
        separate(w);
        str_add_slice(w->out, key);
        str_addc(w->out, ':');
        str_add_slice(w->out, value);
        return true;
    }
    return false;
}

/* The source's exact value still holds when it reads as what the record says now: the record may
 * have got another score since. */
static bool exact_holds(const struct writing *w, int field, bool present, struct slice printed)
{
    const struct record_field *f = &record_fields[field];
    struct slice exact = w->exact[field];
    if (!exact.at || slice_is(exact, "null"))
        return exact.at && !present;
    struct record again = {0};
    struct str text = {0};
    bool holds = f->read(&again, exact, NULL) == 0 && f->print(&text, &again) == present &&
                 slice_eq(str_slice(&text), printed);
    str_free(&text);
    record_free(&again);
    return holds;
}

static void write_field(struct writing *w, int field)
{
    if (w->done[field])
        return;
    w->done[field] = true;
    size_t start = w->out->len;
    bool any = w->any;
    separate(w);
    str_addf(w->out, "\"%s\":", record_fields[field].name);
    size_t value_at = w->out->len;
    bool present = record_fields[field].print(w->out, w->r);
    struct slice printed = slice_sub(str_slice(w->out), value_at, w->out->len);
    if (w->exact[field].at && exact_holds(w, field, present, printed)) {
        str_cut(w->out, value_at);
        str_add_slice(w->out, w->exact[field]);
    } else if (!present) {
        str_cut(w->out, start);
        w->any = any;
    }
}

static void write_in_order(struct writing *w, const char *keys)
{
    while (*keys) {
        size_t len = strcspn(keys, " ");
        int field = record_field_find((struct slice){keys, len});
        if (field >= 0)
            write_field(w, field);
        else
            write_unknown(w);
        keys += len;
        keys += strspn(keys, " ");
    }
}

void record_print(struct str *out, const struct record *r)
{
    struct writing w = {.out = out, .r = r, .extra = slice_of(r->extra)};
    find_exact(&w);
    str_addc(out, '{');
    if (r->keys)
        write_in_order(&w, r->keys);
    for (int i = 0; i < RECORD_FIELDS; i++)
        write_field(&w, i);
    while (write_unknown(&w))
        ;
    str_addc(out, '}');
}

void prompt_text(struct str *out, const struct prompt *p)
{
    if (!p->chat) {
        str_adds(out, p->count ? p->messages[0].content : "");
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct message *m = &p->messages[i];
        str_adds(out, i ? "\n\n" : "");
        str_addc(out, (char)toupper((unsigned char)m->role[0]));
        str_adds(out, m->role[0] ? m->role + 1 : "");
        str_addf(out, ": %s", m->content);
    }
}
