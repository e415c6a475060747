/* What loading a template needs of it beyond template.h. Private to src/pipeline/template*.c. */
#ifndef PIPELINE_TEMPLATE_PARTS_H
#define PIPELINE_TEMPLATE_PARTS_H

#include "pipeline/template.h"

/* Where it was read; copied. */
void template_set_path(struct template *t, const char *path);

#endif
