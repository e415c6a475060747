/* A library that is opened at run time. Over the emulation its functions are linked instead. */
#ifndef TRAINER_BACKEND_CUDA_LIBRARY_H
#define TRAINER_BACKEND_CUDA_LIBRARY_H

#include "base/error.h"

enum { CUDA_LIBRARY_CALLS = 16 };

struct cuda_symbol {
    const char *name;
    void (*linked)(void); /* NULL where it is looked up */
};

#ifdef CUDA_EMULATED
#define CUDA_SYMBOL(f) {#f, (void (*)(void))(f)}
#else
#define CUDA_SYMBOL(f) {#f, NULL}
#endif

struct cuda_library {
    void *handle;
    void (*calls[CUDA_LIBRARY_CALLS])(void); /* in the order of the symbols */
};

/* A function of the library by its place, with the type its header gives it. */
#define CUDA_CALL(library, place, f) ((__typeof__(&(f)))(library)->calls[place])

/* -1 and err when the library or one of its functions is not there: it is still to be closed. */
int cuda_library_open(struct cuda_library *l, const char *name, const struct cuda_symbol *symbols, int count,
                      struct error *err);
void cuda_library_close(struct cuda_library *l);

#endif
