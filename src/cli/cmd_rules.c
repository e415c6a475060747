#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/actions.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "db/decision_store.h"
#include "db/eval_store.h"
#include "db/rule_store.h"

enum { MISTAKE_CELLS = 34 };

static const char *const statuses[] = {"active", "retired", "merged"};

struct rules_call {
    struct invocation *inv;
    struct session *session;
    struct store *store;
    struct error err;
    bool json;
};

/* "12" or "#12"; 0 when it is no number of a rule. */
static int64_t rule_number(const char *word)
{
    char *end;
    word += *word == '#';
    errno = 0;
    long long n = strtoll(word, &end, 10);
    return *word >= '0' && *word <= '9' && !*end && !errno ? (int64_t)n : 0;
}

/* What evals say of a rule; .rule 0: nothing. */
struct known {
    struct rule_worth worth;
    struct rule_broken broken; /* by the newest eval that was looked through */
};

static int take_broken(void *context, const struct rule_broken *b)
{
    *(struct rule_broken *)context = *b;
    return 1;
}

static int know(struct store *s, int64_t rule, struct known *out, struct error *err)
{
    *out = (struct known){0};
    if (eval_store_worth_of(s, rule, &out->worth, err) < 0 ||
        eval_store_broken(s, rule, 0, take_broken, &out->broken, err) < 0)
        return -1;
    return 0;
}

static void worth_json(struct json *j, const struct known *k)
{
    if (k->worth.rule) {
        struct json *w = json_new_object();
        json_set_int(w, "eval", k->worth.eval);
        json_set_int(w, "records", k->worth.records);
        json_set_number(w, "nats", k->worth.total);
        json_set_number(w, "at_hinges", k->worth.at_hinges);
        json_set_number(w, "elsewhere", k->worth.elsewhere);
        json_set(w, "low", k->worth.records < WORTH_RECORDS ? json_new_null() : json_new_number(k->worth.low));
        json_set(w, "high", k->worth.records < WORTH_RECORDS ? json_new_null() : json_new_number(k->worth.high));
        json_set_string(w, "verdict", worth_verdict_name(k->worth.verdict));
        json_set(j, "worth", w);
    }
    if (k->broken.rule) {
        struct json *b = json_new_object();
        json_set_int(b, "eval", k->broken.eval);
        json_set_int(b, "broken", k->broken.broken);
        json_set_int(b, "of", k->broken.of);
        json_set(j, "still_broken", b);
    }
}

/* " +1.24 helps      3/40" */
static void worth_cells(struct str *out, const struct known *k)
{
    struct str broken = {0};
    if (k->worth.rule)
        str_addf(out, " %+7.2f %-9s", k->worth.total, worth_verdict_name(k->worth.verdict));
    else
        str_addf(out, " %7s %-9s", "", "");
    if (k->broken.rule)
        str_addf(&broken, "%lld/%lld", (long long)k->broken.broken, (long long)k->broken.of);
    str_addf(out, " %7s", str_z(&broken));
    str_free(&broken);
}

static struct json *rule_json(const struct rule *r)
{
    struct json *j = json_new_object();
    json_set_int(j, "rule", r->id);
    json_set_string(j, "mistake", r->mistake);
    json_set_string(j, "guardrail", r->guardrail);
    json_set_string(j, "status", statuses[r->status]);
    if (r->merged_into)
        json_set_int(j, "merged_into", r->merged_into);
    json_set_int(j, "uses", r->uses);
    json_set_int(j, "edits", r->edits);
    json_set_string(j, "author", r->author);
    json_set_int(j, "created", r->created);
    return j;
}

static int list_json(struct store *s, const struct rules *list, struct error *err)
{
    struct json *root = json_new_array();
    for (size_t i = 0; i < list->count; i++) {
        struct known k;
        struct json *j = rule_json(&list->items[i]);
        json_push(root, j);
        if (know(s, list->items[i].id, &k, err) < 0) {
            json_free(root);
            return -1;
        }
        worth_json(j, &k);
    }
    return print_json(root, err);
}

/* The columns of what evals say are there once an eval has said something. */
static int anything_known(struct store *s, const struct rules *list, bool *out, struct error *err)
{
    *out = false;
    for (size_t i = 0; i < list->count && !*out; i++) {
        struct known k;
        if (know(s, list->items[i].id, &k, err) < 0)
            return -1;
        *out = k.worth.rule || k.broken.rule;
    }
    return 0;
}

