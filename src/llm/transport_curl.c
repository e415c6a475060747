/*
 * libcurl's multi interface, driven by poll(2) through its socket callbacks: what a wake-up costs depends on the
 * sockets that are ready, not on how many are open.
 */
#include "llm/transport_curl_parts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"

enum { MOVES_MAX = 5, DESCRIPTORS = 1024 };

struct transport {
    CURLM *multi;
    struct http_target *targets;
    struct transfer **active;
    size_t n_active, cap_active;
    struct transfer *first, **last; /* results */
    struct pollfd *sockets, *polled;
    size_t n_sockets, cap_sockets, cap_polled;
    int64_t timer_at; /* monotonic ms when libcurl wants to be called, -1 for never */
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    (void)easy, (void)known;
    struct transport *t = context;
    size_t i = 0;
    while (i < t->n_sockets && t->sockets[i].fd != fd)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < t->n_sockets)
            t->sockets[i] = t->sockets[--t->n_sockets];
        return 0;
    }
    if (i == t->n_sockets) {
        t->sockets = array_reserve(t->sockets, &t->cap_sockets, t->n_sockets + 1, sizeof *t->sockets);
        t->n_sockets++;
    }
    short events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    t->sockets[i] = (struct pollfd){.fd = fd, .events = events};
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *context)
{
    (void)multi;
    struct transport *t = context;
    t->timer_at = ms < 0 ? -1 : clock_mono_ms() + ms;
    return 0;
}

/* Some systems start with 256 descriptors, too few for as many requests and the rest of the program. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* without it, connections fail and are tried again */
}

struct transport *transport_open(struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(err, ERR_INTERNAL, "libcurl cannot be started");
        return NULL;
    }
    struct transport *t = mem_zalloc(1, sizeof *t);
    raise_descriptors();
    t->last = &t->first;
    t->timer_at = -1;
    t->multi = curl_multi_init();
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return t;
}

struct http_target *transport_target(struct transport *t, const struct http_target_options *o, struct error *err)
{
    struct http_target *g = http_target_new(o, err);
    if (g) {
        g->next = t->targets;
        t->targets = g;
    }
    return g;
}

void transport_close(struct transport *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_active; i++) {
        curl_multi_remove_handle(t->multi, t->active[i]->easy);
        http_transfer_free(t->active[i]);
    }
    while (t->first) {
        struct transfer *x = t->first;
        t->first = x->next;
        http_transfer_free(x);
    }
    while (t->targets) {
        struct http_target *g = t->targets;
        t->targets = g->next;
        http_target_free(g);
    }
    curl_multi_cleanup(t->multi);
    mem_free(t->active);
    mem_free(t->sockets);
    mem_free(t->polled);
    mem_free(t);
    curl_global_cleanup();
}

void http_result_free(struct http_result *r)
{
    str_free(&r->body);
}

/* A connection that a finished transfer leaves stays open for the next: as many as may be in flight. */
static void activate(struct transport *t, struct transfer *x)
{
    t->active = array_reserve(t->active, &t->cap_active, t->n_active + 1, sizeof *t->active);
    x->at = t->n_active;
    t->active[t->n_active++] = x;
    curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)(t->cap_active > 8 ? t->cap_active : 8));
}

static void deactivate(struct transport *t, struct transfer *x)
{
    t->active[x->at] = t->active[--t->n_active];
    t->active[x->at]->at = x->at;
    curl_multi_remove_handle(t->multi, x->easy);
}

int transport_post(struct transport *t, struct http_target *g, struct slice body, const char *line, void *tag,
                   struct error *err)
{
    struct transfer *x = g->idle;
    if (x)
        g->idle = x->next;
    else
        x = http_transfer_new(g);
    x->result = (struct http_result){.tag = tag};
    x->moves = 0;
    x->sent = 0;
    x->too_large = false;
    x->why[0] = '\0';
    x->heard_at = clock_mono_ms();
    snprintf(x->line, sizeof x->line, "%s", line ? line : "");
    x->own = (struct curl_slist){.data = x->line, .next = g->lines};
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, line ? &x->own : g->lines);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, body.at);
    if (curl_multi_add_handle(t->multi, x->easy) != CURLM_OK) {
        http_transfer_free(x);
        return error_set(err, ERR_INTERNAL, "libcurl does not take a request");
    }
    activate(t, x);
    return 0;
}

/* The transfer is no longer active: its result waits to be taken. */
static void deliver(struct transport *t, struct transfer *x)
{
    x->next = NULL;
    *t->last = x;
    t->last = &x->next;
}

static void finish(struct transport *t, struct transfer *x)
{
    deactivate(t, x);
    deliver(t, x);
}

/* A redirect that keeps the method is followed on the same scheme, host and port alone: the key goes nowhere else.
 * True when nothing more is to be done here: the request is on its way again, or its end was delivered. */
