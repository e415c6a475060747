/* Switching stacks: a few instructions on x86-64, ucontext elsewhere (which asks the kernel each time). */
#include "fiber.h"

#include <stdint.h>
#include <stdlib.h>

enum { STACK = 128 * 1024 };

#if defined(__x86_64__) && defined(__GNUC__)
struct fiber {
    void *own, *main; /* stack pointers */
    void (*body)(void *);
    void *ctx;
    char *stack;
};

extern "C" void hinge_fiber_switch(void **save, void *to);
asm(".text\n"
    ".globl hinge_fiber_switch\n"
    ".type hinge_fiber_switch,@function\n"
    "hinge_fiber_switch:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size hinge_fiber_switch,.-hinge_fiber_switch\n"
    ".section .note.GNU-stack,\"\",@progbits\n.text\n");

static fiber *starting; /* handed to a new stack, which can take no argument */

static void enter()
{
    fiber *f = starting;
    f->body(f->ctx);
    abort();
}

fiber *fiber_new(void (*body)(void *ctx), void *ctx)
{
    fiber *f = new fiber{nullptr, nullptr, body, ctx, (char *)malloc(STACK)};
    uintptr_t top = ((uintptr_t)f->stack + STACK) & ~(uintptr_t)15;
    void **at = (void **)top - 2; /* enter is reached by ret: the stack is then off by 8, as after a call */
    *at = (void *)(uintptr_t)enter;
    for (int i = 0; i < 6; i++)
        *--at = nullptr;
    f->own = at;
    return f;
}

void fiber_resume(fiber *f)
{
    starting = f;
    hinge_fiber_switch(&f->main, f->own);
}

void fiber_yield(fiber *f)
{
    hinge_fiber_switch(&f->own, f->main);
}
#else
#include <ucontext.h>

struct fiber {
    ucontext_t own, main;
    void (*body)(void *);
    void *ctx;
    char *stack;
};

static fiber *starting;

static void enter()
{
    fiber *f = starting;
    f->body(f->ctx);
    abort();
}

fiber *fiber_new(void (*body)(void *ctx), void *ctx)
{
    fiber *f = new fiber{};
    f->body = body;
    f->ctx = ctx;
    f->stack = (char *)malloc(STACK);
    getcontext(&f->own);
    f->own.uc_stack.ss_sp = f->stack;
    f->own.uc_stack.ss_size = STACK;
    makecontext(&f->own, enter, 0);
    return f;
}

void fiber_resume(fiber *f)
{
    starting = f;
    swapcontext(&f->main, &f->own);
}

void fiber_yield(fiber *f)
{
    swapcontext(&f->own, &f->main);
}
#endif

void fiber_free(fiber *f)
{
    free(f->stack);
    delete f;
}
