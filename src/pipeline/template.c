#include "pipeline/template_parts.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { PART_SYSTEM, PART_USER, PARTS };
enum { DEPTH_MAX = 8 };
static const char *const part_names[PARTS] = {"system", "user"};

enum node_kind { NODE_TEXT, NODE_FIELD, NODE_IF, NODE_UNLESS, NODE_END };

struct node {
    enum node_kind kind;
    struct slice text; /* the words, or the field's name; borrowed from the template's text */
    size_t line;
    size_t end; /* NODE_IF, NODE_UNLESS: index of their NODE_END */
};

struct part {
    struct node *nodes;
    size_t count, cap;
    bool given;
};

struct template {
    char *name, *path; /* path NULL: parsed from memory */
    struct str text;
    char hash[SHA256_HEX + 1];
    struct part parts[PARTS];
};

/* What is being read of one part. */
struct reader {
    const struct template *template;
    struct part *part;
    struct slice text;
    size_t at, line; /* line of byte `at` */
    size_t open[DEPTH_MAX]; /* nodes of sections not closed yet */
    size_t depth;
};

static size_t count_lines(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '\n';
    return n;
}

static struct node *add_node(struct reader *r, enum node_kind kind, struct slice text)
{
    struct part *p = r->part;
    p->nodes = array_reserve(p->nodes, &p->cap, p->count + 1, sizeof *p->nodes);
    p->nodes[p->count] = (struct node){.kind = kind, .text = text, .line = r->line};
    return &p->nodes[p->count++];
}

static void add_text(struct reader *r, size_t to)
{
    struct slice words = slice_sub(r->text, r->at, to);
    if (words.len)
        add_node(r, NODE_TEXT, words);
    r->line += count_lines(words);
    r->at = to;
}

static int fault(const struct reader *r, struct error *err, const char *what)
{
    return error_set(err, ERR_INPUT, "template %s, line %zu: %s", r->template->name, r->line, what);
}

static bool is_name(struct slice s)
{
    if (s.len == 0 || s.len > 64)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!islower((unsigned char)s.at[i]) && !isdigit((unsigned char)s.at[i]) && s.at[i] != '_')
            return false;
    return true;
}

static int close_section(struct reader *r, struct slice name, struct error *err)
{
    if (r->depth == 0)
        return fault(r, err, "{{/...}} closes a section that was not opened");
    size_t opened = r->open[--r->depth];
    if (!slice_eq(r->part->nodes[opened].text, name)) {
        struct slice was = r->part->nodes[opened].text;
        return error_set(err, ERR_INPUT, "template %s, line %zu: {{/%.*s}} stands where {{/%.*s}} was expected",
                         r->template->name, r->line, (int)name.len, name.at, (int)was.len, was.at);
    }
    add_node(r, NODE_END, name);
    r->part->nodes[opened].end = r->part->count - 1;
    return 0;
}

