/*
 * The trainer's tokenizer on texts from standard input, each after its length (4 bytes, little-endian).
 *
 *     tokenize FILE          for each text: the number of ids and the ids, then the number of bytes and the
 *                            bytes of the ids decoded again (numbers of 4 bytes)
 *     tokenize FILE ROUNDS   encodes all of them ROUNDS times, a fresh tokenizer each time, and prints the
 *                            seconds of the fastest round, and the ids of all texts
 *
 * FILE is a tokenizer.json or a GGUF file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "trainer/tokenizer/tokenizer.h"

enum { FILE_MAX = 1 << 30 };

static struct tokenizer *open_tokenizer(const char *path, struct error *err)
{
    size_t len = strlen(path);
    struct tokenizer *t = NULL;
    if (len > 5 && strcmp(path + len - 5, ".gguf") == 0) {
        struct gguf *g = gguf_open(path, err);
        t = g ? tokenizer_from_gguf(g, err) : NULL;
        gguf_close(g);
        return t;
    }
    struct str text = {0};
    if (file_read(path, FILE_MAX, &text, err) == 0)
        t = tokenizer_from_json(str_slice(&text), err);
    str_free(&text);
    return t;
}

static uint32_t number_at(const char *p)
{
    uint32_t v = 0;
    for (int i = 3; i >= 0; i--)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

/* The text at *at, which moves past it; false at the end. */
static bool next_text(struct slice all, size_t *at, struct slice *text)
{
    if (all.len - *at < 4)
        return false;
    size_t len = number_at(all.at + *at);
    if (len > all.len - *at - 4)
        return false;
    *text = slice_sub(all, *at + 4, *at + 4 + len);
    *at += 4 + len;
    return true;
}

static void put_number(size_t v)
{
    for (int i = 0; i < 4; i++)
        putchar((int)(v >> 8 * i & 255));
}

static int print_all(struct tokenizer *t, struct slice all, struct error *err)
{
    struct ids ids = {0};
    struct str back = {0};
    struct slice text;
    int result = 0;
    for (size_t at = 0; result == 0 && next_text(all, &at, &text);) {
        ids.count = 0;
        str_clear(&back);
        result = tokenizer_encode(t, text, &ids, err);
        tokenizer_decode(t, ids.items, ids.count, false, &back);
        put_number(ids.count);
        for (size_t i = 0; i < ids.count; i++)
            put_number((size_t)ids.items[i]);
        put_number(back.len);
        fwrite(back.at, 1, back.len, stdout);
    }
    ids_free(&ids);
    str_free(&back);
    return result;
}

/* Seconds of one round, below 0 on failure. */
static double round_seconds(const char *path, struct slice all, size_t *count, struct error *err)
{
    struct tokenizer *t = open_tokenizer(path, err);
    struct ids ids = {0};
    struct slice text;
    int result = t ? 0 : -1;
    int64_t start = clock_mono_ms();
    for (size_t at = 0; result == 0 && next_text(all, &at, &text);)
        result = tokenizer_encode(t, text, &ids, err);
    double seconds = (double)(clock_mono_ms() - start) / 1000;
    *count = ids.count;
    ids_free(&ids);
    tokenizer_free(t);
    return result == 0 ? seconds : -1;
}

static int measure(const char *path, struct slice all, int rounds, struct error *err)
{
    double best = -1;
    size_t count = 0;
    for (int i = 0; i < rounds; i++) {
        double seconds = round_seconds(path, all, &count, err);
        if (seconds < 0)
            return -1;
        best = best < 0 || seconds < best ? seconds : best;
    }
    printf("%.3f %zu\n", best, count);
    return 0;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct str all = {0};
    int result = -1;
    if (argc != 2 && argc != 3) {
        fputs("usage: tokenize FILE [ROUNDS] <TEXTS\n", stderr);
        return 2;
    }
    if (file_read("-", FILE_MAX, &all, &err) == 0) {
        if (argc == 3) {
            result = measure(argv[1], str_slice(&all), atoi(argv[2]), &err);
        } else {
            struct tokenizer *t = open_tokenizer(argv[1], &err);
            result = t ? print_all(t, str_slice(&all), &err) : -1;
            tokenizer_free(t);
        }
    }
    str_free(&all);
    if (result != 0)
        fprintf(stderr, "tokenize: %s\n", err.text);
    return result == 0 ? 0 : 1;
}
