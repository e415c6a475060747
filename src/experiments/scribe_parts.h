/* Between the files of the scribe. */
#ifndef EXPERIMENTS_SCRIBE_PARTS_H
#define EXPERIMENTS_SCRIBE_PARTS_H

#include "experiments/scribe.h"

#define BIT(rule) ((rule_set)1 << (rule))

/* "an X-ray" as notes have it: "X-ray". */
struct slice without_article(const char *text);

#endif
