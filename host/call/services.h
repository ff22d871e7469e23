// The host table: the functions a plugin calls, and what the host does around a call into a plugin.
#pragma once
#include <ganger/plugin.h>

#include "host/call/context.h"
#include "host/text.h"

namespace ganger::host {

/// The one table of this process.
const ganger_host* host_table();

/// Where log(NULL, ...) goes: lines of no task, from check, reset and close of a resource. Null = nowhere.
/// Lifetime: the scope lives until another is set
void set_default_scope(CallScope* scope);
CallScope* default_scope();

/// The call this thread is in, for what is called back without a context. Null outside.
PluginCall* current_call();
class CurrentCall {
 public:
  explicit CurrentCall(PluginCall* ctx);
  ~CurrentCall();
  CurrentCall(const CurrentCall&) = delete;
  CurrentCall& operator=(const CurrentCall&) = delete;

 private:
  PluginCall* const before_;
};

/// Calls a plugin's function; an exception that comes out of it, against the rules, becomes GANGER_BUG and `why`.
template <class F>
ganger_status guarded(F&& call, std::string& why) noexcept {
  try {
    return call();
  } catch (const std::exception& e) {
    why = "threw an exception out of the plugin, which no plugin may: ";
    why += taken_in(what_of(e));
  } catch (...) {
    why = "threw an exception out of the plugin, which no plugin may";
  }
  return GANGER_BUG;
}

}  // namespace ganger::host