static int add_tag(struct reader *r, char sign, struct slice name, struct error *err)
{
    if (!is_name(name))
        return fault(r, err, "{{...}} needs a field's name of a-z, 0-9 and _ (two braces as text are written {{{{)");
    if (sign == '/')
        return close_section(r, name, err);
    if (sign == 0) {
        add_node(r, NODE_FIELD, name);
        return 0;
    }
    if (r->depth == DEPTH_MAX)
        return fault(r, err, "sections stand in sections more than 8 deep");
    add_node(r, sign == '#' ? NODE_IF : NODE_UNLESS, name);
    r->open[r->depth++] = r->part->count - 1;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The line that a section's tag [from, to) has for itself, its end included; false when it shares it. */
static bool alone_on_line(struct slice text, size_t from, size_t to, size_t *line_from, size_t *line_to)
{
    while (from > 0 && is_blank(text.at[from - 1]))
        from--;
    while (to < text.len && is_blank(text.at[to]))
        to++;
    if ((from > 0 && text.at[from - 1] != '\n') || (to < text.len && text.at[to] != '\n'))
        return false;
    *line_from = from;
    *line_to = to < text.len ? to + 1 : to;
    return true;
}

/* Reads the tag whose "{{" is at byte `from`. */
static int read_tag(struct reader *r, size_t from, struct error *err)
{
    size_t end = from + 2;
    while (end + 1 < r->text.len && !(r->text.at[end] == '}' && r->text.at[end + 1] == '}') && r->text.at[end] != '\n')
        end++;
    if (end + 1 >= r->text.len || r->text.at[end] != '}') {
        add_text(r, from);
        return fault(r, err, "{{ has no }} on its line (two braces as text are written {{{{)");
    }
    struct slice inner = slice_trim(slice_sub(r->text, from + 2, end));
    char sign = inner.len && strchr("#^/", inner.at[0]) ? inner.at[0] : 0;
    size_t text_to = from, next = end + 2;
    if (sign) {
        inner = slice_trim(slice_sub(inner, 1, inner.len));
        size_t line_from;
        if (alone_on_line(r->text, from, end + 2, &line_from, &next))
            text_to = line_from < r->at ? r->at : line_from;
    }
    add_text(r, text_to);
    if (add_tag(r, sign, inner, err) != 0)
        return -1;
    r->line += count_lines(slice_sub(r->text, r->at, next));
    r->at = next;
    return 0;
}

static int read_part(struct reader *r, struct error *err)
{
    size_t i = 0;
    while (i + 1 < r->text.len) {
        if (r->text.at[i] != '{' || r->text.at[i + 1] != '{') {
            i++;
        } else if (i + 3 < r->text.len && memcmp(r->text.at + i, "{{{{", 4) == 0) {
            add_text(r, i + 2);
            r->at = i += 4;
        } else {
            if (read_tag(r, i, err) != 0)
                return -1;
            i = r->at;
        }
    }
    add_text(r, r->text.len);
    if (r->depth == 0)
        return 0;
    const struct node *open = &r->part->nodes[r->open[r->depth - 1]];
    return error_set(err, ERR_INPUT, "template %s, line %zu: {{#%.*s}} is not closed by {{/%.*s}}", r->template->name,
                     open->line, (int)open->text.len, open->text.at, (int)open->text.len, open->text.at);
}

/* The line that starts at byte `at`, and where the next one starts. */
static struct slice line_at(struct slice text, size_t at, size_t *next)
{
    size_t end = at;
    while (end < text.len && text.at[end] != '\n')
        end++;
    *next = end < text.len ? end + 1 : end;
    return slice_sub(text, at, end);
}

/* Number of the part that a line starts, PARTS for any other "--- ..." line, -1 for a line of text. */
static int part_start(struct slice line)
{
    if (!slice_starts(line, "---"))
        return -1;
    struct slice name = slice_trim(slice_sub(line, 3, line.len));
    if (line.len < 4 || line.at[3] != ' ')
        return -1;
    for (int i = 0; i < PARTS; i++)
        if (slice_is(name, part_names[i]))
            return i;
    return PARTS;
}

/* Reads text [from, to), without blanks around it, as a part; line is that of byte from. */
static int add_part(struct template *t, int which, size_t from, size_t to, size_t line, struct error *err)
{
    struct slice all = str_slice(&t->text);
    while (from < to && isspace((unsigned char)all.at[from]))
        line += all.at[from++] == '\n';
    struct reader r = {.template = t,
                       .part = &t->parts[which],
                       .text = slice_trim(slice_sub(all, from, to)),
                       .line = line};
    if (r.part->given)
        return error_set(err, ERR_INPUT, "template %s, line %zu: a second part \"--- %s\"", t->name, line,
                         part_names[which]);
    r.part->given = true;
    return read_part(&r, err);
}

static int check_head(const struct template *t, struct slice line, size_t number, struct error *err)
{
    if (slice_trim(line).len == 0 || line.at[0] == '#')
        return 0;
    return error_set(err, ERR_INPUT,
                     "template %s, line %zu: before \"--- system\" or \"--- user\" stand only lines that start with #",
                     t->name, number);
}

static int read_parts(struct template *t, struct error *err)
{
    struct slice text = str_slice(&t->text);
    int open = -1;
    size_t from = 0, from_line = 0, line = 0;
    for (size_t at = 0, next; at < text.len; at = next) {
        struct slice words = line_at(text, at, &next);
        int starts = part_start(words);
        line++;
        if (starts == PARTS)
            return error_set(err, ERR_INPUT,
                             "template %s, line %zu: a line that starts with \"--- \" must be \"--- system\" or \"--- user\"",
                             t->name, line);
        if (starts < 0 && open < 0 && check_head(t, words, line, err) != 0)
            return -1;
        if (starts < 0)
            continue;
        if (open >= 0 && add_part(t, open, from, at, from_line, err) != 0)
            return -1;
        open = starts;
        from = next;
        from_line = line + 1;
    }
    if (open < 0)
        return error_set(err, ERR_INPUT, "template %s has no part: a line \"--- user\" starts the user's", t->name);
    return add_part(t, open, from, text.len, from_line, err);
}

struct template *template_parse(const char *name, struct slice text, struct error *err)
{
    struct template *t = mem_zalloc(1, sizeof *t);
    t->name = mem_strdup(name);
    str_add_slice(&t->text, text);
    sha256_hex(text, t->hash);
    int result = 0;
    if (!utf8_valid(text) || memchr(str_z(&t->text), 0, text.len))
        result = error_set(err, ERR_INPUT, "template %s is no UTF-8 text", name);
    if (result == 0 && read_parts(t, err) == 0)
        return t;
    template_free(t);
    return NULL;
}

void template_set_path(struct template *t, const char *path)
{
    mem_free(t->path);
    t->path = mem_strdup(path);
}

void template_free(struct template *t)
{
    if (!t)
        return;
    for (int i = 0; i < PARTS; i++)
        mem_free(t->parts[i].nodes);
    str_free(&t->text);
    mem_free(t->name);
    mem_free(t->path);
    mem_free(t);
}

const char *template_hash(const struct template *t)
{
    return t->hash;
}

const char *template_name(const struct template *t)
{
    return t->name;
}

const char *template_path(const struct template *t)
{
    return t->path;
}

struct slice template_text(const struct template *t)
{
    return str_slice(&t->text);
}

static const struct template_field *find_field(const struct template_field *fields, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is(name, fields[i].name))
            return &fields[i];
    return NULL;
}

