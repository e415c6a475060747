#include "app/session.h"

#include <string.h>

#include "app/reviewer.h"
#include "app/session_parts.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum { PAUSE_MS = 5 * 60 * 1000, PACE_FRESH_MS = 1000 };

static void name_project(struct str *out, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_of(slash ? slash + 1 : path);
    if (name.len > 3 && memcmp(name.at + name.len - 3, ".db", 3) == 0)
        name.len -= 3;
    str_add_slice(out, name);
}

struct session *session_open(const struct session_options *options, struct error *err)
{
    if (!file_exists(options->project)) {
        error_set(err, ERR_ABSENT,
                  "there is no project %s; 'hinge init %s' makes one, 'hinge import %s FILE...' fills it",
                  options->project, options->project, options->project);
        return NULL;
    }
    struct session *s = mem_zalloc(1, sizeof *s);
    name_project(&s->project, options->project);
    bool ok = reviewer_name(&s->reviewer, options->reviewer, err) == 0;
    if (ok)
        s->store = store_open(options->project, options->read_only ? STORE_READ : STORE_OPEN, err);
    if (s->store && store_reviewer(s->store, str_z(&s->reviewer), &s->reviewer_id, err) == 0)
        return s;
    session_close(s);
    return NULL;
}

static void free_drafts(struct draft_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        mem_free(notes->items[i].field);
        str_free(&notes->items[i].content);
    }
    mem_free(notes->items);
}

void session_close(struct session *s)
{
    if (!s)
        return;
    store_close(s->store);
    free_drafts(&s->drafts);
    str_free(&s->reviewer);
    str_free(&s->project);
    mem_free(s);
}

struct store *session_store(const struct session *s)
{
    return s->store;
}

const char *session_reviewer(const struct session *s)
{
    return str_z(&s->reviewer);
}

int64_t session_reviewer_id(const struct session *s)
{
    return s->reviewer_id;
}

const char *session_project(const struct session *s)
{
    return str_z(&s->project);
}

bool session_read_only(const struct session *s)
{
    return store_is_read_only(s->store);
}

void session_look_at(struct session *s, int64_t record)
{
    s->watched = record;
    s->worked_ms = 0;
    s->last_touch_ms = clock_mono_ms();
}

void session_touch(struct session *s)
{
    int64_t now = clock_mono_ms(), gap = now - s->last_touch_ms;
    if (s->watched && gap < PAUSE_MS)
        s->worked_ms += gap;
    s->last_touch_ms = now;
}

int64_t session_worked_ms(const struct session *s, int64_t record)
{
    return record && record == s->watched ? s->worked_ms : 0;
}

int session_pace(struct session *s, struct pace *out, struct error *err)
{
    int64_t now = clock_mono_ms();
    if (s->pace_ms == 0 || now - s->pace_ms > PACE_FRESH_MS) {
        int64_t today = clock_day_start(clock_now_ms());
        if (decision_store_pace(s->store, s->reviewer_id, today, &s->pace, err) != 0)
            return -1;
        s->pace_ms = now;
    }
    *out = s->pace;
    return 0;
}
