/*
 * ssh:HOST. The run's data, the model and two scripts go there by rsync; start.sh starts the training, which does not hang
 * on any connection; follow.sh streams back what it writes, into the same files of the folder here. A connection that
 * breaks is made again, and goes on where it stopped. Checkpoints come by rsync, under another name until they are whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "runs/place_away.h"

enum { WORDS_MAX = 64, ASK_MAX = 1 << 20, HOST_MAX = 256 };

/* --- words for ssh and rsync --- */

static bool plain_host(const char *host)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:[]%";
    size_t len = strlen(host);
    return len && len < HOST_MAX && host[0] != '-' && strspn(host, fine) == len;
}

int place_ssh_check(const char *place, struct error *err)
{
    return plain_host(place_name(place)) ? 0 : error_set(err, ERR_USAGE, "'%.80s' is no name of a host", place_name(place));
}

static const char *const ssh_alone[] = {"ssh", NULL};
/* It never asks, and it notices a line that is dead. */
static const char *const ssh_options[] = {"-oBatchMode=yes", "-oConnectTimeout=15", "-oServerAliveInterval=10",
                                          "-oServerAliveCountMax=3", NULL};

static size_t add_words(const char **to, size_t n, const char *const *words)
{
    for (size_t i = 0; words[i] && n + 1 < WORDS_MAX; i++)
        to[n++] = words[i];
    to[n] = NULL;
    return n;
}

/* rsync takes the remote shell as one text, cut at blanks. */
static int make_rsh(struct away *a, struct error *err)
{
    const char *words[WORDS_MAX];
    size_t n = add_words(words, 0, a->ssh);
    n = add_words(words, n, ssh_options);
    for (size_t i = 0; i < n; i++) {
        if (!words[i][0] || strpbrk(words[i], " \t\"'"))
            return error_set(err, ERR_INPUT, "[place %s] ssh: no blanks or quotes can be inside a word; a Host section of "
                                             "ssh_config(5) can hold what is needed", a->host);
        str_addf(&a->rsh, "%s%s", i ? " " : "", words[i]);
    }
    return 0;
}

int away_open(struct away *a, const struct run *r, const struct place_settings *settings, struct error *err)
{
    const char *folder = settings->folder ? settings->folder : "hinge-runs";
    *a = (struct away){.run = r, .host = place_name(r->place), .ssh = settings->ssh ? settings->ssh : ssh_alone,
                       .trainer = settings->program ? settings->program : "hinge-train"};
    if (place_ssh_check(r->place, err) != 0)
        return -1;
    if (!place_plain(folder))
        return error_set(err, ERR_INPUT, "[place %s] folder: letters, digits and . _ - / alone, not '%.80s'", a->host, folder);
    if (!place_plain(r->uuid) || strchr(r->uuid, '/') || r->uuid[0] == '.')
        return error_set(err, ERR_CORRUPT, "run.json: '%.40s' is no uuid", r->uuid);
    str_addf(&a->folder, "%s/%s", folder, r->uuid);
    str_addf(&a->models, "%s/models", folder);
    return make_rsh(a, err);
}

void away_close(struct away *a)
{
    str_free(&a->folder);
    str_free(&a->models);
    str_free(&a->model);
    str_free(&a->rsh);
    str_free(&a->buffer);
    *a = (struct away){.run = NULL};
}

/* The words of a command there; words are plain, so that it does not matter which shell reads them. */
static void ssh_words(const struct away *a, const char *const *command, const char *out[WORDS_MAX])
{
    size_t n = add_words(out, 0, a->ssh);
    n = add_words(out, n, ssh_options);
    out[n++] = a->host;
    out[n] = NULL;
    add_words(out, n, command);
}

int away_do(const struct away *a, const char *const *command, struct error *err)
{
    const char *words[WORDS_MAX];
    struct str out = {0};
    ssh_words(a, command, words);
    int result = spawn_ask(&(struct spawn){.argv = words}, "ssh", &out, ASK_MAX, err);
    str_free(&out);
    return result == 0 ? 0 : error_prefix(err, "%s: ", a->host);
}

/* rsync with options and paths, all ended by NULL. */
static int copy(const struct away *a, const char *const *options, const char *const *from, const char *to, struct error *err)
{
    const char *words[WORDS_MAX] = {"rsync", "-a", "-e", a->rsh.at, NULL};
    struct str out = {0};
    size_t n = add_words(words, 4, options);
    n = add_words(words, n, (const char *const[]){"--", NULL});
    n = add_words(words, n, from);
    words[n++] = to;
    words[n] = NULL;
    int result = spawn_ask(&(struct spawn){.argv = words}, "rsync", &out, ASK_MAX, err);
    str_free(&out);
    return result == 0 ? 0 : error_prefix(err, "%s: rsync: ", a->host);
}

static struct str there(const struct away *a, const char *folder, const char *name)
{
    struct str path = {0};
    str_addf(&path, "%s:%s/%s", a->host, folder, name);
    return path;
}

/* --- going there --- */

/* A model is there under a name of its own path here: once copied, rsync finds it the same the next time. */
static int send_model(struct away *a, struct error *err)
{
    char hash[SHA256_HEX + 1];
    struct str from = {0}, to;
    struct stat st;
    if (stat(a->run->model, &st) != 0)
        return error_errno(err, "the model %s", a->run->model);
    bool folder = S_ISDIR(st.st_mode);
    sha256_hex(slice_of(a->run->model), hash);
    hash[12] = '\0';
    str_addf(&a->model, "%s%s", hash, folder ? "" : ".gguf");
    str_addf(&from, "%s%s", a->run->model, folder ? "/" : "");
    to = there(a, a->models.at, a->model.at);
    int result = copy(a, (const char *const[]){"-L", "--exclude=.*", NULL}, (const char *const[]){from.at, NULL}, to.at, err);
    str_free(&from);
    str_free(&to);
    return result;
}

