/* Writing in a review: the rule's form, y* itself, a reason, a note, words to search for. */
#include <string.h>

#include "app/actions.h"
#include "app/drafts.h"
#include "ui/views/review_state.h"

static const char *const draft_fields[] = {
    [MODE_RULE] = "rule", [MODE_YSTAR] = "y_star", [MODE_REJECT] = "reject", [MODE_FLAG] = "flag"};

enum { BETWEEN = '\x1F' }; /* parts of a rule's draft; no text holds it: fields filter controls */

void review_form_free(struct review_form *f)
{
    editor_free(&f->mistake);
    editor_free(&f->guardrail);
    editor_free(&f->text);
    str_free(&f->old_mistake);
    str_free(&f->old_guardrail);
    *f = (struct review_form){0};
}

struct editor *review_editor(struct review *v)
{
    switch (v->mode) {
    case MODE_RULE: return v->form.on_guardrail ? &v->form.guardrail : &v->form.mistake;
    case MODE_YSTAR:
    case MODE_REJECT:
    case MODE_FLAG:
    case MODE_SEARCH: return &v->form.text;
    default: return NULL;
    }
}

/* Drafts: what the mode's fields hold, noted at each change and recalled when the mode is
 * entered. */

static void draft_text(struct review *v, struct str *out)
{
    if (v->mode == MODE_RULE) {
        str_addc(out, v->form.second ? '2' : '1');
        str_add_slice(out, str_slice(&v->form.mistake.text));
        str_addc(out, BETWEEN);
        str_add_slice(out, str_slice(&v->form.guardrail.text));
    } else {
        str_add_slice(out, str_slice(&v->form.text.text));
    }
}

static bool is_draft_mode(enum review_mode mode)
{
    return mode >= MODE_RULE && mode <= MODE_FLAG;
}

void review_note_draft(struct review *v)
{
    struct str text = {0};
    if (!is_draft_mode(v->mode))
        return;
    draft_text(v, &text);
    draft_note(v->session, v->m.record.id, draft_fields[v->mode], str_slice(&text));
    str_free(&text);
}

static void drop_draft(struct review *v, enum review_mode mode)
{
    if (is_draft_mode(mode))
        draft_note(v->session, v->m.record.id, draft_fields[mode], (struct slice){0});
}

static bool recall_rule(struct review *v, bool second)
{
    struct str draft = {0};
    bool there = draft_recall(v->session, v->m.record.id, "rule", &draft) && draft.len > 0 &&
                 draft.at[0] == (second ? '2' : '1');
    const char *between = there ? memchr(draft.at, BETWEEN, draft.len) : NULL;
    if (between) {
        size_t at = (size_t)(between - draft.at);
        editor_set(&v->form.mistake, slice_sub(str_slice(&draft), 1, at), SIZE_MAX);
        editor_set(&v->form.guardrail, slice_sub(str_slice(&draft), at + 1, draft.len), SIZE_MAX);
    }
    str_free(&draft);
    return between != NULL;
}

static void enter(struct review *v, enum review_mode mode)
{
    v->mode = mode;
    v->line = -1;
    v->alike_fresh = v->alike_fresh && mode != MODE_RULE;
    if (mode == MODE_RULE || mode == MODE_REJECT || mode == MODE_FLAG)
        v->focus = PANE_RULE;
    if (mode == MODE_YSTAR)
        v->focus = PANE_DIFF;
    if (v->history_open && !v->layout.wide)
        v->history_open = false; /* the drawer stands where the form goes */
    v->scroll[PANE_RULE].top = 0;
    review_shape(v, v->rows, v->cols);
    review_follow(v);
}

void review_start_rule(struct review *v, bool second)
{
    struct rule_typed rule = review_rule_now(v);
    if (second)
        rule = (struct rule_typed){{0}, {0}};
    struct review_form *f = &v->form;
    str_clear(&f->old_mistake);
    str_clear(&f->old_guardrail);
    str_add_slice(&f->old_mistake, rule.mistake);
    str_add_slice(&f->old_guardrail, rule.guardrail);
    editor_set(&f->mistake, rule.mistake, SIZE_MAX);
    editor_set(&f->guardrail, rule.guardrail, SIZE_MAX);
    f->second = second;
    /* The guardrail is what is trained on and what is mostly reworded; an empty form starts
     * above. */
    f->on_guardrail = rule.guardrail.len > 0;
    if (recall_rule(v, second))
        review_say(v, LOOK_DIM, "your draft came back");
    enter(v, MODE_RULE);
}

