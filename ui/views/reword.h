/*
 * A rule about to be reworded everywhere: what goes and what comes, as a word diff.
 */
#ifndef UI_VIEWS_REWORD_H
#define UI_VIEWS_REWORD_H

#include "base/str.h"
#include "ui/widgets/paint.h"

/* Paints before and after as one line from col, cut to room cells. signs: changes stand in written signs
 * besides their looks. */
void reword_paint(const struct paint *p, int row, int col, int room, struct slice before,
                  struct slice after, bool signs);

#endif
