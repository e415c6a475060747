/* Starting gnuplot: a script of the folder as an argument, the picture from its standard output. */
#include <poll.h>

#include "app/report_chart.h"
#include "app/report_gnuplot.h"
#include "base/file.h"
#include "base/mem.h"
#include "pipeline/programs.h"

enum { PICTURES = 2 * REPORT_FIGURES };

/* Rows need height; 1, 3 and 4 grow with them. 0: there is nothing to draw. */
static int height_of(const struct report *r, int figure)
{
    struct chart c = {0};
    chart_make(&c, r, figure);
    bool empty = c.n_rows == 0 && c.n_lines == 0;
    int height = figure == 2 ? 520 : 150 + 26 * (int)(c.n_rows < 100 ? c.n_rows : 100);
    chart_free(&c);
    return empty ? 0 : height < 260 ? 260 : height;
}

static void picture_path(struct str *out, const char *folder, int picture)
{
    str_addf(out, "%s/figure%d.%s", folder, picture / 2 + 1, picture % 2 ? "png" : "svg");
}

/* False where there is nothing to draw: a picture of an earlier report goes. */
static bool start_picture(struct programs *p, const struct report *r, const char *folder, int picture)
{
    int figure = picture / 2 + 1, height = height_of(r, figure);
    struct str terminal = {0}, script = {0};
    if (height == 0) {
        picture_path(&script, folder, picture);
        (void)remove(script.at);
        str_free(&script);
        return false;
    }
    if (picture % 2 == 0)
        str_addf(&terminal, "set terminal svg size 900,%d dynamic font 'sans-serif,12' background '#ffffff'", height);
    else
        str_addf(&terminal, "set terminal pngcairo size 1800,%d font 'sans,12' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'",
                 2 * height);
    str_addf(&script, "%s%s/figure%d.gp", *folder == '/' ? "" : "./", folder, figure); /* never an option */
    /* -d: without what the person's own ~/.gnuplot says */
    const char *const argv[] = {"gnuplot", "-d", "-e", str_z(&terminal), str_z(&script), NULL};
    programs_start(p, &(struct program){.argv = argv, .seconds = 60}, (struct slice){0}, (void *)(size_t)(picture + 1));
    str_free(&terminal);
    str_free(&script);
    return true;
}

static int keep_picture(const struct program_end *e, const char *folder, struct report_written *out, struct error *err)
{
    int picture = (int)(size_t)e->owner - 1;
    struct str path = {0};
    if (!e->fine || e->output.len == 0) {
        if (!out->said.len)
            str_addf(&out->said, "Not all SVG and PNG files were drawn: %s%s%s. The page and the CSV files hold everything.",
                     e->fine ? "gnuplot wrote nothing" : e->error.text, e->said.len ? ": " : "", str_z(&e->said));
        return 0;
    }
    picture_path(&path, folder, picture);
    int result = file_write_atomic(str_z(&path), 0600, str_slice(&e->output), err);
    out->files += result == 0;
    str_free(&path);
    return result;
}

static int take_ended(struct programs *p, const char *folder, struct report_written *out, struct error *err)
{
    struct program_end e;
    int result = 0;
    while (result == 0 && programs_next(p, &e)) {
        result = keep_picture(&e, folder, out, err);
        program_end_free(&e);
    }
    return result;
}

int report_gnuplot_draw(const struct report *r, const char *folder, struct report_written *out, struct error *err)
{
    struct programs *p = programs_open(0);
    size_t before = out->files, wanted = 0;
    int result = 0;
    for (int picture = 0; picture < PICTURES; picture++)
        wanted += start_picture(p, r, folder, picture);
    struct pollfd *fds = mem_zalloc(programs_fds_max(p) + 1, sizeof *fds);
    programs_step(p);
    while (result == 0 && programs_running(p)) {
        size_t n = programs_fds(p, fds);
        (void)poll(fds, n, programs_timeout(p));
        programs_step(p);
        result = take_ended(p, folder, out, err);
    }
    out->drawn = result == 0 && out->files - before == wanted;
    mem_free(fds);
    programs_close(p);
    return result;
}
