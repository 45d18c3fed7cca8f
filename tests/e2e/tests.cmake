# SPDX-License-Identifier: MIT
# The program as a user sees it: exit codes, messages, help, standard input and output.
if(UNIX)
  add_test(NAME e2e_cli
           COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/test_cli.sh $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR})
  set_tests_properties(e2e_cli PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
