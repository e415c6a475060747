/* experiment: a whole experiment, or one of its tools. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/experiment.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"

enum { LINE_MS = 5000, QUESTION_MAX = 16 << 20, CORPUS_PIECE = 500 };

/* News as one line that is painted over on a terminal, and as a line every few seconds elsewhere. */
struct shown {
    bool terminal, painted;
    int64_t last, began;
    char stage[64];
};

static void show(void *context, const struct experiment_news *n)
{
    struct shown *s = context;
    int64_t now = clock_mono_ms();
    bool new_stage = strcmp(s->stage, n->stage) != 0;
    if (!new_stage && now - s->last < (s->terminal ? LINE_MS / 20 : LINE_MS))
        return;
    s->last = now;
    snprintf(s->stage, sizeof s->stage, "%s", n->stage);
    struct str line = {0};
    str_addf(&line, "%lld:%02lld  ", (long long)(now - s->began) / 60000, (long long)(now - s->began) / 1000 % 60);
    print_cell(&line, slice_of(n->stage), 18);
    if (n->share >= 0)
        str_addf(&line, " %3.0f %%", n->share * 100);
    if (n->seconds_left >= 0)
        str_addf(&line, ", %.0f s left", n->seconds_left);
    str_adds(&line, "  ");
    print_cell(&line, slice_of(n->said), 0);
    fprintf(stderr, s->terminal ? "\r\033[K%s" : "%s\n", line.at);
    s->painted = s->terminal;
    str_free(&line);
}

static int list(struct invocation *inv, struct error *err)
{
    struct str out = {0};
    if (inv_flag(inv, "json")) {
        struct json *j = json_new_array();
        for (size_t i = 0; experiments[i].name; i++) {
            struct json *e = json_new_object();
            json_set_string(e, "name", experiments[i].name);
            json_set_string(e, "about", experiments[i].about);
            json_push(j, e);
        }
        return print_json(j, err);
    }
    for (size_t i = 0; experiments[i].name; i++)
        str_addf(&out, "%s  %s\n", experiments[i].name, experiments[i].about);
    const struct experiment_size *sizes = experiment_sizes();
    for (size_t i = 0; sizes[i].name; i++)
        str_addf(&out, "  --size %-6s %s\n", sizes[i].name, sizes[i].about);
    return print_out(&out, err);
}

/* A grader as a program: a question on standard input, an answer on standard output. */
static int grade(int (*grader)(struct str *, struct slice, struct error *), struct error *err)
{
    struct str question = {0}, answer = {0};
    int result = file_read("-", QUESTION_MAX, &question, err);
    if (result == 0)
        result = grader(&answer, str_slice(&question), err);
    str_free(&question);
    if (result != 0) {
        str_free(&answer);
        return -1;
    }
    return print_out(&answer, err);
}

static int corpus(struct invocation *inv, struct error *err)
{
    bool ok = true;
    uint64_t count = (uint64_t)inv_number(inv, "count", 20000, 1, 100000000, &ok);
    uint64_t seed = (uint64_t)inv_number(inv, "seed", 1, 0, 1000000000, &ok);
    if (!ok)
        return error_set(err, ERR_USAGE, "a number is wrong");
    for (uint64_t at = 0; at < count; at += CORPUS_PIECE) {
        struct str piece = {0};
        uint64_t n = count - at < CORPUS_PIECE ? count - at : CORPUS_PIECE;
        if (experiment_corpus(&piece, inv_option(inv, "kind", "corpus"), seed, at, n, err) != 0) {
            str_free(&piece);
            return -1;
        }
        if (print_out(&piece, err) != 0)
            return -1;
    }
    return 0;
}

static int run(struct invocation *inv, struct error *err)
{
    bool ok = true;
    struct shown shown = {.terminal = isatty(2), .began = clock_mono_ms()};
    struct experiment_request q = {
        .name = inv_arg(inv, 0),
        .size = inv_option(inv, "size", NULL),
        .model = inv_option(inv, "model", NULL),
        .device = inv_option(inv, "device", NULL),
        .out = inv_option(inv, "out", NULL),
        .endpoint = inv_option(inv, "endpoint", NULL),
        .seeds = (int)inv_number(inv, "seeds", 0, 1, 100, &ok),
    };
    struct str results = {0}, text = {0};
    if (!ok)
        return error_set(err, ERR_USAGE, "a number is wrong");
    int result = experiment_run(&q, show, &shown, &results, err);
    if (shown.painted)
        fputc('\n', stderr);
    if (result == 0)
        str_addf(&text, "%s\n", results.at);
    str_free(&results);
    return result == 0 ? print_out(&text, err) : -1;
}

int cmd_experiment(struct invocation *inv)
{
    struct error err = {0};
    const char *what = inv_count(inv) ? inv_arg(inv, 0) : "list";
    int result = strcmp(what, "list") == 0     ? list(inv, &err)
                 : strcmp(what, "grade") == 0  ? grade(experiment_grade, &err)
                 : strcmp(what, "rouge") == 0  ? grade(experiment_rouge, &err)
                 : strcmp(what, "corpus") == 0 ? corpus(inv, &err)
                                               : run(inv, &err);
    return result == 0 ? EXIT_OK : inv_fail(inv, &err);
}
