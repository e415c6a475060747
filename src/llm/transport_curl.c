/*
 * libcurl's multi interface, driven by poll(2) through its socket callbacks: what a wake-up costs depends on the
 * sockets that are ready, not on how many are open.
 */
#include "llm/transport.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config.h"

enum { BUFFER = 8 << 10, MOVES_MAX = 5, DESCRIPTORS = 1024, LINE_MAX_BYTES = 128 };

struct transfer {
    struct http_target *target;
    struct transfer *next; /* in the target's idle list or in the list of results */
    CURL *easy;
    size_t at; /* in the transport's list of active ones */
    struct curl_slist own; /* this request's own header, chained before the target's */
    char line[LINE_MAX_BYTES];
    int64_t heard_at; /* when the last byte came, or the last was seen to go */
    curl_off_t sent;
    int moves; /* redirects followed */
    bool too_large;
    char why[CURL_ERROR_SIZE];
    struct http_result result;
};

struct http_target {
    struct http_target *next;
    struct curl_slist *lines;
    char *url, *host, *ca_file, *proxy;
    bool loopback, secure;
    long connect_ms, timeout_ms;
    int64_t silence_ms;
    size_t max_reply;
    struct transfer *idle;
};

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

static void wipe(char *secret)
{
    for (volatile char *p = secret; p && *p; p++)
        *p = '\0';
}

static void transfer_free(struct transfer *x)
{
    curl_easy_cleanup(x->easy);
    http_result_free(&x->result);
    mem_free(x);
}

static void target_free(struct http_target *g)
{
    while (g->idle) {
        struct transfer *x = g->idle;
        g->idle = x->next;
        transfer_free(x);
    }
    for (struct curl_slist *s = g->lines; s; s = s->next)
        wipe(s->data); /* one of them holds the key */
    curl_slist_free_all(g->lines);
    mem_free(g->url);
    mem_free(g->host);
    mem_free(g->ca_file);
    mem_free(g->proxy);
    mem_free(g);
}

void transport_close(struct transport *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_active; i++) {
        curl_multi_remove_handle(t->multi, t->active[i]->easy);
        transfer_free(t->active[i]);
    }
    while (t->first) {
        struct transfer *x = t->first;
        t->first = x->next;
        transfer_free(x);
    }
    while (t->targets) {
        struct http_target *g = t->targets;
        t->targets = g->next;
        target_free(g);
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

const char *http_target_host(const struct http_target *g)
{
    return g->host;
}

static bool is_loopback(const char *host)
{
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    int a, b, c, d, end = 0;
    return sscanf(host, "%3d.%3d.%3d.%3d%n", &a, &b, &c, &d, &end) == 4 && !host[end] && a == 127;
}

static char *url_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) != CURLUE_OK)
        return mem_strdup("");
    char *copy = mem_strdup(text);
    curl_free(text);
    return copy;
}

static int check_url(struct http_target *g, bool plain_http, struct error *err)
{
    CURLU *u = curl_url();
    int result = 0;
    if (curl_url_set(u, CURLUPART_URL, g->url, 0) != CURLUE_OK) {
        curl_url_cleanup(u);
        return error_set(err, ERR_INPUT, "the url is none: https://host/path was expected");
    }
    char *scheme = url_part(u, CURLUPART_SCHEME), *user = url_part(u, CURLUPART_USER);
    g->host = url_part(u, CURLUPART_HOST);
    g->loopback = is_loopback(g->host);
    g->secure = strcmp(scheme, "https") == 0;
    if (user[0])
        result = error_set(err, ERR_INPUT, "url holds a user name: give the key by key-env or key-file");
    else if (!g->secure && strcmp(scheme, "http") != 0)
        result = error_set(err, ERR_INPUT, "url starts with %.20s: https was expected", scheme);
    else if (!g->secure && !g->loopback && !plain_http)
        result = error_set(err, ERR_INPUT, "url is plain http to %.100s: everyone on the way could read "
                           "prompts and key; use https, or set plain-http = yes", g->host);
    mem_free(scheme);
    mem_free(user);
    curl_url_cleanup(u);
    return result;
}

static void add_line(struct http_target *g, const char *line)
{
    if (line)
        g->lines = curl_slist_append(g->lines, line);
}

struct http_target *transport_target(struct transport *t, const struct http_target_options *o, struct error *err)
{
    struct http_target *g = mem_zalloc(1, sizeof *g);
    g->url = mem_strdup(o->url);
    if (check_url(g, o->plain_http, err) != 0) {
        target_free(g);
        return NULL;
    }
    add_line(g, "Content-Type: application/json");
    add_line(g, "Accept: application/json");
    add_line(g, "Expect:"); /* no question first whether a large body may come */
    add_line(g, o->secret_line);
    add_line(g, o->line);
    for (const char *const *line = o->lines; line && *line; line++)
        add_line(g, *line);
    g->ca_file = mem_strdup(o->ca_file);
    g->proxy = mem_strdup(o->proxy);
    g->connect_ms = (long)(o->connect_seconds * 1000);
    g->timeout_ms = (long)(o->timeout_seconds * 1000);
    g->silence_ms = (int64_t)(o->silence_seconds * 1000);
    g->max_reply = o->max_reply;
    g->next = t->targets;
    t->targets = g;
    return g;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *x = context;
    size_t len = size * n;
    x->heard_at = clock_mono_ms();
    x->too_large = x->result.body.len + len > x->target->max_reply;
    str_add(&x->result.body, bytes, x->too_large ? x->target->max_reply - x->result.body.len : len);
    return x->too_large ? 0 : len; /* 0 ends the transfer */
}