static int write_scripts(const struct away *a, struct error *err)
{
    struct str text = {0}, model = {0};
    char count[16];
    int n = place_processes(a->run);
    snprintf(count, sizeof count, "%d", n);
    str_addf(&model, "../models/%s", a->model.at);
    const char *const alone[] = {a->trainer, "fit", NULL};
    const char *const many[] = {"mpirun", "-n", count, "--mca", "odls_base_sigkill_timeout", "600", a->trainer, "fit", NULL};
    const char **words = place_words_at(a->run, n > 1 ? many : alone, model.at, err);
    int result = words ? 0 : -1;
    if (result == 0) {
        place_start_script(&text, a->trainer, words);
        result = place_write_script(a->run, "start.sh", &text, err);
        str_clear(&text);
        place_follow_script(&text, a->trainer);
    }
    if (result == 0)
        result = place_write_script(a->run, "follow.sh", &text, err);
    mem_free(words);
    str_free(&text);
    str_free(&model);
    return result;
}

/* Copies those of names that are here into the folder there. */
static int send(const struct away *a, const char *const *names, bool missing_only, struct error *err)
{
    const char *from[16];
    struct str paths[15] = {{0}}, to = there(a, a->folder.at, "");
    size_t n = 0;
    for (size_t i = 0; names[i]; i++) {
        if (file_exists(run_path(a->run, names[i], &paths[n])))
            from[n] = paths[n].at, n++;
    }
    from[n] = NULL;
    const char *const options[] = {"--exclude=incoming", missing_only ? "--ignore-existing" : NULL, NULL};
    int result = n ? copy(a, options, from, to.at, err) : 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        str_free(&paths[i]);
    str_free(&to);
    return result;
}

/* What the run has there is truer than what came back of it; where it has nothing (it was removed, or the run was moved
 * here) it goes on from what is here. */
static int go_there(struct away *a, struct error *err)
{
    static const char *const asked[] = {"run.json", "data", "start.sh", "follow.sh", NULL};
    static const char *const done[] = {"config.json", "metrics.jsonl", "checkpoints", NULL};
    struct str script = {0};
    int result = away_do(a, (const char *const[]){"mkdir", "-p", a->folder.at, a->models.at, NULL}, err);
    if (result == 0)
        result = send_model(a, err);
    if (result == 0)
        result = write_scripts(a, err);
    if (result == 0)
        result = send(a, asked, false, err);
    if (result == 0)
        result = send(a, done, true, err);
    str_addf(&script, "%s/start.sh", a->folder.at);
    if (result == 0)
        result = away_do(a, (const char *const[]){"sh", script.at, NULL}, err);
    str_free(&script);
    return result;
}

/* --- coming back --- */

static int fetch(const struct away *a, const char *name, const char *to, struct error *err)
{
    struct str from = there(a, a->folder.at, name), into = {0};
    run_path(a->run, to, &into);
    int result = copy(a, (const char *const[]){NULL}, (const char *const[]){from.at, NULL}, into.at, err);
    str_free(&from);
    str_free(&into);
    return result;
}

int away_fetch_checkpoint(const struct away *a, long long step, struct error *err)
{
    struct str name = {0}, from = {0}, half = {0}, whole = {0};
    str_addf(&name, "checkpoints/step-%lld", step);
    str_addf(&from, "%s/", name.at);
    run_path(a->run, "checkpoints/incoming", &half);
    run_path(a->run, name.at, &whole);
    int result = 0;
    if (!file_exists(whole.at)) {
        result = file_make_dir(half.at, err);
        if (result == 0)
            result = fetch(a, from.at, "checkpoints/incoming/", err);
        if (result == 0 && rename(half.at, whole.at) != 0)
            result = error_errno(err, "cannot rename to %s", whole.at);
    }
    str_free(&name);
    str_free(&from);
    str_free(&half);
    str_free(&whole);
    return result;
}

int away_fetch_config(const struct away *a, struct error *err)
{
    struct str path = {0};
    bool here = file_exists(run_path(a->run, "config.json", &path));
    str_free(&path);
    return here ? 0 : fetch(a, "config.json", "config.json", err);
}

int away_start_following(struct away *a, struct error *err)
{
    const char *words[WORDS_MAX];
    struct str script = {0};
    char sent[24], logged[24];
    str_addf(&script, "%s/follow.sh", a->folder.at);
    snprintf(sent, sizeof sent, "%llu", (unsigned long long)a->sent);
    snprintf(logged, sizeof logged, "%llu", (unsigned long long)a->logged);
    ssh_words(a, (const char *const[]){"sh", script.at, a->node[0] ? a->node : "none", sent, logged, NULL}, words);
    int result = spawn_start(&(struct spawn){.argv = words}, false, &a->child, err);
    str_free(&script);
    return result;
}

int place_ssh(const struct place_work *w, struct error *err)
{
    struct away a;
    char stage[RUN_STAGE_MAX];
    int result = away_open(&a, w->run, &w->settings, err);
    if (result == 0) {
        snprintf(stage, sizeof stage, "starting: copying to %.80s", a.host);
        run_keeper_stage(w->keeper, stage);
        result = go_there(&a, err);
    }
    if (result == 0)
        result = away_follow(&a, w, err);
    away_close(&a);
    return result;
}

int place_ssh_delete(const struct run *r, const struct place_settings *settings, struct error *err)
{
    struct away a;
    int result = away_open(&a, r, settings, err);
    if (result == 0)
        result = away_do(&a, (const char *const[]){"rm", "-rf", a.folder.at, NULL}, err);
    away_close(&a);
    return result;
}
