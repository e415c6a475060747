/* A visit: its facts and how they are spoken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/scribe.h"

/* The facts by name: what records hold, and what forms ask for. */
static const struct {
    const char *name;
    size_t at;
} facts[] = {
#define FACT(name) {#name, offsetof(struct visit, name)}
    FACT(side), FACT(part), FACT(symptom), FACT(duration), FACT(denies), FACT(reports), FACT(drug), FACT(dose),
    FACT(unit), FACT(frequency), FACT(new_dose), FACT(inferred), FACT(stated), FACT(stopped), FACT(allergy),
    FACT(intolerance), FACT(relative), FACT(family), FACT(thinks), FACT(assessment), FACT(doubt), FACT(reading),
    FACT(ordered), FACT(considered), FACT(declined), FACT(followup),
#undef FACT
};

enum { FACTS = sizeof facts / sizeof *facts };

static char *fact_in(struct visit *v, size_t i)
{
    return (char *)v + facts[i].at;
}

static const char *fact_of(const struct visit *v, size_t i)
{
    return (const char *)v + facts[i].at;
}

struct json *visit_to_json(const struct visit *v)
{
    struct json *j = json_new_object();
    for (size_t i = 0; i < FACTS; i++) {
        if (fact_of(v, i)[0])
            json_set_string(j, facts[i].name, fact_of(v, i));
    }
    return j;
}

int visit_from_json(struct visit *v, const struct json *j, struct error *err)
{
    *v = (struct visit){0};
    if (json_type(j) != JSON_OBJECT)
        return error_set(err, ERR_INPUT, "the record's meta has no object \"facts\": it is no visit of this experiment");
    for (size_t i = 0; i < FACTS; i++) {
        const char *text = json_string(json_get(j, facts[i].name), "");
        if (strlen(text) >= FACT_BYTES)
            return error_set(err, ERR_LIMIT, "the fact \"%s\" is over %d bytes", facts[i].name, FACT_BYTES - 1);
        memcpy(fact_in(v, i), text, strlen(text) + 1);
    }
    return 0;
}

/* Of the words around the facts, in the corpus that has noise. */
#define NOISE 0.2

/* What is spoken of a visit beside its facts. */
struct spoken {
    struct visit *v;
    struct str what; /* the complaint */
    char high[16], low[16];
    const struct forms *forms;
    enum forms_for who;
    bool drill;
    double noise;
    struct draw draw;
};

static const char *find_fact(const void *ctx, struct slice name)
{
    const struct spoken *s = ctx;
    if (slice_is(name, "what") && s->what.len)
        return s->what.at;
    if (slice_is(name, "high"))
        return s->high;
    if (slice_is(name, "low"))
        return s->low;
    for (size_t i = 0; i < FACTS; i++) {
        if (slice_is(name, facts[i].name) && fact_of(s->v, i)[0])
            return fact_of(s->v, i);
    }
    return NULL;
}

static void set(char out[FACT_BYTES], const char *text)
{
    snprintf(out, FACT_BYTES, "%s", text);
}

/* Sections whose words may be any word: what a note has of them can only be copied. */
static bool is_open(const char *section)
{
    static const char *const open[] = {"head", "allergen", "finding", "diagnosis", "guess_condition", "family_condition",
                                       "procedure", "offerable", "paired", "single", "general"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        if (strcmp(section, open[i]) == 0)
            return true;
    }
    return false;
}

static int pick(struct spoken *s, const char *section, char out[FACT_BYTES], struct error *err)
{
    struct slice text = {"", 0};
    if (s->drill && is_open(section) && draw_chance(&s->draw, 0.5)) {
        draw_word(&s->draw, out, FACT_BYTES);
        return 0;
    }
    if (forms_pick(s->forms, section, s->who, &s->draw, &text, err) != 0)
        return -1;
    if (text.len >= FACT_BYTES)
        return error_set(err, ERR_LIMIT, "a word of [%s] is over %d bytes", section, FACT_BYTES - 1);
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return 0;
}

/* "left = right": both sides, each FACT_BYTES. */
static int pick_pair(struct spoken *s, const char *section, char left[FACT_BYTES], char right[FACT_BYTES],
                     struct error *err)
{
    char line[FACT_BYTES];
    if (pick(s, section, line, err) != 0)
        return -1;
    char *middle = strstr(line, " = ");
    if (!middle)
        return error_set(err, ERR_INPUT, "[%s] holds lines of the form A = B", section);
    *middle = '\0';
    set(left, line);
    set(right, middle + 3);
    return 0;
}

