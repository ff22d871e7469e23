# Installs, moves the prefix, builds the outside project in both ways, runs its tasks with the installed host.
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Runs one task with the installed host; its output must hold `expected`.
function(exec_says expected)
  execute_process(COMMAND ${DIR}/moved/bin/ganger exec ${ARGN} OUTPUT_VARIABLE output
                  COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  string(FIND "${output}" "${expected}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "ganger exec ${ARGN}: '${expected}' is not in its output:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${DIR}/installed)
file(RENAME ${DIR}/installed ${DIR}/moved)

run(${CMAKE_COMMAND} -S ${PROJECT} -B ${DIR}/cmake -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${DIR}/moved
    -D CMAKE_C_COMPILER=${CC} -D CMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${DIR}/cmake)

# What ganger_add_plugin does not know it refuses, so that a misspelt argument does not vanish.
file(WRITE ${DIR}/misspelt/CMakeLists.txt
  "cmake_minimum_required(VERSION 3.22)\nproject(misspelt LANGUAGES C)\nfind_package(ganger-sdk REQUIRED)\n"
  "ganger_add_plugin(count ID count SOURCE ${PROJECT}/count.c)\n")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${DIR}/misspelt -B ${DIR}/misspelt/build -G ${GENERATOR}
                        -D CMAKE_PREFIX_PATH=${DIR}/moved
                RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE said)
if(code EQUAL 0 OR NOT said MATCHES "unknown arguments:[ \n]+SOURCE")
  message(FATAL_ERROR "a misspelt argument of ganger_add_plugin went through:\n${said}")
endif()

set(ENV{PKG_CONFIG_PATH} ${DIR}/moved/${LIB_DIR}/pkgconfig)
execute_process(COMMAND ${PKG_CONFIG} --cflags ganger-sdk OUTPUT_VARIABLE flags
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
file(MAKE_DIRECTORY ${DIR}/pkg-config)
run(${CC} -std=c11 -Wall -Wextra -Wpedantic -Werror -shared -fPIC -fvisibility=hidden -Wl,-z,now,-z,defs
    ${flags} ${PROJECT}/count.c -o ${DIR}/pkg-config/count.so)

# The folder that pkg-config names is the one in which the host finds the plugins that ship.
execute_process(COMMAND ${PKG_CONFIG} --variable=plugindir ganger-sdk OUTPUT_VARIABLE plugin_dir
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${plugin_dir}/demo.so)
  message(FATAL_ERROR "no demo.so in plugindir of ganger-sdk.pc: ${plugin_dir}")
endif()
unset(ENV{GANGER_PLUGIN_PATH})
exec_says("hi there" demo.echo "text=hi there")

set(ENV{GANGER_PLUGIN_PATH} ${DIR}/cmake/plugins)
exec_says("hello, installed" greet.hello who=installed)
exec_says("26" count.letters "text=abcdefghij klmnopqrst uvwxyz")
set(ENV{GANGER_PLUGIN_PATH} ${DIR}/pkg-config)
exec_says("26" count.letters "text=abcdefghij klmnopqrst uvwxyz")

# The program of that prefix has written its note; one that is to have none is as good.
function(check_says expected plugin)
  execute_process(COMMAND ${DIR}/moved/bin/ganger check ${plugin} OUTPUT_VARIABLE output
                  COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "ganger check ${plugin}: '${expected}' is not in its output:\n${output}")
  endif()
endfunction()
check_says("ok note: " ${DIR}/cmake/plugins/greet.so)
run(${CMAKE_COMMAND} -S ${PROJECT} -B ${DIR}/without -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${DIR}/moved
    -D CMAKE_C_COMPILER=${CC} -D CMAKE_CXX_COMPILER=${CXX}
    -D GANGER_PLUGIN_NOTE=OFF)
run(${CMAKE_COMMAND} --build ${DIR}/without)
check_says("warning: has no note" ${DIR}/without/plugins/greet.so)
