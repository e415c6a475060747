/* Runs as files: what a folder is told to be, by its locks and what it holds, and that deleting takes that folder alone. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "runs/run_parts.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static const char about[] = "{\"format\":\"hinge-run\",\"version\":1,\"uuid\":\"0123456789abcdef\",\"method\":\"rgt\","
                            "\"model\":\"/models/m\",\"options\":{\"batch\":\"3\",\"epochs\":\"4\"},\"notes\":\"n\","
                            "\"branched_from\":{\"uuid\":\"ffff\",\"name\":\"p\",\"step\":7},\"created\":1000}";
static const char config[] = "{\"options\":{\"batch\":\"3\",\"epochs\":\"4\",\"lr\":\"1\"},\"examples\":7,\"steps\":12}";

static void put(const char *dir, const char *name, const char *text)
{
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(file_write_atomic(tmp_join(dir, name), 0600, slice_of(text), &err), 0);
}

static void make_dir(const char *dir, const char *name)
{
    CU_ASSERT_EQUAL_FATAL(file_make_dir(tmp_join(dir, name), NULL), 0);
}

/* A run of 12 steps with checkpoints of steps 3 and 6. */
static char *make_run(void)
{
    char *dir = tmp_make();
    put(dir, "run.json", about);
    put(dir, "config.json", config);
    make_dir(dir, "checkpoints/step-3");
    make_dir(dir, "checkpoints/step-6");
    make_dir(dir, "checkpoints/unfinished");
    make_dir(dir, "checkpoints/step-06x");
    put(dir, "checkpoints/step-6/adapter_model.safetensors", "12345");
    put(dir, "metrics.jsonl",
        "{\"step\":5,\"steps\":12,\"examples\":13,\"loss\":3,\"seconds\":2,\"tokens_per_second\":10}\n"
        "{\"step\":6,\"steps\":12,\"examples\":14,\"loss\":2.5,\"seconds\":1,\"tokens_per_second\":40}\n"
        "{\"step\":6,\"valid\":{\"loss\":2.75}}\n{\"step\":7,\"st");
    return dir;
}

static int take(const char *dir, const char *name)
{
    int fd = open(tmp_join(dir, name), O_RDWR | O_CREAT, 0600);
    CU_ASSERT_FATAL(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    return fd;
}

static void expect(const char *dir, enum run_state state, const char *reason)
{
    struct run r;
    run_open(dir, &r);
    CU_ASSERT_EQUAL(r.state, state);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.reason, reason));
    if (r.state != state || !strstr(r.reason, reason))
        printf("\n    %s: %s\n", run_state_name(r.state), r.reason);
    run_free(&r);
}

