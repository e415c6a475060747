#include "experiments/forms.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "base/lines.h"
#include "base/mem.h"

enum { LINE_MAX_BYTES = 4096, DEPTH_MAX = 8, NAME_BYTES = 64 };

struct section {
    char name[NAME_BYTES];
    struct {
        char **items;
        size_t count, cap;
    } of[FORMS_KINDS];
};

struct forms {
    struct section *items;
    size_t count, cap;
};

static struct section *find_section(const struct forms *f, struct slice name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (slice_is(name, f->items[i].name))
            return &f->items[i];
    }
    return NULL;
}

/* "[NAME]", "[NAME train]" and so on. */
static int open_section(struct forms *f, struct slice line, bool into[FORMS_KINDS], size_t *at, struct error *err)
{
    struct slice name = slice_sub(line, 1, line.len - 1);
    into[FORMS_TRAIN] = into[FORMS_TEST] = into[FORMS_WIDE] = true;
    const char *blank = memchr(name.at, ' ', name.len);
    if (blank) {
        struct slice split = slice_trim(slice_sub(name, (size_t)(blank - name.at), name.len));
        name.len = (size_t)(blank - name.at);
        into[FORMS_TRAIN] = slice_is(split, "train");
        into[FORMS_TEST] = slice_is(split, "test");
        into[FORMS_WIDE] = into[FORMS_TRAIN] || slice_is(split, "corpus");
    }
    if (line.at[line.len - 1] != ']' || name.len == 0 || name.len >= NAME_BYTES ||
        !(into[FORMS_TRAIN] || into[FORMS_TEST] || into[FORMS_WIDE]))
        return error_set(err, ERR_INPUT, "expected [NAME], [NAME train], [NAME test] or [NAME corpus]");
    struct section *s = find_section(f, name);
    if (!s) {
        f->items = array_reserve(f->items, &f->cap, f->count + 1, sizeof *f->items);
        s = &f->items[f->count++];
        *s = (struct section){0};
        memcpy(s->name, name.at, name.len);
    }
    *at = (size_t)(s - f->items);
    return 0;
}

static void add_form(struct section *s, int split, struct slice line)
{
    struct str text = {0};
    str_add_slice(&text, line);
    for (size_t i = 0; i < text.len; i++)
        text.at[i] = text.at[i] == '|' ? '\n' : text.at[i];
    s->of[split].items = array_reserve(s->of[split].items, &s->of[split].cap, s->of[split].count + 1,
                                       sizeof *s->of[split].items);
    s->of[split].items[s->of[split].count++] = str_take(&text);
}

static int read_line(struct forms *f, struct slice line, bool into[FORMS_KINDS], size_t *at, struct error *err)
{
    line = slice_trim(line);
    if (line.len == 0 || line.at[0] == '#')
        return 0;
    if (line.at[0] == '[')
        return open_section(f, line, into, at, err);
    if (f->count == 0)
        return error_set(err, ERR_INPUT, "a form stands before the first [SECTION]");
    for (int split = 0; split < FORMS_KINDS; split++) {
        if (into[split])
            add_form(&f->items[*at], split, line);
    }
    return 0;
}

static int read_file(struct forms *f, const char *folder, const char *name, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", folder, name);
    struct lines *l = lines_open(path.at, LINE_MAX_BYTES, err);
    struct slice line;
    bool into[FORMS_KINDS] = {true, true, true};
    size_t at = 0;
    enum lines_result got = LINES_FAILED;
    int result = l ? 0 : -1;
    while (result == 0 && (got = lines_next(l, &line, err)) == LINES_LINE) {
        if (read_line(f, line, into, &at, err) != 0)
            result = error_prefix(err, "%s: line %llu: ", path.at, (unsigned long long)lines_number(l));
    }
    if (result == 0 && got != LINES_END)
        result = got == LINES_FAILED ? -1 : error_set(err, ERR_LIMIT, "%s: a line is over %d bytes", path.at,
                                                      LINE_MAX_BYTES);
    lines_close(l);
    str_free(&path);
    return result;
}

struct forms *forms_load(const char *folder, struct error *err)
{
    struct forms *f = mem_zalloc(1, sizeof *f);
    if (read_file(f, folder, "lexicon.txt", err) == 0 && read_file(f, folder, "forms.txt", err) == 0)
        return f;
    forms_free(f);
    return NULL;
}

void forms_free(struct forms *f)
{
    for (size_t i = 0; f && i < f->count; i++) {
        for (int split = 0; split < FORMS_KINDS; split++) {
            for (size_t k = 0; k < f->items[i].of[split].count; k++)
                mem_free(f->items[i].of[split].items[k]);
            mem_free(f->items[i].of[split].items);
        }
    }
    if (f)
        mem_free(f->items);
    mem_free(f);
}

