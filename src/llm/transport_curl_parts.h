/* Between the files of the transport: one request, and where requests go. */
#ifndef LLM_TRANSPORT_CURL_PARTS_H
#define LLM_TRANSPORT_CURL_PARTS_H

#include <curl/curl.h>

#include "llm/transport.h"

enum { HTTP_LINE_BYTES = 128 };

struct transfer {
    struct http_target *target;
    struct transfer *next; /* in the target's idle list or in the list of results */
    CURL *easy;
    size_t at; /* in the transport's list of active ones */
    struct curl_slist own; /* this request's own header, chained before the target's */
    char line[HTTP_LINE_BYTES];
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

/* With everything set that does not change from one request to the next; http_transfer_free frees. */
struct transfer *http_transfer_new(struct http_target *g);
void http_transfer_free(struct transfer *x);
/* With its idle transfers; what held a key is wiped. */
void http_target_free(struct http_target *g);
/* A new target, not yet in any list. */
struct http_target *http_target_new(const struct http_target_options *o, struct error *err);
/* Scheme, host and port of two URLs are the same. */
bool http_same_origin(const char *a, const char *b);

/* How the transfer ended, in words for the person. */
void http_transfer_fail(struct transfer *x, enum http_end end, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same from libcurl's code. */
void http_transfer_explain(struct transfer *x, CURLcode code);

#endif
