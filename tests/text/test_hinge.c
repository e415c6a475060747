/* Hinge finding: what is lit, why, and which clause of the rationale it answers to. */
#include "text/hinge.h"

#include <string.h>

#include "base/mem.h"
#include "tests/support/suite.h"
#include "text/hinge_lexicon_words.h"

/* ---- one case -------------------------------------------------------------------------------- */

struct found {
    struct hinge_input in;
    struct hinges *h;
};

static struct found find_in(struct hinge_input in)
{
    struct diff *exact = diff_texts(in.y0, in.y_star, DIFF_EXACT);
    struct found f = {.in = in, .h = hinges_find(&in, exact)};
    diff_free(exact);
    return f;
}

static struct found find(const char *prompt, const char *y0, const char *y_star, const char *why)
{
    return find_in((struct hinge_input){.prompt = slice_of(prompt),
                                        .y0 = slice_of(y0),
                                        .y_star = slice_of(y_star),
                                        .rationale = slice_of(why)});
}

static void drop(struct found *f)
{
    hinges_free(f->h);
    f->h = NULL;
}

/* The lit words of a side, joined by blanks; a gap is "^". */
static const char *lit(const struct found *f, enum hinge_side side, char out[512])
{
    struct slice text = side == HINGE_Y0 ? f->in.y0 : f->in.y_star;
    struct str s = {0};
    for (size_t i = 0; i < f->h->count; i++) {
        const struct hinge *x = &f->h->items[i];
        if (x->side != side || !x->lit)
            continue;
        if (s.len)
            str_addc(&s, ' ');
        if (x->from == x->to)
            str_addc(&s, '^');
        str_add_slice(&s, slice_sub(text, x->from, x->to));
    }
    strncpy(out, str_z(&s), 511);
    out[511] = '\0';
    str_free(&s);
    return out;
}

static const struct hinge *item(const struct found *f, enum hinge_side side, const char *word)
{
    struct slice text = side == HINGE_Y0 ? f->in.y0 : f->in.y_star;
    for (size_t i = 0; i < f->h->count; i++) {
        const struct hinge *x = &f->h->items[i];
        if (x->side == side && slice_is(slice_sub(text, x->from, x->to), word))
            return x;
    }
    return NULL;
}

static bool has(const struct found *f, enum hinge_side side, const char *word, unsigned reasons)
{
    const struct hinge *x = item(f, side, word);
    return x && (x->reasons & reasons) == reasons;
}

#define LIT(f, side, words)                                                                        \
    do {                                                                                           \
        char room_[512];                                                                           \
        CU_ASSERT_STRING_EQUAL(lit(&(f), side, room_), words);                                     \
    } while (0)

/* ---- the rationale --------------------------------------------------------------------------- */

static void test_seed(void)
{
    struct found f = find("Doctor: And your blood pressure? Patient: High, they said, hypertension.",
                          "Diagnoses: diabetic hypertension.", "Diagnoses: hypertension.",
                          "Added 'diabetic hypertension' not mentioned in transcript.");
    LIT(f, HINGE_Y0, "diabetic");
    LIT(f, HINGE_Y_STAR, "");
    CU_ASSERT_EQUAL(f.h->count, 1);
    CU_ASSERT_EQUAL(f.h->n_lit_hunks, 1);
    CU_ASSERT_EQUAL(f.h->n_clauses, 1);
    CU_ASSERT_EQUAL(f.h->clauses[0].hunk, 0);
    CU_ASSERT_EQUAL(f.h->items[0].clause, 0);
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "diabetic", HINGE_QUOTED | HINGE_CLAUSE | HINGE_UNSUPPORTED));
    drop(&f);
}

