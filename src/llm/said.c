/* What servers say about a fault, made fit for a message. */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "llm/lane.h"

enum { SAID_MAX = 200, SHARED_RUN = 24 };

void said_hide_key(struct str *text, const char *key)
{
    size_t len = key ? strlen(key) : 0;
    if (len < 4) /* too short to be a secret, and to be told from other text */
        return;
    for (char *hit, *from = text->at; text->len && (hit = memmem(from, text->len - (size_t)(from - text->at), key,
                                                                 len)) != NULL; from = hit + len)
        memset(hit, '*', len);
}

/* Controls, and what turns the direction of text around. */
static bool unfit(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == UTF8_BAD || cp == 0x061C || cp == 0x200E || cp == 0x200F ||
           (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF;
}

static void clean(struct str *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t cp;
        size_t n = utf8_decode(text.at + i, text.len - i, &cp);
        if (unfit(cp))
            str_addc(out, ' ');
        else
            str_add(out, text.at + i, n);
        i += n;
    }
}

/* Both as they would be shown: a control between two words hides no quote. */
static bool shares_run(struct slice message, const char *text)
{
    struct str shown = {0};
    bool found = false;
    clean(&shown, slice_of(text));
    for (size_t i = 0; !found && shown.len >= SHARED_RUN && i + SHARED_RUN <= message.len; i++)
        found = memmem(shown.at, shown.len, message.at + i, SHARED_RUN) != NULL;
    str_free(&shown);
    return found;
}

/* A server that refuses a request may quote it; quotes of the question stay out of messages. The name of the model
 * is no part of the question. */
static bool quotes(struct slice message, const struct json *j)
{
    if (json_type(j) == JSON_STRING)
        return strcmp(json_name(j), "model") != 0 && shares_run(message, json_string(j, ""));
    for (const struct json *c = json_first(j); c; c = json_next(c)) {
        if (quotes(message, c))
            return true;
    }
    return false;
}

/* The length of the longest beginning of at most max bytes that cuts no character. */
static size_t fitting(const struct str *text, size_t max)
{
    size_t len = text->len < max ? text->len : max;
    while (len > 0 && len < text->len && ((unsigned char)text->at[len] & 0xC0) == 0x80)
        len--;
    return len;
}

void said_add(struct str *out, struct slice message, const char *key, struct slice question)
{
    struct str text = {0};
    struct json *j = json_parse(question, NULL, NULL);
    clean(&text, message);
    if (j && !quotes(str_slice(&text), j)) {
        said_hide_key(&text, key);
        str_add(out, str_z(&text), fitting(&text, SAID_MAX));
    }
    json_free(j);
    str_free(&text);
}
