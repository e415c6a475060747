/*
 * The grader: a note against the facts of its visit. Each heading has what is expected under it, and what is known to be
 * put there by breaking a rule; everything else is a fault of its own. A rule counts once, however often it is broken.
 */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "experiments/scribe_parts.h"

enum heading {
    COMPLAINT, REPORTS, DENIES, DIAGNOSES, MEDICATION, STOPPED, ALLERGIES, INTOLERANCE, FAMILY, THINKS, READING,
    ASSESSMENT, PLAN, DECLINED, FOLLOWUP, HEADINGS
};

static const char *const heading_names[HEADINGS] = {
    "Complaint", "Reports", "Denies", "Diagnoses", "Medication", "Stopped", "Allergies", "Intolerance", "Family",
    "Patient thinks", "Reading", "Assessment", "Plan", "Declined", "Follow-up",
};

/* What is said of a broken rule: before and after the words of the note, and what was said instead where that helps. */
static const struct {
    const char *before, *after, *instead;
} sentences[RULES] = {
    [RULE_SIDE] = {"'", "' does not give the side that was said", "'"},
    [RULE_DURATION] = {"'", "' is not the duration as it was spoken", "'"},
    [RULE_NEGATION] = {"'", "' is reported, but it was denied", NULL},
    [RULE_UNIT] = {"'", "' is not the unit that was said", "'"},
    [RULE_FREQUENCY] = {"'", "' is not how often it is taken", "'"},
    [RULE_INFERRED] = {"The diagnosis '", "' was inferred from a medicine; nobody stated it", NULL},
    [RULE_DOSE] = {"The dose '", "' does not show its change", "'"},
    [RULE_STOPPED] = {"'", "' was stopped, and is listed as current", NULL},
    [RULE_ALLERGY] = {"'", "' stands under Allergies, but no such allergy was stated", NULL},
    [RULE_FAMILY] = {"'", "' is a relative's disease, not the patient's", NULL},
    [RULE_PATIENT] = {"'", "' is the patient's own guess, no assessment", NULL},
    [RULE_POSSIBLE] = {"'", "' was only possible; the doubt is lost", NULL},
    [RULE_READING] = {"The reading '", "' is not what was measured", "'"},
    [RULE_PLAN] = {"'", "' was considered, not ordered", NULL},
    [RULE_DECLINED] = {"'", "' was declined, and is in the plan", NULL},
    [RULE_FOLLOWUP] = {"The follow-up '", "' was not said", NULL},
};

/* Under a heading: what belongs there, or (belongs false) what a broken rule puts there. */
struct entry {
    enum heading heading;
    bool belongs;
    int rule; /* belongs: the rule that may have taken it elsewhere, -1 for none; else the broken one */
    struct slice text;
    bool seen;
};

enum { ENTRIES_MAX = 32 };

struct grading {
    struct grade *grade;
    const struct visit *visit;
    struct slice note;
    struct entry entries[ENTRIES_MAX];
    size_t count;
    bool had[HEADINGS];
    char family[2 * FACT_BYTES + 1], assessment[2 * FACT_BYTES + 1];
};

static void mark(struct grading *g, struct slice where)
{
    struct grade *out = g->grade;
    if (where.len == 0)
        return;
    out->spans = array_reserve(out->spans, &out->cap_spans, out->n_spans + 1, sizeof *out->spans);
    size_t start = (size_t)(where.at - g->note.at);
    out->spans[out->n_spans++] = (struct grade_span){start, start + where.len};
}

static void sentence(struct grading *g)
{
    if (g->grade->rationale.len)
        str_addc(&g->grade->rationale, ' ');
}

/* said: what should stand there, or an empty text. */
static void broke(struct grading *g, enum scribe_rule rule, struct slice found, const char *said)
{
    struct str *out = &g->grade->rationale;
    if (g->grade->broken & BIT(rule))
        return;
    g->grade->broken |= BIT(rule);
    mark(g, found);
    sentence(g);
    str_adds(out, sentences[rule].before);
    str_add_slice(out, found);
    str_adds(out, sentences[rule].after);
    if (sentences[rule].instead)
        str_addf(out, ": '%s'", said);
    str_addc(out, '.');
}

static void stray(struct grading *g, enum heading heading, struct slice found)
{
    g->grade->other++;
    mark(g, found);
    sentence(g);
    str_addc(&g->grade->rationale, '\'');
    str_add_slice(&g->grade->rationale, found);
    str_addf(&g->grade->rationale, "' under %s was not said.", heading_names[heading]);
}