static void test_seed_in_company(void)
{
    struct found f = find("Patient: yes, high blood pressure, hypertension. I walk every day.",
                          "Diagnoses: diabetic hypertension.\nShe goes for a walk daily.",
                          "Diagnoses: hypertension.\nThe patient walks daily.",
                          "Added 'diabetic hypertension' not mentioned in transcript.");
    LIT(f, HINGE_Y0, "diabetic");
    CU_ASSERT_EQUAL(f.h->n_lit_hunks, 1);
    CU_ASSERT_TRUE(f.h->n_hunks > 1);
    drop(&f);
}

static void test_clauses(void)
{
    struct found f =
        find("", "Metformin 500 mg daily. Pain in the left knee. ECG ordered.",
             "Metformin 850 mg daily. Pain in the right knee. No tests.",
             "The dose is wrong; laterality does not match. Nobody ordered an ECG. Otherwise complete.");
    CU_ASSERT_EQUAL_FATAL(f.h->n_clauses, 4);
    CU_ASSERT_EQUAL_FATAL(f.h->n_hunks, 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(f.h->clauses[i].hunk, i);
    CU_ASSERT_EQUAL(f.h->clauses[3].hunk, -1); /* praise faults nothing */
    CU_ASSERT_EQUAL(item(&f, HINGE_Y0, "500")->clause, 0);
    CU_ASSERT_EQUAL(item(&f, HINGE_Y0, "left")->clause, 1);
    CU_ASSERT_EQUAL(item(&f, HINGE_Y0, "ECG")->clause, 2);
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "500", HINGE_CONCEPT | HINGE_NUMBER));
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "left", HINGE_CONCEPT | HINGE_SIDE));
    struct slice why = f.in.rationale;
    CU_ASSERT_TRUE(slice_is(slice_sub(why, f.h->clauses[1].from, f.h->clauses[1].to),
                            "laterality does not match."));
    drop(&f);
}

/* What the rationale does not speak of stays dark, but for a changed dose, side or negation. */
static void test_unspoken(void)
{
    struct found f = find("", "Has diabetic hypertension. Takes metformin 500 mg gladly, at home.",
                          "Has hypertension. Takes metformin 850 mg happily, at home.",
                          "Added 'diabetic hypertension'.");
    LIT(f, HINGE_Y0, "diabetic 500");
    CU_ASSERT_EQUAL(item(&f, HINGE_Y0, "500")->clause, -1);
    drop(&f);
}

static void test_quotes_keep_a_clause_whole(void)
{
    struct found f = find("", "He was seen. Aspirin given.", "He was seen.",
                          "It says \"seen. Aspirin; given\" and that is wrong.");
    CU_ASSERT_EQUAL(f.h->n_clauses, 1);
    CU_ASSERT_EQUAL(f.h->clauses[0].hunk, 0);
    drop(&f);
}

static void test_praise_names_nothing(void)
{
    struct found f = find("", "Take aspirin and bisoprolol.", "Take ibuprofen and ramipril.",
                          "Aspirin is correct. Bisoprolol is not what was said.");
    LIT(f, HINGE_Y0, "bisoprolol");
    drop(&f);
}

/* ---- what a word is -------------------------------------------------------------------------- */

static void test_classes(void)
{
    struct found f = find("", "He denies pain now, and takes 5 mg of it in the left arm since Monday.",
                          "He reports pain now, and takes 50 mcg of it in the right arm since Tuesday.",
                          "");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "denies", HINGE_NEGATION));
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "5", HINGE_NUMBER));
    CU_ASSERT_TRUE(has(&f, HINGE_Y_STAR, "50", HINGE_NUMBER));
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "mg", HINGE_UNIT));
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "left", HINGE_SIDE));
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "Monday", HINGE_DATE | HINGE_NAME));
    LIT(f, HINGE_Y0, "denies 5 mg left Monday");
    drop(&f);
}

static double score(const struct found *f, enum hinge_side side, const char *word)
{
    const struct hinge *x = item(f, side, word);
    return x ? x->score : -1;
}

