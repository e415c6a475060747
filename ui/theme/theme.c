#include "ui/theme/theme.h"

#include <stdlib.h>
#include <string.h>

#include "ui/theme/builtin.h"

static const char *const look_names[LOOKS] = {
    [LOOK_TEXT] = "text",
    [LOOK_DIM] = "dim",
    [LOOK_STRONG] = "strong",
    [LOOK_TITLE] = "title",
    [LOOK_HEAD] = "head",
    [LOOK_HEAD_FOCUS] = "head-focus",
    [LOOK_CURSOR] = "cursor",
    [LOOK_KEY] = "key",
    [LOOK_GOOD] = "good",
    [LOOK_WARN] = "warn",
    [LOOK_BAD] = "bad",
    [LOOK_DELETE] = "delete",
    [LOOK_INSERT] = "insert",
    [LOOK_AWAY] = "away",
    [LOOK_HERE] = "here",
    [LOOK_HINGE] = "hinge",
    [LOOK_HINGE_DELETE] = "hinge-delete",
    [LOOK_HINGE_INSERT] = "hinge-insert",
    [LOOK_HINGE_FOCUS] = "hinge-focus",
    [LOOK_FOCUS_DELETE] = "focus-delete",
    [LOOK_FOCUS_INSERT] = "focus-insert",
    [LOOK_LINK] = "link",
    [LOOK_MATCH] = "match",
    [LOOK_MARK] = "mark",
    [LOOK_FIELD] = "field",
    [LOOK_STATUS] = "status",
    [LOOK_SERIES_1] = "series-1",
    [LOOK_SERIES_2] = "series-2",
    [LOOK_SERIES_3] = "series-3",
    [LOOK_SERIES_4] = "series-4",
    [LOOK_SERIES_5] = "series-5",
    [LOOK_SERIES_6] = "series-6",
};

const char *look_name(enum look look)
{
    return look_names[look];
}

/* ---- colours ---- */

static const char *const color_names[] = {"black", "red",     "green", "yellow",
                                          "blue",  "magenta", "cyan",  "white"};

static int luma_bits(int r, int g, int b)
{
    int most = r > g ? r : g;
    most = most > b ? most : b;
    if (most == 0)
        return 0;
    return (2 * r >= most + 1 ? 1 : 0) | (2 * g >= most + 1 ? 2 : 0) | (2 * b >= most + 1 ? 4 : 0);
}

/* A colour of the 256 brought down to the first eight (xterm's cube 16-231, greys 232-255). */
static int to_eight(int color)
{
    if (color < 8)
        return color;
    if (color < 16)
        return color - 8;
    if (color >= 232)
        return color < 244 ? 0 : 7;
    int cube = color - 16;
    return luma_bits(cube / 36, cube / 6 % 6, cube % 6);
}

static int16_t fitting(int16_t color, int colors)
{
    if (color < 0 || colors >= 256)
        return color;
    if (colors >= 16 && color < 16)
        return color;
    return (int16_t)to_eight(color);
}

static bool read_color(struct slice word, int16_t *out)
{
    if (slice_is(word, "-") || slice_is(word, "default") || word.len == 0) {
        *out = -1;
        return true;
    }
    for (int16_t i = 0; i < 8; i++)
        if (slice_is(word, color_names[i])) {
            *out = i;
            return true;
        }
    int n = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9' || i > 2)
            return false;
        n = 10 * n + (word.at[i] - '0');
    }
    *out = (int16_t)n;
    return n <= 255;
}

/* ---- reading ---- */

static struct slice take_until(struct slice *rest, char end)
{
    const char *at = rest->len ? memchr(rest->at, end, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->at) : rest->len;
    struct slice part = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, at ? len + 1 : len, rest->len);
    return slice_trim(part);
}

static bool read_attrs(struct slice words, uint8_t *out)
{
    static const char *const names[STYLE_ATTRS] = {"bold", "dim", "italic", "underline", "reverse"};
    *out = 0;
    while (words.len) {
        struct slice word = take_until(&words, ' ');
        bool known = word.len == 0;
        for (int i = 0; i < STYLE_ATTRS; i++)
            if (slice_is(word, names[i])) {
                *out |= (uint8_t)(1u << i);
                known = true;
            }
        if (!known)
            return false;
    }
    return true;
}

static int find_look(struct slice name)
{
    for (int i = 0; i < LOOKS; i++)
        if (slice_is(name, look_names[i]))
            return i;
    return -1;
}

static int read_style(struct style *out, struct slice value, const char *file, int line,
                      struct error *err)
{
    struct slice fg = take_until(&value, ','), bg = take_until(&value, ',');
    if (!read_color(fg, &out->fg) || !read_color(bg, &out->bg))
        return error_set(err, ERR_INPUT,
                         "%s: line %d: a colour is 0 to 255, a name (red, …) or - for the "
                         "terminal's own", file, line);
    if (!read_attrs(slice_trim(value), &out->attrs))
        return error_set(err, ERR_INPUT,
                         "%s: line %d: attributes are bold, dim, italic, underline and reverse",
                         file, line);
    return 0;
}

static int read_line(struct theme *out, struct slice text, const char *file, int line,
                     struct error *err)
{
    struct slice name = take_until(&text, '=');
    if (slice_is(name, "signs")) {
        out->signs = slice_is(slice_trim(text), "yes");
        return 0;
    }
    int look = find_look(name);
    if (look < 0)
        return error_set(err, ERR_INPUT, "%s: line %d: '%.*s' is no look; share/themes/dark has them all",
                         file, line, (int)(name.len < 40 ? name.len : 40), name.at);
    return read_style(&out->styles[look], text, file, line, err);
}

int theme_read(struct theme *out, struct slice text, const char *file, int colors,
               struct error *err)
{
    struct theme made = *out;
    for (int line = 1; text.len; line++) {
        struct slice rest = take_until(&text, '\n');
        struct slice meant = take_until(&rest, '#');
        if (meant.len && read_line(&made, meant, file, line, err) != 0)
            return -1;
    }
    for (int i = 0; i < LOOKS; i++) {
        made.styles[i].fg = fitting(made.styles[i].fg, colors);
        made.styles[i].bg = fitting(made.styles[i].bg, colors);
    }
    *out = made;
    return 0;
}

const char *theme_name(size_t i)
{
    return theme_builtin_names[i];
}

bool theme_named(struct theme *out, const char *name, int colors)
{
    size_t i = 0;
    while (theme_builtin_names[i] && strcmp(theme_builtin_names[i], name) != 0)
        i++;
    if (!theme_builtin_names[i])
        return false;
    *out = (struct theme){0};
    for (int look = 0; look < LOOKS; look++)
        out->styles[look] = (struct style){-1, -1, 0};
    if (colors == 0)
        return theme_read(out, slice_of(theme_builtin_mono), "mono", 0, NULL) == 0;
    return theme_read(out, slice_of(theme_builtin_texts[i]), name, colors, NULL) == 0;
}