static void missing(struct grading *g, enum heading heading, struct slice said)
{
    g->grade->other++;
    sentence(g);
    str_addc(&g->grade->rationale, '\'');
    str_add_slice(&g->grade->rationale, said);
    str_addf(&g->grade->rationale, "' is missing under %s.", heading_names[heading]);
}

static void add(struct grading *g, enum heading heading, bool belongs, int rule, const char *text)
{
    if (text[0])
        g->entries[g->count++] = (struct entry){heading, belongs, rule, without_article(text), false};
}

static void list_entries(struct grading *g)
{
    const struct visit *v = g->visit;
    if (v->family[0])
        snprintf(g->family, sizeof g->family, "%s %s", v->relative, v->family);
    if (v->assessment[0])
        snprintf(g->assessment, sizeof g->assessment, "%s%s%s", v->doubt, v->doubt[0] ? " " : "", v->assessment);
    add(g, REPORTS, true, -1, v->reports);
    add(g, REPORTS, false, RULE_NEGATION, v->denies);
    add(g, DENIES, true, RULE_NEGATION, v->denies);
    add(g, DIAGNOSES, true, -1, v->stated);
    add(g, DIAGNOSES, false, RULE_INFERRED, v->inferred);
    add(g, DIAGNOSES, false, RULE_FAMILY, v->family);
    add(g, DIAGNOSES, false, RULE_PATIENT, v->thinks);
    add(g, MEDICATION, true, -1, v->drug);
    add(g, MEDICATION, false, RULE_STOPPED, v->stopped);
    add(g, STOPPED, true, RULE_STOPPED, v->stopped);
    add(g, ALLERGIES, true, -1, v->allergy);
    add(g, INTOLERANCE, true, RULE_ALLERGY, v->intolerance);
    add(g, FAMILY, true, RULE_FAMILY, g->family);
    add(g, THINKS, true, RULE_PATIENT, v->thinks);
    add(g, READING, true, RULE_READING, v->reading);
    add(g, ASSESSMENT, true, RULE_POSSIBLE, g->assessment);
    add(g, ASSESSMENT, false, RULE_PATIENT, v->thinks);
    if (v->doubt[0])
        add(g, ASSESSMENT, false, RULE_POSSIBLE, v->assessment);
    add(g, PLAN, true, -1, v->ordered);
    add(g, PLAN, false, RULE_PLAN, v->considered);
    add(g, PLAN, false, RULE_DECLINED, v->declined);
    add(g, DECLINED, true, RULE_DECLINED, v->declined);
    add(g, FOLLOWUP, true, -1, v->followup);
}

/* The rule that anything not expected under a heading breaks, or -1. */
static int rule_of_heading(const struct visit *v, enum heading heading)
{
    if (heading == ALLERGIES && !v->allergy[0])
        return RULE_ALLERGY;
    if (heading == FOLLOWUP && !v->followup[0])
        return RULE_FOLLOWUP;
    return heading == READING && v->reading[0] ? (int)RULE_READING : -1;
}

static struct entry *find_entry(struct grading *g, enum heading heading, struct slice text)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->entries[i].heading == heading && slice_eq(g->entries[i].text, text))
            return &g->entries[i];
    }
    return NULL;
}

static void judge_item(struct grading *g, enum heading heading, struct slice text)
{
    struct entry *e = find_entry(g, heading, text);
    int rule = rule_of_heading(g->visit, heading);
    if (e && e->belongs && !e->seen)
        e->seen = true;
    else if (e && !e->belongs)
        broke(g, (enum scribe_rule)e->rule, text, "");
    else if (rule >= 0)
        broke(g, (enum scribe_rule)rule, text, g->visit->reading);
    else
        stray(g, heading, text);
}

/* The first part of *rest before mark; *rest goes on behind it. */
static struct slice cut(struct slice *rest, const char *mark)
{
    size_t n = strlen(mark);
    struct slice part = *rest;
    for (size_t i = 0; i + n <= rest->len; i++) {
        if (memcmp(rest->at + i, mark, n) == 0) {
            part.len = i;
            *rest = slice_sub(*rest, i + n, rest->len);
            return part;
        }
    }
    *rest = slice_sub(*rest, rest->len, rest->len);
    return part;
}