static void test_rank(void)
{
    struct found f = find("", "No fever, takes 5 tablets of the medicine , organised by her nurse",
                          "Fever, takes 2 tablets of a medicine ; organized by her carer", "");
    double no = score(&f, HINGE_Y0, "No"), five = score(&f, HINGE_Y0, "5");
    CU_ASSERT_TRUE(no > score(&f, HINGE_Y0, "nurse"));
    CU_ASSERT_TRUE(five > score(&f, HINGE_Y0, "nurse"));
    CU_ASSERT_TRUE(score(&f, HINGE_Y0, "nurse") > score(&f, HINGE_Y0, "organised"));
    CU_ASSERT_TRUE(score(&f, HINGE_Y0, "organised") > score(&f, HINGE_Y0, ","));
    CU_ASSERT_TRUE(score(&f, HINGE_Y0, "nurse") > score(&f, HINGE_Y0, "the"));
    for (size_t i = 0; i < f.h->count; i++)
        CU_ASSERT_TRUE(f.h->items[i].score >= 0 && f.h->items[i].score <= 1);
    drop(&f);
}

static void test_opposites_are_no_spelling(void)
{
    struct found f = find("", "hypertension was stable", "hypotension was unstable", "");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "hypertension", HINGE_POLARITY));
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "hypertension", HINGE_SPELLING));
    CU_ASSERT_TRUE(has(&f, HINGE_Y_STAR, "unstable", HINGE_POLARITY));
    drop(&f);
    f = find("", "the haemorrhage stopped", "the hemorrhage stopped", "");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "haemorrhage", HINGE_SPELLING));
    drop(&f);
}

static void test_support(void)
{
    const char *prompt = "Doctor: any cough? Patient: yes, I have been coughing for three days, and "
                         "some sputum. Doctor: and the inhaler? Patient: I use it at night.";
    struct found f = find(prompt, "Coughing for 3 days with sputum. Wheezing noted. Uses an inhaler.",
                          "Coughing for 3 days with sputum. Uses an inhaler.", "");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "Wheezing", HINGE_UNSUPPORTED));
    LIT(f, HINGE_Y0, "Wheezing noted .");
    drop(&f);
    /* Stems, and number words, count as said. */
    f = find(prompt, "He coughs 3 days, some sputum at nights.", "He is well, some sputum at nights.",
             "");
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "coughs", HINGE_UNSUPPORTED));
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "3", HINGE_UNSUPPORTED));
    drop(&f);
}

/* In a note written anew, what the transcript says in one place is less in doubt than words picked
 * together from all over it, and a negation with nothing behind it most. */
static void test_doubt(void)
{
    struct str prompt = {0};
    str_adds(&prompt, "Patient: I have a burning pain in the chest when climbing stairs. ");
    for (int i = 0; i < 40; i++)
        str_adds(&prompt, "Doctor: I see, go on then. ");
    str_adds(&prompt, "Patient: my brother smokes. And my knee was swollen last winter.");
    struct found f = find(str_z(&prompt),
                          "Burning chest pain climbing stairs; swollen smokes burning; no photophobia.",
                          "Exertional angina is likely and further tests were arranged.", "");
    double together = score(&f, HINGE_Y0, "Burning"), apart = score(&f, HINGE_Y0, "swollen");
    CU_ASSERT_TRUE(together + 0.1 < apart);
    CU_ASSERT_TRUE(apart < score(&f, HINGE_Y0, "photophobia"));
    CU_ASSERT_FALSE(item(&f, HINGE_Y0, "Burning")->lit);
    CU_ASSERT_TRUE(item(&f, HINGE_Y0, "photophobia")->lit);
    drop(&f);
    str_free(&prompt);
}

