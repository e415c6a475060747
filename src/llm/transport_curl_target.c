/* Where requests go: URLs, headers and what may not be changed about security, and requests made ready for them. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config.h"
#include "llm/transport_curl_parts.h"

enum { BUFFER = 8 << 10 };

static void wipe(char *secret)
{
    for (volatile char *p = secret; p && *p; p++)
        *p = '\0';
}

void http_transfer_free(struct transfer *x)
{
    curl_easy_cleanup(x->easy);
    http_result_free(&x->result);
    mem_free(x);
}

void http_target_free(struct http_target *g)
{
    while (g->idle) {
        struct transfer *x = g->idle;
        g->idle = x->next;
        http_transfer_free(x);
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

struct http_target *http_target_new(const struct http_target_options *o, struct error *err)
{
    struct http_target *g = mem_zalloc(1, sizeof *g);
    g->url = mem_strdup(o->url);
    if (check_url(g, o->plain_http, err) != 0) {
        http_target_free(g);
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
    return g;
}

bool http_same_origin(const char *a, const char *b)
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

struct transfer *http_transfer_new(struct http_target *g)
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
