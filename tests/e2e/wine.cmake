# SPDX-License-Identifier: MIT
# The end-to-end tests of a Windows program: the scripts run on this machine, the program under Wine.

# avdump_under_wine(VARIABLE): in that command line each $<TARGET_FILE:name> of a program becomes a
# script that runs it.
function(avdump_under_wine variable)
  set(words)
  foreach(word ${${variable}})
    if(word MATCHES "^\\$<TARGET_FILE:([a-z_]+)>$" AND NOT CMAKE_MATCH_1 STREQUAL "libavdump")
      set(program ${CMAKE_MATCH_1})
      set(word ${CMAKE_BINARY_DIR}/under-wine/${program})
      get_property(known GLOBAL PROPERTY avdump_under_wine)
      if(NOT program IN_LIST known)
        set_property(GLOBAL APPEND PROPERTY avdump_under_wine ${program})
        file(GENERATE OUTPUT ${word}
             CONTENT "#!/bin/sh\nexec ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${program}> \"$@\"\n"
             FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
      endif()
    endif()
    list(APPEND words ${word})
  endforeach()
  set(${variable} ${words} PARENT_SCOPE)
endfunction()

# Tests of what only POSIX systems have: signals, links, devices, job arrays, confinement, man(1); or of
# scripts around the program, which this machine's tests cover, and at Wine's pace take minutes. Wine 8's
# WinHTTP waits for ever for a server that stalls, and takes redirects to other protocols for its own.
# e2e_rule_pairs starts unit suites by their names. Why the undname oracle differs there is not known yet.
set(AVDUMP_NOT_UNDER_WINE
    e2e_completion e2e_gate e2e_gate_ci e2e_gate_faults e2e_gate_formats e2e_gate_many e2e_gate_slurm
    e2e_html_browser e2e_install e2e_sandbox e2e_cli e2e_readme e2e_documents e2e_library_manual
    e2e_symbol_program e2e_symbol_server e2e_inspect_manual e2e_options e2e_stack_precision
    e2e_rule_pairs undname_oracle manuals_installed)