static void a_folder_tells(void)
{
    char *dir = make_run();
    struct run r;
    struct str path = {0};
    struct error err = {0};
    run_open(dir, &r);
    CU_ASSERT_STRING_EQUAL(r.uuid, "0123456789abcdef");
    CU_ASSERT_STRING_EQUAL(r.name, strrchr(dir, '/') + 1);
    CU_ASSERT_STRING_EQUAL(r.branched_from, "ffff");
    CU_ASSERT_EQUAL(r.branched_step, 7);
    CU_ASSERT_EQUAL_FATAL(r.n_checkpoints, 2);
    CU_ASSERT(r.checkpoints[0].step == 3 && r.checkpoints[0].examples == 7); /* 3 + 3 + 1: an epoch's last batch */
    CU_ASSERT(r.checkpoints[1].step == 6 && r.checkpoints[1].examples == 14 && r.checkpoints[1].bytes == 5);
    CU_ASSERT(r.progress.step == 6 && r.progress.steps == 12 && r.progress.loss == 2.5 && r.progress.valid_loss == 2.75);
    CU_ASSERT(r.progress.examples == 14 && r.progress.examples_all == 28);
    CU_ASSERT_DOUBLE_EQUAL(r.progress.tokens_per_second, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(r.progress.seconds_left, 9, 1e-9);
    CU_ASSERT_STRING_EQUAL(run_option(&r, "batch"), "3");
    CU_ASSERT_STRING_EQUAL(run_option(&r, "lr"), "1");
    CU_ASSERT_PTR_NULL(run_option(&r, "clip"));
    CU_ASSERT_EQUAL(run_checkpoint_path(&r, -1, &path, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(path.at, "/checkpoints/step-6"));
    CU_ASSERT_NOT_EQUAL(run_checkpoint_path(&r, 4, &path, &err), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "it has 3, 6"));
    str_free(&path);
    run_free(&r);
    tmp_remove(dir);
}

static void states_are_told_by_locks_and_files(void)
{
    char *dir = make_run();
    struct run_end end = {.started = 1};
    struct error err = {0};
    expect(dir, RUN_STOPPED, "not started yet");

    int keeper = take(dir, "keeper");
    run_keeper_stage(keeper, "waiting for the run x to end");
    expect(dir, RUN_WAITING, "waiting for the run x");
    run_keeper_stage(keeper, "starting");
    expect(dir, RUN_STARTING, "starting");
    int lock = take(dir, "lock");
    expect(dir, RUN_RUNNING, "");
    CU_ASSERT_EQUAL(run_stop_ask(dir, &err), 0);
    expect(dir, RUN_RUNNING, "stopping");
    run_stop_clear(dir);
    close(keeper);
    expect(dir, RUN_RUNNING, ""); /* the keeper is dead, the training is not */
    close(lock);

    CU_ASSERT_EQUAL(run_end_write(dir, &end, &err), 0);
    expect(dir, RUN_FAILED, "without a word");
    put(dir, "log.txt", "2026-11-26T15:00:00Z info started at step 0\n2026-11-26T15:00:00Z error the gradient is no number\n");
    expect(dir, RUN_FAILED, "the gradient is no number");
    put(dir, "log.txt", "2026-11-26T15:00:00Z info stopped as asked after step 6\n");
    expect(dir, RUN_STOPPED, "");
    put(dir, "log.txt", "2026-11-26T15:00:00Z info stopped after step 3\n2026-11-26T15:00:00Z info resumed at step 3\n");
    expect(dir, RUN_FAILED, "resume goes on from step 6");

    end = (struct run_end){.started = 1, .ended = 2, .exit = 1, .said = "no space left"};
    CU_ASSERT_EQUAL(run_end_write(dir, &end, &err), 0);
    expect(dir, RUN_FAILED, "no space left");
    end = (struct run_end){.started = 1, .ended = 2, .signal = 9};
    CU_ASSERT_EQUAL(run_end_write(dir, &end, &err), 0);
    expect(dir, RUN_FAILED, "killed (signal 9");
    end = (struct run_end){.started = 1, .ended = 2};
    CU_ASSERT_EQUAL(run_end_write(dir, &end, &err), 0);
    expect(dir, RUN_STOPPED, "");
    make_dir(dir, "checkpoints/step-12");
    expect(dir, RUN_FINISHED, "");
    tmp_remove(dir);
}

static void damaged_and_foreign_folders(void)
{
    char *dir = make_run();
    put(dir, "run.json", "{\"uuid\":");
    expect(dir, RUN_UNREADABLE, "run.json is damaged");
    put(dir, "run.json", "[1]");
    expect(dir, RUN_UNREADABLE, "holds no object");
    unlink(tmp_join(dir, "run.json"));
    expect(dir, RUN_STOPPED, ""); /* made by hinge-train itself */
    put(dir, "config.json", "\x80{}");
    expect(dir, RUN_UNREADABLE, "config.json is damaged");
    unlink(tmp_join(dir, "config.json"));
    expect(dir, RUN_UNREADABLE, "holds no run");
    expect("/nowhere/at/all", RUN_UNREADABLE, "holds no run");
    tmp_remove(dir);
    dir = make_run();
    put(dir, "end.json", "{\"started\":\"soon\",\"ended\":[]}");
    put(dir, "metrics.jsonl", "\x1b[2J\n\n{\"step\":\"x\"}\n{{{\n");
    put(dir, "log.txt", "x");
    expect(dir, RUN_FAILED, "without a word");
    tmp_remove(dir);
}

static void a_list_is_newest_first(void)
{
    char *dir = tmp_make();
    struct runs list;
    struct run r;
    struct error err = {0};
    make_dir(dir, "a");
    make_dir(dir, "b");
    make_dir(dir, ".new");
    put(dir, "a/run.json", "{\"uuid\":\"aaaaaaaa-1\",\"created\":5}");
    put(dir, "b/run.json", "{\"uuid\":\"aaaaaaaa-2\",\"created\":9}");
    put(dir, "file", "no folder");
    CU_ASSERT_EQUAL(runs_list(dir, &list, &err), 0);
    CU_ASSERT_EQUAL_FATAL(list.count, 2);
    CU_ASSERT_STRING_EQUAL(list.items[0].name, "b");
    runs_free(&list);
    CU_ASSERT_EQUAL(runs_find(dir, "a", &r, &err), 0);
    run_free(&r);
    CU_ASSERT_EQUAL(runs_find(dir, "aaaaaaaa-2", &r, &err), 0);
    CU_ASSERT_STRING_EQUAL(r.name, "b");
    run_free(&r);
    CU_ASSERT(runs_find(dir, "aaaaaaaa", &r, &err) != 0 && err.code == ERR_CONFLICT);
    CU_ASSERT(runs_find(dir, "c", &r, &err) != 0 && err.code == ERR_ABSENT);
    CU_ASSERT_EQUAL(runs_list(tmp_join(dir, "none"), &list, &err), 0);
    CU_ASSERT_EQUAL(list.count, 0);
    tmp_remove(dir);
}

static void deleting_takes_the_run_alone(void)
{
    char *dir = make_run();
    char *other = tmp_make();
    struct error err = {0};
    put(other, "precious", "text");
    CU_ASSERT_EQUAL(symlink(other, tmp_join(dir, "checkpoints/link")), 0);
    CU_ASSERT_EQUAL(symlink(tmp_join(other, "precious"), tmp_join(dir, "link")), 0);
    int lock = take(dir, "lock");
    CU_ASSERT(run_delete(dir, &err) != 0 && err.code == ERR_BUSY);
    close(lock);
    int keeper = take(dir, "keeper");
    CU_ASSERT(run_delete(dir, &err) != 0 && err.code == ERR_BUSY);
    close(keeper);
    CU_ASSERT(run_delete(other, &err) != 0 && err.code == ERR_FOREIGN);
    CU_ASSERT(run_delete(tmp_join(dir, "checkpoints"), &err) != 0 && err.code == ERR_FOREIGN);
    CU_ASSERT_EQUAL(run_delete(dir, &err), 0);
    CU_ASSERT_FALSE(file_exists(dir));
    CU_ASSERT(file_exists(tmp_join(other, "precious")));
    tmp_remove(dir);
    tmp_remove(other);
}

static void the_end_fits_on_a_full_disk(void)
{
    char *dir = make_run();
    struct stat before, after;
    struct run_end end = {.started = 1, .ended = 2, .exit = 1}, read;
    struct error err = {0};
    CU_ASSERT_EQUAL(run_end_begin(dir, &err), 0);
    CU_ASSERT_EQUAL(stat(tmp_join(dir, "end.json"), &before), 0);
    memset(end.said, '"', sizeof end.said - 1); /* each becomes two bytes */
    CU_ASSERT_EQUAL(run_end_write(dir, &end, &err), 0);
    CU_ASSERT_EQUAL(stat(tmp_join(dir, "end.json"), &after), 0);
    CU_ASSERT(before.st_size == after.st_size && before.st_ino == after.st_ino && before.st_blocks == after.st_blocks);
    CU_ASSERT(run_end_read(dir, &read) && read.exit == 1 && strcmp(read.said, end.said) == 0);
    tmp_remove(dir);
}

static void the_log_ends_with_its_last_lines(void)
{
    char *dir = make_run();
    struct run r;
    struct str out = {0};
    struct error err = {0};
    run_open(dir, &r);
    put(dir, "log.txt", "one\ntwo\nthree\n");
    CU_ASSERT_EQUAL(run_log_tail(&r, 2, &out, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "two\nthree\n");
    str_clear(&out);
    CU_ASSERT_EQUAL(run_log_tail(&r, 9, &out, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "one\ntwo\nthree\n");
    str_clear(&out);
    put(dir, "log.txt", "one\ntwo");
    CU_ASSERT_EQUAL(run_log_tail(&r, 1, &out, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&out), "two");
    str_free(&out);
    run_free(&r);
    tmp_remove(dir);
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        {"a folder tells", a_folder_tells},
        {"states are told by locks and files", states_are_told_by_locks_and_files},
        {"damaged and foreign folders", damaged_and_foreign_folders},
        {"a list is newest first", a_list_is_newest_first},
        {"deleting takes the run alone", deleting_takes_the_run_alone},
        {"the end fits on a full disk", the_end_fits_on_a_full_disk},
        {"the log ends with its last lines", the_log_ends_with_its_last_lines},
        {NULL, NULL},
    };
    return suite_run("runs", tests, argc, argv);
}