/* Function words and marks are read with the lit words around them, and dark by themselves. */
static void test_company(void)
{
    struct found f = find("", "It was seen in the hall, while at home she slept badly for an hour.",
                          "It was seen by a nurse, while in home she slept badly for the hour.",
                          "It was 'in the hall'.");
    LIT(f, HINGE_Y0, "in the hall");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "the", HINGE_QUOTED));
    CU_ASSERT_FALSE(item(&f, HINGE_Y0, "at")->lit);
    CU_ASSERT_FALSE(item(&f, HINGE_Y0, "an")->lit);
    drop(&f);
    f = find("", "It was seen in the hall, while at home she slept badly for an hour.",
             "It was seen by a nurse, while in home she slept badly for the hour.", "No hall was spoken of.");
    LIT(f, HINGE_Y0, "in the hall");
    drop(&f);
    f = find("", "He takes aspirin and ramipril with a lot of water in the early morning hours.",
             "He takes codeine and bisoprolol with a lot of water in the early morning hours.", "");
    LIT(f, HINGE_Y0, "aspirin and ramipril");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "and", HINGE_BETWEEN));
    drop(&f);
    /* A phrase rewritten for the most part is lit whole, when no grader says what in it is wrong. */
    f = find("", "Severe crushing pain today. Walks well.", "Mild burning pain yesterday. Walks well.",
             "");
    LIT(f, HINGE_Y0, "Severe crushing pain today .");
    drop(&f);
    f = find("", "Severe crushing pain today. Walks well.", "Mild burning pain yesterday. Walks well.",
             "Not 'crushing', not 'severe', and not 'today'.");
    LIT(f, HINGE_Y0, "Severe crushing today");
    drop(&f);
}

/* A replaced word is usually a rewording: the prompt's silence counts only when what came instead
 * is in the prompt, or nothing came. */
static void test_replaced(void)
{
    const char *prompt = "I take ramipril for my blood pressure every morning with breakfast.";
    struct found f = find(prompt, "Takes bisoprolol for blood pressure every morning with breakfast.",
                          "Takes ramipril for blood pressure every morning with breakfast.", "");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "bisoprolol", HINGE_UNSUPPORTED));
    drop(&f);
    f = find(prompt, "Takes ramipril for blood pressure each matins with breakfast.",
             "Takes ramipril for blood pressure each dawn with breakfast.", "");
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "matins", HINGE_UNSUPPORTED));
    drop(&f);
}

/* ---- places ---------------------------------------------------------------------------------- */

static void test_omission(void)
{
    struct found f = find("", "Start aspirin. Review.", "Start aspirin. Allergic to penicillin. Review.",
                          "Omitted the allergy.");
    const struct hinge *gap = &f.h->items[0];
    CU_ASSERT_EQUAL(gap->side, HINGE_Y0);
    CU_ASSERT_EQUAL(gap->from, gap->to);
    CU_ASSERT_TRUE(gap->from >= strlen("Start aspirin") && gap->from <= strlen("Start aspirin. "));
    CU_ASSERT_TRUE(gap->lit);
    CU_ASSERT_TRUE(gap->reasons & HINGE_OMISSION);
    CU_ASSERT_EQUAL(gap->clause, 0);
    CU_ASSERT_TRUE(item(&f, HINGE_Y_STAR, "penicillin")->lit);
    CU_ASSERT_EQUAL(f.h->n_lit_hunks, 1);
    drop(&f);
}

/* Puts the sentence into d as moved, as the diff itself says it. */
static void add_move(struct diff *d, const char *a, const char *b, const char *sentence)
{
    size_t at = (size_t)(strstr(a, sentence) - a), to = (size_t)(strstr(b, sentence) - b);
    mem_free(d->moves);
    d->moves = mem_alloc(sizeof *d->moves);
    d->moves[0] = (struct diff_move){at, at + strlen(sentence), to, to + strlen(sentence)};
    d->n_moves = 1;
}

