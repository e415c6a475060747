/*
 * The grader that is any program. On its standard input it gets one JSON object
 *     {"id", "task", "prompt", "messages": [{"role", "content"}], "output", "meta"}
 * and answers on standard output with one
 *     {"score": NUMBER on the grader's scale, "rationale": TEXT, "spans": [{"start", "end"}]}
 * with offsets in code points of the output; rationale and spans may be left away. How it is run: programs.h.
 */
#ifndef PIPELINE_GRADER_PROGRAM_H
#define PIPELINE_GRADER_PROGRAM_H

#include "db/loop_store.h"
#include "pipeline/programs.h"
#include "pipeline/verdict.h"

void grader_program_input(struct str *out, const struct loop_record *r, const char *output);
/* Fills v: a score, or a fault with what was printed instead. */
void grader_program_read(const struct grader *g, const struct program_end *end, struct slice output,
                         struct verdict *v);

#endif
