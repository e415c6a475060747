#define PCRE2_CODE_UNIT_WIDTH 8
#include "trainer/tokenizer/pretoken.h"

#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/mem.h"

enum { STEPS_MAX = 8, MATCH_LIMIT = 10000000 };

/* As the models' own tokenizer files have them. */
const char pretoken_gpt2[] =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const char pretoken_qwen2[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
    "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const char pretoken_llama3[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const char pretoken_digit[] = "\\p{N}";
const char pretoken_digits[] = "\\p{N}+";

struct pieces {
    struct piece *items;
    size_t count, cap;
};

struct pretoken {
    pcre2_code *steps[STEPS_MAX];
    int count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    struct pieces now, then;
};

struct pretoken *pretoken_new(void)
{
    struct pretoken *p = mem_zalloc(1, sizeof *p);
    p->match = pcre2_match_data_create(16, NULL);
    p->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    return p;
}

void pretoken_free(struct pretoken *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++)
        pcre2_code_free(p->steps[i]);
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->limits);
    mem_free(p->now.items);
    mem_free(p->then.items);
    mem_free(p);
}

/* Letters and numbers that Unicode got in its versions 15 and 16, the one Oniguruma (the patterns' home) has: an older
 * PCRE2 does not know them. Found by asking both for every character. */
static const char new_letters[] =
    "\\x{1C89}\\x{1C8A}\\x{A7CB}-\\x{A7CD}\\x{A7DA}-\\x{A7DC}\\x{105C0}-\\x{105F3}\\x{10D4A}-\\x{10D65}\\x{10D6F}-\\x{10D85}"
    "\\x{10EC2}-\\x{10EC4}\\x{1123F}\\x{11240}\\x{11380}-\\x{11389}\\x{1138B}\\x{1138E}\\x{11390}-\\x{113B5}\\x{113B7}"
    "\\x{113D1}\\x{113D3}\\x{11BC0}-\\x{11BE0}\\x{11F02}\\x{11F04}-\\x{11F10}\\x{11F12}-\\x{11F33}\\x{1342F}"
    "\\x{13441}-\\x{13446}\\x{13460}-\\x{143FA}\\x{16100}-\\x{1611D}\\x{16D40}-\\x{16D6C}\\x{18CFF}\\x{1B132}\\x{1B155}"
    "\\x{1DF25}-\\x{1DF2A}\\x{1E030}-\\x{1E06D}\\x{1E4D0}-\\x{1E4EB}\\x{1E5D0}-\\x{1E5ED}\\x{1E5F0}\\x{2B739}"
    "\\x{2EBF0}-\\x{2EE5D}\\x{31350}-\\x{323AF}";
static const char new_numbers[] =
    "\\x{10D40}-\\x{10D49}\\x{116D0}-\\x{116E3}\\x{11BF0}-\\x{11BF9}\\x{11F50}-\\x{11F59}\\x{16130}-\\x{16139}"
    "\\x{16D70}-\\x{16D79}\\x{1CCF0}-\\x{1CCF9}\\x{1D2C0}-\\x{1D2D3}\\x{1E4F0}-\\x{1E4F9}\\x{1E5F1}-\\x{1E5FA}";

/* Whether the library's tables are older than Unicode 16; those of 15 have some of the characters already. */
static bool tables_are_old(void)
{
    enum { ROOM = 64, NEWEST = 16 };
    char version[ROOM] = "";
    return pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, NULL) < ROOM &&
           pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, version) > 0 && strtol(version, NULL, 10) < NEWEST;
}

/* What a class is spelled as that PCRE2 has otherwise than Oniguruma, NULL for all else: its \s also matches U+180E, which
 * Unicode calls no blank. *len is what is read of the pattern. */
