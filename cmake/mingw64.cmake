# SPDX-License-Identifier: MIT
# Toolchain: a Windows program (x64) made on Linux by MinGW-w64 and run under Wine. Libraries are
# those that tools/windows-deps builds; nothing of the host may be found instead of them.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

get_filename_component(AVDUMP_WINDOWS_DEPS ${CMAKE_CURRENT_LIST_DIR}/../build/mingw64-deps ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH ${AVDUMP_WINDOWS_DEPS} /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${AVDUMP_WINDOWS_DEPS}/lib/pkgconfig)

# tools/under-wine gives every run the same private Wine.
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/../tools/under-wine)
