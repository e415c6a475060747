/* INI files as entries, each checked against the table of keys. */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config_parts.h"
#include "base/array.h"
#include "base/utf8.h"

/* While one file is read. */
struct reading {
    struct entries *into;
    const char *path;
    bool own;
    FILE *file;
    int line;
};

void entries_fault(struct entries *e, const struct entry *at, const char *fmt, ...)
{
    va_list args;
    str_addf(&e->faults, "%s%s: line %d: ", e->n_faults ? "\n" : "", at->file, at->line);
    va_start(args, fmt);
    str_vaddf(&e->faults, fmt, args);
    va_end(args);
    e->n_faults++;
}

static bool is_number(const char *value, bool whole, double least)
{
    char *end;
    errno = 0;
    double n = strtod(value, &end);
    return end != value && !*end && !errno && isfinite(n) && n >= least && n <= 1e15 && (!whole || n == floor(n));
}

static bool is_size(const char *value)
{
    size_t len = strlen(value);
    char digits[24];
    if (len && strchr("KMGkmg", value[len - 1]))
        len--;
    if (!len || len >= sizeof digits)
        return false;
    memcpy(digits, value, len);
    digits[len] = 0;
    return strspn(digits, "0123456789") == len && len <= 9 && atol(digits) > 0;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = choices; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && strncmp(at, value, len) == 0)
            return true;
    return false;
}

bool entries_scale(const char *value, double *low, double *high)
{
    const char *dots = strstr(value, "..");
    char first[32], *end;
    if (!dots || (size_t)(dots - value) >= sizeof first || dots == value || !dots[2])
        return false;
    memcpy(first, value, (size_t)(dots - value));
    first[dots - value] = 0;
    *low = strtod(first, &end);
    if (*end)
        return false;
    *high = strtod(dots + 2, &end);
    return !*end && isfinite(*low) && isfinite(*high) && *low < *high;
}

/* What a value should have been, or NULL when it is fine. */
static const char *wrong(const struct config_key *k, const char *value)
{
    double low, high;
    switch (k->type) {
    case CONFIG_NUMBER: return is_number(value, false, 0) ? NULL : "a number of 0 or more";
    case CONFIG_COUNT: return is_number(value, true, 1) ? NULL : "a whole number of 1 or more";
    case CONFIG_WHOLE: return is_number(value, true, 0) ? NULL : "a whole number of 0 or more";
    case CONFIG_SIZE: return is_size(value) ? NULL : "a number of bytes such as 8M";
    case CONFIG_YES: return is_choice("yes|no", value) ? NULL : "yes or no";
    case CONFIG_CHOICE: return is_choice(k->choices, value) ? NULL : k->choices;
    case CONFIG_SCALE: return entries_scale(value, &low, &high) ? NULL : "two numbers such as 0..6";
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_WORDS: break;
    }
    return *value ? NULL : "something";
}

static void add_entry(struct reading *r, const struct entry *one)
{
    struct entries *e = r->into;
    e->items = array_reserve(e->items, &e->cap, e->count + 1, sizeof *e->items);
    e->items[e->count++] = *one;
}

static const char *keep(struct entries *e, const char *text)
{
    return arena_strndup(&e->arena, text, strlen(text));
}

static bool is_section(const char *kind, const char *name)
{
    if (strcmp(kind, "project") == 0 || strcmp(kind, "train") == 0)
        return !*name;
    static const char *const named[] = {"endpoint", "grader", "task", "step", "place"};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(kind, named[i]) == 0)
            return *name != 0 && strlen(name) < 64;
    return false;
}

/* inih's callback: one value. 1 always: a fault does not end the reading. */
static int take_value(void *context, const char *section, const char *name, const char *value)
{
    struct reading *r = context;
    struct entries *e = r->into;
    char kind[64] = "", *blank;
    snprintf(kind, sizeof kind, "%s", section);
    const char *rest = "";
    if ((blank = strpbrk(kind, " \t"))) {
        *blank = 0;
        rest = section + (blank - kind);
        rest += strspn(rest, " \t");
    }
    struct entry one = {.kind = keep(e, kind), .name = keep(e, rest), .value = keep(e, value), .file = r->path,
                        .line = r->line, .own = r->own};
    if (!is_section(kind, rest)) {
        entries_fault(e, &one, "[%.60s] is no section: [project], [endpoint NAME], [grader NAME], [task NAME], "
                               "[step NAME], [train] or [place NAME]", section);
        return 1;
    }
    one.key = config_key_find(kind, name);
    const char *expected = one.key ? wrong(one.key, value) : NULL;
    if (!one.key)
        entries_fault(e, &one, "[%s] knows no \"%.60s\"; hinge-config(5) lists what it knows", kind, name);
    else if (expected)
        entries_fault(e, &one, "%s should be %s, not \"%.60s\"", name, expected, value);
    else
        add_entry(r, &one);
    return 1;
}

