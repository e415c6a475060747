/* Questions over HTTP: what a status means, what a person can do about it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "llm/lane.h"
#include "llm/retry.h"
#include "llm/wire.h"

/* The tag of a request in flight. */
struct flight {
    struct flight *next, **at; /* at: what points to this one */
    struct lane *lane;
    struct question *question;
};

struct http {
    const struct wire *wire;
    struct http_target *target;
    struct flight *flights;
};

static bool is_header(const char *line)
{
    const char *colon = strchr(line, ':');
    for (const char *p = line; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F || (p < colon && isspace((unsigned char)*p)))
            return false;
    }
    return colon && colon > line;
}

static int check_endpoint(const struct endpoint *e, struct error *err)
{
    const char *url = endpoint_public_url(e->kind);
    if (!e->model || !e->model[0])
        return error_set(err, ERR_INPUT, "no model is set");
    if (!e->base_url || !e->base_url[0])
        return error_set(err, ERR_INPUT, "no url is set");
    if (!e->key && strcmp(e->base_url, url) == 0)
        return error_set(err, ERR_ABSENT, "it has no key: set key-env or key-file");
    if (e->key && (!e->key[0] || strpbrk(e->key, "\r\n\t ")))
        return error_set(err, ERR_INPUT, "the key from %s is empty or holds blanks", e->key_from ? e->key_from : "?");
    for (const char *const *h = e->headers; h && *h; h++) {
        if (!is_header(*h))
            return error_set(err, ERR_INPUT, "a header is not of the form Name: value");
    }
    return 0;
}

static int open_target(struct llm *l, struct lane *n, struct http *h, struct error *err)
{
    const struct endpoint *e = n->endpoint;
    struct str url = {0}, secret = {0};
    h->wire->url(e, &url);
    if (e->key)
        str_addf(&secret, "%s%s", h->wire->key_line, e->key);
    struct http_target_options o = {.url = str_z(&url),
                                    .secret_line = e->key ? str_z(&secret) : NULL,
                                    .line = h->wire->header,
                                    .lines = e->headers,
                                    .ca_file = e->ca_file,
                                    .proxy = e->proxy,
                                    .connect_seconds = e->connect_seconds,
                                    .silence_seconds = e->silence_seconds,
                                    .timeout_seconds = e->timeout_seconds,
                                    .max_reply = e->max_reply,
                                    .plain_http = e->plain_http};
    h->target = transport_target(l->transport, &o, err);
    for (volatile char *p = secret.at; p && *p; p++)
        *p = '\0';
    str_free(&secret);
    str_free(&url);
    return h->target ? 0 : -1;
}

static int open_lane(struct llm *l, struct lane *n, struct error *err)
{
    if (check_endpoint(n->endpoint, err) != 0)
        return -1;
    if (!l->transport && !(l->transport = transport_open(err)))
        return -1;
    struct http *h = mem_zalloc(1, sizeof *h);
    h->wire = wire_of(n->endpoint->kind);
    n->own = h;
    return open_target(l, n, h, err);
}

static struct flight *flight_begin(struct lane *n, struct question *q)
{
    struct http *h = n->own;
    struct flight *f = mem_alloc(sizeof *f);
    *f = (struct flight){h->flights, &h->flights, n, q};
    if (f->next)
        f->next->at = &f->next;
    h->flights = f;
    return f;
}

static struct question *flight_end(struct flight *f)
{
    struct question *q = f->question;
    *f->at = f->next;
    if (f->next)
        f->next->at = f->at;
    mem_free(f);
    return q;
}

static void close_lane(struct lane *n)
{
    struct http *h = n->own;
    while (h->flights)
        question_free(flight_end(h->flights));
    mem_free(h); /* the target is the transport's */
}

static int write_question(struct lane *n, const struct chat_request *r, struct question *q, struct error *err)
{
    const struct http *h = n->own;
    struct json *body = h->wire->write(n->endpoint, r, err);
    if (!body)
        return -1;
    json_print(&q->body, body);
    json_free(body);
    q->tokens = (int64_t)(q->body.len / 4) + (int64_t)n->mean_out;
    return 0;
}

