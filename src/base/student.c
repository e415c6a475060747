#include "base/student.h"

#include <math.h>

double student_95(int64_t n)
{
    static const double table[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
                                   2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
                                   2.0796,  2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
    const double z = 1.959963984540054, cube = z * z * z;
    int64_t df = n - 1;
    if (df < 1)
        return INFINITY;
    if (df <= (int64_t)(sizeof table / sizeof *table))
        return table[df - 1];
    double f = (double)df;
    return z + (cube + z) / (4 * f) + (5 * cube * z * z + 16 * cube + 3 * z) / (96 * f * f);
}

double student_half_width(int64_t n, double spread)
{
    return n < 2 ? -1 : student_95(n) * spread / sqrt((double)n);
}
