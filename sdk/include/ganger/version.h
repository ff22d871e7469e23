/* ganger/version.h - the one place of ganger's version. CMake reads it from here. */
#ifndef GANGER_VERSION_H
#define GANGER_VERSION_H

#define GANGER_VERSION_MAJOR 0
#define GANGER_VERSION_MINOR 1
#define GANGER_VERSION_PATCH 1
#define GANGER_VERSION "0.1.1"

/* The plugin ABI: the major is the number in the name of the entry symbol, the minor grows by one with
 * every append to ganger/plugin.h. */
#define GANGER_ABI_MAJOR 1u
#define GANGER_ABI_MINOR 0u

#endif /* GANGER_VERSION_H */
