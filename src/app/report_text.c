/* What the numbers of a report are in words, the same in the terminal, in files and on the page. */
#include <math.h>

#include "app/report.h"

const char *report_title(int figure)
{
    switch (figure) {
    case 1: return "Final score by method and task";
    case 2: return "Learning curves";
    case 3: return "Thinking on against off";
    case 4: return "Examples needed";
    default: return "";
    }
}

void report_title_of(struct str *out, const struct report *r, int figure)
{
    str_adds(out, report_title(figure));
    if (figure == 4 && isnan(r->asked.target))
        str_addf(out, " for %.0f%% over the base", 100 * r->asked.gain);
    else if (figure == 4)
        str_addf(out, " to score %.3f", r->asked.target);
}

static void add_count(struct str *out, double n)
{
    str_addf(out, n < 10 && floor(n) < n ? "%.1f" : "%.0f", n);
}

void report_examples(struct str *out, const struct needed *it)
{
    switch (it->state) {
    case NEEDED_REACHED: add_count(out, it->examples); break;
    case NEEDED_BEYOND:
        add_count(out, it->examples);
        str_adds(out, " (beyond the points)");
        break;
    case NEEDED_NEVER: str_adds(out, "not reached"); break;
    case NEEDED_UNKNOWN: str_adds(out, "–"); break;
    }
}

static void add_value(struct str *out, double v, int digits)
{
    if (isnan(v))
        str_adds(out, "–");
    else if (isinf(v))
        str_adds(out, "not reached");
    else
        str_addf(out, "%.*f", digits, v);
}

void report_interval(struct str *out, const struct interval *i, int digits)
{
    add_value(out, i->estimate, digits);
    if (isnan(i->estimate) || isnan(i->low) || (isinf(i->estimate) && isinf(i->low)))
        return;
    if (isinf(i->estimate)) { /* some resamples get there */
        str_addf(out, " (from %.*f)", digits, i->low);
        return;
    }
    str_adds(out, " (");
    add_value(out, i->low, digits);
    str_adds(out, " to ");
    if (isinf(i->high))
        str_adds(out, "never");
    else
        add_value(out, i->high, digits);
    str_addc(out, ')');
}

void report_p(struct str *out, double p)
{
    if (isnan(p))
        str_adds(out, "–");
    else if (p < 0.001)
        str_adds(out, "<0.001");
    else
        str_addf(out, "%.*f", p < 0.1 ? 3 : 2, p);
}
