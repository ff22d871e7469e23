#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "host/cli/completion_scripts.h"
#include "host/cli/verbs.h"
#include "host/job/suggest.h"
#include "host/report/say.h"

namespace ganger::host {

int completion_verb(const Options& options) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kScripts = {
      {{"bash", kBashCompletion}, {"zsh", kZshCompletion}, {"fish", kFishCompletion}}};
  const auto script =
      std::ranges::find(kScripts, options.subject, &std::pair<std::string_view, std::string_view>::first);
  if (script == kScripts.end()) {
    say(fmt::format("error: there is no completion for '{}'{}; there is one for bash, zsh and fish", options.subject,
                    did_you_mean(options.subject, {"bash", "zsh", "fish"})));
    return kExitUsage;
  }
  answer(script->second);
  return kExitOk;
}

}  // namespace ganger::host
