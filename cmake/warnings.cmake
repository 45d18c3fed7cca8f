# SPDX-License-Identifier: MIT
# Warnings for our own code. Errors only for developers, so that a newer compiler never breaks a
# user's build.
add_library(avdump_warnings INTERFACE)
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(avdump_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wvla -Wformat=2 -Wundef -Wcast-align -Wcast-qual -Wpointer-arith
    -Wwrite-strings -Wswitch-enum -Wdouble-promotion -Wno-missing-field-initializers)
  if(AVDUMP_WERROR)
    target_compile_options(avdump_warnings INTERFACE -Werror)
  endif()
elseif(MSVC)
  target_compile_options(avdump_warnings INTERFACE /W4)
endif()
