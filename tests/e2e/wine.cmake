# SPDX-License-Identifier: MIT
# The end-to-end tests of a Windows program: the scripts run on this machine, the program under Wine.

# avdump_wine_script(PROGRAM): build/under-wine/PROGRAM, a script that runs it.
function(avdump_wine_script program)
  get_property(known GLOBAL PROPERTY avdump_under_wine)
  if(program IN_LIST known)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY avdump_under_wine ${program})
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/under-wine/${program}
       CONTENT "#!/bin/sh\nexec ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${program}> \"$@\"\n"
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# avdump_under_wine(VARIABLE): in that command line each $<TARGET_FILE:name> of a program becomes a
# script that runs it, the folder of the unit suites one with a script for each.
function(avdump_under_wine variable)
  set(words)
  foreach(word ${${variable}})
    if(word MATCHES "^\\$<TARGET_FILE:([a-z_]+)>$" AND NOT CMAKE_MATCH_1 STREQUAL "libavdump")
      avdump_wine_script(${CMAKE_MATCH_1})
      set(word ${CMAKE_BINARY_DIR}/under-wine/${CMAKE_MATCH_1})
    elseif(word MATCHES "^\\$<TARGET_FILE_DIR:test_")
      foreach(suite ${suites})
        get_filename_component(name ${suite} NAME_WE)
        avdump_wine_script(${name})
      endforeach()
      set(word ${CMAKE_BINARY_DIR}/under-wine)
    endif()
    list(APPEND words ${word})
  endforeach()
  set(${variable} ${words} PARENT_SCOPE)
endfunction()

# Of what only POSIX systems have: shells, signals and /proc; links, devices and confinement; terminals and
# file names that Windows refuses (what the gate writes is compared by test_gate_output); job arrays; an
# installed library for programs of the host. What Windows has of signals and limits is in test_windows.py.
set(AVDUMP_NOT_UNDER_WINE
    e2e_completion e2e_gate_faults e2e_gate_formats e2e_gate_slurm e2e_install e2e_sandbox)
