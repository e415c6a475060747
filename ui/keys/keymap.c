#include "ui/keys/keymap.h"

#include <string.h>

#include "base/array.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { KEY_FILE_LINE = 1000 };

struct keymap {
    struct binding *rows;
    char **own; /* keys that came from a file, by row, else NULL */
    size_t count, cap;
};

static const char *const key_words[] = {
    "Up",   "Down",   "Left", "Right", "Home", "End",  "PgUp", "PgDn", "Insert", "Delete", "Enter", "Tab",
    "Esc",  "Shift-Tab", "F1", "F2",   "F3",   "F4",   "F5",   "F6",   "F7",     "F8",     "F9",    "F10",
    "F11",  "F12",    "Space", "Backspace", NULL};

struct keymap *keymap_new(const struct binding *(*row)(size_t i))
{
    struct keymap *m = mem_zalloc(1, sizeof *m);
    for (const struct binding *b; (b = row(m->count)); m->count++) {
        m->rows = array_reserve(m->rows, &m->cap, m->count + 1, sizeof *m->rows);
        m->rows[m->count] = *b;
    }
    m->own = mem_zalloc(m->count, sizeof *m->own);
    return m;
}

void keymap_free(struct keymap *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        mem_free(m->own[i]);
    mem_free(m->own);
    mem_free(m->rows);
    mem_free(m);
}

const struct binding *keymap_row(const struct keymap *m, size_t i)
{
    return i < m->count ? &m->rows[i] : NULL;
}

/* The next blank-separated word from *at on; len 0 at the end. */
static struct slice next_word(const char **at)
{
    *at += strspn(*at, " \t");
    struct slice word = {*at, strcspn(*at, " \t")};
    *at += word.len;
    return word;
}

/* The next key from *at on; Ctrl-x takes the word after it with it. */
static struct slice next_key(const char **at)
{
    struct slice key = next_word(at);
    if (slice_is(key, "Ctrl-x")) {
        struct slice second = next_word(at);
        if (second.len)
            key.len = (size_t)(second.at + second.len - key.at);
    }
    return key;
}

static bool has_key(const char *keys, const char *key)
{
    for (struct slice k; (k = next_key(&keys)).len;)
        if (slice_is(k, key))
            return true;
    return false;
}

static const struct binding *find_row(const struct keymap *m, const char *mode, const char *key)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->rows[i].mode, mode) == 0 && has_key(m->rows[i].keys, key))
            return &m->rows[i];
    return NULL;
}

const char *keymap_find(const struct keymap *m, const char *mode, bool typing, const char *key)
{
    const struct binding *row = find_row(m, mode, key);
    if (!row && !typing)
        row = find_row(m, "", key);
    return row ? row->command : NULL;
}

static bool mode_starts(const struct keymap *m, const char *mode, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < m->count; i++) {
        const char *keys = m->rows[i].keys;
        if (strcmp(m->rows[i].mode, mode) != 0)
            continue;
        for (struct slice k; (k = next_key(&keys)).len;)
            if (k.len > len + 1 && memcmp(k.at, key, len) == 0 && k.at[len] == ' ')
                return true;
    }
    return false;
}

bool keymap_starts(const struct keymap *m, const char *mode, bool typing, const char *key)
{
    return mode_starts(m, mode, key) || (!typing && mode_starts(m, "", key));
}

static bool one_key_ok(struct slice name)
{
    if (slice_starts(name, "Ctrl-") && name.len == 6)
        return (name.at[5] >= 'a' && name.at[5] <= 'z') || strchr("\\]^_", name.at[5]);
    bool ctrl = slice_starts(name, "Ctrl-"); /* before a word alone: Ctrl-Left */
    if (ctrl || slice_starts(name, "Alt-"))
        name = slice_sub(name, ctrl ? 5 : 4, name.len);
    for (const char *const *word = key_words; *word; word++)
        if (slice_is(name, *word))
            return true;
    uint32_t cp;
    return name.len && !ctrl && utf8_decode(name.at, name.len, &cp) == name.len && cp != UTF8_BAD && cp > 0x20 && cp != 0x7F;
}

bool key_name_ok(const char *name)
{
    struct slice first = next_word(&name), second = next_word(&name);
    return one_key_ok(first) && (!second.len || one_key_ok(second)) && !next_word(&name).len;
}

/* --- the reviewer's own keys --- */

static struct binding *find_command(struct keymap *m, struct slice mode, struct slice command)
{
    if (slice_is(mode, "-"))
        mode = SLICE("");
    for (size_t i = 0; i < m->count; i++)
        if (slice_is(mode, m->rows[i].mode) && slice_is(command, m->rows[i].command))
            return &m->rows[i];
    return NULL;
}

/* Why key cannot be given to row, or NULL. Space and Backspace change nothing where nothing is typed: hands
 * that know another tool press them. Where text is typed (Backspace deletes there) they may do what they like. */
static const char *refusal(const struct keymap *m, const struct binding *row, const char *key)
{
    if (!key_name_ok(key))
        return "is no key";
    bool typed_into = find_row(m, row->mode, "Backspace") != NULL;
    if (!typed_into && (strcmp(key, "Space") == 0 || strcmp(key, "Backspace") == 0))
        return "cannot be given to a command";
    const struct binding *other = find_row(m, row->mode, key);
    return other && other != row ? "does something else already" : NULL;
}

static int take_line(struct keymap *m, const char *line, struct error *err)
{
    struct slice mode = next_word(&line), command = next_word(&line);
    struct binding *row = find_command(m, mode, command);
    if (!row)
        return error_set(err, ERR_INPUT, "there is no command '%.*s' in '%.*s'", (int)command.len, command.at,
                         (int)mode.len, mode.at);
    const char *keys = line + strspn(line, " \t");
    if (!*keys)
        return error_set(err, ERR_INPUT, "'%.*s' gets no key", (int)command.len, command.at);
    for (struct slice k; (k = next_key(&line)).len;) {
        char name[64];
        struct slice cut = slice_sub(k, 0, sizeof name - 1);
        memcpy(name, cut.at, cut.len);
        name[cut.len] = '\0';
        const char *why = refusal(m, row, name);
        if (why)
            return error_set(err, ERR_INPUT, "'%s' %s", name, why);
    }
    size_t i = (size_t)(row - m->rows);
    mem_free(m->own[i]);
    m->own[i] = mem_strdup(keys);
    row->keys = m->own[i];
    return 0;
}

int keymap_load(struct keymap *m, const char *path, struct error *err)
{
    struct lines *lines = lines_open(path, KEY_FILE_LINE, err);
    if (!lines)
        return -1;
    int result = 0;
    struct slice line;
    enum lines_result got;
    struct error first = {0}, now = {0};
    while ((got = lines_next(lines, &line, &now)) == LINES_LINE || got == LINES_TOO_LONG) {
        char *text = mem_strndup(line.at, line.len);
        struct slice body = slice_trim(slice_of(text));
        if (got == LINES_LINE && body.len && body.at[0] != '#' && take_line(m, body.at, &now) < 0 && result == 0) {
            error_set(&first, ERR_INPUT, "%s: line %llu: %s", path, (unsigned long long)lines_number(lines), now.text);
            result = -1;
        }
        mem_free(text);
    }
    if (got == LINES_FAILED && result == 0)
        first = now, result = -1;
    lines_close(lines);
    if (result < 0)
        error_set(err, first.code, "%s", first.text);
    return result;
}
