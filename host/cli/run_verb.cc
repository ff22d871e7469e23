#include "host/cli/prepare.h"
#include "host/cli/say.h"
#include "host/cli/verbs.h"

namespace ganger::host {

int run_verb(const Options& options) {
  auto prepared = prepare(options);
  if (!prepared) {
    say(prepared.error());
    return exit_code(prepared.error());
  }
  return run_session(prepared->job, *prepared->registry, make_settings(options, *prepared));
}

}  // namespace ganger::host