static void test_moved(void)
{
    const char *y0 = "The patient was seen in clinic on Monday by the nurse. Her cough is worse at "
                     "night than before. She takes ramipril with her breakfast.";
    const char *y = "Her cough is worse at night than before. She takes bisoprolol with her "
                    "breakfast. The patient was seen in clinic on Monday by the nurse.";
    struct found f = {.in = {.y0 = slice_of(y0), .y_star = slice_of(y)}};
    struct diff *d = diff_texts(f.in.y0, f.in.y_star, DIFF_EXACT);
    add_move(d, y0, y, "The patient was seen in clinic on Monday by the nurse.");
    f.h = hinges_find(&f.in, d);
    diff_free(d);
    LIT(f, HINGE_Y0, "ramipril");
    LIT(f, HINGE_Y_STAR, "bisoprolol");
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "Monday", HINGE_MOVED));
    drop(&f);
}

static void test_spans_and_surprisal(void)
{
    struct hinge_span at[] = {{4, 7}, {0, 3}};
    float nats[] = {0.1F, 9.0F};
    struct hinge_input in = {.y0 = SLICE("One two cows"), .y_star = SLICE("ONE zwei cows more")};
    in.spans = at;
    in.n_spans = 1;
    struct found f = find_in(in);
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "two", HINGE_GRADER_SPAN));
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "One", HINGE_GRADER_SPAN));
    LIT(f, HINGE_Y0, "two");
    drop(&f);
    in.n_spans = 0;
    in.surprisal_at = at;
    in.y0_surprisal = nats;
    in.n_surprisal = 2;
    f = find_in(in);
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "One", HINGE_SURPRISAL));
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "two", HINGE_SURPRISAL));
    drop(&f);
    /* Where the model expected anything, nothing surprises. */
    float unsure[] = {0, 7.5F}, sure[] = {0, 1};
    in.y0_entropy = unsure;
    f = find_in(in);
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "One", HINGE_SURPRISAL));
    drop(&f);
    in.y0_entropy = sure;
    f = find_in(in);
    CU_ASSERT_TRUE(has(&f, HINGE_Y0, "One", HINGE_SURPRISAL));
    drop(&f);
    /* A span outside the text, or turned round, marks nothing and harms nothing. */
    struct hinge_span wild[] = {{900, 1000}, {8, 2}};
    in.spans = wild;
    in.n_spans = 2;
    f = find_in(in);
    CU_ASSERT_FALSE(has(&f, HINGE_Y0, "two", HINGE_GRADER_SPAN));
    drop(&f);
}

static void test_order(void)
{
    struct found f = find("", "a b c d e f", "a x c d y z f w", "");
    for (size_t i = 1; i < f.h->count; i++) {
        const struct hinge *p = &f.h->items[i - 1], *q = &f.h->items[i];
        CU_ASSERT_TRUE(p->hunk < q->hunk || (p->hunk == q->hunk && p->side < q->side) ||
                       (p->hunk == q->hunk && p->side == q->side && p->from <= q->from));
    }
    drop(&f);
}

/* ---- the edges ------------------------------------------------------------------------------- */

static void test_empty(void)
{
    struct found f = find("", "", "", "");
    CU_ASSERT_EQUAL(f.h->count, 0);
    CU_ASSERT_EQUAL(f.h->n_hunks, 0);
    CU_ASSERT_EQUAL(f.h->n_clauses, 0);
    drop(&f);
    f = find("", "", "Something.", "Everything is missing.");
    CU_ASSERT_TRUE(f.h->count >= 2);
    CU_ASSERT_EQUAL(f.h->items[0].from, 0);
    CU_ASSERT_EQUAL(f.h->items[0].to, 0);
    drop(&f);
    f = find("", "Something.", "", "");
    CU_ASSERT_EQUAL(f.h->n_lit_hunks, 1);
    drop(&f);
    f = find("Something.", "Same.", "Same.", "All wrong.");
    CU_ASSERT_EQUAL(f.h->count, 0);
    CU_ASSERT_EQUAL_FATAL(f.h->n_clauses, 1);
    CU_ASSERT_EQUAL(f.h->clauses[0].hunk, -1);
    drop(&f);
    hinges_free(NULL);
}