static int list_people(struct store *s, const struct rules *list, struct error *err)
{
    struct str out = {0};
    bool known;
    if (anything_known(s, list, &known, err) < 0)
        return -1;
    str_addf(&out, "%6s %5s %5s", "rule", "uses", "edits");
    if (known)
        str_addf(&out, " %7s %-9s %7s", "nats", "", "broken");
    str_adds(&out, "  ");
    print_cell(&out, SLICE("mistake"), MISTAKE_CELLS);
    str_adds(&out, "  guardrail\n");
    for (size_t i = 0; i < list->count; i++) {
        const struct rule *r = &list->items[i];
        struct known k = {0};
        str_addf(&out, "%6lld %5lld %5lld", (long long)r->id, (long long)r->uses, (long long)r->edits);
        if (known && know(s, r->id, &k, err) < 0) {
            str_free(&out);
            return -1;
        }
        if (known)
            worth_cells(&out, &k);
        str_adds(&out, "  ");
        print_cell(&out, slice_of(r->mistake), MISTAKE_CELLS);
        str_adds(&out, "  ");
        print_cell(&out, slice_of(r->guardrail), 0);
        str_adds(&out, r->status == RULE_RETIRED ? " (retired)\n" : "\n");
    }
    return print_out(&out, err);
}

static enum rule_sort sort_of(const char *word)
{
    static const char *const words[] = {"uses", "edits", "age", "text"};
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], word) == 0)
            return (enum rule_sort)i;
    return RULES_BY_USES;
}

static int take_worth(void *context, const struct rule_worth *w)
{
    struct rules *list = ((struct rules **)context)[0];
    size_t *next = ((size_t **)context)[1];
    for (size_t i = *next; i < list->count; i++)
        if (list->items[i].id == w->rule) {
            struct rule found = list->items[i];
            memmove(&list->items[*next + 1], &list->items[*next], (i - *next) * sizeof found);
            list->items[(*next)++] = found;
            break;
        }
    return 0;
}

/* Those that were weighed come first, the most valuable before; the others follow as they were. */
static int sort_by_worth(struct store *s, struct rules *list, struct error *err)
{
    size_t next = 0;
    void *context[] = {list, &next};
    return eval_store_worth(s, 0, take_worth, context, err);
}

static int list(struct rules_call *c)
{
    struct rules rules = {0};
    int result = rule_store_list(c->store, sort_of(inv_option(c->inv, "sort", "uses")),
                                 inv_flag(c->inv, "all"), &rules, &c->err);
    if (result == 0 && strcmp(inv_option(c->inv, "sort", "uses"), "worth") == 0)
        result = sort_by_worth(c->store, &rules, &c->err);
    if (result == 0)
        result = c->json ? list_json(c->store, &rules, &c->err) : list_people(c->store, &rules, &c->err);
    rules_free(&rules);
    return result;
}

/* The history and the records of one rule, as lines or JSON. */
struct story {
    struct str *out;
    struct json *array;
};

static int add_event(void *context, const struct decision_row *row)
{
    struct story *to = context;
    char when[CLOCK_ISO_MAX];
    clock_iso(row->d.created, when);
    if (to->array) {
        struct json *j = json_new_object();
        json_set_string(j, "verb", verb_name(row->d.verb));
        json_set_string(j, "reviewer", row->reviewer);
        json_set_string(j, "when", when);
        json_set_string(j, "record", row->key);
        json_set_bool(j, "stands", row->effective);
        json_push(to->array, j);
        return 0;
    }
    str_addf(to->out, "  %s  %-12s ", when, verb_name(row->d.verb));
    print_cell(to->out, slice_of(row->reviewer), 0);
    if (row->key) {
        str_adds(to->out, "  on ");
        print_cell(to->out, slice_of(row->key), 0);
    }
    str_adds(to->out, row->effective || row->target ? "\n" : "  (taken back)\n");
    return 0;
}

static int add_record(void *context, int64_t record, const char *key)
{
    (void)record;
    struct story *to = context;
    if (to->array) {
        json_push(to->array, json_new_string(key));
        return 0;
    }
    str_adds(to->out, "  ");
    print_cell(to->out, slice_of(key), 0);
    str_addc(to->out, '\n');
    return 0;
}

static int show_json(struct rules_call *c, const struct rule *r)
{
    struct json *root = rule_json(r);
    struct story records = {.array = json_new_array()}, history = {.array = json_new_array()};
    json_set(root, "records", records.array);
    json_set(root, "history", history.array);
    if (rule_store_records(c->store, r->id, add_record, &records, &c->err) == 0 &&
        decision_store_rule_history(c->store, r->id, add_event, &history, &c->err) == 0)
        return print_json(root, &c->err);
    json_free(root);
    return -1;
}

static void add_field(struct str *out, const char *name, const char *text)
{
    str_addf(out, "%-10s ", name);
    print_cell(out, slice_of(text), 0);
    str_addc(out, '\n');
}