static int fill_part(const struct template *t, const struct part *p, const struct template_field *fields, size_t n,
                     struct str *out, struct error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct node *node = &p->nodes[i];
        if (node->kind == NODE_TEXT)
            str_add_slice(out, node->text);
        if (node->kind == NODE_TEXT || node->kind == NODE_END)
            continue;
        const struct template_field *f = find_field(fields, n, node->text);
        if (!f)
            return error_set(err, ERR_INPUT, "template %s, line %zu: there is no field %.*s here", t->name,
                             node->line, (int)node->text.len, node->text.at);
        if (node->kind == NODE_FIELD)
            str_add_slice(out, f->value);
        else if ((node->kind == NODE_IF) == (f->value.len == 0))
            i = node->end;
    }
    return 0;
}

int template_fill(const struct template *t, const struct template_field *fields, size_t n, struct str *system,
                  struct str *user, struct error *err)
{
    if (fill_part(t, &t->parts[PART_SYSTEM], fields, n, system, err) != 0)
        return -1;
    return fill_part(t, &t->parts[PART_USER], fields, n, user, err);
}

static bool names_field(const struct template *t, struct slice name)
{
    for (int p = 0; p < PARTS; p++)
        for (size_t i = 0; i < t->parts[p].count; i++)
            if (t->parts[p].nodes[i].kind == NODE_FIELD && slice_eq(t->parts[p].nodes[i].text, name))
                return true;
    return false;
}

/* The next word of a list separated by blanks; false at its end. */
static bool next_word(struct slice *list, struct slice *word)
{
    *list = slice_trim(*list);
    size_t len = 0;
    while (len < list->len && list->at[len] != ' ')
        len++;
    *word = slice_sub(*list, 0, len);
    *list = slice_sub(*list, len, list->len);
    return len > 0;
}

static bool in_list(const char *list, struct slice name)
{
    struct slice rest = slice_of(list), word;
    while (next_word(&rest, &word))
        if (slice_eq(word, name))
            return true;
    return false;
}

size_t template_check(const struct template *t, const struct template_use *use, struct str *report)
{
    size_t faults = 0;
    for (int p = 0; p < PARTS; p++)
        for (size_t i = 0; i < t->parts[p].count; i++) {
            const struct node *node = &t->parts[p].nodes[i];
            if (node->kind == NODE_TEXT || node->kind == NODE_END || in_list(use->fields, node->text))
                continue;
            faults++;
            str_addf(report, "%s, line %zu: there is no field %.*s; there are: %s\n", t->name, node->line,
                     (int)node->text.len, node->text.at, use->fields);
        }
    struct slice rest = slice_of(use->required), word;
    while (next_word(&rest, &word))
        if (!names_field(t, word)) {
            faults++;
            str_addf(report, "%s: the field %.*s is missing: {{%.*s}} must stand somewhere\n", t->name, (int)word.len,
                     word.at, (int)word.len, word.at);
        }
    bool user_wanted = use->required[0] != 0;
    if (user_wanted != t->parts[PART_USER].given) {
        faults++;
        str_addf(report, user_wanted ? "%s: the part \"--- user\" is missing\n"
                                     : "%s: it may have no part \"--- user\": the record's own prompt is sent\n", t->name);
    }
    return faults;
}
