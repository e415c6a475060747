#include "tests/support/sheet.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"

/* Splits safe text into cells: a character and the marks on it. */
static void put(void *context, int row, int col, struct slice text, int width, enum look look)
{
    struct sheet *g = context;
    int at = col, last = -1;
    g->puts++;
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        size_t len = utf8_decode(text.at + i, text.len - i, &c);
        if (c == UTF8_BAD || c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0))
            g->faults++; /* would reach the terminal raw */
        int cells = (int)unicode_width(c);
        if (cells == 0 && last >= 0) {
            strncat(g->cells[row][last].text, text.at + i,
                    len < SHEET_BYTES - 1 - strlen(g->cells[row][last].text) ? len : 0);
        } else if (row < 0 || row >= g->paint.rows || at < 0 || at + cells > g->paint.cols) {
            g->faults++;
            return;
        } else {
            last = at;
            for (int k = 0; k < cells; k++)
                g->cells[row][at + k] = (struct sheet_cell){.look = (unsigned char)look};
            memcpy(g->cells[row][at].text, text.at + i, len);
            at += cells;
        }
        i += len;
    }
    if (at - col != width) {
        fprintf(stderr, "sheet: %d cells said, %d taken: %.*s\n", width, at - col, (int)text.len,
                text.at);
        g->faults++;
    }
}

static void cursor(void *context, int row, int col)
{
    struct sheet *g = context;
    g->cursor_row = row;
    g->cursor_col = col;
    if (row < 0 || row >= g->paint.rows || col < 0 || col >= g->paint.cols)
        g->faults++;
}

struct sheet *sheet_new(int cols, int rows)
{
    struct sheet *g = mem_zalloc(1, sizeof *g);
    sheet_clear(g, cols, rows);
    return g;
}

void sheet_free(struct sheet *g)
{
    mem_free(g);
}

void sheet_clear(struct sheet *g, int cols, int rows)
{
    size_t faults = g->faults;
    bool ascii = g->paint.ascii;
    memset(g, 0, sizeof *g);
    g->faults = faults;
    g->paint = (struct paint){.rows = rows, .cols = cols, .ascii = ascii, .put = put,
                              .cursor = cursor, .context = g};
    g->cursor_row = g->cursor_col = -1;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            strcpy(g->cells[r][c].text, "~"); /* a cell nobody painted is seen */
}

const char *sheet_row(const struct sheet *g, int row)
{
    static char line[SHEET_COLS * SHEET_BYTES];
    size_t len = 0;
    for (int c = 0; c < g->paint.cols; c++) {
        size_t n = strlen(g->cells[row][c].text);
        memcpy(line + len, g->cells[row][c].text, n);
        len += n;
    }
    while (len && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return line;
}

void sheet_text(struct str *out, const struct sheet *g)
{
    for (int r = 0; r < g->paint.rows; r++) {
        str_adds(out, sheet_row(g, r));
        str_addc(out, '\n');
    }
}

bool sheet_find(const struct sheet *g, const char *text, int *row, int *col)
{
    for (int r = 0; r < g->paint.rows; r++)
        for (int c = 0; c < g->paint.cols; c++) {
            size_t at = 0;
            for (int k = c; k < g->paint.cols; k++) {
                size_t n = strlen(g->cells[r][k].text);
                if (strncmp(text + at, g->cells[r][k].text, n) != 0)
                    break;
                at += n;
                if (!text[at]) {
                    *row = r;
                    *col = c;
                    return true;
                }
            }
        }
    return false;
}

bool sheet_shows(const struct sheet *g, const char *text, enum look look)
{
    int row, col;
    return sheet_find(g, text, &row, &col) && g->cells[row][col].look == look;
}
