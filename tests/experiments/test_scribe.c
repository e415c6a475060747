/* The scribe's generator and grader on thousands of visits: what must be true of every one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "experiments/rouge.h"
#include "experiments/scribe_answer.h"
#include "experiments/scribe_corpus.h"
#include "experiments/scribe_parts.h"
#include "experiments/scribe_records.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { VISITS = 4000 };

static struct forms *load(void)
{
    struct error err = {0};
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/share/experiments/scribe", getenv("srcdir") ? getenv("srcdir") : ".");
    struct forms *f = forms_load(folder, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    return f;
}

static void draw(const struct forms *f, const char *split, int i, struct visit *v, struct str *transcript)
{
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(visit_draw(v, f, 3, split, (uint64_t)i, transcript, &err), 0);
}

/* The grade of the note with these rules broken. */
static struct grade graded(const struct visit *v, rule_set broken)
{
    struct grade g = {0};
    struct str note = {0};
    note_print(&note, v, broken);
    note_grade(&g, v, str_slice(&note));
    str_free(&note);
    return g;
}

static void perfect(void)
{
    struct forms *f = load();
    for (int i = 0; i < VISITS; i++) {
        struct visit v;
        struct str transcript = {0};
        draw(f, i % 2 ? "test" : "train", i, &v, &transcript);
        struct grade g = graded(&v, 0);
        CU_ASSERT(g.score == SCORE_TOP && g.broken == 0 && g.other == 0 && g.rationale.len == 0 && g.n_spans == 0);
        grade_free(&g);
        str_free(&transcript);
    }
    forms_free(f);
}

/* Each rule alone, and as a writer breaks them together: the grader names those and no other. */
static void named(void)
{
    struct forms *f = load();
    int seen[RULES] = {0};
    for (int i = 0; i < VISITS; i++) {
        struct visit v;
        struct str transcript = {0};
        struct draw d;
        draw(f, i % 2 ? "test" : "train", i, &v, &transcript);
        rule_set applies = visit_rules(&v);
        for (int r = 0; r < RULES; r++) {
            if (!(applies & BIT(r)))
                continue;
            struct grade g = graded(&v, BIT(r));
            CU_ASSERT(g.broken == BIT(r) && g.other == 0 && g.score == SCORE_TOP - 1 && g.rationale.len > 0);
            CU_ASSERT(g.n_spans == 1);
            grade_free(&g);
            seen[r]++;
        }
        draw_seed(&d, 5, "breaks", (uint64_t)i);
        rule_set broken = writer_breaks(WRITER_CORPUS, applies, &d);
        struct grade g = graded(&v, broken);
        CU_ASSERT(g.broken == broken && g.other == 0);
        grade_free(&g);
        str_free(&transcript);
    }
    for (int r = 0; r < RULES; r++)
        CU_ASSERT(seen[r] > VISITS / 10);
    forms_free(f);
}

/* Faults that are no rule's cost a point each, and never more than there are. */
static void other_faults(void)
{
    struct visit v = {.side = "left", .part = "knee", .symptom = "pain", .duration = "two days", .drug = "bepril",
                      .dose = "5", .unit = "mg", .frequency = "at night", .stated = "hypertension",
                      .allergy = "kiwi", .followup = "one week"};
    static const struct {
        const char *note;
        int score, other;
        rule_set broken;
    } cases[] = {
        {"Complaint: left knee pain, two days\nDiagnoses: hypertension\nMedication: bepril 5 mg at night\n"
         "Allergies: kiwi\nFollow-up: one week", 6, 0, 0},
        {"Complaint: left knee pain, two days\nMedication: bepril 5 mg at night\nAllergies: kiwi\nFollow-up: one week",
         5, 1, 0},
        {"Complaint: right knee pain, two days\nDiagnoses: hypertension, gout\nMedication: bepril 5 mg at night\n"
         "Allergies: kiwi\nFollow-up: one week", 4, 1, BIT(RULE_SIDE)},
        {"Complaint: left knee pain, two days\nDiagnoses: hypertension\nMedication: bepril 6 mg at night\n"
         "Allergies: kiwi\nFollow-up: one week\nMood: good", 4, 2, 0},
        {"Complaint: left knee pain, two days\nDiagnoses: hypertension\nMedication: bepril 5 mg at night\n"
         "Allergies: kiwi, kiwi\nAllergies: kiwi\nFollow-up: one week", 4, 2, 0},
        {"", 1, 5, 0},
        {"\n \nno note at all", 0, 6, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grade g = {0};
        note_grade(&g, &v, slice_of(cases[i].note));
        CU_ASSERT(g.other == cases[i].other && g.broken == cases[i].broken);
        CU_ASSERT_EQUAL(g.score, cases[i].score);
        grade_free(&g);
    }
}

/* What is a word of the test split's own does not stand in the other one, and the other way round. */
static void disjoint(void)
{
    struct forms *f = load();
    static const char *const own[] = {"surname", "head", "allergen"};
    size_t split_sections = 0;
    const char *name;
    for (size_t s = 0; (name = forms_section(f, s)); s++) {
        size_t same = 0, n = forms_count(f, name, FORMS_TEST), m = forms_count(f, name, FORMS_WIDE);
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < m; k++)
                same += slice_eq(forms_at(f, name, FORMS_TEST, i), forms_at(f, name, FORMS_WIDE, k));
        }
        bool is_own = false;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            is_own = is_own || strcmp(name, own[i]) == 0;
        CU_ASSERT(!is_own || same == 0);
        split_sections += same == 0;
    }
    CU_ASSERT(split_sections > 30);
    forms_free(f);
}

