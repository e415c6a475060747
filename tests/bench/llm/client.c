/*
 * Asks an endpoint N questions, P in flight, as the steps do, and prints JSON: wall and processor seconds, peak memory.
 *
 *     client URL N P
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "llm/llm.h"

static int submit(struct llm *l, int i, struct error *err)
{
    char text[1400];
    int n = snprintf(text, sizeof text, "Question %d: ", i);
    while (n < 1200) /* about 300 tokens */
        n += snprintf(text + n, sizeof text - (size_t)n, "the patient reports pain when climbing stairs; ");
    struct chat_message m[] = {{"system", "Explain the visit in plain words."}, {"user", text}};
    struct chat_request q = {.messages = m, .n_messages = 2};
    return llm_submit(l, 0, &q, NULL, err);
}

static int run(struct llm *l, int n, struct error *err)
{
    int good = 0, got = 0;
    for (int i = 0; i < n; i++) {
        if (submit(l, i, err) != 0)
            return -1;
    }
    while (got < n) {
        struct llm_answer a;
        if (llm_wait(l, -1, NULL, 0, err) != 0)
            return -1;
        while (llm_next(l, &a)) {
            got++;
            good += a.outcome == LLM_OK && a.text.len > 20;
            llm_answer_free(&a);
        }
    }
    return good == n ? 0 : error_set(err, ERR_IO, "%d of %d answers were good", good, n);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct endpoint e;
    if (argc < 4)
        return 2;
    endpoint_defaults(&e, ENDPOINT_OPENAI);
    e.name = "bench";
    e.base_url = argv[1];
    e.model = "bench";
    e.key = "test-key-0123456789";
    e.parallel = atoi(argv[3]);
    struct llm *l = llm_open(&err);
    int64_t start = clock_mono_ms();
    int result = l && llm_add(l, &e, &err) == 0 ? run(l, atoi(argv[2]), &err) : -1;
    double wall = (double)(clock_mono_ms() - start) / 1000;
    llm_close(l);
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    if (result != 0)
        fprintf(stderr, "client: %s\n", err.text);
    printf("{\"wall\":%.3f,\"cpu\":%.3f,\"mib\":%.1f}\n", wall, seconds(u.ru_utime) + seconds(u.ru_stime),
           (double)u.ru_maxrss / 1024);
    return result == 0 ? 0 : 1;
}
