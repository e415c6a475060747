/* One page that needs nothing else: no script, no file, no address that is fetched. All text from outside is escaped. */
#include <math.h>
#include <string.h>

#include "app/report_chart.h"
#include "app/report_files.h"
#include "app/report_page.h"
#include "base/clock.h"
#include "text/visible.h"

static void add_escaped(struct str *out, struct slice shown)
{
    for (size_t i = 0; i < shown.len; i++) {
        switch (shown.at[i]) {
        case '&': str_adds(out, "&amp;"); break;
        case '<': str_adds(out, "&lt;"); break;
        case '>': str_adds(out, "&gt;"); break;
        case '"': str_adds(out, "&quot;"); break;
        case '\'': str_adds(out, "&#39;"); break;
        default: str_addc(out, shown.at[i]);
        }
    }
}

void page_text(struct str *out, const char *text)
{
    struct slice all = slice_of(text);
    for (size_t at = 0; at < all.len;) {
        struct visible step;
        if (all.at[at] == '\n') {
            str_addc(out, '\n');
            at++;
            continue;
        }
        visible_step(&step, all, at);
        add_escaped(out, step.shown);
        at += step.len;
    }
}

void page_style(struct str *out)
{
    str_adds(out,
             "<style>\n"
             ":root{color-scheme:light dark;--bg:#fdfdfb;--fg:#1c1d20;--dim:#5d6066;--line:#d9dadd;--card:#fff;--warn:#fff6dd}\n"
             "*{box-sizing:border-box}\n"
             "body{margin:0 auto;max-width:62rem;padding:2.5rem 1.25rem 5rem;background:var(--bg);color:var(--fg);"
             "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"
             "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}\n"
             "h2{font-size:1.25rem;margin:3rem 0 .6rem;padding-top:.4rem}\nh3{font-size:1rem;margin:1.8rem 0 .4rem}\n"
             "p{margin:.5rem 0}.dim{color:var(--dim)}\n"
             "dl.facts{display:flex;flex-wrap:wrap;gap:.4rem 2.2rem;margin:1.2rem 0;padding:.9rem 0;border:solid var(--line);"
             "border-width:1px 0}dl.facts dt{font-size:.78rem;color:var(--dim)}dl.facts dd{margin:0;font-weight:600;"
             "overflow-wrap:anywhere}\n"
             "ul.notes{background:var(--warn);margin:1rem 0;padding:.8rem 1rem .8rem 2rem;border-radius:6px;font-size:.92rem;"
             "overflow-wrap:anywhere}\n"
             "figure{margin:1rem 0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:8px;"
             "break-inside:avoid}figure svg{display:block;width:100%;height:auto}figcaption{color:var(--dim);font-size:.92rem;"
             "margin-top:.6rem}\n"
             ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;width:100%;"
             "font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.32rem .9rem .32rem 0;"
             "border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--dim);white-space:nowrap}"
             "td:first-child{font-weight:600}td i{display:inline-block;width:.62em;height:.62em;border-radius:50%;"
             "background:var(--c);margin-right:.5em}td.hash{font-family:ui-monospace,monospace;font-size:.8rem;word-break:break-all}\n"
             "pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.8rem;overflow-x:auto;"
             "white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace}\n"
             "details{margin:.5rem 0}summary{cursor:pointer;font-weight:600;overflow-wrap:anywhere}\n"
             "svg text{font-family:inherit;fill:var(--fg)}svg .tick,svg .note{font-size:12px;fill:var(--dim)}"
             "svg .label{font-size:12.5px;fill:var(--dim)}svg .name{font-size:13px}svg .head{font-size:12.5px;font-weight:600}\n"
             "svg .grid,svg .rule{stroke:var(--line);stroke-width:1}svg .rule{stroke-dasharray:1 3}svg .axis{stroke:var(--dim)}"
             "svg .level{stroke:var(--dim);stroke-dasharray:6 4}\n"
             "svg .dot{fill:var(--c);stroke:var(--card);stroke-width:1.2}svg .hollow{fill:var(--card);stroke:var(--c);"
             "stroke-width:2}svg .bar{stroke:var(--c);stroke-width:2.4;fill:none}svg .thin{stroke:var(--c);stroke-width:1.2}"
             "svg .line{stroke:var(--c);stroke-width:2.2;fill:none}svg .fit{stroke:var(--c);stroke-width:1.4;fill:none;"
             "stroke-dasharray:2 4}svg .band{fill:var(--c);opacity:.11}\n");
    for (int i = 0; i < REPORT_STYLES; i++)
        str_addf(out, ".s%d{--c:%s}", i, chart_colour(i));
    str_adds(out, "\n@media (prefers-color-scheme:dark){:root{--bg:#15171a;--fg:#e8e9eb;--dim:#a3a7ae;--line:#34383e;"
                  "--card:#1c1f23;--warn:#332c16}");
    for (int i = 0; i < REPORT_STYLES; i++)
        str_addf(out, ".s%d{--c:%s}", i, chart_dark_colour(i));
    str_adds(out, "}\n@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--card:#fff;--warn:#fff}");
    for (int i = 0; i < REPORT_STYLES; i++)
        str_addf(out, ".s%d{--c:%s}", i, chart_colour(i));
    str_adds(out, "body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}pre{white-space:pre-wrap}}\n</style>\n");
}

