/*
 * What `info --plan` says against what the kernel says a real `fit` took: the most resident memory of the
 * process, of which nothing is left out. The models are large enough for the program not to matter (the plan
 * counts it, about 30 MB), small enough for a few seconds.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { ARGS = 32 };

static bool sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#endif
#endif
    return false;
}

/* Runs hinge-train (of the folder the tests run in) with words; its output goes to out. The most memory it
 * held, in bytes; 0 when it failed. */
static double run(const char *const *words, const char *out)
{
    char *argv[ARGS] = {(char *)(uintptr_t) "./hinge-train"};
    for (size_t i = 0; words[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
        dup2(fd, 1);
        execv(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    struct rusage used = {0};
    if (wait4(pid, &status, 0, &used) != pid || status != 0)
        return 0;
#ifdef __APPLE__
    return (double)used.ru_maxrss;
#else
    return (double)used.ru_maxrss * 1024;
#endif
}

static void write_file(const char *dir, const char *name, const struct str *text)
{
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(file_write_atomic(tmp_join(dir, name), 0600, str_slice(text), &err), 0);
}

/* Six pairs of about 200 tokens: more than a row is full. */
static void write_data(const char *dir)
{
    struct str text = {0};
    for (int i = 0; i < 6; i++) {
        str_addf(&text, "{\"id\":\"%d\",\"prompt\":\"%d", i, i);
        for (int k = 0; k < 60; k++)
            str_addf(&text, " patient %d", k % 7);
        str_adds(&text, "\",\"branches\":[{\"kind\":\"A\",\"think\":\"\",\"text\":\"fever and cough\"},"
                        "{\"kind\":\"B\",\"think\":\"count\",\"text\":\"fever and cough\"}]}\n");
    }
    write_file(dir, "data.jsonl", &text);
    str_free(&text);
}

static void write_model(const char *dir, const char *config)
{
    struct error err = {0};
    struct str text = {0};
    CU_ASSERT_EQUAL_FATAL(file_read(GOLDEN "/tokenizers/qwen2.json", 1 << 20, &text, &err), 0);
    write_file(dir, "tokenizer.json", &text);
    str_clear(&text);
    str_adds(&text, config);
    write_file(dir, "config.json", &text);
    str_free(&text);
}

/* The total of the plan's line that begins with name, in bytes. */
static double planned(const char *path, const char *name)
{
    struct error err = {0};
    struct str text = {0};
    double total = 0;
    CU_ASSERT_EQUAL_FATAL(file_read(path, 1 << 16, &text, &err), 0);
    char *line = strstr(str_z(&text), name);
    char *end = line ? strchr(line, '\n') : NULL;
    if (end) {
        *end = '\0';
        char *last = strrchr(line, ':');
        char unit = 'M';
        if (sscanf(last + 1, " %lf %c", &total, &unit) == 2)
            total *= unit == 'G' ? 1e9 : 1e6;
    }
    str_free(&text);
    return total;
}

struct plan_case {
    const char *name, *line; /* the plan's line that fit follows */
    const char *config;
    const char *both[8];     /* options of fit and info alike */
    const char *fit[4];
};

static size_t add(const char **words, size_t count, const char *const *more)
{
    for (size_t i = 0; more[i]; i++)
        words[count++] = more[i];
    words[count] = NULL;
    return count;
}

static void check(const struct plan_case *c)
{
    char *dir = tmp_make();
    write_data(dir);
    write_model(dir, c->config);
    const char *fit[ARGS], *info[ARGS];
    char run_dir[512], out[512], data[512];
    snprintf(run_dir, sizeof run_dir, "%s/run", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    snprintf(data, sizeof data, "%s/data.jsonl", dir);
    size_t n = add(fit, 0, (const char *const[]){"fit", "--model", dir, "--init", "random", "--chat", "chatml", "--data",
                                                 data, "--out", run_dir, "--threads", "2", "--batch", "6", NULL});
    n = add(fit, n, c->both);
    add(fit, n, c->fit);
    n = add(info, 0, (const char *const[]){"info", "--model", dir, "--chat", "chatml", "--threads", "2", "--plan", NULL});
    add(info, n, c->both);
    double took = run(fit, out);
    CU_ASSERT_FATAL(took > 0);
    CU_ASSERT_FATAL(run(info, out) > 0);
    double plan = planned(out, c->line), off = plan / took - 1;
    if (!(fabs(off) <= 0.05))
        printf("%s: the plan is %.1f MB, %.1f MB were taken (%+.1f%%)\n", c->name, plan * 1e-6, took * 1e-6, 100 * off);
    CU_ASSERT(fabs(off) <= 0.05);
    tmp_remove(dir);
}

#define QWEN3 "{\"model_type\":\"qwen3\",\"vocab_size\":464,\"hidden_size\":512,\"intermediate_size\":1536," \
              "\"num_hidden_layers\":6,\"num_attention_heads\":8,\"num_key_value_heads\":4,\"head_dim\":64," \
              "\"tie_word_embeddings\":true}"
#define LLAMA "{\"model_type\":\"llama\",\"vocab_size\":50000,\"hidden_size\":256,\"intermediate_size\":1024," \
              "\"num_hidden_layers\":6,\"num_attention_heads\":4,\"max_position_embeddings\":2048}"

static void the_plan_is_what_a_training_takes(void)
{
    static const struct plan_case cases[] = {
        {"LoRA, everything kept", "keeping", QWEN3, {"--rank", "64", "--row-tokens", "1000"}, {"--recompute", "off"}},
        {"LoRA, layers computed twice", "computing", QWEN3, {"--rank", "256", "--row-tokens", "1000"}, {"--recompute", "on"}},
        {"LoRA, a large vocabulary", "keeping", LLAMA, {"--rank", "16", "--row-tokens", "1000"}, {"--recompute", "off"}},
        {"all weights", "keeping", LLAMA, {"--full", "--row-tokens", "500"}, {"--recompute", "off"}},
    };
    if (sanitized()) {
        printf("(memory is another with a sanitizer: not measured) ");
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"info --plan is what a training takes", the_plan_is_what_a_training_takes},
        {NULL, NULL},
    };
    return suite_run("trainer: plan", tests, argc, argv);
}