size_t forms_count(const struct forms *f, const char *section, enum forms_for who)
{
    const struct section *s = find_section(f, slice_of(section));
    return s ? s->of[who].count : 0;
}

struct slice forms_at(const struct forms *f, const char *section, enum forms_for who, size_t index)
{
    return slice_of(find_section(f, slice_of(section))->of[who].items[index]);
}

const char *forms_section(const struct forms *f, size_t index)
{
    return index < f->count ? f->items[index].name : NULL;
}

int forms_pick(const struct forms *f, const char *section, enum forms_for who, struct draw *d, struct slice *out,
               struct error *err)
{
    size_t count = forms_count(f, section, who);
    if (count == 0)
        return error_set(err, ERR_INPUT, "the forms have no section [%s] for the %s split", section,
                         who == FORMS_TEST ? "test" : "training");
    *out = forms_at(f, section, who, draw_below(d, count));
    return 0;
}

struct telling {
    const struct forms *forms;
    enum forms_for who;
    struct draw *draw;
    const struct facts_of *facts;
    struct str *out;
};

static int tell(struct telling *t, const char *section, int depth, struct error *err);

/* A word out of place: of another form, or one that nobody knows. */
static void other_word(struct telling *t)
{
    char invented[NAME_BYTES];
    const struct section *s = &t->forms->items[draw_below(t->draw, t->forms->count)];
    struct slice form = {"", 0};
    if (s->of[t->who].count)
        form = slice_of(s->of[t->who].items[draw_below(t->draw, s->of[t->who].count)]);
    size_t from = form.len ? draw_below(t->draw, form.len) : 0, to;
    while (from < form.len && !isalpha((unsigned char)form.at[from]))
        from++;
    for (to = from; to < form.len && isalpha((unsigned char)form.at[to]);)
        to++;
    draw_word(t->draw, invented, sizeof invented);
    if (from < to && draw_chance(t->draw, 0.5))
        str_add_slice(t->out, slice_sub(form, from, to));
    else
        str_adds(t->out, invented);
}

/* A word of a form as it is spoken; who speaks is never touched. */
static void say_word(struct telling *t, struct slice word, bool label)
{
    size_t what = 0;
    if (!label && draw_chance(t->draw, t->facts->noise))
        what = 1 + draw_below(t->draw, 3);
    if (what == 1)
        return;
    if (what)
        other_word(t);
    if (what == 3)
        str_addc(t->out, ' ');
    if (what != 2)
        str_add_slice(t->out, word);
}

/* What stands between two braces. */
static int fill(struct telling *t, struct slice name, int depth, struct error *err)
{
    char lower[NAME_BYTES];
    if (name.len == 0 || name.len >= sizeof lower)
        return error_set(err, ERR_INPUT, "a form has empty or too long braces");
    memcpy(lower, name.at, name.len);
    lower[name.len] = '\0';
    lower[0] = (char)tolower((unsigned char)lower[0]);
    size_t start = t->out->len;
    const char *fact = t->facts->find(t->facts->ctx, slice_of(lower));
    if (fact)
        str_adds(t->out, fact);
    else if (tell(t, lower, depth + 1, err) != 0)
        return -1;
    if (lower[0] != name.at[0] && t->out->len > start)
        t->out->at[start] = (char)toupper((unsigned char)t->out->at[start]);
    return 0;
}

static int tell(struct telling *t, const char *section, int depth, struct error *err)
{
    struct slice form = {"", 0};
    if (depth > DEPTH_MAX)
        return error_set(err, ERR_INPUT, "the section [%s] contains itself", section);
    if (forms_pick(t->forms, section, t->who, t->draw, &form, err) != 0)
        return -1;
    for (size_t i = 0; i < form.len; i++) {
        const char *close = form.at[i] == '{' ? memchr(form.at + i, '}', form.len - i) : NULL;
        size_t word = i;
        while (t->facts->noise > 0 && word < form.len && isalpha((unsigned char)form.at[word]))
            word++;
        if (word > i) {
            say_word(t, slice_sub(form, i, word), word < form.len && form.at[word] == ':');
            i = word - 1;
            continue;
        }
        if (!close) {
            str_addc(t->out, form.at[i]);
            continue;
        }
        size_t end = (size_t)(close - form.at);
        if (fill(t, slice_sub(form, i + 1, end), depth, err) != 0)
            return -1;
        i = end;
    }
    return 0;
}

int forms_tell(const struct forms *f, const char *section, enum forms_for who, struct draw *d, const struct facts_of *facts,
               struct str *out, struct error *err)
{
    struct telling t = {.forms = f, .who = who, .draw = d, .facts = facts, .out = out};
    return tell(&t, section, 0, err);
}
