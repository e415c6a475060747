/* What the machine could do: the rate that a training's own is held against. */
#ifndef TRAINER_RUN_PEAK_H
#define TRAINER_RUN_PEAK_H

#include "trainer/backend/ops.h"

/* Operations a second of one large product on this backend, measured for a twentieth of a second; 0 where there is no
 * memory for it. The backend's peak of memory stays what it was. */
double peak_rate(struct backend *b);
/* The same of two square matrices of side *side, or smaller ones where a machine would take long, for some seconds; *side
 * becomes what was measured. The numbers are random: products of zeros take less power, and a GPU's clock would rise. */
double peak_product(struct backend *b, int *side, double seconds);

#endif
