#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>

#include "text/visible.h"

void print_number(struct str *out, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < len; i++) {
        str_addc(out, digits[i]);
        if (i + 1 < len && (len - i - 1) % 3 == 0 && digits[i] != '-')
            str_addc(out, ',');
    }
}

void print_cell(struct str *out, struct slice text, size_t width)
{
    if (!width) {
        visible_text(out, text);
        return;
    }
    for (size_t cells = visible_cut(out, text, width); cells < width; cells++)
        str_addc(out, ' ');
}

void print_text(struct str *out, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.at[end] != '\n')
            end++;
        visible_text(out, slice_sub(text, at, end));
        str_addc(out, '\n');
        at = end + 1;
    }
}

int print_out(struct str *text, struct error *err)
{
    size_t wrote = fwrite(str_z(text), 1, text->len, stdout);
    bool ok = wrote == text->len && fflush(stdout) == 0;
    str_free(text);
    return ok ? 0 : error_errno(err, "cannot write to standard output");
}

int print_json(struct json *tree, struct error *err)
{
    struct str text = {0};
    json_print(&text, tree);
    str_addc(&text, '\n');
    json_free(tree);
    return print_out(&text, err);
}
