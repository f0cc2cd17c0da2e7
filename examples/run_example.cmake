# Runs `program` and compares what it prints with the file `expected`.
file(REMOVE_RECURSE ${directory})  # what an older version may have left there
set(ENV{SIGNET_DIR} ${directory})
execute_process(COMMAND ${program} OUTPUT_VARIABLE printed RESULT_VARIABLE result)
file(READ ${expected} wanted)
if(NOT result EQUAL 0 OR NOT printed STREQUAL wanted)
  message(FATAL_ERROR "exit status ${result}; expected\n${wanted}but it printed\n${printed}")
endif()
