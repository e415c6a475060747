#include "pipeline/template.h"

#include <string.h>

const struct template_use template_uses[] = {
    {.name = "generate",
     .step = "generate",
     .does = "the system message of records that bring none; may be left away, and has no user part",
     .fields = "task",
     .required = ""},
    {.name = "grade",
     .step = "grade",
     .does = "asks for a score, a rationale and the words at fault; the reply is {score, rationale, quotes}",
     .fields = "task prompt output rubric scale_min scale_max",
     .required = "prompt output rubric scale_min scale_max"},
    /* output, rationale, score: the latest round's. history: all rounds so far with theirs, the latest included. */
    {.name = "refine",
     .step = "refine",
     .does = "asks for the output again without the faults found; the reply is the new output and nothing else",
     .fields = "task prompt y0 history output rationale score scale_min scale_max round rounds rubric",
     .required = "prompt output history"},
    /* imperfect: "yes" where refinement never reached the top; y_star is then the best round. library: rules that
     * are alike, a line each: "12. MISTAKE -> GUARDRAIL (cited by 7 records)". refused: why the candidate before
     * this one was not taken. */
    {.name = "distill",
     .step = "distill",
     .does = "asks for the general rule behind a correction; the reply is {mistake, guardrail, rule}",
     .fields = "task prompt y0 y_star imperfect rationales diff hinges library refused refused_mistake refused_guardrail",
     .required = "rationales diff library refused"},
    {.name = NULL},
};

const struct template_use *template_use_find(const char *name)
{
    for (const struct template_use *u = template_uses; u->name; u++)
        if (strcmp(u->name, name) == 0)
            return u;
    return NULL;
}
