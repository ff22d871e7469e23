#include <ganger/plugin.hpp>

#include "connection.h"
#include "exec.h"
#include "query.h"

GANGER_PLUGIN_LICENSED("sqlite", GANGER_VERSION, "Apache-2.0", ganger::sqlite::Exec, ganger::sqlite::Query,
                       ganger::sqlite::ConnectionKind)
