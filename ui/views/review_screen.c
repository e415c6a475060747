#include "ui/views/review_screen.h"

#include <string.h>

#include "base/mem.h"
#include "ui/views/review.h"

struct review_screen {
    struct desk *desk;
    struct review *review;
};

struct review_screen *review_screen_new(struct desk *d, bool signs, bool ascii)
{
    struct review_screen *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->review = review_new(desk_session(d), signs, ascii);
    return v;
}

static void screen_free(void *view)
{
    struct review_screen *v = view;
    review_free(v->review);
    mem_free(v);
}

int review_screen_open(struct review_screen *v, int64_t record, struct error *err)
{
    if (review_open(v->review, record, err) != 0)
        return -1;
    session_look_at(desk_session(v->desk), record);
    return 0;
}

void review_screen_reload(struct review_screen *v)
{
    struct error err = {0};
    if (!review_typing(v->review) && review_reload(v->review, &err) != 0)
        desk_fault(v->desk, &err);
}

static void open_other(struct review_screen *v, int64_t record, const struct str *said)
{
    struct error err = {0};
    if (review_screen_open(v, record, &err) != 0)
        desk_fault(v->desk, &err);
    else if (said->len)
        review_say(v->review, LOOK_GOOD, str_z(said));
}

/* On to the next undecided record; what was done to the last one stays on the line above the status
 * bar. */
static void go_on(struct review_screen *v)
{
    struct str said = {0};
    enum look look;
    const char *message = review_message(v->review, &look);
    if (message)
        str_adds(&said, message);
    int64_t next = desk_next_undecided(v->desk, review_record(v->review));
    if (next && next != review_record(v->review)) {
        open_other(v, next, &said);
    } else {
        review_screen_reload(v); /* it stays on screen, and is no longer undecided */
        desk_say(v->desk, LOOK_GOOD, "%s%snothing undecided is left under this limit", str_z(&said),
                 said.len ? "; " : "");
    }
    str_free(&said);
}

static void go_to(struct review_screen *v, int64_t record)
{
    struct str said = {0};
    enum look look;
    const char *message = review_message(v->review, &look);
    if (message)
        str_adds(&said, message);
    open_other(v, record, &said);
    str_free(&said);
}

static bool command(void *view, const char *name)
{
    struct review_screen *v = view;
    enum review_wish wish = review_command(v->review, name);
    if (wish == REVIEW_UNKNOWN)
        return false;
    desk_changed(v->desk); /* cheaper than asking whether it did: only the view on top reads anew */
    if (wish == REVIEW_CLOSE)
        desk_close(v->desk);
    else if (wish == REVIEW_NEXT)
        go_on(v);
    else if (wish == REVIEW_GO)
        go_to(v, review_target(v->review));
    else if (wish == REVIEW_EDITOR)
        desk_want_editor(v->desk, review_editor_text(v->review));
    return true;
}

static void paint(void *view, const struct paint *p)
{
    struct review_screen *v = view;
    review_paint(v->review, p);
}

static const char *mode_now(void *view)
{
    struct review_screen *v = view;
    return review_mode_name(v->review);
}

static bool typing(void *view)
{
    struct review_screen *v = view;
    return review_typing(v->review);
}

static void type(void *view, struct slice text)
{
    struct review_screen *v = view;
    review_type(v->review, text);
}

static void say(void *view, enum look look, const char *text)
{
    struct review_screen *v = view;
    review_say(v->review, look, text);
}

static void edited(void *view, struct slice text)
{
    struct review_screen *v = view;
    review_edited(v->review, text);
}

void review_screen_save(const struct review_screen *v, struct json *out)
{
    struct str place = {0};
    review_save(v->review, &place);
    json_set_int(out, "record", review_record(v->review));
    json_set_string(out, "review", str_z(&place));
    str_free(&place);
}

void review_screen_restore(struct review_screen *v, const struct json *saved)
{
    review_restore(v->review, slice_of(json_string(json_get(saved, "review"), "")));
}

static bool idle(void *view)
{
    struct review_screen *v = view;
    return review_idle(v->review);
}

const struct view_ops review_screen_ops = {
    .idle = idle,
    .mode = "review",
    .own_hints = true,
    .free = screen_free,
    .command = command,
    .paint = paint,
    .mode_now = mode_now,
    .typing = typing,
    .type = type,
    .say = say,
    .edited = edited,
};
