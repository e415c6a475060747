#include "app/doctor.h"

#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/config.h"
#include "base/mem.h"
#include "base/share.h"
#include "db/store.h"
#include "llm/llm.h"
#include "stats/growth.h"

#ifdef __linux__
#include <sys/vfs.h>
#endif

static enum finding found(struct check *c, enum finding f, const char *fmt, ...) PRINTF_LIKE(3, 4);

static enum finding found(struct check *c, enum finding f, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vaddf(&c->text, fmt, args);
    va_end(args);
    return f;
}

static enum finding check_terminal(struct check *c, const char *project)
{
    (void)project;
    const char *term = getenv("TERM");
    if (!term || !term[0])
        return found(c, FINDING_WARNING, "TERM is not set: commands work, the workbench needs a terminal");
    if (strcmp(term, "dumb") == 0)
        return found(c, FINDING_WARNING, "TERM=dumb cannot place a cursor: set it to what your terminal is "
                                         "(xterm-256color, screen, linux, vt100)");
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return found(c, FINDING_OK, "%s (size not known: output is no terminal)", term);
    if (size.ws_col < 60 || size.ws_row < 16)
        return found(c, FINDING_WARNING, "%s, %ux%u: the workbench needs 60x16 or more", term, size.ws_col,
                     size.ws_row);
    return found(c, FINDING_OK, "%s, %ux%u", term, size.ws_col, size.ws_row);
}

static enum finding check_locale(struct check *c, const char *project)
{
    (void)project;
    const char *codeset = nl_langinfo(CODESET);
    if (strcmp(codeset, "UTF-8") == 0 || strcmp(codeset, "utf8") == 0)
        return found(c, FINDING_OK, "UTF-8");
    return found(c, FINDING_WARNING, "%s, not UTF-8: letters beyond ASCII are shown as marks; set "
                                     "LC_ALL=C.UTF-8 or your language's UTF-8 locale", codeset);
}

static enum finding check_sqlite(struct check *c, const char *project)
{
    (void)project;
    str_adds(&c->text, store_sqlite_version());
    if (!store_has_fts5())
        return found(c, FINDING_FAULT, " without FTS5: install an SQLite built with full-text search");
    return found(c, FINDING_OK, " with FTS5");
}

static bool executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Tries DIR/NAME; dir of length 0 is the working folder, as in $PATH. */
static bool try_folder(struct str *out, struct slice dir, const char *name)
{
    struct str path = {0};
    str_add_slice(&path, dir.len ? dir : SLICE("."));
    str_addf(&path, "/%s", name);
    bool hit = executable(str_z(&path));
    if (hit)
        str_add_slice(out, str_slice(&path));
    str_free(&path);
    return hit;
}

static bool beside_this_program(struct str *out, const char *name)
{
    struct str folder = {0};
    bool hit = share_program_folder(&folder) && try_folder(out, str_slice(&folder), name);
    str_free(&folder);
    return hit;
}

bool program_find(struct str *out, const char *name)
{
    if (beside_this_program(out, name))
        return true;
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t len = strcspn(path, ":");
        if (try_folder(out, (struct slice){path, len}, name))
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static enum finding check_trainer(struct check *c, const char *project)
{
    (void)project;
    if (program_find(&c->text, "hinge-train"))
        return FINDING_OK;
    return found(c, FINDING_WARNING, "hinge-train was not found beside hinge or in PATH: reviewing works, "
                                     "training does not");
}

/* Neither is needed: what is missing then is said, here and by `hinge report`. */
static enum finding check_report(struct check *c, const char *project)
{
    struct str gnuplot = {0};
    (void)project;
    bool found_it = program_find(&gnuplot, "gnuplot");
    str_addf(&c->text, "growth curves %s; ", growth_available() ? "by GSL" : "are not fitted: built without GSL");
    if (found_it)
        str_addf(&c->text, "pictures by %s", str_z(&gnuplot));
    else
        str_adds(&c->text, "no gnuplot: CSV and a page, no SVG and PNG files");
    str_free(&gnuplot);
    return FINDING_OK;
}

static enum finding check_editor(struct check *c, const char *project)
{
    (void)project;
    const char *editor = getenv("VISUAL");
    if (!editor || !editor[0])
        editor = getenv("EDITOR");
    if (!editor || !editor[0])
        return found(c, FINDING_WARNING, "neither VISUAL nor EDITOR is set: Ctrl-x Ctrl-e has no editor to "
                                         "open");
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(editor, " \t"), editor);
    bool there = strchr(name, '/') ? executable(name) : program_find(&c->text, name);
    if (!there)
        return found(c, FINDING_WARNING, "%s was not found: Ctrl-x Ctrl-e will not work", name);
    if (c->text.len == 0)
        str_adds(&c->text, name);
    return FINDING_OK;
}

/* Each endpoint in words: "teacher (openai, gpt-4.1, key from $OPENAI_API_KEY)", or why it cannot be used. The network
 * is left alone. */
