/* Answers from a recorded file: by the hash of the question, else by its label. What was recorded later counts. */
#include <stdio.h>

#include "base/array.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "llm/lane.h"
#include "llm/wire.h"

enum { LINE_MAX_BYTES = 16 << 20 };

struct replay {
    struct map *by_hash, *by_label; /* -> index of a reply */
    struct wire_reply *replies;
    size_t count, cap;
};

static void close_lane(struct lane *n)
{
    struct replay *p = n->own;
    for (size_t i = 0; i < p->count; i++)
        wire_reply_free(&p->replies[i]);
    mem_free(p->replies);
    map_free(p->by_hash);
    map_free(p->by_label);
    mem_free(p);
}

/* "text", or "json": a value, as people write recordings by hand. */
static int read_reply(const struct json *reply, struct wire_reply *out, struct error *err)
{
    const struct json *value = json_get(reply, "json");
    const char *text = json_string(json_get(reply, "text"), NULL);
    if (!text && !value)
        return error_set(err, ERR_INPUT, "reply has neither text nor json");
    *out = (struct wire_reply){.finish = chat_finish_parse(json_string(json_get(reply, "finish"), "stop"))};
    if (text)
        str_adds(&out->text, text);
    else
        json_print(&out->text, value);
    out->usage.in = wire_count(reply, "in");
    out->usage.out = wire_count(reply, "out");
    out->usage.cached = wire_count(reply, "cached");
    wire_model(out, json_get(reply, "model"));
    return 0;
}

static int read_line(struct replay *p, struct slice line, struct error *err)
{
    struct str clean = {0};
    bool repaired = utf8_repair(&clean, line) > 0;
    struct json *j = json_parse(repaired ? str_slice(&clean) : line, NULL, err);
    str_free(&clean);
    if (!j)
        return -1;
    struct wire_reply reply;
    int result = -1;
    if (json_type(j) != JSON_OBJECT || json_type(json_get(j, "reply")) != JSON_OBJECT)
        error_set(err, ERR_INPUT, "expected {\"for\": LABEL, \"hash\": HASH, \"reply\": {\"text\": ...}}");
    else
        result = read_reply(json_get(j, "reply"), &reply, err);
    if (result == 0) {
        struct slice hash = slice_of(json_string(json_get(j, "hash"), "")),
                     label = slice_of(json_string(json_get(j, "for"), ""));
        if (hash.len)
            map_put(p->by_hash, hash, p->count);
        if (label.len)
            map_put(p->by_label, label, p->count);
        p->replies = array_reserve(p->replies, &p->cap, p->count + 1, sizeof *p->replies);
        p->replies[p->count++] = reply;
    }
    json_free(j);
    return result;
}

static int read_file(struct replay *p, const char *path, struct error *err)
{
    struct lines *l = lines_open(path, LINE_MAX_BYTES, err);
    struct slice line;
    enum lines_result got = LINES_FAILED;
    int result = l ? 0 : -1;
    while (result == 0 && (got = lines_next(l, &line, err)) == LINES_LINE) {
        if (slice_trim(line).len && read_line(p, line, err) != 0)
            result = error_prefix(err, "%s: line %llu: ", path, (unsigned long long)lines_number(l));
    }
    if (result == 0 && got == LINES_TOO_LONG)
        result = error_set(err, ERR_LIMIT, "%s: a line is longer than %d bytes", path, LINE_MAX_BYTES);
    lines_close(l);
    return result == 0 && got != LINES_FAILED ? 0 : -1;
}

static int open_lane(struct llm *l, struct lane *n, struct error *err)
{
    (void)l;
    if (!n->endpoint->replay)
        return error_set(err, ERR_INPUT, "no replay file is set");
    struct replay *p = mem_zalloc(1, sizeof *p);
    p->by_hash = map_new();
    p->by_label = map_new();
    n->own = p;
    return read_file(p, n->endpoint->replay, err);
}

static int write_question(struct lane *n, const struct chat_request *r, struct question *q, struct error *err)
{
    (void)n, (void)r, (void)q, (void)err;
    return 0;
}

static void start(struct llm *l, struct lane *n, struct question *q)
{
    const struct replay *p = n->own;
    uint64_t at;
    if (!map_get(p->by_hash, slice_of(q->asked), &at) && !map_get(p->by_label, slice_of(q->label), &at)) {
        struct lane_failure f = {.wait_ms = -1, .status = 404};
        error_set(&f.error, ERR_ABSENT, "%s: %s holds no reply for \"%.120s\"", n->endpoint->name,
                  n->endpoint->replay, q->label);
        lane_fail(l, n, q, &f);
        return;
    }
    const struct wire_reply *r = &p->replies[at];
    struct llm_answer a = {.outcome = LLM_OK, .finish = r->finish, .usage = r->usage};
    str_add_slice(&a.text, str_slice(&r->text));
    snprintf(a.model, sizeof a.model, "%s", r->model[0] || !n->endpoint->model ? r->model : n->endpoint->model);
    lane_answer(l, n, q, &a);
}

const struct lane_ops lane_replay = {.open = open_lane, .close = close_lane, .write = write_question, .start = start};