/* inih's reader: counts lines, and notices those it would cut. */
static char *next_line(char *line, int size, void *context)
{
    struct reading *r = context;
    char *got = fgets(line, size, r->file);
    if (!got)
        return NULL;
    r->line++;
    size_t len = strlen(line);
    struct entry here = {.file = r->path, .line = r->line};
    if (len == (size_t)size - 1 && line[len - 1] != '\n') {
        entries_fault(r->into, &here, "is longer than %d bytes; what is long belongs in a file of its own", size - 2);
        for (int c = getc(r->file); c != EOF && c != '\n';)
            c = getc(r->file);
        line[0] = 0;
    } else if ((line[0] == ' ' || line[0] == '\t') && !strchr("\r\n;#", line[strspn(line, " \t")])) {
        /* inih would take it for more of the value above */
        entries_fault(r->into, &here, "starts with a blank; each value stands on one line, from its beginning");
        line[0] = 0;
    } else if (!utf8_valid((struct slice){line, len})) {
        entries_fault(r->into, &here, "is not UTF-8");
        line[0] = 0;
    }
    return line;
}

/* A project's file names programs to run and servers to send to: one that others may write is not read. */
static bool is_trusted(struct reading *r)
{
    struct stat info;
    struct entry here = {.file = r->path};
    if (fstat(fileno(r->file), &info) != 0 || S_ISDIR(info.st_mode)) {
        entries_fault(r->into, &here, "is no file");
        return false;
    }
    if ((info.st_mode & S_IWOTH) || (info.st_uid != geteuid() && info.st_uid != 0)) {
        entries_fault(r->into, &here, "may be written by others, so what it says is not done; chown it to you, chmod o-w");
        return false;
    }
    return true;
}

void entries_read(struct entries *e, const char *path, bool own)
{
    struct reading r = {.into = e, .path = keep(e, path), .own = own, .file = fopen(path, "re")};
    struct entry here = {.file = r.path};
    if (!r.file) {
        if (errno != ENOENT && errno != ENOTDIR)
            entries_fault(e, &here, "cannot be read: %s", strerror(errno));
        return;
    }
    if (is_trusted(&r)) {
        here.line = ini_parse_stream(next_line, &r, take_value, &r);
        if (here.line > 0)
            entries_fault(e, &here, "is neither [section] nor name = value");
        else if (here.line < 0)
            entries_fault(e, &here, "cannot be read");
    }
    fclose(r.file);
}

const struct entry *entries_find(const struct entries *e, const char *kind, const char *name, const char *key)
{
    for (size_t i = e->count; i > 0; i--) {
        const struct entry *one = &e->items[i - 1];
        if (strcmp(one->kind, kind) == 0 && strcmp(one->name, name) == 0 && strcmp(one->key->name, key) == 0)
            return one;
    }
    return NULL;
}

const char *entries_path(struct entries *e, const struct entry *at)
{
    const char *value = at->value, *home = getenv("HOME"), *slash = strrchr(at->file, '/');
    struct str out = {0};
    if (value[0] == '~' && value[1] == '/' && home)
        str_addf(&out, "%s%s", home, value + 1);
    else if (value[0] != '/' && slash)
        str_addf(&out, "%.*s/%s", (int)(slash - at->file), at->file, value);
    else
        str_adds(&out, value);
    const char *kept = keep(e, out.at);
    str_free(&out);
    return kept;
}

/* The word that starts at *at, without its quotes; *at goes behind it. */
static char *next_word(struct entries *e, const char **at)
{
    struct str word = {0};
    char quote = 0;
    for (; **at && (quote || !isspace((unsigned char)**at)); ++*at) {
        if (quote ? **at == quote : **at == '"' || **at == '\'')
            quote = quote ? 0 : **at;
        else
            str_addc(&word, **at);
    }
    char *kept = arena_strndup(&e->arena, str_z(&word), word.len);
    str_free(&word);
    return kept;
}

const char *const *entries_words(struct entries *e, const struct entry *at, size_t *n)
{
    const char **words = NULL;
    size_t cap = 0;
    *n = 0;
    for (const char *p = at->value; *(p += strspn(p, " \t\n"));) {
        words = array_reserve(words, &cap, *n + 2, sizeof *words);
        words[(*n)++] = next_word(e, &p);
    }
    words = array_reserve(words, &cap, *n + 1, sizeof *words);
    words[*n] = NULL;
    return arena_take(&e->arena, words, *n + 1, sizeof *words);
}
