# ./dev package: a .tar.gz of everything, and two .deb packages: ganger (host and plugins) and ganger-dev (the SDK).
set(CPACK_PACKAGE_NAME ganger)
set(CPACK_PACKAGE_VENDOR "The ganger authors")
set(CPACK_PACKAGE_CONTACT "The ganger authors <ganger@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${CMAKE_PROJECT_NAME} built using CMake")  # else CPack puts it before each text
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ganger ganger-dev)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_GANGER_PACKAGE_NAME ganger)
set(CPACK_DEBIAN_GANGER_DESCRIPTION
    "runs the tasks of a job in order; tasks come from plugins\n\
A job is a TOML file of tasks with an order, a deadline and pools of\n\
resources. Tasks are functions in shared libraries.")
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_NAME ganger-dev)
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_GANGER-DEV_PACKAGE_RECOMMENDS ganger)
set(CPACK_DEBIAN_GANGER-DEV_DESCRIPTION
    "headers and CMake function to write plugins for ganger\n\
A plugin is a shared library with one exported function, written in C or\n\
C++ with nothing but the standard library.")

foreach(package IN LISTS CPACK_COMPONENTS_ALL)
  install(FILES ${PROJECT_SOURCE_DIR}/packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${package})
endforeach()

include(CPack)
