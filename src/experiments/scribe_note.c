/* Notes: which rules a visit can break, and the note with any of them broken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/scribe_parts.h"

rule_set visit_rules(const struct visit *v)
{
    const bool can[RULES] = {
        [RULE_SIDE] = v->side[0],
        [RULE_DURATION] = v->duration[0],
        [RULE_NEGATION] = v->denies[0],
        [RULE_UNIT] = v->drug[0],
        [RULE_FREQUENCY] = v->drug[0],
        [RULE_INFERRED] = v->inferred[0],
        [RULE_DOSE] = v->new_dose[0],
        [RULE_STOPPED] = v->stopped[0],
        [RULE_ALLERGY] = !v->allergy[0],
        [RULE_FAMILY] = v->family[0],
        [RULE_PATIENT] = v->thinks[0],
        [RULE_POSSIBLE] = v->doubt[0],
        [RULE_READING] = v->reading[0],
        [RULE_PLAN] = v->considered[0],
        [RULE_DECLINED] = v->declined[0],
        [RULE_FOLLOWUP] = !v->followup[0],
    };
    rule_set set = 0;
    for (int r = 0; r < RULES; r++)
        set |= can[r] ? (rule_set)1 << r : 0;
    return set;
}

struct slice without_article(const char *text)
{
    static const char *const articles[] = {"an ", "a ", "the "};
    struct slice s = slice_of(text);
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++) {
        if (slice_starts(s, articles[i]))
            return slice_sub(s, strlen(articles[i]), s.len);
    }
    return s;
}

/* A line being written: its heading comes with its first item. */
struct line {
    struct str *out;
    const char *heading, *between;
    bool begun;
};

static void item(struct line *l, struct slice text)
{
    if (text.len == 0)
        return;
    if (!l->begun && l->out->len && l->out->at[l->out->len - 1] != '\n')
        str_addc(l->out, '\n');
    if (l->begun)
        str_adds(l->out, l->between);
    else
        str_addf(l->out, "%s: ", l->heading);
    str_add_slice(l->out, text);
    l->begun = true;
}

static void item_if(struct line *l, bool there, const char *text)
{
    if (there)
        item(l, without_article(text));
}

/* "three weeks" as "21 days": what a writer does who converts. */
static void converted(struct str *out, const char *duration)
{
    static const char *const counts[] = {"two", "three", "four", "five", "six", "seven", "eight", "nine"};
    static const struct {
        const char *unit, *smaller;
        int times;
    } units[] = {{"days", "hours", 24}, {"weeks", "days", 7}, {"months", "weeks", 4}, {"years", "months", 12}};
    const char *unit = strchr(duration, ' ');
    int n = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (unit && strncmp(duration, counts[i], (size_t)(unit - duration)) == 0)
            n = (int)i + 2;
    }
    for (size_t i = 0; unit && n && i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit + 1, units[i].unit) == 0)
            str_addf(out, "%d %s", n * units[i].times, units[i].smaller);
    }
}

static const char *other_unit(const char *unit)
{
    return strcmp(unit, "mg") == 0 ? "mcg" : "mg";
}

static const char *other_frequency(const char *frequency)
{
    return strcmp(frequency, "once a day") == 0 ? "twice a day" : "once a day";
}

static void print_complaint(struct str *out, const struct visit *v, rule_set broken)
{
    struct str text = {0};
    if (v->side[0] && !(broken & BIT(RULE_SIDE)))
        str_addf(&text, "%s ", v->side);
    if (v->part[0])
        str_addf(&text, "%s ", v->part);
    str_addf(&text, "%s, ", v->symptom);
    if (broken & BIT(RULE_DURATION))
        converted(&text, v->duration);
    else
        str_adds(&text, v->duration);
    struct line l = {out, "Complaint", "", false};
    item(&l, str_slice(&text));
    str_free(&text);
}

static void print_medicine(struct line *l, const struct visit *v, rule_set broken)
{
    struct str text = {0};
    if (!v->drug[0])
        return;
    str_addf(&text, "%s %s ", v->drug, v->dose);
    if (v->new_dose[0] && !(broken & BIT(RULE_DOSE)))
        str_addf(&text, "to %s ", v->new_dose);
    str_addf(&text, "%s %s", broken & BIT(RULE_UNIT) ? other_unit(v->unit) : v->unit,
             broken & BIT(RULE_FREQUENCY) ? other_frequency(v->frequency) : v->frequency);
    item(l, str_slice(&text));
    str_free(&text);
}

