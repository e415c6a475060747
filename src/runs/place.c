#include "runs/place.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "runs/place_parts.h"

static const struct place_row {
    const char *name;
    int (*run)(const struct place_work *w, struct error *err);
} places[] = {
    {"local", place_local},
};

static const struct place_row *find(const char *place)
{
    size_t len = strcspn(place, ":");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strlen(places[i].name) == len && strncmp(places[i].name, place, len) == 0)
            return &places[i];
    }
    return NULL;
}

int place_check(const char *place, struct error *err)
{
    return find(place) ? 0 : error_set(err, ERR_USAGE, "there is no place '%.80s' to train at; there is local", place);
}

int place_run(const struct place_work *w, struct error *err)
{
    const char *name = w->run->place[0] ? w->run->place : "local";
    const struct place_row *row = find(name);
    return row ? row->run(w, err) : place_check(name, err);
}

const char **place_words(const struct run *r, const char *const *first, struct error *err)
{
    const struct json *fit = json_get(r->about, "fit");
    size_t n = 0, given = 0;
    if (json_type(fit) != JSON_ARRAY) {
        error_set(err, ERR_CORRUPT, "run.json does not say how the run is started");
        return NULL;
    }
    while (first[given])
        given++;
    const char **words = mem_zalloc(given + json_size(fit) + 2, sizeof *words);
    for (; n < given; n++)
        words[n] = first[n];
    for (const struct json *w = json_first(fit); w; w = json_next(w))
        words[n++] = json_string(w, "");
    words[n++] = "--resume"; /* begins where there is no checkpoint yet */
    words[n] = NULL;
    return words;
}

/* hinge-train's own last words end up as the reason; what libraries print is in the log alone. */
void place_complaint(void *work, struct slice line)
{
    const struct place_work *w = work;
    log_write(w->log, LOG_LEVEL_ERROR, "%.*s", line.len > 2000 ? 2000 : (int)line.len, line.at);
    const char *at = slice_starts(line, "hinge-train fit: ") ? line.at + strlen("hinge-train fit: ") : line.at;
    if (at != line.at || !w->end->said[0])
        snprintf(w->end->said, sizeof w->end->said, "%.*s", (int)(line.len - (size_t)(at - line.at)), at);
}
