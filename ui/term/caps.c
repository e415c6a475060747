#include "ui/term/caps.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

static const char *capability(const char *name)
{
    const char *text = tigetstr(name);
    return text == (const char *)-1 ? NULL : text;
}

int caps_check(struct error *err)
{
    const char *name = getenv("TERM");
    int result = 0;
    if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
        return error_set(err, ERR_USAGE,
                         "TERM is '%.60s', which is not in this system's list of terminals; "
                         "TERM=vt100 works nearly everywhere", name ? name : "");
    bool places = capability("cup");
    del_curterm(cur_term);
    if (!places)
        return error_set(err, ERR_USAGE,
                         "TERM is '%.60s', a terminal that cannot place its cursor; the workbench "
                         "needs one that can, as vt100 or xterm", name ? name : "");
    return 0;
}

void caps_add(struct str *out, const char *name)
{
    const char *text = capability(name);
    while (text && *text) { /* padding is written $<5> */
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end)
            text = end + 1;
        else
            str_addc(out, *text++);
    }
}

int caps_colors(void)
{
    int colors = tigetnum("colors"); /* COLORS is not set before start_color */
    return colors < 8 ? 0 : colors;
}

/* The library keeps its own copy of the description, which tigetstr gives out to be changed. */
static void cut_from(const char *name, const char *part)
{
    char *text = tigetstr(name);
    char *at = text && text != (char *)-1 ? strstr(text, part) : NULL;
    if (at)
        memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

void caps_shorten(void)
{
    cut_from("sgr0", "\x1B(B");
    cut_from("sgr", "%?%p9%t\x1B(0%e\x1B(B%;");
}
