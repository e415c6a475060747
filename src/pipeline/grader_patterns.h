/*
 * The grader that needs no model: a file of patterns, one demand a line. Deterministic, offline.
 *
 *     # comment
 *     must              2 /blood pressure/i        "Blood pressure was measured but is not reported."
 *     must-not          1 /\bdenies\b/i when /unable to answer/i   "Denial invented for a silent patient."
 *     must-match-prompt 3 /(\d+(?:\.\d+)?) ?mg/i   "A dose that the prompt does not hold."
 *
 * KIND WEIGHT /PATTERN/FLAGS [when /PATTERN/FLAGS] MESSAGE. The weight (points taken off the top score, 1 when it is
 * left away) and the quotes around the message may be left away. PATTERN is PCRE2 as text/pattern.h has it, \/ is a
 * slash; FLAGS are i (case does not matter) and w (whole words). Kinds:
 *   must               the output must match
 *   must-not           the output must not match; each match becomes a span
 *   must-match-prompt  whatever the pattern finds in the output (its first group, where it has one) must stand in the
 *                      prompt too, case and blanks aside; each find that does not becomes a span
 * "when" limits a line to records whose prompt matches. A broken line costs its weight once, however often it is
 * broken. Score: the scale's top less the weights of broken lines, not below its bottom. Rationale: the messages of
 * broken lines in the order of the file, one a line; none when the score is the top.
 */
#ifndef PIPELINE_GRADER_PATTERNS_H
#define PIPELINE_GRADER_PATTERNS_H

#include "pipeline/verdict.h"

struct patterns; /* patterns_free */

/* NULL and err on failure: every faulty line is named with the file's name, one a line. */
struct patterns *patterns_load(const char *path, struct error *err);
struct patterns *patterns_parse(const char *path, struct slice text, struct error *err);
void patterns_free(struct patterns *p); /* NULL is fine */
/* The file's text and its SHA-256: the version that verdicts carry. */
struct slice patterns_text(const struct patterns *p);
const char *patterns_hash(const struct patterns *p);

/* Fills v (zero-initialised): a score, or a fault when a pattern was too much work for this text. */
void patterns_grade(const struct patterns *p, const struct grader *g, struct slice prompt, struct slice output,
                    struct verdict *v);

#endif
