# cmake -D NM=... -D PROGRAM=... -D PLUGINS=FOLDER -P exports.cmake: what host and plugins show to each other.
#
# The host exports nothing of ours, so that no plugin can come to depend on its insides; a plugin exports its entry
# symbol and nothing else, so that no two plugins meet.
cmake_minimum_required(VERSION 3.22)

# Sets `symbols` to the names of the dynamic symbols that `file` defines.
macro(read_exports file)
  execute_process(COMMAND ${NM} --dynamic --defined-only --demangle --format=posix ${file}
                  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," symbols "${symbols}")
  string(REGEX REPLACE "\n$" "" symbols "${symbols}")
  string(REPLACE "\n" ";" symbols "${symbols}")
  list(FILTER symbols EXCLUDE REGEX "^_*(asan|ubsan|tsan|lsan|sanitizer|interceptor)_")
endmacro()

set(wrong "")
read_exports(${PROGRAM})
list(FILTER symbols INCLUDE REGEX "ganger")
foreach(symbol IN LISTS symbols)
  string(APPEND wrong "${PROGRAM} exports ${symbol}\n")
endforeach()

file(GLOB plugins ${PLUGINS}/*.so)
if(NOT plugins)
  string(APPEND wrong "no plugins in ${PLUGINS}\n")
endif()
foreach(plugin IN LISTS plugins)
  read_exports(${plugin})
  if(NOT "${symbols}" MATCHES "^ganger_plugin_v1 T [^;]*$")
    list(JOIN symbols "\n  " all)
    string(APPEND wrong "${plugin} must export ganger_plugin_v1 only, and exports:\n  ${all}\n")
  endif()
endforeach()

if(wrong)
  message(NOTICE "${wrong}")
  message(FATAL_ERROR "symbols are exported that must not be")
endif()
