# ganger_add_plugin(TARGET ID id SOURCES file ... [LINK target ...])
#
# Makes TARGET a plugin: the shared library <id>.so, which exports its entry symbol and nothing else.
#   ID       the name under which jobs use it: files -> files.scan
#   SOURCES  C or C++ files
#   LINK     what else to link; ganger::sdk is there already
# Variables: GANGER_PLUGIN_OUTPUT_DIR   folder of the .so, default the current binary folder
#            GANGER_PLUGIN_INSTALL_DIR  when set, the plugin is installed there; find_package(ganger-sdk) sets
#                                       GANGER_SDK_PLUGIN_DIR, which is where the host of that prefix looks
#            GANGER_PLUGIN_INSTALL_COMPONENT  its component for `cmake --install` and CPack, default ganger
#            GANGER_PLUGIN_NOTE         OFF = the .so gets no note of what it provides; a host then has to run its code
#                                       to learn that. Nor does it get one where there is no program ganger that can
#                                       open it: it is not installed, or the build is for another machine
include_guard(GLOBAL)

function(ganger_add_plugin target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ID" "SOURCES;LINK")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ganger_add_plugin(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}; "
                        "it knows ID, SOURCES and LINK")
  elseif(NOT arg_SOURCES)
    message(FATAL_ERROR "ganger_add_plugin(${target}): SOURCES is missing")
  elseif(NOT arg_ID MATCHES "^[a-z0-9][a-z0-9_.-]*$")
    message(FATAL_ERROR "ganger_add_plugin(${target}): ID begins with one of a-z 0-9 and holds these and _ . - and "
                        "nothing else: '${arg_ID}'")
  endif()
  if(NOT DEFINED GANGER_PLUGIN_OUTPUT_DIR)
    set(GANGER_PLUGIN_OUTPUT_DIR ${CMAKE_CURRENT_BINARY_DIR})
  endif()

  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ganger::sdk ${arg_LINK})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${arg_ID} LIBRARY_OUTPUT_DIRECTORY ${GANGER_PLUGIN_OUTPUT_DIR}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  # Hidden visibility does not reach the templates of the standard library, and unique symbols are shared between
  # plugins in spite of RTLD_LOCAL: the version script and -fno-gnu-unique keep each plugin to itself.
  set(version_script ${CMAKE_CURRENT_BINARY_DIR}/${target}.version)
  file(CONFIGURE OUTPUT ${version_script} CONTENT "{ global: ganger_plugin_v1; local: *; };\n")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${version_script})
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)

  # A missing symbol must show when the plugin is linked or loaded, not at the first call. A sanitizer's run-time is
  # found only at load.
  target_link_options(${target} PRIVATE "LINKER:--version-script=${version_script}" LINKER:-z,now)
  if(NOT GANGER_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=")
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()

  if(NOT DEFINED GANGER_PLUGIN_NOTE)
    set(GANGER_PLUGIN_NOTE ON)
  endif()
  if(GANGER_PLUGIN_NOTE AND TARGET ganger::ganger AND CMAKE_OBJCOPY AND NOT CMAKE_CROSSCOMPILING)
    add_dependencies(${target} ganger::ganger)
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:ganger::ganger> -D OBJCOPY=${CMAKE_OBJCOPY}
              -D PLUGIN=$<TARGET_FILE:${target}> -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/GangerAddNote.cmake)
  endif()

  if(GANGER_PLUGIN_INSTALL_DIR)
    if(NOT GANGER_PLUGIN_INSTALL_COMPONENT)
      set(GANGER_PLUGIN_INSTALL_COMPONENT ganger)
    endif()
    install(TARGETS ${target} LIBRARY DESTINATION ${GANGER_PLUGIN_INSTALL_DIR}
            COMPONENT ${GANGER_PLUGIN_INSTALL_COMPONENT})
  endif()
endfunction()
