# cmake -D SCRIPT=layering.cmake -D DIR=... -P layering_test.cmake: the check of the layers can fail, and says where.
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE ${DIR})
file(WRITE ${DIR}/host/job/read.cc "#include <vector>\n\n#include \"host/run/loop.h\"\n#include <toml++/toml.h>\n")  # line 4 is fine
file(WRITE ${DIR}/host/run/loop.cc "// a loop\n#  include \"host/cli/options.h\"\n#include \"loop.h\"\n")
file(WRITE ${DIR}/host/plan/plan.cc "#include \"host/job/job.h\"\n#include <boost/dll/shared_library.hpp>\n#include <toml++/toml.h>\n")
file(WRITE ${DIR}/host/error.cc "#include \"host/error.h\"\n#include \"host/job/job.h\"\n")
file(WRITE ${DIR}/host/main.cc "#include \"host/cli/cli.h\"\n#include \"host/run/loop.h\"\n")
file(WRITE ${DIR}/host/pools/lease.h "#include <ganger/plugin.h>\n")
file(WRITE ${DIR}/host/util/misc.h "#include \"host/job/job.h\"\n")
file(WRITE ${DIR}/plugins/demo/demo.cc "#include <ganger/plugin.hpp>\n#include \"host/error.h\"\n#include <sqlite3.h>\n")

execute_process(COMMAND ${CMAKE_COMMAND} -D ROOT=${DIR} -P ${SCRIPT} RESULT_VARIABLE code ERROR_VARIABLE said)

string(REGEX MATCHALL "[a-z/]+\\.[ch]+:[0-9]+: " found "${said}")
set(expected
  "host/error.cc:2: " "host/job/read.cc:3: " "host/main.cc:2: " "host/plan/plan.cc:2: " "host/plan/plan.cc:3: "
  "host/pools/lease.h:1: " "host/run/loop.cc:2: " "host/run/loop.cc:3: " "host/util/misc.h:1: "
  "plugins/demo/demo.cc:2: " "plugins/demo/demo.cc:3: ")
if(code EQUAL 0 OR NOT "${found}" STREQUAL "${expected}")
  message(FATAL_ERROR "exit code ${code}\nexpected: ${expected}\nfound:    ${found}\nit said:\n${said}")
endif()
