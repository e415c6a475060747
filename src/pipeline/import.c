#include "pipeline/import.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/progress.h"
#include "db/record_store.h"
#include "pipeline/import_answers.h"
#include "pipeline/reader.h"
#include "pipeline/rejects.h"
#include "pipeline/seen.h"

/* A batch is short and leaves a gap behind, in which a reviewer's decision finds its place. */
enum { BATCH_RECORDS = 2000, BATCH_MS = 100, GAP_MS = 5 };

struct import {
    struct store *store;
    const struct import_options *options;
    struct import_summary *sum;
    struct reader *reader;
    struct rejects *rejects;
    struct seen ids, lines; /* of this file; lines only in a dry run, where the store has none */
    const char *source; /* the file's name without folders */
    size_t in_batch;    /* records since the transaction was begun; 0: none is open */
    int64_t batch_began;
    struct import_summary stored; /* the summary as of the last batch that is safe */
};

static int end_batch(struct import *im, struct error *err)
{
    if (!im->in_batch)
        return 0;
    im->in_batch = 0;
    int result = store_commit(im->store, err);
    if (result == 0)
        im->stored = *im->sum;
    else
        store_rollback(im->store);
    struct timespec gap = {.tv_nsec = GAP_MS * 1000000L};
    if (clock_mono_ms() - im->batch_began >= BATCH_MS)
        nanosleep(&gap, NULL);
    return result;
}

static int begin_batch(struct import *im, struct error *err)
{
    if (im->in_batch || im->options->dry_run)
        return 0;
    if (store_begin(im->store, err) != 0)
        return -1;
    im->batch_began = clock_mono_ms();
    return 0;
}

static void refuse(struct import *im, const struct error *why)
{
    struct import_summary *sum = im->sum;
    if (!*sum->first_refusal)
        snprintf(sum->first_refusal, sizeof sum->first_refusal, "line %llu: %.480s",
                 (unsigned long long)reader_line(im->reader), why->text);
    sum->refused++;
    rejects_add(im->rejects, reader_line(im->reader), why->text, reader_text(im->reader));
}

static void count(struct import *im, enum record_put what)
{
    im->sum->repaired += (int64_t)reader_repaired(im->reader);
    switch (what) {
    case RECORD_ADDED: im->sum->added++; break;
    case RECORD_UPDATED: im->sum->updated++; break;
    case RECORD_UNCHANGED: im->sum->unchanged++; break;
    }
}

/* What a record is to this file alone: UPDATED when its id was used for another content. */
static int met_before(struct import *im, const struct record *r, enum record_put *what,
                      struct error *err)
{
    bool id_met = seen_add(&im->ids, slice_of(r->id)), line_met = false;
    *what = RECORD_ADDED;
    if (im->options->dry_run) {
        struct str line = {0};
        record_print(&line, r);
        line_met = seen_add(&im->lines, str_slice(&line));
        str_free(&line);
    }
    if (!id_met)
        return 0;
    if (!im->options->dry_run) /* its answer ADDED: another id that has the same hash */
        return record_store_would_put(im->store, r, what, err);
    *what = line_met ? RECORD_UNCHANGED : RECORD_UPDATED;
    return 0;
}

/* A second record under an id of this very file: the same again, or one too many. */
static void put_again(struct import *im, enum record_put what)
{
    struct error why = {0};
    if (what == RECORD_UNCHANGED) {
        count(im, what);
        return;
    }
    error_set(&why, ERR_INPUT, "id: this file has another record of this id before");
    refuse(im, &why);
}

static int put(struct import *im, const struct record *r, struct error *err)
{
    enum record_put what;
    int64_t id;
    if (im->options->dry_run) {
        if (record_store_would_put(im->store, r, &what, err) != 0)
            return -1;
        count(im, what);
        return 0;
    }
    if (record_store_put(im->store, r, im->source, (int64_t)reader_line(im->reader), &what, &id,
                         err) != 0)
        return -1;
    count(im, what);
    return import_answers(im->store, id, what, reader_answers(im->reader),
                          &im->sum->decisions, err);
}