/* A drug's name and what such drugs are for. */
static int name_drug(struct spoken *s, char name[FACT_BYTES], char condition[FACT_BYTES], struct error *err)
{
    char head[FACT_BYTES], stem[FACT_BYTES];
    if (pick(s, "head", head, err) != 0 || pick_pair(s, "stem", stem, condition, err) != 0)
        return -1;
    if (strlen(head) >= FACT_BYTES / 2 || strlen(stem) >= FACT_BYTES / 2)
        return error_set(err, ERR_LIMIT, "the halves of a drug's name may have %d bytes", FACT_BYTES / 2 - 1);
    snprintf(name, FACT_BYTES, "%.31s%.31s", head, stem);
    return 0;
}

static int draw_complaint(struct spoken *s, struct error *err)
{
    struct visit *v = s->v;
    size_t kind = draw_below(&s->draw, 20);
    char count[FACT_BYTES], number[FACT_BYTES];
    static const char *const units[] = {"days", "weeks", "months", "years"};
    const char *what = kind < 13 ? "what_paired" : kind < 17 ? "what_single" : "what_general";
    if (kind < 13)
        set(v->side, draw_chance(&s->draw, 0.5) ? "left" : "right");
    if (pick(s, kind < 17 ? "pain" : "general", v->symptom, err) != 0 ||
        (kind < 17 && pick(s, kind < 13 ? "paired" : "single", v->part, err) != 0) ||
        pick_pair(s, "count", count, number, err) != 0)
        return -1;
    snprintf(v->duration, FACT_BYTES, "%.40s %s", count, units[draw_below(&s->draw, 4)]);
    struct facts_of facts_now = {find_fact, s, s->noise};
    return forms_tell(s->forms, what, s->who, &s->draw, &facts_now, &s->what, err);
}

static int draw_medicine(struct spoken *s, struct error *err)
{
    struct visit *v = s->v;
    char raised[FACT_BYTES], condition[FACT_BYTES];
    if (name_drug(s, v->drug, condition, err) != 0 || pick_pair(s, "dose", v->dose, raised, err) != 0 ||
        pick(s, "unit", v->unit, err) != 0 || pick(s, "frequency", v->frequency, err) != 0)
        return -1;
    set(draw_chance(&s->draw, 0.3) ? v->stated : v->inferred, condition);
    if (draw_chance(&s->draw, 0.3))
        set(v->new_dose, raised);
    return 0;
}

static int draw_stopped(struct spoken *s, struct error *err)
{
    char condition[FACT_BYTES];
    do {
        if (name_drug(s, s->v->stopped, condition, err) != 0)
            return -1;
    } while (strcmp(s->v->stopped, s->v->drug) == 0);
    return 0;
}

static int draw_family(struct spoken *s, struct error *err)
{
    struct visit *v = s->v;
    do { /* another disease than the patient's, so that a note can be told right or wrong */
        if (pick(s, "family_condition", v->family, err) != 0)
            return -1;
    } while (strcmp(v->family, v->inferred) == 0 || strcmp(v->family, v->stated) == 0);
    return pick(s, "relative", v->relative, err);
}

static int draw_reading(struct spoken *s, struct error *err)
{
    static const char ends[] = "12346789"; /* never one that is round already */
    (void)err;
    snprintf(s->high, sizeof s->high, "1%d%c", 1 + (int)draw_below(&s->draw, 7), ends[draw_below(&s->draw, 8)]);
    snprintf(s->low, sizeof s->low, "%d%c", 6 + (int)draw_below(&s->draw, 4), ends[draw_below(&s->draw, 8)]);
    snprintf(s->v->reading, FACT_BYTES, "%s/%s", s->high, s->low);
    return 0;
}

/* A procedure other than those already drawn. */
static int draw_procedure(struct spoken *s, char out[FACT_BYTES], const char *other, struct error *err)
{
    do {
        if (pick(s, "procedure", out, err) != 0)
            return -1;
    } while (strcmp(out, other) == 0);
    return 0;
}

/* What a visit may have beside its complaint and its medicine. */
enum topic {
    TOPIC_DENIED, TOPIC_REPORTED, TOPIC_STOPPED, TOPIC_ALLERGY, TOPIC_INTOLERANCE, TOPIC_FAMILY, TOPIC_GUESS,
    TOPIC_MAYBE, TOPIC_SURELY, TOPIC_READING, TOPIC_ORDERED, TOPIC_CONSIDERED, TOPIC_DECLINED, TOPIC_FOLLOWUP, TOPICS
};

