#include "ui/term/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/term/input_keys.h"

enum { BURST_MIN = 16, BURST_KINDS = 5 }; /* letters at once, and different ones, that no hand types */

void input_free(struct input *in)
{
    str_free(&in->bytes);
    str_free(&in->paste);
    str_free(&in->text);
    *in = (struct input){0};
}

static void compact(struct input *in)
{
    if (in->at) {
        str_splice(&in->bytes, 0, in->at, (struct slice){0});
        in->at = 0;
    }
}

void input_feed(struct input *in, const char *bytes, size_t len, int64_t now_ms)
{
    compact(in);
    str_add(&in->bytes, bytes, len);
    in->since = now_ms;
}

static size_t left(const struct input *in)
{
    return in->bytes.len - in->at;
}

static void key(struct event *out, const char *name)
{
    out->kind = EVENT_KEY;
    snprintf(out->key, sizeof out->key, "%s", name);
}

static void typed(struct input *in, struct event *out, struct slice text)
{
    out->kind = EVENT_KEY;
    snprintf(out->key, sizeof out->key, "%.*s", (int)text.len, text.at);
    str_clear(&in->text);
    str_add_slice(&in->text, text);
    out->text = str_slice(&in->text);
    if (slice_is(text, " "))
        snprintf(out->key, sizeof out->key, "Space");
}

/* What a paste may bring: valid text with line ends and tabs; no other control. */
static void clean_paste(struct str *out, struct slice raw)
{
    struct str fixed = {0};
    utf8_repair(&fixed, raw);
    for (size_t i = 0; i < fixed.len; i++) {
        unsigned char c = (unsigned char)fixed.at[i];
        if (c == '\r') {
            if (i + 1 < fixed.len && fixed.at[i + 1] == '\n')
                continue;
            str_addc(out, '\n');
        } else if ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t') {
            str_addc(out, (char)c);
        }
    }
    str_free(&fixed);
}

static bool give_paste(struct input *in, struct event *out)
{
    str_clear(&in->text);
    clean_paste(&in->text, str_slice(&in->paste));
    str_free(&in->paste);
    out->kind = EVENT_PASTE;
    out->text = str_slice(&in->text);
    return true;
}

static void add_paste(struct input *in, const char *bytes, size_t len)
{
    if (in->paste.len + len <= PASTE_MAX)
        str_add(&in->paste, bytes, len);
}

/* Takes bytes as far as the end mark; a part of it at the end of what came waits for the rest. */
static bool take_paste(struct input *in, struct event *out)
{
    static const char mark[] = "\x1B[201~";
    const size_t mark_len = sizeof mark - 1;
    const char *from = in->bytes.at + in->at;
    const char *end = memmem(from, left(in), mark, mark_len);
    if (end) {
        add_paste(in, from, (size_t)(end - from));
        in->at += (size_t)(end - from) + mark_len;
        in->state = IN_GROUND;
        return give_paste(in, out);
    }
    size_t keep = left(in) < mark_len - 1 ? left(in) : mark_len - 1;
    while (keep && memcmp(in->bytes.at + in->bytes.len - keep, mark, keep) != 0)
        keep--;
    add_paste(in, from, left(in) - keep);
    in->at = in->bytes.len - keep;
    return false;
}

/* A clipboard sent as if typed, where the terminal cannot mark it. */
static bool take_burst(struct input *in, struct event *out)
{
    if (!in->burst_pastes)
        return false;
    const unsigned char *p = (const unsigned char *)in->bytes.at + in->at;
    bool seen[256] = {false};
    size_t n = 0, kinds = 0;
    for (; n < left(in) && (p[n] >= 0x20 || p[n] == '\r' || p[n] == '\n' || p[n] == '\t') &&
           p[n] != 0x7F; n++) {
        kinds += !seen[p[n]];
        seen[p[n]] = true;
    }
    if (n < BURST_MIN || kinds < BURST_KINDS)
        return false;
    add_paste(in, (const char *)p, n);
    in->at += n;
    return give_paste(in, out);
}

static void start_sequence(struct input *in, enum input_state state)
{
    in->state = state;
    in->n_params = 0;
    in->overlong = false;
    in->string_esc = false;
}