static void add_fact(struct str *out, const char *name, const char *value)
{
    str_addf(out, "<div><dt>%s</dt><dd>", name);
    page_text(out, value);
    str_adds(out, "</dd></div>\n");
}

static void add_counted(struct str *out, const char *name, size_t n)
{
    struct str value = {0};
    str_addf(&value, "%zu", n);
    add_fact(out, name, value.at);
    str_free(&value);
}

static size_t runs_of(const struct report *r)
{
    size_t n = 0;
    for (size_t m = 0; m < r->n_methods; m++)
        n += r->methods[m].base || r->methods[m].endpoint ? 0 : r->methods[m].runs;
    return n;
}

static size_t records_of(const struct report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_finals; i++)
        n = !r->finals[i].task && r->finals[i].n > n ? r->finals[i].n : n;
    return n;
}

static void add_head(struct str *out, const struct report *r)
{
    char when[CLOCK_ISO_MAX];
    const struct eval *e = r->n_used ? r->used[0] : NULL;
    for (size_t i = 0; i < r->n_used; i++)
        if (r->used[i]->run_uuid)
            e = r->used[i];
    str_adds(out, "<h1>Report on ");
    page_text(out, r->project);
    str_addf(out, "</h1>\n<p class=\"dim\">Made by hinge, %s. Intervals hold %.0f%%.</p>\n<dl class=\"facts\">\n",
             clock_iso(r->made, when), 100 * r->asked.level);
    add_counted(out, "held-out records", records_of(r));
    add_counted(out, "runs", runs_of(r));
    add_counted(out, "evals", r->n_used);
    if (e && e->split)
        add_fact(out, "split", e->split);
    if (e && e->base_model)
        add_fact(out, "base model", e->base_model);
    add_fact(out, "thinking (figures 1, 2, 4)", r->think ? "on" : "off");
    str_adds(out, "</dl>\n");
}

static void add_notes(struct str *out, const struct report *r)
{
    if (!r->n_notes)
        return;
    str_adds(out, "<ul class=\"notes\">\n");
    for (size_t i = 0; i < r->n_notes; i++) {
        str_adds(out, "<li>");
        page_text(out, r->notes[i]);
        str_adds(out, "</li>\n");
    }
    str_adds(out, "</ul>\n");
}

/* What stands in parentheses stays on one line. */
static void add_unbroken(struct str *out, const char *cell)
{
    size_t from = out->len;
    bool inside = false;
    page_text(out, cell);
    for (size_t i = from; i < out->len; i++) {
        inside = out->at[i] == '(' || (inside && out->at[i] != ')');
        if (inside && out->at[i] == ' ')
            str_splice(out, i, i + 1, SLICE("&#160;"));
    }
}

/* style: of the row's method, for its dot; -1: none. */
static void add_cells(struct str *out, const char *const *cells, size_t n, const char *tag, int style)
{
    str_adds(out, "<tr>");
    for (size_t c = 0; c < n; c++) {
        str_addf(out, "<%s>", tag);
        if (c == 0 && style >= 0)
            str_addf(out, "<i class=\"s%d\"></i>", style);
        add_unbroken(out, cells[c]);
        str_addf(out, "</%s>", tag);
    }
    str_adds(out, "</tr>\n");
}

