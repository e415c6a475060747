/* The rule library as a file: a JSON list, or a hand-book in Markdown for people. */
#ifndef PIPELINE_EXPORT_RULES_H
#define PIPELINE_EXPORT_RULES_H

#include "pipeline/export.h"

/* All active rules, most used first; written counts them. */
int export_rules(struct store *s, const struct export_options *o, struct export_result *result,
                 struct error *err);

#endif
