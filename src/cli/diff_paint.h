/* A diff on a terminal, or as plain text: changes coloured and marked, long unchanged parts left
 * out, hostile characters visible. */
#ifndef CLI_DIFF_PAINT_H
#define CLI_DIFF_PAINT_H

#include <stdbool.h>

#include "base/str.h"
#include "text/diff.h"
#include "text/hinge.h"

struct diff_paint {
    struct slice a, b;
    const struct diff *diff;
    const struct hinges *hinges; /* NULL for none */
    bool colour; /* otherwise signs: [-gone-] {+new+}, [~moved from~] {~moved to~}, «hinge» */
};

void diff_paint(struct str *out, const struct diff_paint *p);

#endif
