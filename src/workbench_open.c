/* Opening the workbench: on the terminal, and under a key script. Here the rooms that may not know each other,
 * cli and ui, are put together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/config.h"
#include "app/session.h"
#include "base/file.h"
#include "cli/commands.h"
#include "ui/keys/keymap.h"
#include "ui/loop/loop.h"
#include "ui/script/play.h"
#include "ui/term/term.h"
#include "ui/theme/theme.h"
#include "ui/workbench.h"

enum { CONFIG_MAX = 1 << 20, SCRIPT_MAX = 64 << 20 };

/* "NAME in the configuration folder of hinge", when there is such a file. */
static bool config_file(struct str *out, const char *name)
{
    return config_person_file(out, name) && file_exists(out->at);
}

/* The reviewer's own keys; a fault in the file is said and the rest of it holds. */
static struct keymap *make_keys(bool own)
{
    struct keymap *keys = keymap_new(workbench_binding);
    struct str path = {0};
    struct error err = {0};
    if (own && config_file(&path, "keys") && keymap_load(keys, path.at, &err) < 0)
        fprintf(stderr, "hinge: %s\n", err.text);
    str_free(&path);
    return keys;
}

/* --theme, $HINGE_THEME, the file "theme" of the configuration folder, dark: the first there is. */
static int make_theme(struct theme *out, const char *wanted, int colors, struct error *err)
{
    const char *no_color = getenv("NO_COLOR");
    if (no_color && *no_color)
        colors = 0;
    struct str path = {0}, text = {0};
    if (!wanted)
        wanted = getenv("HINGE_THEME");
    if (wanted && !*wanted) /* an empty variable is one that is not set */
        wanted = NULL;
    int result = 0;
    theme_named(out, "dark", colors);
    if (wanted && strchr(wanted, '/'))
        str_adds(&path, wanted);
    else if (wanted && !theme_named(out, wanted, colors))
        result = error_set(err, ERR_USAGE, "there is no theme '%s': dark, light, contrast, mono, or a file", wanted);
    else if (!wanted && !config_file(&path, "theme"))
        str_clear(&path);
    if (result == 0 && path.len)
        result = file_read(path.at, CONFIG_MAX, &text, err);
    if (result == 0 && path.len)
        result = theme_read(out, str_slice(&text), path.at, colors, err);
    str_free(&path);
    str_free(&text);
    return result;
}

static int run_on_terminal(struct session *s, const char *theme_wanted, struct error *err)
{
    struct keymap *keys = make_keys(true);
    struct theme theme;
    struct workbench *w = NULL;
    struct term *t = term_open(err);
    int result = t ? make_theme(&theme, theme_wanted, term_colors(t), err) : -1;
    if (result == 0) {
        struct workbench_options options = {.signs = theme.signs, .ascii = term_ascii(t), .keys = keys};
        term_set_styles(t, theme.styles, LOOKS);
        w = workbench_new(s, &options, err);
        result = w ? loop_run(t, w, keys, err) : -1;
    }
    term_close(t);
    workbench_free(w);
    keymap_free(keys);
    return result;
}

static struct session *open_session(const struct invocation *inv, struct error *err)
{
    struct session_options options = {.project = inv_arg(inv, 0),
                                      .reviewer = inv_option(inv, "reviewer", NULL),
                                      .read_only = inv_flag(inv, "read-only")};
    return session_open(&options, err);
}

int cmd_open(struct invocation *inv)
{
    struct error err = {0};
    struct session *s = open_session(inv, &err);
    if (!s)
        return inv_fail(inv, &err);
    int result = run_on_terminal(s, inv_option(inv, "theme", NULL), &err);
    session_close(s);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}

static int read_size(const char *text, int *cols, int *rows)
{
    int used = 0;
    return sscanf(text, "%dx%d%n", cols, rows, &used) == 2 && !text[used] && *cols > 0 && *rows > 0 && *cols <= 1000 &&
                   *rows <= 1000 ? 0 : -1;
}

int cmd_play(struct invocation *inv)
{
    struct error err = {0};
    const char *file = inv_option(inv, "keys", "-"), *size = inv_option(inv, "size", "80x24");
    const char *term = inv_option(inv, "term", "xterm-256color");
    struct play_options options = {.signs = strcmp(term, "xterm-256color") != 0,
                                   .ascii = strcmp(term, "vt100") == 0, .script = file};
    if (read_size(size, &options.cols, &options.rows) < 0)
        return inv_usage(inv, "--size is COLSxROWS, such as 80x24, not '%s'", size);
    struct str script = {0};
    struct session *s = NULL;
    int result = file_read(file, SCRIPT_MAX, &script, &err);
    if (result == 0 && !(s = open_session(inv, &err)))
        result = -1;
    if (result == 0) {
        struct keymap *keys = make_keys(false); /* a script means the same on every machine */
        result = play(s, keys, str_slice(&script), &options, stdout, &err);
        keymap_free(keys);
    }
    session_close(s);
    str_free(&script);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
