#include <string.h>

#include "app/drafts.h"
#include "base/json.h"
#include "ui/views/review_screen.h"
#include "ui/views/rules.h"
#include "ui/views/training.h"
#include "ui/workbench_state.h"

static const char *view_word(const struct screen *s)
{
    return s->ops == &review_screen_ops ? "review"
           : s->ops == &rules_view_ops  ? "rules"
           : s->ops == &training_view_ops ? "training"
                                          : "";
}

/* The half-typed line apart: it is typed text, and the status bar says when it is not stored. */
static void note_asked(struct desk *d)
{
    struct slice text = d->ask.open ? str_slice(&d->ask.editor.text) : (struct slice){0};
    draft_note(d->session, 0, "ask", text);
}

void place_note(struct desk *d)
{
    struct json *place = json_new_object(), *queue = json_new_object();
    struct str text = {0};
    queue_view_save(desk_queue(d), queue);
    json_set(place, "queue", queue);
    for (size_t i = 1; i < d->depth; i++) {
        if (!view_word(&d->stack[i])[0])
            continue;
        json_set_string(place, "view", view_word(&d->stack[i]));
        if (d->stack[i].ops == &review_screen_ops)
            review_screen_save(d->stack[i].view, place);
    }
    if (d->ask.open && !d->done)
        json_set_string(place, "asked", str_z(&d->asked_by));
    json_print(&text, place);
    draft_note(d->session, 0, "place", str_slice(&text));
    note_asked(d);
    str_free(&text);
    json_free(place);
}

static void restore_view(struct desk *d, const struct json *place)
{
    const char *word = json_string(json_get(place, "view"), "");
    int64_t record = 0;
    json_int(json_get(place, "record"), &record);
    if (strcmp(word, "review") == 0 && record) {
        desk_open_record(d, record);
        if (desk_top(d)->ops == &review_screen_ops)
            review_screen_restore(desk_top(d)->view, place);
    } else if (strcmp(word, "rules") == 0 || strcmp(word, "training") == 0) {
        desk_command(d, word);
    }
}

/* Runs the command that asked again and gives it what was typed, not yet entered. */
static void restore_asked(struct desk *d, const char *command)
{
    struct str typed = {0};
    if (command[0] && draft_recall(d->session, 0, "ask", &typed)) {
        d->running = command;
        desk_command(d, command);
        d->running = NULL;
        if (d->ask.open)
            ask_set(&d->ask, str_slice(&typed));
    }
    str_free(&typed);
}

void place_restore(struct desk *d)
{
    struct str text = {0};
    struct json *place = NULL;
    if (draft_recall(d->session, 0, "place", &text))
        place = json_parse(str_slice(&text), NULL, NULL);
    if (place) {
        queue_view_restore(desk_queue(d), json_get(place, "queue"));
        restore_view(d, place);
        restore_asked(d, json_string(json_get(place, "asked"), ""));
        str_clear(&d->message);
    }
    json_free(place);
    str_free(&text);
}