static void add_table(struct str *out, const struct report *r, const struct report_sheet *s, bool dots)
{
    str_adds(out, "<div class=\"scroll\"><table>\n<thead>");
    add_cells(out, s->heads, s->columns, "th", -1);
    str_adds(out, "</thead>\n<tbody>\n");
    for (size_t i = 0; i < s->rows; i++)
        add_cells(out, s->cells + i * s->columns, s->columns, "td", dots ? report_style(r, s->methods[i]) : -1);
    str_adds(out, "</tbody></table></div>\n");
}

static void add_picture(struct str *out, const struct report *r, const struct report_sheet *s, int figure)
{
    str_adds(out, "<figure>\n");
    page_figure(out, r, figure);
    str_adds(out, "<figcaption>");
    page_text(out, s->about);
    str_adds(out, figure == 2 ? " Dotted: the fitted growth curve. Shaded: 95% interval.</figcaption>\n</figure>\n"
                              : "</figcaption>\n</figure>\n");
}

/* Figures 1 and 2 have a row for each point: theirs is opened on demand. */
static void add_numbers(struct str *out, const struct report *r, const struct report_sheet *s, int figure)
{
    bool closed = figure <= 2;
    str_adds(out, closed ? "<details><summary>The numbers</summary>\n" : "");
    add_table(out, r, s, figure <= REPORT_FIGURES);
    str_adds(out, closed ? "</details>\n" : "");
}

static void add_figure(struct str *out, const struct report *r, int figure)
{
    struct report_sheet s = {0};
    report_sheet(&s, r, figure);
    str_addf(out, "<h2 id=\"figure%d\">", figure);
    if (figure <= REPORT_FIGURES)
        str_addf(out, "Figure %d. ", figure);
    page_text(out, s.title);
    str_adds(out, "</h2>\n");
    if (s.rows == 0)
        str_adds(out, "<p class=\"dim\">Nothing to show: no evals that this could be made of.</p>\n");
    else if (figure <= REPORT_FIGURES)
        add_picture(out, r, &s, figure);
    else {
        str_adds(out, "<p>");
        page_text(out, s.about);
        str_adds(out, "</p>\n");
    }
    if (s.rows)
        add_numbers(out, r, &s, figure);
    report_sheet_free(&s);
}

static void add_how(struct str *out, const struct report *r)
{
    str_addf(out,
             "<h2 id=\"how\">How it was computed</h2>\n"
             "<p>Scores are the graders', on a scale of 0 to 1. The runs of a method are its seeds. Intervals are percentile "
             "bootstrap intervals from %zu resamples (seed %llu): records are drawn with replacement, the same for all methods, "
             "and runs are drawn with replacement where a method has several; every run is graded on the same records, so "
             "both are drawn independently (Owen 2007). With one run the interval says nothing of what another seed would have "
             "given. Records that not every eval has are left out.</p>\n<p>Figure 4 fits s(n) = a + b ln(1 + n/c) to the means of a curve by nonlinear least squares and "
             "finds the target by bisection, followed to %g times the last point; beside it stands the first crossing on "
             "straight lines between the points. Every resample takes target, fits and ratios anew; where a bound is \"not "
             "reached\" the target was missed in that tail of the resamples.</p>\n<p>Tests compare the final scores of two methods "
             "record by record (mean over runs): a two-sided permutation of signs (%zu drawn, all counted up to 16 records) "
             "and Wilcoxon's signed ranks, each corrected for all pairs by Holm's method.</p>\n",
             r->asked.resamples, (unsigned long long)r->asked.seed, r->asked.reach, r->asked.permutations);
}

void report_html(struct str *out, struct store *s, const struct report *r)
{
    str_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
                  "<title>Report on ");
    page_text(out, r->project);
    str_adds(out, "</title>\n");
    page_style(out);
    str_adds(out, "</head>\n<body>\n");
    add_head(out, r);
    add_notes(out, r);
    for (int figure = 1; figure <= REPORT_FIGURES + 1; figure++)
        add_figure(out, r, figure);
    add_how(out, r);
    page_provenance(out, s, r);
    str_adds(out, "</body>\n</html>\n");
}
