#include "ui/views/review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/actions.h"
#include "app/drafts.h"
#include "base/mem.h"
#include "ui/views/review_state.h"

struct review *review_new(struct session *s, bool signs, bool ascii)
{
    struct review *v = mem_zalloc(1, sizeof *v);
    v->session = s;
    v->signs = signs;
    v->ascii = ascii;
    v->stop = v->clause = v->line = v->match = -1;
    v->rows = 24;
    v->cols = 80;
    return v;
}

void review_free(struct review *v)
{
    if (!v)
        return;
    review_model_free(&v->m);
    review_fields_clear(&v->rule);
    alike_free(&v->alike);
    review_form_free(&v->form);
    review_spans_free(&v->support);
    review_spans_free(&v->matches[0]);
    review_spans_free(&v->matches[1]);
    str_free(&v->search);
    str_free(&v->history);
    flow_free(&v->history_flow);
    str_free(&v->message);
    str_free(&v->why);
    str_free(&v->origin);
    mem_free(v);
}

/* Messages. */

void review_say(struct review *v, enum look look, const char *text)
{
    str_clear(&v->message);
    str_adds(&v->message, text);
    v->message_look = look;
}

void review_sayf(struct review *v, enum look look, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_clear(&v->message);
    str_vaddf(&v->message, fmt, args);
    va_end(args);
    v->message_look = look;
}

const char *review_message(const struct review *v, enum look *look)
{
    if (look)
        *look = v->message_look;
    return v->message.len ? v->message.at : NULL;
}

/* Opening. */

static int load(struct review *v, int64_t id, struct error *err)
{
    struct stored_record r = {0};
    if (record_store_load(session_store(v->session), id, &r, err) != 0) {
        stored_record_free(&r);
        return -1;
    }
    review_model_open(&v->m, &r, v->signs, v->ascii);
    v->loaded = true;
    review_find_origin(v);
    v->alike_fresh = false;
    return 0;
}

/* The queue's number of hinges, after a change here; opening a record alone writes nothing. */
static void keep_hinge_count(struct review *v)
{
    int n = (int)v->m.n_lit;
    if (v->m.record.n_hinges == n || session_read_only(v->session))
        return;
    struct error err = {0};
    if (record_store_set_hinges(session_store(v->session), v->m.record.id, n, &err) == 0)
        v->m.record.n_hinges = n;
}

static bool has_draft(const struct review *v, const char *field)
{
    struct str draft = {0};
    bool there = draft_recall(v->session, v->m.record.id, field, &draft) && draft.len > 0;
    str_free(&draft);
    return there;
}

static void tell_drafts(struct review *v)
{
    static const char *const drafts[][2] = {
        {"rule", "a draft of the rule waits: e goes on with it"},
        {"y_star", "a draft of y* waits: Y goes on with it"},
        {"reject", "a draft of a reason waits: x goes on with it"},
        {"flag", "a draft of a note waits: f goes on with it"},
    };
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0] && !v->message.len; i++)
        if (has_draft(v, drafts[i][0]))
            review_say(v, LOOK_WARN, drafts[i][1]);
}

int review_open(struct review *v, int64_t record, struct error *err)
{
    if (load(v, record, err) != 0)
        return -1;
    v->mode = MODE_READ;
    v->focus = PANE_DIFF;
    v->history_open = false;
    v->stop = v->clause = v->line = -1;
    str_clear(&v->why);
    memset(v->scroll, 0, sizeof v->scroll);
    v->support.count = 0;
    review_search_clear(v);
    review_shape(v, v->rows, v->cols);
    session_look_at(v->session, record);
    if (v->m.n_lit) /* the first hinge is what the record is about */
        review_go_stop(v, 0);
    tell_drafts(v);
    return 0;
}

bool review_idle(struct review *v)
{
    if (!v->loaded || !v->m.waiting)
        return false;
    review_model_compare(&v->m);
    review_search_clear(v);
    review_shape(v, v->rows, v->cols);
    if (v->m.n_lit && v->stop < 0 && v->scroll[PANE_DIFF].top == 0)
        review_go_stop(v, 0);
    review_follow(v);
    return true;
}

/* Commands that speak of changes wait for the comparison. */
static void compare_for(struct review *v, const char *name)
{
    static const char *const need[] = {"next-match", "previous-match", "side-by-side", "mark-hinge",
                                       NULL};
    for (const char *const *n = need; *n; n++)
        if (strcmp(*n, name) == 0)
            review_idle(v);
}

int64_t review_record(const struct review *v)
{
    return v->loaded ? v->m.record.id : 0;
}

