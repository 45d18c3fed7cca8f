// SPDX-License-Identifier: MIT
//
// Functions of many shapes, compiled at several levels of optimisation: what compilers make of
// them is what unwinding has to understand. SHAPES is the name of the table.

#include "recorder.h"

#include <stdarg.h>
#include <stdint.h>

#define SHAPE static __attribute__((section(".orc"), noinline, used))

#if defined(__i386__)
#define STDCALL  __attribute__((stdcall))
#define FASTCALL __attribute__((fastcall))
#define THISCALL __attribute__((thiscall))
#else
#define STDCALL
#define FASTCALL
#define THISCALL
#endif

struct big {
    int64_t field[6];
};

static volatile int sink;

SHAPE int add_one(int a)
{
    return a + 1;
}

SHAPE int no_arguments(void)
{
    return sink;
}

SHAPE int leaf_with_array(int a)
{
    volatile int array[6];

    array[a & 3] = a;
    return array[1];
}

SHAPE int calls_one(int a)
{
    return add_one(a) * 3;
}

SHAPE int tail_calls(int a)
{
    return add_one(a + 7);
}

SHAPE int many_arguments(int a, int b, int c, int d, int e, int f, int g, int h)
{
    return add_one(a + b) + c * d - e + f * g + h;
}

SHAPE int calls_many_arguments(int a, int b, int c)
{
    return many_arguments(a, b, c, 4, 5, 6, 7, 8) + many_arguments(8, 7, 6, 5, 4, c, b, a);
}

// Much lives across calls: every nonvolatile register is wanted.
SHAPE int many_live(int a, int b, int c)
{
    int d = add_one(a), e = add_one(b), f = add_one(c), g = add_one(d), h = add_one(e);
    int i = add_one(f), j = add_one(g);

    return add_one(a ^ b) + a * b * c + d * e + f * g + h * i + j * add_one(j - a);
}

SHAPE int recursion(int n)
{
    return n <= 1 ? 1 : recursion(n - 1) + recursion(n - 2);
}

SHAPE int loop(int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += add_one(sum ^ i);
    return sum;
}

SHAPE int branches(int n)
{
    if (n < 0)
        return add_one(n);
    if (n == 3)
        return add_one(n * 2) + add_one(n);
    return 0;
}

SHAPE int switches(int n)
{
    switch (n) {
    case 0: return add_one(1);
    case 1: return add_one(n) - 4;
    case 2: return 17;
    case 3: return add_one(add_one(n));
    case 4: return n ^ 3;
    case 5: return add_one(n) ^ 3;
    default: return -1;
    }
}

SHAPE struct big returns_big(int a)
{
    struct big b = {{a, a + 1, a + 2, a + 3, a + 4, a + 5}};

    b.field[a & 3] = add_one(a);
    return b;
}

SHAPE int64_t takes_big(struct big b, int n)
{
    return b.field[n & 3] + add_one(n);
}

SHAPE int64_t uses_big(int a)
{
    struct big b = returns_big(a);

    return takes_big(b, a) + b.field[5];
}

SHAPE int variadic(int count, ...)
{
    va_list args;
    int sum = 0;

    va_start(args, count);
    for (int i = 0; i < count; i++)
        sum += add_one(va_arg(args, int));
    va_end(args);
    return sum;
}

SHAPE int calls_variadic(int a, int b, int c)
{
    return variadic(3, a, b, c);
}

SHAPE int fills(volatile char *bytes, int n)
{
    for (int i = 0; i < 3; i++)
        bytes[i] = (char)n;
    return bytes[1];
}

SHAPE int small_array(int n)
{
    volatile char bytes[40];

    return fills(bytes, n);
}

SHAPE int large_array(int n)
{
    volatile char bytes[3000];

    return fills(bytes, n);
}

SHAPE int huge_array(int n)
{
    volatile char bytes[9000];

    return fills(bytes, n);
}

SHAPE int dynamic_array(int n)
{
    volatile char bytes[n * 16 + 3];

    return fills(bytes, n);
}

SHAPE int allocates_in_a_loop(int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += fills(__builtin_alloca((unsigned)(i + 1) * 24u), i);
    return sum + add_one(n);
}

SHAPE int aligned(int n)
{
    _Alignas(64) volatile char bytes[64];

    return fills(bytes, n) + (int)((uintptr_t)bytes & 63);
}

SHAPE int aligned_and_dynamic(int n)
{
    _Alignas(32) volatile char bytes[64];
    volatile char more[n + 5];

    return fills(bytes, n) + fills(more, n);
}

