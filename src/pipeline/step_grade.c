/* grade: verdicts on every sample of y0 that has none. */
#include <stdio.h>

#include "base/mem.h"
#include "pipeline/grading.h"

struct grading_many {
    size_t left; /* outputs without a verdict yet */
    bool failed;
    struct error why;
};

const char *output_name(const struct loop_output *o, char out[OUTPUT_NAME_MAX])
{
    if (o->kind == OUTPUT_Y0 && o->sample > 0)
        snprintf(out, OUTPUT_NAME_MAX, "y0.%d", o->sample);
    else if (o->kind == OUTPUT_Y0 || o->kind == OUTPUT_ROUND)
        snprintf(out, OUTPUT_NAME_MAX, "y%d", o->round);
    else
        snprintf(out, OUTPUT_NAME_MAX, "y*");
    return out;
}

static void free_state(struct flow *f)
{
    mem_free(f->state);
}

static int graded(struct flow *f, size_t index, const struct verdict *total, const char *fault, struct error *err)
{
    struct grading_many *m = f->state;
    char name[OUTPUT_NAME_MAX];
    if (!total && !m->failed) {
        m->failed = true;
        error_set(&m->why, ERR_INPUT, "%s has no verdict: %s", output_name(&f->record.outputs[index], name), fault);
    }
    if (--m->left > 0)
        return 0;
    return m->failed ? flow_failed(f, &m->why, err) : flow_done(f, err);
}

static bool wants_verdict(const struct loop_output *o, bool again)
{
    return o->kind == OUTPUT_Y0 && (again || !o->graded);
}

int grade_begin(struct flow *f, struct error *err)
{
    struct grading_many *m = mem_zalloc(1, sizeof *m);
    bool again = f->run->settings->again;
    int result = 0;
    f->state = m;
    f->free_state = free_state;
    for (size_t i = 0; i < f->record.n_outputs; i++)
        m->left += wants_verdict(&f->record.outputs[i], again);
    if (m->left == 0)
        return flow_done(f, err);
    for (size_t i = 0; i < f->record.n_outputs && result == 0 && !f->over; i++) {
        const struct loop_output *o = &f->record.outputs[i];
        char name[OUTPUT_NAME_MAX];
        struct grading_spec spec = {.output = o->id,
                                    .text = o->text,
                                    .name = output_name(o, name),
                                    .index = i,
                                    .graded = graded};
        if (wants_verdict(o, again))
            result = grading_start(f, &spec, err);
    }
    return result;
}
