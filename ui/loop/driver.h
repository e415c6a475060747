/* Keys into a workbench, the same from a terminal and from a key script. */
#ifndef UI_LOOP_DRIVER_H
#define UI_LOOP_DRIVER_H

#include "base/str.h"
#include "ui/keys/keymap.h"
#include "ui/workbench.h"

struct driver {
    struct workbench *workbench; /* both borrowed */
    const struct keymap *keys;
    char pending[32]; /* the first key of two, or "" */
};

/* One key: its name, and the text it types (empty for keys that type none). What is bound runs; else, while
 * typing, the text is typed; else nothing happens. */
void driver_key(struct driver *d, const char *name, struct slice text);
/* Pasted text is only ever typed: it runs nothing. */
void driver_paste(struct driver *d, struct slice text);

#endif