static int take_record(struct import *im, const struct record *r, struct error *err)
{
    enum record_put before;
    if (begin_batch(im, err) != 0)
        return -1;
    im->in_batch += !im->options->dry_run;
    if (met_before(im, r, &before, err) != 0)
        return -1;
    if (before != RECORD_ADDED)
        put_again(im, before);
    else if (put(im, r, err) != 0)
        return -1;
    size_t most = im->options->batch ? im->options->batch : BATCH_RECORDS;
    if (im->in_batch < most && clock_mono_ms() - im->batch_began < BATCH_MS)
        return 0;
    return end_batch(im, err);
}

static int take_all(struct import *im, struct progress *bar, struct error *err)
{
    for (;;) {
        struct record r = {0};
        struct error why = {0};
        enum source_result result = reader_next(im->reader, &r, &why);
        int failed = 0;
        if (result == SOURCE_ITEM)
            failed = take_record(im, &r, err);
        else if (result == SOURCE_REFUSED)
            refuse(im, &why);
        record_free(&r);
        if (failed)
            return -1;
        if (result == SOURCE_END)
            return end_batch(im, err);
        if (result == SOURCE_FAILED) { /* keep what was read well */
            if (end_batch(im, err) != 0)
                return -1;
            return error_set(err, why.code, "%s", why.text);
        }
        if (bar)
            progress_set(bar, reader_done(im->reader));
    }
}

/* Where refused items go; NULL for nowhere. The caller frees. */
static char *rejects_path(const char *path, const struct import_options *options)
{
    struct str name = {0};
    if (options->dry_run)
        return NULL;
    if (options->rejects)
        return mem_strdup(options->rejects);
    if (strcmp(path, "-") == 0)
        return NULL;
    str_addf(&name, "%s.rejects.jsonl", path);
    return str_take(&name);
}

/* Takes out of the summary what was counted in a batch that did not land. What was refused stays:
 * it stands in the file of rejects. */
static void uncount(struct import *im)
{
    struct import_summary *sum = im->sum;
    sum->added = im->stored.added;
    sum->updated = im->stored.updated;
    sum->unchanged = im->stored.unchanged;
    sum->decisions = im->stored.decisions;
    sum->repaired = im->stored.repaired;
}

/* Reads the file and closes what belongs to it; a failure of rejects counts only where all else
 * went well. */
static int run(struct import *im, const char *path, struct error *err)
{
    char *rejected = rejects_path(path, im->options);
    im->rejects = rejects_open(rejected);
    struct progress *bar =
        im->options->progress ? progress_begin("importing", reader_size(im->reader)) : NULL;
    store_expect_writes(im->store, true);
    int result = take_all(im, bar, err);
    store_expect_writes(im->store, false);
    if (bar)
        progress_end(bar);
    if (result != 0 && im->in_batch)
        store_rollback(im->store);
    if (result != 0 && !im->options->dry_run)
        uncount(im);
    if (rejects_close(im->rejects, result == 0 ? err : NULL) != 0)
        result = -1;
    mem_free(rejected);
    return result;
}

int import_file(struct store *s, const char *path, const struct import_options *options,
                struct import_summary *sum, struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct import im = {.store = s,
                        .options = options,
                        .sum = sum,
                        .stored = *sum,
                        .source = slash ? slash + 1 : path,
                        .reader = reader_open(path, options->format, err)};
    if (!im.reader)
        return -1;
    int result = run(&im, path, err);
    if (result != 0)
        error_prefix(err, "%s: ", path);
    sum->format = reader_format(im.reader) ? reader_format(im.reader)->name : NULL;
    reader_close(im.reader);
    seen_free(&im.ids);
    seen_free(&im.lines);
    return result;
}
