# The packages, from one definition for both families; `./dev package` makes them all. GANGER_PACKAGES (family.cmake) says which:
#   ganger                     the host, the plugins that ship, systemd units
#   ganger-plugin-ID           a plugin that links something heavy: ganger_plugin_package() (family.cmake)
#   ganger-dev, ganger-devel   what a plugin author needs; the second is its name in rpm
#   ganger-dbgsym, -debuginfo  debug symbols of the first two
if(NOT GANGER_PACKAGES)
  return()
endif()

set(GANGER_PACKAGE_CONTACT "The ganger authors <ganger@example.org>" CACHE STRING "Who makes these packages: NAME <ADDRESS>")
set(made ${PROJECT_BINARY_DIR}/packaging)
set(source ${PROJECT_SOURCE_DIR}/packaging)
get_property(heavy_plugins GLOBAL PROPERTY GANGER_PLUGIN_PACKAGES)

# ---- what all packages share
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_GENERATOR ${GANGER_PACKAGES})
set(CPACK_PACKAGE_NAME ganger)
set(CPACK_PACKAGE_VENDOR "The ganger authors")
set(CPACK_PACKAGE_CONTACT "${GANGER_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${CMAKE_PROJECT_NAME} built using CMake")  # else CPack puts it before each text
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES OFF)  # splitting off the debug symbols strips
set(CPACK_COMPONENTS_ALL ganger ganger-dev)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SOURCE ganger)

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_MAIN_COMPONENT ganger)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_RELOCATABLE OFF)  # CPack has no way to turn it off for rpm alone
set(CPACK_RPM_CHANGELOG_FILE ${made}/changelog.rpm)

# describe(COMPONENT SYNOPSIS LINE...): the texts of a package. A line of them ends where Debian wants it to.
function(describe component synopsis)
  string(TOUPPER ${component} upper)
  list(JOIN ARGN "\n" text)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${synopsis}\n${text}" PARENT_SCOPE)
  string(SUBSTRING "${synopsis}" 0 1 initial)
  string(SUBSTRING "${synopsis}" 1 -1 rest)
  string(TOUPPER ${initial} initial)
  set(CPACK_RPM_${component}_PACKAGE_SUMMARY "${initial}${rest}" PARENT_SCOPE)
  set(CPACK_RPM_${component}_PACKAGE_DESCRIPTION "${text}" PARENT_SCOPE)
endfunction()

# ---- ganger
describe(ganger "runs the tasks of a job in order; tasks come from plugins"
  "A job is a TOML file of tasks with an order, deadlines, retries, worker"
  "threads and pooled resources. Tasks are functions in shared libraries, and"
  "may run in child processes that are free to crash. Every run is recorded,"
  "and one that was interrupted or killed can be resumed."
  "The plugins exec (any command as a task), files, sqlite and demo are here,"
  "and systemd units that run the jobs in /etc/ganger/jobs.")
set(CPACK_DEBIAN_GANGER_PACKAGE_NAME ganger)
set(CPACK_DEBIAN_GANGER_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_GANGER_DEBUGINFO_PACKAGE ON)
# What the program loads when it first uses it, which no tool sees: host/late_library.h
set(CPACK_DEBIAN_GANGER_PACKAGE_DEPENDS "libsqlite3-0 (>= 3.38.0), libseccomp2 (>= 2.5.0)")
set(CPACK_RPM_ganger_PACKAGE_REQUIRES "libsqlite3.so.0()(64bit), libseccomp.so.2()(64bit)")
set(CPACK_DEBIAN_GANGER_PACKAGE_CONTROL_EXTRA ${source}/deb/postinst ${source}/deb/prerm ${source}/deb/postrm)
set(CPACK_RPM_ganger_PACKAGE_GROUP Applications/System)
set(CPACK_RPM_ganger_PRE_UNINSTALL_SCRIPT_FILE ${source}/rpm/preun)

configure_file(${source}/systemd/ganger@.service.in ${made}/ganger@.service @ONLY)
install(FILES ${made}/ganger@.service ${source}/systemd/ganger@.timer DESTINATION lib/systemd/system COMPONENT ganger)
install(DIRECTORY DESTINATION /etc/ganger/jobs COMPONENT ganger)
install(FILES ${PROJECT_SOURCE_DIR}/examples/inventory/inventory.toml
              ${PROJECT_SOURCE_DIR}/examples/07-commands/commands.toml
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ganger/examples COMPONENT ganger)