static bool holds(const char *text, const char *word)
{
    return word[0] && strstr(text, word) != NULL;
}

/* No drug, and no whole transcript, is in training and test alike. */
static void unseen(void)
{
    struct forms *f = load();
    struct visit v;
    struct str all = {0}, one = {0};
    for (int i = 0; i < VISITS; i++) {
        str_clear(&one);
        draw(f, "train", i, &v, &one);
        str_addf(&all, "\n%s %s\n", v.drug, v.stopped);
    }
    for (int i = 0; i < VISITS / 10; i++) {
        str_clear(&one);
        draw(f, "test", i, &v, &one);
        CU_ASSERT(!holds(all.at, v.drug) && !holds(all.at, v.stopped));
    }
    str_free(&all);
    str_free(&one);
    forms_free(f);
}

static void by_seed(void)
{
    struct forms *f = load();
    struct error err = {0};
    struct str a = {0}, b = {0}, c = {0};
    for (uint64_t i = 0; i < 50; i++) {
        CU_ASSERT(scribe_record(&a, f, 11, "train", i, &err) == 0 && scribe_replies(&a, f, 11, "train", i, &err) == 0);
        CU_ASSERT(scribe_record(&b, f, 11, "train", i, &err) == 0 && scribe_replies(&b, f, 11, "train", i, &err) == 0);
        CU_ASSERT(scribe_record(&c, f, 12, "train", i, &err) == 0 && scribe_replies(&c, f, 12, "train", i, &err) == 0);
    }
    CU_ASSERT(strcmp(a.at, b.at) == 0 && strcmp(a.at, c.at) != 0);
    str_free(&a);
    str_free(&b);
    str_free(&c);
    forms_free(f);
}

/* Rules are broken about as often as the table says. */
static void rates(void)
{
    struct draw d;
    int broken[RULES] = {0};
    draw_seed(&d, 1, "rates", 0);
    for (int i = 0; i < VISITS; i++) {
        rule_set set = writer_breaks(WRITER_TEACHER, BIT(RULES) - 1, &d);
        for (int r = 0; r < RULES; r++)
            broken[r] += (set >> r) & 1;
    }
    for (int r = 0; r < RULES; r++) {
        double share = (double)broken[r] / VISITS, want = rule_rate((enum scribe_rule)r, WRITER_TEACHER);
        CU_ASSERT(share > want - 0.04 && share < want + 0.04);
    }
}

static void answers(void)
{
    struct error err = {0};
    struct str out = {0};
    const char *question = "{\"id\":\"x\",\"output\":\"Complaint: p\u00e4in, two days\\nFollow-up: two weeks\","
                           "\"meta\":{\"facts\":{\"symptom\":\"p\u00e4in\",\"duration\":\"two days\"}}}";
    CU_ASSERT_EQUAL(grade_answer(&out, slice_of(question), &err), 0);
    CU_ASSERT_STRING_EQUAL(out.at, "{\"score\":5,\"rationale\":\"The follow-up 'two weeks' was not said.\","
                                   "\"spans\":[{\"start\":37,\"end\":46}],\"rules\":[\"followup\"]}\n");
    CU_ASSERT_EQUAL(grade_answer(&out, slice_of("{\"output\":\"\"}"), &err), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "facts"));
    CU_ASSERT_EQUAL(grade_answer(&out, slice_of("{\"meta\":{\"facts\":{}}}"), &err), -1);
    CU_ASSERT_EQUAL(grade_answer(&out, slice_of("nothing"), &err), -1);
    str_free(&out);
}