static enum finding check_endpoints(struct check *c, const char *project)
{
    struct error err = {0};
    struct config *config = config_load(project, &err);
    if (!config)
        return found(c, FINDING_WARNING, "%s", err.text);
    enum finding worst = FINDING_OK;
    size_t n = config_endpoints(config);
    for (size_t i = 0; i < n; i++) {
        const char *name = config_endpoint_at(config, i)->name;
        struct llm *l = llm_open(&err);
        error_clear(&err);
        const struct endpoint *e = config_endpoint(config, name, &err);
        struct endpoint probe = e ? *e : (struct endpoint){0};
        probe.record_to = NULL; /* adding it would make the file */
        bool usable = e && l && llm_add(l, &probe, &err) >= 0;
        llm_close(l);
        str_adds(&c->text, i ? "; " : "");
        if (usable)
            str_addf(&c->text, "%s (%s%s%s%s%s)", name, endpoint_kind_name(e->kind), e->model ? ", " : "",
                     e->model ? e->model : "", e->key_from ? ", key from " : "", e->key_from ? e->key_from : "");
        else
            worst = found(c, FINDING_WARNING, "%s", err.text);
    }
    if (n == 0)
        found(c, FINDING_OK, "none in %s: reviewing works, asking models needs one (hinge-config(5))",
              config_paths(config));
    config_free(config);
    return worst;
}

static enum finding check_project(struct check *c, const char *project)
{
    struct error err = {0};
    struct store *store = store_open(project, STORE_READ, &err);
    if (!store)
        return found(c, FINDING_FAULT, "%s", err.text);
    store_close(store);
    return found(c, FINDING_OK, "%s opens", project);
}

static enum finding check_access(struct check *c, const char *project)
{
    struct stat st;
    if (stat(project, &st) != 0)
        return found(c, FINDING_FAULT, "the file cannot be looked at");
    if (access(project, W_OK) != 0)
        return found(c, FINDING_WARNING, "you may read but not write it: decisions cannot be stored");
    struct str dir = {0};
    const char *slash = strrchr(project, '/');
    str_add_slice(&dir, slash ? (struct slice){project, (size_t)(slash - project) + 1} : SLICE("."));
    bool writable = access(str_z(&dir), W_OK) == 0;
    str_free(&dir);
    if (!writable)
        return found(c, FINDING_WARNING, "its folder is not writable: SQLite needs to put its log beside it");
    if (st.st_mode & 077)
        return found(c, FINDING_WARNING, "mode %03o: others on this machine can read patient text; chmod 600",
                     (unsigned)st.st_mode & 0777);
    return found(c, FINDING_OK, "mode %03o, writable", (unsigned)st.st_mode & 0777);
}

static enum finding check_disk(struct check *c, const char *project)
{
    struct statvfs fs;
    if (statvfs(project, &fs) != 0)
        return found(c, FINDING_WARNING, "free space is not known");
    double mib = (double)fs.f_bavail * (double)fs.f_frsize / (1024.0 * 1024.0);
#ifdef __linux__
    struct statfs kind;
    enum { NFS = 0x6969, SMB2 = (int)0xFE534D42, CIFS = (int)0xFF534D42 };
    if (statfs(project, &kind) == 0 && ((int)kind.f_type == NFS || (int)kind.f_type == SMB2 ||
                                        (int)kind.f_type == CIFS))
        return found(c, FINDING_WARNING, "%.0f MiB free, on a network file system: SQLite's log is not safe "
                                         "there when two machines open the project", mib);
#endif
    if (mib < 100)
        return found(c, FINDING_WARNING, "%.0f MiB free: decisions need little, imports need more", mib);
    return found(c, FINDING_OK, "%.0f MiB free", mib);
}

static const struct {
    const char *name;
    enum finding (*examine)(struct check *c, const char *project);
    bool needs_project;
} table[] = {
    {"terminal", check_terminal, false}, {"locale", check_locale, false},
    {"sqlite", check_sqlite, false},     {"editor", check_editor, false},
    {"trainer", check_trainer, false},   {"report", check_report, false},
    {"endpoints", check_endpoints, false},
    {"project", check_project, true},    {"access", check_access, true},
    {"disk", check_disk, true},
};

enum finding doctor_examine(struct checks *out, const char *project)
{
    enum finding worst = FINDING_OK;
    size_t rows = sizeof table / sizeof *table;
    out->items = mem_zalloc(rows, sizeof *out->items);
    out->count = 0;
    for (size_t i = 0; i < rows; i++) {
        if (table[i].needs_project && !project)
            continue;
        struct check *c = &out->items[out->count++];
        c->name = table[i].name;
        c->finding = table[i].examine(c, project);
        if (c->finding > worst)
            worst = c->finding;
        if (c->finding == FINDING_FAULT && table[i].needs_project)
            break; /* the rest would say the same again */
    }
    return worst;
}

void doctor_free(struct checks *c)
{
    for (size_t i = 0; i < c->count; i++)
        str_free(&c->items[i].text);
    mem_free(c->items);
    *c = (struct checks){0};
}

const char *finding_word(enum finding f)
{
    static const char *const words[] = {"ok", "warning", "fault"};
    return words[f];
}
