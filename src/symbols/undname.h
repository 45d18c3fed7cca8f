/* SPDX-License-Identifier: MIT */
/*
 * Undecoration of names: MSVC C++ as WinDbg shows them, the qualified name alone
 * ("OSF_CCONNECTION::TransOpen") or the whole declaration, which no C library does well; those of
 * GCC, Clang and Rust by symbols/itanium.h.
 */
#ifndef AVD_SYMBOLS_UNDNAME_H
#define AVD_SYMBOLS_UNDNAME_H

#include "base/arena.h"
#include "base/error.h"
#include "symbols/symbol.h"

enum avd_undname_form {
    AVD_UNDNAME_NAME_ONLY, /* Qualified::Name<T>::f */
    AVD_UNDNAME_FULL       /* public: void __cdecl Qualified::Name<T>::f(int) */
};

/* The undecorated name, in `arena`; the name itself (copied) when it is not decorated or cannot be
 * undecorated; stdcall, fastcall and vectorcall C names (_f@8, @f@8, f@@8, _f) lose their
 * decoration for 32-bit code only (`x86`). NULL when out of memory. */
const char *avd_undecorate(struct avd_arena *arena, const char *name, enum avd_undname_form form,
                           bool x86);

/* Replaces the function's name and those of inlined calls by their qualified names, in `arena`;
 * keeps the former as symbol->decorated. Trims C names when `x86`. AVD_E_NOMEM. */
enum avd_status avd_symbol_undecorate(struct avd_symbol *symbol, struct avd_arena *arena, bool x86);

#endif
