#include "runs/place.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "runs/place_parts.h"

static const struct place_row {
    const char *name;
    int (*run)(const struct place_work *w, struct error *err);
    /* Each may be NULL. */
    int (*check)(const char *place, struct error *err);
    int (*delete)(const struct run *r, const struct place_settings *settings, struct error *err);
} places[] = {
    {"local", place_local, NULL, NULL},
    {"ssh", place_ssh, place_ssh_check, place_ssh_delete},
    {"slurm", place_slurm, NULL, place_slurm_cancel},
};

static const struct place_row *find(const char *place)
{
    size_t len = strcspn(place, ":");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        bool of_host = places[i].check != NULL;
        if (strlen(places[i].name) == len && strncmp(places[i].name, place, len) == 0 && (place[len] == ':') == of_host)
            return &places[i];
    }
    return NULL;
}

static const struct place_row *row_of(const struct run *r)
{
    return find(r->place[0] ? r->place : "local");
}

int place_check(const char *place, struct error *err)
{
    const struct place_row *row = find(place);
    if (!row)
        return error_set(err, ERR_USAGE, "there is no place '%.80s' to train at; there are local, ssh:HOST and slurm", place);
    return row->check ? row->check(place, err) : 0;
}

const char *place_name(const char *place)
{
    const char *colon = strchr(place, ':');
    return colon ? colon + 1 : place;
}

int place_run(const struct place_work *w, struct error *err)
{
    const struct place_row *row = row_of(w->run);
    return row ? row->run(w, err) : place_check(w->run->place, err);
}

int place_delete(const struct run *r, const struct place_settings *settings, struct error *err)
{
    const struct place_row *row = row_of(r);
    return row && row->delete ? row->delete(r, settings, err) : 0;
}

int place_processes(const struct run *r)
{
    double n = json_number(json_get(r->about, "processes"), 1);
    return n >= 1 && n <= 65536 ? (int)n : 1;
}

const char **place_words_at(const struct run *r, const char *const *first, const char *model, struct error *err)
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
    for (const struct json *w = json_first(fit); w; w = json_next(w)) {
        bool is_model = model && n > given && strcmp(words[n - 1], "--model") == 0;
        words[n++] = is_model ? model : json_string(w, "");
    }
    words[n++] = "--resume"; /* begins where there is no checkpoint yet */
    words[n] = NULL;
    return words;
}

const char **place_words(const struct run *r, const char *const *first, struct error *err)
{
    return place_words_at(r, first, NULL, err);
}

/* hinge-train's own last words end up as the reason; what libraries print is in the log alone. */
void place_said(struct run_end *end, struct slice line)
{
    bool own = slice_starts(line, "hinge-train fit: ");
    struct slice said = slice_sub(line, own ? strlen("hinge-train fit: ") : 0, line.len);
    if (said.len && (own || !end->said[0]))
        snprintf(end->said, sizeof end->said, "%.*s", (int)said.len, said.at);
}

/* hinge-train writes to the log itself where it got that far. */
static bool is_logged(const struct run *r, struct slice line)
{
    struct str last = {0};
    bool is = run_log_tail(r, 1, &last, NULL) == 0;
    if (slice_starts(line, "hinge-train fit: "))
        line = slice_sub(line, strlen("hinge-train fit: "), line.len);
    struct slice end = slice_trim(str_slice(&last));
    is = is && line.len && end.len > line.len && slice_eq(slice_sub(end, end.len - line.len, end.len), line);
    str_free(&last);
    return is;
}

void place_complaint(void *work, struct slice line)
{
    const struct place_work *w = work;
    if (!is_logged(w->run, line))
        log_write(w->log, LOG_LEVEL_ERROR, "%.*s", line.len > 2000 ? 2000 : (int)line.len, line.at);
    place_said(w->end, line);
}