/* The values that Google's rouge-score 0.1.2 gives (rougeL, without stemming). */
static void rouge(void)
{
    static const struct {
        const char *text, *reference;
        size_t common;
        double f1;
    } cases[] = {
        {"the cat sat on the mat", "the cat lay on the mat", 5, 10.0 / 12},
        {"police kill the gunman", "police killed the gunman", 3, 0.75},
        {"the gunman kill police", "police killed the gunman", 2, 0.5},
        {"Fever: 38.5, x-ray!", "fever 38 5 X ray", 5, 1},
        {"", "anything", 0, 0},
        {"-- \xc3\xa4", "", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rouge r = rouge_l(slice_of(cases[i].text), slice_of(cases[i].reference));
        CU_ASSERT_EQUAL(r.common, cases[i].common);
        CU_ASSERT_DOUBLE_EQUAL(r.f1, cases[i].f1, 1e-12);
    }
    struct error err = {0};
    struct str out = {0};
    CU_ASSERT_EQUAL(rouge_answer(&out, slice_of("{\"output\":\"a b\",\"meta\":{\"reference\":\"a b\"}}"), &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out.at, "\"score\":1"));
    CU_ASSERT_EQUAL(rouge_answer(&out, slice_of("{\"output\":\"a b\"}"), &err), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "reference"));
    str_free(&out);
}

/* The corpus: a note after a strategy keeps the rules it tells. */
static void corpus(void)
{
    struct forms *f = load();
    struct error err = {0};
    static const char *const kinds[] = {"corpus", "drill", "noise", "wide"};
    int told = 0;
    for (uint64_t i = 0; i < 200; i++) {
        struct str line = {0};
        CU_ASSERT_EQUAL(corpus_line(&line, f, 1, kinds[i % 4], i, &err), 0);
        struct json *j = json_parse(str_slice(&line), NULL, &err);
        const struct json *branches = json_get(j, "branches"), *b = json_at(branches, 2);
        CU_ASSERT(json_type(json_get(json_at(branches, 0), "think")) == JSON_NULL);
        CU_ASSERT_STRING_EQUAL(json_string(json_get(json_at(branches, 1), "think"), "?"), "");
        if (b) {
            const char *think = json_string(json_get(b, "think"), "");
            struct visit v;
            struct str transcript = {0};
            CU_ASSERT_EQUAL(visit_draw(&v, f, 1, kinds[i % 4], i, &transcript, &err), 0);
            rule_set broken = scribe_broken(&v, json_string(json_get(b, "text"), ""));
            for (int r = 0; r < RULES; r++) {
                for (size_t w = 0; w < RULE_WORDINGS; w++)
                    CU_ASSERT(!(broken & BIT(r)) || !strstr(think, rule_mistake((enum scribe_rule)r, w)));
            }
            told++;
            str_free(&transcript);
        }
        json_free(j);
        str_free(&line);
    }
    CU_ASSERT(told > 60 && told < 140);
    forms_free(f);
}

static void bad_forms(void)
{
    static const char *const cases[][2] = {
        {"word\n", "line 1"}, {"[a\nx\n", "[NAME]"}, {"[a exam]\nx\n", "[NAME train]"}, {"[]\nx\n", "[NAME]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = tmp_make();
        struct error err = {0};
        FILE *out = fopen(tmp_join(dir, "lexicon.txt"), "w");
        fputs(cases[i][0], out);
        fclose(out);
        CU_ASSERT_PTR_NULL(forms_load(dir, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i][1]));
        tmp_remove(dir);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"perfect notes score the top", perfect},
        {"each broken rule is named", named},
        {"faults that are no rule's", other_faults},
        {"words of the test split are its own", disjoint},
        {"test drugs are never trained on", unseen},
        {"one seed, one experiment", by_seed},
        {"rates of mistakes", rates},
        {"the grader as a program", answers},
        {"ROUGE-L", rouge},
        {"the corpus", corpus},
        {"damaged forms", bad_forms},
        {NULL, NULL},
    };
    return suite_run("scribe", tests, argc, argv);
}