int review_reload(struct review *v, struct error *err)
{
    size_t pair = v->m.pair, n_pairs = v->m.n_pairs;
    int stop = v->stop, clause = v->clause;
    if (load(v, v->m.record.id, err) != 0)
        return -1;
    keep_hinge_count(v);
    if (pair + 1 != n_pairs && pair < v->m.n_pairs)
        review_model_pair(&v->m, pair);
    v->stop = stop < (int)v->m.n_stops ? stop : (int)v->m.n_stops - 1;
    v->clause = clause < (int)v->m.n_clauses ? clause : -1;
    review_search_clear(v);
    if (v->history_open)
        review_history_load(v);
    review_shape(v, v->rows, v->cols);
    if (review_current_hunk(v) >= 0)
        review_show_hunk(v, review_current_hunk(v));
    review_follow(v);
    return 0;
}

/* Commands that decide. */

static enum review_wish decided(struct review *v, int result, struct outcome *out,
                                const struct error *err)
{
    if (result != 0)
        review_say(v, LOOK_BAD, err->text);
    else
        review_sayf(v, LOOK_GOOD, "%s: %s · u undoes it", v->m.record.key, str_z(&out->said));
    outcome_free(out);
    return result == 0 ? REVIEW_NEXT : REVIEW_STAY;
}

static enum review_wish do_accept(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    return decided(v, action_accept(v->session, v->m.record.id, &out, &err), &out, &err);
}

static enum review_wish do_skip(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    return decided(v, action_skip(v->session, v->m.record.id, &out, &err), &out, &err);
}

static enum review_wish do_unflag(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    int result = action_unflag(v->session, v->m.record.id, &out, &err);
    enum review_wish wish = decided(v, result, &out, &err);
    if (wish == REVIEW_NEXT && review_reload(v, &err) != 0)
        review_say(v, LOOK_BAD, err.text);
    return REVIEW_STAY;
}

/* Enter: first to the rules that could be cited, then, there, cites. */
static enum review_wish do_enter(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    if (v->focus != PANE_RULE) {
        review_set_focus(v, PANE_RULE);
        if (v->line >= 0)
            review_sayf(v, LOOK_DIM, "Enter again cites #%lld instead; j k choose",
                        (long long)v->rule.items[v->line].cites);
        else
            review_say(v, LOOK_DIM, "no rule of the library is like this one");
        return REVIEW_STAY;
    }
    if (v->line < 0)
        return REVIEW_STAY;
    int64_t rule = v->rule.items[v->line].cites;
    return decided(v, action_cite(v->session, v->m.record.id, rule, false, &out, &err), &out, &err);
}

static enum review_wish turn_back(struct review *v,
                                  int (*act)(struct session *, struct outcome *, struct error *),
                                  const char *word)
{
    struct outcome out = {0};
    struct error err = {0};
    enum review_wish wish = REVIEW_STAY;
    if (act(v->session, &out, &err) != 0) {
        review_say(v, err.code == ERR_ABSENT ? LOOK_DIM : LOOK_BAD, err.text);
    } else {
        review_sayf(v, LOOK_GOOD, "%s%s%s", str_z(&out.said), out.said.len ? "" : word, "");
        if (out.record && out.record != v->m.record.id) {
            v->target = out.record;
            wish = REVIEW_GO;
        } else if (review_reload(v, &err) != 0) {
            review_say(v, LOOK_BAD, err.text);
        }
    }
    outcome_free(&out);
    return wish;
}

static enum review_wish do_undo(struct review *v) { return turn_back(v, action_undo, "undone"); }
static enum review_wish do_redo(struct review *v)
{
    return turn_back(v, action_redo, "done again");
}

static bool may_write(struct review *v)
{
    if (!session_read_only(v->session))
        return true;
    review_say(v, LOOK_BAD, "this project is open for reading alone");
    return false;
}

static enum review_wish start_rule(struct review *v)
{
    if (may_write(v))
        review_start_rule(v, false);
    return REVIEW_STAY;
}

static enum review_wish start_second(struct review *v)
{
    if (may_write(v))
        review_start_rule(v, true);
    return REVIEW_STAY;
}

static enum review_wish start_text(struct review *v, enum review_mode mode)
{
    if (mode == MODE_SEARCH || may_write(v))
        review_start_text(v, mode);
    return REVIEW_STAY;
}

static enum review_wish start_ystar(struct review *v) { return start_text(v, MODE_YSTAR); }
static enum review_wish start_reject(struct review *v) { return start_text(v, MODE_REJECT); }
static enum review_wish start_flag(struct review *v) { return start_text(v, MODE_FLAG); }
static enum review_wish start_search(struct review *v) { return start_text(v, MODE_SEARCH); }

static enum review_wish start_mark(struct review *v)
{
    if (may_write(v))
        review_start_mark(v);
    return REVIEW_STAY;
}

static enum review_wish do_close(struct review *v)
{
    (void)v;
    return REVIEW_CLOSE;
}

static enum review_wish do_next(struct review *v)
{
    (void)v;
    return REVIEW_NEXT;
}

/* Esc: the search first, then the drawer, then the zoom. */
static enum review_wish do_put_aside(struct review *v)
{
    if (v->search.len)
        review_search_clear(v);
    else if (v->history_open)
        review_walk_command(v, "history");
    else if (v->zoom)
        review_walk_command(v, "zoom");
    return REVIEW_STAY;
}