static const char *spelling(const char *at, size_t left, bool old, size_t *len, const char **more)
{
    *more = "";
    *len = 2;
    if (left >= 2 && (at[1] == 's' || at[1] == 'S'))
        return "\\t-\\r\\x{85}\\p{Z}";
    *len = 5;
    if (!old || left < 5 || at[2] != '{' || at[4] != '}' || (at[1] != 'p' && at[1] != 'P'))
        return NULL;
    *more = at[3] == 'L' ? new_letters : new_numbers;
    return at[3] == 'L' ? "\\p{L}" : at[3] == 'N' ? "\\p{N}" : NULL;
}

static void spell_classes(struct str *out, struct slice regex)
{
    bool in_class = false, old = tables_are_old();
    for (size_t i = 0; i < regex.len; i++) {
        char c = regex.at[i], escaped = i + 1 < regex.len ? regex.at[i + 1] : '\0';
        bool negated = escaped == 'S' || escaped == 'P';
        size_t len;
        const char *more, *class = c == '\\' ? spelling(regex.at + i, regex.len - i, old, &len, &more) : NULL;
        if (class && !(negated && in_class)) {
            str_addf(out, "%s%s%s%s", in_class ? "" : negated ? "[^" : "[", class, more, in_class ? "" : "]");
            i += len - 1;
        } else if (c == '\\' && escaped) {
            str_add(out, regex.at + i++, 2);
        } else {
            in_class = c == '[' || (in_class && c != ']');
            str_addc(out, c);
        }
    }
}

int pretoken_add(struct pretoken *p, struct slice regex, struct error *err)
{
    if (p->count == STEPS_MAX)
        return error_set(err, ERR_LIMIT, "more than %d splitting steps", STEPS_MAX);
    struct str text = {0};
    int code;
    PCRE2_SIZE at;
    spell_classes(&text, regex);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)str_z(&text), text.len, PCRE2_UTF | PCRE2_UCP, &code,
                                   &at, NULL);
    str_free(&text);
    if (!re)
        return error_set(err, ERR_INPUT, "the tokenizer's pattern is not understood (PCRE2 error %d)",
                         code);
    pcre2_jit_compile(re, PCRE2_JIT_COMPLETE); /* without it matching is slower, not different */
    p->steps[p->count++] = re;
    return 0;
}

static void add_piece(struct pieces *list, size_t from, size_t to)
{
    if (from == to)
        return;
    list->items = array_reserve(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct piece){from, to};
}

static int split_piece(struct pretoken *p, const pcre2_code *re, struct slice text,
                       struct piece piece, struct error *err)
{
    PCRE2_SPTR start = (PCRE2_SPTR)text.at + piece.from;
    size_t len = piece.to - piece.from, at = 0, done = 0;
    while (at < len) {
        int n = pcre2_match(re, start, len, at, PCRE2_NO_UTF_CHECK, p->match, p->limits);
        if (n == PCRE2_ERROR_NOMATCH)
            break;
        if (n < 0)
            return error_set(err, ERR_LIMIT, "cutting text into words failed (PCRE2 error %d)", n);
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(p->match);
        if (span[1] <= span[0]) { /* an empty match cuts nothing; go on one character later */
            at = span[0] + 1;
            while (at < len && (start[at] & 0xC0) == 0x80)
                at++;
            continue;
        }
        add_piece(&p->then, piece.from + done, piece.from + span[0]);
        add_piece(&p->then, piece.from + span[0], piece.from + span[1]);
        at = done = span[1];
    }
    add_piece(&p->then, piece.from + done, piece.to);
    return 0;
}

const struct piece *pretoken_split(struct pretoken *p, struct slice text, size_t *count,
                                   struct error *err)
{
    static const struct piece none;
    p->now.count = 0;
    add_piece(&p->now, 0, text.len);
    for (int s = 0; s < p->count; s++) {
        p->then.count = 0;
        for (size_t i = 0; i < p->now.count; i++) {
            if (split_piece(p, p->steps[s], text, p->now.items[i], err) != 0)
                return NULL;
        }
        struct pieces swap = p->now;
        p->now = p->then;
        p->then = swap;
    }
    *count = p->now.count;
    return p->now.items ? p->now.items : &none;
}