/* "lorapril 20 to 40 mg twice a day": what follows the drug's name. */
static void judge_dose(struct grading *g, struct slice rest)
{
    const struct visit *v = g->visit;
    struct slice dose = cut(&rest, " "), after = rest;
    if (!slice_is(dose, v->dose)) {
        if (v->new_dose[0] && slice_is(dose, v->new_dose))
            broke(g, RULE_DOSE, dose, v->new_dose);
        else
            stray(g, MEDICATION, dose);
    }
    struct slice word = cut(&after, " ");
    if (slice_is(word, "to")) {
        rest = after;
        word = cut(&rest, " ");
        if (!v->new_dose[0] || !slice_is(word, v->new_dose))
            stray(g, MEDICATION, word);
    } else if (v->new_dose[0]) {
        broke(g, RULE_DOSE, dose, v->new_dose);
    }
    word = cut(&rest, " ");
    if (!slice_is(word, v->unit))
        broke(g, RULE_UNIT, word, v->unit);
    if (!slice_is(rest, v->frequency))
        broke(g, RULE_FREQUENCY, rest, v->frequency);
}

static void judge_medicine(struct grading *g, struct slice text)
{
    struct slice rest = text, name = cut(&rest, " ");
    struct entry *e = find_entry(g, MEDICATION, name);
    if (!e) {
        stray(g, MEDICATION, name);
        return;
    }
    if (!e->belongs) {
        broke(g, RULE_STOPPED, name, "");
        return;
    }
    if (e->seen)
        stray(g, MEDICATION, name);
    else
        judge_dose(g, rest);
    e->seen = true;
}

/* Text without its first word, where that is one of these. */
static struct slice without_side(struct slice text)
{
    return slice_starts(text, "left ")    ? slice_sub(text, 5, text.len)
           : slice_starts(text, "right ") ? slice_sub(text, 6, text.len)
                                          : text;
}

static void judge_complaint(struct grading *g, struct slice text)
{
    const struct visit *v = g->visit;
    struct str want = {0};
    struct slice rest = text, what = cut(&rest, ", "), plain = without_side(what);
    if (v->part[0])
        str_addf(&want, "%s ", v->part);
    str_adds(&want, v->symptom);
    if (!slice_eq(plain, str_slice(&want)))
        stray(g, COMPLAINT, plain.len ? plain : text);
    struct slice side = slice_trim(slice_sub(what, 0, what.len - plain.len));
    if (v->side[0] ? !slice_is(side, v->side) : side.len > 0)
        broke(g, RULE_SIDE, what, v->side);
    if (!slice_is(rest, v->duration))
        broke(g, RULE_DURATION, rest, v->duration);
    str_free(&want);
}

static void judge_line(struct grading *g, enum heading heading, struct slice text)
{
    struct slice rest = text;
    if (heading == COMPLAINT) {
        judge_complaint(g, text);
        return;
    }
    while (rest.len) {
        struct slice part = slice_trim(cut(&rest, heading == MEDICATION ? "; " : ", "));
        if (heading == MEDICATION)
            judge_medicine(g, part);
        else
            judge_item(g, heading, part);
    }
}

static void read_line(struct grading *g, struct slice line)
{
    struct slice rest = line, name = cut(&rest, ": ");
    for (int h = 0; h < HEADINGS; h++) {
        if (!slice_is(name, heading_names[h]) || rest.len == 0 || g->had[h])
            continue;
        g->had[h] = true;
        judge_line(g, (enum heading)h, rest);
        return;
    }
    g->grade->other++;
    mark(g, line);
    sentence(g);
    str_addc(&g->grade->rationale, '\'');
    str_add_slice(&g->grade->rationale, line);
    str_adds(&g->grade->rationale, "' is no line of a note, or one too many.");
}

void note_grade(struct grade *grade, const struct visit *v, struct slice note)
{
    struct grading g = {.grade = grade, .visit = v, .note = note};
    struct slice rest = note;
    list_entries(&g);
    while (rest.len) {
        struct slice line = slice_trim(cut(&rest, "\n"));
        if (line.len)
            read_line(&g, line);
    }
    if (!g.had[COMPLAINT])
        missing(&g, COMPLAINT, slice_of(v->symptom));
    for (size_t i = 0; i < g.count; i++) {
        const struct entry *e = &g.entries[i];
        if (e->belongs && !e->seen && (e->rule < 0 || !(grade->broken & BIT(e->rule))))
            missing(&g, e->heading, e->text);
    }
    int faults = __builtin_popcount(grade->broken) + grade->other;
    grade->score = faults < SCORE_TOP ? SCORE_TOP - faults : 0;
}

void grade_free(struct grade *g)
{
    str_free(&g->rationale);
    mem_free(g->spans);
    *g = (struct grade){0};
}
