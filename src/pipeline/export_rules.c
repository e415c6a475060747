#include "pipeline/export_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "db/rule_store.h"
#include "text/visible.h"

enum { KEYS_SHOWN = 5 }; /* records named under a rule of the hand-book */

struct book {
    struct store *store;
    struct str out;
    size_t keys;
    struct json *list; /* of the keys of one rule, in JSON */
};

/* Appends text so that Markdown shows it as it is, on one line. The hand-book is read in terminals
 * too: what one would obey stands there as a mark. */
static void add_plain(struct str *out, const char *text)
{
    struct str shown = {0};
    visible_text(&shown, slice_of(text ? text : ""));
    for (size_t i = 0; i < shown.len; i++) {
        if (strchr("\\`*_[]<>#|~&", shown.at[i]))
            str_addc(out, '\\');
        str_addc(out, shown.at[i]);
    }
    str_free(&shown);
}

static int add_key(void *context, int64_t record, const char *key)
{
    struct book *book = context;
    (void)record;
    if (book->list) {
        json_push(book->list, json_new_string(key));
        return 0;
    }
    str_adds(&book->out, book->keys ? ", " : "");
    add_plain(&book->out, key);
    return ++book->keys == KEYS_SHOWN;
}

static bool has(const char *text)
{
    return text && *text;
}

static int add_chapter(struct book *book, const struct rule *r, struct error *err)
{
    char at[CLOCK_ISO_MAX];
    str_addf(&book->out, "\n## %lld. ", (long long)r->id);
    add_plain(&book->out, has(r->guardrail) ? r->guardrail : r->mistake);
    if (has(r->mistake) && has(r->guardrail)) {
        str_adds(&book->out, "\n\nMistake: ");
        add_plain(&book->out, r->mistake);
    }
    str_addf(&book->out, "\n\nUsed %lld %s, reworded %lld %s. Since %.10s",
             (long long)r->uses, r->uses == 1 ? "time" : "times", (long long)r->edits,
             r->edits == 1 ? "time" : "times", clock_iso(r->created, at));
    if (r->author) {
        str_adds(&book->out, ", by ");
        add_plain(&book->out, r->author);
    }
    str_adds(&book->out, ".\n");
    if (!r->uses)
        return 0;
    str_adds(&book->out, "\nRecords: ");
    book->keys = 0;
    int result = rule_store_records(book->store, r->id, add_key, book, err);
    if (r->uses > KEYS_SHOWN)
        str_addf(&book->out, " and %lld more", (long long)(r->uses - KEYS_SHOWN));
    str_adds(&book->out, "\n");
    return result < 0 ? -1 : 0;
}

static int add_object(struct book *book, struct json *list, const struct rule *r,
                      struct error *err)
{
    struct json *o = json_new_object();
    char at[CLOCK_ISO_MAX];
    book->list = json_new_array();
    int result = rule_store_records(book->store, r->id, add_key, book, err);
    json_set_int(o, "rule", r->id);
    json_set_string(o, "mistake", r->mistake);
    json_set_string(o, "guardrail", r->guardrail);
    json_set_int(o, "uses", r->uses);
    json_set_int(o, "edits", r->edits);
    json_set_string(o, "author", r->author);
    json_set_string(o, "created", clock_iso(r->created, at));
    json_set(o, "records", book->list);
    json_push(list, o);
    return result < 0 ? -1 : 0;
}

static int write_book(const struct export_options *o, struct book *book, struct error *err)
{
    if (strcmp(o->path, "-") != 0)
        return file_write_atomic(o->path, 0600, str_slice(&book->out), err);
    if (fwrite(book->out.at, 1, book->out.len, stdout) != book->out.len)
        return error_errno(err, "cannot write to standard output");
    return 0;
}

static int print_rules(struct book *book, const struct rules *rules, bool markdown,
                       struct error *err)
{
    int result = 0;
    struct json *list = markdown ? NULL : json_new_array();
    if (markdown)
        str_addf(&book->out, "# Rules\n\n%zu %s, the most used first.\n", rules->count,
                 rules->count == 1 ? "rule" : "rules");
    for (size_t i = 0; i < rules->count && result == 0; i++)
        result = markdown ? add_chapter(book, &rules->items[i], err)
                          : add_object(book, list, &rules->items[i], err);
    if (list) {
        json_print_pretty(&book->out, list);
        str_addc(&book->out, '\n');
        json_free(list);
    }
    return result;
}

int export_rules(struct store *s, const struct export_options *o, struct export_result *result,
                 struct error *err)
{
    struct rules rules = {0};
    struct book book = {.store = s};
    if (rule_store_list(s, RULES_BY_USES, false, &rules, err) != 0)
        return -1;
    int code = 0;
    if (!rules.count)
        code = error_set(err, ERR_ABSENT, "there is no rule yet: accept, edit or write one first");
    if (code == 0)
        code = print_rules(&book, &rules, o->markdown, err);
    if (code == 0)
        code = write_book(o, &book, err);
    if (code == 0) {
        sha256_hex(str_slice(&book.out), result->hash);
        result->written = (int64_t)rules.count;
    }
    str_free(&book.out);
    rules_free(&rules);
    return code;
}
