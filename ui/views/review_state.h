/* The view's private state and what its files do for each other. Private to review*.c. */
#ifndef UI_VIEWS_REVIEW_STATE_H
#define UI_VIEWS_REVIEW_STATE_H

#include "app/alike.h"
#include "app/session.h"
#include "text/visible.h"
#include "ui/views/editor.h"
#include "ui/views/review.h"
#include "ui/views/review_layout.h"
#include "ui/views/review_model.h"

enum review_mode {
    MODE_READ,
    MODE_RULE,   /* the form {mistake, guardrail} */
    MODE_YSTAR,  /* y* being written */
    MODE_REJECT, /* a reason is asked */
    MODE_FLAG,   /* a note is asked */
    MODE_SEARCH, /* words are asked */
    MODE_MARK    /* a word is chosen as a hinge */
};

/* One labelled text of the rule pane, wrapped in a column of its own. */
struct review_field {
    char label[20];
    struct str text;
    enum look look;
    int64_t cites; /* rule that Enter cites on this line, or 0 */
    struct flow flow;
};
enum { REVIEW_FIELDS = 24 };

struct review_fields {
    struct review_field items[REVIEW_FIELDS];
    size_t count;
};

struct review_form {
    struct editor mistake, guardrail; /* the form's fields */
    struct editor text;               /* y*, a reason, a note, words to search */
    bool second;                      /* the rule is one more beside the record's */
    bool on_guardrail;                /* which field has the keys */
    struct str old_mistake, old_guardrail;
};

struct review_scroll {
    size_t top;
    unsigned skip;
};

struct review_mark { /* the word chosen in MODE_MARK */
    bool in_b; /* in the second text as shown */
    uint32_t run, from, to;
};

struct review {
    struct session *session;
    struct review_model m;
    bool loaded;
    enum review_mode mode;
    enum review_pane focus;
    bool zoom, no_wrap, sides, history_open;
    struct review_layout layout;
    struct review_scroll scroll[REVIEW_PANES];
    int rows, cols; /* of the last painting */
    int stop;       /* in m.stops, or -1 */
    int clause;     /* cursor of the rationale, or -1 */
    int line;       /* cursor of the rule pane: a field that can be cited, or -1 */
    struct review_spans support;
    struct review_fields rule;
    struct str origin; /* the model whose failure it was: "rgt-1 step 40 on ed-0143"; empty: of no eval */
    struct alike alike;
    bool alike_fresh;
    struct review_form form;
    struct review_mark mark;
    struct str search;
    struct review_spans matches[FLOW_SIGN]; /* of the searched pane's texts */
    enum review_pane searched;
    int match; /* -1: not at one yet */
    struct flow_at match_at;
    struct str history;
    struct flow history_flow;
    struct str message;
    struct str why; /* why the hinge under the cursor is lit, in words */
    enum look message_look;
    int64_t target;
    bool signs, ascii, follow; /* follow: bring the cursor into view at the next painting */
};

/* review_rule.c: the rule pane's lines. */
void review_rule_lines(struct review *v);
const char *review_cite_hint(const struct review *v, char *out, size_t size);
void review_fields_clear(struct review_fields *f);
/* The rule as it would be stored now: the form's, the record's, or the candidate's. */
/* Where the record came from, asked once when it is opened. */
void review_find_origin(struct review *v);
struct rule_typed review_rule_now(const struct review *v);
void review_word_diff(struct str *text, struct flow *f, struct slice before, struct slice now,
                      bool signs, bool ascii);
void review_alike_refresh(struct review *v);

/* review_form.c: writing. */
enum review_wish review_form_command(struct review *v, const char *name);
void review_start_rule(struct review *v, bool second);
void review_start_text(struct review *v, enum review_mode mode);
void review_note_draft(struct review *v);
void review_recall_draft(struct review *v);
void review_form_free(struct review_form *f);
struct editor *review_editor(struct review *v); /* that has the keys, or NULL */

/* review_mark.c: choosing a word. */
enum review_wish review_mark_command(struct review *v, const char *name);
void review_start_mark(struct review *v);

/* review_search.c */
void review_search_run(struct review *v);
void review_search_step(struct review *v, int step);
void review_search_clear(struct review *v);

/* review_scroll.c: what each pane shows of its rows. */
struct flow *review_pane_flow(struct review *v, enum review_pane pane);
bool review_by_sides(const struct review *v, enum review_pane pane); /* shown side by side */
void review_shape(struct review *v, int rows, int cols); /* lays all out for a window */
size_t review_view_rows(const struct review *v,
                        enum review_pane pane); /* of the pane, at least 1 */
size_t review_count_rows(struct review *v, enum review_pane pane);
/* Sets the first row shown; the last row never leaves the bottom. */
void review_scroll_to(struct review *v, enum review_pane pane, size_t top);
void review_scroll_by(struct review *v, enum review_pane pane, long step);
/* Shows a row, a third from the top when it was out of sight. */
void review_bring_row(struct review *v, enum review_pane pane, size_t row);
/* Scrolls a pane so that a place of its flow is in sight. */
void review_bring(struct review *v, enum review_pane pane, struct flow_at at);
size_t review_pane_count(struct review *v, enum review_pane pane, size_t bound);

/* review_walk.c: moving about. */
bool review_walk_command(struct review *v, const char *name);
int review_current_hunk(const struct review *v);
void review_show_hunk(struct review *v, int hunk);
void review_go_stop(struct review *v, int stop);
void review_follow(struct review *v);
void review_set_focus(struct review *v, enum review_pane pane);

/* review_history.c */
void review_history_load(struct review *v);

/* review_keys.c: what the line of next keys says in a mode; ended by a NULL mode. */
struct review_hint {
    const char *mode, *key, *does;
};
const struct review_hint *review_hints(void);

/* review.c */
void review_sayf(struct review *v, enum look look, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* review_paint.c */
void review_paint_editor(const struct paint *p, struct editor *e, int row, int col, int rows,
                         int cols, bool has_keys);
void review_draw_field(struct flow *f, size_t i, const struct paint *p, int row, int col, int cols,
                       enum look look);

/* review_paint_head.c */
void review_paint_title(struct review *v, const struct paint *p);
void review_paint_head(struct review *v, const struct paint *p, enum review_pane pane,
                       const struct review_rect *r);
void review_paint_hints(struct review *v, const struct paint *p);

/* review_paint_rule.c */
void review_paint_rule(struct review *v, const struct paint *p, const struct review_rect *r);
void review_rule_head(struct review *v, struct str *left, struct str *right);

#endif