/* Bytes from a fixed generator, mostly invalid UTF-8, quotes and marks. */
static void fill(char *out, size_t n, unsigned seed)
{
    static const char some[] = "\"'`;,.:\n \xe2\x80\x9c\xff\xc0\x80no5mg\xed\xa0\x80\x1b[";
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245U + 12345U;
        unsigned r = seed >> 16;
        out[i] = r % 3 ? some[r / 3 % (sizeof some - 1)] : (char)(r & 0xff);
    }
}

static void test_hostile(void)
{
    char a[3000], b[3000], why[3000], prompt[3000];
    for (unsigned seed = 1; seed <= 40; seed++) {
        fill(a, sizeof a, seed);
        fill(b, sizeof b, seed % 4 ? seed : seed + 100);
        for (size_t i = 500; i < 520; i++)
            b[i] = 'x';
        fill(why, sizeof why, seed + 200);
        fill(prompt, sizeof prompt, seed + 300);
        struct found f = find_in((struct hinge_input){.prompt = {prompt, sizeof prompt},
                                                      .y0 = {a, sizeof a},
                                                      .y_star = {b, sizeof b},
                                                      .rationale = {why, sizeof why}});
        for (size_t i = 0; i < f.h->count; i++) {
            const struct hinge *x = &f.h->items[i];
            CU_ASSERT_TRUE(x->from <= x->to && x->to <= sizeof a);
            CU_ASSERT_TRUE(x->hunk >= 0 && (size_t)x->hunk < f.h->n_hunks);
            CU_ASSERT_TRUE(x->clause < (int)f.h->n_clauses);
            CU_ASSERT_TRUE(x->score >= 0 && x->score <= 1);
        }
        for (size_t i = 0; i < f.h->n_clauses; i++)
            CU_ASSERT_TRUE(f.h->clauses[i].from < f.h->clauses[i].to &&
                           f.h->clauses[i].to <= sizeof why);
        drop(&f);
    }
}

/* A megabyte of changes under a megabyte of rationale comes back: a pass that is quadratic would
 * not within a test run. */
static void test_large(void)
{
    struct str a = {0}, b = {0}, why = {0};
    for (int i = 0; i < 60000; i++) {
        str_addf(&a, "word%d takes %d mg left. ", i % 5000, i);
        str_addf(&b, "word%d takes %d mg right. ", i % 5000, i);
        str_addf(&why, "'left' is wrong in word%d; ", i % 5000);
    }
    struct found f = find_in((struct hinge_input){.prompt = str_slice(&a),
                                                  .y0 = str_slice(&a),
                                                  .y_star = str_slice(&b),
                                                  .rationale = str_slice(&why)});
    CU_ASSERT_EQUAL(f.h->n_hunks, 60000);
    CU_ASSERT_TRUE(f.h->n_clauses > 50000);
    drop(&f);
    str_free(&a);
    str_free(&b);
    str_free(&why);
}

/* One sentence, one word, one hunk, one quote of half a megabyte each: none is worse than its length. */
static void test_long_parts(void)
{
    static const char *const parts[] = {"and so ", "a\xe2\x80\x99", "'", "x", "no, ", "\"q\" and "};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        struct str a = {0}, b = {0};
        while (a.len < 1 << 19)
            str_adds(&a, parts[p]);
        str_addf(&b, "%s5 mg of %s", str_z(&a), parts[p]);
        struct found f = find_in((struct hinge_input){.prompt = str_slice(&b),
                                                      .y0 = str_slice(&a),
                                                      .y_star = str_slice(&b),
                                                      .rationale = str_slice(&a)});
        CU_ASSERT_TRUE(f.h->n_lit_hunks >= 1);
        drop(&f);
        f = find_in((struct hinge_input){.y0 = str_slice(&a), .y_star = SLICE("Nothing.")});
        CU_ASSERT_TRUE(f.h->n_lit_hunks >= 1);
        drop(&f);
        str_free(&a);
        str_free(&b);
    }
}