static bool go_on_elsewhere(struct transport *t, struct transfer *x)
{
    char *where = NULL;
    int status = x->result.status;
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &where);
    if (!where || !http_same_origin(x->target->url, where)) {
        http_transfer_fail(x, HTTP_NEVER, "%.100s redirects to another address (HTTP %d), which is not followed so that the key "
             "goes nowhere else: set url to where the server is", x->target->host, status);
        return false;
    }
    if ((status != 307 && status != 308) || ++x->moves > MOVES_MAX) {
        http_transfer_fail(x, HTTP_NEVER, "%.100s redirects (HTTP %d): set url to where the server is", x->target->host,
             status);
        return false;
    }
    char *copy = mem_strdup(where);
    void *tag = x->result.tag;
    deactivate(t, x);
    http_result_free(&x->result);
    x->result = (struct http_result){.tag = tag};
    curl_easy_setopt(x->easy, CURLOPT_URL, copy);
    mem_free(copy);
    if (curl_multi_add_handle(t->multi, x->easy) == CURLM_OK) {
        activate(t, x);
    } else {
        http_transfer_fail(x, HTTP_BROKEN, "the redirect of %.100s could not be followed", x->target->host);
        deliver(t, x);
    }
    return true;
}

static void on_done(struct transport *t, struct transfer *x, CURLcode code)
{
    long status = 0;
    curl_off_t total = 0, before = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &total);
    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &before);
    x->result.status = (int)status;
    x->result.milliseconds = (total - before) / 1000;
    if (x->too_large)
        http_transfer_fail(x, HTTP_NEVER, "the answer of %.100s is larger than %.3g MiB (max-reply)", x->target->host,
             (double)x->target->max_reply / (1 << 20));
    else if (code != CURLE_OK)
        http_transfer_explain(x, code);
    else if (status >= 300 && status < 400 && go_on_elsewhere(t, x))
        return;
    finish(t, x);
}

static void collect_done(struct transport *t)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(t->multi, &left)) != NULL) {
        char *x = NULL;
        CURLcode code = m->data.result; /* m is gone once its handle is removed */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
        on_done(t, (struct transfer *)(void *)x, code);
    }
}

/* Ends what has been silent for too long. An upload that moves is not silent. Returns when to look again. */
static int64_t check_silence(struct transport *t, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < t->n_active; i++) {
        struct transfer *x = t->active[i];
        int64_t over = x->heard_at + x->target->silence_ms;
        if (now >= over) {
            curl_off_t sent = 0;
            curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
            if (sent > x->sent) {
                x->sent = sent;
                x->heard_at = now;
                over = now + x->target->silence_ms;
            } else {
                long status = 0;
                curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
                x->result.status = (int)status;
                http_transfer_fail(x, HTTP_BROKEN, "%.100s said nothing for %g s (silence-seconds)", x->target->host,
                     (double)x->target->silence_ms / 1000);
                finish(t, x);
                i--;
                continue;
            }
        }
        next = over < next ? over : next;
    }
    return next;
}

/* One round of poll: true when it is worth another. */
static int poll_once(struct transport *t, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err)
{
    size_t n = n_fds + t->n_sockets;
    t->polled = array_reserve(t->polled, &t->cap_polled, n + 1, sizeof *t->polled);
    if (n_fds)
        memcpy(t->polled, fds, n_fds * sizeof *fds);
    if (t->n_sockets)
        memcpy(t->polled + n_fds, t->sockets, t->n_sockets * sizeof *t->sockets);
    int ready = poll(t->polled, (nfds_t)n, timeout_ms), running;
    if (ready < 0 && errno != EINTR && errno != EAGAIN)
        return error_errno(err, "waiting for the network");
    for (size_t i = 0; i < n_fds; i++)
        fds[i].revents = ready > 0 ? t->polled[i].revents : 0;
    for (size_t i = n_fds; ready > 0 && i < n; i++) {
        short r = t->polled[i].revents;
        int what = (r & POLLIN ? CURL_CSELECT_IN : 0) | (r & POLLOUT ? CURL_CSELECT_OUT : 0) |
                   (r & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_IN | CURL_CSELECT_ERR : 0);
        if (what)
            curl_multi_socket_action(t->multi, t->polled[i].fd, what, &running);
    }
    if (t->timer_at >= 0 && clock_mono_ms() >= t->timer_at) {
        t->timer_at = -1;
        curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect_done(t);
    return 0;
}

static bool any_ready(const struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents)
            return true;
    }
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int transport_wait(struct transport *t, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err)
{
    int64_t now = clock_mono_ms(), until = timeout_ms < 0 ? INT64_MAX : now + timeout_ms;
    for (;;) {
        int64_t wake = least(until, check_silence(t, now));
        if (t->timer_at >= 0)
            wake = least(wake, t->timer_at);
        if (t->first)
            wake = now;
        int64_t ms = wake == INT64_MAX ? -1 : wake > now ? least(wake - now, 1 << 30) : 0;
        if (poll_once(t, (int)ms, fds, n_fds, err) != 0)
            return -1;
        now = clock_mono_ms();
        if (t->first || any_ready(fds, n_fds) || now >= until || (wake == INT64_MAX && t->n_active == 0))
            return 0;
    }
}

bool transport_next(struct transport *t, struct http_result *out)
{
    struct transfer *x = t->first;
    if (!x)
        return false;
    t->first = x->next;
    if (!t->first)
        t->last = &t->first;
    *out = x->result;
    x->result = (struct http_result){0};
    if (x->moves)
        curl_easy_setopt(x->easy, CURLOPT_URL, x->target->url);
    x->next = x->target->idle;
    x->target->idle = x;
    return true;
}
