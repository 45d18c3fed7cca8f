/* SPDX-License-Identifier: MIT */
/*
 * Undecoration of MSVC C++ names, as WinDbg shows them: the qualified name alone
 * ("OSF_CCONNECTION::TransOpen") or the whole declaration. No C library does it well.
 */
#ifndef AVD_SYMBOLS_UNDNAME_H
#define AVD_SYMBOLS_UNDNAME_H

#include "base/arena.h"

enum avd_undname_form {
    AVD_UNDNAME_NAME_ONLY, /* Qualified::Name<T>::f */
    AVD_UNDNAME_FULL       /* public: void __cdecl Qualified::Name<T>::f(int) */
};

/* The undecorated name, in `arena`; the name itself (copied) when it is not decorated or cannot be
 * undecorated; stdcall, fastcall and vectorcall C names (_f@8, @f@8, f@@8, _f) lose their
 * decoration for 32-bit code only (`x86`). NULL when out of memory. */
const char *avd_undecorate(struct avd_arena *arena, const char *name, enum avd_undname_form form,
                           bool x86);

#endif