static void start(struct llm *l, struct lane *n, struct question *q)
{
    const struct http *h = n->own;
    char line[128];
    snprintf(line, sizeof line, "Idempotency-Key: %s", q->hash);
    struct flight *f = flight_begin(n, q);
    struct error err = {0};
    if (transport_post(l->transport, h->target, str_slice(&q->body), h->wire->idempotent ? line : NULL, f, &err) == 0)
        return;
    flight_end(f);
    lane_fail(l, n, q, &(struct lane_failure){.wait_ms = -1, .error = err});
}

static bool is_any(const char *code, const char *const *codes)
{
    for (; *codes; codes++) {
        if (strcmp(code, *codes) == 0)
            return true;
    }
    return false;
}

/* Both may come with a status that says something else. */
static bool is_spent(int status, const char *code)
{
    static const char *const codes[] = {"insufficient_quota", "billing_hard_limit_reached", NULL};
    return status == 402 || is_any(code, codes);
}

static bool is_bad_key(int status, const char *code)
{
    static const char *const codes[] = {"invalid_api_key", "API_KEY_INVALID", NULL};
    return status == 401 || is_any(code, codes);
}

static const char *advice(int status, const char *code)
{
    static const struct {
        int status;
        const char *text;
    } table[] = {
        {400, "it does not accept the request"},
        {403, "the key may not use this model"},
        {404, "it knows no such model or address: check model and url"},
        {405, "this is no address for questions: check url"},
        {407, "the proxy wants a name and a password: set proxy to http://name:password@host:port"},
        {408, "it waited too long for the request"},
        {413, "the question is too large for it"},
        {422, "it does not accept the request"},
        {429, "it asks to slow down: lower parallel, requests-per-minute or tokens-per-minute"},
        {503, "it is overloaded or starting"},
        {529, "it is overloaded"},
    };
    if (is_spent(status, code))
        return "the account has no credit left";
    if (is_bad_key(status, code))
        return "it does not accept the key; is it right, and not expired?";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].status == status)
            return table[i].text;
    }
    return status >= 500 ? "it has trouble of its own" : "it refuses";
}

static int64_t asked_wait(const struct http_result *r, const struct wire_fault *f)
{
    int64_t ms = r->retry_after_ms[0] ? retry_after_ms(r->retry_after_ms) : -1;
    if (ms < 0 && r->retry_after[0])
        ms = retry_after(r->retry_after, clock_now_ms());
    return ms < 0 ? f->retry_ms : ms;
}

static void explain(struct error *err, const struct lane *n, int status, const struct wire_fault *f,
                    const struct question *q)
{
    const struct http *h = n->own;
    const struct endpoint *e = n->endpoint;
    struct str said = {0};
    const char *code = str_z(&f->code);
    bool key = is_bad_key(status, code) && e->key_from;
    said_add(&said, slice_trim(str_slice(&f->message)), e->key, str_slice(&q->body));
    error_set(err, ERR_IO, "%s: %.80s answered HTTP %d: %s%s%.80s%s", e->name, http_target_host(h->target), status,
              advice(status, code), key ? " (from " : "", key ? e->key_from : "", key ? ")" : "");
    if (said.len) {
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof err->text - len, "; it says: %s", str_z(&said));
        while (!utf8_valid(slice_of(err->text)))
            err->text[strlen(err->text) - 1] = '\0';
    }
    str_free(&said);
}

/* A status that is no success. */
static void fail_status(struct llm *l, struct lane *n, struct question *q, const struct http_result *r, int status,
                        const struct wire_fault *f)
{
    const char *code = str_z(&f->code);
    struct lane_failure failure = {.heals = retry_heals(status),
                                   /* nothing sent with this key will be answered until a person acts */
                                   .hopeless = is_spent(status, code) || is_bad_key(status, code),
                                   .rest = status == 429 || status == 503 || status == 529,
                                   .wait_ms = asked_wait(r, f),
                                   .status = status,
                                   .milliseconds = r->milliseconds};
    if (strcmp(r->should_retry, "false") == 0)
        failure.heals = false;
    explain(&failure.error, n, status, f, q);
    lane_fail(l, n, q, &failure);
}