static const struct deed {
    const char *name;
    enum review_wish (*run)(struct review *v);
} deeds[] = {
    {"accept", do_accept},   {"edit", start_rule},       {"reject", start_reject},
    {"skip", do_skip},       {"flag", start_flag},       {"unflag", do_unflag},
    {"enter", do_enter},     {"undo", do_undo},          {"redo", do_redo},
    {"add-rule", start_second}, {"edit-ystar", start_ystar}, {"mark-hinge", start_mark},
    {"search", start_search}, {"back", do_close},        {"next-undecided", do_next},
    {"put-aside", do_put_aside},
};

static enum review_wish read_command(struct review *v, const char *name)
{
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
        if (strcmp(deeds[i].name, name) == 0)
            return deeds[i].run(v);
    return review_walk_command(v, name) ? REVIEW_STAY : REVIEW_UNKNOWN;
}

enum review_wish review_command(struct review *v, const char *name)
{
    if (!v->loaded)
        return strcmp(name, "back") == 0 ? REVIEW_CLOSE : REVIEW_UNKNOWN;
    session_touch(v->session);
    str_clear(&v->message);
    compare_for(v, name);
    if (review_typing(v))
        return review_form_command(v, name);
    if (v->mode == MODE_MARK)
        return review_mark_command(v, name);
    return read_command(v, name);
}

bool review_typing(const struct review *v)
{
    return v->mode != MODE_READ && v->mode != MODE_MARK;
}

const char *review_mode_name(const struct review *v)
{
    static const char *const names[] = {
        [MODE_READ] = "review", [MODE_RULE] = "form",  [MODE_YSTAR] = "text",
        [MODE_REJECT] = "ask",  [MODE_FLAG] = "ask",   [MODE_SEARCH] = "ask",
        [MODE_MARK] = "mark"};
    return names[v->mode];
}

int64_t review_target(const struct review *v)
{
    return v->target;
}

/* The place, as numbers in a fixed order; a later version may add more at the end. */
void review_save(const struct review *v, struct str *out)
{
    size_t at = 0;
    struct editor *e = review_editor((struct review *)v); /* it changes nothing */
    if (e)
        at = e->at;
    str_addf(out, "%d %d %d %d %d %d %zu %d %d %zu %zu %zu %d %d %zu", (int)v->mode, (int)v->focus,
             v->zoom, v->no_wrap, v->sides, v->history_open, v->m.pair, v->stop, v->clause,
             v->scroll[PANE_DIFF].top, v->scroll[PANE_PROMPT].top, v->scroll[PANE_RATIONALE].top,
             v->form.on_guardrail, v->form.second, at);
}

static void restore_mode(struct review *v, int mode, bool second, bool on_guardrail, size_t at)
{
    if (mode == MODE_RULE)
        review_start_rule(v, second);
    else if (mode > MODE_RULE && mode < MODE_SEARCH)
        review_start_text(v, (enum review_mode)mode);
    struct editor *e = review_editor(v);
    if (!e)
        return;
    v->form.on_guardrail = mode == MODE_RULE && on_guardrail;
    e = review_editor(v);
    struct str text = {0};
    str_add_slice(&text, str_slice(&e->text));
    editor_set(e, str_slice(&text), at);
    str_free(&text);
}

void review_restore(struct review *v, struct slice saved)
{
    enum { PLACES = 15 };
    long n[PLACES] = {0};
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)(saved.len < 200 ? saved.len : 200),
             saved.at ? saved.at : "");
    char *at = copy;
    for (int i = 0; i < PLACES; i++) {
        char *end;
        n[i] = strtol(at, &end, 10);
        if (end == at)
            return; /* not what review_save wrote: the record is shown from its start */
        at = end;
    }
    if (!v->loaded)
        return;
    if (n[6] >= 0 && (size_t)n[6] < v->m.n_pairs && (size_t)n[6] != v->m.pair)
        review_model_pair(&v->m, (size_t)n[6]);
    review_idle(v); /* the hinge that the cursor was on is found anew */
    v->focus = n[1] >= 0 && n[1] <= PANE_RULE ? (enum review_pane)n[1] : PANE_DIFF;
    v->zoom = n[2] != 0;
    v->no_wrap = n[3] != 0;
    v->sides = n[4] != 0;
    v->stop = n[7] >= 0 && (size_t)n[7] < v->m.n_stops ? (int)n[7] : -1;
    v->clause = n[8] >= 0 && (size_t)n[8] < v->m.n_clauses ? (int)n[8] : -1;
    review_shape(v, v->rows, v->cols);
    if (review_current_hunk(v) >= 0)
        review_show_hunk(v, review_current_hunk(v));
    for (int i = 0; i < 3; i++)
        v->scroll[i].top = n[9 + i] > 0 ? (size_t)n[9 + i] : 0;
    review_follow(v);
    restore_mode(v, (int)n[0], n[13] != 0, n[12] != 0, n[14] > 0 ? (size_t)n[14] : 0);
}
