/* The rules in words, and how often who breaks them. The rates were fixed before anything was trained: see
 * share/experiments/scribe/README.md. */
#include "experiments/scribe.h"

struct rule_row {
    const char *name;
    double corpus, teacher; /* share of notes that break it where it applies */
    const char *mistake[RULE_WORDINGS], *guardrail[RULE_WORDINGS];
};

static const struct rule_row rows[RULES] = {
    [RULE_SIDE] = {"side", 0.8, 0.45,
        {"Left out the side of the body", "Lost left or right", "Did not say which side"},
        {"Keep left and right as spoken", "Always name the side", "Write the side with the body part"}},
    [RULE_DURATION] = {"duration", 0.3, 0.45,
        {"Converted the duration", "Wrote the duration in other units", "Changed how long it lasted"},
        {"Keep durations as spoken", "Copy how long in the words used", "Do not convert durations"}},
    [RULE_NEGATION] = {"negation", 0.3, 0.2,
        {"Reported a denied finding", "Lost a negation", "Turned a no into a yes"},
        {"Keep negations", "What was denied goes under Denies", "List denied findings as denied"}},
    [RULE_UNIT] = {"unit", 0.3, 0.2,
        {"Changed the unit of a dose", "Wrote a wrong unit", "Mixed up units"},
        {"Keep units exactly", "Copy the unit of each dose", "Never change a unit"}},
    [RULE_FREQUENCY] = {"frequency", 0.3, 0.2,
        {"Changed how often a medicine is taken", "Wrote a wrong frequency", "Mixed up how often"},
        {"Copy how often a medicine is taken", "Keep the frequency as spoken", "Never change the frequency"}},
    [RULE_INFERRED] = {"inferred", 0.8, 0.45,
        {"Inferred a diagnosis from a medicine", "Guessed a diagnosis from a tablet", "Added a diagnosis nobody stated"},
        {"Only write diagnoses that were stated", "A medicine is no diagnosis", "Leave out what a tablet suggests"}},
    [RULE_DOSE] = {"dose", 0.3, 0.2,
        {"Missed a change of dose", "Wrote the old dose alone", "Left out the new dose"},
        {"Write the old and the new dose", "Show each change of dose", "A changed dose needs both numbers"}},
    [RULE_STOPPED] = {"stopped", 0.8, 0.2,
        {"Listed a stopped medicine as current", "Wrote a past medicine as taken", "Kept a medicine that was stopped"},
        {"Put stopped medicines under Stopped", "Only current medicines under Medication", "A stopped medicine is not current"}},
    [RULE_ALLERGY] = {"allergy", 0.8, 0.75,
        {"Wrote about allergies without grounds", "Invented an allergy entry", "Made an allergy of something else"},
        {"Only write stated allergies", "No allergy line unless one was stated", "An intolerance is no allergy"}},
    [RULE_FAMILY] = {"family", 0.3, 0.2,
        {"Gave the patient a relative's disease", "Mixed up family and patient", "Made family history a diagnosis"},
        {"Family history goes under Family", "Keep relatives' diseases apart", "A relative's disease is not the patient's"}},
    [RULE_PATIENT] = {"patient", 0.8, 0.75,
        {"Took the patient's guess for a diagnosis", "Wrote a guess as the assessment", "Made the patient's idea a finding"},
        {"Only the doctor assesses", "A patient's guess goes under Patient thinks", "Keep guesses of patients apart"}},
    [RULE_POSSIBLE] = {"possible", 0.8, 0.2,
        {"Dropped the doubt", "Made a possibility a certainty", "Wrote a maybe as a fact"},
        {"Keep doubt with the word possible", "What may be is possible", "Write possible where the doctor doubts"}},
    [RULE_READING] = {"reading", 0.8, 0.75,
        {"Rounded a reading", "Changed the numbers of a reading", "Wrote about the right pressure"},
        {"Copy readings digit by digit", "Never round", "Readings are exact"}},
    [RULE_PLAN] = {"plan", 0.8, 0.45,
        {"Planned what was only considered", "Put a mere idea into the plan", "Made a thought an order"},
        {"Only plan what was ordered", "Ideas for later are not planned", "Leave out what was not ordered"}},
    [RULE_DECLINED] = {"declined", 0.3, 0.2,
        {"Planned what the patient declined", "Ignored a refusal", "Put a declined offer into the plan"},
        {"Refusals go under Declined", "Never plan what was declined", "Respect a no"}},
    [RULE_FOLLOWUP] = {"followup", 0.3, 0.2,
        {"Invented a follow-up", "Added a return visit nobody said", "Made up when to return"},
        {"Follow-up only when said", "No follow-up line unless one was said", "Do not invent a return visit"}},
};

const char *rule_name(enum scribe_rule rule)
{
    return rows[rule].name;
}

double rule_rate(enum scribe_rule rule, enum writer who)
{
    return who == WRITER_TEACHER ? rows[rule].teacher : rows[rule].corpus;
}

const char *rule_mistake(enum scribe_rule rule, size_t which)
{
    return rows[rule].mistake[which];
}

const char *rule_guardrail(enum scribe_rule rule, size_t which)
{
    return rows[rule].guardrail[which];
}

rule_set writer_breaks(enum writer who, rule_set applies, struct draw *d)
{
    rule_set broken = 0;
    for (int r = 0; r < RULES; r++) { /* a number is drawn for each rule, so that one rule's part changes no other's */
        bool breaks = draw_chance(d, rule_rate((enum scribe_rule)r, who));
        broken |= breaks ? (rule_set)1 << r : 0;
    }
    return broken & applies;
}