static void test_same_twice(void)
{
    const char *y0 = "He denies pain in the left arm, 5 mg.", *y = "He has pain in both arms, 50 mg.";
    struct found f = find("pain", y0, y, "The dose and the side."), g = find("pain", y0, y, "The dose and the side.");
    CU_ASSERT_EQUAL_FATAL(f.h->count, g.h->count);
    for (size_t i = 0; i < f.h->count; i++) {
        CU_ASSERT_EQUAL(f.h->items[i].score, g.h->items[i].score);
        CU_ASSERT_EQUAL(f.h->items[i].reasons, g.h->items[i].reasons);
    }
    drop(&f);
    drop(&g);
}

static void test_words_for_reasons(void)
{
    struct str s = {0};
    hinge_reasons(&s, HINGE_NUMBER | HINGE_QUOTED);
    CU_ASSERT_STRING_EQUAL(str_z(&s), "the rationale names it, a number");
    str_clear(&s);
    hinge_reasons(&s, 0);
    CU_ASSERT_EQUAL(s.len, 0);
    for (int bit = 0; 1u << bit <= HINGE_BETWEEN; bit++) {
        str_clear(&s);
        hinge_reasons(&s, 1u << bit);
        CU_ASSERT_TRUE(s.len > 0); /* no reason without words */
    }
    str_free(&s);
}

static void check_sorted(const struct lexicon_row *rows, size_t n)
{
    for (size_t i = 1; i < n; i++)
        CU_ASSERT_TRUE(strcmp(rows[i - 1].word, rows[i].word) < 0);
}

static void test_lexicon(void)
{
    check_sorted(lexicon_words, n_lexicon_words);
    check_sorted(lexicon_concepts, n_lexicon_concepts);
    check_sorted(lexicon_talk, n_lexicon_talk);
    for (size_t i = 1; i < n_lexicon_numbers; i++)
        CU_ASSERT_TRUE(strcmp(lexicon_numbers[i - 1].word, lexicon_numbers[i].word) < 0);
    CU_ASSERT_EQUAL(lexicon_class(SLICE("mg")), WORD_UNIT);
    CU_ASSERT_EQUAL(lexicon_class(SLICE("xyzzy")), 0);
    CU_ASSERT_TRUE(lexicon_concept(SLICE("dose")) & WORD_NUMBER);
    CU_ASSERT_TRUE(slice_is(lexicon_digits(SLICE("three")), "3"));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"the seed case", test_seed},
        {"the seed case among rewordings", test_seed_in_company},
        {"clauses land on their hunks", test_clauses},
        {"what the rationale does not speak of", test_unspoken},
        {"a quote keeps a clause whole", test_quotes_keep_a_clause_whole},
        {"praise names nothing", test_praise_names_nothing},
        {"classes of words", test_classes},
        {"rank without a rationale", test_rank},
        {"opposites are no spelling", test_opposites_are_no_spelling},
        {"support by the prompt", test_support},
        {"doubt by phrase", test_doubt},
        {"words in company", test_company},
        {"replaced words", test_replaced},
        {"omissions are gaps in y0", test_omission},
        {"a moved sentence is dark", test_moved},
        {"spans and surprisal", test_spans_and_surprisal},
        {"order of items", test_order},
        {"nothing to find", test_empty},
        {"hostile bytes", test_hostile},
        {"large texts", test_large},
        {"long parts", test_long_parts},
        {"the same twice", test_same_twice},
        {"reasons in words", test_words_for_reasons},
        {"word lists are sorted", test_lexicon},
        {NULL, NULL},
    };
    return suite_run("text/hinge", tests, argc, argv);
}
