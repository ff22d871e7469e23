# cmake -D SCRIPT=sinks.cmake -D DIR=... -P sinks_test.cmake: the check of the sinks can fail, and says where.
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE ${DIR})
file(WRITE ${DIR}/host/report/say.cc "write_all(1, text);\n")  # it may
file(WRITE ${DIR}/host/cli/run_verb.cc "// write(1, x)\n  file.write(x);\n  std::cerr << x;\n")
file(WRITE ${DIR}/host/run/loop.cc "  write_all(2, why);\n  if (::write(2, x, n) < 0) return;\n")
file(WRITE ${DIR}/host/plan/plan.h "  std::fprintf(stderr, x);\n")

execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${DIR} -P ${SCRIPT} RESULT_VARIABLE code ERROR_VARIABLE said)

string(REGEX MATCHALL "host/[a-z_/]+\\.[ch]+: [^\n]*" found "${said}")
set(expected "host/cli/run_verb.cc:   std::cerr << x" "host/plan/plan.h:   std::fprintf(stderr, x)"
             "host/run/loop.cc:   write_all(2, why)" "host/run/loop.cc:   if (::write(2, x, n) < 0) return")
string(REPLACE ";" "" found_text "${found}")
string(REPLACE ";" "" expected_text "${expected}")
if(code EQUAL 0 OR NOT "${found_text}" STREQUAL "${expected_text}")
  message(FATAL_ERROR "exit code ${code}\nexpected: ${expected}\nfound:    ${found}\nit said:\n${said}")
endif()
