#include "text/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

enum {
    SOURCE_MAX = 64 * 1024,
    MATCH_STEPS = 2000000, /* some tens of milliseconds on a bad pattern */
    DEPTH_MAX = 50000,
    HEAP_KIB = 20000,
    JIT_STACK_MAX = 1024 * 1024
};

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    size_t groups; /* valid pairs in match after a success */
};

static uint32_t compile_options(unsigned flags)
{
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    if (flags & PATTERN_LITERAL)
        options |= PCRE2_LITERAL;
    else
        options |= PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    if (flags & PATTERN_CASELESS)
        options |= PCRE2_CASELESS;
    return options;
}

static int explain(int code, size_t at, size_t *error_at, struct error *err)
{
    PCRE2_UCHAR text[256];
    pcre2_get_error_message(code, text, sizeof text);
    if (error_at)
        *error_at = at;
    return error_set(err, ERR_INPUT, "pattern, at byte %zu: %s", at, (const char *)text);
}

static void prepare(struct pattern *p)
{
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(p->context, MATCH_STEPS);
    pcre2_set_depth_limit(p->context, DEPTH_MAX);
    pcre2_set_heap_limit(p->context, HEAP_KIB);
    /* without JIT on this machine the interpreter does the same, slower */
    if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0) {
        p->stack = pcre2_jit_stack_create((size_t)32 * 1024, JIT_STACK_MAX, NULL);
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
    }
}

struct pattern *pattern_compile(struct slice source, unsigned flags, size_t *error_at,
                                struct error *err)
{
    if (source.len > SOURCE_MAX) {
        if (error_at)
            *error_at = SOURCE_MAX;
        error_set(err, ERR_LIMIT, "a pattern of %zu bytes is longer than %d", source.len,
                  SOURCE_MAX);
        return NULL;
    }
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (flags & PATTERN_WORD)
        pcre2_set_compile_extra_options(context, PCRE2_EXTRA_MATCH_WORD);
    int code;
    PCRE2_SIZE at;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(source.at ? source.at : ""), source.len,
                                         compile_options(flags), &code, &at, context);
    pcre2_compile_context_free(context);
    if (!compiled) {
        explain(code, at, error_at, err);
        return NULL;
    }
    struct pattern *p = mem_zalloc(1, sizeof *p);
    p->code = compiled;
    prepare(p);
    return p;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    pcre2_code_free(p->code);
    mem_free(p);
}

enum pattern_result pattern_find(struct pattern *p, struct slice text, size_t from,
                                 size_t *match_from, size_t *match_to)
{
    p->groups = 0;
    if (from > text.len)
        return PATTERN_NO;
    int n = pcre2_match(p->code, (PCRE2_SPTR)(text.at ? text.at : ""), text.len, from, 0, p->match,
                        p->context);
    if (n == PCRE2_ERROR_NOMATCH)
        return PATTERN_NO;
    if (n < 0)
        return PATTERN_GAVE_UP;
    p->groups = (size_t)n;
    size_t start = 0, end = 0;
    pattern_group(p, 0, &start, &end);
    if (start > end) /* \K inside a look-ahead can say so */
        start = end;
    if (match_from)
        *match_from = start;
    if (match_to)
        *match_to = end;
    return PATTERN_YES;
}

bool pattern_group(const struct pattern *p, size_t group, size_t *from, size_t *to)
{
    if (group >= p->groups)
        return false;
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(p->match);
    *from = pairs[2 * group];
    *to = pairs[2 * group + 1];
    return *from != PCRE2_UNSET;
}