static void print_diagnoses(struct str *out, const struct visit *v, rule_set broken)
{
    struct line l = {out, "Diagnoses", ", ", false};
    item_if(&l, true, v->stated);
    item_if(&l, broken & BIT(RULE_INFERRED), v->inferred);
    item_if(&l, broken & BIT(RULE_FAMILY), v->family);
}

/* "148/92" as "150/90". */
static void print_reading(struct str *out, const struct visit *v, rule_set broken)
{
    struct line l = {out, "Reading", "", false};
    int high = atoi(v->reading);
    const char *slash = strchr(v->reading, '/');
    char text[FACT_BYTES];
    snprintf(text, sizeof text, "%s", v->reading);
    if (slash && broken & BIT(RULE_READING))
        snprintf(text, sizeof text, "%d/%d", (high + 5) / 10 * 10, (atoi(slash + 1) + 5) / 10 * 10);
    item(&l, slice_of(text));
}

static void print_assessment(struct str *out, const struct visit *v, rule_set broken)
{
    struct line l = {out, "Assessment", ", ", false};
    struct str text = {0};
    if (v->assessment[0] && v->doubt[0] && !(broken & BIT(RULE_POSSIBLE)))
        str_addf(&text, "%s ", v->doubt);
    str_adds(&text, v->assessment);
    item(&l, str_slice(&text));
    item_if(&l, broken & BIT(RULE_PATIENT), v->thinks);
    str_free(&text);
}

static void print_one(struct str *out, const char *heading, bool there, const char *text)
{
    struct line l = {out, heading, ", ", false};
    item_if(&l, there, text);
}

static void print_body(struct str *out, const struct visit *v, rule_set broken)
{
    struct line reports = {out, "Reports", ", ", false};
    item_if(&reports, true, v->reports);
    item_if(&reports, broken & BIT(RULE_NEGATION), v->denies);
    print_one(out, "Denies", !(broken & BIT(RULE_NEGATION)), v->denies);
    print_diagnoses(out, v, broken);
    struct line medication = {out, "Medication", "; ", false};
    print_medicine(&medication, v, broken);
    item_if(&medication, broken & BIT(RULE_STOPPED), v->stopped);
    print_one(out, "Stopped", !(broken & BIT(RULE_STOPPED)), v->stopped);
    struct line allergies = {out, "Allergies", ", ", false};
    item_if(&allergies, true, v->allergy);
    item_if(&allergies, broken & BIT(RULE_ALLERGY), v->intolerance[0] ? v->intolerance : "none known");
    print_one(out, "Intolerance", !(broken & BIT(RULE_ALLERGY)), v->intolerance);
}

static void print_end(struct str *out, const struct visit *v, rule_set broken)
{
    char family[2 * FACT_BYTES + 1];
    snprintf(family, sizeof family, "%s %s", v->relative, v->family);
    print_one(out, "Family", v->family[0] && !(broken & BIT(RULE_FAMILY)), family);
    print_one(out, "Patient thinks", !(broken & BIT(RULE_PATIENT)), v->thinks);
    print_reading(out, v, broken);
    print_assessment(out, v, broken);
    struct line plan = {out, "Plan", ", ", false};
    item_if(&plan, true, v->ordered);
    item_if(&plan, broken & BIT(RULE_PLAN), v->considered);
    item_if(&plan, broken & BIT(RULE_DECLINED), v->declined);
    print_one(out, "Declined", !(broken & BIT(RULE_DECLINED)), v->declined);
    struct line followup = {out, "Follow-up", "", false};
    item_if(&followup, true, v->followup);
    item_if(&followup, broken & BIT(RULE_FOLLOWUP), "two weeks");
}

void note_print(struct str *out, const struct visit *v, rule_set broken)
{
    struct str note = {0};
    broken &= visit_rules(v);
    print_complaint(&note, v, broken);
    print_body(&note, v, broken);
    print_end(&note, v, broken);
    str_add_slice(out, str_slice(&note));
    str_free(&note);
}