static void take_header(struct slice line, const char *name, char *out, size_t max)
{
    size_t len = strlen(name);
    if (line.len <= len || line.at[len] != ':' || strncasecmp(line.at, name, len) != 0)
        return;
    struct slice value = slice_trim(slice_sub(line, len + 1, line.len));
    snprintf(out, max, "%.*s", (int)(value.len < max ? value.len : max - 1), value.at);
}

static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *x = context;
    struct slice line = {bytes, size * n};
    struct http_result *r = &x->result;
    x->heard_at = clock_mono_ms();
    take_header(line, "content-type", r->content_type, sizeof r->content_type);
    take_header(line, "retry-after", r->retry_after, sizeof r->retry_after);
    take_header(line, "retry-after-ms", r->retry_after_ms, sizeof r->retry_after_ms);
    take_header(line, "x-should-retry", r->should_retry, sizeof r->should_retry);
    return line.len;
}

static void set_security(CURL *easy, const struct http_target *g)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* see go_on_elsewhere */
#if CURL_AT_LEAST_VERSION(7, 85, 0)
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, g->secure ? "https" : "http");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, g->secure ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
#endif
    if (g->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, g->ca_file);
    if (g->proxy || g->loopback)
        curl_easy_setopt(easy, CURLOPT_PROXY, g->proxy ? g->proxy : "");
}

static struct transfer *transfer_new(struct http_target *g)
{
    struct transfer *x = mem_zalloc(1, sizeof *x);
    CURL *easy = x->easy = curl_easy_init();
    x->target = g;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_URL, g->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that this libcurl can unpack */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->why);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, g->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, g->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, g->secure ? 1L : 0L); /* streams of one connection where HTTP/2 is spoken */
    set_security(easy, g);
    return x;
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
        x = transfer_new(g);
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
        transfer_free(x);
        return error_set(err, ERR_INTERNAL, "libcurl does not take a request");
    }
    activate(t, x);
    return 0;
}

static void finish(struct transport *t, struct transfer *x)
{
    deactivate(t, x);
    x->next = NULL;
    *t->last = x;
    t->last = &x->next;
}

static void fail(struct transfer *x, enum http_end end, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void fail(struct transfer *x, enum http_end end, const char *fmt, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x->result.end = end;
    error_set(&x->result.error, end == HTTP_NEVER ? ERR_INPUT : ERR_IO, "%s", text);
}

/* libcurl's own words tell certificates and names apart better than its codes; they hold no header and no body. */
static void explain(struct transfer *x, CURLcode code)
{
    const char *host = x->target->host, *why = x->why[0] ? x->why : curl_easy_strerror(code);
    double connect_s = (double)x->target->connect_ms / 1000, timeout_s = (double)x->target->timeout_ms / 1000;
    curl_off_t connected = 0;
    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        fail(x, HTTP_BROKEN, "the name %.100s is not known: check url and the network", host);
        break;
    case CURLE_COULDNT_CONNECT:
        fail(x, HTTP_BROKEN, "%.100s cannot be reached: is the server running, is the network up?", host);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        if (connected == 0)
            fail(x, HTTP_BROKEN, "%.100s did not take the connection within %g s (connect-seconds)", host, connect_s);
        else
            fail(x, HTTP_BROKEN, "%.100s did not finish its answer within %g s (timeout-seconds)", host, timeout_s);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        fail(x, HTTP_NEVER, "%.100s could not prove who it is (%.200s): for a private authority set ca-file", host,
             why);
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        fail(x, HTTP_BROKEN, "%.100s cut the connection %s", host,
             x->result.body.len ? "in the middle of its answer" : "without an answer");
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        fail(x, HTTP_BROKEN, "the answer of %.100s cannot be unpacked", host);
        break;
    default:
        fail(x, HTTP_BROKEN, "talking to %.100s failed: %.200s", host, why);
        break;
    }
}

static bool same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    CURLU *one = curl_url(), *two = curl_url();
    bool same = curl_url_set(one, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl_url_set(two, CURLUPART_URL, b, 0) == CURLUE_OK;
    for (size_t i = 0; same && i < sizeof parts / sizeof *parts; i++) {
        char *x = url_part(one, parts[i]), *y = url_part(two, parts[i]);
        same = strcasecmp(x, y) == 0;
        mem_free(x);
        mem_free(y);
    }
    curl_url_cleanup(one);
    curl_url_cleanup(two);
    return same;
}

/* A redirect that keeps the method is followed on the same scheme, host and port alone: the key goes nowhere else.
 * True when the request is on its way again. */
static bool go_on_elsewhere(struct transport *t, struct transfer *x)
{
    char *where = NULL;
    int status = x->result.status;
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &where);
    if (!where || !same_origin(x->target->url, where)) {
        fail(x, HTTP_NEVER, "%.100s redirects to another address (HTTP %d), which is not followed so that the key "
             "goes nowhere else: set url to where the server is", x->target->host, status);
        return false;
    }
    if ((status != 307 && status != 308) || ++x->moves > MOVES_MAX) {
        fail(x, HTTP_NEVER, "%.100s redirects (HTTP %d): set url to where the server is", x->target->host,
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
    if (curl_multi_add_handle(t->multi, x->easy) == CURLM_OK)
        activate(t, x);
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
        fail(x, HTTP_NEVER, "the answer of %.100s is larger than %.3g MiB (max-reply)", x->target->host,
             (double)x->target->max_reply / (1 << 20));
    else if (code != CURLE_OK)
        explain(x, code);
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
                fail(x, HTTP_BROKEN, "%.100s said nothing for %g s (silence-seconds)", x->target->host,
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