# ---- ganger-dev, ganger-devel
describe(ganger-dev "headers and CMake function to write plugins for ganger"
  "A plugin is a shared library with one exported function, written in C or"
  "C++ with nothing but the standard library. For CMake there is"
  "find_package(ganger-sdk), for others pkg-config.")
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_NAME ganger-dev)
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_RECOMMENDS "ganger (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_SUGGESTS "cmake, g++, libgtest-dev, ninja-build")
set(CPACK_RPM_ganger-dev_PACKAGE_NAME ganger-devel)
# In the folders that they have in the source tree, so that their links hold.
set(docs ${CMAKE_INSTALL_DATADIR}/doc/$<IF:$<STREQUAL:${GANGER_PACKAGES},RPM>,ganger-devel,ganger-dev>)
install(FILES ${PROJECT_SOURCE_DIR}/sdk/README.md ${PROJECT_SOURCE_DIR}/sdk/ABI.md
        DESTINATION ${docs}/sdk COMPONENT ganger-dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/guide DESTINATION ${docs}/sdk COMPONENT ganger-dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${docs} COMPONENT ganger-dev
        PATTERN build EXCLUDE PATTERN 01-hello EXCLUDE PATTERN 06-plugin-in-c EXCLUDE)
foreach(template IN ITEMS cpp=01-hello c=06-plugin-in-c) # those are there as templates of `ganger new`
  string(REPLACE = ";" template ${template})
  list(POP_FRONT template lang example)
  file(MAKE_DIRECTORY ${made}/examples)
  file(CREATE_LINK ../../../ganger/templates/${lang} ${made}/examples/${example} SYMBOLIC)
  install(FILES ${made}/examples/${example} DESTINATION ${docs}/examples COMPONENT ganger-dev)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/host/REFERENCE.md DESTINATION ${docs}/host COMPONENT ganger-dev)
set(CPACK_RPM_ganger-dev_PACKAGE_GROUP Development/Libraries)

# ---- plugins with a package of their own
foreach(id IN LISTS heavy_plugins)
  set(component ganger-plugin-${id})
  string(TOUPPER ${component} upper)
  get_property(synopsis GLOBAL PROPERTY GANGER_PLUGIN_SYNOPSIS_${id})
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  describe(${component} "plugin for ganger: ${synopsis}"
    "The plugin ${id} of the task runner ganger. It has a package of its own"
    "because of the libraries that it needs.")
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION utils)
  set(CPACK_DEBIAN_${upper}_DEBUGINFO_PACKAGE ON)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "ganger (= ${PROJECT_VERSION})")
  set(CPACK_RPM_${component}_PACKAGE_NAME ${component})
  set(CPACK_RPM_${component}_PACKAGE_REQUIRES "ganger = ${PROJECT_VERSION}")
endforeach()

# ---- changelog, copyright, dates
# The date of everything in a package is that of its version, so that packages made twice are equal byte for byte.
foreach(form IN ITEMS deb rpm epoch)
  execute_process(COMMAND ${source}/changelog.sh ${form} ${GANGER_PACKAGE_CONTACT} ${PROJECT_SOURCE_DIR}/CHANGELOG.md
                  OUTPUT_FILE ${made}/changelog.${form} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(STRINGS ${made}/changelog.deb newest LIMIT_COUNT 1)
string(REGEX REPLACE ".*[(](.*)[)].*" "\\1" newest "${newest}")
if(NOT newest STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "CHANGELOG.md begins with ${newest}, and the version is ${PROJECT_VERSION}: write its entry first")
endif()
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
file(STRINGS ${made}/changelog.epoch epoch)
file(WRITE ${made}/project_config.cmake "set(ENV{SOURCE_DATE_EPOCH} ${epoch})\n")
set(CPACK_PROJECT_CONFIG_FILE ${made}/project_config.cmake)  # cpack itself reads this, whoever calls it

if(GANGER_PACKAGES STREQUAL "DEB")
  execute_process(COMMAND gzip -9nc ${made}/changelog.deb OUTPUT_FILE ${made}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
endif()
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  if(GANGER_PACKAGES STREQUAL "DEB")
    install(FILES ${source}/copyright ${made}/changelog.gz
            DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${component} COMPONENT ${component})
    if(EXISTS ${source}/deb/${component}.lintian-overrides)
      install(FILES ${source}/deb/${component}.lintian-overrides RENAME ${component}
              DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
    endif()
  else()
    string(REGEX REPLACE "-dev$" "-devel" package ${component})
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${source}/copyright
            DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/${package}
            COMPONENT ${component})
  endif()
endforeach()

# ---- rpm: folders that belong to others, and what CPack has no variable for
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /usr/lib/systemd /usr/lib/systemd/system /usr/lib64 /usr/lib64/cmake /usr/lib64/pkgconfig /usr/share/licenses
    /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man7 /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/zsh
    /usr/share/zsh/site-functions)
# Debug symbols by rpm's own macro: CPack's asks for sources below absolute paths, and these builds have none.
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links alldebug
%define _buildhost localhost
%define _find_debuginfo_opts --keep-section .note.ganger
%define packager ${GANGER_PACKAGE_CONTACT}
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%if \"%{name}\" != \"ganger-devel\"
%debug_package
%endif")

include(CPack)
