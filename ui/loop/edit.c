#include "ui/loop/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { WORDS_MAX = 32, TEXT_MAX = 64 << 20 };

static const char *first_set(const char *a, const char *b, const char *fallback)
{
    const char *value = getenv(a);
    if (!value || !*value)
        value = b ? getenv(b) : NULL;
    return value && *value ? value : fallback;
}

/* A file that others cannot read, in the folder meant for what ends with the session. */
static int make_private(struct str *path, struct slice text, struct error *err)
{
    str_addf(path, "%s/hinge-edit-XXXXXX", first_set("XDG_RUNTIME_DIR", "TMPDIR", "/tmp"));
    int fd = mkstemp(path->at);
    if (fd < 0)
        return error_errno(err, "cannot make a file for the editor");
    int result = 0;
    for (size_t at = 0; result == 0 && at < text.len;) {
        ssize_t n = write(fd, text.at + at, text.len - at);
        if (n > 0)
            at += (size_t)n;
        else if (errno != EINTR)
            result = error_errno(err, "cannot write the file for the editor");
    }
    close(fd);
    return result;
}

/* "emacs -nw" becomes two words; quoting is not understood, as in most programs that read $EDITOR. */
static int run(struct term *t, const char *path, struct error *err)
{
    char *command = mem_strdup(first_set("VISUAL", "EDITOR", "vi"));
    char *argv[WORDS_MAX + 2] = {NULL};
    int n = 0;
    for (char *word = strtok(command, " \t"); word && n < WORDS_MAX; word = strtok(NULL, " \t"))
        argv[n++] = word;
    argv[n] = (char *)path;
    int result = n ? term_run(t, argv, err) : error_set(err, ERR_USAGE, "$EDITOR names no program");
    mem_free(command);
    return result;
}

int edit_text(struct term *t, struct slice text, struct str *out, struct error *err)
{
    struct str path = {0};
    size_t start = out->len;
    int result = make_private(&path, text, err);
    if (result == 0)
        result = run(t, path.at, err);
    if (result == 0)
        result = file_read(path.at, TEXT_MAX, out, err);
    unlink(str_z(&path));
    str_free(&path);
    /* Editors end a file with a line end that the text did not have. */
    bool ended = text.len && text.at[text.len - 1] == '\n';
    if (result == 0 && !ended && out->len > start && out->at[out->len - 1] == '\n')
        str_cut(out, out->len - 1);
    return result;
}