SHAPE int aligned_with_arguments(int a, int b, int c)
{
    _Alignas(32) volatile int numbers[8];

    numbers[a & 7] = add_one(b);
    return numbers[c & 7] + many_arguments(a, b, c, a, b, c, numbers[1], 9);
}

SHAPE double floating(double a, double b)
{
    return a * b + add_one((int)a);
}

SHAPE int calls_floating(int a)
{
    double x = floating(a, 2.5), y = floating(x, 3), z = floating(y, x);

    return (int)(floating(x, y) * z + floating(z, x) * y);
}

SHAPE int64_t wide_arithmetic(int a)
{
    int64_t x = (int64_t)a << 33;

    return x / (a + 1) + x * a + add_one(a);
}

SHAPE STDCALL int standard_call(int a, int b, int c)
{
    return add_one(a) + b * add_one(c);
}

SHAPE FASTCALL int fast_call(int a, int b, int c)
{
    return add_one(a) + b * add_one(c);
}

SHAPE THISCALL int this_call(int a, int b)
{
    return add_one(a) + add_one(b) * 3;
}

SHAPE int calls_conventions(int a, int b, int c)
{
    int sum = standard_call(a, b, c);

    sum += fast_call(sum, b, c);
    sum += this_call(sum, a);
    return sum + standard_call(sum, sum, a);
}

SHAPE STDCALL int standard_call_tail(int a, int b, int c)
{
    return standard_call(c, b, a);
}

SHAPE int through_pointer(int (*function)(int), int n)
{
    return function(n) + 1;
}

SHAPE int calls_through_pointer(int n)
{
    return through_pointer(add_one, n) + through_pointer(calls_one, n);
}

#if !defined(__i386__) // there clang reads below the stack pointer, where exceptions write
SHAPE int tail_through_pointer(int n)
{
    int (*volatile function)(int) = add_one;

    return function(n);
}
#endif

SHAPE int calls_outside(int n)
{
    volatile char bytes[64];

    __builtin_memset((void *)bytes, n, sizeof bytes);
    return bytes[3] + no_arguments();
}

SHAPE int deep(int n)
{
    return n == 0 ? calls_many_arguments(1, 2, 3) : deep(n - 1) + many_live(n, 2, 3);
}

#ifdef WITH_SEH
SHAPE int raises(int n)
{
    return *(volatile int *)(intptr_t)(n & 4);
}

SHAPE int filter(int n)
{
    step_on();
    n = add_one(n) > 0;
    step_off();
    return n;
}

SHAPE int catches(int n)
{
    volatile int result = n;

    __try {
        result = raises(n);
    } __except (filter(n)) {
        step_on();
        result += add_one(n);
    }
    return result;
}

SHAPE int leaves_normally(int n)
{
    volatile int result = n;

    __try {
        result = add_one(n);
    } __finally {
        result += add_one(n);
    }
    return result;
}

SHAPE int cleans_up(int n)
{
    volatile int result = n;

    __try {
        result = raises(n);
    } __finally {
        step_on();
        result += add_one(n);
        step_off();
    }
    return result;
}

SHAPE int catches_from_below(int n)
{
    volatile char bytes[200];
    int result = n;

    __try {
        result = cleans_up(n);
    } __except (1) {
        step_on();
        result += fills(bytes, n);
    }
    return result;
}
#endif

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)
#define CASE(f)  {(void (*)(void))f, TEXT(SHAPES) "/" #f, NORMAL, 0}

/* clang-format off */
const struct test_case SHAPES[] = {
    CASE(no_arguments), CASE(leaf_with_array), CASE(calls_one), CASE(tail_calls),
    CASE(calls_many_arguments), CASE(many_live), CASE(recursion), CASE(loop), CASE(branches),
    CASE(switches), CASE(uses_big), CASE(calls_variadic), CASE(small_array), CASE(large_array),
    CASE(huge_array), CASE(dynamic_array), CASE(allocates_in_a_loop), CASE(aligned),
    CASE(aligned_and_dynamic), CASE(aligned_with_arguments), CASE(calls_floating),
    CASE(wide_arithmetic), CASE(calls_conventions), CASE(standard_call), CASE(fast_call),
    CASE(standard_call_tail), CASE(calls_through_pointer),
    CASE(calls_outside), CASE(deep),
#if !defined(__i386__)
    CASE(tail_through_pointer),
#endif
#ifdef WITH_SEH
    CASE(catches), CASE(leaves_normally), CASE(catches_from_below),
#endif
    {0, 0, NORMAL, 0},
};
/* clang-format on */