static bool is_json(const char *content_type)
{
    return !content_type[0] || strstr(content_type, "json") != NULL;
}

/* Status 200 with something that is no answer. */
static void fail_unreadable(struct llm *l, struct lane *n, struct question *q, const struct http_result *r,
                            const struct error *why)
{
    const struct http *h = n->own;
    bool json = is_json(r->content_type);
    struct lane_failure f = {.heals = json,
                             .wait_ms = -1,
                             .status = r->status,
                             .milliseconds = r->milliseconds,
                             .raw = str_slice(&r->body)};
    struct str type = {0};
    said_add(&type, slice_sub(slice_of(r->content_type), 0, strcspn(r->content_type, ";")), n->endpoint->key,
             SLICE("{}"));
    if (json)
        error_set(&f.error, ERR_INPUT, "%s: %.100s: %s", n->endpoint->name, http_target_host(h->target), why->text);
    else
        error_set(&f.error, ERR_INPUT, "%s: %.100s answered with %s instead of JSON: is url right?",
                  n->endpoint->name, http_target_host(h->target), str_z(&type));
    str_free(&type);
    lane_fail(l, n, q, &f);
}

static void take_success(struct llm *l, struct lane *n, struct question *q, struct http_result *r)
{
    const struct http *h = n->own;
    struct wire_reply reply;
    struct error err = {0};
    if (wire_read_text(h->wire, str_slice(&r->body), &reply, &err) != 0) {
        struct wire_fault f = {0};
        struct json *j = json_parse(str_slice(&r->body), NULL, NULL);
        wire_read_fault(j, &f); /* some gateways send a fault with status 200 */
        json_free(j);
        if (f.status)
            fail_status(l, n, q, r, f.status, &f);
        else
            fail_unreadable(l, n, q, r, &err);
        wire_fault_free(&f);
        return;
    }
    struct llm_answer a = {.outcome = LLM_OK,
                           .text = reply.text,
                           .finish = reply.finish,
                           .usage = reply.usage,
                           .status = r->status,
                           .milliseconds = r->milliseconds};
    memcpy(a.model, reply.model, sizeof a.model);
    lane_answer(l, n, q, &a);
}

static void take_fault(struct llm *l, struct lane *n, struct question *q, const struct http_result *r)
{
    struct str clean = {0};
    struct wire_fault f = {0};
    bool repaired = utf8_repair(&clean, str_slice(&r->body)) > 0;
    struct json *j = json_parse(repaired ? str_slice(&clean) : str_slice(&r->body), NULL, NULL);
    wire_read_fault(j, &f);
    fail_status(l, n, q, r, r->status, &f);
    json_free(j);
    wire_fault_free(&f);
    str_free(&clean);
}

void lane_http_result(struct llm *l, struct http_result *r)
{
    struct flight *f = r->tag;
    struct lane *n = f->lane;
    struct question *q = flight_end(f);
    if (r->end != HTTP_ANSWERED) {
        struct lane_failure failure = {.heals = r->end == HTTP_BROKEN,
                                       .wait_ms = -1,
                                       .status = r->status,
                                       .milliseconds = r->milliseconds,
                                       .raw = str_slice(&r->body),
                                       .error = r->error};
        error_prefix(&failure.error, "%s: ", n->endpoint->name);
        lane_fail(l, n, q, &failure);
    } else if (r->status == 200) {
        take_success(l, n, q, r);
    } else {
        take_fault(l, n, q, r);
    }
}

const struct lane_ops lane_http = {.open = open_lane, .close = close_lane, .write = write_question, .start = start};
