/* How a request that got no answer ended, in words for the person. */
#include <stdio.h>

#include "llm/transport_curl_parts.h"

void http_transfer_fail(struct transfer *x, enum http_end end, const char *fmt, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    x->result.end = end;
    error_set(&x->result.error, end == HTTP_NEVER ? ERR_INPUT : ERR_IO, "%s", text);
}

/* What stands between is at fault, not the server: true when it was. */
static bool explain_proxy(struct transfer *x, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (code == CURLE_COULDNT_RESOLVE_PROXY || (code == CURLE_COULDNT_CONNECT && x->target->proxy)) {
        http_transfer_fail(x, HTTP_BROKEN, "the proxy on the way to %.100s cannot be reached: check proxy", x->target->host);
        return true;
    }
    if (code != CURLE_OK && status >= 400) {
        http_transfer_fail(x, status == 407 ? HTTP_NEVER : HTTP_BROKEN, "the proxy does not lead to %.100s (HTTP %ld)%s",
                           x->target->host, status, status == 407 ? ": set proxy to http://name:password@host:port" : "");
        return true;
    }
    return false;
}

/* libcurl's own words tell certificates and names apart better than its codes; they hold no header and no body. */
void http_transfer_explain(struct transfer *x, CURLcode code)
{
    const char *host = x->target->host, *why = x->why[0] ? x->why : curl_easy_strerror(code);
    double connect_s = (double)x->target->connect_ms / 1000, timeout_s = (double)x->target->timeout_ms / 1000;
    curl_off_t connected = 0;
    curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (explain_proxy(x, code))
        return;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        http_transfer_fail(x, HTTP_BROKEN, "the name %.100s is not known: check url and the network", host);
        break;
    case CURLE_COULDNT_CONNECT:
        http_transfer_fail(x, HTTP_BROKEN, "%.100s cannot be reached: is the server running, is the network up?", host);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        if (connected == 0)
            http_transfer_fail(x, HTTP_BROKEN, "%.100s did not take the connection within %g s (connect-seconds)", host, connect_s);
        else
            http_transfer_fail(x, HTTP_BROKEN, "%.100s did not finish its answer within %g s (timeout-seconds)", host, timeout_s);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        http_transfer_fail(x, HTTP_NEVER, "%.100s could not prove who it is (%.200s): for a private authority set ca-file", host,
             why);
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        http_transfer_fail(x, HTTP_BROKEN, "%.100s cut the connection %s", host,
             x->result.body.len ? "in the middle of its answer" : "without an answer");
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        http_transfer_fail(x, HTTP_BROKEN, "the answer of %.100s cannot be unpacked", host);
        break;
    default:
        http_transfer_fail(x, HTTP_BROKEN, "talking to %.100s failed: %.200s", host, why);
        break;
    }
}
