#define PCRE2_CODE_UNIT_WIDTH 8
#include "trainer/tokenizer/pretoken.h"

#include <pcre2.h>
#include <stdbool.h>

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

/* PCRE2's \s also matches U+180E, which Oniguruma (the patterns' home) and Unicode call no blank;
 * so \s and \S are spelled out. */
static void spell_blanks(struct str *out, struct slice regex)
{
    bool in_class = false;
    for (size_t i = 0; i < regex.len; i++) {
        char c = regex.at[i], escaped = i + 1 < regex.len ? regex.at[i + 1] : '\0';
        if (c == '\\' && (escaped == 's' || (escaped == 'S' && !in_class))) {
            const char *open = in_class ? "" : escaped == 's' ? "[" : "[^";
            str_addf(out, "%s\\t-\\r\\x{85}\\p{Z}%s", open, in_class ? "" : "]");
            i++;
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
    spell_blanks(&text, regex);
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
