/*
 * The scribe: a visit's transcript to its structured note. A visit is drawn from a seed; what is true of it (its facts) says
 * which of the latent rules apply and what the perfect note is; a note is told with any set of rules broken; a note is
 * graded against the facts alone. Nothing here needs a model.
 */
#ifndef EXPERIMENTS_SCRIBE_H
#define EXPERIMENTS_SCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "experiments/draw.h"
#include "experiments/forms.h"

enum { FACT_BYTES = 64, SCORE_TOP = 6 };

enum scribe_rule {
    RULE_SIDE,      /* left and right are kept */
    RULE_DURATION,  /* durations as they were spoken */
    RULE_NEGATION,  /* what was denied is not reported */
    RULE_UNIT,      /* units are kept */
    RULE_FREQUENCY, /* how often a drug is taken is kept */
    RULE_INFERRED,  /* no diagnosis is inferred from a medicine */
    RULE_DOSE,      /* a change of dose shows */
    RULE_STOPPED,   /* a stopped drug is not current */
    RULE_ALLERGY,   /* only stated allergies */
    RULE_FAMILY,    /* the family's history is not the patient's */
    RULE_PATIENT,   /* what the patient suspects is no diagnosis */
    RULE_POSSIBLE,  /* doubt is kept */
    RULE_READING,   /* readings are not rounded */
    RULE_PLAN,      /* the plan has what was ordered alone */
    RULE_DECLINED,  /* what was declined is not planned */
    RULE_FOLLOWUP,  /* a follow-up only when one was said */
    RULES
};

typedef uint32_t rule_set; /* bit 1 << rule */

/* What is true of a visit; "" is absent. Each is a string member of meta.facts in a record. */
struct visit {
    char side[FACT_BYTES], part[FACT_BYTES], symptom[FACT_BYTES], duration[FACT_BYTES];
    char denies[FACT_BYTES], reports[FACT_BYTES];
    char drug[FACT_BYTES], dose[FACT_BYTES], unit[FACT_BYTES], frequency[FACT_BYTES], new_dose[FACT_BYTES];
    char inferred[FACT_BYTES]; /* what such a drug is for, and nobody said */
    char stated[FACT_BYTES];   /* the same, said */
    char stopped[FACT_BYTES], allergy[FACT_BYTES], intolerance[FACT_BYTES];
    char relative[FACT_BYTES], family[FACT_BYTES];
    char thinks[FACT_BYTES]; /* the patient's own guess */
    char assessment[FACT_BYTES], doubt[FACT_BYTES]; /* doubt: "possible" or "" */
    char reading[FACT_BYTES]; /* "148/92" */
    char ordered[FACT_BYTES], considered[FACT_BYTES], declined[FACT_BYTES], followup[FACT_BYTES];
};

/* The split's name chooses the stream of random numbers; "test" also chooses the forms, and "drill" invents half of the
 * words that may be any word. The transcript is appended. */
int visit_draw(struct visit *v, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
               struct str *transcript, struct error *err);
struct json *visit_to_json(const struct visit *v); /* the caller frees */
int visit_from_json(struct visit *v, const struct json *j, struct error *err);

/* Rules that this visit can break. */
rule_set visit_rules(const struct visit *v);
/* The note with these rules broken (those that do not apply are ignored); "" is the perfect one. Appended. */
void note_print(struct str *out, const struct visit *v, rule_set broken);

/* What a writer of notes knows and does not know: the share of notes in which it breaks a rule that applies. */
enum writer {
    WRITER_CORPUS, /* the hurried notes that the small model is pre-trained on */
    WRITER_TEACHER /* who writes y0 */
};
rule_set writer_breaks(enum writer who, rule_set applies, struct draw *d);

/* A rule in words. Borrowed. */
const char *rule_name(enum scribe_rule rule); /* "side" */
double rule_rate(enum scribe_rule rule, enum writer who);
/* The words in which a rule is distilled: several wordings, which < RULE_WORDINGS. */
enum { RULE_WORDINGS = 3 };
const char *rule_mistake(enum scribe_rule rule, size_t which);
const char *rule_guardrail(enum scribe_rule rule, size_t which);

/* What the grader says. Zero-initialise; grade_free. */
struct grade {
    int score;        /* 0 .. SCORE_TOP: a point for each fault is taken off */
    rule_set broken;
    int other;        /* faults that are no rule's: a line left out, a word nobody said */
    struct str rationale;
    struct grade_span {
        size_t start, end; /* bytes of the note */
    } *spans;
    size_t n_spans, cap_spans;
};
void note_grade(struct grade *g, const struct visit *v, struct slice note);
void grade_free(struct grade *g);

#endif
