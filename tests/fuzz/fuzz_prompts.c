/* A template and a patterns file from the same bytes: either is read or refused, and what is read can be used. */
#include <stdint.h>

#include "pipeline/grader_patterns.h"
#include "pipeline/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct grader g = {.name = "g", .scale_max = 6, .patterns_path = "f"};
    struct slice text = {(const char *)data, size};
    struct error err = {0};
    struct template *t = template_parse("t", text, &err);
    if (t) {
        const struct template_field fields[] = {{"a", SLICE("{{a}}")}, {"b", SLICE("")}};
        struct str system = {0}, user = {0}, report = {0};
        (void)template_fill(t, fields, 2, &system, &user, &err);
        for (const struct template_use *u = template_uses; u->name; u++)
            (void)template_check(t, u, &report);
        str_free(&system);
        str_free(&user);
        str_free(&report);
    }
    template_free(t);
    struct patterns *p = patterns_parse("f", text, &err);
    if (p) {
        struct verdict v = {0};
        patterns_grade(p, &g, SLICE("takes 5 mg"), SLICE("takes 15 mg\nof it"), &v);
        verdict_free(&v);
    }
    patterns_free(p);
    return 0;
}
