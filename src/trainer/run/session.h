/* What every command opens first: a backend, a model, its tokenizer and chat format, an adapter. */
#ifndef TRAINER_RUN_SESSION_H
#define TRAINER_RUN_SESSION_H

#include "trainer/data/example.h"
#include "trainer/lora/lora.h"
#include "trainer/run/options.h"

struct session {
    struct backend *backend;
    struct model_config config; /* once there is a backend */
    struct model *model;
    struct tokenizer *tokenizer;
    const struct chat_format *chat;
    struct reader reader;
};

/* Options that session_open reads: a command's table begins with these, one that computes in fp32 on the CPU with the
 * second. */
#define SESSION_OPTIONS                                                                            \
    FP32_OPTIONS, {"device", "NAME", "auto", "cpu, cuda, cuda:N or auto: a GPU where there is one"},     \
        {"base-bits", "16|8|4", "16", "bits of frozen weights on a GPU: 8 by rows, 4 is NF4"},       \
        {"deterministic", NULL, NULL, "the same bits every time: always so, said or not"}
#define FP32_OPTIONS                                                                               \
    {"model", "PATH", NULL, "the model: a transformers folder or a GGUF file"},          \
        {"chat", "NAME", NULL, "chat format, where the model's template is not known"},            \
        {"threads", "N", "0", "threads; 0 is all cores"},                                          \
        {"max-tokens", "N", "4096", "longest sequence"}

/* The backend that --device and --base-bits ask for; NULL and err. The caller frees with backend_free. */
struct backend *session_backend(const struct options *o, int threads, struct error *err);
/* The same on another device. */
struct backend *session_backend_at(const struct options *o, const char *device, int threads, struct error *err);
/* Opens tokenizer and chat format; with weights also the model (or a random one, --init random, where
 * the command's table has init). */
int session_open(const struct options *o, bool weights, struct session *s, struct error *err);
/* The same in two parts: all but the weights, on a backend that is open, which the session takes over (NULL: it opens
 * one); then the weights. A model that is larger than the free memory is refused before
 * anything of it is read. */
int session_prepare(const struct options *o, struct backend *b, struct session *s, struct error *err);
int session_load(const struct options *o, struct session *s, struct error *err);
/* The backend and the model alone. */
int session_open_model(const struct options *o, struct session *s, struct error *err);
void session_close(struct session *s);

#endif
