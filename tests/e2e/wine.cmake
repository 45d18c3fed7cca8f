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