static int draw_topic(struct spoken *s, enum topic topic, struct error *err)
{
    struct visit *v = s->v;
    switch (topic) {
    case TOPIC_DENIED: return pick(s, "finding", v->denies, err);
    case TOPIC_REPORTED:
        do {
            if (pick(s, "finding", v->reports, err) != 0)
                return -1;
        } while (strcmp(v->reports, v->denies) == 0);
        return 0;
    case TOPIC_STOPPED: return draw_stopped(s, err);
    case TOPIC_ALLERGY: return pick(s, "allergen", v->allergy, err);
    case TOPIC_INTOLERANCE: return pick(s, "allergen", v->intolerance, err);
    case TOPIC_FAMILY: return draw_family(s, err);
    case TOPIC_GUESS: return pick(s, "guess_condition", v->thinks, err);
    case TOPIC_MAYBE: set(v->doubt, "possible"); return pick(s, "diagnosis", v->assessment, err);
    case TOPIC_SURELY: return pick(s, "diagnosis", v->assessment, err);
    case TOPIC_READING: return draw_reading(s, err);
    case TOPIC_ORDERED: return draw_procedure(s, v->ordered, v->considered, err);
    case TOPIC_CONSIDERED: return draw_procedure(s, v->considered, v->ordered, err);
    case TOPIC_DECLINED: return pick(s, "offerable", v->declined, err);
    case TOPIC_FOLLOWUP: return pick(s, "interval", v->followup, err);
    case TOPICS: break;
    }
    return 0;
}

/* Two topics that cannot both be: each other's partner, or itself. */
static enum topic partner(enum topic topic)
{
    switch (topic) {
    case TOPIC_ALLERGY: return TOPIC_INTOLERANCE;
    case TOPIC_INTOLERANCE: return TOPIC_ALLERGY;
    case TOPIC_MAYBE: return TOPIC_SURELY;
    case TOPIC_SURELY: return TOPIC_MAYBE;
    default: return topic;
    }
}

static int draw_topics(struct spoken *s, size_t count, struct error *err)
{
    bool has[TOPICS] = {false};
    while (count > 0) {
        enum topic topic = (enum topic)draw_below(&s->draw, TOPICS);
        if (has[topic] || has[partner(topic)])
            continue;
        has[topic] = true;
        count--;
    }
    for (int t = 0; t < TOPICS; t++) {
        if (has[t] && draw_topic(s, (enum topic)t, err) != 0)
            return -1;
    }
    return 0;
}

/* The turns in the order of a visit; each is spoken when its fact is there. */
static int speak(struct spoken *s, struct str *out, struct error *err)
{
    const struct visit *v = s->v;
    const struct {
        bool said;
        const char *section;
    } turns[] = {
        {true, "greeting"}, {true, "complaint"}, {v->denies[0], "denied"}, {v->reports[0], "reported"},
        {v->drug[0], "taking"}, {v->stated[0], "condition_said"}, {v->new_dose[0], "change"},
        {v->stopped[0], "stopping"}, {v->allergy[0], "allergy_said"}, {v->intolerance[0], "intolerance_said"},
        {v->family[0], "family_said"}, {v->thinks[0], "guessing"}, {v->reading[0], "reading_said"},
        {v->assessment[0] && v->doubt[0], "assessed_maybe"}, {v->assessment[0] && !v->doubt[0], "assessed_surely"},
        {v->considered[0], "considered_said"}, {v->ordered[0], "ordered_said"}, {v->declined[0], "declined_said"},
        {v->followup[0], "followup_said"}, {draw_chance(&s->draw, 0.3), "bye"},
    };
    struct facts_of facts_now = {find_fact, s, s->noise};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        if (!turns[i].said)
            continue;
        if (i > 0)
            str_addc(out, '\n');
        if (forms_tell(s->forms, turns[i].section, s->who, &s->draw, &facts_now, out, err) != 0)
            return -1;
    }
    return 0;
}

int visit_draw(struct visit *v, const struct forms *f, uint64_t seed, const char *split, uint64_t index,
               struct str *transcript, struct error *err)
{
    bool noise = strcmp(split, "noise") == 0, wide = strcmp(split, "wide") == 0;
    struct spoken s = {.v = v, .forms = f, .drill = noise || wide || strcmp(split, "drill") == 0,
                       .noise = noise || wide ? NOISE : 0,
                       .who = wide ? FORMS_WIDE : strcmp(split, "test") == 0 ? FORMS_TEST : FORMS_TRAIN};
    *v = (struct visit){0};
    draw_seed(&s.draw, seed, split, index);
    int result = draw_complaint(&s, err);
    bool medicine = draw_chance(&s.draw, 0.6);
    if (result == 0 && medicine)
        result = draw_medicine(&s, err);
    if (result == 0)
        result = draw_topics(&s, medicine ? 3 : 4, err);
    if (result == 0)
        result = speak(&s, transcript, err);
    str_free(&s.what);
    return result;
}
