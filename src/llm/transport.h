/*
 * Posts bodies over HTTP, many at once, on one thread. It knows nothing of models: what a status means is its
 * caller's business. transport_curl*.c, behind it, are the only files that know libcurl.
 */
#ifndef LLM_TRANSPORT_H
#define LLM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct pollfd;
struct transport;   /* transport_close frees, with all targets */
struct http_target; /* one URL with its headers, limits and idle connections */

struct transport *transport_open(struct error *err);
void transport_close(struct transport *t); /* stops what is in flight; NULL is fine */

struct http_target_options {      /* all copied */
    const char *url;
    const char *secret_line;      /* the header with the key, or NULL; wiped when the target goes */
    const char *line;             /* one more header, or NULL */
    const char *const *lines;     /* and the configured ones, ends with NULL; may be NULL */
    const char *ca_file, *proxy;  /* NULL: the system's */
    double connect_seconds, silence_seconds, timeout_seconds;
    size_t max_reply;             /* bytes of a body, after decompression */
    int parallel;
    bool plain_http;              /* http is allowed to machines other than this one */
};
/* NULL and err when the URL is none, holds a password, or is plain http to another machine. */
struct http_target *transport_target(struct transport *t, const struct http_target_options *o, struct error *err);
const char *http_target_host(const struct http_target *g); /* "api.openai.com", for messages */

enum http_end {
    HTTP_ANSWERED, /* status and body are there */
    HTTP_BROKEN,   /* no whole answer came; it may next time */
    HTTP_NEVER     /* it will not come: certificate refused, too large, redirected to another host */
};

struct http_result { /* http_result_free */
    void *tag;
    enum http_end end;
    int status;              /* 0: none came */
    struct str body;         /* as much as came */
    char content_type[96];   /* "application/json; charset=utf-8", "" when not said */
    char retry_after[64];    /* the header's value, "" when not said */
    char retry_after_ms[24];
    char should_retry[8];    /* x-should-retry: "true", "false" */
    int64_t milliseconds;    /* from the first byte sent to the last received */
    struct error error;      /* unless ANSWERED: what happened, for the person; never a URL's query or a key */
};
void http_result_free(struct http_result *r);

/* Starts a POST of JSON. body must stay where it is until its result is taken; line (may be NULL) is copied. */
int transport_post(struct transport *t, struct http_target *g, struct slice body, const char *line, void *tag,
                   struct error *err);
/* Moves bytes until a result is ready, one of fds is, or timeout_ms (-1: none) is over. */
int transport_wait(struct transport *t, int timeout_ms, struct pollfd *fds, size_t n_fds, struct error *err);
bool transport_next(struct transport *t, struct http_result *out);

#endif
