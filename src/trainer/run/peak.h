/* What the machine could do: the rate that a training's own is held against. */
#ifndef TRAINER_RUN_PEAK_H
#define TRAINER_RUN_PEAK_H

#include "trainer/backend/ops.h"

/* Operations a second of one large product on this backend, measured for a twentieth of a second, as `hinge-train bench`
 * does for longer; 0 where there is no memory for it. The backend's peak of memory stays what it was. */
double peak_rate(struct backend *b);

#endif
