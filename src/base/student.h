/* Student's t: how many standard errors a 95% interval of a mean reaches to each side. */
#ifndef BASE_STUDENT_H
#define BASE_STUDENT_H

#include <stdint.h>

/* The 97.5% quantile of Student's t with n - 1 degrees of freedom, for a mean of n values; n >= 2. Tabled to 30
 * degrees, beyond by the expansion in Abramowitz and Stegun 26.7.5, right to four digits. */
double student_95(int64_t n);

/* Half the width of the 95% interval of the mean of n values whose sample standard deviation is spread; negative
 * where n < 2: nothing can be said. */
double student_half_width(int64_t n, double spread);

#endif