static int show_people(struct rules_call *c, const struct rule *r)
{
    struct str out = {0};
    struct story to = {.out = &out};
    char when[CLOCK_ISO_MAX];
    str_addf(&out, "rule       #%lld, %s", (long long)r->id, statuses[r->status]);
    if (r->merged_into)
        str_addf(&out, " into #%lld", (long long)r->merged_into);
    str_addc(&out, '\n');
    add_field(&out, "mistake", r->mistake);
    add_field(&out, "guardrail", r->guardrail);
    add_field(&out, "author", r->author);
    add_field(&out, "made", clock_iso(r->created, when));
    str_addf(&out, "uses       %lld\nedits      %lld\nrecords:\n", (long long)r->uses,
             (long long)r->edits);
    int result = rule_store_records(c->store, r->id, add_record, &to, &c->err);
    str_adds(&out, "history:\n");
    if (result == 0)
        result = decision_store_rule_history(c->store, r->id, add_event, &to, &c->err);
    if (result == 0)
        return print_out(&out, &c->err);
    str_free(&out);
    return -1;
}

static int show(struct rules_call *c, int64_t rule, int64_t other)
{
    (void)other;
    struct rules found = {0};
    int result = rule_store_get(c->store, rule, &found, &c->err);
    if (result == 0)
        result = c->json ? show_json(c, &found.items[0]) : show_people(c, &found.items[0]);
    rules_free(&found);
    return result;
}

static int say(struct rules_call *c, int result, struct outcome *done)
{
    if (result == 0 && c->json) {
        struct json *j = json_new_object();
        json_set_int(j, "rule", done->rule);
        json_set_int(j, "records", (int64_t)done->records);
        json_set_string(j, "said", str_z(&done->said));
        result = print_json(j, &c->err);
    } else if (result == 0) {
        struct str out = {0};
        print_cell(&out, str_slice(&done->said), 0);
        str_addc(&out, '\n');
        result = print_out(&out, &c->err);
    }
    outcome_free(done);
    return result;
}

static int merge(struct rules_call *c, int64_t rule, int64_t other)
{
    struct outcome done = {0};
    return say(c, action_merge_rules(c->session, rule, other, &done, &c->err), &done);
}

static int retire(struct rules_call *c, int64_t rule, int64_t other)
{
    (void)other;
    struct outcome done = {0};
    return say(c, action_retire_rule(c->session, rule, true, &done, &c->err), &done);
}

static int revive(struct rules_call *c, int64_t rule, int64_t other)
{
    (void)other;
    struct outcome done = {0};
    return say(c, action_retire_rule(c->session, rule, false, &done, &c->err), &done);
}

static const struct verb_row {
    const char *name;
    int numbers;
    bool writes;
    int (*run)(struct rules_call *c, int64_t rule, int64_t other);
} verbs[] = {
    {"show", 1, false, show},
    {"merge", 2, true, merge},
    {"retire", 1, true, retire},
    {"revive", 1, true, revive},
};

static const struct verb_row *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int run(struct rules_call *c, const struct verb_row *verb, int64_t rule, int64_t other)
{
    struct session_options options = {.project = inv_arg(c->inv, 0),
                                      .reviewer = inv_option(c->inv, "reviewer", NULL),
                                      .read_only = !verb || !verb->writes};
    c->session = session_open(&options, &c->err);
    int result = -1;
    if (c->session) {
        c->store = session_store(c->session);
        result = verb ? verb->run(c, rule, other) : list(c);
    }
    session_close(c->session);
    return result < 0 ? inv_fail(c->inv, &c->err) : EXIT_OK;
}

int cmd_rules(struct invocation *inv)
{
    struct rules_call c = {.inv = inv, .json = inv_flag(inv, "json")};
    const char *word = inv_arg(inv, 1);
    if (!word || strcmp(word, "list") == 0)
        return inv_count(inv) > 2 ? inv_usage(inv, "list takes no rule") : run(&c, NULL, 0, 0);
    const struct verb_row *verb = find_verb(word);
    if (!verb)
        return inv_usage(inv, "'%s' is none of list, show, merge, retire, revive", word);
    if (inv_count(inv) != 2 + verb->numbers)
        return inv_usage(inv, "%s takes %s", word,
                         verb->numbers == 1 ? "a rule's number" : "two rules' numbers");
    int64_t numbers[2] = {0, 0};
    for (int i = 0; i < verb->numbers; i++)
        if (!(numbers[i] = rule_number(inv_arg(inv, 2 + i))))
            return inv_usage(inv, "'%s' is not a rule's number", inv_arg(inv, 2 + i));
    return run(&c, verb, numbers[0], numbers[1]);
}