void review_start_text(struct review *v, enum review_mode mode)
{
    struct editor *e = &v->form.text;
    struct str draft = {0};
    const struct stored_output *y_star = stored_y_star(&v->m.record);
    bool there = is_draft_mode(mode) &&
                 draft_recall(v->session, v->m.record.id, draft_fields[mode], &draft) && draft.len;
    e->many_lines = mode == MODE_YSTAR;
    if (there)
        editor_set(e, str_slice(&draft), SIZE_MAX);
    else if (mode == MODE_YSTAR)
        editor_set(e, slice_of(y_star ? y_star->text : NULL), 0);
    else if (mode == MODE_FLAG && v->m.record.state == STATE_FLAGGED)
        editor_set(e, slice_of(v->m.record.note), SIZE_MAX);
    else
        editor_set(e, (struct slice){0}, 0);
    if (there)
        review_say(v, LOOK_DIM, "your draft came back");
    str_free(&draft);
    enter(v, mode);
}

static bool same(const struct editor *e, struct slice before)
{
    return slice_eq(slice_trim(str_slice(&e->text)), slice_trim(before));
}

static bool is_unchanged(const struct review *v)
{
    const struct review_form *f = &v->form;
    const struct stored_output *y_star = stored_y_star(&v->m.record);
    if (v->mode == MODE_RULE)
        return same(&f->mistake, str_slice(&f->old_mistake)) &&
               same(&f->guardrail, str_slice(&f->old_guardrail));
    if (v->mode == MODE_YSTAR)
        return slice_eq(str_slice(&f->text.text), slice_of(y_star ? y_star->text : NULL));
    return slice_trim(str_slice(&f->text.text)).len == 0;
}

static void leave(struct review *v)
{
    bool was_rule = v->mode == MODE_RULE;
    v->mode = MODE_READ;
    v->line = -1;
    v->alike_fresh = v->alike_fresh && !was_rule;
    if (v->focus == PANE_RULE)
        v->focus = PANE_DIFF;
    review_shape(v, v->rows, v->cols);
    review_follow(v);
}

/* Esc: nothing typed is lost. */
static void put_aside(struct review *v)
{
    static const char *const again[] = {[MODE_RULE] = "kept as a draft: e goes on with it",
                                        [MODE_YSTAR] = "kept as a draft: Y goes on with it",
                                        [MODE_REJECT] = "kept as a draft: x goes on with it",
                                        [MODE_FLAG] = "kept as a draft: f goes on with it"};
    enum review_mode mode = v->mode;
    if (mode == MODE_SEARCH) {
        review_search_clear(v);
    } else if (is_unchanged(v)) {
        drop_draft(v, mode);
    } else {
        review_note_draft(v);
        review_say(v, LOOK_DIM, mode == MODE_RULE && v->form.second
                                    ? "kept as a draft: A goes on with it" : again[mode]);
    }
    leave(v);
}

static int act(struct review *v, struct outcome *out, struct error *err)
{
    int64_t record = v->m.record.id;
    struct rule_typed rule = review_rule_now(v);
    struct slice text = str_slice(&v->form.text.text);
    switch (v->mode) {
    case MODE_RULE:
        return v->form.second ? action_add_rule(v->session, record, rule, out, err)
                              : action_edit(v->session, record, rule, out, err);
    case MODE_YSTAR: return action_edit_output(v->session, record, text, out, err);
    case MODE_REJECT: return action_reject(v->session, record, text, out, err);
    default: return action_flag(v->session, record, text, out, err);
    }
}

/* Stored: the draft is used up; a decision goes on to the next record, an addition stays. */
static enum review_wish store(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    enum review_mode mode = v->mode;
    if (act(v, &out, &err) != 0) {
        review_say(v, LOOK_BAD, err.text); /* the form stays as it is */
        outcome_free(&out);
        return REVIEW_STAY;
    }
    bool stays = mode == MODE_YSTAR || (mode == MODE_RULE && v->form.second);
    drop_draft(v, mode);
    leave(v);
    review_sayf(v, LOOK_GOOD, "%s: %s · u undoes it", v->m.record.key, str_z(&out.said));
    outcome_free(&out);
    if (!stays)
        return REVIEW_NEXT;
    if (review_reload(v, &err) != 0)
        review_say(v, LOOK_BAD, err.text);
    return REVIEW_STAY;
}

static enum review_wish confirm(struct review *v)
{
    if (v->mode == MODE_SEARCH) {
        str_clear(&v->search);
        str_add_slice(&v->search, str_slice(&v->form.text.text));
        leave(v);
        review_search_run(v);
        return REVIEW_STAY;
    }
    return store(v);
}

