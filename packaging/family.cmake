# What differs between packages and a plain install, before any target is defined; cpack.cmake has the packages themselves.
set(GANGER_PACKAGES "" CACHE STRING "Packages that cpack makes of this build tree: DEB, RPM, or empty for none")
set_property(CACHE GANGER_PACKAGES PROPERTY STRINGS "" DEB RPM)

if(GANGER_PACKAGES STREQUAL "RPM")
  set(CMAKE_INSTALL_LIBDIR lib64)
  set(GANGER_ZSH_COMPLETION_DIR share/zsh/site-functions)
  set(CMAKE_INSTALL_SO_NO_EXE 0)  # rpm looks for debug symbols and needs only in files that may be executed
endif()

# ganger_plugin_package(ID "what it does"): plugin ID gets a package of its own, ganger-plugin-ID, since what it links is
# heavy. One line in the plugin's CMakeLists.txt, above ganger_add_plugin().
macro(ganger_plugin_package id synopsis)
  set(GANGER_PLUGIN_INSTALL_COMPONENT ganger-plugin-${id})
  set_property(GLOBAL APPEND PROPERTY GANGER_PLUGIN_PACKAGES ${id})
  set_property(GLOBAL PROPERTY GANGER_PLUGIN_SYNOPSIS_${id} "${synopsis}")
endmacro()
