/* Fills a new project with records made up from a seed, as many as asked for: make_project DB
 * RECORDS [SEED]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/record_store.h"
#include "db/rule_store.h"

enum { BATCH = 20000, RULES = 400 };

static const char *const words[] = {
    "patient",  "denies",     "chest",     "pain",    "reports", "mild",   "headache", "since",
    "morning",  "takes",      "metformin", "twice",   "daily",   "with",   "food",     "blood",
    "pressure", "measured",   "at",        "home",    "left",    "right",  "knee",     "swelling",
    "no",       "fever",      "cough",     "for",     "two",     "weeks",  "plan",     "review",
    "after",    "start",      "ramipril",  "dose",    "mg",      "stop",   "aspirin",  "allergy",
    "to",       "penicillin", "rash",      "history", "of",      "asthma", "smoker",   "ten",
    "years",    "refer",
};

struct made {
    struct store *s;
    unsigned seed;
    int64_t reviewers[3], rules[RULES];
};

static unsigned roll(struct made *m, unsigned n)
{
    m->seed = m->seed * 1103515245u + 12345u;
    return (m->seed >> 12) % n;
}

static void prose(struct made *m, struct str *out, unsigned n)
{
    str_clear(out);
    for (unsigned i = 0; i < n; i++)
        str_addf(out, "%s%s", i ? " " : "", words[roll(m, sizeof words / sizeof *words)]);
}

static int add_rules(struct made *m, struct error *err)
{
    struct str text = {0};
    int result = 0;
    for (int i = 0; result == 0 && i < RULES; i++) {
        prose(m, &text, 6);
        str_addf(&text, " %d", i);
        result = rule_store_intern(m->s, m->reviewers[0], SLICE("Left out what was said"),
                                   str_slice(&text), &m->rules[i], err);
    }
    str_free(&text);
    return result;
}

static int decide(struct made *m, int64_t record, struct error *err)
{
    static const enum verb verbs[] = {VERB_CITE,   VERB_CITE, VERB_CITE, VERB_EDIT,
                                      VERB_REJECT, VERB_SKIP, VERB_FLAG};
    struct decision d = {.verb = verbs[roll(m, 7)],
                         .reviewer = m->reviewers[roll(m, 3)],
                         .record = record,
                         .seconds = 5 + roll(m, 90)};
    if (d.verb == VERB_CITE || d.verb == VERB_EDIT)
        d.rule = m->rules[roll(m, RULES) * roll(m, RULES) / RULES];
    return decision_store_append(m->s, &d, err);
}

static int add_record(struct made *m, long n, struct str text[4], struct error *err)
{
    char id[32], task[16];
    struct message message = {"user", NULL};
    struct record r = {.id = id, .task = task, .prompt = {.messages = &message, .count = 1}};
    snprintf(id, sizeof id, "rec-%07ld", n);
    snprintf(task, sizeof task, "task-%u", roll(m, 12));
    static const unsigned lengths[] = {60, 30, 30, 10};
    for (int i = 0; i < 4; i++)
        prose(m, &text[i], lengths[i]);
    message.content = text[0].at;
    r.y0 = text[1].at;
    r.y_star = text[2].at;
    r.rationale = text[3].at;
    r.has_score = r.has_score_max = true;
    r.score = roll(m, 7);
    r.score_max = 6;
    if (roll(m, 3) == 0)
        r.rule = (struct rule_text){"Left out what was said", text[3].at};
    enum record_put what;
    int64_t number;
    if (record_store_put(m->s, &r, "made", n, &what, &number, err) < 0 ||
        record_store_set_hinges(m->s, number, (int)roll(m, 6), err) < 0)
        return -1;
    return roll(m, 20) == 0 ? decide(m, number, err) : 0;
}

static int fill(struct made *m, long records, struct error *err)
{
    struct str text[4] = {{0}};
    int result = 0;
    for (long n = 0; result == 0 && n < records;) {
        result = store_begin(m->s, err);
        for (long end = n + BATCH; result == 0 && n < records && n < end; n++)
            result = add_record(m, n, text, err);
        if (result == 0)
            result = store_commit(m->s, err);
    }
    for (int i = 0; i < 4; i++)
        str_free(&text[i]);
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: make_project DB RECORDS [SEED]\n");
        return 2;
    }
    struct error err = {0};
    struct made m = {.seed = argc > 3 ? (unsigned)atoi(argv[3]) : 1};
    m.s = store_open(argv[1], STORE_CREATE, &err);
    static const char *const names[] = {"alice", "bob", "carol"};
    int result = m.s ? 0 : -1;
    for (int i = 0; result == 0 && i < 3; i++)
        result = store_reviewer(m.s, names[i], &m.reviewers[i], &err);
    if (result == 0)
        result = add_rules(&m, &err);
    if (result == 0)
        result = fill(&m, atol(argv[2]), &err);
    store_close(m.s);
    if (result < 0)
        fprintf(stderr, "make_project: %s\n", err.text);
    return result < 0;
}