static void end_sequence(struct input *in)
{
    in->state = IN_GROUND;
    in->late = false;
    in->held = 0;
}

/* A sequence is whole: a key, the start of a paste, or nothing that concerns anyone. */
static bool end_csi(struct input *in, char final, struct event *out)
{
    bool late = in->late;
    in->params[in->n_params] = '\0';
    end_sequence(in);
    if (in->overlong)
        return false;
    if (final == '~' && strcmp(in->params, "200") == 0) {
        in->state = IN_PASTE;
        return false;
    }
    if (final == 'M' && in->n_params == 0) {
        in->state = IN_MOUSE;
        in->swallow = 3;
        return false;
    }
    char name[KEY_NAME_MAX];
    if (late || !input_csi_key(in->params, final, name))
        return false;
    key(out, name);
    return true;
}

static bool step_csi(struct input *in, char c, struct event *out)
{
    if (c == '[' && in->n_params == 0) {
        in->state = IN_LINUX;
        return false;
    }
    if (c >= 0x20 && c <= 0x3F) {
        if (in->n_params + 1 < sizeof in->params)
            in->params[in->n_params++] = c;
        else
            in->overlong = true;
        return false;
    }
    if (c >= 0x40 && c <= 0x7E)
        return end_csi(in, c, out);
    end_sequence(in); /* a control inside: the sequence is broken off */
    if (c == '\x1B')
        start_sequence(in, IN_ESC);
    return false;
}

static bool step_short(struct input *in, char c, struct event *out)
{
    bool late = in->late, console = in->state == IN_LINUX;
    end_sequence(in);
    char name[KEY_NAME_MAX];
    if (late || !(console ? input_console_key(c, name) : input_ss3_key(c, name)))
        return false;
    key(out, name);
    return true;
}

static void step_string(struct input *in, char c)
{
    if (c == '\a' || (in->string_esc && c == '\\'))
        end_sequence(in);
    else
        in->string_esc = c == '\x1B';
}

/* The byte after ESC. */
static bool step_esc(struct input *in, char c, struct event *out)
{
    switch (c) {
    case '[': start_sequence(in, IN_CSI); return false;
    case 'O': start_sequence(in, IN_SS3); return false;
    case ']': case 'P': case '_': case '^': case 'X': start_sequence(in, IN_STRING); return false;
    case '\x1B': /* Esc twice: the first is a key, the second may begin something */
        key(out, "Esc");
        return true;
    case ' ': case '#': case '%': case '(': case ')': case '*': case '+': case '-': case '.': case '/':
        start_sequence(in, IN_CHOICE);
        return false;
    default: break;
    }
    end_sequence(in);
    char name[KEY_NAME_MAX];
    if (!input_alt_key(c, name))
        return false;
    key(out, name);
    return true;
}

/* A control of a terminal that speaks eight bits: it may begin a sequence, it is no key. */
static bool step_c1(struct input *in, char letter)
{
    struct event none;
    if (strchr("[O]P_^X", letter))
        step_esc(in, letter, &none);
    return false;
}

/* A letter, a control, or a part of a longer character. */
static bool step_ground(struct input *in, struct event *out)
{
    const char *p = in->bytes.at + in->at;
    unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c == 0x7F) {
        char name[KEY_NAME_MAX];
        in->at++;
        if (!input_control_key((char)c, name))
            return false;
        key(out, name);
        return true;
    }
    uint32_t cp;
    size_t len = utf8_decode(p, left(in), &cp);
    if (cp == UTF8_BAD && c >= 0x80 && c < 0xA0) { /* ESC and a letter in one byte */
        in->at++;
        return step_c1(in, (char)(c - 0x40));
    }
    in->at += len;
    if (cp == UTF8_BAD || (cp >= 0x80 && cp < 0xA0))
        return false;
    typed(in, out, (struct slice){p, len});
    return true;
}