static void changed(struct review *v)
{
    v->line = -1;
    if (v->mode == MODE_RULE) {
        v->alike_fresh = false;
        review_shape(v, v->rows, v->cols);
    }
    review_note_draft(v);
}

/* Instead of what was written: the rule under the cursor. */
static enum review_wish cite(struct review *v)
{
    struct outcome out = {0};
    struct error err = {0};
    int64_t rule = v->rule.items[v->line].cites;
    enum review_wish wish = REVIEW_STAY;
    if (action_cite(v->session, v->m.record.id, rule, v->form.second, &out, &err) != 0) {
        review_say(v, LOOK_BAD, err.text);
    } else {
        drop_draft(v, MODE_RULE);
        leave(v);
        review_sayf(v, LOOK_GOOD, "%s: %s · u undoes it", v->m.record.key, str_z(&out.said));
        wish = REVIEW_NEXT;
    }
    outcome_free(&out);
    return wish;
}

/* The next line below (or above) the fields that can be cited; -1 when there is none. */
static int next_line(const struct review *v, int step)
{
    int n = (int)v->rule.count;
    for (int i = v->line + step; i >= 0 && i < n; i += step)
        if (v->rule.items[i].cites)
            return i;
    return -1;
}

static bool at_edge(struct editor *e, int step)
{
    size_t row;
    unsigned col;
    editor_cursor(e, &row, &col);
    return step < 0 ? row == 0 : row + 1 >= editor_rows(e);
}

/* Up and down go through the form as one: mistake, guardrail, then the rules to cite. */
static bool step_through(struct review *v, int step)
{
    struct review_form *f = &v->form;
    if (v->line >= 0 || (f->on_guardrail && step > 0 && at_edge(&f->guardrail, 1))) {
        int line = next_line(v, step);
        if (line >= 0 || step < 0)
            v->line = line;
        if (v->line >= 0)
            review_sayf(v, LOOK_DIM, "Enter cites #%lld instead of what you wrote",
                        (long long)v->rule.items[v->line].cites);
        return true;
    }
    if (at_edge(review_editor(v), step) && f->on_guardrail == (step < 0)) {
        f->on_guardrail = step > 0;
        return true;
    }
    return false;
}

enum review_wish review_form_command(struct review *v, const char *name)
{
    if (v->mode == MODE_RULE && strcmp(name, "enter") == 0 && v->line >= 0)
        return cite(v);
    if (v->mode == MODE_RULE && (strcmp(name, "down") == 0 || strcmp(name, "up") == 0) &&
        step_through(v, name[0] == 'd' ? 1 : -1))
        return REVIEW_STAY;
    if (strcmp(name, "put-aside") == 0) {
        put_aside(v);
    } else if (strcmp(name, "store") == 0) {
        return confirm(v);
    } else if (strcmp(name, "enter") == 0) {
        if (v->mode == MODE_YSTAR)
            editor_command(review_editor(v), "new-line");
        else if (v->mode != MODE_RULE)
            return confirm(v);
        else if (!v->form.on_guardrail)
            v->form.on_guardrail = true;
        else
            review_say(v, LOOK_DIM, "Ctrl-s stores the rule");
        changed(v);
    } else if (strcmp(name, "other-field") == 0) {
        v->form.on_guardrail = v->mode == MODE_RULE && !v->form.on_guardrail;
        v->line = -1;
        if (v->mode == MODE_YSTAR)
            review_type(v, SLICE("\t"));
    } else if (strcmp(name, "editor") == 0) {
        return v->mode == MODE_SEARCH ? REVIEW_STAY : REVIEW_EDITOR;
    } else if (editor_command(review_editor(v), name)) {
        changed(v);
    } else {
        return REVIEW_UNKNOWN;
    }
    return REVIEW_STAY;
}

void review_type(struct review *v, struct slice text)
{
    struct editor *e = review_editor(v);
    if (!e)
        return;
    str_clear(&v->message);
    editor_insert(e, text);
    changed(v);
}

struct slice review_editor_text(const struct review *v)
{
    const struct review_form *f = &v->form;
    if (v->mode == MODE_RULE)
        return str_slice(f->on_guardrail ? &f->guardrail.text : &f->mistake.text);
    return str_slice(&f->text.text);
}

void review_edited(struct review *v, struct slice text)
{
    struct editor *e = review_editor(v);
    if (!e)
        return;
    if (!e->many_lines) /* an editor ends its file with a line end */
        text = slice_trim(text);
    struct str all = {0};
    str_add_slice(&all, text);
    editor_set(e, (struct slice){0}, 0);
    editor_insert(e, str_slice(&all));
    str_free(&all);
    changed(v);
}
