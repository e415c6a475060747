#include "ui/views/rule_worth.h"

static const enum look looks[WORTH_VERDICTS] = {[WORTH_UNKNOWN] = LOOK_DIM, [WORTH_HELPS] = LOOK_GOOD,
                                                [WORTH_NOTHING] = LOOK_WARN, [WORTH_HARMS] = LOOK_BAD};

enum look rule_worth_nats(struct str *out, const struct rule_worth *w)
{
    if (w)
        str_addf(out, "%+.2f", w->total);
    else
        str_addc(out, '-');
    return w ? looks[w->verdict] : LOOK_DIM;
}

enum look rule_worth_sign(struct str *out, const struct rule_worth *w, bool ascii)
{
    static const char *const words[WORTH_VERDICTS] = {[WORTH_UNKNOWN] = "too few records", [WORTH_HELPS] = "",
                                                      [WORTH_NOTHING] = "worth nothing", [WORTH_HARMS] = "harmful"};
    if (w->verdict == WORTH_NOTHING || w->verdict == WORTH_HARMS)
        str_adds(out, ascii ? "! " : "⚠ ");
    str_adds(out, words[w->verdict]);
    return looks[w->verdict];
}

enum look rule_worth_say(struct str *out, const struct rule_worth *w, bool ascii)
{
    rule_worth_nats(out, w);
    str_adds(out, " nats");
    if (w->verdict != WORTH_HELPS)
        str_addc(out, ' ');
    return rule_worth_sign(out, w, ascii);
}
