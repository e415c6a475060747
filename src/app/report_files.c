#include "app/report_files.h"

#include "app/report_gnuplot.h"
#include "base/file.h"
#include "base/mem.h"

static int write_file(struct report_written *out, const char *name, struct str *bytes, struct error *err)
{
    struct str path = {0};
    str_addf(&path, "%s/%s", out->folder, name);
    int result = file_write_atomic(str_z(&path), 0600, str_slice(bytes), err);
    out->files += result == 0;
    str_free(&path);
    str_free(bytes);
    return result;
}

static int write_numbers(const struct report *r, struct report_written *out, struct error *err)
{
    struct str bytes = {0};
    for (int i = 1; i <= REPORT_FIGURES + 2; i++) {
        report_csv(&bytes, r, i);
        if (write_file(out, report_csv_name(i), &bytes, err) != 0)
            return -1;
    }
    struct json *tree = report_json(r);
    json_print_pretty(&bytes, tree);
    str_addc(&bytes, '\n');
    json_free(tree);
    return write_file(out, "report.json", &bytes, err);
}

static int write_scripts(const struct report *r, struct report_written *out, struct error *err)
{
    int result = 0;
    for (int figure = 1; figure <= REPORT_FIGURES && result == 0; figure++) {
        struct str bytes = {0}, name = {0};
        str_addf(&name, "figure%d.gp", figure);
        report_gnuplot_script(&bytes, r, figure);
        result = write_file(out, str_z(&name), &bytes, err);
        str_free(&name);
    }
    return result;
}

int report_write(struct store *s, const struct report *r, const char *folder, struct report_written *out,
                 struct error *err)
{
    struct str page = {0};
    out->folder = mem_strdup(folder);
    if (file_make_dir(folder, err) != 0 || write_numbers(r, out, err) != 0)
        return -1;
    report_html(&page, s, r);
    if (write_file(out, "report.html", &page, err) != 0 || write_scripts(r, out, err) != 0)
        return -1;
    return report_gnuplot_draw(r, folder, out, err);
}

void report_written_free(struct report_written *w)
{
    mem_free(w->folder);
    str_free(&w->said);
    *w = (struct report_written){0};
}
