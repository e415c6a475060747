/*
 * A snapshot's line as token sequences. A branch is a whole sequence: the prompt, what is given (an
 * empty think block), then what is trained: the strategy with its closing tag, the answer and the
 * end of the turn.
 *
 *     think null   prompt | text end
 *     think ""     prompt <think>\n\n</think>\n\n | text end
 *     think "s"    prompt | <think>\ns\n</think>\n\n text end       (all after | is trained)
 */
#ifndef TRAINER_DATA_EXAMPLE_H
#define TRAINER_DATA_EXAMPLE_H

#include "base/error.h"
#include "base/json.h"
#include "trainer/tokenizer/chat.h"
#include "trainer/tokenizer/tokenizer.h"

struct branch {
    char kind[8]; /* "A", "B" */
    struct ids ids;
    size_t given;  /* tokens before the first trained one */
    size_t answer; /* where the answer begins; given..answer is the strategy */
};

struct example {
    char *id;
    struct branch *branches;
    size_t count;
    size_t shared; /* tokens all branches begin with */
};

struct examples {
    struct example *items;
    size_t count, cap;
};

/* What reads examples: borrowed parts. */
struct reader {
    struct tokenizer *tokenizer;
    const struct chat_format *chat;
    int vocab;         /* of the model: ids must be below */
    size_t max_tokens; /* of one branch */
    bool skip_long;    /* leave longer ones out (and count them) instead of failing */
};

/* Tokens of a prompt (messages, or a string: one user message); think: what is given after it, as above
 * with "" and NULL. Appends to out. */
int reader_prompt(const struct reader *r, const struct json *prompt, bool empty_think, struct ids *out,
                  struct error *err);
/* All examples of a JSONL file; *skipped counts those left out. Errors name the line. */
int examples_read(const struct reader *r, const char *path, struct examples *out, size_t *skipped,
                  struct error *err);
void examples_free(struct examples *list);
/* Trained tokens of a branch. */
size_t branch_trained(const struct branch *b);
/* Finds e->shared: the longest common beginning, without any branch's last token. */
void example_share(struct example *e);
/* Tokens an example takes in a packed row. */
size_t example_rows(const struct example *e, bool share);

#endif
