/* Figures by gnuplot: as a script, and as pictures where the program is installed. Private to src/app/report*.c. */
#ifndef APP_REPORT_GNUPLOT_H
#define APP_REPORT_GNUPLOT_H

#include "app/report_files.h"

/* The script of a figure, without terminal and output; appended. */
void report_gnuplot_script(struct str *out, const struct report *r, int figure);

/* Has gnuplot draw the figures from the scripts in folder, to figure1.svg ... figure4.png. Adds to out->files; out->drawn
 * and out->said tell how it went. -1 and err when a file cannot be written. */
int report_gnuplot_draw(const struct report *r, const char *folder, struct report_written *out, struct error *err);

#endif