/* A character whose last bytes have not come. */
static bool is_cut_char(const struct input *in)
{
    const unsigned char *p = (const unsigned char *)in->bytes.at + in->at;
    size_t want = p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC2 ? 2 : 1;
    if (p[0] < 0xC2 || p[0] > 0xF4 || left(in) >= want)
        return false;
    for (size_t i = 1; i < left(in); i++)
        if ((p[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* What can follow an ESC that was given out as a key. */
static bool may_go_on(char c)
{
    return c == '[' || c == 'O' || c == ']' || c == 'P';
}

/* Whether `next` after the held byte proves the rest of a cut sequence. */
static bool proves(char held, char next)
{
    switch (held) {
    case '[': return (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '?') || next == '[';
    case 'O': return (next >= 'A' && next <= 'S') || (next >= 'j' && next <= 'y');
    default: return next >= '0' && next <= '?';
    }
}

static bool step_held(struct input *in, struct event *out)
{
    char held = in->held, c = in->bytes.at[in->at];
    in->held = 0;
    if (!proves(held, c)) { /* a key after all */
        in->late_until = 0;
        typed(in, out, (struct slice){&held, 1});
        return true;
    }
    in->late = true;
    start_sequence(in, held == '[' ? IN_CSI : held == 'O' ? IN_SS3 : IN_STRING);
    return false;
}

static bool step_byte(struct input *in, int64_t now, struct event *out)
{
    char c = in->bytes.at[in->at];
    if (in->state == IN_GROUND && in->held)
        return step_held(in, out);
    if (in->state == IN_GROUND && c == '\x1B') {
        in->at++;
        start_sequence(in, IN_ESC);
        return false;
    }
    if (in->state == IN_GROUND && now < in->late_until && may_go_on(c)) {
        in->at++;
        in->held = c;
        return false;
    }
    if (in->state == IN_GROUND) {
        in->late_until = 0;
        return take_burst(in, out) || step_ground(in, out);
    }
    in->at++;
    switch (in->state) {
    case IN_ESC: return step_esc(in, c, out);
    case IN_CSI: return step_csi(in, c, out);
    case IN_SS3:
    case IN_LINUX: return step_short(in, c, out);
    case IN_STRING: step_string(in, c); return false;
    case IN_CHOICE:
        if (c < 0x20 || c > 0x2F)
            end_sequence(in);
        return false;
    default:
        if (--in->swallow == 0)
            in->state = IN_GROUND;
        return false;
    }
}

/* What silence decides: a lone Esc, a key that only looked like the rest of one, a broken sequence. */
static bool time_out(struct input *in, int64_t now, struct event *out)
{
    int64_t silent = now - in->since;
    if (in->state == IN_ESC && silent >= ESC_MS) {
        end_sequence(in);
        in->late_until = now + LATE_MS;
        key(out, "Esc");
        return true;
    }
    if (in->state == IN_CHOICE && silent >= ESC_MS) /* Alt and a sign, which is no key here */
        end_sequence(in);
    if (silent < LATE_MS)
        return false;
    if (in->state == IN_GROUND && in->held) {
        char held = in->held;
        in->held = 0;
        in->late_until = 0;
        typed(in, out, (struct slice){&held, 1});
        return true;
    }
    if (in->state != IN_PASTE && in->state != IN_GROUND)
        end_sequence(in);
    if (in->state == IN_GROUND && left(in)) /* a character that was never finished */
        in->at = in->bytes.len;
    return false;
}

bool input_next(struct input *in, int64_t now_ms, struct event *out)
{
    *out = (struct event){.kind = EVENT_NONE};
    while (left(in)) {
        if (in->state == IN_PASTE) {
            if (take_paste(in, out))
                return true;
            break;
        }
        if (in->state == IN_GROUND && is_cut_char(in))
            break;
        if (step_byte(in, now_ms, out))
            return true;
    }
    return time_out(in, now_ms, out);
}

int input_wait_ms(const struct input *in, int64_t now_ms)
{
    int64_t limit;
    if (in->state == IN_ESC || in->state == IN_CHOICE)
        limit = ESC_MS;
    else if ((in->state != IN_GROUND && in->state != IN_PASTE) || in->held || left(in))
        limit = LATE_MS;
    else
        return -1;
    if (in->state == IN_PASTE)
        return -1;
    int64_t wait = in->since + limit - now_ms;
    return wait < 0 ? 0 : (int)wait;
}
