/*
 * Byte pair encoding of one word over ids: a vocabulary of byte strings and a table of merges. A
 * word of n symbols costs O(n log n): candidate merges stand in a heap, symbols in a linked list.
 */
#ifndef TRAINER_TOKENIZER_BPE_H
#define TRAINER_TOKENIZER_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Token ids, growable. Zero-initialise before use; the owner frees items with mem_free. */
struct ids {
    int *items;
    size_t count, cap;
};

void ids_add(struct ids *list, int id);
void ids_append(struct ids *list, const int *items, size_t count);
void ids_free(struct ids *list);

struct bpe;

struct bpe *bpe_new(void);
void bpe_free(struct bpe *b); /* NULL is fine */
/* The pair (left, right) becomes merged; lower ranks merge first. The first rule for a pair stays. */
void bpe_add_merge(struct bpe *b, int left, int right, uint32_t rank, int merged);
/* Merges symbols[0..count) in place as far as the rules go; returns the new count. */
size_t bpe_merge(struct bpe *b, int *symbols, size_t count);

#endif
